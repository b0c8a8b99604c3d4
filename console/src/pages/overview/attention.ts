// Tasks that need a person.

import type { Account, ActivityDay, Backup, Load } from "../../api/types";
import { count, counted, hoursSince } from "../../components/format";

export interface Task {
  readonly id: string;
  readonly level: "error" | "warning" | "pending";
  readonly text: string;
  /** Advice on what to do. */
  readonly advice: string;
  readonly path: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
  readonly action: string;
}

/** Backups are made each night; if the newest is older than this, a night was missed. */
export const OLDEST_BACKUP_HOURS = 26;
/** Failed loads of as many days are shown. */
export const FAILED_DAYS = 7;

export interface State {
  readonly now: Date;
  readonly failed?: readonly Load[];
  readonly activity?: readonly ActivityDay[];
  /** The newest first; `undefined` where the caller can do nothing about backups. */
  readonly backups?: readonly Backup[];
  readonly accounts?: readonly Account[];
}

/** Lists the tasks that need a person, the worst first. */
export function tasks({ now, failed = [], activity = [], backups, accounts = [] }: State): Task[] {
  const found: Task[] = [];
  const since = new Date(now.getTime() - FAILED_DAYS * 86_400_000).toISOString();
  const recent = failed.filter(({ started_at }) => started_at >= since);
  if (recent.length > 0) {
    found.push({
      id: "failed-loads",
      level: "error",
      text: `${counted(recent.length, "load")} failed in the last ${FAILED_DAYS} days`,
      advice: "The load says why; mend the file and send it again.",
      path: ["loads"],
      params: { status: "failed" },
      action: "Failed loads",
    });
  }
  if (backups) {
    found.push(...backupTasks(backups, now));
  }
  const day = since.slice(0, 10);
  const refused = activity.filter((one) => one.day >= day).reduce((sum, { rows_rejected }) => sum + rows_rejected, 0);
  if (refused > 0) {
    found.push({
      id: "refused-rows",
      level: "warning",
      text: `${count(refused)} ${refused === 1 ? "row was" : "rows were"} refused in the last ${FAILED_DAYS} days`,
      advice: "Each load lists its refused rows with the reason; mend them on its page and send them again.",
      path: ["loads"],
      action: "Loads",
    });
  }
  const waiting = accounts.filter(({ status }) => status === "pending");
  if (waiting.length > 0) {
    found.push({
      id: "accounts",
      level: "pending",
      text: `${counted(waiting.length, "account waits", "accounts wait")} for approval`,
      advice: "Look whether you know the name before you approve it.",
      path: ["accounts"],
      action: "Accounts",
    });
  }
  const order = { error: 0, warning: 1, pending: 2 };
  return found.sort((a, b) => order[a.level] - order[b.level]);
}

function backupTasks(backups: readonly Backup[], now: Date): Task[] {
  const link = { path: ["backups"], action: "Backups" };
  const newest = backups[0];
  if (!newest) {
    return [
      { id: "no-backup", level: "error", text: "There is no backup", advice: "Start one, and verify it.", ...link },
    ];
  }
  const found: Task[] = [];
  if (newest.status === "failed") {
    found.push({
      id: "backup-failed",
      level: "error",
      text: `The newest backup failed${newest.error ? `: ${newest.error}` : ""}`,
      advice: "Start another one; if it fails again, look at the function's log.",
      ...link,
    });
  }
  const good = backups.find(({ status }) => status === "completed");
  const age = good?.moment ?? good?.finished_at;
  if (!good || !age) {
    if (newest.status === "running") {
      return [...found];
    }
    found.push({ id: "no-good-backup", level: "error", text: "No backup is complete", advice: "Start one.", ...link });
  } else if (hoursSince(age, now) > OLDEST_BACKUP_HOURS) {
    found.push({
      id: "backup-old",
      level: "error",
      text: `The newest complete backup is ${Math.floor(hoursSince(age, now))} hours old`,
      advice: "One is made each night, so the last was missed. Start one now.",
      ...link,
    });
  }
  if (good && good.verified !== true) {
    const bad = good.verified === false;
    found.push({
      id: "backup-unverified",
      level: bad ? "error" : "warning",
      text: bad ? "The newest backup was verified and found bad" : "The newest backup was not verified yet",
      advice: bad ? "Start another backup, and verify it." : "Verify it: only a backup that was read back counts.",
      ...link,
    });
  }
  return found;
}
