import type { Construct } from "constructs";

import type { Database } from "../database";
import { RustFunction } from "../functions";
import type { Settings } from "../settings";
import type { Directory } from "./directory";

export interface AccountsProps {
  readonly settings: Settings;
  readonly database: Database;
  readonly directory: Directory;
}

/** The function that registers people, signs them in and out, and lets operators approve them. */
export class Accounts extends RustFunction {
  constructor(scope: Construct, id: string, { settings, database, directory }: AccountsProps) {
    const { pool, client } = directory;
    super(scope, id, {
      settings,
      name: "accounts",
      readsTables: true,
      description: "Registers people, signs them in and out, approves and disables accounts",
      takesRequests: true,
      memorySize: 512,
      environment: {
        ROWGATE_USER_POOL_ID: pool.userPoolId,
        ROWGATE_USER_POOL_CLIENT_ID: client.userPoolClientId,
        ROWGATE_SELF_REGISTRATION: settings.selfRegistration.toString(),
        ROWGATE_EMAIL_DOMAINS: settings.allowedEmailDomains.join(","),
      },
    });
    // The audit trail; changes of accounts take turns by a lock, which is held in a transaction
    // that is rolled back.
    this.useDatabase(database, "writer", ["BeginTransaction", "ExecuteStatement", "RollbackTransaction"]);
    this.allow(
      "ManageAccounts",
      [
        "cognito-idp:AdminAddUserToGroup",
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminDisableUser",
        "cognito-idp:AdminEnableUser",
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminInitiateAuth",
        "cognito-idp:AdminListGroupsForUser",
        "cognito-idp:AdminRemoveUserFromGroup",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:AdminUserGlobalSignOut",
        "cognito-idp:CreateGroup",
        "cognito-idp:DescribeUserPool",
        "cognito-idp:ListUsers",
        "cognito-idp:ListUsersInGroup",
      ],
      [pool.userPoolArn],
    );
  }
}
