import { Stack } from "aws-cdk-lib";
import { ApiKey, type IApiKey } from "aws-cdk-lib/aws-apigateway";
import { Construct } from "constructs";

import { type Given, number, SettingsError, text } from "../values";
import type { RateLimit } from "./declarations";

/** What a key may do, from the least to all. */
export const RIGHTS = ["read", "write", "operate"] as const;
export type Right = (typeof RIGHTS)[number];

/** An API key, its rights and its limits. */
export interface ApiKeyProps {
  /** Its name, by which the stack knows it: a new name is a new key. */
  readonly name: string;
  /** `read`; `write`, which includes it; or `operate`, which is everything. */
  readonly right: Right;
  /** The tables that it is for; every table by default, and always for `operate`. */
  readonly tables?: readonly string[];
  /** Steady requests per second; 100, and 20 for `operate`, by default. */
  readonly rate?: number;
  /** Requests that may arrive at once, above the steady rate; twice the rate by default. */
  readonly burst?: number;
  /** Requests per day, counted from midnight UTC; 1,000,000, and 100,000 for `operate`. */
  readonly perDay?: number;
}

/** A key as it is made. */
export interface KeySettings {
  readonly name: string;
  readonly right: Right;
  /** No list for every table. */
  readonly tables: readonly string[] | undefined;
  readonly limits: RateLimit & {
    /** Requests per day, counted from midnight UTC. */
    readonly perDay: number;
  };
}

// A function's variables take 4 KB together, and each key some hundred bytes of them.
const MAX_CHARACTERS = 2500;

const DEFAULT_KEYS: readonly ApiKeyProps[] = [
  { name: "writer", right: "write" },
  { name: "operator", right: "operate" },
];

/** Reads the setting `keys`: a list, or its JSON. */
export function readKeys(given: Given): KeySettings[] {
  const value = given("keys") ?? DEFAULT_KEYS;
  const entries = typeof value === "string" ? parsed(value) : value;
  if (!Array.isArray(entries)) {
    throw new SettingsError('keys must be a list, as [{"name": "team-a", "right": "write", "tables": ["orders"]}]');
  }
  const keys = entries.map((entry: unknown, index) => readKey(entry, index));
  const names = keys.map(({ name }) => outputName(name));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new SettingsError(`keys names "${repeated}" twice`);
  }
  if (!keys.some(({ right }) => right === "operate")) {
    throw new SettingsError("keys must have one with the right operate, which the canary uses as well");
  }
  // The ids come with the deployment, and have ten characters.
  if (JSON.stringify(listed(keys, () => "0123456789")).length > MAX_CHARACTERS) {
    throw new SettingsError(`keys is too long for a function's variables: its names and tables may have some ${MAX_CHARACTERS} characters`);
  }
  return keys;
}

/** The API keys of programs. They outlive the API that they open. */
export class ApiKeys extends Construct {
  readonly keys: readonly { readonly settings: KeySettings; readonly key: IApiKey }[];
  /**
   * The key of the canary: the last one that may do everything. One that is added takes over before
   * another one is removed.
   */
  readonly canaryKeyId: string;

  constructor(scope: Construct, id: string, settings: readonly KeySettings[]) {
    super(scope, id);
    this.keys = settings.map((one) => ({
      settings: one,
      key: new ApiKey(this, one.name, { description: `Rowgate: ${described(one)}` }),
    }));
    const last = this.keys.findLast(({ settings: { right } }) => right === "operate");
    if (!last) {
      throw new Error("the settings have a key that may operate");
    }
    this.canaryKeyId = last.key.keyId;
  }

  /** What functions need to know of each key: a JSON list, without any secret. */
  json(): string {
    const ids = new Map(this.keys.map(({ settings, key }) => [settings, key.keyId]));
    return Stack.of(this).toJsonString(listed([...ids.keys()], (key) => ids.get(key)));
  }
}

/** The name of the output that tells the id of a key: `TeamAKeyId` of `team-a`. */
export function outputName(key: string): string {
  const words = key.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join("")}KeyId`;
}

function listed(keys: readonly KeySettings[], id: (key: KeySettings) => string | undefined): object[] {
  return keys.map((key) => ({ id: id(key), name: key.name, right: key.right, ...(key.tables ? { tables: key.tables } : {}) }));
}

function described({ name, right, tables }: KeySettings): string {
  return `${name}, ${right}${tables ? ` of ${tables.join(", ")}` : ""}`;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new SettingsError(`keys is no JSON: ${(error as Error).message}`);
  }
}

function readKey(entry: unknown, index: number): KeySettings {
  const where = `keys[${index}]`;
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw new SettingsError(`${where} is no object with name and right`);
  }
  const members = new Map(Object.entries(entry).map(([name, value]) => [`${where}.${name}`, value as unknown]));
  const known = ["name", "right", "tables", "rate", "burst", "perDay"].map((name) => `${where}.${name}`);
  const unknown = [...members.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SettingsError(`${unknown} is none of ${known.join(", ")}`);
  }
  const given: Given = (name) => members.get(name);
  const name = text(given, `${where}.name`, "");
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    throw new SettingsError(`${where}.name=${name} is no name, as team-a, of at most 40 characters`);
  }
  const right = RIGHTS.find((one) => one === given(`${where}.right`));
  if (right === undefined) {
    throw new SettingsError(`${where}.right=${String(given(`${where}.right`))} is none of ${RIGHTS.join(", ")}`);
  }
  const tables = readTables(given(`${where}.tables`), `${where}.tables`);
  if (tables && right === "operate") {
    throw new SettingsError(`${where}.tables is not for the right operate, which is for every table`);
  }
  const isOperator = right === "operate";
  const rate = number(given, `${where}.rate`, isOperator ? 20 : 100, { min: 1, max: 10_000 });
  const burst = number(given, `${where}.burst`, Math.min(2 * rate, 5_000), { min: 1, max: 5_000 });
  const perDay = number(given, `${where}.perDay`, isOperator ? 100_000 : 1_000_000, { min: 1, max: 1_000_000_000 });
  return { name, right, tables, limits: { rate, burst, perDay } };
}

function readTables(value: unknown, name: string): string[] | undefined {
  if (value === undefined) {
    return undefined;
  }
  const isName = (table: unknown): table is string => typeof table === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(table);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isName)) {
    throw new SettingsError(`${name} must be a list of names of tables`);
  }
  return [...new Set(value)];
}
