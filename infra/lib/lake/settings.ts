import { Duration } from "aws-cdk-lib";
import { WorkerType } from "aws-cdk-lib/aws-glue";

import { choice, type Given, httpUrl, number } from "../values";

/** The settings of the lake, as they are given. */
export interface LakeSettingsProps {
  /** True if there is a lake; there is none by default. */
  readonly lake?: boolean;
  /** The treatment of columns marked `personal` in silver and gold; `mask` by default. */
  readonly lakePersonal?: "mask" | "omit" | "keep";
  /** The most workers of one run of the job; 2 by default. */
  readonly lakeWorkers?: number;
  /** Glue's name of the size of each worker; `G.1X` by default. */
  readonly lakeWorkerType?: string;
  /** Days for which bronze keeps the rows of a backup; 35 by default. */
  readonly lakeKeepDays?: number;
  /** Seconds between two polls of a step that has just begun; 15 by default. */
  readonly lakePollSeconds?: number;
  /** GiB that one Athena query may scan; 100 by default. */
  readonly lakeScanLimitGiB?: number;
  /** Minutes that one run of the job may take; 180 by default. */
  readonly lakeTimeoutMinutes?: number;
  /** The URL that OpenLineage events go to beside the bucket. */
  readonly lineageUrl?: string;
}

/** The settings of the lake, complete and checked. */
export interface LakeSettings {
  /** The treatment of columns marked `personal` in silver and gold: `mask`, `omit` or `keep`. */
  readonly personal: string;
  /** The most workers of one run of the job; Glue adds them as they are needed. */
  readonly workers: number;
  /** The size of each worker. */
  readonly workerType: WorkerType;
  /** Days for which bronze keeps the rows of a backup. */
  readonly keepDays: number;
  /** Seconds between two polls of a step that has just begun. */
  readonly pollSeconds: number;
  /** GiB that one Athena query may scan. */
  readonly scanLimitGiB: number;
  /** The timeout of one run of the job. */
  readonly jobTimeout: Duration;
  /** The URL that OpenLineage events go to beside the bucket, if any. */
  readonly lineageUrl: string | undefined;
}

// Glue's own names: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html
const WORKER_TYPES: readonly [WorkerType, ...WorkerType[]] = [
  WorkerType.G_1X,
  WorkerType.G_2X,
  WorkerType.G_4X,
  WorkerType.G_8X,
  WorkerType.R_1X,
  WorkerType.R_2X,
  WorkerType.R_4X,
  WorkerType.R_8X,
];

/** Reads the lake's settings, with a default for each. */
export function readLakeSettings(given: Given): LakeSettings {
  return {
    personal: choice(given, "lakePersonal", ["mask", "omit", "keep"]),
    // One drives, the others work: Glue takes no fewer than two.
    workers: number(given, "lakeWorkers", 2, { min: 2, max: 299 }),
    workerType: choice(given, "lakeWorkerType", WORKER_TYPES),
    // As long as backups are kept by default.
    keepDays: number(given, "lakeKeepDays", 35, { min: 1, max: 3650 }),
    pollSeconds: number(given, "lakePollSeconds", 15, { min: 1, max: 300 }),
    scanLimitGiB: number(given, "lakeScanLimitGiB", 100, { min: 1, max: 10_240 }),
    // A run of the pipeline is ended after 23 hours; one step may take nearly all of them.
    jobTimeout: Duration.minutes(number(given, "lakeTimeoutMinutes", 180, { min: 1, max: 1320 })),
    lineageUrl: httpUrl(given, "lineageUrl"),
  };
}
