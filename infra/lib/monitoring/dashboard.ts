import { Duration } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type GraphWidgetProps,
  type HorizontalAnnotation,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  Metric,
  Stats,
} from "aws-cdk-lib/aws-cloudwatch";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { Database } from "../database";
import type { RustFunction } from "../functions";
import type { FileQueues } from "../ingestion/queues";
import type { Settings } from "../settings";
import type { Alarms } from "./alarms";
import { OwnMetrics } from "./metrics";

const FIVE_MINUTES = Duration.minutes(5);
const DAY = Duration.days(1);

/** The width of all widgets of a row. */
const WIDTH = 24;
const HEIGHT = 6;

/** The steps of a run of the lake that the job does; `lake/rowgate_lake/settings.py` has them. */
const LAKE_STEPS = ["bronze", "silver", "gold", "maintenance"];

// Rows of requests have no metric: a line has the number in any case, and a metric would cost for
// every route.
const ROWS_BY_API = [
  'filter message = "row rejected" or (message = "request answered" and `http.method` = "POST")',
  'fields strcontains(message, "row rejected") as refused',
  "stats sum(rows) as inserted, sum(refused) as rejected by bin(1h)",
];

export interface DashboardProps {
  readonly settings: Settings;
  readonly alarms: Alarms;
  readonly api: RestApi;
  readonly people: RestApi;
  /** By their names without `rowgate-`. */
  readonly functions: Readonly<Record<string, RustFunction>>;
  /** The function of rows. */
  readonly insert: RustFunction;
  readonly queues: FileQueues;
  readonly failures: Queue;
  readonly bucket: Bucket;
  readonly database: Database["cluster"];
  /** The nightly run of the lake, where there is one. */
  readonly pipeline: StateMachine | undefined;
}

