import assert from "node:assert/strict";
import { test } from "node:test";

import { everyFunction, only, statements, template } from "../support";

test("the function that fills tables is only there where it is asked for", () => {
  const names = (from: ReturnType<typeof template>) =>
    Object.values(from.findResources("AWS::Lambda::Function")).map((resource) => resource["Properties"].FunctionName);
  assert.deepEqual(names(everyFunction()).filter((name) => !names(template()).includes(name)), ["rowgate-sample"]);
});

test("the function that fills tables drops files, and touches nothing else", () => {
  const found = everyFunction();
  const [bucket] = Object.keys(found.findResources("AWS::S3::Bucket"));
  const incoming = { "Fn::Join": ["", [{ "Fn::GetAtt": [bucket, "Arn"] }, "/incoming/*"]] };
  assert.deepEqual(statements(found, "SamplePolicy")["DropFiles"].Resource, incoming);
  const { Properties } = only(found, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-sample");
  assert.deepEqual(Properties.Environment.Variables, { ROWGATE_BUCKET: { Ref: bucket } });
});
