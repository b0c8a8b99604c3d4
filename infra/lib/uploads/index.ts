import type { Construct } from "constructs";

import { type DataBucket, INCOMING_PREFIX } from "../bucket";
import type { Database } from "../database";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

export interface UploadsProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: DataBucket;
}

/** The function that signs links to drop files with, and says how a file would be read. */
export class Uploads extends RustFunction {
  constructor(scope: Construct, id: string, { settings, database, bucket }: UploadsProps) {
    super(scope, id, {
      settings,
      name: "uploads",
      readsTables: true,
      description: "Signs links to drop files with, and checks files before they are sent",
      takesRequests: true,
      memorySize: 512,
      environment: { ROWGATE_BUCKET: bucket.bucketName },
    });
    // The audit trail.
    this.useDatabase(database, "writer", ["ExecuteStatement"]);
    // A link opens what the function itself may do; it reads nothing.
    bucket.allow(this, "DropFiles", ["s3:PutObject", "s3:ListMultipartUploadParts"], {
      [`${INCOMING_PREFIX}*`]: "People name the files they drop; the prefix is the limit.",
    });
  }
}
