import { describe, expect, it } from "vitest";
import type { Backup, Restore } from "../../api/types";
import { change, percent, planned } from "./counts";

const BACKUP = {
  backup: "b",
  tables: { jobs: { rows: 10, bytes: 1 }, employees: { rows: 90, bytes: 1 } },
} as unknown as Backup;

describe("rows before and after a restore", () => {
  it("are compared by table", () => {
    expect(planned(BACKUP, ["jobs"], { jobs: 12 })).toEqual([{ table: "jobs", before: 12, after: 10 }]);
    expect(planned(BACKUP, ["jobs"], null)).toEqual([{ table: "jobs", before: null, after: 10 }]);
  });

  it("are said as a change", () => {
    expect(change({ table: "t", before: 1200, after: 0 })).toBe("−1,200");
    expect(change({ table: "t", before: 1, after: 3 })).toBe("+2");
    expect(change({ table: "t", before: 1, after: 1 })).toBe("the same");
    expect(change({ table: "t", before: null, after: 1 })).toBe("–");
  });

  it("say how much is done", () => {
    const restore = { tables: { jobs: { rows_restored: 10 }, employees: { rows_restored: 40 } } } as unknown as Restore;
    expect(percent(restore, BACKUP)).toBe(50);
    expect(percent(restore, null)).toBeNull();
    expect(percent({ ...restore, tables: {} }, BACKUP)).toBeNull();
  });
});
