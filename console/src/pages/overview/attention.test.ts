import { describe, expect, it } from "vitest";
import type { Account, Backup, Load } from "../../api/types";
import { tasks } from "./attention";

const NOW = new Date("2026-11-29T12:00:00Z");
const BACKUP: Backup = {
  backup: "20261129-020000-1a2b3c4d",
  status: "completed",
  started_at: "2026-11-29T02:00:00.000Z",
  finished_at: "2026-11-29T02:01:00.000Z",
  moment: "2026-11-29T02:00:00.000Z",
  tables: {},
  verified_at: "2026-11-29T03:00:00.000Z",
  verified: true,
  error: null,
};
const ids = (state: object) => tasks({ now: NOW, ...state }).map(({ id }) => id);

describe("what needs somebody", () => {
  it("is nothing where all is well", () => {
    expect(ids({ backups: [BACKUP], failed: [], activity: [], accounts: [] })).toEqual([]);
  });

  it("is nothing about backups for those who can do nothing about them", () => {
    expect(ids({})).toEqual([]);
    expect(ids({ backups: [] })).toEqual(["no-backup"]);
  });

  it("is a load that failed within a week", () => {
    const load = (started_at: string) => ({ load: "1", started_at }) as Load;
    expect(ids({ failed: [load("2026-11-23T12:00:00Z")] })).toEqual(["failed-loads"]);
    expect(ids({ failed: [load("2026-11-20T12:00:00Z")] })).toEqual([]);
  });

  it("is rows that were refused", () => {
    const day = { day: "2026-11-28", table: "jobs", loads: 1, failed: 0, rows_loaded: 1, rows_rejected: 2 };
    expect(tasks({ now: NOW, activity: [day] })[0]?.text).toBe("2 rows were refused in the last 7 days");
    expect(ids({ activity: [{ ...day, day: "2026-11-01" }] })).toEqual([]);
  });

  it("is a backup that is old, failed, bad or not verified", () => {
    expect(ids({ backups: [{ ...BACKUP, moment: "2026-11-28T09:00:00Z" }] })).toEqual(["backup-old"]);
    expect(ids({ backups: [{ ...BACKUP, verified: null, verified_at: null }] })).toEqual(["backup-unverified"]);
    expect(ids({ backups: [{ ...BACKUP, status: "failed" }, BACKUP] })).toEqual(["backup-failed"]);
    expect(ids({ backups: [{ ...BACKUP, status: "running", moment: null, finished_at: null }] })).toEqual([]);
  });

  it("has errors before the rest", () => {
    const account = { username: "a@b", status: "pending" } as Account;
    expect(ids({ accounts: [account], backups: [] })).toEqual(["no-backup", "accounts"]);
  });
});
