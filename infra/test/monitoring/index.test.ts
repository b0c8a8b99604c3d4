import assert from "node:assert/strict";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { only, template, templateWith, type Json } from "../support";

const alarms = alarmsOf(template());

function alarmsOf(found: Template): Record<string, Json> {
  const resources = Object.values(found.findResources("AWS::CloudWatch::Alarm")) as Json[];
  return Object.fromEntries(resources.map(({ Properties }) => [Properties.AlarmName, Properties]));
}

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
    "Rowgate/BackupsFailed": "backups-failed",
    "Rowgate/BackupTooOld": "backup-too-old",
    "Rowgate/DrillFailed": "drill-failed",
    "Rowgate/DrillMissing": "drill-missing",
    "Rowgate/RestoresFailed": "restores-failed",
    "Rowgate/CanaryFailing": "canary-failing",
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

test("one failed backup or restore in five minutes raises an alarm", () => {
  for (const name of ["BackupsFailed", "RestoresFailed"]) {
    const { MetricName, Statistic, Period, Threshold, TreatMissingData, Dimensions } = alarms[`Rowgate/${name}`];
    assert.deepEqual([MetricName, Statistic, Period, Threshold, TreatMissingData], [name, "Sum", 300, 1, "notBreaching"]);
    assert.equal(Dimensions, undefined);
  }
});

test("a newest backup older than the limit raises an alarm, and so does one of which nobody tells", () => {
  const alarm = alarms["Rowgate/BackupTooOld"];
  const { MetricName, Statistic, Period, Threshold, ComparisonOperator, TreatMissingData } = alarm;
  assert.deepEqual([MetricName, Statistic, Period], ["BackupAgeHours", "Maximum", 3600]);
  assert.deepEqual([Threshold, ComparisonOperator, TreatMissingData], [26, "GreaterThanThreshold", "breaching"]);
  assert.match(alarm.AlarmDescription, /no good backup of the last 26 hours/);
  const hourly = only(template(), "AWS::Events::Rule", ({ Targets }) => Targets[0].Input === '{"sweep":{}}');
  assert.equal(hourly.Properties.ScheduleExpression, "rate(1 hour)");
});

test("the limit of the alarm is the one that the drill knows", () => {
  const found = templateWith({ backupMaxAgeHours: "50" });
  assert.equal(alarmsOf(found)["Rowgate/BackupTooOld"].Threshold, 50);
  const restore = only(found, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-restore");
  assert.equal(restore.Properties.Environment.Variables.ROWGATE_BACKUP_MAX_AGE_HOURS, "50");
});

test("what a drill found holds until the next one, and more than a day without a drill raises an alarm", () => {
  const failed = alarms["Rowgate/DrillFailed"];
  assert.deepEqual([failed.MetricName, failed.Statistic, failed.Threshold, failed.TreatMissingData], ["DrillsFailed", "Maximum", 1, "ignore"]);
  const missing = alarms["Rowgate/DrillMissing"];
  assert.deepEqual(
    [missing.MetricName, missing.Statistic, missing.Threshold, missing.ComparisonOperator, missing.TreatMissingData],
    ["DrillsFailed", "SampleCount", 1, "LessThanThreshold", "breaching"],
  );
  const seconds = missing.Period * missing.EvaluationPeriods;
  assert.ok(seconds > 24 * 3600 && seconds <= 7 * 24 * 3600, "more than a day; a week is all that CloudWatch takes");
});
