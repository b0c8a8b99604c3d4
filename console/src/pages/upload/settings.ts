// Settings for reading one file: those that the check proposes, those kept from a similar file, and
// those that a person chose.

import { isOfKey } from "../../components/keys";
import type { Check, Column, FileSettings, Table } from "../../api/types";

/** Settings for which the check found several readings; the page asks. */
export interface Unclear {
  timestamp_formats?: string[];
  date_formats?: string[];
}

export interface Reading {
  settings: FileSettings;
  unclear: Unclear;
}

const FORMATS = ["timestamp_formats", "date_formats"] as const;

/** The names of a file's columns, as the check read them. */
export function fileColumns(check: Check): string[] {
  if (check.header) {
    return check.header;
  }
  return Object.keys(check.proposal?.columns ?? {});
}

/** Adopts the check's proposals into the settings, except for those with several readings. */
export function adopt(check: Check, settings: FileSettings, table?: Table): Reading | null {
  const { proposal } = check;
  if (proposal === null) {
    return null;
  }
  const next: FileSettings = { ...settings };
  const unclear: Unclear = {};
  let changed = false;
  for (const [name, value] of Object.entries(proposal) as [keyof FileSettings, never][]) {
    if (name === "columns" || settings[name] !== undefined || value === null || value === undefined) {
      continue;
    }
    if (name === "timestamp_formats" || name === "date_formats") {
      const formats: string[] = value;
      if (formats.length > 1) {
        unclear[name] = formats;
        continue;
      }
    }
    next[name] = value;
    changed = true;
  }
  if (proposal.columns && settings.columns === undefined) {
    const proposed = Object.fromEntries(fileColumns(check).map((name) => [name, proposal.columns?.[name] ?? null]));
    next.columns = table ? complete(table, proposed) : proposed;
    changed = true;
  }
  return changed || FORMATS.some((name) => unclear[name]) ? { settings: next, unclear } : null;
}

const words = (text: string): string[] =>
  text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");

const NUMBERING = new Set(["no", "nr", "number", "id"]);
/** Numbers of something else than the row. */
const OTHER_NUMBER = /^(phone|telephone|tel|mobile|cell|fax|house|room|tax|account|bank)$/;
const STEM = 3;

/** Says whether a name of the file ends as that of a number does: `Staff no`, `Staff #`. */
const isNumbering = (name: string): boolean => {
  const parts = words(name);
  return (
    (NUMBERING.has(parts.at(-1) ?? "") || name.trim().endsWith("#")) && !parts.some((one) => OTHER_NUMBER.test(one))
  );
};

/** Says whether a name of the file may be that of a column that refers to another table. */
function isOfReference(table: Table, name: string): boolean {
  const stems = table.columns
    .filter(({ references }) => references !== null)
    .flatMap((column) => words(column.name))
    .filter((word) => !NUMBERING.has(word))
    .map((word) => word.slice(0, STEM));
  return words(name).some((word) => stems.includes(word.slice(0, STEM)));
}

/**
 * Adds to a match the columns whose name is part of one column's of the file that is left: `name`
 * of "Full name". A key that must have a value may also be the one column that is left and named
 * like a number: `id` of "Staff no".
 */
export function complete(table: Table, columns: Record<string, string | null>): Record<string, string | null> {
  const next = { ...columns };
  const taken = new Set(Object.values(columns));
  for (const column of table.columns.filter(({ name }) => !taken.has(name))) {
    const own = words(column.name);
    const found = Object.keys(next).filter(
      (name) =>
        next[name] === null &&
        own.every((word) => words(name).includes(word)) &&
        !(isOfKey(table, column.name) && isOfReference(table, name)),
    );
    if (found.length === 1 && found[0] !== undefined) {
      next[found[0]] = column.name;
    }
  }
  const key = missingColumns(table, next).find(({ name }) => name === table.key);
  if (key?.type.startsWith("integer")) {
    const numbers = Object.keys(next).filter(
      (name) => next[name] === null && isNumbering(name) && !isOfReference(table, name),
    );
    if (numbers.length === 1 && numbers[0] !== undefined) {
      next[numbers[0]] = key.name;
    }
  }
  return next;
}

/** Sets one setting; `undefined` leaves it to the loader again. */
export function change<K extends keyof FileSettings>(
  settings: FileSettings,
  name: K,
  value: FileSettings[K] | undefined,
): FileSettings {
  const { [name]: _before, ...rest } = settings;
  return value === undefined ? rest : { ...rest, [name]: value };
}

