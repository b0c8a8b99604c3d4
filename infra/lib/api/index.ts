import { RemovalPolicy } from "aws-cdk-lib";
import {
  AccessLogFormat,
  ApiKey,
  EndpointType,
  type IApiKey,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  Period,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { RustFunction } from "../functions";
import { acknowledge } from "../nag";
import type { CallLimits, Settings } from "../settings";
import { GATEWAY_PROBLEMS, problemBody } from "./problems";

const STAGE = "v1";
/** The method that stands for every one that a path does not name. */
const OTHER_METHODS = "ANY";

export interface ApiProps {
  readonly settings: Settings;
  readonly insert: RustFunction;
  readonly reports: RustFunction;
  readonly backup: RustFunction;
  readonly restore: RustFunction;
}

/** The REST API: its paths, its two keys, and the errors that it answers by itself. */
export class Api extends Construct {
  readonly restApi: RestApi;
  /** With the stage, without a slash at the end. */
  readonly url: string;
  readonly writerKey: IApiKey;
  /**
   * The key that may also do what cannot be undone. A function that has to tell it from the
   * writer's takes its `keyId` into its environment.
   */
  readonly operatorKey: IApiKey;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);

    const accessLogs = new LogGroup(this, "AccessLogs", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.restApi = new RestApi(this, "Rest", {
      restApiName: "rowgate",
      description: "Rowgate: rows in, reports out",
      endpointTypes: [EndpointType.REGIONAL],
      // Bodies reach the functions as the bytes that came, in base64. As text the gateway would put
      // U+FFFD in place of what is no UTF-8, and a function would take that for what was sent.
      binaryMediaTypes: ["*/*"],
      cloudWatchRole: true,
      deployOptions: {
        stageName: STAGE,
        // The only trace of a call that no function saw: a wrong key, throttled, too large.
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields({
          caller: false,
          httpMethod: true,
          // Addresses are personal data. Whose key it was the function's line of the request tells.
          ip: false,
          protocol: true,
          requestTime: true,
          resourcePath: true,
          responseLength: true,
          status: true,
          user: false,
        }),
        loggingLevel: MethodLoggingLevel.ERROR,
        // Bodies hold personal data.
        dataTraceEnabled: false,
      },
    });
    // The construct's own output ends in a slash; the stack has one of its own without.
    this.restApi.node.tryRemoveChild("Endpoint");
    const { region, urlSuffix } = this.restApi.stack;
    const { restApiId } = this.restApi;
    this.url =
      props.settings.apiUrl?.replace("{id}", restApiId) ?? `https://${restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;

    this.route("POST", "/insert_data", props.insert);
    this.route("POST", "/tables/{table}/rows", props.insert);
    this.route("GET", "/tables/{table}/rows", props.insert);
    this.route("GET", "/tables/{table}/rows/{id}", props.insert);
    this.route("PUT", "/tables/{table}/rows/{id}", props.insert);
    this.route("DELETE", "/tables/{table}/rows/{id}", props.insert);
    this.route("GET", "/tables", props.reports);
    this.route("GET", "/reports", props.reports);
    this.route("GET", "/reports/{name}", props.reports);
    this.route("GET", "/loads", props.reports);
    this.route("GET", "/loads/{id}", props.reports);
    this.route("GET", "/status", props.reports);
    this.route("GET", "/openapi.json", props.reports);
    this.route("GET", "/docs", props.reports);
    this.route("POST", "/backups", props.backup);
    this.route("GET", "/backups", props.backup);
    this.route("GET", "/backups/{id}", props.backup);
    this.route("POST", "/restores", props.restore);
    this.route("GET", "/restores/{id}", props.restore);

    this.answerProblems();
    this.writerKey = this.addKey("Writer", "Inserts rows, reads reports", props.settings.writerLimits);
    this.operatorKey = this.addKey("Operator", "All that the writer may, and what cannot be undone", props.settings.operatorLimits);

    acknowledge(this, {
      "AwsSolutions-APIG2": "The functions check every request and report all of its errors at once, which a validator of the gateway cannot.",
      "AwsSolutions-APIG3": "Callers are a few systems with a key each and a quota; a web application firewall guards pages that everyone may open.",
      "AwsSolutions-APIG4": "Every method needs an API key, and what the operator's key alone may do is checked in the function.",
      "AwsSolutions-COG4": "The callers are programs, not people: there is no user pool to sign in to.",
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
        "The service's own policy for the account-wide role with which API Gateway writes its logs.",
    });
  }

  /**
   * Adds one method, behind a key like all of them. The path's other methods go to the same
   * function: it knows which there are and answers 405 with `Allow`, where the gateway would say
   * that the path is not there.
   */
  private route(method: string, path: string, target: RustFunction): void {
    const resource = this.restApi.root.resourceForPath(path);
    if (!resource.node.tryFindChild(OTHER_METHODS)) {
      this.addMethod(resource, OTHER_METHODS, target);
    }
    this.addMethod(resource, method, target);
  }

  private addMethod(resource: IResource, method: string, target: RustFunction): void {
    resource.addMethod(
      method,
      // One permission for the whole API on each function: one a method would reach the size limit
      // of the function's policy when there are many paths.
      new LambdaIntegration(target.lambda, { scopePermissionToMethod: false }),
      { apiKeyRequired: true },
    );
  }

  private answerProblems(): void {
    for (const problem of GATEWAY_PROBLEMS) {
      this.restApi.addGatewayResponse(`Problem-${problem.responseType.responseType}`, {
        type: problem.responseType,
        statusCode: problem.status.toString(),
        responseHeaders: {
          "Content-Type": "'application/problem+json'",
          "x-request-id": "context.requestId",
        },
        templates: { "application/json": problemBody(problem) },
      });
    }
  }

  private addKey(name: string, description: string, limits: CallLimits): IApiKey {
    // RestApi.addApiKey would tie the key to the stage, and so to every function behind it: a
    // function could not know the key's id without a cycle. The usage plan does what is needed.
    const key = new ApiKey(this, `${name}Key`, { description: `Rowgate: ${description}` });
    const plan = this.restApi.addUsagePlan(`${name}Plan`, {
      description: `Rowgate: limits of the ${name.toLowerCase()} key`,
      apiStages: [{ api: this.restApi, stage: this.restApi.deploymentStage }],
      throttle: { rateLimit: limits.rate, burstLimit: limits.burst },
      quota: { limit: limits.perDay, period: Period.DAY },
    });
    plan.addApiKey(key);
    return key;
  }
}
