// Checks the fields of a form by the rules of the dictionary, in the words of the service. Ids that
// are taken and references that name no row are left to the service, which alone knows them.

import type { Rules } from "../../api/types";
import { textOf } from "../format";

/** A column, as `GET /tables` describes it. */
export interface RuleColumn {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly auto_increment: boolean;
  readonly rules?: Rules;
}

export type ColumnType =
  | { readonly kind: "smallint" | "integer" | "bigint" | "double" | "boolean" | "date" | "time" | "uuid" | "json" }
  | { readonly kind: "timestamp"; readonly digits: number }
  | { readonly kind: "binary"; readonly max: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "string"; readonly max: number };

const RANGES = {
  smallint: [-32768n, 32767n],
  integer: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
} as const;

/**
 * Reads a type as the dictionary writes it: `string(255)`. A type that is not known holds any text.
 */
export function columnType(text: string): ColumnType {
  const [, kind, first, second] = /^([a-z]+)(?:\((\d+)(?:,\s*(\d+))?\))?$/.exec(text) ?? [];
  switch (kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "double":
    case "boolean":
    case "date":
    case "time":
    case "uuid":
    case "json":
      return { kind };
    case "timestamp":
      return { kind, digits: Number(first ?? 0) };
    case "binary":
      return { kind, max: Number(first) };
    case "decimal":
      return { kind, precision: Number(first ?? 38), scale: Number(second ?? 0) };
    default:
      return { kind: "string", max: Number(first ?? Number.MAX_SAFE_INTEGER) };
  }
}

/** Whether values of a type are text for people. */
export const isText = (type: string): boolean => /^(string|text)/.test(type);

/** Says what a value of the column looks like, to stand under its field. */
export function hint(column: RuleColumn): string {
  return [ofType(column), ...ofRules(column.rules ?? {})].join(" ");
}

function ofRules({ minimum, maximum, min_length: least, values }: Rules): string[] {
  return [
    ...(minimum === undefined ? [] : [`At least ${String(minimum)}.`]),
    ...(maximum === undefined ? [] : [`At most ${String(maximum)}.`]),
    ...(least === undefined ? [] : [`At least ${least} characters.`]),
    ...(values === undefined ? [] : [`One of ${values.map(String).join(", ")}.`]),
  ];
}

function ofType(column: RuleColumn): string {
  const type = columnType(column.type);
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
      return "A whole number.";
    case "double":
      return "A number.";
    case "time":
      return "A time of day, like 16:02:08.";
    case "uuid":
      return "A UUID, like 1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a.";
    case "json":
      return "JSON.";
    case "binary":
      return `At most ${type.max} bytes, in base64.`;
    case "decimal":
      return type.scale === 0
        ? `A number with at most ${type.precision} digits.`
        : `A number with at most ${type.precision - type.scale} digits before the point and ${type.scale} after it.`;
    case "boolean":
      return "Yes or no.";
    case "date":
      return "A day, like 2021-07-27.";
    case "timestamp":
      return "A day and a time in UTC, like 2021-07-27 and 16:02:08.";
    case "string":
      return Number.isSafeInteger(type.max) && type.max !== Number.MAX_SAFE_INTEGER
        ? `At most ${type.max} characters.`
        : "Text.";
  }
}

/** Returns the error in the text of a field; `null` if there is none. */
export function fault(column: RuleColumn, text: string): string | null {
  const { name } = column;
  if (text.trim() === "") {
    return column.required ? `${name} is required` : null;
  }
  const type = columnType(column.type);
  const { values } = column.rules ?? {};
  if (values !== undefined && !values.map(String).includes(text)) {
    return `${name} must be one of ${values.map(String).join(", ")}`;
  }
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint": {
      if (!/^-?\d+$/.test(text)) {
        return `${name} must be a whole number`;
      }
      const [least, most] = RANGES[type.kind];
      const number = BigInt(text);
      if (number < least || number > most) {
        return `${name} must be between ${least} and ${most}`;
      }
      return column.auto_increment && number === 0n
        ? `${name} must not be 0: the database would replace it by a new number`
        : null;
    }
    case "double":
      return Number.isFinite(Number(text)) ? null : `${name} must be a number`;
    case "decimal":
      return decimalFault(name, type.precision, type.scale, text);
    case "time":
      return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text) ? null : `${name} must be a time of day like 16:02:08`;
    case "json":
      return isJson(text) ? null : `${name} must be JSON`;
    // What else there is to say of them, the service says.
    case "uuid":
    case "binary":
      return null;
    case "boolean":
      return text === "true" || text === "false" ? null : `${name} must be true or false`;
    case "date":
      return isDay(text) ? null : `${name} must be a day that exists, written like 2021-07-27`;
    case "timestamp":
      return isTimestamp(text, type.digits)
        ? null
        : `${name} must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z`;
    case "string": {
      // The service counts characters, not UTF-16 units.
      const length = [...text].length;
      return length > type.max ? `${name} has ${length} characters, at most ${type.max} are allowed` : null;
    }
  }
}

