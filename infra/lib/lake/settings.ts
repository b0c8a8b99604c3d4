import { Duration } from "aws-cdk-lib";
import { WorkerType } from "aws-cdk-lib/aws-glue";
import type { Node } from "constructs";

import { choice, httpUrl, number, optional } from "../context";

/** The settings of the lake, chosen at deployment with `-c name=value`. */
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

/** Reads the lake's settings from the CDK context, with a default for each. */
export function readLakeSettings(node: Node): LakeSettings {
  return {
    personal: choice(node, "lakePersonal", ["mask", "omit", "keep"]),
    // One drives, the others work: Glue takes no fewer than two.
    workers: number(node, "lakeWorkers", 2, { min: 2, max: 299, step: 1 }),
    workerType: choice(node, "lakeWorkerType", WORKER_TYPES) as WorkerType,
    // As long as backups are kept by default.
    keepDays: number(node, "lakeKeepDays", 35, { min: 1, max: 3650, step: 1 }),
    pollSeconds: number(node, "lakePollSeconds", 15, { min: 1, max: 300, step: 1 }),
    scanLimitGiB: number(node, "lakeScanLimitGiB", 100, { min: 1, max: 10_240, step: 1 }),
    // A run of the pipeline is ended after 23 hours; one step may take nearly all of them.
    jobTimeout: Duration.minutes(number(node, "lakeTimeoutMinutes", 180, { min: 1, max: 1320, step: 1 })),
    lineageUrl: optional(node, "lineageUrl", () => httpUrl(node, "lineageUrl")),
  };
}
