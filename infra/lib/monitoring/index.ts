import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

export interface MonitoringProps {
  readonly deadLetterQueue: Queue;
}

/** Alarms. Each names the section of the runbook that says what to do. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);

    new Alarm(this, "DeadLettersNotEmpty", {
      alarmName: "Rowgate/DeadLettersNotEmpty",
      alarmDescription: runbook(
        "A file was tried five times and is not loaded.",
        "dead-letter-queue-not-empty",
      ),
      metric: props.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: Stats.MAXIMUM,
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      // A queue that nobody used for hours reports nothing.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

function runbook(what: string, section: string): string {
  return `${what} Runbook: docs/operations.md#${section}`;
}