function decimalFault(name: string, precision: number, scale: number, text: string): string | null {
  const [, whole, fraction = ""] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) {
    return `${name} must be a decimal number, without an exponent`;
  }
  const digits = whole.replace(/^0+/, "").length;
  const decimals = fraction.replace(/0+$/, "").length;
  return digits > precision - scale || decimals > scale
    ? `${name} must be a number with at most ${precision - scale} digits before the point and ${scale} after it`
    : null;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) {
    return false;
  }
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = month === 2 && (year % 400 === 0 || (year % 4 === 0 && year % 100 !== 0));
  return year >= 1000 && day >= 1 && day <= (MONTH_DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

function isTimestamp(text: string, digits: number): boolean {
  const match =
    /^(\d{4}-\d{2}-\d{2})[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$/.exec(
      text,
    );
  const [, day, fraction = ""] = match ?? [];
  return day !== undefined && isDay(day) && fraction.replace(/0+$/, "").length <= digits;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The day and the time of a timestamp that is typed in two fields and kept as one text. */
export function splitTimestamp(text: string): { day: string; time: string } {
  const [, day = "", time = ""] = /^([^T ]*)(?:[T ]([^Z]*))?/.exec(text) ?? [];
  return { day, time };
}

/** Joins a day and a time to the text of a timestamp; nothing where both are empty. */
export function joinTimestamp(day: string, time: string): string {
  if (day === "" && time === "") {
    return "";
  }
  return time === "" ? day : `${day}T${time}${/[+-]\d\d(:?\d\d)?$/.test(time) ? "" : "Z"}`;
}

/** A row as the form has it: a text for each column, empty for no value. */
export type Draft = Readonly<Record<string, string>>;

/** The faults of a draft, by column. */
export function faults(columns: readonly RuleColumn[], draft: Draft): Record<string, string> {
  const found: Record<string, string> = {};
  for (const column of columns) {
    const message = fault(column, draft[column.name] ?? "");
    if (message !== null) {
      found[column.name] = message;
    }
  }
  return found;
}

/** The draft of a row that the service gave. */
export function draftOf(columns: readonly RuleColumn[], row: Readonly<Record<string, unknown>>): Draft {
  return Object.fromEntries(
    columns.map(({ name }) => {
      return [name, textOf(row[name])];
    }),
  );
}

/**
 * Writes digits as a number of any length, where the browser can; else as text, which the service
 * refuses.
 */
function digits(text: string): unknown {
  const number = Number(text);
  const raw = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;
  return Number.isSafeInteger(number) ? number : raw ? raw(text) : text;
}

/**
 * Returns the row of a draft. Empty fields are left out; text that is no number is left for the
 * service to refuse.
 */
export function rowOf(columns: readonly RuleColumn[], draft: Draft): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const column of columns) {
    const text = draft[column.name] ?? "";
    if (text.trim() === "") {
      continue;
    }
    const { kind } = columnType(column.type);
    if (kind in RANGES && /^-?\d+$/.test(text)) {
      row[column.name] = digits(text.replace(/^(-?)0+(?=\d)/, "$1"));
    } else if (kind === "boolean" && (text === "true" || text === "false")) {
      row[column.name] = text === "true";
    } else if (kind === "double" && Number.isFinite(Number(text))) {
      row[column.name] = Number(text);
    } else if (kind === "json" && isJson(text)) {
      row[column.name] = JSON.parse(text);
    } else {
      row[column.name] = text;
    }
  }
  return row;
}
