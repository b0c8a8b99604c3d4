import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { type Expected, FUNCTIONS } from "../functions/expected";
import { everyFunction, INFRA_DIR, lakeTemplate, only, template, templateWith, type Json } from "../support";

const alarms = alarmsOf(template());
const lakeAlarms = alarmsOf(lakeTemplate());

function alarmsOf(found: Template): Record<string, Json> {
  const resources = Object.values(found.findResources("AWS::CloudWatch::Alarm")) as Json[];
  return Object.fromEntries(resources.map(({ Properties }) => [Properties.AlarmName, Properties]));
}

/** The section of the runbook that each alarm names. */
function sectionsOf(alarms: Record<string, Json>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(alarms).map(([name, { AlarmDescription }]) => [name, / Runbook: docs\/operations\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1]]),
  );
}

const SECTIONS = {
  "Rowgate/DeadLettersNotEmpty": "dead-letter-queue-not-empty",
  "Rowgate/FilesWaiting": "files-waiting",
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
  "Rowgate/ApiErrors": "api-errors",
  "Rowgate/PeopleErrors": "people-errors",
  ...ofFunctions(({ isOptional }) => !isOptional),
  "Rowgate/InvocationsFailed": "invocations-failed",
  "Rowgate/DatabaseAtCapacity": "database-at-capacity",
};

/** The sections of the alarms of functions. The canary has an alarm of its own. */
function ofFunctions(matches: (one: Expected) => boolean): Record<string, string> {
  const names = Object.entries(FUNCTIONS).filter(([name, one]) => name !== "canary" && matches(one));
  return Object.fromEntries(
    names.flatMap(([name]) => [
      [`Rowgate/FunctionErrors-${name}`, "function-errors"],
      [`Rowgate/FunctionThrottles-${name}`, "function-throttles"],
    ]),
  );
}

const LAKE_SECTIONS = {
  "Rowgate/LakeFailed": "lake-failed",
  "Rowgate/LakeTimedOut": "lake-failed",
  "Rowgate/LakeStopped": "lake-failed",
  "Rowgate/LakeLate": "lake-late",
  "Rowgate/LakeExpectationsBroken": "lake-expectations-broken",
};

test("every alarm names its section of the runbook", () => {
  assert.deepEqual(sectionsOf(alarms), SECTIONS);
  assert.deepEqual(sectionsOf(lakeAlarms), { ...SECTIONS, ...LAKE_SECTIONS });
  assert.deepEqual(sectionsOf(alarmsOf(everyFunction())), { ...SECTIONS, ...ofFunctions(() => true) });
});

test("every section of the runbook that an alarm names is there", () => {
  const runbook = readFileSync(path.join(INFRA_DIR, "..", "docs", "operations.md"), "utf8");
  const headings = [...runbook.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading?.toLowerCase().replaceAll(" ", "-"));
  const named = Object.values(sectionsOf(lakeAlarms));
  assert.deepEqual(named.filter((section) => !headings.includes(section)), []);
});

test("a file in the dead-letter queue raises an alarm", () => {
  const alarm = alarms["Rowgate/DeadLettersNotEmpty"];
  assert.equal(alarm.MetricName, "ApproximateNumberOfMessagesVisible");
  assert.equal(alarm.Threshold, 1);
  assert.equal(alarm.TreatMissingData, "notBreaching");
});