/** Reads a list that was typed with commas; an empty part does not count. */
export const listed = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Says what keeps a match from being loaded; empty if nothing does. */
export function matchFaults(columns: Record<string, string | null>): Record<string, string> {
  const faults: Record<string, string> = {};
  const taken = new Map<string, string>();
  for (const [name, column] of Object.entries(columns)) {
    if (column !== null) {
      const other = taken.get(column);
      if (other !== undefined) {
        faults[name] = `${other} is matched to ${column} already. Leave one of them out.`;
      }
      taken.set(column, name);
    }
  }
  return faults;
}

/**
 * Returns the table's column for each column of a file: as it was set, as the check found it, or by
 * its own name.
 */
export function matchOf(
  table: Table,
  names: string[],
  check: Check,
  settings: FileSettings,
): Record<string, string | null> {
  const known = new Map(check.columns.map(({ name, column }) => [name, column]));
  const own = (name: string) => table.columns.find((column) => column.name === name.toLowerCase())?.name ?? null;
  return settings.columns ?? Object.fromEntries(names.map((name) => [name, known.get(name) ?? own(name)]));
}

/**
 * Columns that a file must have and that none of its own is matched to; the key too, also where
 * rows may leave it out.
 */
export function missingColumns(table: Table, columns: Record<string, string | null>): Column[] {
  const given = new Set(Object.values(columns));
  return table.columns.filter((column) => column.required && !given.has(column.name));
}

const AND = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** Says what has to be chosen for columns that are missing. */
export const missingWords = (missing: readonly Column[]): string =>
  `${AND.format(missing.map(({ name }) => name))} must have a value: choose which ${
    missing.length === 1 ? "column of the file it is" : "columns of the file they are"
  }.`;

/** Settings of a file that also hold for its refused rows, which Rowgate writes in its own way. */
export function settingsOfRejects(settings: FileSettings): FileSettings | undefined {
  const { null_values, decimal_comma, date_formats, timestamp_formats, time_zone } = settings;
  const kept = Object.entries({ null_values, decimal_comma, date_formats, timestamp_formats, time_zone });
  const given = kept.filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as FileSettings);
}

const KEPT = "rowgate.matches";
const MOST = 50;

type Kept = { table: string; header: string; settings: FileSettings }[];

function kept(): Kept {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(read) ? (read as Kept) : [];
  } catch {
    return [];
  }
}

const sign = (header: string[]) => JSON.stringify(header);

/** Keeps how files with this header are read, for the next one. */
export function remember(table: string, header: string[], settings: FileSettings): void {
  const others = kept().filter((one) => one.table !== table || one.header !== sign(header));
  localStorage.setItem(KEPT, JSON.stringify([{ table, header: sign(header), settings }, ...others].slice(0, MOST)));
}

export function forget(table: string, header: string[]): void {
  const others = kept().filter((one) => one.table !== table || one.header !== sign(header));
  localStorage.setItem(KEPT, JSON.stringify(others));
}

export function remembered(table: string, header: string[] | null): FileSettings | null {
  return (header && kept().find((one) => one.table === table && one.header === sign(header))?.settings) ?? null;
}

const PARTS: Record<string, string> = {
  Y: "2021",
  y: "21",
  m: "03",
  d: "31",
  e: "31",
  b: "Mar",
  B: "March",
  H: "16",
  I: "04",
  M: "05",
  S: "09",
  p: "PM",
  P: "pm",
  F: "2021-03-31",
  T: "16:05:09",
  R: "16:05",
  D: "03/31/21",
  z: "+0100",
  A: "Wednesday",
  a: "Wed",
  f: "000000",
  "%": "%",
};

/** Writes a time in a format of strptime: `31/03/2021 16:05`. */
export function example(format: string): string {
  return format.replace(/%[-_0]?([A-Za-z%])/g, (whole, letter: string) => PARTS[letter] ?? whole);
}

const ORDERS: [RegExp, string][] = [
  [/%[-_0]?[de].*%[-_0]?[mbB].*%[Yy]/, "day first"],
  [/%[-_0]?[mbB].*%[-_0]?[de].*%[Yy]|%D/, "month first"],
  [/%[Yy].*%[-_0]?[mbB].*%[-_0]?[de]|%F/, "year first"],
];

/** Says which of day, month and year comes first. */
export const order = (format: string): string => ORDERS.find(([pattern]) => pattern.test(format))?.[1] ?? "";
