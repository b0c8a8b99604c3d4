import assert from "node:assert/strict";
import { test } from "node:test";

import { type Json, only, readable, template, templateWith } from "../support";

const found = template();
const cluster = only(found, "AWS::RDS::DBCluster");

test("the Data API is on and Aurora may pause", () => {
  assert.equal(cluster.Properties.EnableHttpEndpoint, true);
  assert.deepEqual(cluster.Properties.ServerlessV2ScalingConfiguration, {
    MaxCapacity: 8,
    MinCapacity: 0,
    SecondsUntilAutoPause: 900,
  });
  found.allResourcesProperties("AWS::RDS::DBInstance", {
    AutoMinorVersionUpgrade: false,
    DBInstanceClass: "db.serverless",
    PubliclyAccessible: false,
  });
});

test("the data is encrypted, backed up, and not deleted by accident", () => {
  assert.equal(cluster.Properties.StorageEncrypted, true);
  assert.equal(cluster.Properties.BackupRetentionPeriod, 7);
  assert.equal(cluster.Properties.DeletionProtection, true);
  assert.equal(cluster.DeletionPolicy, "Snapshot");
});

test("the server is strict, on UTC and on utf8mb4", () => {
  assert.deepEqual(only(found, "AWS::RDS::DBClusterParameterGroup").Properties.Parameters, {
    character_set_server: "utf8mb4",
    collation_server: "utf8mb4_unicode_520_ci",
    sql_mode: "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    time_zone: "UTC",
  });
});

test("the database is rowgate, and Amazon RDS makes and rotates its administrator's password", () => {
  const { DatabaseName, ManageMasterUserPassword, MasterUsername, MasterUserPassword } = cluster.Properties;
  assert.deepEqual([DatabaseName, ManageMasterUserPassword, MasterUsername, MasterUserPassword], ["rowgate", true, "rowgate_admin", undefined]);
});

test("each function has the database's user that it needs, and migrations alone the administrator", () => {
  const users = (Object.values(found.findResources("AWS::Lambda::Function")) as Json[]).flatMap(({ Properties }) => {
    const arn = Properties.Environment.Variables.ROWGATE_SECRET_ARN;
    return arn === undefined ? [] : [[Properties.FunctionName, readable(arn).replace(/\w{8}(?=[>.])/, "")]];
  });
  const writer = "<DatabaseWriter.Id>";
  assert.deepEqual(Object.fromEntries(users), {
    "rowgate-accounts": writer,
    "rowgate-backup": writer,
    "rowgate-insert": writer,
    "rowgate-loader": writer,
    "rowgate-migrate": "<DatabaseCluster.MasterUserSecret.SecretArn>",
    "rowgate-reports": "<DatabaseReader.Id>",
    "rowgate-restore": writer,
    "rowgate-uploads": writer,
  });
});

test("the passwords of the other users are long and without punctuation, as they become part of a statement", () => {
  const secrets = Object.values(found.findResources("AWS::SecretsManager::Secret")).map(({ Properties }) => Properties.GenerateSecretString);
  const common = { ExcludePunctuation: true, GenerateStringKey: "password", PasswordLength: 32 };
  assert.deepEqual(secrets, [
    { ...common, SecretStringTemplate: '{"username":"rowgate_reader"}' },
    { ...common, SecretStringTemplate: '{"username":"rowgate_writer"}' },
  ]);
});

test("readers scale with the writer, and take over", () => {
  const { Properties: instances } = { Properties: Object.values(templateWith({ readers: "2" }).findResources("AWS::RDS::DBInstance")) as Json[] };
  assert.deepEqual(instances.map((one) => one.Properties.PromotionTier).sort(), [0, 1, 1]);
});

test("a database may begin with a snapshot, whose schema and users it has", () => {
  const restored = only(templateWith({ snapshotIdentifier: "before-the-change" }), "AWS::RDS::DBCluster").Properties;
  assert.deepEqual(
    [restored.SnapshotIdentifier, restored.ManageMasterUserPassword, restored.MasterUsername, restored.DatabaseName],
    ["before-the-change", true, undefined, undefined],
  );
  assert.equal(restored.EnableHttpEndpoint, true);
});

test("nothing from outside reaches the database", () => {
  found.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
  assert.equal(only(found, "AWS::EC2::SecurityGroup").Properties.SecurityGroupIngress, undefined);
  found.resourceCountIs("AWS::EC2::Route", 0);
});
