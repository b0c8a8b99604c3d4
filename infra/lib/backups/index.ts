import { Duration, Stack } from "aws-cdk-lib";
import type { IApiKey } from "aws-cdk-lib/aws-apigateway";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";

/** Where backups are. */
export const BACKUPS_PREFIX = "backups/";
/** What is known of a backup once it has been verified, under the backup's own folder. */
const VERIFIED = `${BACKUPS_PREFIX}*/verified.json`;

/** What the restore function remembers between sweeps, so that a sweep need not wake the database. */
const SWEEP_KEYS = ["rowgate/backups-watched-since", "rowgate/last-restore", "rowgate/last-sweep"];

// The longest that AWS lets a function run; what needs longer goes on in another invocation.
const TIMEOUT = Duration.minutes(15);

// One whole core, for compression and checksums: a share of it costs the same and takes longer.
// The rows stream through in 128 MiB.
const MEMORY = 1769;

/** How often restores that nobody works on any more are given up, and the newest backup's age is told. */
export const SWEEP_INTERVAL = Duration.hours(1);

/** How often old backups expire and interrupted ones are told. It reads the bucket alone: a paused database sleeps on. */
const EXPIRY_INTERVAL = Duration.hours(1);

export interface BackupsProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: Bucket;
  /** Where the loader and restores put the records that they did not take. */
  readonly rejectedPrefix: string;
}

/** Tables go out to Avro files in the bucket on a schedule, come back on demand, and are proved to. */
export class Backups extends Construct {
  readonly backup: RustFunction;
  readonly restore: RustFunction;

  constructor(scope: Construct, id: string, props: BackupsProps) {
    super(scope, id);
    this.backup = this.backupFunction(props);
    this.restore = this.restoreFunction(props);
    const { backupAt, drillAt } = props.settings;
    // The lake's pipeline begins with a backup and its verification.
    const hasLake = props.settings.lake !== undefined;
    if (!hasLake) {
      this.rule("Daily", "Backs up every table", Schedule.cron({ ...backupAt }), this.backup, {});
    }
    // A backup that completes does the same at its end; where all are interrupted, nobody else would.
    this.rule("Expire", "Removes old backups, tells of interrupted ones", Schedule.rate(EXPIRY_INTERVAL), this.backup, { expire: {} });
    if (!hasLake) {
      this.rule("Drill", "Verifies the newest backup", Schedule.cron({ ...drillAt }), this.restore, { drill: {} });
    }
    this.rule("Sweep", "Gives up restores that nobody works on", Schedule.rate(SWEEP_INTERVAL), this.restore, { sweep: {} });
  }

  /** Tells the functions whose calls are the operator's. */
  knowOperator(key: IApiKey): void {
    for (const { lambda } of [this.backup, this.restore]) {
      lambda.addEnvironment("ROWGATE_OPERATOR_KEY_ID", key.keyId);
    }
  }

  private backupFunction({ settings, database, bucket }: BackupsProps): RustFunction {
    const backup = new RustFunction(this, "Backup", {
      settings,
      functionName: "rowgate-backup",
      packageName: "backup",
      description: "Writes tables to Avro files in the bucket",
      timeout: TIMEOUT,
      memorySize: MEMORY,
      environment: {
        AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true",
        ROWGATE_BUCKET: bucket.bucketName,
        ROWGATE_BACKUP_CODEC: settings.backupCodec,
        ROWGATE_BACKUP_KEEP_DAYS: settings.backupKeepDays.toString(),
      },
    });
    backup.useDatabase(database, TRANSACTIONS);
    backup.letGoOn();
    backup.allow(
      "WriteBackups",
      ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      [bucket.arnForObjects(`${BACKUPS_PREFIX}*`)],
    );
    // To find what expires. And without it S3 answers 403 for an object that is not there.
    backup.allow("ListBackups", ["s3:ListBucket"], [bucket.bucketArn]);
    // A snapshot that is lost cannot be taken up again: the next backup is another one.
    backup.lambda.configureAsyncInvoke({ retryAttempts: 0 });
    const arn = bucketArn(bucket);
    acknowledge(backup, {
      [`AwsSolutions-IAM5[Resource::${arn}/${BACKUPS_PREFIX}*]`]: "Each backup writes under its own id; the prefix is the limit.",
    });
    return backup;
  }

  private restoreFunction({ settings, database, bucket, rejectedPrefix }: BackupsProps): RustFunction {
    const { maxRejects, restoreLanes, restorePrefixes } = settings;
    const restore = new RustFunction(this, "Restore", {
      settings,
      functionName: "rowgate-restore",
      packageName: "restore",
      description: "Restores tables from Avro files, and verifies backups",
      timeout: TIMEOUT,
      memorySize: MEMORY,
      environment: {
        AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true",
        ROWGATE_BUCKET: bucket.bucketName,
        ROWGATE_BACKUP_MAX_AGE_HOURS: settings.backupMaxAgeHours.toString(),
        ...(restoreLanes === undefined ? {} : { ROWGATE_LANES: restoreLanes.toString() }),
        ...(maxRejects === undefined ? {} : { ROWGATE_MAX_REJECTS: maxRejects }),
        // What its role lets it read, so that it can say so to whoever names another folder.
        ROWGATE_RESTORE_PREFIXES: restorePrefixes.join(","),
      },
    });
    restore.useDatabase(database, TRANSACTIONS);
    restore.letGoOn();
    const readable = [BACKUPS_PREFIX, ...restorePrefixes];
    restore.allow("ReadAvroFiles", ["s3:GetObject"], readable.map((prefix) => bucket.arnForObjects(`${prefix}*`)));
    // Without it S3 answers 403 for an object that is not there.
    restore.allow("ListAvroFiles", ["s3:ListBucket"], [bucket.bucketArn]);
    restore.allow("NoteVerified", ["s3:PutObject"], [bucket.arnForObjects(VERIFIED)]);
    restore.allow("WriteRejects", ["s3:PutObject", "s3:DeleteObject"], [bucket.arnForObjects(`${rejectedPrefix}*`)]);
    restore.allow("RememberSweeps", ["s3:GetObject", "s3:PutObject"], SWEEP_KEYS.map((key) => bucket.arnForObjects(key)));
    // A restore that was killed goes on where it stopped.
    restore.lambda.configureAsyncInvoke({ retryAttempts: 2 });
    const arn = bucketArn(bucket);
    acknowledge(restore, {
      ...Object.fromEntries(
        restorePrefixes.map((prefix) => [
          `AwsSolutions-IAM5[Resource::${arn}/${prefix}*]`,
          "Whoever deploys names the folders of files to be restored; what is in them is known to nobody else.",
        ]),
      ),
      [`AwsSolutions-IAM5[Resource::${arn}/${BACKUPS_PREFIX}*]`]: "Each backup is under its own id; the prefix is the limit.",
      [`AwsSolutions-IAM5[Resource::${arn}/${VERIFIED}]`]: "One object in each backup's folder, whose name is the limit.",
      [`AwsSolutions-IAM5[Resource::${arn}/${rejectedPrefix}*]`]: "Each restore writes under its own id; the prefix is the limit.",
    });
    return restore;
  }

  private rule(id: string, description: string, schedule: Schedule, target: RustFunction, event: object): void {
    new Rule(this, id, {
      description,
      schedule,
      targets: [new LambdaTarget(target.lambda, { event: RuleTargetInput.fromObject(event) })],
    });
  }
}

/** The bucket's ARN, as cdk-nag writes it. */
function bucketArn(bucket: Bucket): string {
  return `<${Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>`;
}
