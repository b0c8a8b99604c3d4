// Backups and restores in words.

import type { Backup, Restore } from "../../api/types";

/** Returns the purpose of a restore, in words. */
export function kindOf({ kind, mode }: Restore): string {
  if (kind === "put_back") {
    return "Undo of a restore";
  }
  if (mode === "verify") {
    return "Verification";
  }
  return kind === "files" ? "Restore from files" : "Restore";
}

/** Rows or bytes of all of a backup's tables; `null` while they are not known. */
export function total(backup: Backup, what: "rows" | "bytes"): number | null {
  const known = Object.values(backup.tables).map((table) => table[what]);
  return known.length === 0 || known.some((one) => one === null)
    ? null
    : known.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

/** Returns true if a restore can be undone: its previous tables are kept. */
export function isUndoable({ kind, mode, status, tables }: Restore): boolean {
  return (
    kind !== "put_back" &&
    mode === "replace" &&
    status === "completed" &&
    Object.values(tables).some(({ kept }) => kept)
  );
}
