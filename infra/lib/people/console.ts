import type { Duration } from "aws-cdk-lib";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import { RustFunction } from "../functions";
import { requireArtifact, type Settings } from "../settings";

/** The built page, beside the function's binary. */
const PAGE = "static/index.html";

export interface ConsoleProps {
  readonly settings: Settings;
  readonly timeout: Duration;
  readonly bucket: Bucket;
}

/** The function that hands out the files of the page that people use. */
export class Console extends RustFunction {
  constructor(scope: Construct, id: string, { settings, timeout, bucket }: ConsoleProps) {
    requireArtifact(settings, "console", PAGE, 'build it with "npm ci" and "npm run build" in console/, and copy console/dist there as static/');
    super(scope, id, {
      settings,
      functionName: "rowgate-console",
      packageName: "console",
      description: "Hands out the files of the console",
      timeout,
      // It computes nothing: files are packed when they are built.
      memorySize: 256,
      environment: {
        AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true",
        // The page's policy lets it send files there and nowhere else.
        ROWGATE_BUCKET_ORIGIN: settings.bucketOrigin ?? `https://${bucket.bucketRegionalDomainName}`,
      },
    });
  }
}
