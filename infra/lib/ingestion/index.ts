import { ArnFormat, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct, type IDependable } from "constructs";

import { BACKUPS_PREFIX } from "../backups";
import type { Database } from "../database";
import { RustFunction, TRANSACTIONS } from "../functions";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";

/** Where files are dropped to load. */
export const INCOMING_PREFIX = "incoming/";
/** Where the loader puts the records that it did not take. */
export const REJECTED_PREFIX = "rejected/";

/** What the loader remembers about its audits. */
const AUDIT_KEYS = ["rowgate/last-load", "rowgate/last-audit"];

// The longest that AWS lets a function run; a big file that needs longer is handed on by a message
// that the loader sends itself.
const LOADER_TIMEOUT = Duration.minutes(15);

/** How often the ledger is checked and loads that nobody works on any more are given up. */
export const AUDIT_INTERVAL = Duration.minutes(15);

export interface IngestionProps {
  readonly settings: Settings;
  readonly database: Database;
}

/** Files dropped in the bucket reach the loader through a queue, with a second one for what fails. */
export class Ingestion extends Construct {
  readonly bucket: Bucket;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly loader: RustFunction;

  constructor(scope: Construct, id: string, props: IngestionProps) {
    super(scope, id);

    this.deadLetterQueue = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest there is: nobody may be looking for a while.
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, "Files", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout, as AWS advises for Lambda: a message must not come back
      // while a throttled poller still holds it.
      visibilityTimeout: Duration.seconds(6 * LOADER_TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(14),
      // Five tries, so that a database that resumes or fails over does not cost a file its load.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 5 },
    });
    const mayNotify = this.letBucketSend();

    this.bucket = this.dataBucket(mayNotify);