/** One page with all that a deployment does, and what it costs for. */
export class Dashboard extends Construct {
  private readonly own: OwnMetrics;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { settings, alarms } = props;
    this.own = new OwnMetrics(settings.names);
    new CloudWatchDashboard(this, "Dashboard", {
      dashboardName: settings.names.of("Rowgate"),
      defaultInterval: DAY,
      widgets: [
        [new AlarmStatusWidget({ title: "Alarms", alarms: alarms.all, width: WIDTH, height: HEIGHT })],
        this.requests("Scripts", props.api),
        this.requests("People", props.people),
        this.rows(props),
        this.files(props),
        this.backups(props),
        this.database(props),
        this.functions(props),
        this.costs(props),
        ...(props.pipeline === undefined ? [] : [this.lake(props.pipeline)]),
      ],
    });
  }

  private requests(who: string, door: RestApi): IWidget[] {
    const sum = { period: FIVE_MINUTES, statistic: Stats.SUM };
    const latency = (percentile: number) =>
      door.metricLatency({ period: FIVE_MINUTES, statistic: Stats.percentile(percentile), label: `p${percentile}` });
    return row(
      { title: `${who}: requests`, left: [door.metricCount({ ...sum, label: "requests" })] },
      { title: `${who}: latency, ms`, left: [latency(50), latency(99)] },
      {
        title: `${who}: errors`,
        left: [door.metricClientError({ ...sum, label: "4xx" }), door.metricServerError({ ...sum, label: "5xx" })],
      },
    );
  }

  private rows({ insert }: DashboardProps): IWidget[] {
    return [
      new GraphWidget({
        title: "Rows of files",
        left: [this.sum("RowsLoaded"), this.sum("RowsRejected")],
        width: WIDTH / 2,
        height: HEIGHT,
      }),
      new LogQueryWidget({
        title: "Rows of scripts and people",
        logGroupNames: [insert.logGroup.logGroupName],
        queryLines: ROWS_BY_API,
        view: LogQueryVisualizationType.BAR,
        width: WIDTH / 2,
        height: HEIGHT,
      }),
    ];
  }

  private files({ queues: { files, deadLetters }, failures }: DashboardProps): IWidget[] {
    const most = { period: FIVE_MINUTES, statistic: Stats.MAXIMUM };
    return row(
      { title: "Loads", left: [this.sum("LoadsCompleted"), this.sum("LoadsFailed"), this.sum("LoadsSkipped")] },
      { title: "Loads: seconds", left: [this.percentile("LoadSeconds", 50), this.percentile("LoadSeconds", 99)] },
      {
        title: "Queues",
        left: [
          files.metricApproximateNumberOfMessagesVisible({ ...most, label: "waiting" }),
          files.metricApproximateNumberOfMessagesNotVisible({ ...most, label: "in work" }),
          deadLetters.metricApproximateNumberOfMessagesVisible({ ...most, label: "dead letters" }),
          failures.metricApproximateNumberOfMessagesVisible({ ...most, label: "failed invocations" }),
        ],
        right: [files.metricApproximateAgeOfOldestMessage({ ...most, label: "age of the oldest, s" })],
      },
    );
  }

  private backups({ settings }: DashboardProps): IWidget[] {
    const limit: HorizontalAnnotation = { value: settings.backupMaxAgeHours, label: "too old" };
    const age = this.own.of("BackupAgeHours", Stats.MAXIMUM, Duration.hours(1));
    return row(
      { title: "Age of the newest good backup, hours", left: [age], leftAnnotations: [limit] },
      {
        title: "Backups and restores",
        left: ["BackupsCompleted", "BackupsFailed", "RestoresCompleted", "RestoresFailed", "DrillsFailed"].map((name) => this.sum(name)),
      },
      {
        title: "Backups and restores: seconds",
        left: ["BackupSeconds", "RestoreSeconds"].map((name) => this.own.of(name, Stats.MAXIMUM, FIVE_MINUTES)),
      },
    );
  }

  private database({ settings, database }: DashboardProps): IWidget[] {
    const average = { period: FIVE_MINUTES, statistic: Stats.AVERAGE };
    const limit: HorizontalAnnotation = { value: settings.maxCapacity, label: "maxCapacity" };
    return row(
      {
        title: "Database: capacity units",
        left: [database.metricServerlessDatabaseCapacity({ ...average, label: "capacity" })],
        leftAnnotations: [limit],
      },
      {
        title: "Database: utilisation, %",
        left: [
          database.metricACUUtilization({ ...average, label: "of maxCapacity" }),
          database.metricCPUUtilization({ ...average, label: "of its processor" }),
        ],
      },
      {
        title: "Database: connections",
        left: [database.metricDatabaseConnections({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM, label: "connections" })],
      },
    );
  }

  private functions({ functions }: DashboardProps): IWidget[] {
    const of = (metricName: string): IMetric[] =>
      Object.entries(functions).map(([label, { lambda }]) =>
        lambda.metric(metricName, { period: FIVE_MINUTES, statistic: Stats.SUM, label }),
      );
    return row(
      { title: "Functions: invocations", left: of("Invocations") },
      { title: "Functions: errors", left: of("Errors") },
      { title: "Functions: throttles", left: of("Throttles") },
    );
  }

  private costs({ functions, database, bucket }: DashboardProps): IWidget[] {
    const hourly = { period: Duration.hours(1), statistic: Stats.SUM };
    const each = (metric: (one: RustFunction, label: string) => IMetric): IMetric[] =>
      Object.entries(functions).map(([name, one]) => metric(one, name));
    const stored = { period: DAY, statistic: Stats.AVERAGE };
    return row(
      { title: "Cost: functions, ms", left: each(({ lambda }, label) => lambda.metricDuration({ ...hourly, label })), stacked: true },
      {
        title: "Cost: log bytes",
        left: each(({ logGroup }, label) => logBytes(logGroup).with({ ...hourly, label })),
        stacked: true,
      },
      {
        title: "Cost: database reads and writes",
        left: [
          database.metricVolumeReadIOPs({ ...hourly, label: "reads" }),
          database.metricVolumeWriteIOPs({ ...hourly, label: "writes" }),
        ],
      },
      {
        title: "Cost: bytes stored",
        left: [
          database.metricVolumeBytesUsed({ ...stored, label: "database" }),
          bucketBytes(bucket).with({ ...stored, label: "bucket" }),
        ],
      },
    );
  }

  private lake(pipeline: StateMachine): IWidget[] {
    const hourly = { period: Duration.hours(1), statistic: Stats.SUM };
    const seconds = (step: string) =>
      this.own.of("LakeStepSeconds", Stats.MAXIMUM, Duration.hours(1), { Step: step }).with({ label: step });
    return row(
      {
        title: "Lake: runs",
        left: [pipeline.metricSucceeded({ ...hourly, label: "succeeded" }), pipeline.metricFailed({ ...hourly, label: "failed" })],
      },
      { title: "Lake: seconds of the steps", left: LAKE_STEPS.map(seconds) },
      { title: "Lake: broken expectations", left: [this.own.of("LakeExpectationsBroken", Stats.MAXIMUM, Duration.hours(1))] },
    );
  }

  private sum(metricName: string): Metric {
    return this.own.of(metricName, Stats.SUM, FIVE_MINUTES);
  }

  private percentile(metricName: string, percentile: number): Metric {
    return this.own.of(metricName, Stats.percentile(percentile), FIVE_MINUTES).with({ label: `p${percentile}` });
  }
}

/** The bytes of the lines that came. The construct's own metric is about all groups together. */
function logBytes({ logGroupName }: LogGroup): Metric {
  return new Metric({ namespace: "AWS/Logs", metricName: "IncomingBytes", dimensionsMap: { LogGroupName: logGroupName } });
}

function bucketBytes({ bucketName }: Bucket): Metric {
  return new Metric({
    namespace: "AWS/S3",
    metricName: "BucketSizeBytes",
    dimensionsMap: { BucketName: bucketName, StorageType: "StandardStorage" },
  });
}

/** Graphs that share the width of a row. */
function row(...graphs: GraphWidgetProps[]): IWidget[] {
  return graphs.map((graph) => new GraphWidget({ width: WIDTH / graphs.length, height: HEIGHT, ...graph }));
}
