// References in refused rows: by whose name they may be meant.

import type { RowsPage } from "../../api/types";

export interface Named {
  key: string;
  name: string;
}

export const isNumber = (value: string): boolean => /^\s*[+-]?\d+\s*$/.test(value);

/**
 * Finds the row that alone is called so, in whichever case; null where several are, none is, or
 * more rows may be.
 */
export function namedAlone(page: RowsPage, key: string, column: string, text: string): Named | null {
  const wanted = text.trim().toLowerCase();
  const found = page.rows.filter((row) => String(row[column]).toLowerCase() === wanted);
  const row = found[0];
  return row !== undefined && found.length === 1 && page.next === null
    ? { key: String(row[key]), name: String(row[column]) }
    : null;
}
