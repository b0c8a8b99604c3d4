import { type Choice, Fail, type State, type TaskStateBase } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

import type { Names } from "../../names";
import { announce } from "./event";

// An event may have 256 KiB, and a person reads the first sentences.
const REASON_CHARACTERS = 1000;

// A failing function answers with JSON around its message, other services with the message itself,
// and a time-out with nothing.
const REASON_OF_ERROR = `{% (
  $cause := $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : '';
  $isObject := $substring($cause, 0, 1) = '{' and $substring($cause, -1) = '}';
  $message := $isObject ? $parse($cause).errorMessage : $cause;
  $reason := $type($message) = 'string' and $message != '' ? $message : $states.errorOutput.Error & ' ' & $cause;
  $substring($trim($reason), 0, ${REASON_CHARACTERS})
) %}`;

/**
 * The end of every failing step: an event, then the failure of the execution, both with the step
 * and the reason.
 */
export class Failure {
  private readonly first: State;

  constructor(scope: Construct, names: Names) {
    const failed = Fail.jsonata(scope, "Failed", {
      error: "{% $step & 'Failed' %}",
      cause: "{% $reason %}",
    });
    const event = announce(scope, "Failed: event", "Lake run failed", names, {
      backup: "{% $backup %}",
      step: "{% $step %}",
      reason: "{% $reason %}",
    });
    // The execution fails for what went wrong first, whether or not the event could be sent.
    event.addCatch(failed);
    event.next(failed);
    this.first = event;
  }

  /**
   * Sends a task's error here. `assign`: what the task would have set, where nothing did before.
   */
  catch(task: TaskStateBase, step: string, assign: Readonly<Record<string, string>> = {}): void {
    task.addCatch(this.first, { assign: { ...assign, step, reason: REASON_OF_ERROR } });
  }

  /** Sends everything here that a choice has no rule for; the choice sets what `because` gives. */
  otherwise(choice: Choice): void {
    choice.otherwise(this.first);
  }
}

/** The variables that a choice sets before a failure. `reason`: a JSONata expression, a text. */
export function because(step: string, reason: string): Record<string, string> {
  return { step, reason: `{% $substring(${reason}, 0, ${REASON_CHARACTERS}) %}` };
}
