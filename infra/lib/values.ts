import * as path from "node:path";

/** A setting's value as it was given: typed in a program, or a text of the CDK context. */
export type Given = (name: string) => unknown;

/** An invalid setting. The message says what to correct, and is shown without a stack trace. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Reads one of several texts; the first is the default. */
export function choice<const T extends string>(given: Given, name: string, choices: readonly [T, ...T[]]): T {
  const value = text(given, name, choices[0]);
  const found = choices.find((one) => one === value);
  if (found === undefined) {
    throw new SettingsError(`${name}=${value} is none of ${choices.join(", ")}`);
  }
  return found;
}

/** Reads a text that is of a form, if it is given; `example` shows the form. */
export function matching(given: Given, name: string, form: RegExp, what: string): string | undefined {
  return optional(given, name, () => {
    const value = text(given, name, "");
    if (!form.test(value)) {
      throw new SettingsError(`${name}=${value} is no ${what}`);
    }
    return value;
  });
}

/** Reads a URL without a slash at its end, if it is given. */
export function httpUrl(given: Given, name: string): string | undefined {
  const what = "URL, as https://rows.example.com/v1, without a slash at the end";
  return matching(given, name, /^https?:\/\/[^\s?#]*[^\s?#/]$/, what);
}

/** Reads the origin of a URL, its scheme, host and port, if it is given. */
export function httpOrigin(given: Given, name: string): string | undefined {
  const what = "origin, as https://files.example.com, without a path";
  return matching(given, name, /^https?:\/\/[a-z0-9.-]+(:\d+)?$/, what);
}

/** Reads a setting that may be missing. */
export function optional<T>(given: Given, name: string, read: () => T): T | undefined {
  return given(name) === undefined ? undefined : read();
}

/** Reads a text that is not empty. */
export function text(given: Given, name: string, fallback: string): string {
  const value = given(name);
  if (value === undefined) {
    return fallback;
  }
  if (typeof value !== "string" || value === "") {
    throw new SettingsError(`${name} must be a text that is not empty`);
  }
  return value;
}

/**
 * Reads a list of texts, or one text with commas between them, each of which must be of a form;
 * none where it is not given or empty.
 */
export function list(given: Given, name: string, form: RegExp, what: string): string[] {
  const value = given(name) ?? "";
  const items = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) {
    throw new SettingsError(`${name} must be a list of texts`);
  }
  if (value === "") {
    return [];
  }
  const found = items.map((item) => item.trim());
  for (const item of found) {
    if (!form.test(item)) {
      throw new SettingsError(`${name} names "${item}", which is no ${what}`);
    }
  }
  return [...new Set(found)];
}

/** Reads the path of a file or folder and makes it absolute. */
export function file(given: Given, name: string, fallback: string): string {
  return path.resolve(text(given, name, fallback));
}

/** Reads true or false. */
export function flag(given: Given, name: string, fallback: boolean): boolean {
  const value = given(name);
  switch (value) {
    case undefined:
      return fallback;
    case true:
    case "true":
      return true;
    case false:
    case "false":
      return false;
    default:
      throw new SettingsError(`${name}=${String(value)} is neither true nor false`);
  }
}

/** The numbers that a setting may have. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** The distance of two numbers; 1 where it is not set. */
  readonly step?: number;
}

/** Reads a number of a range. */
export function number(given: Given, name: string, fallback: number, { min, max, step = 1 }: Range): number {
  const value = given(name);
  if (value === undefined) {
    return fallback;
  }
  const found = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (!(found >= min && found <= max && Number.isInteger(found / step))) {
    throw new SettingsError(`${name}=${String(value)} is not a number from ${min} to ${max} in steps of ${step}`);
  }
  return found;
}
