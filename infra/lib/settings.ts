import { isIPv4 } from "node:net";

import { Architecture } from "aws-cdk-lib/aws-lambda";

import { type KeySettings, readKeys } from "./api/keys";
import type { RateLimit } from "./api/declarations";
import { type LakeSettings, readLakeSettings } from "./lake/settings";
import { Names } from "./names";
import type { RowgateProps } from "./props";
import { inRepository } from "./sources";
import { tablesFolder } from "./tables";
import { choice, file, flag, type Given, httpOrigin, httpUrl, list, matching, number, optional, SettingsError, text } from "./values";

/** A time of day, as a cron expression has it. */
export interface TimeOfDay {
  readonly hour: string;
  readonly minute: string;
}

/** The settings that have a default of their own, as they were given. */
type Plain =
  | "artifacts"
  | "sql"
  | "minCapacity"
  | "maxCapacity"
  | "autoPauseMinutes"
  | "readers"
  | "databaseName"
  | "deletionProtection"
  | "loaderConcurrency"
  | "loaderMemory"
  | "loaderPath"
  | "readBuckets"
  | "incomingKeepDays"
  | "rejectedKeepDays"
  | "backupCodec"
  | "backupKeepDays"
  | "backupMaxAgeHours"
  | "restorePrefixes"
  | "canaryMinutes"
  | "allowCidrs"
  | "selfRegistration"
  | "allowedEmailDomains"
  | "sample";

/** The settings that may be missing. */
type Optional =
  | "snapshotIdentifier"
  | "loaderLanes"
  | "maxRejects"
  | "restoreLanes"
  | "apiUrl"
  | "peopleUrl"
  | "bucketOrigin"
  | "webAclArn"
  | "alarmEmail"
  | "alarmTopicArn";

/** The settings, complete and checked. {@link RowgateProps} says what each is. */
export type Settings = Required<Pick<RowgateProps, Plain>> & { readonly [name in Optional]: RowgateProps[name] | undefined } & {
  readonly names: Names;
  readonly architecture: Architecture;
  readonly backupAt: TimeOfDay;
  readonly drillAt: TimeOfDay;
  readonly keys: readonly KeySettings[];
  /** The rate limit of each method of the people's door, for all callers together. */
  readonly peopleLimit: RateLimit;
  /** The lake's own settings; there is no lake where they are not set. */
  readonly lake: LakeSettings | undefined;
};

const ARCHITECTURES = { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 } as const;

