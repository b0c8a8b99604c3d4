import { existsSync } from "node:fs";
import * as path from "node:path";

import { Architecture } from "aws-cdk-lib/aws-lambda";
import type { Node } from "constructs";

import { choice, file, flag, httpOrigin, httpUrl, number, optional, SettingsError, text } from "./context";
import type { RateLimit } from "./api/declarations";
import { type LakeSettings, readLakeSettings } from "./lake/settings";
import { tablesFolder } from "./tables";

/** The rate limit and the quota of one API key. */
export interface CallLimits extends RateLimit {
  /** Requests per day, counted from midnight UTC. */
  readonly perDay: number;
}

/** A time of day, as a cron expression has it. */
export interface TimeOfDay {
  readonly hour: string;
  readonly minute: string;
}

/** The settings of the stack, chosen at deployment with `-c name=value`. */
export interface Settings {
  /** Processor of the functions; must be the one their binaries were built for. */
  readonly architecture: Architecture;
  /** Folder with one `<package>/bootstrap` for each function, absolute. */
  readonly artifacts: string;
  /** The folder of tables: dictionary, migrations, reports and gold; absolute. */
  readonly sql: string;
  /** Aurora's lower bound in capacity units; 0 lets it pause when there are no calls. */
  readonly minCapacity: number;
  /** Aurora's upper bound in capacity units. */
  readonly maxCapacity: number;
  /** Idle minutes after which Aurora pauses; counts only where minCapacity is 0. */
  readonly autoPauseMinutes: number;
  /** True if the database refuses to be deleted. */
  readonly deletionProtection: boolean;
  /** Files that may load side by side. */
  readonly loaderConcurrency: number;
  /** MiB of the loader, which decide its share of a processor. */
  readonly loaderMemory: number;
  /** Transactions of one load side by side; the loader's own number where it is not set. */
  readonly loaderLanes: number | undefined;
  /**
   * Rejected records beyond which a load fails, a number or a percentage; no limit where it is not
   * set.
   */
  readonly maxRejects: string | undefined;
  /** Buckets beside the data bucket that a backfill may read. */
  readonly readBuckets: readonly string[];
  /** The time at which backups begin every day, in UTC. */
  readonly backupAt: TimeOfDay;
  /** The compression of the blocks of backup files. */
  readonly backupCodec: string;
  /** Days after which a backup expires, unless it is the newest good one of a table. */
  readonly backupKeepDays: number;
  /** Hours after which the newest good backup is too old. */
  readonly backupMaxAgeHours: number;
  /** The time at which the newest backup is verified every day, in UTC. */
  readonly drillAt: TimeOfDay;
  /** Transactions of one restore side by side; the function's own number where it is not set. */
  readonly restoreLanes: number | undefined;
  /** The prefixes in the data bucket where external Avro files are allowed. */
  readonly restorePrefixes: readonly string[];
  /** Minutes between two runs of the canary; 0 for no schedule. */
  readonly canaryMinutes: number;
  /**
   * The URL of the API for callers, if it is not AWS's own; `{id}` in it stands for the API's id.
   */
  readonly apiUrl: string | undefined;
  /** The same for the people's door. */
  readonly peopleUrl: string | undefined;
  /** The origin of the data bucket for browsers, if it is not AWS's own. */
  readonly bucketOrigin: string | undefined;
  /** True if people may register an account themselves. */
  readonly selfRegistration: boolean;
  /** Domains of the e-mail addresses that may ask for an account; every one where none is named. */
  readonly allowedEmailDomains: readonly string[];
  /** The rate limit of each method of the people's door, for all callers together. */
  readonly peopleLimit: RateLimit;
  /** True if the function that fills the tables with generated rows is deployed. */
  readonly sample: boolean;
  /** The lake's own settings; there is no lake where they are not set. */
  readonly lake: LakeSettings | undefined;
  readonly writerLimits: CallLimits;
  readonly operatorLimits: CallLimits;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  arm64: Architecture.ARM_64,
  x86_64: Architecture.X86_64,
};

