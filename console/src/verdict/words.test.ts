import { expect, it } from "vitest";
import type { Load } from "../api/types";
import { descendants, verdict } from "./words";

const load = (load: string, parent: string | null, read: number, loaded: number) =>
  ({
    load,
    parent,
    table: "jobs",
    status: "completed",
    rows_read: read,
    rows_loaded: loaded,
    rows_rejected: read - loaded,
  }) as Load;
const ROOT = load("a", null, 4, 2);

it("says how many rows are in after correction", () => {
  expect(verdict(ROOT, true).header).toBe("2 of 4 rows loaded, 2 refused");
  expect(verdict(ROOT, true, [load("b", "a", 1, 0)]).header).toBe("2 of 4 rows loaded, 2 refused");
  expect(verdict(ROOT, true, [load("b", "a", 2, 1)])).toMatchObject({
    type: "warning",
    header: "3 of 4 rows are in, 1 is still refused",
  });
  expect(verdict(ROOT, true, [load("b", "a", 2, 1), load("c", "b", 1, 1)])).toMatchObject({
    type: "success",
    header: "All 4 rows are in, 2 of them after correction",
  });
});

it("takes back that nothing was loaded, but not what was not read", () => {
  const failed = {
    ...load("a", null, 1, 0),
    status: "failed",
    error: "nothing could be loaded: it was refused",
  } as Load;
  expect(verdict(failed, true).type).toBe("error");
  expect(verdict(failed, true, [load("b", "a", 1, 1)]).header).toBe("The row is in after correction");
  const stopped = { ...failed, error: "line 3: the record is longer than 1 MiB" };
  expect(verdict(stopped, true, [load("b", "a", 1, 1)]).type).toBe("error");
});

it("finds the loads that corrected rows, and those that corrected theirs", () => {
  const all = [ROOT, load("c", "b", 1, 1), load("b", "a", 2, 1), load("x", null, 1, 1)];
  expect(descendants("a", all).map(({ load }) => load)).toEqual(["b", "c"]);
});
