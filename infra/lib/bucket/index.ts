import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type CfnBucket, HttpMethods, type LifecycleRule } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import type { RustFunction } from "../functions";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";
import { KeptBucket } from "./kept";

/** The prefix of files to load. */
export const INCOMING_PREFIX = "incoming/";
/** The prefix of the canary's files: the folder of its own table. */
export const CANARY_PREFIX = `${INCOMING_PREFIX}rowgate_canary/`;
/** The prefix of the records that loads and restores rejected. */
export const REJECTED_PREFIX = "rejected/";
/** The prefix of backups. */
export const BACKUPS_PREFIX = "backups/";
/** The prefix of parts: rows of loads, as files that the database reads. */
export const PARTS_PREFIX = "rowgate/parts/";

export interface DataBucketProps {
  readonly settings: Settings;
}

/** The bucket that all functions share: dropped files, rejected records, parts, backups. */
export class DataBucket extends KeptBucket {
  constructor(scope: Construct, id: string, { settings }: DataBucketProps) {
    const { incomingKeepDays, rejectedKeepDays } = settings;
    super(scope, id, {
      // A load is identified by bucket, key and version.
      versioned: true,
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
        {
          // Versions stay as long as those of any file that a message in a queue may still name.
          id: "forget-canary-files",
          prefix: CANARY_PREFIX,
          expiration: Duration.days(1),
        },
        {
          // The loader deletes a part once its rows are committed; this removes that version, and
          // what a loader that failed or was killed left. It is there with every `loaderPath`, so
          // that switching back leaves nothing. Of two rules for an object the shorter counts.
          id: "forget-parts",
          prefix: PARTS_PREFIX,
          expiration: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(1),
        },
        ...forgetAfter("forget-incoming-files", INCOMING_PREFIX, incomingKeepDays),
        ...forgetAfter("forget-rejected-records", REJECTED_PREFIX, rejectedKeepDays),
      ],
      cors: [
        {
          // The console sends files by signed links and reads rejected records by them. Its origin
          // is not known yet: the page of another API that has a link may use it, as any program
          // may.
          id: "console",
          allowedMethods: [HttpMethods.PUT, HttpMethods.GET],
          allowedOrigins: [consoleOrigins(Stack.of(scope), settings)],
          allowedHeaders: ["content-type", "x-amz-meta-*"],
          exposedHeaders: ["ETag"],
          maxAge: 3600,
        },
      ],
    });
    acknowledge(this, {
      "AwsSolutions-S1": "Access logs would need a second bucket; the loads ledger names every file read, and CloudTrail data events can be turned on where an audit asks for them.",
    });
  }

  /** Sends an event to the queue for each file that is dropped. */
  notify(queue: Queue): void {
    const stack = Stack.of(this);
    const { policyDependable } = queue.addToResourcePolicy(
      new PolicyStatement({
        sid: "BucketSendsEvents",
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal("s3.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [queue.queueArn],
        conditions: {
          StringEquals: { "aws:SourceAccount": stack.account },
          // S3 tries the queue when the bucket is made, so the policy must be there before the
          // bucket's name is known. CloudFormation starts that name with the stack's, in lower
          // case.
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
    if (!policyDependable) {
      throw new Error("a queue of this stack takes a policy");
    }
    const bucket = this.node.defaultChild as CfnBucket;
    // Bucket.addEventNotification would do this with a custom resource, a function in Python.
    bucket.notificationConfiguration = {
      queueConfigurations: [
        {
          event: "s3:ObjectCreated:*",
          queue: queue.queueArn,
          filter: { s3Key: { rules: [{ name: "prefix", value: INCOMING_PREFIX }] } },
        },
      ],
    };
    bucket.node.addDependency(policyDependable);
  }

  /**
   * Lets a function do the named actions on objects. `keys`: patterns of keys, and why none is
   * narrower.
   */
  allow(target: RustFunction, sid: string, actions: string[], keys: Readonly<Record<string, string>>): void {
    target.allow(sid, actions, Object.keys(keys).map((key) => this.shared(key)));
    acknowledge(target, Object.fromEntries(Object.entries(keys).map(([key, reason]) => [this.nagFinding(key), reason])));
  }
}

/** Removes objects after some days; never where there are none. */
function forgetAfter(id: string, prefix: string, days: number): LifecycleRule[] {
  return days === 0 ? [] : [{ id, prefix, expiration: Duration.days(days) }];
}

/** The origins that the console may have: its own if it is known, or every API's of the region. */
function consoleOrigins({ region, urlSuffix }: Stack, { peopleUrl }: Settings): string {
  const url = peopleUrl ?? `https://{id}.execute-api.${region}.${urlSuffix}`;
  return url.replace(/^(https?:\/\/[^/]+).*$/, "$1").replace("{id}", "*");
}
