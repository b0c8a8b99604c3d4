import { expect, it } from "vitest";
import type { Check } from "../../api/types";
import { expectedRows, NO_WORK } from "./work";

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
