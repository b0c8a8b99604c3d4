import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { Api } from "./api";
import { Backups, REAP_INTERVAL } from "./backups";
import { DataBucket } from "./bucket";
import { Canary } from "./canary";
import { Database } from "./database";
import { AUDIT_INTERVAL, Ingestion } from "./ingestion";
import { InsertApi } from "./insert-api";
import { Lake } from "./lake";
import { Migrate } from "./migrate";
import { Monitoring } from "./monitoring";
import { People } from "./people";
import { Reports } from "./reports";
import { Sample } from "./sample";
import { readSettings } from "./settings";
import { Uploads } from "./uploads";

/** The whole of Rowgate, in one stack. */
export class RowgateStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: "Rowgate: rows in over HTTP and S3, reports out", ...props });
    const settings = readSettings(this.node);

    const database = new Database(this, "Database", { settings });
    const bucket = new DataBucket(this, "Data");
    const shared = { settings, database, bucket };

    const insert = new InsertApi(this, "Insert", shared);
    const reports = new Reports(this, "Reports", shared);
    new Migrate(this, "Migrate", shared);
    const ingestion = new Ingestion(this, "Ingestion", shared);
    const backups = new Backups(this, "Backups", shared);
    const { backup, restore } = backups;
    const uploads = new Uploads(this, "Uploads", shared);

    const functions = { insert, reports, backup, restore, uploads };
    const api = new Api(this, "Api", { settings, functions });
    const people = new People(this, "People", { ...shared, scripts: api, functions });
    backups.knowOperator(api.operatorKey);
    // The document of the API says where that is.
    reports.lambda.addEnvironment("ROWGATE_URL", api.url);
    reports.lambda.addEnvironment("ROWGATE_PEOPLE_URL", people.door.url);
    insert.lambda.addEnvironment("ROWGATE_OPERATOR_KEY_ID", api.operatorKey.keyId);

    new Canary(this, "Canary", { settings, api, bucket });
    if (settings.sample) {
      new Sample(this, "Sample", { settings, bucket });
    }
    const lake =
      settings.lake &&
      new Lake(this, "Lake", {
        settings: settings.lake,
        sql: settings.sql,
        at: settings.backupAt,
        data: bucket,
        backup,
        restore,
      });
    new Monitoring(this, "Monitoring", {
      people: people.door.restApi,
      deadLetterQueue: ingestion.deadLetterQueue,
      auditInterval: AUDIT_INTERVAL,
      reapInterval: REAP_INTERVAL,
      backupMaxAgeHours: settings.backupMaxAgeHours,
      canaryMinutes: settings.canaryMinutes,
      pipeline: lake?.stateMachine,
    });
    this.addOutputs({ api, people, bucket, ingestion, database, lake });
  }

  /** Outputs what users, scripts and the local cloud need to know of the stack. */
  private addOutputs({ api, people, bucket, ingestion, database, lake }: Parts): void {
    this.output("ApiUrl", "Base of every path", api.url);
    this.output("RestApiId", "The API's id", api.restApi.restApiId);
    this.output("WriterKeyId", "Id of the writer's API key; docs/deployment.md says how to read its value", api.writerKey.keyId);
    this.output("OperatorKeyId", "Id of the operator's API key", api.operatorKey.keyId);
    this.output("PeopleUrl", "Base of every path for people", people.door.url);
    this.output("ConsoleUrl", "The page that people use", `${people.door.url}/console`);
    this.output("UserPoolId", "The accounts of people", people.directory.pool.userPoolId);
    this.output("DataBucketName", "Drop files here, under incoming/<table>/", bucket.bucketName);
    this.output("QueueUrl", "Files that wait to be loaded", ingestion.queue.queueUrl);
    this.output("DeadLetterQueueUrl", "Files that could not be loaded", ingestion.deadLetterQueue.queueUrl);
    this.output("ClusterArn", "The database, for the Data API", database.clusterArn);
    this.output("SecretArn", "The database's user and password", database.secretArn);
    this.output("DatabaseName", "The schema that holds the tables", database.databaseName);
    if (lake) {
      this.output("LakeBucketName", "The lake's Delta tables", lake.bucket.bucketName);
      this.output("LakeStateMachineArn", "The nightly run of the lake", lake.stateMachine.stateMachineArn);
      this.output("LakeWorkGroup", "Athena's workgroup for the lake", lake.workGroupName);
    }
  }

  private output(name: string, description: string, value: string): void {
    new CfnOutput(this, name, { description, value });
  }
}

/** The constructs that the outputs describe. */
interface Parts {
  readonly api: Api;
  readonly people: People;
  readonly bucket: DataBucket;
  readonly ingestion: Ingestion;
  readonly database: Database;
  readonly lake: Lake | undefined;
}
