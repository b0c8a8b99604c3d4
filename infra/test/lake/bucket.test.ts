import assert from "node:assert/strict";
import { test } from "node:test";

import { lakeTemplate, only, readable, template } from "../support";

const found = lakeTemplate();
const [id = ""] = Object.keys(found.findResources("AWS::S3::Bucket")).filter((name) => name.startsWith("Lake"));
const bucket = found.findResources("AWS::S3::Bucket")[id] as any;

test("there is no lake unless it is set", () => {
  for (const type of ["AWS::Glue::Job", "AWS::Glue::Database", "AWS::Athena::WorkGroup", "AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule"]) {
    template().resourceCountIs(type, 0);
  }
  template().resourceCountIs("AWS::S3::Bucket", 1);
});

test("the lake's bucket is encrypted, closed to the public and outlives the stack", () => {
  const { BucketEncryption, PublicAccessBlockConfiguration } = bucket.Properties;
  assert.deepEqual(BucketEncryption.ServerSideEncryptionConfiguration, [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }]);
  assert.deepEqual(Object.values(PublicAccessBlockConfiguration), [true, true, true, true]);
  assert.deepEqual([bucket.DeletionPolicy, bucket.UpdateReplacePolicy], ["RetainExceptOnCreate", "Retain"]);
});

test("it is spoken to by TLS alone", () => {
  const policy = only(found, "AWS::S3::BucketPolicy", ({ Bucket }) => Bucket.Ref === id);
  const conditions = policy.Properties.PolicyDocument.Statement.map(({ Effect, Condition, Resource }: any) => [Effect, Condition, Resource.map(readable)]);
  const all = [`<${id}.Arn>`, `<${id}.Arn>/*`];
  assert.deepEqual(conditions, [
    ["Deny", { Bool: { "aws:SecureTransport": "false" } }, all],
    ["Deny", { NumericLessThan: { "s3:TlsVersion": 1.2 } }, all],
  ]);
});

test("it keeps no versions, which Delta has, and nothing of interrupted uploads", () => {
  assert.equal(bucket.Properties.VersioningConfiguration, undefined);
  const rules = Object.fromEntries(bucket.Properties.LifecycleConfiguration.Rules.map((rule: any) => [rule.Id, rule]));
  assert.deepEqual(rules["abort-interrupted-uploads"].AbortIncompleteMultipartUpload, { DaysAfterInitiation: 7 });
});

test("results of queries and lineage expire, and no table does", () => {
  const rules = bucket.Properties.LifecycleConfiguration.Rules.filter(({ ExpirationInDays }: any) => ExpirationInDays !== undefined);
  assert.deepEqual(rules.map(({ Prefix, ExpirationInDays }: any) => [Prefix, ExpirationInDays]), [
    ["athena-results/", 7],
    ["lineage/", 400],
  ]);
});
