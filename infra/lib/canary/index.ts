import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { Schedule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";

import type { Api } from "../api";
import { CANARY_PREFIX, type DataBucket } from "../bucket";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";

// Every check has its own limit, and a run ends before this even if all of them reach it. Shorter
// than the usual time between two runs.
const TIMEOUT = Duration.minutes(4);

export interface CanaryProps {
  readonly settings: Settings;
  readonly api: Api;
  /** The id of the key that it calls with. */
  readonly keyId: string;
  readonly bucket: DataBucket;
}

/** Uses all of Rowgate from outside as its users do, on a schedule. */
export class Canary extends Construct {
  readonly canary: RustFunction;

  constructor(scope: Construct, id: string, { settings, api, keyId, bucket }: CanaryProps) {
    super(scope, id);
    this.canary = new RustFunction(this, "Canary", {
      settings,
      name: "canary",
      readsTables: true,
      description: "Uses Rowgate as its users do, and reports what does not work",
      timeout: TIMEOUT,
      memorySize: 256,
      environment: {
        ROWGATE_URL: api.url,
        ROWGATE_KEY_ID: keyId,
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
    this.canary.allow("ReadKey", ["apigateway:GET"], [key]);
    bucket.allow(this.canary, "DropFiles", ["s3:PutObject"], {
      [`${CANARY_PREFIX}*`]: "Each run drops a file of its own; the prefix is the limit.",
    });
    // The next run comes soon, and a retry would hide that the first one failed.
    this.canary.lambda.configureAsyncInvoke({ retryAttempts: 0 });
    if (settings.canaryMinutes > 0) {
      const schedule = Schedule.rate(Duration.minutes(settings.canaryMinutes));
      this.canary.schedule("Schedule", "Sees whether Rowgate works", schedule, {});
    }
  }
}
