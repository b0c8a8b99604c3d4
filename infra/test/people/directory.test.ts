import assert from "node:assert/strict";
import { test } from "node:test";

import { only, template, templateWith } from "../support";

const found = template();
const pool = only(found, "AWS::Cognito::UserPool");
const client = only(found, "AWS::Cognito::UserPoolClient");

test("nobody makes an account past the accounts function", () => {
  assert.deepEqual(pool.Properties.AdminCreateUserConfig, { AllowAdminCreateUserOnly: true });
  assert.deepEqual(client.Properties.ExplicitAuthFlows, ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
  assert.equal(client.Properties.AllowedOAuthFlowsUserPoolClient, false);
  found.resourceCountIs("AWS::Cognito::UserPoolDomain", 0);
  found.resourceCountIs("AWS::Cognito::IdentityPool", 0);
});

test("names are plain and the same in every case, passwords are long and mixed", () => {
  assert.deepEqual(pool.Properties.UsernameConfiguration, { CaseSensitive: false });
  assert.deepEqual([pool.Properties.UsernameAttributes, pool.Properties.AliasAttributes], [undefined, undefined]);
  assert.deepEqual(pool.Properties.Policies.PasswordPolicy, {
    MinimumLength: 12,
    RequireLowercase: true,
    RequireNumbers: true,
    RequireSymbols: true,
    RequireUppercase: true,
  });
});

test("Cognito sends no mails and no messages", () => {
  assert.deepEqual(pool.Properties.AutoVerifiedAttributes, undefined);
  assert.deepEqual(pool.Properties.AccountRecoverySetting.RecoveryMechanisms, [{ Name: "admin_only", Priority: 1 }]);
  assert.equal(pool.Properties.SmsConfiguration, undefined);
});

test("tokens live five minutes, sessions twelve hours", () => {
  const { AccessTokenValidity, IdTokenValidity, RefreshTokenValidity, TokenValidityUnits } = client.Properties;
  assert.deepEqual([AccessTokenValidity, IdTokenValidity, RefreshTokenValidity], [5, 5, 720]);
  assert.deepEqual(TokenValidityUnits, { AccessToken: "minutes", IdToken: "minutes", RefreshToken: "minutes" });
});

test("a session can be ended, and answers of Cognito do not reveal whether a name exists", () => {
  assert.equal(client.Properties.EnableTokenRevocation, true);
  assert.equal(client.Properties.PreventUserExistenceErrors, "ENABLED");
});

test("there are the three groups that functions know", () => {
  const groups = Object.values(found.findResources("AWS::Cognito::UserPoolGroup")).map((resource) => resource["Properties"].GroupName);
  assert.deepEqual(groups.sort(), ["operator", "reader", "writer"]);
});

test("accounts outlive the stack, and the pool refuses to be deleted unless set otherwise", () => {
  assert.equal(pool.DeletionPolicy, "Retain");
  assert.equal(pool.Properties.DeletionProtection, "ACTIVE");
  const open = only(templateWith({ deletionProtection: "false" }), "AWS::Cognito::UserPool");
  assert.equal(open.Properties.DeletionProtection, "INACTIVE");
});