    this.loader = this.loaderFunction(props);
    this.letLoaderRead(props.settings.readBuckets);
    new Rule(this, "Audit", {
      description: "Checks the loads ledger",
      schedule: Schedule.rate(AUDIT_INTERVAL),
      targets: [new LambdaTarget(this.loader.lambda, { event: RuleTargetInput.fromObject({ audit: {} }) })],
    });
    new EventSourceMapping(this, "FilesToLoader", {
      target: this.loader.lambda,
      eventSourceArn: this.queue.queueArn,
      // One file each: a file may need the whole 15 minutes, and one that fails takes no other
      // file's try with it.
      batchSize: 1,
      // The answer still names the failed message, so the loader acknowledges a poison file without
      // an exception and its error count means something.
      reportBatchItemFailures: true,
      // More files than this wait in the queue; a reserved concurrency would make them fail and
      // count as tries instead.
      maxConcurrency: props.settings.loaderConcurrency,
    });
  }

  /** Lets this account's data bucket, and nothing else, put events on the queue. */
  private letBucketSend(): IDependable {
    const stack = Stack.of(this);
    const result = this.queue.addToResourcePolicy(
      new PolicyStatement({
        sid: "BucketSendsEvents",
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal("s3.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions: {
          StringEquals: { "aws:SourceAccount": stack.account },
          // S3 tries the queue when the bucket is made, so the policy must be there before the
          // bucket's name is known. CloudFormation starts that name with the stack's, in lower case.
          ArnLike: {
            "aws:SourceArn": stack.formatArn({
              service: "s3",
              region: "",
              account: "",
              resource: `${stack.stackName.toLowerCase()}-*`,
              arnFormat: ArnFormat.NO_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
    if (!result.policyDependable) {
      throw new Error("a queue of this stack takes a policy");
    }
    return result.policyDependable;
  }

  private dataBucket(mayNotify: IDependable): Bucket {
    const bucket = new Bucket(this, "Data", {
      // A load is identified by bucket, key and version.
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // The data outlives the stack.
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          id: "forget-replaced-versions",
          // Longer than a message can wait in the queue, its tries and the dead-letter queue
          // together, so a load never finds its version gone.
          noncurrentVersionExpiration: Duration.days(45),
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
        {
          id: "abort-uploads",
          prefix: INCOMING_PREFIX,
          // Links to its parts end after a quarter of an hour, and are signed again for a day.
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
        {
          id: "forget-expired-backups",
          prefix: BACKUPS_PREFIX,
          // A week in which a backup that was deleted by mistake can be had back; of two rules for
          // the same object the shorter counts.
          noncurrentVersionExpiration: Duration.days(7),
        },
      ],
    });
    const cfnBucket = bucket.node.defaultChild as CfnBucket;
    // Bucket.addEventNotification would do this with a custom resource, a function in Python.
    cfnBucket.notificationConfiguration = {
      queueConfigurations: [
        {
          event: "s3:ObjectCreated:*",
          queue: this.queue.queueArn,
          filter: { s3Key: { rules: [{ name: "prefix", value: INCOMING_PREFIX }] } },
        },
      ],
    };
    cfnBucket.node.addDependency(mayNotify);
    acknowledge(bucket, {
      "AwsSolutions-S1": "Access logs would need a second bucket; the loads ledger names every file read, and CloudTrail data events can be turned on where an audit asks for them.",
    });
    return bucket;
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

  private loaderFunction(props: IngestionProps): RustFunction {
    const { loaderLanes, loaderMemory, maxRejects } = props.settings;
    const loader = new RustFunction(this, "Loader", {
      settings: props.settings,
      functionName: "rowgate-loader",
      packageName: "loader",
      description: "Loads CSV files dropped under incoming/ into their tables",
      timeout: LOADER_TIMEOUT,
      // The file streams through in 128 MiB: this is about the processor.
      memorySize: loaderMemory,
      environment: {
        ROWGATE_BUCKET: this.bucket.bucketName,
        ROWGATE_QUEUE_URL: this.queue.queueUrl,
        ...(loaderLanes === undefined ? {} : { ROWGATE_LANES: loaderLanes.toString() }),
        ...(maxRejects === undefined ? {} : { ROWGATE_MAX_REJECTS: maxRejects }),
      },
    });
    loader.useDatabase(props.database, TRANSACTIONS);
    loader.allow("ReadDroppedFiles", ["s3:GetObject", "s3:GetObjectVersion"], [
      this.bucket.arnForObjects(`${INCOMING_PREFIX}*`),
    ]);
    // A backfill lists the bucket. And without these S3 answers 403 for a file deleted before it is
    // read, which looks like a fault of the role and would be tried again; with them it is a plain 404.
    loader.allow("ListDroppedFiles", ["s3:ListBucket", "s3:ListBucketVersions"], [this.bucket.bucketArn]);
    loader.allow("WriteRejects", ["s3:PutObject", "s3:DeleteObject"], [
      this.bucket.arnForObjects(`${REJECTED_PREFIX}*`),
    ]);
    // Two small objects, which the audit reads in place of the database while nothing is loaded: a
    // question to the database every quarter of an hour would keep it from ever pausing.
    loader.allow("RememberAudits", ["s3:GetObject", "s3:PutObject"], AUDIT_KEYS.map((key) => this.bucket.arnForObjects(key)));
    // A load that needs another invocation, and files of a backfill.
    loader.allow("SendToQueue", ["sqs:SendMessage"], [this.queue.queueArn]);
    loader.allowChains();
    loader.allow(
      "TakeFromQueue",
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
      [this.queue.queueArn],
    );
    const dataBucketArn = `<${Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>`;
    acknowledge(loader, {
      [`AwsSolutions-IAM5[Resource::${dataBucketArn}/${INCOMING_PREFIX}*]`]: "People name the files they drop; the prefix is the limit.",
      [`AwsSolutions-IAM5[Resource::${dataBucketArn}/${REJECTED_PREFIX}*]`]: "Each load writes under its own id; the prefix is the limit.",
    });
    return loader;
  }
}
