import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { PERMANENT_ERRORS } from "../../lib/lake/pipeline/glue-step";
import { changedLakeTemplate, INFRA_DIR, lakeTemplate, only, readable, statements, type Json } from "../support";

const found = lakeTemplate();
const { Properties: machine } = only(found, "AWS::StepFunctions::StateMachine");
const definition = definitionOf(found);
const states: Record<string, Json> = definition.States;

const STEPS = ["Backup", "Verify", "Bronze", "Silver", "Gold", "Maintenance"];
const GLUE_STEPS = STEPS.slice(2);

function definitionOf(template: Template): Json {
  return JSON.parse(readable(only(template, "AWS::StepFunctions::StateMachine").Properties.DefinitionString));
}

/** Returns the next state of a choice for a condition that contains `text`. */
function ruleOf(step: string, text: string): Json {
  const rules = states[`${step}: ended?`].Choices.filter(({ Condition }: Json) => Condition.includes(text));
  assert.equal(rules.length, 1, `${step}: ${text}`);
  return rules[0];
}

test("the steps follow each other as their names are shown", () => {
  assert.equal(definition.StartAt, "Backup");
  const next = STEPS.map((step) => ruleOf(step, STEPS.indexOf(step) < 2 ? "'completed'" : "'SUCCEEDED'").Next);
  assert.deepEqual(next, [...STEPS.slice(1), "Announce"]);
  assert.equal(states["Announce"].End, true);
});

test("there are these states and no others", () => {
  const helpers = STEPS.flatMap((step) => [step, `${step}: ended?`, `${step}: status`, `${step}: wait`]);
  assert.deepEqual(Object.keys(states).sort(), [...helpers, "Announce", "Failed", "Failed: event"].sort());
});

test("a run is over before the next night's begins, and no step may take longer", () => {
  assert.equal(definition.TimeoutSeconds, 23 * 3600);
  assert.equal(definition.QueryLanguage, "JSONata");
});

test("it makes a backup unless it is given one, whose state it asks for", () => {
  assert.equal(states["Backup"].Arguments.Payload, "{% $exists($states.input.backup) ? {'status': {'backup': $states.input.backup}} : {} %}");
  assert.equal(states["Backup"].Assign.backup, "{% $states.result.Payload.backup %}");
  assert.deepEqual(states["Backup: status"].Arguments.Payload, { status: { backup: "{% $backup %}" } });
});

test("it verifies that very backup", () => {
  assert.equal(states["Verify"].Arguments.Payload, "{% {'drill': {'backup': $backup}} %}");
  assert.deepEqual(states["Verify: status"].Arguments.Payload, { status: { restore: "{% $restore %}" } });
});

test("each function is the one of its step", () => {
  for (const [step, name] of [["Backup", "rowgate-backup"], ["Verify", "rowgate-restore"]] as const) {
    const [id] = Object.entries(found.findResources("AWS::Lambda::Function")).find(([, { Properties }]) => Properties.FunctionName === name) ?? [];
    for (const state of [step, `${step}: status`]) {
      assert.equal(states[state].Arguments.FunctionName, `<${id}.Arn>`);
    }
  }
});

test("a step of the lake is a run of the job, with its step, its backup and the run it belongs to", () => {
  for (const step of GLUE_STEPS) {
    const { Resource, Arguments } = states[step];
    assert.equal(Resource, "arn:<AWS::Partition>:states:::aws-sdk:glue:startJobRun");
    assert.deepEqual(Arguments.Arguments, {
      "--step": step.toLowerCase(),
      "--backup": "{% $backup %}",
      "--run": "{% $states.context.Execution.Name %}",
    });
    assert.deepEqual(states[`${step}: status`].Arguments, { JobName: Arguments.JobName, RunId: "{% $jobRun %}" });
  }
});

test("a run of the job that another one keeps waiting is tried again, all night if need be", () => {
  for (const step of GLUE_STEPS) {
    const [busy] = states[step].Retry;
    assert.deepEqual(busy.ErrorEquals, ["Glue.ConcurrentRunsExceededException"]);
    assert.ok(busy.MaxDelaySeconds * busy.MaxAttempts >= definition.TimeoutSeconds);
  }
});

