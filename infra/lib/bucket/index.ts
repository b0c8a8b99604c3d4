import { ArnFormat, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import type { RustFunction } from "../functions";
import { acknowledge, nagArn } from "../nag";

/** The prefix of files to load. */
export const INCOMING_PREFIX = "incoming/";
/** The prefix of the records that loads and restores rejected. */
export const REJECTED_PREFIX = "rejected/";
/** The prefix of backups. */
export const BACKUPS_PREFIX = "backups/";

/**
 * The properties of every bucket of the stack: private, encrypted, and kept when the stack is
 * deleted.
 */
export const PRIVATE_BUCKET: BucketProps = {
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
};

/** The bucket that all functions share: dropped files, rejected records, backups. */
export class DataBucket extends Bucket {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      ...PRIVATE_BUCKET,
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
    target.allow(sid, actions, Object.keys(keys).map((key) => this.arnForObjects(key)));
    acknowledge(
      target,
      Object.fromEntries(
        Object.entries(keys).map(([key, reason]) => [`AwsSolutions-IAM5[Resource::${nagArn(this)}/${key}]`, reason]),
      ),
    );
  }
}
