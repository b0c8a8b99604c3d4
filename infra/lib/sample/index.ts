import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { type DataBucket, INCOMING_PREFIX } from "../bucket";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

export interface SampleProps {
  readonly settings: Settings;
  readonly bucket: DataBucket;
}

/**
 * The function that fills the tables of a fresh stack with generated rows, which people invoke.
 * Only deployed where it is asked for: nobody wants such rows among their own.
 */
export class Sample extends RustFunction {
  constructor(scope: Construct, id: string, { settings, bucket }: SampleProps) {
    super(scope, id, {
      settings,
      name: "sample",
      readsTables: true,
      description: "Drops files of generated rows for every table",
      // As long as there is: the number of rows is the caller's.
      timeout: Duration.minutes(15),
      // Generating is processor time, as loading is.
      memorySize: 1769,
      environment: { ROWGATE_BUCKET: bucket.bucketName },
    });
    // It looks at a file that is there already, which may be of an earlier try of the same write.
    bucket.allow(this, "DropFiles", ["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"], {
      [`${INCOMING_PREFIX}*`]: "The tables name the files; the prefix is the limit.",
    });
  }
}