test("transient errors of a task are tried again, and each goes to the failure after that", () => {
  for (const step of STEPS) {
    for (const state of [step, `${step}: status`]) {
      const last = states[state].Retry.at(-1);
      assert.deepEqual([last.ErrorEquals, last.BackoffRate], [["States.TaskFailed"], 2], state);
      assert.ok(last.MaxAttempts >= 4);
      const [{ ErrorEquals, Next, Assign }] = states[state].Catch;
      assert.deepEqual([ErrorEquals, Next, Assign.step], [["States.ALL"], "Failed: event", step], state);
    }
  }
});

test("what would end the same again is not tried again", () => {
  const never = (state: string) => states[state].Retry.filter(({ MaxAttempts }: Json) => MaxAttempts === 0).flatMap(({ ErrorEquals }: Json) => ErrorEquals);
  assert.deepEqual(never("Backup"), ["InvalidPayload"]);
  assert.deepEqual(never("Verify"), ["InvalidPayload", "RestoreFailed"]);
});

test("a run of the job that fails is run once more, unless its message names an error of the input", () => {
  for (const step of GLUE_STEPS) {
    const { Condition, Next, Assign } = ruleOf(step, "'FAILED'");
    assert.equal(Next, step);
    assert.ok(Condition.includes(`$not('${step}' in $retried)`));
    // local/tests/test_pipeline.py tests how JSONata evaluates it.
    assert.ok(Condition.includes(`/\\b(${PERMANENT_ERRORS.join("|")}): /`));
    assert.deepEqual(Assign, { retried: `{% $append($retried, ['${step}']) %}` });
  }
});

test("the errors of the input are those that the job has for it", () => {
  const text = readFileSync(path.join(INFRA_DIR, "..", "lake", "rowgate_lake", "errors.py"), "utf8");
  const names = [...text.matchAll(/^class (\w+)\(LakeError\):/gm)].map(([, name]) => name);
  assert.deepEqual([...PERMANENT_ERRORS].sort(), names.sort());
});

test("a step that ended otherwise fails with what it said itself", () => {
  for (const step of STEPS) {
    const { Default, Assign } = states[`${step}: ended?`];
    assert.deepEqual([Default, Assign.step], ["Failed: event", step]);
    assert.match(Assign.reason, STEPS.indexOf(step) < 2 ? /\$states\.input\.error/ : /\$states\.input\.ErrorMessage/);
  }
});

test("a failure names step and reason in an event, then in the end of the execution", () => {
  const { Arguments, Next, Catch } = states["Failed: event"];
  const [{ Source, DetailType, Detail, EventBusName }] = Arguments.Entries;
  assert.deepEqual([Source, DetailType, EventBusName], ["rowgate", "Lake run failed", undefined]);
  assert.deepEqual(Detail, {
    run: "{% $states.context.Execution.Name %}",
    backup: "{% $backup %}",
    step: "{% $step %}",
    reason: "{% $reason %}",
  });
  assert.equal(Next, "Failed");
  // Also where the event could not be sent.
  assert.deepEqual(Catch, [{ ErrorEquals: ["States.ALL"], Next: "Failed" }]);
  assert.deepEqual([states["Failed"].Error, states["Failed"].Cause], ["{% $step & 'Failed' %}", "{% $reason %}"]);
});

test("the end is announced on the default bus", () => {
  const [{ Source, DetailType, Detail, EventBusName }] = states["Announce"].Arguments.Entries;
  assert.deepEqual([Source, DetailType, EventBusName], ["rowgate", "Lake run completed", undefined]);
  assert.deepEqual(Detail, { run: "{% $states.context.Execution.Name %}", backup: "{% $backup %}" });
});

