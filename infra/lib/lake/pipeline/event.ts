import { Duration } from "aws-cdk-lib";
import { TaskInput } from "aws-cdk-lib/aws-stepfunctions";
import { EventBridgePutEvents } from "aws-cdk-lib/aws-stepfunctions-tasks";
import type { Construct } from "constructs";

import type { Names } from "../../names";

/** The source of the events. */
const SOURCE = "rowgate";

/**
 * A state that puts an event on the default bus. `detail`: its members beside the run and the
 * environment.
 */
export function announce(
  scope: Construct,
  name: string,
  detailType: string,
  { environment }: Names,
  detail: Readonly<Record<string, string>>,
): EventBridgePutEvents {
  const named = environment === undefined ? {} : { environment };
  const state = EventBridgePutEvents.jsonata(scope, name, {
    entries: [
      {
        source: SOURCE,
        detailType,
        detail: TaskInput.fromObject({ run: "{% $states.context.Execution.Name %}", ...named, ...detail }),
      },
    ],
    // The output of the execution, for those who wait for it.
    outputs: { run: "{% $states.context.Execution.Name %}", ...detail },
  });
  state.addRetry({ errors: ["States.TaskFailed"], interval: Duration.seconds(2), backoffRate: 2, maxAttempts: 4 });
  return state;
}
