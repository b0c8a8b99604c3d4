import assert from "node:assert/strict";
import { test } from "node:test";

import { only, template } from "../support";

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

test("the database is rowgate, and its password is generated", () => {
  assert.equal(cluster.Properties.DatabaseName, "rowgate");
  assert.match(JSON.stringify(cluster.Properties.MasterUserPassword), /resolve:secretsmanager/);
});

test("nothing from outside reaches the database", () => {
  found.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
  assert.equal(only(found, "AWS::EC2::SecurityGroup").Properties.SecurityGroupIngress, undefined);
  found.resourceCountIs("AWS::EC2::Route", 0);
});