/** Reads the settings from the CDK context, with a default for each. */
export function readSettings(node: Node): Settings {
  const minCapacity = number(node, "minCapacity", 0, { min: 0, max: 256, step: 0.5 });
  const maxCapacity = number(node, "maxCapacity", 8, { min: 1, max: 256, step: 0.5 });
  if (minCapacity > maxCapacity) {
    throw new SettingsError(`minCapacity=${minCapacity} is more than maxCapacity=${maxCapacity}`);
  }
  return {
    architecture: architecture(node),
    artifacts: file(node, "artifacts", "../target/lambda"),
    sql: tablesFolder(node),
    minCapacity,
    maxCapacity,
    autoPauseMinutes: number(node, "autoPauseMinutes", 15, { min: 5, max: 1440, step: 1 }),
    deletionProtection: flag(node, "deletionProtection", true),
    // Amazon SQS takes no less than 2 as an event source's concurrency. Each loader writes through
    // a few connections, so 4 files keep a small Aurora busy without starving the API.
    loaderConcurrency: number(node, "loaderConcurrency", 4, { min: 2, max: 1000, step: 1 }),
    // AWS gives processor time in proportion to memory, one whole core at 1769 MiB. Parsing and
    // checking are processor time, which costs the same at any share: less memory makes a load
    // slower and no cheaper, and more buys a second core while lanes wait for the database.
    loaderMemory: number(node, "loaderMemory", 1769, { min: 256, max: 10_240, step: 1 }),
    loaderLanes: optional(node, "loaderLanes", () => number(node, "loaderLanes", 1, { min: 1, max: 16, step: 1 })),
    maxRejects: optional(node, "maxRejects", () => rejectLimit(node)),
    readBuckets: optional(node, "readBuckets", () => bucketNames(node)) ?? [],
    backupAt: timeOfDay(node, "backupAt", "02:00"),
    backupCodec: choice(node, "backupCodec", ["deflate", "zstandard", "null"]),
    // Past five weeks there is a backup from before every month's end.
    backupKeepDays: number(node, "backupKeepDays", 35, { min: 1, max: 3650, step: 1 }),
    // A day, and two hours for a backup that takes its time.
    backupMaxAgeHours: number(node, "backupMaxAgeHours", 26, { min: 1, max: 720, step: 1 }),
    // Two hours after the backup, which is complete by then.
    drillAt: timeOfDay(node, "drillAt", "04:00"),
    restoreLanes: optional(node, "restoreLanes", () => number(node, "restoreLanes", 1, { min: 1, max: 8, step: 1 })),
    restorePrefixes: prefixes(node, "restorePrefixes", "avro/"),
    // Three alarm periods, and what CloudWatch allows for them, bound it.
    canaryMinutes: number(node, "canaryMinutes", 5, { min: 0, max: 60, step: 1 }),
    apiUrl: optional(node, "apiUrl", () => httpUrl(node, "apiUrl")),
    peopleUrl: optional(node, "peopleUrl", () => httpUrl(node, "peopleUrl")),
    bucketOrigin: optional(node, "bucketOrigin", () => httpOrigin(node, "bucketOrigin")),
    selfRegistration: flag(node, "selfRegistration", true),
    allowedEmailDomains: optional(node, "allowedEmailDomains", () => emailDomains(node)) ?? [],
    peopleLimit: rateLimit(node, "people", { rate: 100, burst: 200 }),
    sample: flag(node, "sample", false),
    lake: flag(node, "lake", false) ? readLakeSettings(node) : undefined,
    writerLimits: callLimits(node, "writer", { rate: 100, burst: 200, perDay: 1_000_000 }),
    operatorLimits: callLimits(node, "operator", { rate: 20, burst: 40, perDay: 100_000 }),
  };
}

/** Refuses a package without one of the files that its function needs beside its `bootstrap`. */
export function requireArtifact(settings: Settings, packageName: string, name: string, how: string): void {
  const found = path.join(settings.artifacts, packageName, name);
  if (!existsSync(found)) {
    throw new SettingsError(`${found} is missing; ${how}`);
  }
}

