import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { ApiKeys, outputName } from "./api/keys";
import { DataBucket } from "./bucket";
import { Database } from "./database";
import { FailedInvocations } from "./functions/failures";
import { FileQueues } from "./ingestion/queues";
import { LakeBucket } from "./lake/bucket";
import { Directory } from "./people/directory";
import type { Settings } from "./settings";

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
}

/** The stack of what must not be lost: rows, files, messages, keys, accounts. */
export class DataStack extends Stack {
  readonly database: Database;
  readonly bucket: DataBucket;
  readonly queues: FileQueues;
  readonly failures: FailedInvocations;
  readonly keys: ApiKeys;
  readonly directory: Directory;
  /** The bucket of the lake, where there is one. */
  readonly lakeBucket: LakeBucket | undefined;

  constructor(scope: Construct, id: string, { settings, ...props }: DataStackProps) {
    super(scope, id, {
      description: "Rowgate: database, files, keys and accounts",
      // The database's own protection does not hold for its instances, nor for the rest.
      terminationProtection: settings.deletionProtection,
      ...props,
    });
    this.database = new Database(this, "Database", { settings });
    this.bucket = new DataBucket(this, "Data", { settings });
    this.database.loadFromS3?.allow(this.bucket);
    this.queues = new FileQueues(this, "Files", { bucket: this.bucket });
    this.failures = new FailedInvocations(this, "FailedInvocations");
    this.keys = new ApiKeys(this, "Keys", settings.keys);
    this.directory = new Directory(this, "Directory", { settings });
    this.lakeBucket = settings.lake && new LakeBucket(this, "Lake");
    this.addOutputs();
  }

  /** Outputs what users, scripts and the local cloud need to know. */
  private addOutputs(): void {
    const { database, bucket, queues, failures, directory } = this;
    this.output("DataBucketName", "Drop files here, under incoming/<table>/", bucket.bucketName);
    this.output("QueueUrl", "Files that wait to be loaded", queues.files.queueUrl);
    this.output("DeadLetterQueueUrl", "Files that could not be loaded", queues.deadLetters.queueUrl);
    this.output("FailedInvocationsUrl", "What schedules and functions asked for, and failed", failures.queueUrl);
    this.output("ClusterArn", "The database, for the Data API", database.clusterArn);
    this.output("AdminSecretArn", "User and password of the database's administrator", database.secretArn("admin"));
    this.output("WriterSecretArn", "User and password of the functions that write", database.secretArn("writer"));
    this.output("ReaderSecretArn", "User and password of the function of reports", database.secretArn("reader"));
    this.output("DatabaseName", "The schema that holds the tables", database.databaseName);
    this.output("UserPoolId", "The accounts of people", directory.pool.userPoolId);
    for (const { settings, key } of this.keys.keys) {
      this.output(outputName(settings.name), `Id of the API key ${settings.name}; docs/deployment.md says how to read its value`, key.keyId);
    }
    if (this.lakeBucket) {
      this.output("LakeBucketName", "The lake's Delta tables", this.lakeBucket.bucketName);
    }
  }

  private output(name: string, description: string, value: string): void {
    new CfnOutput(this, name, { description, value });
  }
}
