import { Period } from "aws-cdk-lib/aws-apigateway";
import type { Construct } from "constructs";

import { acknowledge } from "../nag";
import type { Settings } from "../settings";
import { readRoutes } from "./declarations";
import { Door, type Functions } from "./door";
import type { ApiKeys } from "./keys";

export interface ApiProps {
  readonly settings: Settings;
  readonly functions: Functions;
  readonly keys: ApiKeys;
}

/** The scripts' door: the REST API that programs call, each with a key. */
export class Api extends Door {
  constructor(scope: Construct, id: string, { settings, functions, keys }: ApiProps) {
    super(scope, id, {
      settings,
      name: "rowgate",
      description: "Rowgate: rows in, reports out",
      url: settings.apiUrl,
      cloudWatchRole: true,
    });
    for (const route of readRoutes().filter(({ peopleOnly }) => !peopleOnly)) {
      this.addRoute(route, functions, { apiKeyRequired: true });
    }
    this.admit(keys);

    acknowledge(this, {
      "AwsSolutions-APIG2": "The functions check every request and report all of its errors at once, which a validator of the gateway cannot.",
      "AwsSolutions-APIG3": "Callers are a few systems with a key each and a quota; a web application firewall guards pages that everyone may open.",
      "AwsSolutions-APIG4": "Every method needs an API key, whose rights and tables the function checks.",
      "AwsSolutions-COG4": "The callers are programs, not people, who have a user pool and a door of their own.",
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
        "The service's own policy for the account-wide role with which API Gateway writes its logs.",
    });
  }

  /** Lets each key in, with limits of its own. */
  private admit({ keys }: ApiKeys): void {
    for (const { settings, key } of keys) {
      const { rate, burst, perDay } = settings.limits;
      const plan = this.restApi.addUsagePlan(`Plan-${settings.name}`, {
        description: `Rowgate: limits of the key ${settings.name}`,
        apiStages: [{ api: this.restApi, stage: this.restApi.deploymentStage }],
        throttle: { rateLimit: rate, burstLimit: burst },
        quota: { limit: perDay, period: Period.DAY },
      });
      plan.addApiKey(key);
    }
  }
}
