import { Alarm, type AlarmProps, ComparisonOperator, type IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

import type { Names } from "../names";

/** The metric of an alarm, and whatever is not the same for most of them. */
export type Condition = Partial<AlarmProps> & Pick<AlarmProps, "metric">;

/** The alarms of a deployment. Each names the section of the runbook that says what to do. */
export class Alarms {
  /** Those that were added, in order. */
  readonly all: Alarm[] = [];

  /** `actions`: what is done when an alarm begins, and again when it ends. */
  constructor(
    private readonly scope: Construct,
    private readonly names: Names,
    private readonly actions: readonly IAlarmAction[],
  ) {}

  /** Adds an alarm that rings at one, unless `condition` says otherwise. */
  add(name: string, what: string, section: string, condition: Condition): void {
    const alarm = new Alarm(this.scope, name, {
      alarmName: this.names.of(`Rowgate/${name}`),
      alarmDescription: `${what} Runbook: docs/operations.md#${section}`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 1,
      ...condition,
    });
    alarm.addAlarmAction(...this.actions);
    alarm.addOkAction(...this.actions);
    this.all.push(alarm);
  }
}
