import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks } from "cdk-nag";

import { FUNCTIONS } from "./functions/expected";
import { INFRA_DIR, type Json, lakeTemplate, rowgate, template } from "./support";

const SNAPSHOTS = path.join(INFRA_DIR, "test", "__snapshots__");

const found = template();

const byText = (one: Json, other: Json) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

for (const [name, with_, shown] of [
  ["rowgate", "", found],
  ["rowgate-lake", " with the lake", lakeTemplate()],
] as const) {
  test(`the template${with_} is the one in the snapshot`, () => {
    const masked = JSON.stringify(shown.toJSON())
      // The hash of a function's binary changes with every build and says nothing about the stack.
      .replace(/[0-9a-f]{64}\.(zip|py)/g, "ASSET.$1")
      // Nor does the version of a module, which lake/requirements.txt names.
      .replace(/(--additional-python-modules": ")[^"]*/, "$1MODULES");
    // The CDK sorts the resources of a policy, and so by those hashes.
    const sorted = (key: string, value: Json) => (key === "Resource" && Array.isArray(value) ? value.sort(byText) : value);
    const text = `${JSON.stringify(JSON.parse(masked, sorted), null, 1)}\n`;
    const file = path.join(SNAPSHOTS, `${name}.template.json`);
    if (process.env["ROWGATE_WRITE_SNAPSHOT"] === "1") {
      mkdirSync(SNAPSHOTS, { recursive: true });
      writeFileSync(file, text);
    }
    assert.ok(existsSync(file), "there is no snapshot; `npm run snapshot` writes it");
    assert.equal(text, readFileSync(file, "utf8"), "the template changed; look at it, then `npm run snapshot`");
  });
}

test("breaks no rule of the AWS Solutions pack without a reason", () => {
  const { app, stack } = rowgate({ readBuckets: "old-files", restorePrefixes: "avro/,glue/exports/", lake: "true", sample: "true" });
  const report = new AwsSolutionsChecks(app).validateScope(stack);
  assert.deepEqual(report.violations, []);
  assert.equal(report.success, true);
});

test("has no custom resource and no function but its own", () => {
  for (const shown of [found, lakeTemplate()]) {
    const types = Object.values(shown.toJSON()["Resources"] as Record<string, { Type: string }>).map(({ Type }) => Type);
    assert.deepEqual(types.filter((type) => type.startsWith("Custom::") || type.includes("CustomResource")), []);
  }
  const names = Object.values(lakeTemplate().findResources("AWS::Lambda::Function")).map((resource) => resource["Properties"].FunctionName);
  const expected = Object.entries(FUNCTIONS).filter(([, { isOptional }]) => !isOptional);
  assert.deepEqual(names.sort(), expected.map(([name]) => `rowgate-${name}`).sort());
});

test("leaves room under the number of resources that a template may have", () => {
  const count = Object.keys(lakeTemplate().toJSON()["Resources"]).length;
  assert.ok(count <= 450, `${count} of 500`);
});

test("has no network gateway that costs by the hour", () => {
  for (const type of ["AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::VPCEndpoint"]) {
    found.resourceCountIs(type, 0);
  }
});

test("gives out what users and the local cloud ask for", () => {
  const outputs = (shown: Template) => Object.keys(shown.findOutputs("*")).sort();
  const own = [
    "ApiUrl",
    "ClusterArn",
    "ConsoleUrl",
    "DataBucketName",
    "DatabaseName",
    "DeadLetterQueueUrl",
    "OperatorKeyId",
    "PeopleUrl",
    "QueueUrl",
    "RestApiId",
    "SecretArn",
    "UserPoolId",
    "WriterKeyId",
  ];
  assert.deepEqual(outputs(found), own);
  assert.deepEqual(outputs(lakeTemplate()), [...own, "LakeBucketName", "LakeStateMachineArn", "LakeWorkGroup"].sort());
});
