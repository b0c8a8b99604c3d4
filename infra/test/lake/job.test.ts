import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

import { changedLakeTemplate, dummyTables, INFRA_DIR, lakeTemplate, only, readable, statements, synthesize, TABLES, templateWith } from "../support";

const found = lakeTemplate();
const { Properties: job } = only(found, "AWS::Glue::Job");
const [lake] = Object.keys(found.findResources("AWS::S3::Bucket")).filter((name) => name.startsWith("Lake"));
const [data] = Object.keys(found.findResources("AWS::S3::Bucket")).filter((name) => name.startsWith("Data"));

test("the job is Spark on Glue 5.1, runs once at a time and is not tried again by Glue", () => {
  assert.deepEqual([job.Name, job.GlueVersion, job.Command.Name], ["rowgate-lake", "5.1", "glueetl"]);
  assert.deepEqual([job.ExecutionProperty.MaxConcurrentRuns, job.MaxRetries, job.JobRunQueuingEnabled], [1, 0, false]);
  assert.deepEqual([job.WorkerType, job.NumberOfWorkers, job.Timeout], ["G.1X", 2, 180]);
  const { Properties: large } = only(changedLakeTemplate(), "AWS::Glue::Job");
  assert.deepEqual([large.WorkerType, large.NumberOfWorkers, large.Timeout], ["G.2X", 10, 600]);
});

test("the job's arguments name Delta, modules and logs, and let Glue add workers", () => {
  const { "--extra-py-files": library, "--additional-python-modules": modules, ...rest } = job.DefaultArguments;
  assert.match(readable(job.Command.ScriptLocation), /^s3:\/\/cdk-.*\/[0-9a-f]{64}\.py$/);
  assert.match(readable(library), /^s3:\/\/cdk-.*\/[0-9a-f]{64}\.zip$/);
  assert.deepEqual(rest, {
    "--datalake-formats": "delta",
    "--conf":
      "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension" +
      " --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog" +
      " --conf spark.delta.logStore.class=org.apache.spark.sql.delta.storage.S3SingleDriverLogStore",
    "--enable-auto-scaling": "true",
    "--enable-metrics": "",
    "--custom-logGroup-prefix": "/rowgate/lake",
    "--job-language": "python",
    "--region": { Ref: "AWS::Region" },
    "--data-bucket": { Ref: data },
    "--lake-bucket": { Ref: lake },
    "--database-prefix": "rowgate_",
    "--personal": "mask",
    "--bronze-keep-days": "35",
  });
  const pinned = readFileSync(path.join(INFRA_DIR, "..", "lake", "requirements.txt"), "utf8").split("\n");
  for (const module of modules.split(",")) {
    assert.ok(pinned.includes(module), module);
  }
  // The modules that the job imports, and of their own requirements those that Glue lacks or has
  // too old.
  for (const module of ["openlineage-python", "deltalake", "httpx2", "PyYAML", "idna", "typing_extensions"]) {
    assert.match(modules, new RegExp(`(^|,)${module}==\\d`));
  }
  // The modules that Glue has.
  assert.doesNotMatch(modules, /(^|,)(boto3|botocore|numpy|pandas|pyarrow|pyspark|requests|six|urllib3)==/);
});

test("the job's own settings are those of the stack", () => {
  const { Properties } = only(changedLakeTemplate(), "AWS::Glue::Job");
  const { "--personal": personal, "--bronze-keep-days": days, "--lineage-url": url } = Properties.DefaultArguments;
  assert.deepEqual([personal, days, url], ["omit", "7", "http://marquez.example.com:5000"]);
});

test("the job knows its environment, whose metrics it writes", () => {
  const { Properties } = only(templateWith({ lake: "true", environment: "staging" }), "AWS::Glue::Job");
  assert.equal(Properties.DefaultArguments["--environment"], "staging");
  const settings = readFileSync(path.join(INFRA_DIR, "..", "lake", "rowgate_lake", "settings.py"), "utf8");
  assert.ok(settings.includes('add_argument("--environment")'));
});

test("the zip holds the package, the dictionary and the SQL of gold, and nothing else", () => {
  const { template, assetFiles } = synthesize({ lake: "true", sql: dummyTables() });
  const library = Object.values(template.Resources as Record<string, any>).find(({ Type }) => Type === "AWS::Glue::Job")?.Properties
    .DefaultArguments["--extra-py-files"];
  const [, hash] = /\/([0-9a-f]{64})\.zip$/.exec(readable(library)) ?? [];
  const files = assetFiles(hash ?? "");
  assert.ok("rowgate_lake/__init__.py" in files);
  assert.deepEqual(
    Object.fromEntries(Object.entries(files).filter(([name]) => !/^rowgate_lake\/.*\.py$/.test(name))),
    Object.fromEntries(["dictionary.toml", "gold/things-by-day.sql"].map((name) => [`sql/${name}`, TABLES[name]])),
  );
});

test("Glue logs to groups of the stack's, which forget after a month", () => {
  for (const name of ["error", "output"]) {
    const group = only(found, "AWS::Logs::LogGroup", ({ LogGroupName }) => LogGroupName === `/rowgate/lake/${name}`);
    assert.equal(group.Properties.RetentionInDays, 30);
  }
});

test("the job may do exactly what it is known to need", () => {
  const rights = Object.entries(statements(found, "LakeJobPolicy")).map(([sid, { Effect, Action, Resource, Condition }]) => {
    assert.equal(Effect, "Allow");
    return [sid, [[Action].flat(), [Resource].flat().map(readable), ...(Condition === undefined ? [] : [Condition])]];
  });
  const asset = (ending: string) => `arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/HASH.${ending}`;
  const glue = (name: string) => `arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:${name}`;
  const groups = Object.keys(found.findResources("AWS::Logs::LogGroup")).filter((name) => name.startsWith("LakeJob"));
  const withoutHashes = Object.fromEntries(JSON.parse(JSON.stringify(rights).replace(/[0-9a-f]{64}/g, "HASH")));
  // The CDK has sorted them by their hashes.
  withoutHashes["ReadCode"][1].sort();
  assert.deepEqual(withoutHashes, {
    ReadCode: [["s3:GetObject"], [asset("py"), asset("zip")]],
    WriteLogs: [["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], groups.map((name) => `<${name}.Arn>`)],
    PutMetrics: [["cloudwatch:PutMetricData"], ["*"], { StringEquals: { "cloudwatch:namespace": ["Rowgate", "Glue"] } }],
    ReadBackups: [["s3:GetObject"], [`<${data}.Arn>/backups/*`]],
    ListBackups: [["s3:ListBucket"], [`<${data}.Arn>`], { StringLike: { "s3:prefix": "backups/*" } }],
    UseLake: [
      ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      ["bronze", "bronze/*", "gold", "gold/*", "lineage/*", "silver", "silver/*", "state/*"].map((key) => `<${lake}.Arn>/${key}`),
    ],
    ListLake: [["s3:ListBucket"], [`<${lake}.Arn>`]],
    UseCatalog: [
      ["glue:CreateTable", "glue:DeleteTable", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"],
      [
        glue("catalog"),
        ...["bronze", "gold", "silver"].map((layer) => glue(`database/rowgate_${layer}`)),
        ...["bronze", "gold", "silver"].map((layer) => glue(`table/rowgate_${layer}/*`)),
      ],
    ],
  });
});
