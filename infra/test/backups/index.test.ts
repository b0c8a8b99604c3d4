import assert from "node:assert/strict";
import { test } from "node:test";

import type { Template } from "aws-cdk-lib/assertions";

import { lakeTemplate, only, statements, template, templateWith, type Json } from "../support";

const found = template();
const bucket = { "Fn::GetAtt": [Object.keys(found.findResources("AWS::S3::Bucket"))[0], "Arn"] };
const at = (key: string) => ({ "Fn::Join": ["", [bucket, `/${key}`]] });

function lambda(name: string, context?: Json): Json {
  const from = context === undefined ? found : templateWith(context);
  return only(from, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === name).Properties;
}

/** The schedules of the stack: payload → time and target. */
function schedules(from: Template = found): Record<string, Json> {
  const rules = Object.values(from.findResources("AWS::Events::Rule")) as Json[];
  return Object.fromEntries(
    rules.flatMap(({ Properties: { ScheduleExpression, State, Targets } }) => {
      assert.equal(Targets.length, 1);
      const target = from.toJSON()["Resources"][Targets[0].Arn["Fn::GetAtt"][0]].Properties.FunctionName;
      // It is sent the same as the daily backup.
      return target === "rowgate-canary" ? [] : [[Targets[0].Input, [ScheduleExpression, State, target]]];
    }),
  );
}

test("every table is backed up daily, the newest backup verified two hours later, orphaned tables reaped hourly", () => {
  const { "{}": daily, '{"drill":{}}': drill, '{"sweep":{}}': reap } = schedules();
  assert.deepEqual(daily, ["cron(0 2 * * ? *)", "ENABLED", "rowgate-backup"]);
  assert.deepEqual(drill, ["cron(0 4 * * ? *)", "ENABLED", "rowgate-restore"]);
  assert.deepEqual(reap, ["rate(1 hour)", "ENABLED", "rowgate-restore"]);
});

test("where the lake is on its pipeline backs up and verifies, and no rule does", () => {
  assert.deepEqual(Object.keys(schedules(lakeTemplate())).sort(), ['{"audit":{}}', '{"expire":{}}', '{"sweep":{}}']);
});

test("old backups expire and interrupted ones are reported every hour, whether or not a backup completes", () => {
  const { '{"expire":{}}': expire } = schedules();
  assert.deepEqual(expire, ["rate(1 hour)", "ENABLED", "rowgate-backup"]);
});

test("the times are those that are set", () => {
  const { "{}": daily, '{"drill":{}}': drill } = schedules(templateWith({ backupAt: "23:05", drillAt: "09:30" }));
  assert.deepEqual([daily[0], drill[0]], ["cron(5 23 * * ? *)", "cron(30 9 * * ? *)"]);
});

test("both functions have a whole core and the longest time there is", () => {
  for (const name of ["rowgate-backup", "rowgate-restore"]) {
    const { MemorySize, Timeout } = lambda(name);
    assert.deepEqual([MemorySize, Timeout], [1769, 900]);
  }
});

test("backups are kept for five weeks in deflated blocks unless set otherwise", () => {
  const settings = (context?: Json) => {
    const { ROWGATE_BACKUP_KEEP_DAYS, ROWGATE_BACKUP_CODEC } = lambda("rowgate-backup", context).Environment.Variables;
    return [ROWGATE_BACKUP_KEEP_DAYS, ROWGATE_BACKUP_CODEC];
  };
  assert.deepEqual(settings(), ["35", "deflate"]);
  assert.deepEqual(settings({ backupKeepDays: "7", backupCodec: "zstandard" }), ["7", "zstandard"]);
});

test("a restore decides by itself how many lanes it needs unless it is set", () => {
  assert.equal(lambda("rowgate-restore").Environment.Variables.ROWGATE_LANES, undefined);
  assert.equal(lambda("rowgate-restore", { restoreLanes: "2" }).Environment.Variables.ROWGATE_LANES, "2");
});

test("a restore of files takes as many rejected rows as a load", () => {
  assert.equal(lambda("rowgate-restore").Environment.Variables.ROWGATE_MAX_REJECTS, undefined);
  assert.equal(lambda("rowgate-restore", { maxRejects: "2.5%" }).Environment.Variables.ROWGATE_MAX_REJECTS, "2.5%");
});

test("a restore that was killed is tried again, a backup is not", () => {
  const configs = Object.values(found.findResources("AWS::Lambda::EventInvokeConfig")) as Json[];
  const own = configs.filter(({ Properties }) => Properties.FunctionName.Ref.startsWith("Backups"));
  const retries = own.map(({ Properties: { FunctionName, MaximumRetryAttempts } }) => [
    found.toJSON()["Resources"][FunctionName.Ref].Properties.FunctionName,
    MaximumRetryAttempts,
  ]);
  assert.deepEqual(Object.fromEntries(retries), { "rowgate-backup": 0, "rowgate-restore": 2 });
});

test("a function may invoke itself and no other", () => {
  for (const [id, name] of [["BackupsBackupPolicy", "rowgate-backup"], ["BackupsRestorePolicy", "rowgate-restore"]] as const) {
    const { Action, Resource } = statements(found, id)["ContinueLater"];
    assert.equal(Action, "lambda:InvokeFunction");
    assert.equal(Resource["Fn::Join"][1].at(-1), `:function:${name}`);
  }
});

test("the backup writes below backups/ and nowhere else in the bucket", () => {
  const policy = statements(found, "BackupsBackupPolicy");
  assert.deepEqual(policy["WriteBackups"].Resource, at("backups/*"));
  assert.deepEqual(policy["ListBackups"], { Action: "s3:ListBucket", Effect: "Allow", Resource: bucket, Sid: "ListBackups" });
});

test("the restore writes no backup but notes that it has verified one", () => {
  const policy = statements(found, "BackupsRestorePolicy");
  assert.deepEqual([policy["NoteVerified"].Action, policy["NoteVerified"].Resource], ["s3:PutObject", at("backups/*/verified.json")]);
  assert.deepEqual(policy["WriteRejects"].Action, ["s3:DeleteObject", "s3:PutObject"]);
  assert.deepEqual(policy["WriteRejects"].Resource, at("rejected/*"));
  const keys = ["backups-watched-since", "last-restore", "last-sweep"].map((name) => at(`rowgate/${name}`));
  assert.deepEqual(policy["RememberReaps"].Resource, keys);
});

test("the restore reads backups, and what others wrote where whoever deploys says", () => {
  assert.deepEqual(statements(found, "BackupsRestorePolicy")["ReadAvroFiles"].Resource, [at("avro/*"), at("backups/*")]);
  const set = statements(templateWith({ restorePrefixes: "glue/exports/, spark/" }), "BackupsRestorePolicy");
  assert.deepEqual(set["ReadAvroFiles"].Resource, [at("backups/*"), at("glue/exports/*"), at("spark/*")]);
  assert.equal(set["ReadAvroFiles"].Action, "s3:GetObject");
  const prefixes = (context?: Json) => lambda("rowgate-restore", context).Environment.Variables.ROWGATE_RESTORE_PREFIXES;
  assert.deepEqual([prefixes(), prefixes({ restorePrefixes: "glue/exports/, spark/" })], ["avro/", "glue/exports/,spark/"]);
});

test("a backup that was removed can be had back for a week", () => {
  const rules: Json[] = only(found, "AWS::S3::Bucket").Properties.LifecycleConfiguration.Rules;
  const [rule] = rules.filter(({ Prefix }) => Prefix === "backups/");
  assert.equal(rule.NoncurrentVersionExpiration.NoncurrentDays, 7);
});
