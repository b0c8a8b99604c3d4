import assert from "node:assert/strict";
import { test } from "node:test";

import { template, type Json } from "../support";

const alarms: Record<string, Json> = Object.fromEntries(
  (Object.values(template().findResources("AWS::CloudWatch::Alarm")) as Json[]).map(({ Properties }) => [Properties.AlarmName, Properties]),
);

test("every alarm names its section of the runbook", () => {
  const sections = Object.fromEntries(
    Object.entries(alarms).map(([name, { AlarmDescription }]) => [name, / Runbook: docs\/operations\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1]]),
  );
  assert.deepEqual(sections, {
    "Rowgate/DeadLettersNotEmpty": "dead-letter-queue-not-empty",
    "Rowgate/LoadsFailed": "loads-failed",
    "Rowgate/LedgerFaults": "ledger-does-not-add-up",
    "Rowgate/LoadsStalled": "loads-stalled",
    "Rowgate/AuditMissing": "audit-missing",
  });
});

test("a file in the dead-letter queue raises an alarm", () => {
  const alarm = alarms["Rowgate/DeadLettersNotEmpty"];
  assert.equal(alarm.MetricName, "ApproximateNumberOfMessagesVisible");
  assert.equal(alarm.Threshold, 1);
  assert.equal(alarm.TreatMissingData, "notBreaching");
});

test("one failed load in five minutes raises an alarm, of whatever table", () => {
  const { Namespace, MetricName, Statistic, Period, Threshold, ComparisonOperator, TreatMissingData, Dimensions } =
    alarms["Rowgate/LoadsFailed"];
  assert.deepEqual([Namespace, MetricName, Statistic, Period, Threshold], ["Rowgate", "LoadsFailed", "Sum", 300, 1]);
  assert.deepEqual([ComparisonOperator, TreatMissingData], ["GreaterThanOrEqualToThreshold", "notBreaching"]);
  assert.equal(Dimensions, undefined);
});

test("what an audit finds raises an alarm that holds until the next audit", () => {
  for (const name of ["LedgerFaults", "LoadsStalled"]) {
    const { MetricName, Statistic, Period, Threshold, TreatMissingData } = alarms[`Rowgate/${name}`];
    assert.deepEqual([MetricName, Statistic, Period, Threshold, TreatMissingData], [name, "Maximum", 900, 1, "ignore"]);
  }
});

test("an hour without an audit raises an alarm", () => {
  const { Statistic, Period, EvaluationPeriods, Threshold, ComparisonOperator, TreatMissingData } = alarms["Rowgate/AuditMissing"];
  assert.deepEqual([Statistic, Threshold, ComparisonOperator, TreatMissingData], ["SampleCount", 1, "LessThanThreshold", "breaching"]);
  assert.equal(Period * EvaluationPeriods, 3600);
});
