// The corrections of a load's refused rows, and the rows that can be sent again.

import type { FileSettings, Table } from "../../api/types";
import { fault } from "../../components/form/rules";
import type { RefusedRow } from "../rejects/rejects";

export interface Fix {
  /** Values that were typed, by line and column. */
  edits: Record<string, Record<string, string>>;
  /** Lines that are left out. */
  dropped: number[];
  /** Ids that are taken are replaced: rows refused for that alone can go as they are. */
  replace: boolean;
  /** The rows that were sent again, the newest last. */
  sent: SentAgain[];
}

export interface SentAgain {
  key: string;
  lines: number[];
  /** Loads of the key from before. */
  before: string[];
  load: string | null;
}

export const NO_FIX: Fix = { edits: {}, dropped: [], replace: false, sent: [] };

export const DUPLICATES = new Set(["duplicate_id", "duplicate_in_batch"]);

/** A row as it is after what was typed. */
export const mended = (row: RefusedRow, fix: Fix): Record<string, string> => ({
  ...row.values,
  ...fix.edits[row.line],
});

export interface RowState {
  values: Record<string, string>;
  /** The errors by column, after typing. */
  faults: Record<string, string>;
  /** The errors without a column. */
  general: string[];
  ready: boolean;
}

/**
 * Returns the state of a row. The rules of the dictionary decide about columns that were typed in;
 * the loader's errors in others stay until they are changed.
 */
export function rowState(row: RefusedRow, fix: Fix, table: Table | undefined, settings?: FileSettings): RowState {
  const edits = fix.edits[row.line] ?? {};
  const values = mended(row, fix);
  const changed = (column: string) => edits[column] !== undefined && edits[column] !== row.values[column];
  const faults: Record<string, string> = {};
  const general: string[] = [];
  for (const error of row.errors) {
    if (error.column === null) {
      if (Object.keys(edits).every((column) => !changed(column))) {
        general.push(error.message);
      }
    } else if (!changed(error.column) && !(fix.replace && DUPLICATES.has(error.code))) {
      faults[error.column] = error.message;
    }
  }
  for (const column of table?.columns ?? []) {
    const value = values[column.name];
    if (value !== undefined && changed(column.name) && !isInDeclaredForm(column.type, value, settings)) {
      const message = fault(column, value);
      if (message !== null) {
        faults[column.name] = message;
      }
    }
  }
  return { values, faults, general, ready: general.length === 0 && Object.keys(faults).length === 0 };
}

/** Values may be written in forms of the file's own, which only the loader can read. */
function isInDeclaredForm(type: string, value: string, settings: FileSettings | undefined): boolean {
  if (settings === undefined || value.trim() === "") {
    return false;
  }
  return (
    (type.startsWith("timestamp") && (settings.timestamp_formats?.length ?? 0) > 0) ||
    (type === "date" && (settings.date_formats?.length ?? 0) > 0) ||
    (/^(decimal|double)/.test(type) && settings.decimal_comma === true) ||
    (settings.null_values?.includes(value) ?? false)
  );
}

/** The rows that are still to be dealt with: neither left out nor on their way. */
export function open(rows: RefusedRow[], fix: Fix): RefusedRow[] {
  const gone = new Set([...fix.dropped, ...fix.sent.flatMap((sent) => sent.lines)]);
  return rows.filter((row) => !gone.has(row.line));
}

export function edit(fix: Fix, line: number, column: string, value: string): Fix {
  return { ...fix, edits: { ...fix.edits, [line]: { ...fix.edits[line], [column]: value } } };
}
