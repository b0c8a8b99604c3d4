import { Choice, Condition, type IChainable, type TaskStateBase, Wait, WaitTime } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

import { because, type Failure } from "./failure";

// An execution may have 25,000 events, and each poll of a step is nine of them: polled every 15
// seconds, it would end after eleven hours. So each wait is a twentieth longer than the one before,
// which keeps it near a twentieth of what the step has taken by then: 90 polls in four hours.
const GROWTH = 1.05;
const LONGEST_WAIT_SECONDS = 300;

/**
 * Reads the state of a step: conditions and texts in JSONata, over the answer as `$states.input`.
 */
export interface Ending {
  readonly running: string;
  readonly succeeded: string;
  /** The reason if neither holds. */
  readonly reason: string;
}

export interface StepProps {
  /** The step's name, which is that of its first state. */
  readonly name: string;
  /** Begins the work, and sets the variable `polls` to 0. */
  readonly start: TaskStateBase;
  /** Asks how far it is, and sets `polls` to one more. */
  readonly status: TaskStateBase;
  /** True if the answer to `start` already has the status. */
  readonly answersAtOnce: boolean;
  readonly ending: Ending;
  readonly pollSeconds: number;
  readonly failure: Failure;
}

/** Asynchronous work: `<Step>` starts it, then `: wait`, `: status` and `: ended?` poll it. */
export class Step {
  readonly start: TaskStateBase;
  private readonly ended: Choice;
  private readonly succeeded: Condition;

  constructor(scope: Construct, props: StepProps) {
    const { name, start, status, ending, failure } = props;
    this.start = start;
    this.succeeded = Condition.jsonata(`{% ${ending.succeeded} %}`);
    const wait = Wait.jsonata(scope, `${name}: wait`, { time: WaitTime.seconds(seconds(props.pollSeconds)) });
    this.ended = Choice.jsonata(scope, `${name}: ended?`, { assign: because(name, ending.reason) });
    start.next(props.answersAtOnce ? this.ended : wait);
    wait.next(status);
    status.next(this.ended);
    this.ended.when(Condition.jsonata(`{% ${ending.running} %}`), wait);
    failure.otherwise(this.ended);
  }

  /**
   * Begins the step again where `condition` holds. `assign`: what keeps it from doing so without
   * end.
   */
  retry(condition: string, assign: Readonly<Record<string, string>>): void {
    this.ended.when(Condition.jsonata(`{% ${condition} %}`), this.start, { assign });
  }

  /** Continues with the next step once this one has succeeded. */
  then(next: Step | IChainable): void {
    this.ended.when(this.succeeded, next instanceof Step ? next.start : next);
  }
}

/** Starts the count of polls. */
export const FIRST_POLL = { polls: 0 };

/** Counts one more poll. */
export const NEXT_POLL = { polls: "{% $polls + 1 %}" };

function seconds(first: number): string {
  return `{% $min([$floor(${first} * $power(${GROWTH}, $polls)), ${LONGEST_WAIT_SECONDS}]) %}`;
}
