import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { DataBucket } from "../bucket";
import type { RustFunction } from "../functions";
import type { Names } from "../names";
import type { TimeOfDay } from "../settings";
import type { LakeBucket } from "./bucket";
import { Catalog } from "./catalog";
import { LakeJob } from "./job";
import { Pipeline } from "./pipeline";
import { Nightly } from "./schedule";
import type { LakeSettings } from "./settings";
import { WorkGroup } from "./workgroup";

export interface LakeProps {
  readonly settings: LakeSettings;
  readonly names: Names;
  /** The folder of tables. */
  readonly sql: string;
  /** The time at which the pipeline begins every day. */
  readonly at: TimeOfDay;
  /** The bucket of backups. */
  readonly data: DataBucket;
  /** The bucket of the lake. */
  readonly bucket: LakeBucket;
  readonly backup: RustFunction;
  readonly restore: RustFunction;
}

/**
 * Every table in three layers of Delta, made each night from a verified backup, in the catalogue
 * for Athena.
 */
export class Lake extends Construct {
  readonly stateMachine: StateMachine;
  readonly workGroupName: string;

  constructor(scope: Construct, id: string, { settings, names, sql, at, data, bucket, backup, restore }: LakeProps) {
    super(scope, id);
    const catalog = new Catalog(this, "Catalog", names);
    this.workGroupName = new WorkGroup(this, "Queries", { names, bucket, scanLimitGiB: settings.scanLimitGiB }).workGroupName;
    const { job } = new LakeJob(this, "Job", { settings, names, sql, data, lake: bucket, catalog });
    this.stateMachine = new Pipeline(this, "Pipeline", { names, backup, restore, job, pollSeconds: settings.pollSeconds }).stateMachine;
    new Nightly(this, "Nightly", { stateMachine: this.stateMachine, at });
  }
}
