import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { App } from "aws-cdk-lib";

import { rowgateOfContext } from "../lib/context";
import { SettingsError } from "../lib/values";
import { dummyArtifacts, dummyCommand, dummyTables, INFRA_DIR, MACHINES, only, templateWith, type Context } from "./support";

function failure(context: Context): string {
  try {
    templateWith(context);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.message;
  }
  return assert.fail("the context was accepted");
}

test("names the missing binary and the command that builds it", () => {
  assert.equal(
    failure({ artifacts: "/nowhere" }),
    '/nowhere/insert-api/bootstrap is missing; build it with "cargo lambda build --release --arm64 --bin insert-api", ' +
      'or name the folder of the binaries with "-c artifacts=<folder>"',
  );
  assert.match(failure({ artifacts: "/nowhere", architecture: "x86_64" }), /--release --x86-64 --bin insert-api"/);
});

test("takes the context's settings, and refuses a name that is none", () => {
  const context = { artifacts: dummyArtifacts(MACHINES.arm64), sql: dummyTables(), rowgate: dummyCommand(), "@aws-cdk/core:flag": true };
  const made = (more: Context) => rowgateOfContext(new App({ analyticsReporting: false, context: { ...context, ...more } }));
  assert.equal(made({ environment: "dev", lakeWorkers: "3" }).service.stackName, "dev-rowgate");
  for (const name of ["allowCidr", "deletionprotection", "keys "]) {
    const message = `${name} is no setting; docs/deployment.md has all of them, and upper case counts`;
    assert.throws(() => made({ [name]: "10.0.0.0/8" }), new SettingsError(message));
  }
});

test("refuses a binary for another processor, and what is no binary", () => {
  const artifacts = dummyArtifacts(MACHINES.x86_64);
  const program = path.join(artifacts, "insert-api", "bootstrap");
  const remedy = 'build it with "cargo lambda build --release --arm64 --bin insert-api", or name the folder of the binaries with "-c artifacts=<folder>"';
  assert.equal(failure({ artifacts }), `${program} is for x86_64, and architecture is arm64; ${remedy}`);
  const no = "is no program of Linux for a processor that AWS has, and architecture is arm64";
  assert.equal(failure({ artifacts: dummyArtifacts(MACHINES.riscv) }).replace(/^\S+/, ""), ` ${no}; ${remedy}`);
  for (const content of ["", "#!/bin/sh\nexec true\n"]) {
    writeFileSync(program, content);
    assert.equal(failure({ artifacts }), `${program} ${no}; ${remedy}`);
  }
});

test("refuses keys that a function's variables have no room for", () => {
  const tables = Array.from({ length: 200 }, (_, index) => `a_table_of_a_team_${index}`);
  assert.match(failure({ keys: [{ name: "team", right: "write", tables }, { name: "operator", right: "operate" }] }), /^keys is too long/);
});

test("names the page that is missing and says how to build it", () => {
  const artifacts = dummyArtifacts();
  const page = path.join(artifacts, "console", "static", "index.html");
  rmSync(page);
  assert.equal(
    failure({ artifacts }),
    `${page} is missing; build it with "npm ci" and "npm run build" in console/, and copy console/dist there as static/`,
  );
});

for (const [context, message] of [
  [{ sql: "/nowhere" }, '/nowhere is no folder of tables, it has no dictionary.toml; name the folder of yours with "-c sql=<folder>"'],
  [{ architecture: "mips" }, "architecture=mips is none of arm64, x86_64"],
  [{ minCapacity: "0.3" }, "minCapacity=0.3 is not a number from 0 to 256 in steps of 0.5"],
  [{ minCapacity: 4, maxCapacity: 2 }, "minCapacity=4 is more than maxCapacity=2"],
  [{ deletionProtection: "no" }, "deletionProtection=no is neither true nor false"],
  [{ peopleRate: "" }, "peopleRate= is not a number from 1 to 10000 in steps of 1"],
  [{ environment: "Staging" }, "environment=Staging is no name of at most 16 lower-case letters and digits"],
  [{ environment: "a-b" }, "environment=a-b is no name of at most 16 lower-case letters and digits"],
  [{ databaseName: "row`gate" }, "databaseName=row`gate is no name of at most 25 small letters, digits and _"],
  [{ readers: "16" }, "readers=16 is not a number from 0 to 15 in steps of 1"],
  [{ snapshotIdentifier: "" }, "snapshotIdentifier must be a text that is not empty"],
  [{ incomingKeepDays: "44" }, "incomingKeepDays=44 is less than 45, and not 0, which keeps everything"],
  [{ rejectedKeepDays: "-1" }, "rejectedKeepDays=-1 is not a number from 0 to 3650 in steps of 1"],
  [{ allowCidrs: "203.0.113.0/24" }, "allowCidrs shuts the canary out, which calls from addresses of AWS; add canaryMinutes=0"],
  [{ allowCidrs: "203.0.113.0", canaryMinutes: 0 }, 'allowCidrs names "203.0.113.0", which is no network, as 203.0.113.0/24'],
  [{ allowCidrs: "203.0.113.0/33", canaryMinutes: 0 }, 'allowCidrs names "203.0.113.0/33", which is no network, as 203.0.113.0/24'],
  [{ allowCidrs: "300.0.113.0/24", canaryMinutes: 0 }, 'allowCidrs names "300.0.113.0/24", which is no network, as 203.0.113.0/24'],
  [{ allowCidrs: "2001:db8::/32", canaryMinutes: 0 }, 'allowCidrs names "2001:db8::/32", which is no network, as 203.0.113.0/24'],
  [{ allowCidrs: 7, canaryMinutes: 0 }, "allowCidrs must be a list of texts"],
  [{ webAclArn: "rowgate" }, "webAclArn=rowgate is no ARN of a regional web ACL"],
  [{ alarmEmail: "team" }, "alarmEmail=team is no e-mail address"],
  [{ alarmTopicArn: "alarms" }, "alarmTopicArn=alarms is no ARN of a topic of Amazon SNS"],
  [{ keys: "writer" }, "keys is no JSON: Unexpected token 'w', \"writer\" is not valid JSON"],
  [{ keys: "{}" }, 'keys must be a list, as [{"name": "team-a", "right": "write", "tables": ["orders"]}]'],
  [{ keys: ["writer"] }, "keys[0] is no object with name and right"],
  [{ keys: [{ right: "read" }] }, "keys[0].name= is no name, as team-a, of at most 40 characters"],
  [{ keys: [{ name: "Team A", right: "read" }] }, "keys[0].name=Team A is no name, as team-a, of at most 40 characters"],
  [{ keys: [{ name: "a", right: "writer" }] }, "keys[0].right=writer is none of read, write, operate"],
  [{ keys: [{ name: "a", right: "operate", tables: ["t"] }] }, "keys[0].tables is not for the right operate, which is for every table"],
  [{ keys: [{ name: "a", right: "read", tables: [] }] }, "keys[0].tables must be a list of names of tables"],
  [{ keys: [{ name: "a", right: "read", tables: "t" }] }, "keys[0].tables must be a list of names of tables"],
  [{ keys: [{ name: "a", right: "read", table: "t" }] }, "keys[0].table is none of keys[0].name, keys[0].right, keys[0].tables, keys[0].rate, keys[0].burst, keys[0].perDay"],
  [{ keys: [{ name: "a", right: "operate", rate: 0 }] }, "keys[0].rate=0 is not a number from 1 to 10000 in steps of 1"],
  [{ keys: [{ name: "a", right: "operate" }, { name: "a", right: "read" }] }, 'keys names "AKeyId" twice'],
  [{ keys: [{ name: "a", right: "write" }] }, "keys must have one with the right operate, which the canary uses as well"],
  [{ loaderLanes: "0" }, "loaderLanes=0 is not a number from 1 to 16 in steps of 1"],
  [{ loaderPath: "S3" }, "loaderPath=S3 is none of statements, s3"],
  [{ maxRejects: "-1" }, "maxRejects=-1 is neither a number of records, as 100, nor a percentage, as 5%"],
  [{ maxRejects: "101%" }, "maxRejects=101% is neither a number of records, as 100, nor a percentage, as 5%"],
  [{ maxRejects: "0.5" }, "maxRejects=0.5 is neither a number of records, as 100, nor a percentage, as 5%"],
  [{ readBuckets: "old-files,*" }, 'readBuckets names "*", which is no name of a bucket'],
  [{ backupAt: "24:00" }, "backupAt=24:00 is no time of day, as 02:00"],
  [{ drillAt: "4:00" }, "drillAt=4:00 is no time of day, as 04:00"],
  [{ backupCodec: "snappy" }, "backupCodec=snappy is none of deflate, zstandard, null"],
  [{ canaryMinutes: "61" }, "canaryMinutes=61 is not a number from 0 to 60 in steps of 1"],
  [
    { apiUrl: "rows.example.com/v1" },
    "apiUrl=rows.example.com/v1 is no URL, as https://rows.example.com/v1, without a slash at the end",
  ],
  [
    { apiUrl: "https://rows.example.com/" },
    "apiUrl=https://rows.example.com/ is no URL, as https://rows.example.com/v1, without a slash at the end",
  ],
  [{ peopleUrl: "people" }, "peopleUrl=people is no URL, as https://rows.example.com/v1, without a slash at the end"],
  [
    { bucketOrigin: "http://127.0.0.1:4566/data" },
    "bucketOrigin=http://127.0.0.1:4566/data is no origin, as https://files.example.com, without a path",
  ],
  [{ selfRegistration: "maybe" }, "selfRegistration=maybe is neither true nor false"],
  [{ allowedEmailDomains: "example.com,@example.org" }, 'allowedEmailDomains names "@example.org", which is no domain, as example.com'],
  [{ peopleRate: "0" }, "peopleRate=0 is not a number from 1 to 10000 in steps of 1"],
  [{ peopleBurst: "many" }, "peopleBurst=many is not a number from 1 to 5000 in steps of 1"],
  [{ backupKeepDays: "0" }, "backupKeepDays=0 is not a number from 1 to 3650 in steps of 1"],
  [{ backupMaxAgeHours: "1.5" }, "backupMaxAgeHours=1.5 is not a number from 1 to 720 in steps of 1"],
  [{ restoreLanes: "9" }, "restoreLanes=9 is not a number from 1 to 8 in steps of 1"],
  [{ restorePrefixes: "glue" }, 'restorePrefixes names "glue", which is no folder, as avro/'],
  [{ restorePrefixes: "glue/,*/" }, 'restorePrefixes names "*/", which is no folder, as avro/'],
  [{ sample: "1" }, "sample=1 is neither true nor false"],
  [{ lake: "yes" }, "lake=yes is neither true nor false"],
  [{ lake: "true", lakePersonal: "hide" }, "lakePersonal=hide is none of mask, omit, keep"],
  [{ lake: "true", lakeWorkers: "1" }, "lakeWorkers=1 is not a number from 2 to 299 in steps of 1"],
  [{ lake: "true", lakeWorkerType: "G.3X" }, "lakeWorkerType=G.3X is none of G.1X, G.2X, G.4X, G.8X, R.1X, R.2X, R.4X, R.8X"],
  [{ lake: "true", lakeKeepDays: "0" }, "lakeKeepDays=0 is not a number from 1 to 3650 in steps of 1"],
  [{ lake: "true", lakePollSeconds: "301" }, "lakePollSeconds=301 is not a number from 1 to 300 in steps of 1"],
  [{ lake: "true", lakeScanLimitGiB: "0" }, "lakeScanLimitGiB=0 is not a number from 1 to 10240 in steps of 1"],
  [{ lake: "true", lakeTimeoutMinutes: "1321" }, "lakeTimeoutMinutes=1321 is not a number from 1 to 1320 in steps of 1"],
  [
    { lake: "true", lineageUrl: "marquez:5000" },
    "lineageUrl=marquez:5000 is no URL, as https://rows.example.com/v1, without a slash at the end",
  ],
  [{ loaderConcurrency: "many" }, "loaderConcurrency=many is not a number from 2 to 1000 in steps of 1"],
] as const) {
  test(`refuses ${JSON.stringify(context)}`, () => assert.equal(failure(context), message));
}

test("takes the settings as text, as -c hands them over", () => {
  const found = templateWith({ architecture: "x86_64", minCapacity: "0.5", maxCapacity: "2", deletionProtection: "false", loaderConcurrency: "9" });
  found.allResourcesProperties("AWS::Lambda::Function", { Architectures: ["x86_64"] });
  const { Properties: cluster } = only(found, "AWS::RDS::DBCluster");
  assert.deepEqual(cluster.ServerlessV2ScalingConfiguration, { MinCapacity: 0.5, MaxCapacity: 2 });
  assert.equal(cluster.DeletionProtection, false);
  assert.equal(only(found, "AWS::Lambda::EventSourceMapping").Properties.ScalingConfig.MaximumConcurrency, 9);
});

test("the app synthesizes without a word of its own, and says one sentence where a binary is missing", () => {
  const outdir = mkdtempSync(path.join(tmpdir(), "rowgate-infra-app-"));
  // In place of `rowgate tables check`.
  const tables = { sql: dummyTables(), rowgate: "/bin/true" };
  const run = (artifacts: string) =>
    spawnSync(process.execPath, [path.join(INFRA_DIR, "dist", "bin", "rowgate.js")], {
      encoding: "utf8",
      env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ ...tables, artifacts }) },
    });
  try {
    const good = run(dummyArtifacts());
    // The CDK says which packages it puts together.
    const said = good.stderr.split("\n").filter((line) => !line.startsWith("Bundling asset "));
    assert.deepEqual([good.status, good.stdout, said], [0, "", [""]]);
    const bad = run("/nowhere");
    assert.deepEqual([bad.status, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /^rowgate: \/nowhere\/insert-api\/bootstrap is missing;.*\n$/);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
});
