import type { Construct } from "constructs";

import { type DataBucket, REJECTED_PREFIX } from "../bucket";
import type { Database } from "../database";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

export interface ReportsProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly bucket: DataBucket;
}

/** The function of reports and of all other reads that have no function of their own. */
export class Reports extends RustFunction {
  constructor(scope: Construct, id: string, { settings, database, bucket }: ReportsProps) {
    super(scope, id, {
      settings,
      name: "reports",
      readsTables: true,
      description: "Answers the SQL reports as JSON and CSV",
      takesRequests: true,
      memorySize: 512,
      environment: { ROWGATE_BUCKET: bucket.bucketName },
    });
    this.useDatabase(database, "reader", ["ExecuteStatement"]);
    // A link that a function signs opens what the function itself may read.
    bucket.allow(this, "SignRejects", ["s3:GetObject"], {
      [`${REJECTED_PREFIX}*`]: "Each load has rejects files under its own id; the prefix is the limit.",
    });
  }
}
