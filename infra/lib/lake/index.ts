import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { RustFunction } from "../functions";
import type { TimeOfDay } from "../settings";
import { LakeBucket } from "./bucket";
import { Catalog } from "./catalog";
import { LakeJob } from "./job";
import { Pipeline } from "./pipeline";
import { Nightly } from "./schedule";
import type { LakeSettings } from "./settings";
import { WorkGroup } from "./workgroup";

export interface LakeProps {
  readonly settings: LakeSettings;
  /** The folder of tables. */
  readonly sql: string;
  /** The time at which the pipeline begins every day. */
  readonly at: TimeOfDay;
  /** The bucket of backups. */
  readonly data: Bucket;
  readonly backup: RustFunction;
  readonly restore: RustFunction;
}

/**
 * Every table in three layers of Delta, made each night from a verified backup, in the catalogue
 * for Athena.
 */
export class Lake extends Construct {
  readonly bucket: Bucket;
  readonly stateMachine: StateMachine;
  readonly workGroupName: string;

  constructor(scope: Construct, id: string, { settings, sql, at, data, backup, restore }: LakeProps) {
    super(scope, id);
    this.bucket = new LakeBucket(this, "Storage").bucket;
    const catalog = new Catalog(this, "Catalog");
    this.workGroupName = new WorkGroup(this, "Queries", { bucket: this.bucket, scanLimitGiB: settings.scanLimitGiB }).workGroupName;
    const { job } = new LakeJob(this, "Job", { settings, sql, data, lake: this.bucket, catalog });
    this.stateMachine = new Pipeline(this, "Pipeline", { backup, restore, job, pollSeconds: settings.pollSeconds }).stateMachine;
    new Nightly(this, "Nightly", { stateMachine: this.stateMachine, at });
  }
}
