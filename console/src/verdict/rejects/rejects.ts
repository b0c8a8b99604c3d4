// Rejects files: Rowgate's record of refused rows, and the file that brings the corrected ones
// back.

import Papa from "papaparse";
import type { FieldError } from "../../api/types";

/** The columns that Rowgate adds behind those of the file. */
const ADDED = ["line", "code", "reason"] as const;
const JOINT = "; ";

export interface RefusedRow {
  /** The record's line in the file that was loaded. */
  line: number;
  /** The fields by column, as they came. */
  values: Record<string, string>;
  errors: FieldError[];
  /** Fields that belong to no column; they are not sent again. */
  over: string[];
}

export interface Rejects {
  columns: string[];
  delimiter: string;
  rows: RefusedRow[];
}

/** Reads the text of a rejects file. Of a text that is cut off, the last record is left out. */
export function parseRejects(text: string, cut = false): Rejects {
  const bare = text.replace(/^\uFEFF/, "");
  const delimiter = /(?:^|[^a-z"])"?line"?([^\w\s"]|\t)"?code"?\1"?reason"?\r?\n/.exec(bare)?.[1] ?? ",";
  const { data } = Papa.parse<string[]>(bare, { delimiter, skipEmptyLines: true });
  const records = cut ? data.slice(0, -1) : data;
  const header = records[0] ?? [];
  const columns = header.slice(0, Math.max(0, header.length - ADDED.length));
  const rows = records.slice(1).map((record): RefusedRow => {
    const [line = "0", codes = "", reasons = ""] = record.slice(columns.length);
    return {
      line: Number(line),
      values: Object.fromEntries(columns.map((column, index) => [column, record[index] ?? ""])),
      errors: readErrors(columns, codes, reasons),
      over: record.slice(columns.length + ADDED.length),
    };
  });
  return { columns, delimiter, rows };
}

/** Finds the columns that reasons speak of: a reason begins with its column's name. */
export function readErrors(columns: string[], codes: string, reasons: string): FieldError[] {
  const parts = codes === "" ? [] : codes.split(JOINT);
  const columnOf = (reason: string) => columns.find((column) => reason.startsWith(`${column} `)) ?? null;
  const sentences: string[] = [];
  for (const part of reasons.split(JOINT)) {
    // A sentence may hold a semicolon of its own.
    const begins =
      parts.length > 1 && (columnOf(part) !== null || /^(the (row|record) |there is no column)/.test(part));
    if (sentences.length === 0 || (begins && sentences.length < parts.length)) {
      sentences.push(part);
    } else {
      sentences[sentences.length - 1] += JOINT + part;
    }
  }
  return sentences.map((message, index) => ({
    column: columnOf(message),
    code: parts[index] ?? parts[0] ?? "",
    message,
  }));
}

/**
 * Writes rows as a rejects file, so that the loader reads it as one, whatever the table's files are
 * like.
 */
export function writeRejects(
  { columns, delimiter }: Pick<Rejects, "columns" | "delimiter">,
  rows: RefusedRow[],
): string {
  const records = rows.map((row) => [...columns.map((column) => row.values[column] ?? ""), String(row.line), "", ""]);
  // Not what spreadsheets take for formulas: the loader takes fields as they are.
  return `\uFEFF${Papa.unparse([[...columns, ...ADDED], ...records], { delimiter, newline: "\r\n" })}\r\n`;
}

/**
 * Names the file that brings rows of a load back; a load finds its parent by the id in the name.
 */
export function fixedName(load: string, now: Date): string {
  return `${load}-fixed-${now.toISOString().replace(/[-:]/g, "").slice(0, 15)}.csv`;
}

const WORDS: Record<string, [string, string]> = {
  required: ["A value is missing", "Fill it in."],
  type: ["Not of the column's type", "Write numbers without spaces or units, and true or false."],
  too_long: ["Too long", "Shorten the text."],
  out_of_range: ["Out of range", "Correct the number."],
  timestamp: ["Not a date that can be read", "Write it like 2021-07-27 or 2021-07-27T16:02:08Z."],
  field_count: ["Too few or too many fields", "Look at what stands in which column."],
  encoding: ["Letters that cannot be read", "Type the text again."],
  quote: ["Quotes that do not match", "Type the values of the row."],
  unknown_column: ["An unknown column", "Leave it out."],
  duplicate_id: ["The id is taken", "Give another id, or choose to replace rows that are there."],
  duplicate_in_batch: ["The id comes twice in the file", "Give another id, or leave the row out."],
  unknown_reference: ["Names a row that is not there", "Choose a row that is there."],
  duplicate_value: ["The value is taken", "Give another one."],
  rule: ["Breaks a rule of the table", "Correct it as the reason says."],
};

/** Says a code in words. */
export const reasonOf = (code: string): string => WORDS[code]?.[0] ?? code;

/** A column that refers to another table. */
export interface Reference {
  column: string;
  table: string;
  /** True where its rows can be chosen by name. */
  named: boolean;
}

/** Errors of a reference that another number corrects. */
const OF_NUMBER = new Set(["required", "type", "out_of_range", "unknown_reference"]);

/** Says what to do about a code. */
export function remedyOf(code: string, reference?: Reference): string {
  if (reference === undefined || !OF_NUMBER.has(code)) {
    return WORDS[code]?.[1] ?? "Correct it as the reason says.";
  }
  const { column, table, named } = reference;
  const what = /^(.+)_id$/.exec(column)?.[1]?.replaceAll("_", " ") ?? `row of ${table}`;
  return `Write the number of the ${what}${named ? ", or choose it by name" : ""}.`;
}

/** Counts rows by code, the commonest first; a row with several errors counts once under each. */
export function countByCode(rows: RefusedRow[]): { code: string; rows: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const code of new Set(row.errors.map((error) => error.code))) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return [...counts].map(([code, rows]) => ({ code, rows })).sort((a, b) => b.rows - a.rows);
}
