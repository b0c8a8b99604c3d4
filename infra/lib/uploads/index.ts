import { type Duration, Stack } from "aws-cdk-lib";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import type { Database } from "../database";
import { RustFunction } from "../functions";
import { INCOMING_PREFIX } from "../ingestion";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";

export interface UploadsProps {
  readonly settings: Settings;
  readonly timeout: Duration;
  readonly database: Database;
  readonly bucket: Bucket;
}

/** The function that signs links to drop files with, and says how a file would be read. */
export class Uploads extends RustFunction {
  constructor(scope: Construct, id: string, { settings, timeout, database, bucket }: UploadsProps) {
    super(scope, id, {
      settings,
      functionName: "rowgate-uploads",
      packageName: "uploads",
      description: "Signs links to drop files with, and checks files before they are sent",
      timeout,
      memorySize: 512,
      environment: { AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true", ROWGATE_BUCKET: bucket.bucketName },
    });
    // The audit trail.
    this.useDatabase(database, ["ExecuteStatement"]);
    // A link opens what the function itself may do; it reads nothing.
    this.allow(
      "DropFiles",
      ["s3:PutObject", "s3:ListMultipartUploadParts"],
      [bucket.arnForObjects(`${INCOMING_PREFIX}*`)],
    );
    const arn = `<${Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>`;
    acknowledge(this, {
      [`AwsSolutions-IAM5[Resource::${arn}/${INCOMING_PREFIX}*]`]: "People name the files they drop; the prefix is the limit.",
    });
  }
}
