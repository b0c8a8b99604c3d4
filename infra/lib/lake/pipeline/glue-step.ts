import { Duration } from "aws-cdk-lib";
import type { PySparkEtlJob } from "aws-cdk-lib/aws-glue";
import { CallAwsService } from "aws-cdk-lib/aws-stepfunctions-tasks";
import type { Construct } from "constructs";

import type { Failure } from "./failure";
import { FIRST_POLL, NEXT_POLL, Step } from "./step";

/** Errors of the job about backup, dictionary or SQL: another run would end the same. */
export const PERMANENT_ERRORS = [
  "BackupUnusableError",
  "DictionaryError",
  "ExpectationsBrokenError",
  "GoldFileError",
  "OlderBackupError",
] as const;

// States of a run: https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html
const RUNNING = ["STARTING", "RUNNING", "STOPPING", "WAITING"];
const WORTH_ANOTHER_TRY = ["FAILED", "ERROR", "EXPIRED"];

export interface GlueStepProps {
  /** The step's name; in lower case it is the job's `--step`. */
  readonly name: string;
  readonly job: PySparkEtlJob;
  readonly pollSeconds: number;
  readonly failure: Failure;
}

/** A step that is a run of the job. One that fails is run once more. */
export function glueStep(scope: Construct, { name, job, pollSeconds, failure }: GlueStepProps): Step {
  // `.sync` would need rights on events, and rules of Step Functions' own, to save some cents.
  const start = CallAwsService.jsonata(scope, name, {
    service: "glue",
    action: "startJobRun",
    parameters: {
      JobName: job.jobName,
      Arguments: {
        "--step": name.toLowerCase(),
        "--backup": "{% $backup %}",
        "--run": "{% $states.context.Execution.Name %}",
      },
    },
    iamResources: [job.jobArn],
    assign: { jobRun: "{% $states.result.JobRunId %}", ...FIRST_POLL },
  });
  // Another execution's run is under way, or one that its execution left behind: wait for its end.
  // The time of the whole execution is the limit; with five minutes a try, these are 25 hours.
  start.addRetry({
    errors: ["Glue.ConcurrentRunsExceededException"],
    interval: Duration.seconds(pollSeconds),
    backoffRate: 1.5,
    maxDelay: Duration.minutes(5),
    maxAttempts: 300,
  });
  const status = CallAwsService.jsonata(scope, `${name}: status`, {
    service: "glue",
    action: "getJobRun",
    parameters: { JobName: job.jobName, RunId: "{% $jobRun %}" },
    iamResources: [job.jobArn],
    assign: NEXT_POLL,
    outputs: "{% $states.result.JobRun %}",
  });
  for (const state of [start, status]) {
    state.addRetry({ errors: ["States.TaskFailed"], interval: Duration.seconds(5), backoffRate: 2, maxAttempts: 5 });
    failure.catch(state, name);
  }
  const message = "$exists($states.input.ErrorMessage) and $states.input.ErrorMessage != ''";
  const step = new Step(scope, {
    name,
    start,
    status,
    answersAtOnce: false,
    ending: {
      running: `$states.input.JobRunState in ${texts(RUNNING)}`,
      succeeded: "$states.input.JobRunState = 'SUCCEEDED'",
      reason: `${message} ? $states.input.ErrorMessage : 'the run ' & $jobRun & ' of the job ended as ' & $states.input.JobRunState`,
    },
    pollSeconds,
    failure,
  });
  // The last line of the job's traceback, which Glue may put words of its own before and Python the
  // module's name.
  const permanent = `${message} and $contains($states.input.ErrorMessage, /\\b(${PERMANENT_ERRORS.join("|")}): /)`;
  step.retry(
    `$states.input.JobRunState in ${texts(WORTH_ANOTHER_TRY)} and $not('${name}' in $retried) and $not(${permanent})`,
    { retried: `{% $append($retried, ['${name}']) %}` },
  );
  return step;
}

function texts(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(", ")}]`;
}
