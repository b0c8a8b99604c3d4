import { Stack } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

import type { Names } from "../names";
import { RESULTS_PREFIX } from "./bucket";

export interface WorkGroupProps {
  readonly names: Names;
  readonly bucket: Bucket;
  /** GiB that one query may scan. */
  readonly scanLimitGiB: number;
}

/** The Athena work group of analysts: limits what their queries scan, and says where results go. */
export class WorkGroup extends Construct {
  readonly workGroupName: string;

  constructor(scope: Construct, id: string, { names, bucket, scanLimitGiB }: WorkGroupProps) {
    super(scope, id);
    this.workGroupName = names.of("rowgate");
    // Athena has no constructs of a higher level in the CDK.
    new CfnWorkGroup(this, "WorkGroup", {
      name: this.workGroupName,
      description: "Queries of Rowgate's lake",
      // Its history of queries would keep it from going with the stack.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        // Without this a client's own settings go first: results elsewhere, and not encrypted.
        enforceWorkGroupConfiguration: true,
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        bytesScannedCutoffPerQuery: scanLimitGiB * 1024 ** 3,
        publishCloudWatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: bucket.s3UrlForObject(RESULTS_PREFIX),
          expectedBucketOwner: Stack.of(this).account,
          encryptionConfiguration: { encryptionOption: "SSE_S3" },
        },
      },
    });
  }
}
