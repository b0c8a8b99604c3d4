import assert from "node:assert/strict";
import { test } from "node:test";

import { template, type Json } from "../support";

// The whole of what each function may do. An action that is added to a role is added here, by whoever can say what uses it;
// that none is missing, the end-to-end tests show, in which the local cloud obeys these policies.
const LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"];
const TRANSACTIONS = [
  "rds-data:BeginTransaction",
  "rds-data:CommitTransaction",
  "rds-data:ExecuteStatement",
  "rds-data:RollbackTransaction",
  // The Data API reads it in the caller's name.
  "secretsmanager:GetSecretValue",
];
const RIGHTS: Record<string, string[]> = {
  "rowgate-insert": [...LOGS, ...TRANSACTIONS],
  "rowgate-reports": [...LOGS, "rds-data:ExecuteStatement", "s3:GetObject", "secretsmanager:GetSecretValue"],
  "rowgate-migrate": [...LOGS, ...TRANSACTIONS],
  "rowgate-loader": [
    ...LOGS,
    ...TRANSACTIONS,
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
    "sqs:ChangeMessageVisibility",
    // These three Lambda itself uses, as the function's role, to give it its messages.
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
  ],
  "rowgate-backup": [
    ...LOGS,
    ...TRANSACTIONS,
    "lambda:InvokeFunction",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
  ],
  "rowgate-restore": [
    ...LOGS,
    ...TRANSACTIONS,
    "lambda:InvokeFunction",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
  ],
  "rowgate-uploads": [
    ...LOGS,
    "rds-data:ExecuteStatement",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "secretsmanager:GetSecretValue",
  ],
  "rowgate-accounts": [
    ...LOGS,
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
    "rds-data:BeginTransaction",
    "rds-data:ExecuteStatement",
    "rds-data:RollbackTransaction",
    "secretsmanager:GetSecretValue",
  ],
  "rowgate-console": LOGS,
  "rowgate-canary": [...LOGS, "apigateway:GET", "s3:PutObject"],
};

test("every function may do exactly what it is known to need", () => {
  const resources: Record<string, Json> = template().toJSON()["Resources"];
  const policies = Object.values(resources).filter(({ Type }) => Type === "AWS::IAM::Policy");
  const found = Object.values(resources)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .map(({ Properties }) => {
      const role: string = Properties.Role["Fn::GetAtt"][0];
      assert.equal(resources[role].Properties.ManagedPolicyArns, undefined, role);
      assert.equal(resources[role].Properties.Policies, undefined, role);
      const statements = policies
        .filter((policy) => policy.Properties.Roles.some(({ Ref }: Json) => Ref === role))
        .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
      const actions = new Set<string>(statements.flatMap(({ Action }: Json) => Action));
      return [Properties.FunctionName, [...actions].sort()];
    });
  assert.deepEqual(
    Object.fromEntries(found),
    Object.fromEntries(Object.entries(RIGHTS).map(([name, actions]) => [name, [...actions].sort()])),
  );
});
