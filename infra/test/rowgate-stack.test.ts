import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import { AwsSolutionsChecks } from "cdk-nag";

import { INFRA_DIR, rowgate, template } from "./support";

const SNAPSHOT = path.join(INFRA_DIR, "test", "__snapshots__", "rowgate.template.json");

const found = template();

test("the template is the one in the snapshot", () => {
  const text = `${JSON.stringify(found.toJSON(), null, 1)}\n`
    // The hash of a function's binary changes with every build and says nothing about the stack.
    .replace(/[0-9a-f]{64}\.zip/g, "ASSET.zip");
  if (process.env["ROWGATE_WRITE_SNAPSHOT"] === "1") {
    mkdirSync(path.dirname(SNAPSHOT), { recursive: true });
    writeFileSync(SNAPSHOT, text);
  }
  assert.ok(existsSync(SNAPSHOT), "there is no snapshot; `npm run snapshot` writes it");
  assert.equal(text, readFileSync(SNAPSHOT, "utf8"), "the template changed; look at it, then `npm run snapshot`");
});

test("breaks no rule of the AWS Solutions pack without a reason", () => {
  const { app, stack } = rowgate({ readBuckets: "old-files", restorePrefixes: "avro/,glue/exports/" });
  const report = new AwsSolutionsChecks(app).validateScope(stack);
  assert.deepEqual(report.violations, []);
  assert.equal(report.success, true);
});

test("has no custom resource and no function but its own", () => {
  const types = Object.values(found.toJSON()["Resources"] as Record<string, { Type: string }>).map(({ Type }) => Type);
  assert.deepEqual(types.filter((type) => type.startsWith("Custom::") || type.includes("CustomResource")), []);
  const names = Object.values(found.findResources("AWS::Lambda::Function")).map((resource) => resource["Properties"].FunctionName);
  assert.deepEqual(names.sort(), [
    "rowgate-backup",
    "rowgate-canary",
    "rowgate-insert",
    "rowgate-loader",
    "rowgate-migrate",
    "rowgate-reports",
    "rowgate-restore",
  ]);
});

test("has no network gateway that costs by the hour", () => {
  for (const type of ["AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::VPCEndpoint"]) {
    found.resourceCountIs(type, 0);
  }
});

test("gives out what users and the local cloud ask for", () => {
  assert.deepEqual(Object.keys(found.findOutputs("*")).sort(), [
    "ApiUrl",
    "ClusterArn",
    "DataBucketName",
    "DatabaseName",
    "DeadLetterQueueUrl",
    "OperatorKeyId",
    "QueueUrl",
    "RestApiId",
    "SecretArn",
    "WriterKeyId",
  ]);
});
