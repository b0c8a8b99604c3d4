import type { Duration } from "aws-cdk-lib";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { Door } from "../api/door";
import type { DataStack } from "../data-stack";
import type { RustFunction } from "../functions";
import type { Settings } from "../settings";
import { Alarms } from "./alarms";
import { Dashboard } from "./dashboard";
import { OwnMetrics } from "./metrics";
import { AlarmTopics } from "./topic";
import { watchBackups } from "./watch/backups";
import { watchFiles } from "./watch/files";
import { watchLake } from "./watch/lake";
import { watchCanary, watchDatabase, watchDoors, watchFunctions, watchInvocations } from "./watch/service";

/** The functions of the stack, by their names without `rowgate-`. */
export interface AllFunctions extends Readonly<Record<string, RustFunction>> {
  readonly canary: RustFunction;
  readonly insert: RustFunction;
}

export interface MonitoringProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly api: Door;
  readonly people: Door;
  readonly functions: AllFunctions;
  /** The interval of the ledger's audits. */
  readonly auditInterval: Duration;
  /** The interval at which the newest backup's age is reported. */
  readonly reapInterval: Duration;
  /** The nightly run of the lake, where there is one. */
  readonly pipeline: StateMachine | undefined;
}

/** Alarms, whom they tell, and a dashboard. */
export class Monitoring extends Construct {
  /** The topic that was made for alarms, if an address is set. */
  readonly topicArn: string | undefined;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { settings, functions, pipeline } = props;
    const { queues, failures, bucket, database } = props.data;
    const api = props.api.restApi;
    const people = props.people.restApi;

    const topics = new AlarmTopics(this, "Topics", settings);
    this.topicArn = topics.own?.topicArn;
    const alarms = new Alarms(this, settings.names, topics.all.map((topic) => new SnsAction(topic)));
    const metrics = new OwnMetrics(settings.names);

    watchFiles(alarms, metrics, queues, props.auditInterval);
    watchBackups(alarms, metrics, settings.backupMaxAgeHours, props.reapInterval);
    watchCanary(alarms, metrics, settings.canaryMinutes);
    watchDoors(alarms, { Api: api, People: people });
    // The canary's own alarm rings when it fails and when it does not run.
    const { canary: _, ...watched } = functions;
    watchFunctions(alarms, watched);
    watchInvocations(alarms, failures);
    watchDatabase(alarms, database.cluster);
    if (pipeline) {
      watchLake(alarms, metrics, pipeline);
    }
    new Dashboard(this, "Dashboard", {
      settings,
      alarms,
      api,
      people,
      functions,
      insert: functions.insert,
      queues,
      failures,
      bucket,
      database: database.cluster,
      pipeline,
    });
  }
}