test("a file that has waited for an hour raises an alarm", () => {
  const { MetricName, Dimensions, Statistic, Threshold, TreatMissingData } = alarms["Rowgate/FilesWaiting"];
  assert.deepEqual([MetricName, Statistic, Threshold], ["ApproximateAgeOfOldestMessage", "Maximum", 3600]);
  const queues = Object.entries(template().findResources("AWS::SQS::Queue"));
  const [files] = queues.filter(([, { Properties }]) => Properties.RedrivePolicy).map(([id]) => id);
  assert.deepEqual(Dimensions, [{ Name: "QueueName", Value: { "Fn::GetAtt": [files, "QueueName"] } }]);
  assert.equal(TreatMissingData, "notBreaching");
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

test("a newest backup older than the limit raises an alarm, and so does one that nobody reports", () => {
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

test("five errors of a door in five minutes raise an alarm", () => {
  for (const [name, door] of [
    ["ApiErrors", "rowgate"],
    ["PeopleErrors", "rowgate-people"],
  ]) {
    const { Namespace, MetricName, Dimensions, Statistic, Period, Threshold, TreatMissingData } = alarms[`Rowgate/${name}`];
    assert.deepEqual([Namespace, MetricName, Statistic, Period, Threshold], ["AWS/ApiGateway", "5XXError", "Sum", 300, 5]);
    assert.deepEqual(Dimensions, [{ Name: "ApiName", Value: door }]);
    assert.equal(TreatMissingData, "notBreaching");
  }
});

test("an invocation that fails or is throttled raises an alarm of its function", () => {
  const functions = Object.entries(template().findResources("AWS::Lambda::Function"));
  for (const [metric, MetricName] of [
    ["FunctionErrors", "Errors"],
    ["FunctionThrottles", "Throttles"],
  ]) {
    for (const name of ["insert", "loader", "migrate", "restore"]) {
      const alarm = alarms[`Rowgate/${metric}-${name}`];
      assert.deepEqual(
        [alarm.Namespace, alarm.MetricName, alarm.Statistic, alarm.Period, alarm.Threshold, alarm.TreatMissingData],
        ["AWS/Lambda", MetricName, "Sum", 300, 1, "notBreaching"],
      );
      const [id] = functions.filter(([, { Properties }]) => Properties.FunctionName === `rowgate-${name}`).map(([id]) => id);
      assert.deepEqual(alarm.Dimensions, [{ Name: "FunctionName", Value: { Ref: id } }]);
      assert.match(alarm.AlarmDescription, new RegExp(`\\browgate-${name}\\b`));
    }
  }
});

test("what schedules and functions ask for, and fails for good, is in a queue that raises an alarm", () => {
  const found = template();
  const [queue] = Object.keys(found.findResources("AWS::SQS::Queue")).filter((id) => id.startsWith("FailedInvocations"));
  const configs: Json[] = Object.values(found.findResources("AWS::Lambda::EventInvokeConfig"));
  const kept = configs.filter(({ Properties }) => Properties.DestinationConfig);
  const names = kept.map(({ Properties: { FunctionName, DestinationConfig } }) => {
    assert.deepEqual(DestinationConfig, { OnFailure: { Destination: { "Fn::GetAtt": [queue, "Arn"] } } });
    return found.toJSON()["Resources"][FunctionName.Ref].Properties.FunctionName;
  });
  assert.deepEqual(names.sort(), ["rowgate-backup", "rowgate-loader", "rowgate-restore"]);
  assert.equal(found.toJSON()["Resources"][queue!].Properties.MessageRetentionPeriod, 14 * 86_400);
  const { MetricName, Dimensions, Threshold, TreatMissingData } = alarms["Rowgate/InvocationsFailed"];
  assert.deepEqual([MetricName, Threshold, TreatMissingData], ["ApproximateNumberOfMessagesVisible", 1, "notBreaching"]);
  assert.deepEqual(Dimensions, [{ Name: "QueueName", Value: { "Fn::GetAtt": [queue, "QueueName"] } }]);
});

test("a database that works near its upper bound for a quarter of an hour raises an alarm", () => {
  const alarm = alarms["Rowgate/DatabaseAtCapacity"];
  const { Namespace, MetricName, Dimensions, Statistic, Threshold, Period, EvaluationPeriods, TreatMissingData } = alarm;
  assert.deepEqual([Namespace, MetricName, Statistic, Threshold], ["AWS/RDS", "ACUUtilization", "Average", 90]);
  const [cluster] = Object.keys(template().findResources("AWS::RDS::DBCluster"));
  assert.deepEqual(Dimensions, [{ Name: "DBClusterIdentifier", Value: { Ref: cluster } }]);
  assert.deepEqual([Period * EvaluationPeriods, TreatMissingData], [900, "notBreaching"]);
});

test("where there is an environment, its metrics are those that are looked at", () => {
  const staging = alarmsOf(templateWith({ environment: "staging", lake: "true" }));
  const own = Object.values(staging).filter(({ Namespace }) => Namespace === "Rowgate");
  assert.ok(own.length > 0);
  for (const { AlarmName, Dimensions } of own) {
    assert.deepEqual(Dimensions, [{ Name: "environment", Value: "staging" }], AlarmName);
  }
});

test("a run of the lake that fails, takes too long or is stopped raises an alarm", () => {
  const [machine] = Object.keys(lakeTemplate().findResources("AWS::StepFunctions::StateMachine"));
  for (const [name, metric] of [
    ["LakeFailed", "ExecutionsFailed"],
    ["LakeTimedOut", "ExecutionsTimedOut"],
    ["LakeStopped", "ExecutionsAborted"],
  ]) {
    const { Namespace, MetricName, Dimensions, Statistic, Period, Threshold, TreatMissingData } = lakeAlarms[`Rowgate/${name}`];
    assert.deepEqual([Namespace, MetricName, Statistic, Period, Threshold], ["AWS/States", metric, "Sum", 300, 1]);
    assert.deepEqual(Dimensions, [{ Name: "StateMachineArn", Value: { Ref: machine } }]);
    assert.equal(TreatMissingData, "notBreaching");
  }
});

test("26 hours without a run of the lake that succeeded raise an alarm, also where nothing reports", () => {
  const late = lakeAlarms["Rowgate/LakeLate"];
  assert.deepEqual(
    [late.MetricName, late.Statistic, late.Threshold, late.ComparisonOperator, late.TreatMissingData],
    ["ExecutionsSucceeded", "Sum", 1, "LessThanThreshold", "breaching"],
  );
  assert.equal(late.Period * late.EvaluationPeriods, 26 * 3600);
  assert.match(late.AlarmDescription, /26 hours/);
});

test("a broken expectation raises an alarm that holds until the next run", () => {
  const { Namespace, MetricName, Dimensions, Statistic, Threshold, TreatMissingData } = lakeAlarms["Rowgate/LakeExpectationsBroken"];
  assert.deepEqual([Namespace, MetricName, Statistic, Threshold], ["Rowgate", "LakeExpectationsBroken", "Maximum", 1]);
  assert.equal(Dimensions, undefined);
  assert.equal(TreatMissingData, "ignore");
});
