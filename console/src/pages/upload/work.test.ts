import { expect, it } from "vitest";
import type { Check } from "../../api/types";
import { expectedRows, interrupted, NO_WORK, signOf, type Work } from "./work";

const work = (size: number, format: string, rows_read: number) => ({
  ...NO_WORK,
  file: { name: "a", size, modified: 0 },
  check: { format, rows_read } as Check,
});

it("reckons a file's rows by those of its beginning", () => {
  expect(expectedRows(work(500, "csv", 7), 1000)).toBe(7);
  expect(expectedRows(work(3000, "csv", 7), 1000)).toBe(21);
  expect(expectedRows(work(3000, "gzip", 7), 1000)).toBeUndefined();
  expect(expectedRows(work(500, "csv", 0), 1000)).toBeUndefined();
  expect(expectedRows(NO_WORK, 1000)).toBeUndefined();
});

it("resumes an upload only as it was begun", () => {
  const begun: Work = { ...work(500, "csv", 7), table: "jobs", mode: "replace", settings: { delimiter: ";" } };
  const sent = { key: "k", id: "u1", sign: signOf(begun), before: [], arrived: false, load: null };
  const stopped: Work = { ...begun, sent };
  expect(interrupted(stopped)).toBe(sent);
  expect(interrupted({ ...stopped, mode: "append" })).toBeNull();
  expect(interrupted({ ...stopped, settings: { delimiter: "," } })).toBeNull();
  expect(interrupted({ ...stopped, table: "employees" })).toBeNull();
  expect(interrupted({ ...stopped, file: { name: "b", size: 500, modified: 0 } })).toBeNull();
  expect(interrupted({ ...stopped, sent: { ...sent, arrived: true } })).toBeNull();
  expect(interrupted(begun)).toBeNull();
});
