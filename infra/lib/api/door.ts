import {
  AccessLogFormat,
  type CfnRestApi,
  EndpointType,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  type MethodOptions,
  ResponseType,
  RestApi,
  type RestApiProps,
} from "aws-cdk-lib/aws-apigateway";
import { AnyPrincipal, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import { Construct } from "constructs";

import type { RustFunction } from "../functions";
import { MONTH_OF_LOGS } from "../functions/logs";
import type { Settings } from "../settings";
import { type RateLimit, readGatewayProblems, type Route } from "./declarations";

const STAGE = "v1";
/** API Gateway's name for every method that a path does not declare. */
const OTHER_METHODS = "ANY";

/** The functions that answer requests, by their names without `rowgate-`. */
export type Functions = Readonly<Record<string, RustFunction>>;

export interface DoorProps {
  readonly settings: Settings;
  /** Its name on AWS, without the environment's. */
  readonly name: string;
  readonly description: string;
  /** The URL that callers use, if it is not AWS's own; `{id}` in it stands for the API's id. */
  readonly url: string | undefined;
  /** True if it creates the role with which API Gateway writes logs: one an account and region. */
  readonly cloudWatchRole: boolean;
  /** The rate limit of each method; the account's own limit if it is not set. */
  readonly limit?: RateLimit;
  /** Routes with lower limits of their own. */
  readonly limited?: readonly Route[];
}

/** A REST API in front of the functions: its stage, its logs, and its own error answers. */
export abstract class Door extends Construct {
  readonly restApi: RestApi;
  /** With the stage, without a slash at the end. */
  readonly url: string;
  /** The origin of its pages in a browser: the URL without a path. */
  readonly origin: string;

  constructor(scope: Construct, id: string, props: DoorProps) {
    super(scope, id);

    const accessLogs = new LogGroup(this, "AccessLogs", MONTH_OF_LOGS);
    const logging: MethodDeploymentOptions = {
      loggingLevel: MethodLoggingLevel.ERROR,
      // Bodies hold personal data.
      dataTraceEnabled: false,
    };
    this.restApi = new RestApi(this, "Rest", {
      restApiName: props.settings.names.of(props.name),
      description: props.description,
      endpointTypes: [EndpointType.REGIONAL],
      ...admitting(props.settings.allowCidrs),
      // Bodies reach the functions as the bytes that came, in base64. As text the gateway would put
      // U+FFFD in place of what is no UTF-8, and a function would take that for what was sent.
      // `application/json` alone would leave `+json` and parameters open. The price: a body of 4 MB
      // is 5.3 MB in the event (Lambda takes 6), and from 4.7 MB on the gateway itself answers 413.
      binaryMediaTypes: ["*/*"],
      cloudWatchRole: props.cloudWatchRole,
      deployOptions: {
        stageName: STAGE,
        // The only trace of a call that no function saw: a wrong key, throttled, too large.
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields({
          caller: false,
          httpMethod: true,
          // Addresses are personal data. The function's log line of the request names the caller.
          ip: false,
          protocol: true,
          requestTime: true,
          resourcePath: true,
          responseLength: true,
          status: true,
          user: false,
        }),
        ...logging,
        ...throttling(props.limit),
        // A method with settings of its own has none of the stage's.
        methodOptions: Object.fromEntries(
          (props.limited ?? []).map(({ path, method, limit }) => [`${path}/${method}`, { ...logging, ...throttling(limit) }]),
        ),
      },
    });
    const rest = this.restApi.node.defaultChild as CfnRestApi;
    // TLS 1.2 and 1.3, with forward secrecy; without a policy a Regional API takes TLS 1.0 as well.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
    rest.securityPolicy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";
    // The host that TLS names must be the one of the request.
    rest.endpointAccessMode = "STRICT";
    this.limitLogs();
    this.guard(props.settings);
    // The construct's own output ends in a slash; the stack has one of its own without.
    this.restApi.node.tryRemoveChild("Endpoint");
    const { region, urlSuffix } = this.restApi.stack;
    const url = props.url ?? `https://{id}.execute-api.${region}.${urlSuffix}/${STAGE}`;
    this.url = url.replace("{id}", this.restApi.restApiId);
    this.origin = url.replace(/^(https?:\/\/[^/]+).*$/, "$1").replace("{id}", this.restApi.restApiId);
    this.answerProblems();
  }

  /**
   * Adds a method. The path's other methods go to the same function, which knows which there are
   * and answers 405 with `Allow`, where the gateway would say that the path is not there.
   */
  protected addRoute({ method, path, target }: Route, functions: Functions, options: MethodOptions): void {
    const called = functions[target];
    if (!called) {
      throw new Error(`${method} ${path} is declared for "${target}", which is none of the stack's functions`);
    }
    const resource = this.restApi.root.resourceForPath(path);
    if (!resource.node.tryFindChild(OTHER_METHODS)) {
      addMethod(resource, OTHER_METHODS, called, options);
    }
    addMethod(resource, method, called, options);
  }

  /** Gives the log group of the gateway's errors a retention, before the gateway makes it without. */
  private limitLogs(): void {
    const { restApiId, deploymentStage } = this.restApi;
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    const logGroupName = `API-Gateway-Execution-Logs_${restApiId}/${STAGE}`;
    deploymentStage.node.addDependency(new LogGroup(this, "ExecutionLogs", { logGroupName, ...MONTH_OF_LOGS }));
  }

  /** Puts a web ACL in front of the stage, where there is one. */
  private guard({ webAclArn }: Settings): void {
    if (webAclArn !== undefined) {
      new CfnWebACLAssociation(this, "WebAcl", { webAclArn, resourceArn: this.restApi.deploymentStage.stageArn });
    }
  }

  private answerProblems(): void {
    for (const { status, kind, title, details } of readGatewayProblems()) {
      for (const [name, detail] of Object.entries(details)) {
        const body = { type: `urn:rowgate:problem:${kind}`, title, status, detail };
        this.restApi.addGatewayResponse(`Problem-${name}`, {
          type: ResponseType.of(name),
          statusCode: status.toString(),
          responseHeaders: {
            "Content-Type": "'application/problem+json'",
            "x-request-id": "context.requestId",
            // RFC 6750, section 3: how to come in.
            ...(status === 401 ? { "WWW-Authenticate": "'Bearer'" } : {}),
          },
          templates: { "application/json": JSON.stringify(body) },
        });
      }
    }
  }
}

function addMethod(resource: IResource, method: string, target: RustFunction, options: MethodOptions): void {
  resource.addMethod(
    method,
    // One permission for the whole API on each function: one a method would reach the size limit
    // of the function's policy when there are many paths.
    new LambdaIntegration(target.lambda, { scopePermissionToMethod: false }),
    options,
  );
}

/** A policy that lets callers of some networks in; none where all may come. */
function admitting(networks: readonly string[]): Pick<RestApiProps, "policy"> {
  if (networks.length === 0) {
    return {};
  }
  const admit = new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: ["execute-api:Invoke"],
    resources: ["execute-api:/*"],
    conditions: { IpAddress: { "aws:SourceIp": networks } },
  });
  return { policy: new PolicyDocument({ statements: [admit] }) };
}

function throttling(limit: RateLimit | undefined): MethodDeploymentOptions {
  return limit ? { throttlingRateLimit: limit.rate, throttlingBurstLimit: limit.burst } : {};
}
