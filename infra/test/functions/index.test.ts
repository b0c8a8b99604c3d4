import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import { everyFunction, INFRA_DIR, only, statements, type Json } from "../support";
import { type Expected, FUNCTIONS } from "./expected";

const found = everyFunction();
const functions: Json[] = Object.values(found.findResources("AWS::Lambda::Function"));

/** The expectations of the functions, by their names on AWS. */
function expected<T>(value: (one: Expected) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(FUNCTIONS).map(([name, one]) => [`rowgate-${name}`, value(one)]));
}

/** Reads a `Duration` constant of lambda-kit's HTTP time limits, in milliseconds. */
function milliseconds(constant: string): number {
  const file = path.join(INFRA_DIR, "..", "crates", "lambda-kit", "src", "http", "in_time.rs");
  const value = new RegExp(`const ${constant}: Duration = Duration::from_(secs|millis)\\(([\\d_]+)\\);`);
  const [, unit, count] = value.exec(readFileSync(file, "utf8")) ?? [];
  if (unit === undefined || count === undefined) {
    throw new Error(`${file} has no constant ${constant} in seconds or milliseconds`);
  }
  return Number(count.replaceAll("_", "")) * (unit === "secs" ? 1000 : 1);
}

test("functions run on arm64 and Amazon Linux 2023 unless set otherwise", () => {
  found.allResourcesProperties("AWS::Lambda::Function", { Architectures: ["arm64"], Runtime: "provided.al2023" });
});

test("functions that only answer requests give up before API Gateway does, the canary before it runs again, the others get the longest time there is", () => {
  const timeouts = Object.fromEntries(functions.map(({ Properties }) => [Properties.FunctionName, Properties.Timeout]));
  assert.deepEqual(timeouts, expected(({ timeout }) => timeout));
});

test("a request is answered before its function times out, and the function times out before API Gateway", () => {
  const answer = milliseconds("REQUEST_TIME") + milliseconds("FINISH_TIME");
  const methods: Json[] = Object.values(found.findResources("AWS::ApiGateway::Method"));
  // API Gateway waits for 29 seconds unless a method says otherwise.
  const gateway = Math.min(...methods.map(({ Properties }) => Properties.Integration.TimeoutInMillis ?? 29_000));
  for (const name of ["rowgate-insert", "rowgate-reports", "rowgate-uploads", "rowgate-accounts", "rowgate-console"]) {
    const { Properties } = only(found, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === name);
    const timeout = 1000 * Properties.Timeout;
    assert.ok(answer < timeout && timeout < gateway, `${name}: ${answer} ms, ${timeout} ms, ${gateway} ms`);
  }
});

test("only functions that hand themselves on may be in a chain of invocations that AWS would take for a loop", () => {
  const allowed = functions.filter(({ Properties }) => Properties.RecursiveLoop === "Allow");
  const names = allowed.map(({ Properties }) => Properties.FunctionName);
  const chained = Object.entries(FUNCTIONS).filter(([, { isChained }]) => isChained);
  assert.deepEqual(names.sort(), chained.map(([name]) => `rowgate-${name}`).sort());
});

test("every function has the variables that it needs", () => {
  const names = Object.fromEntries(
    functions.map(({ Properties }) => [Properties.FunctionName, Object.keys(Properties.Environment.Variables).sort()]),
  );
  assert.deepEqual(names, expected(({ variables }) => [...variables].sort()));
});

test("every function has a role and a log group of its own, with a retention", () => {
  const roles = functions.map(({ Properties }) => Properties.Role["Fn::GetAtt"][0]);
  assert.equal(new Set(roles).size, functions.length);
  for (const { Properties } of functions) {
    const group = found.toJSON()["Resources"][Properties.LoggingConfig.LogGroup.Ref];
    assert.equal(group.Properties.LogGroupName, `/aws/lambda/${Properties.FunctionName}`);
    assert.equal(group.Properties.RetentionInDays, 30);
  }
});

test("a function starts after its rights are in place", () => {
  for (const { Properties, DependsOn } of functions) {
    const types = DependsOn.map((id: string) => found.toJSON()["Resources"][id].Type);
    assert.ok(types.includes("AWS::IAM::Policy"), Properties.FunctionName);
  }
});

test("the reports read rejects files and nothing else in the bucket", () => {
  const { Action, Resource } = statements(found, "ReportsPolicy")["SignRejects"];
  const bucket = { "Fn::GetAtt": [Object.keys(found.findResources("AWS::S3::Bucket"))[0], "Arn"] };
  assert.deepEqual([Action, Resource], ["s3:GetObject", { "Fn::Join": ["", [bucket, "/rejected/*"]] }]);
});

test("the reports and uploads only run single statements, and the accounts commit nothing else", () => {
  for (const id of ["ReportsPolicy", "UploadsPolicy"]) {
    assert.equal(statements(found, id)["UseDatabase"].Action, "rds-data:ExecuteStatement");
  }
  const { Action } = statements(found, "PeopleAccountsPolicy")["UseDatabase"];
  assert.ok(!Action.includes("rds-data:CommitTransaction"));
});

test("the loader reads what is dropped and writes rejects and what it remembers, nothing else in the bucket", () => {
  const policy = statements(found, "IngestionLoaderPolicy");
  const bucket = { "Fn::GetAtt": [Object.keys(found.findResources("AWS::S3::Bucket"))[0], "Arn"] };
  const at = (key: string) => ({ "Fn::Join": ["", [bucket, `/${key}`]] });
  const under = (prefix: string) => at(`${prefix}/*`);
  assert.deepEqual(policy["ReadDroppedFiles"].Resource, under("incoming"));
  assert.deepEqual(policy["WriteRejects"].Resource, under("rejected"));
  assert.deepEqual(policy["RememberAudits"].Resource, [at("rowgate/last-audit"), at("rowgate/last-load")]);
  assert.deepEqual(policy["ListDroppedFiles"].Resource, bucket);
});

test("no right of a function is on everything", () => {
  for (const policy of Object.values(found.findResources("AWS::IAM::Policy")) as Json[]) {
    for (const { Sid, Action, Resource } of policy.Properties.PolicyDocument.Statement) {
      assert.notEqual(Resource, "*", Sid);
      assert.ok([Action].flat().every((action: string) => !action.includes("*")), Sid);
    }
  }
});

test("roles can be taken by functions only", () => {
  const roles = functions.map(({ Properties }) => found.toJSON()["Resources"][Properties.Role["Fn::GetAtt"][0]]);
  for (const { Properties } of roles) {
    assert.deepEqual(Properties.AssumeRolePolicyDocument.Statement[0].Principal, { Service: "lambda.amazonaws.com" });
    assert.equal(Properties.ManagedPolicyArns, undefined);
  }
  assert.ok(only(found, "AWS::IAM::Role", ({ ManagedPolicyArns }) => ManagedPolicyArns !== undefined), "API Gateway's own");
});
