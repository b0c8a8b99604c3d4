import * as path from "node:path";

import type { Node } from "constructs";

// The folder of cdk.json, where relative paths start, wherever the app is started from. Compiled,
// this file lies in dist/lib/.
const INFRA_DIR = path.resolve(__dirname, "..", "..");

/** An invalid setting. The message says what to correct, and is shown without a stack trace. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Reads one of several texts; the first is the default. */
export function choice(node: Node, name: string, choices: readonly [string, ...string[]]): string {
  const given = text(node, name, choices[0]);
  if (!choices.includes(given)) {
    throw new SettingsError(`${name}=${given} is none of ${choices.join(", ")}`);
  }
  return given;
}

/** Reads a URL without a slash at its end. */
export function httpUrl(node: Node, name: string): string {
  const given = text(node, name, "");
  if (!/^https?:\/\/[^\s?#]*[^\s?#/]$/.test(given)) {
    throw new SettingsError(`${name}=${given} is no URL, as https://rows.example.com/v1, without a slash at the end`);
  }
  return given;
}

/** Reads the origin of a URL: its scheme, host and port. */
export function httpOrigin(node: Node, name: string): string {
  const given = text(node, name, "");
  if (!/^https?:\/\/[a-z0-9.-]+(:\d+)?$/.test(given)) {
    throw new SettingsError(`${name}=${given} is no origin, as https://files.example.com, without a path`);
  }
  return given;
}

/** Reads a setting that may be missing. */
export function optional<T>(node: Node, name: string, read: () => T): T | undefined {
  return node.tryGetContext(name) === undefined ? undefined : read();
}

/** Reads a text that is not empty. */
export function text(node: Node, name: string, fallback: string): string {
  const value: unknown = node.tryGetContext(name);
  if (value === undefined) {
    return fallback;
  }
  if (typeof value !== "string" || value === "") {
    throw new SettingsError(`${name} must be a text that is not empty`);
  }
  return value;
}

/** Reads the path of a file or folder and makes it absolute: a relative one starts at infra/. */
export function file(node: Node, name: string, fallback: string): string {
  return path.resolve(INFRA_DIR, text(node, name, fallback));
}

/** Reads true or false. */
export function flag(node: Node, name: string, fallback: boolean): boolean {
  const value: unknown = node.tryGetContext(name);
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
  readonly step: number;
}

/** Reads a number of a range. */
export function number(node: Node, name: string, fallback: number, range: Range): number {
  const given: unknown = node.tryGetContext(name);
  if (given === undefined) {
    return fallback;
  }
  const value = typeof given === "string" && given.trim() === "" ? Number.NaN : Number(given);
  if (!(value >= range.min && value <= range.max && Number.isInteger(value / range.step))) {
    throw new SettingsError(
      `${name}=${String(given)} is not a number from ${range.min} to ${range.max} in steps of ${range.step}`,
    );
  }
  return value;
}