/**
 * The folder of a package's `bootstrap`.
 *
 * Without this check CDK would report a missing asset with a stack trace, or worse, upload a folder
 * without a binary, which fails at the first invocation only.
 */
export function artifactFolder(settings: Settings, packageName: string): string {
  const folder = path.join(settings.artifacts, packageName);
  const bootstrap = path.join(folder, "bootstrap");
  if (!existsSync(bootstrap)) {
    const target = settings.architecture === Architecture.ARM_64 ? "--arm64" : "--x86-64";
    throw new SettingsError(
      `${bootstrap} is missing; build it with "cargo lambda build --release ${target} --package ${packageName}", ` +
        `or name the folder of the binaries with "-c artifacts=<folder>"`,
    );
  }
  return folder;
}

function architecture(node: Node): Architecture {
  const name = text(node, "architecture", "arm64");
  const found = ARCHITECTURES[name];
  if (!found) {
    throw new SettingsError(`architecture=${name} is none of ${Object.keys(ARCHITECTURES).join(", ")}`);
  }
  return found;
}

function callLimits(node: Node, key: string, defaults: CallLimits): CallLimits {
  return {
    ...rateLimit(node, key, defaults),
    perDay: number(node, `${key}PerDay`, defaults.perDay, { min: 1, max: 1_000_000_000, step: 1 }),
  };
}

function rateLimit(node: Node, key: string, defaults: RateLimit): RateLimit {
  return {
    rate: number(node, `${key}Rate`, defaults.rate, { min: 1, max: 10_000, step: 1 }),
    burst: number(node, `${key}Burst`, defaults.burst, { min: 1, max: 5_000, step: 1 }),
  };
}

function timeOfDay(node: Node, name: string, fallback: string): TimeOfDay {
  const given = text(node, name, fallback);
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(given) ?? [];
  if (hour === undefined || minute === undefined) {
    throw new SettingsError(`${name}=${given} is no time of day, as ${fallback}`);
  }
  return { hour: Number(hour).toString(), minute: Number(minute).toString() };
}

function prefixes(node: Node, name: string, fallback: string): string[] {
  const given = text(node, name, fallback).split(",").map((prefix) => prefix.trim());
  for (const prefix of given) {
    // Folders, and in their names nothing that means more than itself in a policy.
    if (!/^([A-Za-z0-9!_.=-]+\/)+$/.test(prefix)) {
      throw new SettingsError(`${name} names "${prefix}", which is no folder, as ${fallback}`);
    }
  }
  return given;
}

/** As `domain::load::RejectLimit` reads it: a number of records, or a share of them. */
function rejectLimit(node: Node): string {
  const given = String(node.tryGetContext("maxRejects"));
  if (!/^(\d{1,15}|\d{1,3}(\.\d{1,4})?%)$/.test(given) || (given.endsWith("%") && Number.parseFloat(given) > 100)) {
    throw new SettingsError(`maxRejects=${given} is neither a number of records, as 100, nor a percentage, as 5%`);
  }
  return given;
}

function emailDomains(node: Node): string[] {
  const given: unknown = node.tryGetContext("allowedEmailDomains");
  // As the default is written.
  if (given === "") {
    return [];
  }
  const domains = text(node, "allowedEmailDomains", "").split(",").map((domain) => domain.trim().toLowerCase());
  for (const domain of domains) {
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) {
      throw new SettingsError(`allowedEmailDomains names "${domain}", which is no domain, as example.com`);
    }
  }
  return [...new Set(domains)];
}

function bucketNames(node: Node): string[] {
  const names = text(node, "readBuckets", "").split(",").map((name) => name.trim());
  for (const name of names) {
    // Amazon S3's own rule for names, as far as it keeps anything but a name out of a policy.
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new SettingsError(`readBuckets names "${name}", which is no name of a bucket`);
    }
  }
  return [...new Set(names)];
}
