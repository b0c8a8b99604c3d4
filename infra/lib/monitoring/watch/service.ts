import { Duration } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Queue } from "aws-cdk-lib/aws-sqs";

import type { Database } from "../../database";
import type { RustFunction } from "../../functions";
import type { Alarms } from "../alarms";
import type { OwnMetrics } from "../metrics";

const FIVE_MINUTES = Duration.minutes(5);

/** `doors`: the REST APIs, by the first word of their alarm's name. */
export function watchDoors(alarms: Alarms, doors: Readonly<Record<"Api" | "People", RestApi>>): void {
  for (const [name, what, section, door] of [
    ["ApiErrors", "The API answered scripts with errors that are not the callers'.", "api-errors", doors.Api],
    // No canary goes through it: it has no account.
    ["PeopleErrors", "The people's door answered with errors that are not the callers'.", "people-errors", doors.People],
  ] as const) {
    alarms.add(name, what, section, {
      metric: door.metricServerError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      // A request or two fail while a database resumes; people who meet more stop trying.
      threshold: 5,
      // Without calls nothing is reported.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** `functions`: by their names without `rowgate-`. */
export function watchFunctions(alarms: Alarms, functions: Readonly<Record<string, RustFunction>>): void {
  // Two alarms a function: a sum of metrics would be one for all of them, and the local cloud knows
  // no metric math.
  for (const [name, { lambda, functionName }] of Object.entries(functions)) {
    const props = { period: FIVE_MINUTES, statistic: Stats.SUM };
    alarms.add(`FunctionErrors-${name}`, `An invocation of ${functionName} has failed.`, "function-errors", {
      metric: lambda.metricErrors(props),
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarms.add(`FunctionThrottles-${name}`, `An invocation of ${functionName} was throttled.`, "function-throttles", {
      metric: lambda.metricThrottles(props),
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** `failures`: the queue of asynchronous invocations that failed for good. */
export function watchInvocations(alarms: Alarms, failures: Queue): void {
  alarms.add("InvocationsFailed", "What a schedule or a function asked for has failed for good.", "invocations-failed", {
    metric: failures.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

export function watchDatabase(alarms: Alarms, database: Database["cluster"]): void {
  alarms.add("DatabaseAtCapacity", "The database has worked near maxCapacity for 15 minutes.", "database-at-capacity", {
    metric: database.metricACUUtilization({ period: FIVE_MINUTES, statistic: Stats.AVERAGE }),
    threshold: 90,
    // A load that brings it there for some minutes is what the capacity is for.
    evaluationPeriods: 3,
    // A paused database reports nothing.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

export function watchCanary(alarms: Alarms, metrics: OwnMetrics, canaryMinutes: number): void {
  if (canaryMinutes === 0) {
    return;
  }
  alarms.add("CanaryFailing", "Rowgate does not work as its users need it, or nobody has looked.", "canary-failing", {
    // The worst of every check.
    metric: metrics.of("CanaryOk", Stats.MINIMUM, Duration.minutes(canaryMinutes)),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    // One run may fail because of a short fault that callers get over as well.
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    // A run that was interrupted or never began reports nothing.
    treatMissingData: TreatMissingData.BREACHING,
  });
}
