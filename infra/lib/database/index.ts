import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import {
  AuroraMysqlEngineVersion,
  type CfnDBCluster,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  DatabaseClusterFromSnapshot,
  type DatabaseClusterProps,
  ParameterGroup,
} from "aws-cdk-lib/aws-rds";
import { type CfnSecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { acknowledge } from "../nag";
import type { Settings } from "../settings";
import { LoadFromS3 } from "./load-from-s3";

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

/**
 * The users of the database: `admin` changes the schema and makes the other two, `writer` has every
 * right on its rows and tables, `reader` reads.
 */
export type DatabaseUser = "admin" | "reader" | "writer";

/**
 * Aurora MySQL Serverless v2 with the Data API, in a network that nothing enters, and nothing
 * leaves unless the loader's path is S3.
 */
export class Database extends Construct {
  readonly cluster: DatabaseCluster | DatabaseClusterFromSnapshot;
  readonly clusterArn: string;
  /** The schema that holds the tables. */
  readonly databaseName: string;
  /** What lets the database read from a bucket, where the loader's path is S3. */
  readonly loadFromS3: LoadFromS3 | undefined;
  private readonly secretArns: Readonly<Record<DatabaseUser, string>>;

  constructor(scope: Construct, id: string, { settings }: DatabaseProps) {
    super(scope, id);
    this.databaseName = settings.databaseName;

    const vpc = this.network();
    this.loadFromS3 = settings.loaderPath === "s3" ? new LoadFromS3(this, "LoadFromS3", vpc) : undefined;
    const cluster = this.make(settings, vpc);
    this.cluster = cluster;
    this.clusterArn = cluster.clusterArn;
    this.secretArns = {
      // Made, kept and rotated by Amazon RDS.
      admin: (cluster.node.defaultChild as CfnDBCluster).attrMasterUserSecretSecretArn,
      reader: this.secret("Reader", this.user("reader")),
      writer: this.secret("Writer", this.user("writer")),
    };
  }

  /** The ARN of the secret with a user's name and password. */
  secretArn(user: DatabaseUser): string {
    return this.secretArns[user];
  }

  private user(user: DatabaseUser): string {
    return `${this.databaseName}_${user}`;
  }

  private network(): Vpc {
    // Aurora must be in a VPC; the functions need not, they use the Data API. Hence no NAT, no
    // internet gateway, no endpoint but a free one of S3: nothing here costs by the hour but the
    // database.
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      // Its rules are emptied by a custom resource only, and nothing is ever placed in the group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "database", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
    });
    acknowledge(vpc, {
      "AwsSolutions-VPC7": "Little to log: the only tenant is Aurora, which is reached over the Data API, not through this network, and itself reaches nothing but the loader's parts in S3.",
    });
    return vpc;
  }

  private make(settings: Settings, vpc: Vpc): DatabaseCluster | DatabaseClusterFromSnapshot {
    const { snapshotIdentifier } = settings;
    const props = {
      ...this.clusterProps(settings),
      vpc,
      ...(this.loadFromS3 ? { s3ImportRole: this.loadFromS3.role } : {}),
    };
    const cluster =
      snapshotIdentifier === undefined
        ? new DatabaseCluster(this, "Cluster", {
            ...props,
            defaultDatabaseName: this.databaseName,
            credentials: Credentials.fromUsername(this.user("admin")),
          })
        : // Its schema and its users are those of the snapshot.
          new DatabaseClusterFromSnapshot(this, "Cluster", { ...props, snapshotIdentifier });
    acknowledge(cluster, {
      "AwsSolutions-RDS6": "The Data API, the only way in, signs callers in by IAM itself and then logs in with the secret.",
      "AwsSolutions-RDS11": "The port is reachable from nowhere: isolated subnets, and a security group without any inbound rule.",
      "AwsSolutions-RDS14": "Backtrack would pause writes and is no substitute for the point-in-time recovery that the seven days of backups give.",
      "AwsSolutions-RDS16": "Statement logs would copy personal data into CloudWatch, to groups whose retention the stack cannot set without a custom resource.",
    });
    return cluster;
  }

  private clusterProps(settings: Settings): Omit<DatabaseClusterProps, "credentials" | "defaultDatabaseName"> {
    const engine = DatabaseClusterEngine.auroraMysql({
      // 3.10 is a release with long-term support, and scaling to zero needs 3.08 or newer.
      version: AuroraMysqlEngineVersion.VER_3_10_4,
    });
    const readers = Array.from({ length: settings.readers }, (_, index) =>
      // Scaled with the writer, so that it can take over at once.
      ClusterInstance.serverlessV2(`reader${index + 1}`, { scaleWithWriter: true, autoMinorVersionUpgrade: false }),
    );
    return {
      engine,
      // Upgrades come with the version above: left to itself the service would move the cluster off
      // the long-term release, and the template would no longer say what runs.
      writer: ClusterInstance.serverlessV2("writer", { autoMinorVersionUpgrade: false }),
      ...(readers.length > 0 ? { readers } : {}),
      serverlessV2MinCapacity: settings.minCapacity,
      serverlessV2MaxCapacity: settings.maxCapacity,
      ...(settings.minCapacity === 0
        ? { serverlessV2AutoPauseDuration: Duration.minutes(settings.autoPauseMinutes) }
        : {}),
      enableDataApi: true,
      manageMasterUserPassword: true,
      parameterGroup: new ParameterGroup(this, "Parameters", {
        engine,
        description: "Rowgate: strict SQL, UTC, utf8mb4",
        parameters: {
          sql_mode: SQL_MODE.join(","),
          time_zone: "UTC",
          character_set_server: "utf8mb4",
          // As the migrations declare it on each table; MySQL 8 and MariaDB both have it.
          collation_server: "utf8mb4_unicode_520_ci",
          // A user holds AWS_LOAD_S3_ACCESS as a role, which is otherwise active after SET ROLE
          // only. RDS takes 0 and 1 for this parameter, neither OFF nor ON.
          // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.ViewingCluster.html
          ...(settings.loaderPath === "s3" ? { activate_all_roles_on_login: "1" } : {}),
        },
      }),
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      storageEncrypted: true,
      backup: { retention: Duration.days(7) },
      copyTagsToSnapshot: true,
      deletionProtection: settings.deletionProtection,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    };
  }

  private secret(id: string, username: string): string {
    const secret = new Secret(this, id, {
      description: `Rowgate: the database's user ${username}`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: "password",
        // It becomes part of an SQL statement.
        excludePunctuation: true,
        passwordLength: 32,
      },
    });
    acknowledge(secret, {
      "AwsSolutions-SMG4": "rowgate-migrate gives the user the password that is here: docs/deployment.md says how to change it.",
    });
    // Its ARN, as the reference to it is, which the local cloud takes for its name.
    return (secret.node.defaultChild as CfnSecret).attrId;
  }
}
