import { Duration, TimeZone } from "aws-cdk-lib";
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from "aws-cdk-lib/aws-scheduler";
import { StepFunctionsStartExecution } from "aws-cdk-lib/aws-scheduler-targets";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { TimeOfDay } from "../settings";

export interface NightlyProps {
  readonly stateMachine: StateMachine;
  readonly at: TimeOfDay;
}

/** Starts the pipeline every day. */
export class Nightly extends Construct {
  constructor(scope: Construct, id: string, { stateMachine, at }: NightlyProps) {
    super(scope, id);
    new Schedule(this, "Schedule", {
      description: "Starts the nightly run of the lake",
      schedule: ScheduleExpression.cron({ ...at, timeZone: TimeZone.ETC_UTC }),
      timeWindow: TimeWindow.off(),
      target: new StepFunctionsStartExecution(stateMachine, {
        input: ScheduleTargetInput.fromObject({}),
        // A run that could not start within hours raises the alarm instead of running in the middle
        // of the day.
        maxEventAge: Duration.hours(2),
        retryAttempts: 20,
      }),
    });
  }
}
