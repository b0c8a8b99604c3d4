import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import {
  AuroraMysqlEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from "aws-cdk-lib/aws-rds";
import { Construct } from "constructs";

import { acknowledge } from "../nag";
import type { Settings } from "../settings";

const DATABASE_NAME = "rowgate";

// Errors in place of silent truncation and zero dates: what the functions let through must be what
// is stored. The same list is set on the local database.
const SQL_MODE = [
  "STRICT_TRANS_TABLES",
  "NO_ZERO_IN_DATE",
  "NO_ZERO_DATE",
  "ERROR_FOR_DIVISION_BY_ZERO",
  "NO_ENGINE_SUBSTITUTION",
];

export interface DatabaseProps {
  readonly settings: Settings;
}

/** Aurora MySQL Serverless v2 with the Data API, in a network that nothing enters or leaves. */
export class Database extends Construct {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly databaseName = DATABASE_NAME;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    const { settings } = props;

    // Aurora must be in a VPC; the functions need not, they use the Data API. Hence no NAT, no
    // internet gateway, no endpoint: nothing here costs by the hour but the database.
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      // Its rules are emptied by a custom resource only, and nothing is ever placed in the group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "database", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
    });

    const engine = DatabaseClusterEngine.auroraMysql({
      // 3.10 is a release with long-term support, and scaling to zero needs 3.08 or newer.
      version: AuroraMysqlEngineVersion.VER_3_10_4,
    });
    const cluster = new DatabaseCluster(this, "Cluster", {
      engine,
      // Upgrades come with the version above: left to itself the service would move the cluster off
      // the long-term release, and the template would no longer say what runs.
      writer: ClusterInstance.serverlessV2("writer", { autoMinorVersionUpgrade: false }),
      serverlessV2MinCapacity: settings.minCapacity,
      serverlessV2MaxCapacity: settings.maxCapacity,
      ...(settings.minCapacity === 0
        ? { serverlessV2AutoPauseDuration: Duration.minutes(settings.autoPauseMinutes) }
        : {}),
      enableDataApi: true,
      defaultDatabaseName: DATABASE_NAME,
      credentials: Credentials.fromGeneratedSecret("rowgate_admin"),
      parameterGroup: new ParameterGroup(this, "Parameters", {
        engine,
        description: "Rowgate: strict SQL, UTC, utf8mb4",
        parameters: {
          sql_mode: SQL_MODE.join(","),
          time_zone: "UTC",
          character_set_server: "utf8mb4",
          // As the migrations declare it on each table; MySQL 8 and MariaDB both have it.
          collation_server: "utf8mb4_unicode_520_ci",
        },
      }),
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      storageEncrypted: true,
      backup: { retention: Duration.days(7) },
      copyTagsToSnapshot: true,
      deletionProtection: settings.deletionProtection,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    const { secret } = cluster;
    if (!secret) {
      throw new Error("a cluster with generated credentials has a secret");
    }
    this.clusterArn = cluster.clusterArn;
    this.secretArn = secret.secretArn;

    acknowledge(vpc, {
      "AwsSolutions-VPC7": "No traffic to log: the only tenant is Aurora, which is reached over the Data API, not through this network.",
    });
    acknowledge(cluster, {
      "AwsSolutions-RDS6": "The Data API, the only way in, signs callers in by IAM itself and then logs in with the secret.",
      "AwsSolutions-RDS11": "The port is reachable from nowhere: isolated subnets, and a security group without any inbound rule.",
      "AwsSolutions-RDS14": "Backtrack would pause writes and is no substitute for the point-in-time recovery that the seven days of backups give.",
      "AwsSolutions-RDS16": "Statement logs would copy personal data into CloudWatch, to groups whose retention the stack cannot set without a custom resource.",
      "AwsSolutions-SMG4": "Rotation needs a function inside the VPC with a way out to Secrets Manager; docs/deployment.md says how to change the password by hand.",
    });
  }
}
