import assert from "node:assert/strict";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { only, readable, template, templateWith, type Json } from "../support";

const NAMED = "arn:aws:sns:eu-central-1:123456789012:on-call";

/** The actions of the alarms, which all have the same. */
function actionsOf(found: Template): Json {
  const alarms = Object.values(found.findResources("AWS::CloudWatch::Alarm")) as Json[];
  const [first] = alarms;
  for (const { Properties } of alarms) {
    assert.deepEqual(Properties.AlarmActions, first.Properties.AlarmActions, Properties.AlarmName);
    assert.deepEqual(Properties.OKActions, first.Properties.AlarmActions, "the end of an alarm is told as well");
  }
  return first.Properties.AlarmActions;
}

test("without a setting there is no topic, and alarms tell nobody", () => {
  template().resourceCountIs("AWS::SNS::Topic", 0);
  assert.equal(actionsOf(template()), undefined);
});

test("an address subscribes to a topic of the stack, which every alarm tells", () => {
  const found = templateWith({ alarmEmail: "team@example.com" });
  const [topic] = Object.keys(found.findResources("AWS::SNS::Topic"));
  assert.deepEqual(actionsOf(found), [{ Ref: topic }]);
  assert.deepEqual(only(found, "AWS::SNS::Subscription").Properties, {
    Endpoint: "team@example.com",
    Protocol: "email",
    TopicArn: { Ref: topic },
  });
  assert.deepEqual(found.toJSON()["Outputs"].AlarmTopicArn.Value, { Ref: topic });
});

test("the topic takes messages of this deployment's alarms alone, and none without TLS", () => {
  const found = templateWith({ alarmEmail: "team@example.com", environment: "staging" });
  const { Statement } = only(found, "AWS::SNS::TopicPolicy").Properties.PolicyDocument;
  const [denied, allowed, ...more] = Statement;
  assert.deepEqual(more, []);
  assert.deepEqual([denied.Effect, denied.Principal, denied.Condition.Bool], ["Deny", "*", { "aws:SecureTransport": "false" }]);
  assert.deepEqual([allowed.Effect, allowed.Principal, allowed.Action], ["Allow", { Service: "cloudwatch.amazonaws.com" }, "sns:Publish"]);
  assert.deepEqual(allowed.Condition.StringEquals, { "aws:SourceAccount": { Ref: "AWS::AccountId" } });
  assert.match(readable(allowed.Condition.ArnLike["aws:SourceArn"]), /:alarm:staging-Rowgate\/\*$/);
});

test("a topic that is there already is told, beside the one of an address", () => {
  const named = templateWith({ alarmTopicArn: NAMED });
  named.resourceCountIs("AWS::SNS::Topic", 0);
  assert.deepEqual(actionsOf(named), [NAMED]);
  const both = templateWith({ alarmTopicArn: NAMED, alarmEmail: "team@example.com" });
  const [topic] = Object.keys(both.findResources("AWS::SNS::Topic"));
  assert.deepEqual(actionsOf(both), [{ Ref: topic }, NAMED]);
});
