import assert from "node:assert/strict";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { only, statements, template, templateWith, type Json } from "../support";

const found = template();
const [bucket] = Object.keys(found.findResources("AWS::S3::Bucket"));
const canary = lambda(found);

function lambda(from: Template): Json {
  return only(from, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-canary").Properties;
}

function operatorKey(from: Template): string {
  const keys = Object.entries(from.findResources("AWS::ApiGateway::ApiKey"));
  const [id] = keys.find(([, { Properties }]) => Properties.Description.startsWith("Rowgate: operator"))!;
  return id;
}

function rules(from: Template): Json[] {
  const all = Object.values(from.findResources("AWS::Events::Rule")) as Json[];
  const isCanarys = ({ Properties }: Json) => {
    const target = from.toJSON()["Resources"][Properties.Targets[0].Arn["Fn::GetAtt"][0]];
    return target.Properties.FunctionName === "rowgate-canary";
  };
  return all.filter(isCanarys).map(({ Properties }) => Properties);
}

test("runs every five minutes with an empty event, and is not tried again", () => {
  const [rule, ...more] = rules(found);
  assert.deepEqual(more, []);
  assert.deepEqual([rule.ScheduleExpression, rule.State, rule.Targets[0].Input], ["rate(5 minutes)", "ENABLED", "{}"]);
  const retries = Object.values(found.findResources("AWS::Lambda::EventInvokeConfig")) as Json[];
  const its = retries.filter(({ Properties }) => Properties.FunctionName.Ref.startsWith("Canary"));
  assert.deepEqual(its.map(({ Properties }) => Properties.MaximumRetryAttempts), [0]);
});

test("calls the API by its real address, with a key that it knows by its id alone", () => {
  const { ROWGATE_URL, ...rest } = canary.Environment.Variables;
  assert.deepEqual(rest, { ROWGATE_KEY_ID: { Ref: operatorKey(found) }, ROWGATE_BUCKET: { Ref: bucket } });
  assert.deepEqual(ROWGATE_URL, found.toJSON()["Outputs"].ApiUrl.Value);
});

test("may read the operator's key, drop files for its own table, write its log and nothing else", () => {
  const { WriteLogs, ReadKey, DropFiles, ...more } = statements(found, "Canary");
  assert.deepEqual(more, {});
  assert.ok(WriteLogs);
  assert.equal(ReadKey.Action, "apigateway:GET");
  assert.deepEqual(ReadKey.Resource["Fn::Join"][1].slice(-2), ["::/apikeys/", { Ref: operatorKey(found) }]);
  assert.equal(DropFiles.Action, "s3:PutObject");
  assert.deepEqual(DropFiles.Resource, { "Fn::Join": ["", [{ "Fn::GetAtt": [bucket, "Arn"] }, "/incoming/rowgate_canary/*"]] });
});

test("its files go after a day", () => {
  const { Rules } = only(found, "AWS::S3::Bucket").Properties.LifecycleConfiguration;
  const rule = Rules.find(({ Prefix }: Json) => Prefix === "incoming/rowgate_canary/");
  assert.deepEqual([rule.ExpirationInDays, rule.Status], [1, "Enabled"]);
});

test("another address and another time are those that are set", () => {
  const other = templateWith({ apiUrl: "http://127.0.0.1:4566/restapis/{id}/v1/_user_request_", canaryMinutes: "30" });
  const [restApi] = Object.keys(other.findResources("AWS::ApiGateway::RestApi"));
  const url = { "Fn::Join": ["", ["http://127.0.0.1:4566/restapis/", { Ref: restApi }, "/v1/_user_request_"]] };
  assert.deepEqual(lambda(other).Environment.Variables.ROWGATE_URL, url);
  assert.deepEqual(other.toJSON()["Outputs"].ApiUrl.Value, url);
  assert.equal(rules(other)[0].ScheduleExpression, "rate(30 minutes)");
  const alarm = only(other, "AWS::CloudWatch::Alarm", ({ AlarmName }) => AlarmName === "Rowgate/CanaryFailing").Properties;
  assert.equal(alarm.Period, 1800);
});

test("two failures in three runs raise the alarm, and so does silence", () => {
  const alarm = only(found, "AWS::CloudWatch::Alarm", ({ AlarmName }) => AlarmName === "Rowgate/CanaryFailing").Properties;
  const { MetricName, Statistic, Period, Threshold, ComparisonOperator, Dimensions } = alarm;
  assert.deepEqual([MetricName, Statistic, Period, Threshold], ["CanaryOk", "Minimum", 300, 1]);
  assert.deepEqual([ComparisonOperator, Dimensions], ["LessThanThreshold", undefined]);
  assert.deepEqual([alarm.DatapointsToAlarm, alarm.EvaluationPeriods, alarm.TreatMissingData], [2, 3, "breaching"]);
});

test("without a schedule there is the function and nothing that waits for it", () => {
  const quiet = templateWith({ canaryMinutes: "0" });
  assert.deepEqual(rules(quiet), []);
  assert.ok(lambda(quiet));
  const alarms = Object.values(quiet.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties.AlarmName);
  assert.ok(!alarms.includes("Rowgate/CanaryFailing"));
});
