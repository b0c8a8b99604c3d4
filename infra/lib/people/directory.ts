import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AccountRecovery, FeaturePlan, UserPool, type UserPoolClient } from "aws-cdk-lib/aws-cognito";
import { Construct } from "constructs";

import { acknowledge } from "../nag";
import type { Settings } from "../settings";

/** The groups of accounts, from the fewest rights to all; `lambda_kit::caller` reads them. */
const GROUPS = {
  reader: "Reads tables, loads, reports and backups",
  writer: "All that a reader may, and inserts and replaces rows and uploads files",
  operator: "Everything, on every table, and what cannot be undone",
} as const;

export interface DirectoryProps {
  readonly settings: Settings;
}

/** People's accounts: names, passwords, groups and sessions, in Cognito. */
export class Directory extends Construct {
  readonly pool: UserPool;
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { settings }: DirectoryProps) {
    super(scope, id);
    this.pool = new UserPool(this, "Pool", {
      // Its features are all that is used; the dearer plans add pages and mails of Cognito's own.
      featurePlan: FeaturePlan.LITE,
      // Registration goes through the accounts function, which asks the settings and the operator.
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      signInCaseSensitive: false,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      // Nothing sends mails: an operator gives out a new password with `rowgate accounts add`.
      accountRecovery: AccountRecovery.NONE,
      deletionProtection: settings.deletionProtection,
      // Unlike the database it leaves no snapshot behind.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const [groupName, description] of Object.entries(GROUPS)) {
      this.pool.addGroup(groupName, { groupName, description });
    }
    this.client = this.pool.addClient("Client", {
      // Signing in goes through the accounts function, which does not reveal whether a name exists,
      // and refuses accounts that wait for approval.
      authFlows: { adminUserPassword: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // The shortest there is: the gateway takes a token until it expires, also after a logout.
      accessTokenValidity: Duration.minutes(5),
      idTokenValidity: Duration.minutes(5),
      refreshTokenValidity: Duration.hours(12),
    });
    acknowledge(this.pool, {
      "AwsSolutions-COG2": "An account may nothing until an operator approves it, and sessions end after 12 hours; the answers of the API have no step for a second factor.",
      "AwsSolutions-COG8": "Cognito locks out who guesses in every plan; the dearest one's risk scores are for pools that everyone may join.",
    });
  }
}
