import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import type { PySparkEtlJob } from "aws-cdk-lib/aws-glue";
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { EventBus } from "aws-cdk-lib/aws-events";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { DefinitionBody, LogLevel, QueryLanguage, type State, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

import type { RustFunction } from "../../functions";
import { MONTH_OF_LOGS } from "../../functions/logs";
import type { Names } from "../../names";
import { acknowledge } from "../../nag";
import { announce } from "./event";
import { Failure } from "./failure";
import { functionStep } from "./function-step";
import { glueStep } from "./glue-step";

// It is over before the next night's begins.
const TIMEOUT = Duration.hours(23);

export interface PipelineProps {
  readonly names: Names;
  readonly backup: RustFunction;
  readonly restore: RustFunction;
  readonly job: PySparkEtlJob;
  readonly pollSeconds: number;
}

/** The nightly run: a backup, its verification, the steps of the lake, and an event at the end. */
export class Pipeline extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const name = props.names.of("rowgate-nightly");
    const role = new Role(this, "Role", {
      assumedBy: this.service(),
      description: `What the state machine ${name} may do`,
    });
    const policy = this.policy(role, props);
    this.stateMachine = new StateMachine(this, "StateMachine", {
      stateMachineName: name,
      comment: "Backup, its verification, and the lake from it",
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(this.states(props)),
      timeout: TIMEOUT,
      // Its own policy is below: the construct would add every version of the functions.
      role: role.withoutPolicyUpdates(),
      logs: {
        destination: this.logGroup(name),
        level: LogLevel.ERROR,
        includeExecutionData: false,
      },
      tracingEnabled: false,
    });
    this.stateMachine.node.addDependency(policy);
    acknowledge(this.stateMachine, {
      "AwsSolutions-SF1": "Step Functions keeps every event of an execution for 90 days; the log is for what failed.",
      "AwsSolutions-SF2": "X-Ray costs a permission and a charge for each trace; the execution's history has each step's times.",
    });
  }

  private states({ names, backup, restore, job, pollSeconds }: PipelineProps): State {
    const failure = new Failure(this, names);
    const common = { pollSeconds, failure };
    const backingUp = functionStep(this, {
      ...common,
      name: "Backup",
      target: backup,
      // Asked for the state of a backup that it was given, it says whether that can be used.
      payload: "$exists($states.input.backup) ? {'status': {'backup': $states.input.backup}} : {}",
      idName: "backup",
      assign: { retried: [] },
      assignOnFailure: { backup: "{% $exists($states.input.backup) ? $states.input.backup : null %}" },
      permanent: ["InvalidPayload"],
    });
    const verifying = functionStep(this, {
      ...common,
      name: "Verify",
      target: restore,
      payload: "{'drill': {'backup': $backup}}",
      idName: "restore",
      // A verification that could not reach the database or S3 fails with RestoreInterrupted, and
      // continues when it is invoked again.
      permanent: ["InvalidPayload", "RestoreFailed"],
    });
    const bronze = glueStep(this, { ...common, name: "Bronze", job });
    const silver = glueStep(this, { ...common, name: "Silver", job });
    const gold = glueStep(this, { ...common, name: "Gold", job });
    const maintenance = glueStep(this, { ...common, name: "Maintenance", job });
    const announcing = announce(this, "Announce", "Lake run completed", names, { backup: "{% $backup %}" });
    failure.catch(announcing, "Announce");

    backingUp.then(verifying);
    verifying.then(bronze);
    bronze.then(silver);
    silver.then(gold);
    gold.then(maintenance);
    maintenance.then(announcing);
    return backingUp.start;
  }

  /**
   * Step Functions, for state machines of this account and region alone:
   * https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
   */
  private service(): ServicePrincipal {
    const stack = Stack.of(this);
    // The machine's own ARN would be a circle: it is made with this role.
    const anyMachine = { service: "states", resource: "stateMachine", resourceName: "*", arnFormat: ArnFormat.COLON_RESOURCE_NAME };
    return new ServicePrincipal("states.amazonaws.com", {
      conditions: {
        StringEquals: { "aws:SourceAccount": stack.account },
        ArnLike: { "aws:SourceArn": stack.formatArn(anyMachine) },
      },
    });
  }

  private policy(role: Role, { backup, restore, job }: PipelineProps): Policy {
    const bus = EventBus.fromEventBusName(this, "DefaultBus", "default");
    const statement = (sid: string, actions: string[], resources: string[]) =>
      new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources });
    const policy = new Policy(this, "Policy", {
      roles: [role],
      statements: [
        statement("InvokeFunctions", ["lambda:InvokeFunction"], [backup, restore].map(({ lambda }) => lambda.functionArn)),
        statement("RunJob", ["glue:StartJobRun", "glue:GetJobRun"], [job.jobArn]),
        statement("Announce", ["events:PutEvents"], [bus.eventBusArn]),
        // As AWS says:
        // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
        statement(
          "DeliverLogs",
          [
            "logs:CreateLogDelivery",
            "logs:CreateLogStream",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutLogEvents",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
          ],
          ["*"],
        ),
      ],
    });
    acknowledge(policy, {
      "AwsSolutions-IAM5[Resource::*]": "CloudWatch's API for log delivery knows no resources.",
    });
    return policy;
  }

  private logGroup(name: string): LogGroup {
    return new LogGroup(this, "Logs", {
      // Under this prefix one resource policy of the account serves all groups; such a policy has
      // little room.
      logGroupName: `/aws/vendedlogs/states/${name}`,
      ...MONTH_OF_LOGS,
    });
  }
}
