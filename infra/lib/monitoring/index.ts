import { Duration } from "aws-cdk-lib";
import { Alarm, type AlarmProps, ComparisonOperator, Metric, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import { NAMESPACE } from "./namespace";

export interface MonitoringProps {
  /** The people's door, which no canary goes through: it has no account. */
  readonly people: RestApi;
  readonly deadLetterQueue: Queue;
  /** The interval of the ledger's audits. */
  readonly auditInterval: Duration;
  /** The interval at which the newest backup's age is reported. */
  readonly reapInterval: Duration;
  /** Hours after which the newest good backup is too old. */
  readonly backupMaxAgeHours: number;
  /** Minutes between two runs of the canary; 0 where it does not run by itself. */
  readonly canaryMinutes: number;
  /** The nightly run of the lake, where there is one. */
  readonly pipeline: StateMachine | undefined;
}

/** Alarms. Each names the section of the runbook that says what to do. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);

    this.alarm("DeadLettersNotEmpty", "A file was tried five times and is not loaded.", "dead-letter-queue-not-empty", {
      metric: props.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: Stats.MAXIMUM,
      }),
      // An idle queue reports nothing after some hours.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.alarm("LoadsFailed", "A load has failed; what it says in the ledger tells why.", "loads-failed", {
      metric: metric("LoadsFailed", Stats.SUM, Duration.minutes(5)),
      // Most of the time nothing fails, and then no data is reported.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.alarm("LedgerFaults", "Figures of the loads ledger contradict each other.", "ledger-does-not-add-up", {
      metric: metric("LedgerFaults", Stats.MAXIMUM, props.auditInterval),
      // The result of an audit holds until the next one.
      treatMissingData: TreatMissingData.IGNORE,
    });
    this.alarm("LoadsStalled", "A load was begun and left by everyone; it has been given up.", "loads-stalled", {
      metric: metric("LoadsStalled", Stats.MAXIMUM, props.auditInterval),
      treatMissingData: TreatMissingData.IGNORE,
    });
    this.alarm("AuditMissing", "The loads ledger has not been audited for an hour.", "audit-missing", {
      metric: metric("LedgerFaults", Stats.SAMPLE_COUNT, props.auditInterval),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // Every one of them: a database that takes a while to answer delays an audit.
      evaluationPeriods: Math.ceil(Duration.hours(1).toSeconds() / props.auditInterval.toSeconds()),
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.alarm("PeopleErrors", "The people's door answered with errors that are not the callers'.", "people-errors", {
      metric: props.people.metricServerError({ period: Duration.minutes(5), statistic: Stats.SUM }),
      // A request or two fail while a database resumes; people who meet more stop trying.
      threshold: 5,
      // Without calls nothing is reported.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.watchBackups(props);
    this.watchCanary(props);
    if (props.pipeline) {
      this.watchLake(props.pipeline);
    }
  }

  private watchLake(pipeline: StateMachine): void {
    // Three alarms: a sum of metrics would be one, and the local cloud knows no metric math.
    const fiveMinutes = { period: Duration.minutes(5), statistic: Stats.SUM };
    for (const [name, what, metric] of [
      ["LakeFailed", "A step of a run of the lake has failed.", pipeline.metricFailed(fiveMinutes)],
      ["LakeTimedOut", "A run of the lake took too long and was ended.", pipeline.metricTimedOut(fiveMinutes)],
      ["LakeStopped", "Somebody has stopped a run of the lake.", pipeline.metricAborted(fiveMinutes)],
    ] as const) {
      this.alarm(name, what, "lake-failed", { metric, treatMissingData: TreatMissingData.NOT_BREACHING });
    }
    this.alarm("LakeLate", "No run of the lake has succeeded for 26 hours.", "lake-late", {
      metric: pipeline.metricSucceeded({ period: Duration.hours(1), statistic: Stats.SUM }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // Every hour of a day, and two for a run that takes longer than the one of the day before.
      evaluationPeriods: 26,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.alarm("LakeExpectationsBroken", "Rows of the lake break an expectation.", "lake-expectations-broken", {
      metric: metric("LakeExpectationsBroken", Stats.MAXIMUM, Duration.hours(1)),
      // The result of a run holds until the next one.
      treatMissingData: TreatMissingData.IGNORE,
    });
  }

  private watchCanary({ canaryMinutes }: MonitoringProps): void {
    if (canaryMinutes === 0) {
      return;
    }
    this.alarm("CanaryFailing", "Rowgate does not work as its users need it, or nobody has looked.", "canary-failing", {
      // The worst of every check.
      metric: metric("CanaryOk", Stats.MINIMUM, Duration.minutes(canaryMinutes)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // One run may fail because of a short fault that callers get over as well.
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      // A run that was interrupted or never began reports nothing.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  private watchBackups({ backupMaxAgeHours, reapInterval }: MonitoringProps): void {
    this.alarm("BackupsFailed", "A backup has failed.", "backups-failed", {
      metric: metric("BackupsFailed", Stats.SUM, Duration.minutes(5)),
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.alarm("BackupTooOld", `There is no good backup of the last ${backupMaxAgeHours} hours.`, "backup-too-old", {
      metric: metric("BackupAgeHours", Stats.MAXIMUM, reapInterval),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: backupMaxAgeHours,
      // One of them may fall between two runs of the reaper.
      evaluationPeriods: 2,
      // Without a report of the age there may be no backup.
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.alarm("DrillFailed", "The newest backup could not be verified.", "drill-failed", {
      metric: metric("DrillsFailed", Stats.MAXIMUM, Duration.hours(1)),
      // The result of a drill holds until the next one.
      treatMissingData: TreatMissingData.IGNORE,
    });
    this.alarm("DrillMissing", "No backup has been verified for a day.", "drill-missing", {
      metric: metric("DrillsFailed", Stats.SAMPLE_COUNT, Duration.hours(1)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // Every hour of a day, and two for a drill that takes longer than the one of the day before.
      evaluationPeriods: 26,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.alarm("RestoresFailed", "A restore has failed; its tables are as they were.", "restores-failed", {
      metric: metric("RestoresFailed", Stats.SUM, Duration.minutes(5)),
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** An alarm that rings at one, unless `props` says otherwise. */
  private alarm(name: string, what: string, section: string, props: Partial<AlarmProps> & Pick<AlarmProps, "metric">): void {
    new Alarm(this, name, {
      alarmName: `Rowgate/${name}`,
      alarmDescription: `${what} Runbook: docs/operations.md#${section}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      ...props,
    });
  }
}

/** A metric over all tables. */
function metric(metricName: string, statistic: string, period: Duration): Metric {
  return new Metric({ namespace: NAMESPACE, metricName, statistic, period });
}
