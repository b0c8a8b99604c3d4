import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import { acknowledge } from "../nag";

/** The layers of the lake, in the order in which they are made; each is a folder and a Glue database. */
export const LAYERS = ["bronze", "silver", "gold"] as const;

/** What the job notes of each table beside the table itself. */
export const STATE_PREFIX = "state/";

/** OpenLineage events. */
export const LINEAGE_PREFIX = "lineage/";

/** Results of Athena queries. */
export const RESULTS_PREFIX = "athena-results/";

/** Holds the Delta tables, what is known of them, and the results of queries. */
export class LakeBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bucket = new Bucket(this, "Bucket", {
      // Delta keeps its own versions: a table's earlier states are in its log until VACUUM. Versions
      // of S3 would keep every file that VACUUM removes, and pay for it, beyond what anybody can read.
      versioned: false,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // History that no backup holds any more: it outlives the stack.
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { id: "abort-interrupted-uploads", abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { id: "forget-query-results", prefix: RESULTS_PREFIX, expiration: Duration.days(7) },
        // A year and a month: this year's close can still be compared with the last one's.
        { id: "forget-lineage", prefix: LINEAGE_PREFIX, expiration: Duration.days(400) },
      ],
    });
    acknowledge(this.bucket, {
      "AwsSolutions-S1": "Access logs would need a second bucket; CloudTrail data events can be turned on where an audit asks for them.",
    });
  }
}

/** A bucket's ARN, as cdk-nag writes it. */
export function nagArn(bucket: Bucket): string {
  return `<${Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>`;
}
