import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { Api } from "./api";
import { Backups, SWEEP_INTERVAL } from "./backups";
import { DataBucket, REJECTED_PREFIX } from "./bucket";
import { Canary } from "./canary";
import { Database } from "./database";
import { RustFunction, TRANSACTIONS } from "./functions";
import { AUDIT_INTERVAL, Ingestion } from "./ingestion";
import { Lake } from "./lake";
import { Monitoring } from "./monitoring";
import { People } from "./people";
import { readSettings } from "./settings";
import { Uploads } from "./uploads";

/** The whole of Rowgate, in one stack. */
export class RowgateStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: "Rowgate: rows in over HTTP and S3, reports out", ...props });
    const settings = readSettings(this.node);

    const database = new Database(this, "Database", { settings });
    const bucket = new DataBucket(this, "Data");

    // Half a gigabyte buys a quarter of a core, with which a batch of 1000 rows is parsed, checked
    // and turned into SQL in milliseconds; the rest of a call is waiting for the database.
    const insert = new RustFunction(this, "Insert", {
      settings,
      name: "insert",
      packageName: "insert-api",
      description: "Checks rows and inserts them; reads, replaces and deletes rows",
      takesRequests: true,
      memorySize: 512,
    });
    insert.useDatabase(database, TRANSACTIONS);

    const reports = new RustFunction(this, "Reports", {
      settings,
      name: "reports",
      description: "Answers the SQL reports as JSON and CSV",
      takesRequests: true,
      memorySize: 512,
      environment: { ROWGATE_BUCKET: bucket.bucketName },
    });
    reports.useDatabase(database, ["ExecuteStatement"]);
    // A link that a function signs opens what the function itself may read.
    bucket.allow(reports, "SignRejects", ["s3:GetObject"], {
      [`${REJECTED_PREFIX}*`]: "Each load has rejects files under its own id; the prefix is the limit.",
    });

    // People invoke it after a deployment. A custom resource would tie every change of the stack,
    // and its rollback, to a schema change that cannot be rolled back.
    const migrate = new RustFunction(this, "Migrate", {
      settings,
      name: "migrate",
      description: "Applies the database migrations that are missing",
      // An ALTER TABLE of a large table takes minutes; the Data API continues it past its own
      // limit.
      timeout: Duration.minutes(15),
      memorySize: 256,
    });
    migrate.useDatabase(database, TRANSACTIONS);

    const ingestion = new Ingestion(this, "Ingestion", { settings, database, bucket });
    const backups = new Backups(this, "Backups", { settings, database, bucket });
    const { backup, restore } = backups;
    const uploads = new Uploads(this, "Uploads", { settings, database, bucket });
    const functions = { insert, reports, backup, restore, uploads };
    const api = new Api(this, "Api", { settings, functions });
    const { door, directory } = new People(this, "People", {
      settings,
      database,
      bucket,
      scripts: api,
      functions,
    });
    backups.knowOperator(api.operatorKey);
    // The document of the API says where that is.
    reports.lambda.addEnvironment("ROWGATE_URL", api.url);
    reports.lambda.addEnvironment("ROWGATE_PEOPLE_URL", door.url);
    insert.lambda.addEnvironment("ROWGATE_OPERATOR_KEY_ID", api.operatorKey.keyId);
    new Canary(this, "Canary", { settings, api, bucket });
    const lake =
      settings.lake &&
      new Lake(this, "Lake", { settings: settings.lake, at: settings.backupAt, data: bucket, backup, restore });
    new Monitoring(this, "Monitoring", {
      people: door.restApi,
      deadLetterQueue: ingestion.deadLetterQueue,
      auditInterval: AUDIT_INTERVAL,
      sweepInterval: SWEEP_INTERVAL,
      backupMaxAgeHours: settings.backupMaxAgeHours,
      canaryMinutes: settings.canaryMinutes,
      pipeline: lake?.stateMachine,
    });

    this.output("ApiUrl", "Base of every path", api.url);
    this.output("RestApiId", "The API's id", api.restApi.restApiId);
    this.output("WriterKeyId", "Id of the writer's API key; docs/deployment.md says how to read its value", api.writerKey.keyId);
    this.output("OperatorKeyId", "Id of the operator's API key", api.operatorKey.keyId);
    this.output("PeopleUrl", "Base of every path for people", door.url);
    this.output("ConsoleUrl", "The page that people use", `${door.url}/console`);
    this.output("UserPoolId", "The accounts of people", directory.pool.userPoolId);
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
