import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";

import { type DataBucket, INCOMING_PREFIX, PARTS_PREFIX, REJECTED_PREFIX } from "../bucket";
import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import type { FailedInvocations } from "../functions/failures";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";
import { type FileQueues, LOADER_TIMEOUT } from "./queues";

/** The loader's notes about its audits. */
const AUDIT_KEYS = ["rowgate/last-load", "rowgate/last-audit"];

/** The interval at which the ledger is audited and stalled loads are abandoned. */
export const AUDIT_INTERVAL = Duration.minutes(15);

export interface IngestionProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: DataBucket;
  readonly queues: FileQueues;
  readonly failures: FailedInvocations;
}

/** Brings dropped files from their queue to the loader. */
export class Ingestion extends Construct {
  readonly loader: RustFunction;

  constructor(scope: Construct, id: string, props: IngestionProps) {
    super(scope, id);
    this.loader = this.loaderFunction(props);
    this.letLoaderRead(props.settings.readBuckets);
    this.loader.schedule("Audit", "Checks the loads ledger", Schedule.rate(AUDIT_INTERVAL), { audit: {} });
    new EventSourceMapping(this, "FilesToLoader", {
      target: this.loader.lambda,
      eventSourceArn: props.queues.files.queueArn,
      // One file each: a file may need the whole 15 minutes, and a failing file must not cost
      // another one a try.
      batchSize: 1,
      // The answer still names the failed message, so the loader acknowledges a poison file without
      // an exception and its error count means something.
      reportBatchItemFailures: true,
      // More files than this wait in the queue; a reserved concurrency would make them fail and
      // count as tries instead.
      maxConcurrency: props.settings.loaderConcurrency,
    });
  }

  /** Lets a backfill read buckets that were there before Rowgate. */
  private letLoaderRead(names: readonly string[]): void {
    if (names.length === 0) {
      return;
    }
    const buckets = names.map((name) => this.bucketArn(name));
    this.loader.allow("ListOtherBuckets", ["s3:ListBucket", "s3:ListBucketVersions"], buckets);
    this.loader.allow("ReadOtherBuckets", ["s3:GetObject", "s3:GetObjectVersion"], buckets.map((arn) => `${arn}/*`));
    acknowledge(
      this.loader,
      Object.fromEntries(
        names.map((name) => [
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${name}/*]`,
          "Whoever deploys names the bucket to be loaded; what is in it is known to nobody else.",
        ]),
      ),
    );
  }

  private bucketArn(bucketName: string): string {
    return Stack.of(this).formatArn({
      service: "s3",
      region: "",
      account: "",
      resource: bucketName,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
  }

  private loaderFunction({ settings, database, bucket, queues: { files }, failures }: IngestionProps): RustFunction {
    const { loaderLanes, loaderMemory, loaderPath, maxRejects } = settings;
    const loader = new RustFunction(this, "Loader", {
      settings,
      name: "loader",
      readsTables: true,
      description: "Loads CSV files dropped under incoming/ into their tables",
      timeout: LOADER_TIMEOUT,
      // The file streams through in 128 MiB: this is about the processor.
      memorySize: loaderMemory,
      environment: {
        ROWGATE_BUCKET: bucket.bucketName,
        ROWGATE_QUEUE_URL: files.queueUrl,
        ROWGATE_REJECTED_KEEP_DAYS: settings.rejectedKeepDays.toString(),
        ...(loaderPath === "s3" ? { ROWGATE_LOADER_PATH: loaderPath } : {}),
        ...(loaderLanes === undefined ? {} : { ROWGATE_LANES: loaderLanes.toString() }),
        ...(maxRejects === undefined ? {} : { ROWGATE_MAX_REJECTS: maxRejects }),
      },
    });
    loader.useDatabase(database, "writer", TRANSACTIONS);
    loader.sendEvents();
    bucket.allow(loader, "ReadDroppedFiles", ["s3:GetObject", "s3:GetObjectVersion"], {
      [`${INCOMING_PREFIX}*`]: "People name the files they drop; the prefix is the limit.",
    });
    // A backfill lists the bucket. And without these S3 answers 403 for a file deleted before it is
    // read, which looks like a fault of the role and would be tried again; with them it is a plain
    // 404.
    loader.allow("ListDroppedFiles", ["s3:ListBucket", "s3:ListBucketVersions"], [bucket.bucketArn]);
    bucket.allow(loader, "WriteRejects", ["s3:PutObject", "s3:DeleteObject"], {
      [`${REJECTED_PREFIX}*`]: "Each load writes under its own id; the prefix is the limit.",
    });
    if (loaderPath === "s3") {
      bucket.allow(loader, "WriteParts", ["s3:PutObject", "s3:DeleteObject"], {
        [`${PARTS_PREFIX}*`]: "Each load writes under its own id; the prefix is the limit.",
      });
    }
    // Two small objects, which the audit reads in place of the database while nothing is loaded: a
    // question to the database every quarter of an hour would keep it from ever pausing.
    loader.allow("RememberAudits", ["s3:GetObject", "s3:PutObject"], AUDIT_KEYS.map((key) => bucket.arnForObjects(key)));
    // A load that needs another invocation, and files of a backfill.
    loader.allow("SendToQueue", ["sqs:SendMessage"], [files.queueArn]);
    loader.allowChains();
    loader.allow(
      "TakeFromQueue",
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
      [files.queueArn],
    );
    // Audits; messages of the queue are tried as often as it says.
    loader.retryInvocations(2, failures);
    return loader;
  }
}
