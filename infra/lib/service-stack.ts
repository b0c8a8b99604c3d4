import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";

import { Api } from "./api";
import { Backups, REAP_INTERVAL } from "./backups";
import { Canary } from "./canary";
import type { DataStack } from "./data-stack";
import { AUDIT_INTERVAL, Ingestion } from "./ingestion";
import { InsertApi } from "./insert-api";
import { Lake } from "./lake";
import { Migrate } from "./migrate";
import { Monitoring } from "./monitoring";
import { People } from "./people";
import { Reports } from "./reports";
import { Sample } from "./sample";
import type { Settings } from "./settings";
import { Uploads } from "./uploads";

export interface ServiceStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
}

/** The stack of what works on the data, and may be made again: functions, doors, schedules, alarms. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, { settings, data, ...props }: ServiceStackProps) {
    super(scope, id, { description: "Rowgate: rows in over HTTP and S3, reports out", ...props });
    const { database, bucket, queues, failures, keys, directory } = data;
    const shared = { settings, database, bucket };

    const insert = new InsertApi(this, "Insert", shared);
    const reports = new Reports(this, "Reports", shared);
    const migrate = new Migrate(this, "Migrate", shared);
    const { loader } = new Ingestion(this, "Ingestion", { ...shared, queues, failures });
    const { backup, restore } = new Backups(this, "Backups", { ...shared, failures });
    const uploads = new Uploads(this, "Uploads", shared);

    const functions = { insert, reports, backup, restore, uploads };
    for (const { lambda } of Object.values(functions)) {
      lambda.addEnvironment("ROWGATE_KEYS", keys.json());
    }
    const api = new Api(this, "Api", { settings, functions, keys });
    const people = new People(this, "People", { ...shared, directory, scripts: api, functions });
    // The document of the API says where that is.
    reports.lambda.addEnvironment("ROWGATE_URL", api.url);
    reports.lambda.addEnvironment("ROWGATE_PEOPLE_URL", people.door.url);

    const { canary } = new Canary(this, "Canary", { settings, api, keyId: keys.canaryKeyId, bucket });
    const optional = settings.sample ? { sample: new Sample(this, "Sample", { settings, bucket }) } : undefined;
    const lake =
      settings.lake &&
      data.lakeBucket &&
      new Lake(this, "Lake", {
        settings: settings.lake,
        names: settings.names,
        sql: settings.sql,
        at: settings.backupAt,
        data: bucket,
        bucket: data.lakeBucket,
        backup,
        restore,
      });
    const { accounts, console } = people;
    const monitoring = new Monitoring(this, "Monitoring", {
      settings,
      data,
      api,
      people: people.door,
      functions: { ...functions, accounts, console, loader, migrate, canary, ...optional },
      auditInterval: AUDIT_INTERVAL,
      reapInterval: REAP_INTERVAL,
      pipeline: lake?.stateMachine,
    });

    this.output("ApiUrl", "Base of every path", api.url);
    this.output("RestApiId", "The API's id", api.restApi.restApiId);
    this.output("PeopleUrl", "Base of every path for people", people.door.url);
    this.output("ConsoleUrl", "The page that people use", `${people.door.url}/console`);
    if (settings.snapshotIdentifier !== undefined) {
      // References are resolved when this stack changes, as it must with another database.
      this.output("DatabaseSnapshot", "The snapshot that the database began with", settings.snapshotIdentifier);
    }
    if (lake) {
      this.output("LakeStateMachineArn", "The nightly run of the lake", lake.stateMachine.stateMachineArn);
      this.output("LakeWorkGroup", "Athena's workgroup for the lake", lake.workGroupName);
    }
    if (monitoring.topicArn !== undefined) {
      this.output("AlarmTopicArn", "The topic that alarms go to, for more who subscribe", monitoring.topicArn);
    }
  }

  private output(name: string, description: string, value: string): void {
    new CfnOutput(this, name, { description, value });
  }
}
