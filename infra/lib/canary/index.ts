import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";

import type { Api } from "../api";
import type { DataBucket } from "../bucket";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

/** The prefix of the canary's files: the folder of its own table. */
const DROPS_PREFIX = "incoming/rowgate_canary/";

// Every check has its own limit, and a run ends before this even if all of them reach it. Shorter
// than the usual time between two runs.
const TIMEOUT = Duration.minutes(4);

export interface CanaryProps {
  readonly settings: Settings;
  readonly api: Api;
  readonly bucket: DataBucket;
}

/** Uses all of Rowgate from outside as its users do, on a schedule. */
export class Canary extends Construct {
  readonly canary: RustFunction;

  constructor(scope: Construct, id: string, { settings, api, bucket }: CanaryProps) {
    super(scope, id);
    const keyId = api.operatorKey.keyId;
    this.canary = new RustFunction(this, "Canary", {
      settings,
      name: "canary",
      readsTables: true,
      description: "Uses Rowgate as its users do, and reports what does not work",
      timeout: TIMEOUT,
      memorySize: 256,
      environment: {
        ROWGATE_URL: api.url,
        ROWGATE_OPERATOR_KEY_ID: keyId,
        ROWGATE_BUCKET: bucket.bucketName,
      },
    });
    // Its value is in no environment, where everyone who may look at functions would see it.
    const key = Stack.of(this).formatArn({
      service: "apigateway",
      account: "",
      resource: "/apikeys",
      resourceName: keyId,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.canary.allow("ReadOperatorKey", ["apigateway:GET"], [key]);
    bucket.allow(this.canary, "DropFiles", ["s3:PutObject"], {
      [`${DROPS_PREFIX}*`]: "Each run drops a file of its own; the prefix is the limit.",
    });
    // The next run comes soon, and a retry would hide that the first one failed.
    this.canary.lambda.configureAsyncInvoke({ retryAttempts: 0 });
    bucket.addLifecycleRule({
      // Versions stay as long as those of any file that a message in a queue may still name.
      id: "forget-canary-files",
      prefix: DROPS_PREFIX,
      expiration: Duration.days(1),
    });
    if (settings.canaryMinutes > 0) {
      const schedule = Schedule.rate(Duration.minutes(settings.canaryMinutes));
      this.canary.schedule("Schedule", "Sees whether Rowgate works", schedule, {});
    }
  }
}
