import { ApiKey, type IApiKey, Period } from "aws-cdk-lib/aws-apigateway";
import type { Construct } from "constructs";

import { acknowledge } from "../nag";
import type { CallLimits, Settings } from "../settings";
import { readRoutes } from "./declarations";
import { Door, type Functions } from "./door";

export interface ApiProps {
  readonly settings: Settings;
  readonly functions: Functions;
}

/** The scripts' door: the REST API that programs call, each with one of two keys. */
export class Api extends Door {
  readonly writerKey: IApiKey;
  /**
   * The key that may also do what cannot be undone. A function that must distinguish it from
   * the writer's takes its `keyId` into its environment.
   */
  readonly operatorKey: IApiKey;

  constructor(scope: Construct, id: string, { settings, functions }: ApiProps) {
    super(scope, id, {
      restApiName: "rowgate",
      description: "Rowgate: rows in, reports out",
      url: settings.apiUrl,
      cloudWatchRole: true,
    });
    for (const route of readRoutes().filter(({ peopleOnly }) => !peopleOnly)) {
      this.addRoute(route, functions, { apiKeyRequired: true });
    }
    this.writerKey = this.addKey("Writer", "Inserts rows, reads reports", settings.writerLimits);
    this.operatorKey = this.addKey("Operator", "All that the writer may, and what cannot be undone", settings.operatorLimits);

    acknowledge(this, {
      "AwsSolutions-APIG2": "The functions check every request and report all of its errors at once, which a validator of the gateway cannot.",
      "AwsSolutions-APIG3": "Callers are a few systems with a key each and a quota; a web application firewall guards pages that everyone may open.",
      "AwsSolutions-APIG4": "Every method needs an API key, and what the operator's key alone may do is checked in the function.",
      "AwsSolutions-COG4": "The callers are programs, not people, who have a user pool and a door of their own.",
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
        "The service's own policy for the account-wide role with which API Gateway writes its logs.",
    });
  }

  private addKey(name: string, description: string, limits: CallLimits): IApiKey {
    // RestApi.addApiKey would tie the key to the stage, and so to every function behind it: a
    // function could not know the key's id without a cycle. The usage plan is enough.
    const key = new ApiKey(this, `${name}Key`, { description: `Rowgate: ${description}` });
    const plan = this.restApi.addUsagePlan(`${name}Plan`, {
      description: `Rowgate: limits of the ${name.toLowerCase()} key`,
      apiStages: [{ api: this.restApi, stage: this.restApi.deploymentStage }],
      throttle: { rateLimit: limits.rate, burstLimit: limits.burst },
      quota: { limit: limits.perDay, period: Period.DAY },
    });
    plan.addApiKey(key);
    return key;
  }
}
