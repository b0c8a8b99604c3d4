import assert from "node:assert/strict";
import { test } from "node:test";

import { template, type Json } from "../support";

const alarms = Object.values(template().findResources("AWS::CloudWatch::Alarm")) as Json[];

test("a file in the dead-letter queue raises an alarm", () => {
  const alarm = alarms.find(({ Properties }) => Properties.MetricName === "ApproximateNumberOfMessagesVisible");
  assert.equal(alarm.Properties.Threshold, 1);
  assert.equal(alarm.Properties.TreatMissingData, "notBreaching");
});

test("every alarm names its section of the runbook", () => {
  for (const { Properties } of alarms) {
    assert.match(Properties.AlarmDescription, / Runbook: docs\/operations\.md#[a-z-]+$/);
  }
});