/** Reads the settings, with a default for each. */
export function readSettings(given: Given): Settings {
  const minCapacity = number(given, "minCapacity", 0, { min: 0, max: 256, step: 0.5 });
  const maxCapacity = number(given, "maxCapacity", 8, { min: 1, max: 256, step: 0.5 });
  if (minCapacity > maxCapacity) {
    throw new SettingsError(`minCapacity=${minCapacity} is more than maxCapacity=${maxCapacity}`);
  }
  const allowCidrs = networks(given);
  // Three alarm periods, and what CloudWatch allows for them, bound it.
  // Checked where there is no lake, too.
  const lake = readLakeSettings(given);
  const canaryMinutes = number(given, "canaryMinutes", 5, { min: 0, max: 60 });
  if (allowCidrs.length > 0 && canaryMinutes > 0) {
    throw new SettingsError("allowCidrs shuts the canary out, which calls from addresses of AWS; add canaryMinutes=0");
  }
  return {
    names: new Names(matching(given, "environment", /^[a-z][a-z0-9]{0,15}$/, "name of at most 16 lower-case letters and digits")),
    architecture: ARCHITECTURES[choice(given, "architecture", ["arm64", "x86_64"])],
    artifacts: file(given, "artifacts", inRepository("target/lambda")),
    sql: tablesFolder(given),
    minCapacity,
    maxCapacity,
    autoPauseMinutes: number(given, "autoPauseMinutes", 15, { min: 5, max: 1440 }),
    // Aurora takes 15 beside the writer.
    readers: number(given, "readers", 0, { min: 0, max: 15 }),
    // The names of MySQL's users have 32 characters.
    databaseName: matching(given, "databaseName", /^[a-z][a-z0-9_]{0,24}$/, "name of at most 25 small letters, digits and _") ?? "rowgate",
    snapshotIdentifier: optional(given, "snapshotIdentifier", () => text(given, "snapshotIdentifier", "")),
    deletionProtection: flag(given, "deletionProtection", true),
    // Amazon SQS takes no less than 2 as an event source's concurrency. Each loader writes through
    // a few connections, so 4 files keep a small Aurora busy without starving the API.
    loaderConcurrency: number(given, "loaderConcurrency", 4, { min: 2, max: 1000 }),
    // AWS gives processor time in proportion to memory, one whole core at 1769 MiB. Parsing and
    // checking are processor time, which costs the same at any share: less memory makes a load
    // slower and no cheaper, and more buys a second core while lanes wait for the database.
    loaderMemory: number(given, "loaderMemory", 1769, { min: 256, max: 10_240 }),
    // AWS documents LOAD DATA FROM S3, but not what it does in a transaction of the Data API.
    loaderPath: choice(given, "loaderPath", ["statements", "s3"]),
    loaderLanes: optional(given, "loaderLanes", () => number(given, "loaderLanes", 1, { min: 1, max: 16 })),
    maxRejects: optional(given, "maxRejects", () => rejectLimit(given)),
    // Amazon S3's own rule for names, as far as it keeps anything but a name out of a policy.
    readBuckets: list(given, "readBuckets", /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "name of a bucket"),
    incomingKeepDays: keepDays(given, "incomingKeepDays", 0, 45),
    rejectedKeepDays: keepDays(given, "rejectedKeepDays", 365, 1),
    backupAt: timeOfDay(given, "backupAt", "02:00"),
    backupCodec: choice(given, "backupCodec", ["deflate", "zstandard", "null"]),
    // Past five weeks there is a backup from before every month's end.
    backupKeepDays: number(given, "backupKeepDays", 35, { min: 1, max: 3650 }),
    // A day, and two hours for a backup that takes its time.
    backupMaxAgeHours: number(given, "backupMaxAgeHours", 26, { min: 1, max: 720 }),
    // Two hours after the backup, which is complete by then.
    drillAt: timeOfDay(given, "drillAt", "04:00"),
    restoreLanes: optional(given, "restoreLanes", () => number(given, "restoreLanes", 1, { min: 1, max: 8 })),
    restorePrefixes: prefixes(given),
    canaryMinutes,
    apiUrl: httpUrl(given, "apiUrl"),
    peopleUrl: httpUrl(given, "peopleUrl"),
    bucketOrigin: httpOrigin(given, "bucketOrigin"),
    allowCidrs,
    webAclArn: matching(given, "webAclArn", /^arn:aws[a-z-]*:wafv2:[^:]+:\d{12}:regional\/webacl\/.+$/, "ARN of a regional web ACL"),
    keys: readKeys(given),
    selfRegistration: flag(given, "selfRegistration", true),
    allowedEmailDomains: emailDomains(given),
    peopleLimit: {
      rate: number(given, "peopleRate", 100, { min: 1, max: 10_000 }),
      burst: number(given, "peopleBurst", 200, { min: 1, max: 5_000 }),
    },
    alarmEmail: matching(given, "alarmEmail", /^[^\s@]+@[^\s@]+\.[^\s@]+$/, "e-mail address"),
    alarmTopicArn: matching(given, "alarmTopicArn", /^arn:aws[a-z-]*:sns:[^:]+:\d{12}:[A-Za-z0-9_-]+$/, "ARN of a topic of Amazon SNS"),
    sample: flag(given, "sample", false),
    lake: flag(given, "lake", false) ? lake : undefined,
  };
}

function timeOfDay(given: Given, name: string, fallback: string): TimeOfDay {
  const value = text(given, name, fallback);
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(value) ?? [];
  if (hour === undefined || minute === undefined) {
    throw new SettingsError(`${name}=${value} is no time of day, as ${fallback}`);
  }
  return { hour: Number(hour).toString(), minute: Number(minute).toString() };
}

/** Days to keep something for: none, which is for ever, or at least `min`. */
function keepDays(given: Given, name: string, fallback: number, min: number): number {
  const days = number(given, name, fallback, { min: 0, max: 3650 });
  if (days > 0 && days < min) {
    // A message waits in the queue and the dead-letter queue for 14 days each, and names a file.
    throw new SettingsError(`${name}=${days} is less than ${min}, and not 0, which keeps everything`);
  }
  return days;
}

function prefixes(given: Given): string[] {
  // Folders, and in their names nothing that means more than itself in a policy.
  const found = list(given, "restorePrefixes", /^([A-Za-z0-9!_.=-]+\/)+$/, "folder, as avro/");
  return found.length > 0 ? found : ["avro/"];
}

function emailDomains(given: Given): string[] {
  const domains = list(given, "allowedEmailDomains", /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, "domain, as example.com");
  return [...new Set(domains.map((domain) => domain.toLowerCase()))];
}

function networks(given: Given): string[] {
  const found = list(given, "allowCidrs", /^[0-9a-fA-F.:]+\/\d{1,3}$/, "network, as 203.0.113.0/24");
  for (const network of found) {
    const [address = "", bits = ""] = network.split("/");
    // Regional APIs have addresses of IPv4 alone, unless they are asked for others.
    if (!isIPv4(address) || Number(bits) > 32) {
      throw new SettingsError(`allowCidrs names "${network}", which is no network, as 203.0.113.0/24`);
    }
  }
  return found;
}

/** As `domain::load::RejectLimit` reads it: a number of records, or a share of them. */
function rejectLimit(given: Given): string {
  const value = String(given("maxRejects"));
  if (!/^(\d{1,15}|\d{1,3}(\.\d{1,4})?%)$/.test(value) || (value.endsWith("%") && Number.parseFloat(value) > 100)) {
    throw new SettingsError(`maxRejects=${value} is neither a number of records, as 100, nor a percentage, as 5%`);
  }
  return value;
}
