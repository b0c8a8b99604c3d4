import assert from "node:assert/strict";
import { test } from "node:test";

import { only, statements, template, templateWith, type Json } from "../support";

const found = template();
const bucket = only(found, "AWS::S3::Bucket");
const queue = only(found, "AWS::SQS::Queue", ({ RedrivePolicy }) => RedrivePolicy);
const deadLetters = found.toJSON()["Resources"][queue.Properties.RedrivePolicy.deadLetterTargetArn["Fn::GetAtt"][0]];
const loader = only(found, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-loader");

test("the bucket is versioned, encrypted, closed to the public, and outlives the stack", () => {
  assert.deepEqual(bucket.Properties.VersioningConfiguration, { Status: "Enabled" });
  assert.deepEqual(bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration, [
    { ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } },
  ]);
  assert.deepEqual(bucket.Properties.PublicAccessBlockConfiguration, {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  assert.equal(bucket.DeletionPolicy, "RetainExceptOnCreate");
  assert.equal(bucket.UpdateReplacePolicy, "Retain");
});

test("the bucket and the queues take no call without TLS", () => {
  const policies = [
    ...Object.values(found.findResources("AWS::S3::BucketPolicy")),
    ...Object.values(found.findResources("AWS::SQS::QueuePolicy")),
  ] as Json[];
  assert.equal(policies.length, 4);
  for (const { Properties } of policies) {
    const denied = Properties.PolicyDocument.Statement.find(
      (statement: Json) => statement.Effect === "Deny" && statement.Condition.Bool?.["aws:SecureTransport"] === "false",
    );
    assert.ok(denied);
  }
});

test("old versions stay longer than a message can wait in both queues", () => {
  const [rule] = bucket.Properties.LifecycleConfiguration.Rules;
  const days = (queue.Properties.MessageRetentionPeriod + deadLetters.Properties.MessageRetentionPeriod) / 86_400;
  assert.ok(rule.NoncurrentVersionExpiration.NoncurrentDays > days);
  assert.equal(rule.Prefix, undefined);
  for (const { ExpirationInDays, Prefix } of bucket.Properties.LifecycleConfiguration.Rules) {
    const known: Record<string, number> = { "incoming/rowgate_canary/": 1, "rejected/": 365, "rowgate/parts/": 1 };
    assert.equal(ExpirationInDays, known[Prefix], "what nobody replaced or removed stays");
  }
});

test("dropped files and rejected records are kept as long as is set", () => {
  const kept = (context: Json) => {
    const made = templateWith(context);
    const rules: Json[] = only(made, "AWS::S3::Bucket").Properties.LifecycleConfiguration.Rules;
    const { Environment } = only(made, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-loader").Properties;
    const days = (id: string) => rules.find(({ Id }) => Id === id)?.ExpirationInDays;
    return [days("forget-incoming-files"), days("forget-rejected-records"), Environment.Variables.ROWGATE_REJECTED_KEEP_DAYS];
  };
  assert.deepEqual(kept({}), [undefined, 365, "365"]);
  assert.deepEqual(kept({ incomingKeepDays: "45", rejectedKeepDays: "1" }), [45, 1, "1"]);
  assert.deepEqual(kept({ rejectedKeepDays: 0 }), [undefined, undefined, "0"]);
});

test("parts are gone after a day, and so is what the loader deleted", () => {
  const rules = bucket.Properties.LifecycleConfiguration.Rules as Json[];
  const [rule] = rules.filter(({ Prefix }) => Prefix === "rowgate/parts/");
  assert.deepEqual([rule.Status, rule.ExpirationInDays, rule.NoncurrentVersionExpiration], ["Enabled", 1, { NoncurrentDays: 1 }]);
});

test("an upload in parts that nobody finishes is gone after a day", () => {
  const rules = bucket.Properties.LifecycleConfiguration.Rules as Json[];
  const [rule] = rules.filter(({ Prefix }) => Prefix === "incoming/");
  assert.deepEqual(rule.AbortIncompleteMultipartUpload, { DaysAfterInitiation: 1 });
});

test("a file dropped under incoming/, and no other, makes a message in the queue", () => {
  assert.deepEqual(bucket.Properties.NotificationConfiguration.QueueConfigurations, [
    {
      Event: "s3:ObjectCreated:*",
      Filter: { S3Key: { Rules: [{ Name: "prefix", Value: "incoming/" }] } },
      Queue: { "Fn::GetAtt": [Object.entries(found.findResources("AWS::SQS::Queue")).find(([, { Properties }]) => Properties.RedrivePolicy)?.[0], "Arn"] },
    },
  ]);
});

test("the queue's policy is there before the bucket, which S3 checks", () => {
  const types = bucket.DependsOn.map((id: string) => found.toJSON()["Resources"][id].Type);
  assert.ok(types.includes("AWS::SQS::QueuePolicy"));
});

test("only this account's bucket may write to the queue", () => {
  const policies = Object.values(found.findResources("AWS::SQS::QueuePolicy")) as Json[];
  const allowed = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement).filter(({ Effect }) => Effect === "Allow");
  assert.equal(allowed.length, 1);
  assert.deepEqual(allowed[0].Condition.StringEquals, { "aws:SourceAccount": { Ref: "AWS::AccountId" } });
  assert.match(JSON.stringify(allowed[0].Condition.ArnLike), /:s3:::rowgate-data-\*/);
});

test("a message comes back no sooner than six times the loader's time", () => {
  assert.ok(queue.Properties.VisibilityTimeout >= 6 * loader.Properties.Timeout);
});

test("a message has at least five tries, and then all the time there is", () => {
  assert.ok(queue.Properties.RedrivePolicy.maxReceiveCount >= 5);
  assert.equal(deadLetters.Properties.MessageRetentionPeriod, 14 * 86_400);
  const tries = queue.Properties.RedrivePolicy.maxReceiveCount * queue.Properties.VisibilityTimeout;
  assert.ok(tries < queue.Properties.MessageRetentionPeriod, "the tries end before the message does");
});

test("both queues are encrypted", () => {
  found.allResourcesProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
});

test("the loader gets one file at a time and names what failed", () => {
  found.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    BatchSize: 1,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    ScalingConfig: { MaximumConcurrency: 4 },
  });
  assert.equal(loader.Properties.ReservedConcurrentExecutions, undefined);
});

