import assert from "node:assert/strict";
import { test } from "node:test";

import { only, statements, template, templateWith, type Context } from "../support";

const found = template();

function environment(context: Context): Record<string, unknown> {
  const { Properties } = only(templateWith(context), "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-accounts");
  return Properties.Environment.Variables;
}

test("the function may use the pool of the stack and no other", () => {
  const [pool] = Object.keys(found.findResources("AWS::Cognito::UserPool"));
  const { Resource } = statements(found, "PeopleAccountsPolicy")["ManageAccounts"];
  assert.deepEqual(Resource, { "Fn::GetAtt": [pool, "Arn"] });
});

test("nothing it may do deletes an account, a group or the pool", () => {
  const { Action } = statements(found, "PeopleAccountsPolicy")["ManageAccounts"];
  assert.deepEqual(Action.filter((action: string) => action.includes("Delete") || action.includes("Pool")), [
    "cognito-idp:DescribeUserPool",
  ]);
});

test("whoever deploys says who may ask for an account", () => {
  const { ROWGATE_SELF_REGISTRATION, ROWGATE_EMAIL_DOMAINS } = environment({});
  assert.deepEqual([ROWGATE_SELF_REGISTRATION, ROWGATE_EMAIL_DOMAINS], ["true", ""]);
  const settled = environment({ selfRegistration: "false", allowedEmailDomains: "Example.com, example.org,example.com" });
  assert.deepEqual([settled["ROWGATE_SELF_REGISTRATION"], settled["ROWGATE_EMAIL_DOMAINS"]], ["false", "example.com,example.org"]);
  assert.equal(environment({ allowedEmailDomains: "" })["ROWGATE_EMAIL_DOMAINS"], "");
});