test("a step is looked at as often as is set, and the longer it takes the less often", () => {
  assert.equal(states["Gold: wait"].Seconds, "{% $min([$floor(15 * $power(1.05, $polls)), 300]) %}");
  assert.equal(definitionOf(changedLakeTemplate()).States["Gold: wait"].Seconds, "{% $min([$floor(1 * $power(1.05, $polls)), 300]) %}");
});

test("steps that take the whole night stay within the events that an execution may have", () => {
  // For each check: wait, status and choice are entered and left, and the task is scheduled,
  // started and done.
  const events = 9;
  for (const poll of [1, 15, 300]) {
    const perStep = definition.TimeoutSeconds / STEPS.length;
    let looks = 0;
    for (let elapsed = 0; elapsed < perStep; looks += 1) {
      elapsed += Math.min(Math.floor(poll * 1.05 ** looks), 300);
    }
    assert.ok(looks * STEPS.length * events < 25_000 / 2, `${looks} looks at ${poll} s`);
  }
});

test("the state machine may do exactly what it is known to need", () => {
  const [job] = Object.keys(found.findResources("AWS::Glue::Job"));
  const lambda = (name: string) =>
    `<${Object.entries(found.findResources("AWS::Lambda::Function")).find(([, { Properties }]) => Properties.FunctionName === name)?.[0]}.Arn>`;
  const rights = Object.entries(statements(found, "LakePipelinePolicy")).map(([sid, { Effect, Action, Resource, Condition }]) => {
    assert.deepEqual([Effect, Condition], ["Allow", undefined]);
    return [sid, [[Action].flat(), [Resource].flat().map(readable)]];
  });
  assert.deepEqual(Object.fromEntries(rights), {
    InvokeFunctions: [["lambda:InvokeFunction"], [lambda("rowgate-backup"), lambda("rowgate-restore")]],
    RunJob: [["glue:GetJobRun", "glue:StartJobRun"], [`arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:job/<${job}>`]],
    Announce: [["events:PutEvents"], ["arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default"]],
    DeliverLogs: [
      [
        "logs:CreateLogDelivery",
        "logs:CreateLogStream",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutLogEvents",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
      ],
      ["*"],
    ],
  });
});

test("the roles of the lake have no other policy", () => {
  const roles = Object.entries(found.findResources("AWS::IAM::Role")).filter(([name]) => name.startsWith("Lake"));
  assert.equal(roles.length, 2);
  for (const [name, { Properties }] of roles) {
    assert.deepEqual([Properties.ManagedPolicyArns, Properties.Policies], [undefined, undefined]);
    const policies = Object.values(found.findResources("AWS::IAM::Policy")) as Json[];
    assert.equal(policies.filter(({ Properties }) => Properties.Roles.some(({ Ref }: Json) => Ref === name)).length, 1);
  }
});

test("the state machine's role is for state machines of this account and region", () => {
  const [id] = machine.RoleArn["Fn::GetAtt"];
  const { Properties } = found.findResources("AWS::IAM::Role")[id] as Json;
  const [{ Principal, Condition }] = Properties.AssumeRolePolicyDocument.Statement;
  assert.deepEqual(Principal, { Service: "states.amazonaws.com" });
  assert.deepEqual(Condition.StringEquals, { "aws:SourceAccount": { Ref: "AWS::AccountId" } });
  assert.equal(readable(Condition.ArnLike["aws:SourceArn"]), "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:*");
});

test("errors are logged without data, and not traced", () => {
  const { Destinations, ...rest } = machine.LoggingConfiguration;
  assert.deepEqual(rest, { Level: "ERROR", IncludeExecutionData: false });
  const [group] = Destinations.map(({ CloudWatchLogsLogGroup }: Json) => CloudWatchLogsLogGroup.LogGroupArn["Fn::GetAtt"][0]);
  const { Properties } = found.findResources("AWS::Logs::LogGroup")[group] as Json;
  assert.deepEqual([Properties.LogGroupName, Properties.RetentionInDays], ["/aws/vendedlogs/states/rowgate-nightly", 30]);
  assert.deepEqual(machine.TracingConfiguration, { Enabled: false });
});
