import assert from "node:assert/strict";
import { test } from "node:test";

import { changedLakeTemplate, lakeTemplate, only, readable } from "../support";

const found = lakeTemplate();
const [machine] = Object.keys(found.findResources("AWS::StepFunctions::StateMachine"));
const { Properties: schedule } = only(found, "AWS::Scheduler::Schedule");

test("the pipeline starts every day when backups begin, and makes a backup", () => {
  assert.deepEqual([schedule.ScheduleExpression, schedule.ScheduleExpressionTimezone], ["cron(0 2 * * ? *)", "Etc/UTC"]);
  assert.deepEqual([schedule.Target.Arn, schedule.Target.Input], [{ Ref: machine }, "{}"]);
  const late = only(changedLakeTemplate(), "AWS::Scheduler::Schedule");
  assert.equal(late.Properties.ScheduleExpression, "cron(5 23 * * ? *)");
});

test("the schedule may start the pipeline, and nothing else", () => {
  const role = schedule.Target.RoleArn["Fn::GetAtt"][0];
  const policy = only(found, "AWS::IAM::Policy", ({ Roles }) => Roles[0].Ref === role);
  assert.deepEqual(policy.Properties.PolicyDocument.Statement.map(({ Action, Resource }: any) => [Action, readable(Resource)]), [
    ["states:StartExecution", `<${machine}>`],
  ]);
  const { Properties } = found.findResources("AWS::IAM::Role")[role] as any;
  const [{ Principal, Condition }] = Properties.AssumeRolePolicyDocument.Statement;
  assert.deepEqual(Principal, { Service: "scheduler.amazonaws.com" });
  assert.deepEqual(Condition.StringEquals["aws:SourceAccount"], { Ref: "AWS::AccountId" });
});
