import { Duration } from "aws-cdk-lib";
import { AuthorizationType, CognitoUserPoolsAuthorizer, type MethodOptions } from "aws-cdk-lib/aws-apigateway";
import { OAuthScope, type UserPool } from "aws-cdk-lib/aws-cognito";
import type { Construct } from "constructs";

import type { Api } from "../api";
import { readRoutes } from "../api/declarations";
import { Door, type Functions } from "../api/door";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";

export interface PeopleDoorProps {
  readonly settings: Settings;
  readonly scripts: Api;
  readonly pool: UserPool;
  readonly functions: Functions;
}

/** The people's door: the same paths on the same functions, for callers with an access token. */
export class PeopleDoor extends Door {
  constructor(scope: Construct, id: string, { settings, scripts, pool, functions }: PeopleDoorProps) {
    const routes = readRoutes();
    super(scope, id, {
      settings,
      name: "rowgate-people",
      description: "Rowgate for people: accounts, the console, and what the API has",
      url: settings.peopleUrl,
      // The scripts' door creates the role.
      cloudWatchRole: false,
      limit: settings.peopleLimit,
      limited: routes.filter(({ limit }) => limit),
    });
    // A stage that logs is refused before the account has the role.
    this.restApi.deploymentStage.node.addDependency(scripts.restApi.node.findChild("Account"));

    const authorizer = new CognitoUserPoolsAuthorizer(this, "Authorizer", {
      cognitoUserPools: [pool],
      // No answer is kept, so none outlives its token.
      resultsCacheTtl: Duration.seconds(0),
    });
    const withToken: MethodOptions = {
      authorizer,
      authorizationType: AuthorizationType.COGNITO,
      // A method without a scope takes id tokens, whose claims are not made for APIs.
      authorizationScopes: [OAuthScope.COGNITO_ADMIN.scopeName],
    };
    for (const route of routes) {
      this.addRoute(route, functions, route.open ? { authorizationType: AuthorizationType.NONE } : withToken);
    }

    acknowledge(this, {
      "AwsSolutions-APIG2": "The functions check every request and report all of its errors at once, which a validator of the gateway cannot.",
      "AwsSolutions-APIG3": "What is open has limits of its own, and Cognito locks out who guesses. A web ACL costs by the month; docs/deployment.md says how to add one.",
      "AwsSolutions-APIG4": "Registration, login, refresh and the console's files are what people need before they have a token.",
      "AwsSolutions-COG4": "Registration, login, refresh and the console's files are what people need before they have a token.",
    });
  }
}
