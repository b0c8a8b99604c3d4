import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";

import type { Alarms } from "../alarms";
import type { OwnMetrics } from "../metrics";

/** `reapInterval`: the interval at which the newest backup's age is reported. */
export function watchBackups(alarms: Alarms, metrics: OwnMetrics, maxAgeHours: number, reapInterval: Duration): void {
  alarms.add("BackupsFailed", "A backup has failed.", "backups-failed", {
    metric: metrics.of("BackupsFailed", Stats.SUM, Duration.minutes(5)),
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  alarms.add("BackupTooOld", `There is no good backup of the last ${maxAgeHours} hours.`, "backup-too-old", {
    metric: metrics.of("BackupAgeHours", Stats.MAXIMUM, reapInterval),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold: maxAgeHours,
    // One of them may fall between two runs of the reaper.
    evaluationPeriods: 2,
    // Without a report of the age there may be no backup.
    treatMissingData: TreatMissingData.BREACHING,
  });
  alarms.add("DrillFailed", "The newest backup could not be verified.", "drill-failed", {
    metric: metrics.of("DrillsFailed", Stats.MAXIMUM, Duration.hours(1)),
    // The result of a drill holds until the next one.
    treatMissingData: TreatMissingData.IGNORE,
  });
  alarms.add("DrillMissing", "No backup has been verified for a day.", "drill-missing", {
    metric: metrics.of("DrillsFailed", Stats.SAMPLE_COUNT, Duration.hours(1)),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    // Every hour of a day, and two for a drill that takes longer than the one of the day before.
    evaluationPeriods: 26,
    treatMissingData: TreatMissingData.BREACHING,
  });
  alarms.add("RestoresFailed", "A restore has failed; its tables are as they were.", "restores-failed", {
    metric: metrics.of("RestoresFailed", Stats.SUM, Duration.minutes(5)),
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
