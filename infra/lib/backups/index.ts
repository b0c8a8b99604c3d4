import { Duration } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";

import { BACKUPS_PREFIX, type DataBucket, REJECTED_PREFIX } from "../bucket";
import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import type { FailedInvocations } from "../functions/failures";
import type { Settings } from "../settings";

/** The outcome of a backup's verification, in the backup's own folder. */
const VERIFIED = `${BACKUPS_PREFIX}*/verified.json`;

/**
 * The restore function's notes between two runs of the reaper, so that it need not wake the
 * database.
 */
const REAPER_KEYS = ["rowgate/backups-watched-since", "rowgate/last-restore", "rowgate/last-sweep"];

// The longest that AWS lets a function run; what needs longer continues in another invocation.
const TIMEOUT = Duration.minutes(15);

// One whole core, for compression and checksums: a share of it costs the same and takes longer.
// The rows stream through in 128 MiB.
const MEMORY = 1769;

/** The interval at which stalled restores are abandoned and the newest backup's age is reported. */
export const REAP_INTERVAL = Duration.hours(1);

/**
 * The interval at which old backups expire and interrupted ones are reported. This reads the bucket
 * alone, so it does not wake a paused database.
 */
const EXPIRY_INTERVAL = Duration.hours(1);

export interface BackupsProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: DataBucket;
  readonly failures: FailedInvocations;
}

/** Writes tables to Avro files on a schedule, restores them on demand, and verifies the newest. */
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
      this.backup.schedule("Daily", "Backs up every table", Schedule.cron({ ...backupAt }), {});
      this.restore.schedule("Drill", "Verifies the newest backup", Schedule.cron({ ...drillAt }), { drill: {} });
    }
    // A backup does the same when it completes. This is for when every backup is interrupted.
    const expiry = "Removes old backups, reports interrupted ones";
    this.backup.schedule("Expire", expiry, Schedule.rate(EXPIRY_INTERVAL), { expire: {} });
    const reap = "Abandons restores that nobody works on";
    this.restore.schedule("Reap", reap, Schedule.rate(REAP_INTERVAL), { sweep: {} });
  }

  private backupFunction({ settings, database, bucket, failures }: BackupsProps): RustFunction {
    const backup = new RustFunction(this, "Backup", {
      settings,
      name: "backup",
      readsTables: true,
      description: "Writes tables to Avro files in the bucket",
      takesRequests: true,
      timeout: TIMEOUT,
      memorySize: MEMORY,
      environment: {
        ROWGATE_BUCKET: bucket.bucketName,
        ROWGATE_BACKUP_CODEC: settings.backupCodec,
        ROWGATE_BACKUP_KEEP_DAYS: settings.backupKeepDays.toString(),
      },
    });
    backup.useDatabase(database, "writer", TRANSACTIONS);
    backup.sendEvents();
    backup.allowContinuation();
    const actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"];
    bucket.allow(backup, "WriteBackups", actions, {
      [`${BACKUPS_PREFIX}*`]: "Each backup writes under its own id; the prefix is the limit.",
    });
    // To find what expires. And without it S3 answers 403 for an object that is not there.
    backup.allow("ListBackups", ["s3:ListBucket"], [bucket.bucketArn]);
    // A lost snapshot cannot be resumed: the next backup is another one.
    backup.retryInvocations(0, failures);
    return backup;
  }

  private restoreFunction({ settings, database, bucket, failures }: BackupsProps): RustFunction {
    const { maxRejects, restoreLanes, restorePrefixes } = settings;
    const restore = new RustFunction(this, "Restore", {
      settings,
      name: "restore",
      readsTables: true,
      description: "Restores tables from Avro files, and verifies backups",
      takesRequests: true,
      timeout: TIMEOUT,
      memorySize: MEMORY,
      environment: {
        ROWGATE_BUCKET: bucket.bucketName,
        ROWGATE_BACKUP_MAX_AGE_HOURS: settings.backupMaxAgeHours.toString(),
        ...(restoreLanes === undefined ? {} : { ROWGATE_LANES: restoreLanes.toString() }),
        ...(maxRejects === undefined ? {} : { ROWGATE_MAX_REJECTS: maxRejects }),
        // The prefixes that its role may read, so that it can refuse another folder with a reason.
        ROWGATE_RESTORE_PREFIXES: restorePrefixes.join(","),
      },
    });
    restore.useDatabase(database, "writer", TRANSACTIONS);
    restore.sendEvents();
    restore.allowContinuation();
    const ofDeployer = "Whoever deploys names the folders of files to be restored; what is in them is known to nobody else.";
    bucket.allow(restore, "ReadAvroFiles", ["s3:GetObject"], {
      [`${BACKUPS_PREFIX}*`]: "Each backup is under its own id; the prefix is the limit.",
      ...Object.fromEntries(restorePrefixes.map((prefix) => [`${prefix}*`, ofDeployer])),
    });
    // Without it S3 answers 403 for an object that is not there.
    restore.allow("ListAvroFiles", ["s3:ListBucket"], [bucket.bucketArn]);
    bucket.allow(restore, "NoteVerified", ["s3:PutObject"], {
      [VERIFIED]: "One object in each backup's folder, whose name is the limit.",
    });
    bucket.allow(restore, "WriteRejects", ["s3:PutObject", "s3:DeleteObject"], {
      [`${REJECTED_PREFIX}*`]: "Each restore writes under its own id; the prefix is the limit.",
    });
    restore.allow("RememberReaps", ["s3:GetObject", "s3:PutObject"], REAPER_KEYS.map((key) => bucket.arnForObjects(key)));
    // A restore that was killed continues where it stopped.
    restore.retryInvocations(2, failures);
    return restore;
  }
}
