import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import { AwsSolutionsChecks } from "cdk-nag";

import { FUNCTIONS } from "./functions/expected";
import { type Context, INFRA_DIR, type Json, lakeTemplate, rowgate, template, templateOf } from "./support";

const SNAPSHOTS = path.join(INFRA_DIR, "test", "__snapshots__");

/** Every setting that adds something. */
const EVERYTHING: Context = {
  alarmEmail: "team@example.com",
  allowCidrs: "203.0.113.0/24",
  canaryMinutes: "0",
  environment: "staging",
  incomingKeepDays: "90",
  lake: "true",
  loaderPath: "s3",
  readBuckets: "old-files",
  readers: "1",
  restorePrefixes: "avro/,glue/exports/",
  sample: "true",
  snapshotIdentifier: "before-the-change",
  webAclArn: "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/rowgate/0a1b2c3d",
};

const found = template();
const plain = rowgate();
const everything = rowgate(EVERYTHING);

const byText = (one: Json, other: Json) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

for (const [name, stack] of [
  ["data", plain.data],
  ["service", plain.service],
  ["everything-data", everything.data],
  ["everything-service", everything.service],
] as const) {
  test(`the template ${name} is the one in the snapshot`, () => {
    const masked = JSON.stringify(templateOf(stack))
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

for (const [name, { app, data, service }] of Object.entries({ plain, everything })) {
  test(`breaks no rule of the AWS Solutions pack without a reason, ${name}`, () => {
    for (const stack of [data, service]) {
      const report = new AwsSolutionsChecks(app).validateScope(stack);
      assert.deepEqual(report.violations, []);
      assert.equal(report.success, true);
    }
  });
}

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
  const count = Object.keys(templateOf(everything.service)["Resources"]).length;
  assert.ok(count <= 450, `${count} of 500`);
});

test("has no network gateway that costs by the hour", () => {
  for (const type of ["AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::VPCEndpoint"]) {
    found.resourceCountIs(type, 0);
  }
  const endpoints = Object.values(templateOf(everything.data)["Resources"]).filter(({ Type }: Json) => Type === "AWS::EC2::VPCEndpoint");
  assert.deepEqual(endpoints.map(({ Properties }: Json) => Properties.VpcEndpointType), ["Gateway"]);
});

test("what must not be lost is in a stack of its own, which depends on nothing of the other", () => {
  const types = (stack: Json): string[] => Object.values(templateOf(stack)["Resources"] as Json).map(({ Type }: Json) => Type);
  const kept = ["AWS::RDS::DBCluster", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::ApiGateway::ApiKey", "AWS::Cognito::UserPool", "AWS::SecretsManager::Secret"];
  for (const type of kept) {
    assert.ok(types(plain.data).includes(type), type);
    assert.ok(!types(everything.service).includes(type), type);
  }
  assert.ok(!types(everything.data).some((type) => type.startsWith("AWS::Lambda::")));
  assert.doesNotMatch(JSON.stringify(templateOf(everything.data)), /Fn::GetStackOutput|Fn::ImportValue/);
});

test("an environment's name is in front of every name that the stacks choose", () => {
  const named = (context: Context) => {
    const { data, service } = rowgate(context);
    const resources = [data, service].flatMap((stack) => Object.values(templateOf(stack)["Resources"] as Json));
    const names = resources.flatMap(({ Properties = {} }: Json) =>
      ["FunctionName", "LogGroupName", "AlarmName", "StateMachineName", "DashboardName", "TopicName"].flatMap((name) =>
        typeof Properties[name] === "string" ? [`${name} ${Properties[name]}`] : [],
      ),
    );
    return { stacks: [data.stackName, service.stackName], names: names.sort() };
  };
  const lake = { lake: "true", sample: "true" };
  const without = named(lake);
  const staging = named({ ...lake, environment: "staging" });
  assert.deepEqual(without.stacks, ["rowgate-data", "rowgate"]);
  assert.deepEqual(staging.stacks, ["staging-rowgate-data", "staging-rowgate"]);
  const removed = staging.names.map((name) => name.replace("staging-", "").replace("staging_", ""));
  assert.deepEqual(removed.sort(), without.names);
  assert.deepEqual(staging.names.filter((name) => without.names.includes(name)), [], "no two environments have a name in common");
});

test("gives out what users and the local cloud ask for", () => {
  const outputs = (stack: Json) => Object.keys(templateOf(stack)["Outputs"]).filter((name) => !name.startsWith("PublishOutput"));
  const { data, service } = rowgate({ lake: "true", keys: [{ name: "operator", right: "operate" }, { name: "team-a", right: "read" }] });
  assert.deepEqual(outputs(data).sort(), [
    "AdminSecretArn",
    "ClusterArn",
    "DataBucketArn",
    "DataBucketName",
    "DatabaseName",
    "DeadLetterQueueUrl",
    "FailedInvocationsUrl",
    "LakeBucketArn",
    "LakeBucketName",
    "OperatorKeyId",
    "QueueUrl",
    "ReaderSecretArn",
    "TeamAKeyId",
    "UserPoolId",
    "WriterSecretArn",
  ]);
  assert.deepEqual(outputs(service).sort(), ["ApiUrl", "ConsoleUrl", "LakeStateMachineArn", "LakeWorkGroup", "PeopleUrl", "RestApiId"]);
});
