import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

import { requireArtifact } from "../artifacts";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

/** The built console, beside the function's binary. */
const PAGE = "static/index.html";

export interface ConsoleProps {
  readonly settings: Settings;
  readonly bucket: Bucket;
}

/** The function that serves the files of the console. */
export class Console extends RustFunction {
  constructor(scope: Construct, id: string, { settings, bucket }: ConsoleProps) {
    requireArtifact(settings, "console", PAGE, 'build it with "npm ci" and "npm run build" in console/, and copy console/dist there as static/');
    super(scope, id, {
      settings,
      name: "console",
      description: "Hands out the files of the console",
      takesRequests: true,
      // It computes nothing: files are packed when they are built.
      memorySize: 256,
      environment: {
        // The page's policy lets it send files there and nowhere else.
        ROWGATE_BUCKET_ORIGIN: settings.bucketOrigin ?? `https://${bucket.bucketRegionalDomainName}`,
      },
    });
  }
}
