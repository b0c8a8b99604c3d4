import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { KeptBucket } from "../bucket/kept";
import { acknowledge } from "../nag";

/**
 * The layers of the lake, in the order in which they are made; each is a folder and a Glue
 * database.
 */
export const LAYERS = ["bronze", "silver", "gold"] as const;

/** The prefix of the job's state of each table, beside the table itself. */
export const STATE_PREFIX = "state/";

/** OpenLineage events. */
export const LINEAGE_PREFIX = "lineage/";

/** Results of Athena queries. */
export const RESULTS_PREFIX = "athena-results/";

/** Holds the Delta tables, their state, and the results of queries. */
export class LakeBucket extends KeptBucket {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      // Delta keeps its own versions: a table's earlier states are in its log until VACUUM.
      // Versions of S3 would keep every file that VACUUM removes, and pay for it, beyond what
      // anybody can read.
      versioned: false,
      lifecycleRules: [
        { id: "abort-interrupted-uploads", abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { id: "forget-query-results", prefix: RESULTS_PREFIX, expiration: Duration.days(7) },
        // A year and a month: this year's close can still be compared with the last one's.
        { id: "forget-lineage", prefix: LINEAGE_PREFIX, expiration: Duration.days(400) },
      ],
    });
    acknowledge(this, {
      "AwsSolutions-S1": "Access logs would need a second bucket; CloudTrail data events can be turned on where an audit asks for them.",
    });
  }
}
