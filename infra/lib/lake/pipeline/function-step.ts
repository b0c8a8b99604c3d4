import { Duration } from "aws-cdk-lib";
import { TaskInput, type TaskStateBase } from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import type { Construct } from "constructs";

import type { RustFunction } from "../../functions";
import type { Failure } from "./failure";
import { FIRST_POLL, NEXT_POLL, Step } from "./step";

export interface FunctionStepProps {
  readonly name: string;
  readonly target: RustFunction;
  /** The function's first payload: JSONata, an object. */
  readonly payload: string;
  /** The member of the answer that names the work, and the variable that keeps it. */
  readonly idName: string;
  /** Variables beside `idName` that the step sets as it begins. */
  readonly assign?: Readonly<Record<string, unknown>>;
  /**
   * The variables that later states read, and that the step's failure must set in place of its
   * answer.
   */
  readonly assignOnFailure?: Readonly<Record<string, string>>;
  /** Errors after which beginning again would end the same. */
  readonly permanent: readonly string[];
  readonly pollSeconds: number;
  readonly failure: Failure;
}

/** A step that a function does, in one invocation or in several that follow each other. */
export function functionStep(scope: Construct, props: FunctionStepProps): Step {
  const { name, target, idName, failure } = props;
  const invoke = (id: string, payload: TaskInput, assign: Readonly<Record<string, unknown>>): TaskStateBase =>
    LambdaInvoke.jsonata(scope, id, {
      lambdaFunction: target.lambda,
      payload,
      assign,
      outputs: "{% $states.result.Payload %}",
      // The rules below decide what is retried.
      retryOnServiceExceptions: false,
    });
  const start = invoke(name, TaskInput.fromText(`{% ${props.payload} %}`), {
    ...props.assign,
    ...FIRST_POLL,
    [idName]: `{% $states.result.Payload.${idName} %}`,
  });
  const status = invoke(`${name}: status`, TaskInput.fromObject({ status: { [idName]: `{% $${idName} %}` } }), NEXT_POLL);
  for (const state of [start, status]) {
    state.addRetry({ errors: [...props.permanent], maxAttempts: 0 });
    // The database resumes, S3 or Lambda is away: over within minutes, if at all.
    state.addRetry({ errors: ["States.TaskFailed"], interval: Duration.seconds(15), backoffRate: 2, maxAttempts: 4 });
  }
  failure.catch(start, name, props.assignOnFailure);
  failure.catch(status, name);
  return new Step(scope, {
    name,
    start,
    status,
    answersAtOnce: true,
    ending: {
      running: "$states.input.status = 'running'",
      succeeded: "$states.input.status = 'completed'",
      reason: `$exists($states.input.error) ? $states.input.error : 'the ${idName} ' & $${idName} & ' ended as ' & $states.input.status`,
    },
    pollSeconds: props.pollSeconds,
    failure,
  });
}
