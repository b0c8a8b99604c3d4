// Rows of tables before and after a restore.

import type { Backup, Restore } from "../../api/types";

export interface Comparison {
  readonly table: string;
  /** Rows in the table now, or before a restore; `null` where that is not known. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Returns the effect of a restore of these tables on their numbers of rows. */
export function planned(
  backup: Backup,
  tables: readonly string[],
  now: Readonly<Record<string, number>> | null,
): Comparison[] {
  return tables.map((table) => ({
    table,
    before: now?.[table] ?? null,
    after: backup.tables[table]?.rows ?? null,
  }));
}

/** `+12`, `-3`, `the same`; nothing where one of the two is not known. */
export function change({ before, after }: Comparison): string {
  if (before === null || after === null) {
    return "–";
  }
  const difference = after - before;
  return difference === 0
    ? "the same"
    : `${difference > 0 ? "+" : "−"}${new Intl.NumberFormat("en").format(Math.abs(difference))}`;
}

/** Returns the progress of a restore in percent; `null` if its backup's numbers are unknown. */
export function percent(restore: Restore, backup: Backup | null): number | null {
  const tables = Object.entries(restore.tables);
  const total = tables.reduce((sum, [name]) => sum + (backup?.tables[name]?.rows ?? 0), 0);
  if (!backup || tables.some(([name]) => backup.tables[name]?.rows === undefined) || total === 0) {
    return null;
  }
  const done = tables.reduce((sum, [, { rows_restored }]) => sum + (rows_restored ?? 0), 0);
  return Math.min(100, Math.round((100 * done) / total));
}

const KEPT = "rowgate.before.";

/** Keeps how many rows the tables had before a restore, for this tab. */
export function storeCounts(restore: string, counts: Readonly<Record<string, number>>): void {
  sessionStorage.setItem(KEPT + restore, JSON.stringify(counts));
}

/** The numbers of rows that were kept before a restore. */
export function storedCounts(restore: string): Record<string, number> | null {
  const text = sessionStorage.getItem(KEPT + restore);
  return text === null ? null : (JSON.parse(text) as Record<string, number>);
}
