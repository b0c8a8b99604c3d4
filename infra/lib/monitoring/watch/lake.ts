import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";

import type { Alarms } from "../alarms";
import type { OwnMetrics } from "../metrics";

/** `pipeline`: the nightly run of the lake. */
export function watchLake(alarms: Alarms, metrics: OwnMetrics, pipeline: StateMachine): void {
  // Three alarms: a sum of metrics would be one, and the local cloud knows no metric math.
  const fiveMinutes = { period: Duration.minutes(5), statistic: Stats.SUM };
  for (const [name, what, metric] of [
    ["LakeFailed", "A step of a run of the lake has failed.", pipeline.metricFailed(fiveMinutes)],
    ["LakeTimedOut", "A run of the lake took too long and was ended.", pipeline.metricTimedOut(fiveMinutes)],
    ["LakeStopped", "Somebody has stopped a run of the lake.", pipeline.metricAborted(fiveMinutes)],
  ] as const) {
    alarms.add(name, what, "lake-failed", { metric, treatMissingData: TreatMissingData.NOT_BREACHING });
  }
  alarms.add("LakeLate", "No run of the lake has succeeded for 26 hours.", "lake-late", {
    metric: pipeline.metricSucceeded({ period: Duration.hours(1), statistic: Stats.SUM }),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    // Every hour of a day, and two for a run that takes longer than the one of the day before.
    evaluationPeriods: 26,
    treatMissingData: TreatMissingData.BREACHING,
  });
  alarms.add("LakeExpectationsBroken", "Rows of the lake break an expectation.", "lake-expectations-broken", {
    metric: metrics.of("LakeExpectationsBroken", Stats.MAXIMUM, Duration.hours(1)),
    // The result of a run holds until the next one.
    treatMissingData: TreatMissingData.IGNORE,
  });
}
