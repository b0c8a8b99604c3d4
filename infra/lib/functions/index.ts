import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { Rule, RuleTargetInput, type Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget } from "aws-cdk-lib/aws-events-targets";
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type CfnFunction, Function as LambdaFunction, LoggingFormat, RecursiveLoop, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Database, DatabaseUser } from "../database";
import type { Settings } from "../settings";
import { asBuilt, withTables } from "./code";
import { MONTH_OF_LOGS } from "./logs";

// API Gateway times out after 29 seconds. A function that stops one second earlier ends in an error
// of its own, with a log line, and not in the middle of a statement whose answer no client gets.
const REQUEST_TIMEOUT = Duration.seconds(28);

export interface RustFunctionProps {
  readonly settings: Settings;
  /**
   * The name on AWS is `rowgate-<name>`, after the environment's: people and scripts invoke
   * functions by it.
   */
  readonly name: string;
  /**
   * Cargo package, where it is not the name; its binary is `<artifacts>/<packageName>/bootstrap`.
   */
  readonly packageName?: string;
  /** True if it reads the folder of tables. */
  readonly readsTables?: boolean;
  readonly description: string;
  /** True if API Gateway sends it requests. */
  readonly takesRequests?: boolean;
  /** The timeout of an invocation, if it does more than answer requests. */
  readonly timeout?: Duration;
  /** MiB; AWS gives processor time in proportion, one whole core at 1769. */
  readonly memorySize: number;
  readonly environment?: Record<string, string>;
}

/** One Rust binary as a function, with a role and a log group of its own. */
export class RustFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;
  /** Its name on AWS, as a text: no reference that makes one resource wait for another. */
  readonly functionName: string;
  private readonly policy: Policy;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    const { names } = props.settings;
    this.functionName = names.of(`rowgate-${props.name}`);
    const pack = props.readsTables ? withTables : asBuilt;

    // The group is made here rather than by the function's first line, so that it has a retention
    // and the role needs no right to create groups. It goes with the stack: rejected rows and the
    // loads ledger, which must outlive it, are in the database.
    this.logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/aws/lambda/${this.functionName}`,
      ...MONTH_OF_LOGS,
    });

    // Not AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: `What ${this.functionName} may do`,
    });
    this.policy = new Policy(this, "Policy", { roles: [role] });
    this.allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [this.logGroup.logGroupArn]);

    this.lambda = new LambdaFunction(this, "Function", {
      functionName: this.functionName,
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: props.settings.architecture,
      // Custom runtimes ignore the handler's name; the API wants one.
      handler: "bootstrap",
      code: pack(props.settings, props.packageName ?? props.name),
      role: role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      // The functions write JSON lines themselves; the service's own lines may stay as they are.
      loggingFormat: LoggingFormat.TEXT,
      // X-Ray costs a permission on every resource and a charge for each trace, and the request id
      // already joins the lines of one call.
      tracing: Tracing.DISABLED,
      timeout: props.timeout ?? REQUEST_TIMEOUT,
      memorySize: props.memorySize,
      environment: {
        // The routes know no stage; API Gateway puts it before the path it hands over.
        ...(props.takesRequests ? { AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true" } : {}),
        // Of metrics and events.
        ...(names.environment === undefined ? {} : { ROWGATE_ENVIRONMENT: names.environment }),
        ...props.environment,
      },
    });
    // The function must not start before its role may do its work: the first events would fail.
    this.lambda.node.addDependency(this.policy);
  }

  /** Allows the named actions on the named resources, as the statement `sid` of its policy. */
  allow(sid: string, actions: string[], resources: string[]): void {
    this.policy.addStatements(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources }));
  }

  /** Invokes the function on a schedule, with an event. */
  schedule(id: string, description: string, schedule: Schedule, event: object): void {
    const target = new LambdaTarget(this.lambda, { event: RuleTargetInput.fromObject(event) });
    new Rule(this, id, { description, schedule, targets: [target] });
  }

  /**
   * Sets how often Lambda tries an asynchronous invocation again, as those of a schedule and of the
   * function itself are, and sends what has failed for good to a queue.
   */
  retryInvocations(retryAttempts: number, failures: Queue): void {
    // Lambda sends it as the function's role.
    this.allow("KeepFailures", ["sqs:SendMessage"], [failures.queueArn]);
    this.lambda.configureAsyncInvoke({ retryAttempts, onFailure: new SqsDestination(failures) });
  }

  /** Lets the function invoke itself, to continue work that needs longer than one invocation. */
  allowContinuation(): void {
    this.allowChains();
    // Named rather than referred to: the function waits for its policy, which so cannot wait for
    // the function.
    const arn = Stack.of(this).formatArn({
      service: "lambda",
      resource: "function",
      resourceName: this.functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.allow("ContinueLater", ["lambda:InvokeFunction"], [arn]);
  }

  /**
   * Lets invocations that cause each other continue for as long as they take. AWS otherwise takes a
   * chain of some 16, which is four hours of work, for a loop and ends it. Ours end by themselves:
   * an invocation without progress is the last one.
   */
  allowChains(): void {
    (this.lambda.node.defaultChild as CfnFunction).recursiveLoop = RecursiveLoop.ALLOW;
  }

  /** Lets the function tell other programs what it has done, by events on the default bus. */
  sendEvents(): void {
    const bus = "default";
    this.lambda.addEnvironment("ROWGATE_EVENT_BUS", bus);
    const arn = Stack.of(this).formatArn({ service: "events", resource: "event-bus", resourceName: bus });
    this.allow("SendEvents", ["events:PutEvents"], [arn]);
  }

  /**
   * Points the function at the database as one of its users, and lets it do the named Data API
   * actions there.
   */
  useDatabase(database: Database, user: DatabaseUser, actions: readonly DataApiAction[]): void {
    const secretArn = database.secretArn(user);
    this.lambda.addEnvironment("ROWGATE_CLUSTER_ARN", database.clusterArn);
    this.lambda.addEnvironment("ROWGATE_SECRET_ARN", secretArn);
    this.lambda.addEnvironment("ROWGATE_DATABASE", database.databaseName);
    this.allow("UseDatabase", actions.map((action) => `rds-data:${action}`), [database.clusterArn]);
    // The Data API logs in with the secret in the caller's name, so the caller must be able to read
    // it.
    this.allow("ReadDatabaseSecret", ["secretsmanager:GetSecretValue"], [secretArn]);
  }
}

export type DataApiAction =
  | "BatchExecuteStatement"
  | "BeginTransaction"
  | "CommitTransaction"
  | "ExecuteStatement"
  | "RollbackTransaction";

/** Single statements and transactions of them. */
export const TRANSACTIONS: readonly DataApiAction[] = [
  "BeginTransaction",
  "CommitTransaction",
  "ExecuteStatement",
  "RollbackTransaction",
];