test("the loader has a whole core, knows its queue, and decides by itself what nobody set", () => {
  assert.equal(loader.Properties.MemorySize, 1769);
  assert.deepEqual(loader.Properties.Environment.Variables.ROWGATE_QUEUE_URL, {
    Ref: Object.entries(found.findResources("AWS::SQS::Queue")).find(([, { Properties }]) => Properties.RedrivePolicy)?.[0],
  });
  const settled = templateWith({ loaderMemory: "3008", loaderLanes: "4", maxRejects: "2.5%" });
  const { MemorySize, Environment } = only(settled, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-loader").Properties;
  const { ROWGATE_LANES, ROWGATE_MAX_REJECTS } = Environment.Variables;
  assert.deepEqual([MemorySize, ROWGATE_LANES, ROWGATE_MAX_REJECTS], [3008, "4", "2.5%"]);
});

test("the ledger is audited every quarter of an hour", () => {
  const { Properties } = only(found, "AWS::Events::Rule", ({ Description }) => Description === "Checks the loads ledger");
  assert.equal(Properties.ScheduleExpression, "rate(15 minutes)");
  assert.equal(Properties.State, "ENABLED");
  assert.deepEqual(Properties.Targets.map(({ Input }: Json) => JSON.parse(Input)), [{ audit: {} }]);
});

test("a load is abandoned no sooner than its message must be visible again", () => {
  // Two hours: STALLED_AFTER of the loader.
  assert.ok(queue.Properties.VisibilityTimeout + loader.Properties.Timeout < 2 * 3600);
});

test("the loader reads other buckets only where they are set, and never writes there", () => {
  const sids = (context: Json) => statements(templateWith(context), "IngestionLoaderPolicy");
  const others = sids({ readBuckets: "old-files, archive.2020" });
  const arn = (rest: string) => ({ "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, `:s3:::${rest}`]] });
  assert.deepEqual(others["ListOtherBuckets"].Resource, [arn("archive.2020"), arn("old-files")]);
  assert.deepEqual(others["ReadOtherBuckets"].Resource, [arn("archive.2020/*"), arn("old-files/*")]);
  assert.deepEqual(others["ReadOtherBuckets"].Action, ["s3:GetObject", "s3:GetObjectVersion"]);
  assert.equal(statements(found, "IngestionLoaderPolicy")["ReadOtherBuckets"], undefined);
});
