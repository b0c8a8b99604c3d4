import { Duration } from "aws-cdk-lib";
import { AuthorizationType, CognitoUserPoolsAuthorizer, type MethodOptions } from "aws-cdk-lib/aws-apigateway";
import { OAuthScope, type UserPool } from "aws-cdk-lib/aws-cognito";
import type { Construct } from "constructs";

import type { Api } from "../api";
import { Door, type RateLimit } from "../api/door";
import { PEOPLE_ROUTES, type PeopleRoute, type PeopleTarget, SHARED_ROUTES } from "../api/routes";
import type { RustFunction } from "../functions";
import { acknowledge } from "../nag";
import type { Settings } from "../settings";

/**
 * Limits of what costs most. Anybody may guess passwords and fill the pool; the gateway counts all
 * callers together, so they leave room for an office that signs in at nine. Every reader may look for
 * outliers, which reads a whole table several times.
 */
const METHOD_LIMITS: Readonly<Record<string, RateLimit>> = {
  "/login/POST": { rate: 10, burst: 20 },
  "/register/POST": { rate: 2, burst: 10 },
  "/outliers/GET": { rate: 5, burst: 20 },
};

export interface PeopleDoorProps {
  readonly settings: Settings;
  readonly scripts: Api;
  readonly pool: UserPool;
  readonly functions: Readonly<Record<PeopleTarget, RustFunction>>;
}

/** The people's door: the same paths on the same functions, for whoever brings an access token. */
export class PeopleDoor extends Door {
  constructor(scope: Construct, id: string, { settings, scripts, pool, functions }: PeopleDoorProps) {
    super(scope, id, {
      restApiName: "rowgate-people",
      description: "Rowgate for people: accounts, the console, and what the API has",
      url: settings.peopleUrl,
      // The scripts' door brings it.
      cloudWatchRole: false,
      limit: settings.peopleLimit,
      methodLimits: METHOD_LIMITS,
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
    const routes: readonly PeopleRoute[] = [...SHARED_ROUTES, ...PEOPLE_ROUTES];
    for (const route of routes) {
      this.addRoute(route, functions[route.target], route.open ? { authorizationType: AuthorizationType.NONE } : withToken);
    }

    acknowledge(this, {
      "AwsSolutions-APIG2": "The functions check every request and report all of its errors at once, which a validator of the gateway cannot.",
      "AwsSolutions-APIG3": "What is open has limits of its own, and Cognito locks out who guesses. A web ACL costs by the month; docs/deployment.md says how to add one.",
      "AwsSolutions-APIG4": "Registration, login, refresh and the console's files are what people need before they have a token.",
      "AwsSolutions-COG4": "Registration, login, refresh and the console's files are what people need before they have a token.",
    });
  }
}
