import assert from "node:assert/strict";
import { test } from "node:test";

import { readGatewayProblems } from "../../lib/api/declarations";
import { FUNCTIONS } from "../functions/expected";
import { declared, methodsOf, only, listed, readable, template, templateWith, type Json } from "../support";

const found = template();
const resources = found.toJSON()["Resources"] as Record<string, Json>;
const stage = only(found, "AWS::ApiGateway::Stage", ({ RestApiId }) => RestApiId.Ref.startsWith("Api"));

/** The retention of the log group that an ARN, put together, is of. */
function logGroup(arn: Json): { retention: number } {
  const [id] = Object.keys(resources).filter((name) => readable(arn).includes(`<${name}>`));
  return { retention: resources[id ?? ""].Properties.RetentionInDays };
}

test("every method needs a key and goes to its function", () => {
  const methods = methodsOf(found, "Api");
  for (const { properties } of methods) {
    assert.equal(properties.ApiKeyRequired, true);
    assert.equal(properties.AuthorizationType, "NONE");
    assert.equal(properties.Integration.Type, "AWS_PROXY");
  }
  const { named, others } = listed(methods);
  // Whatever else a path is asked with, its own function answers.
  assert.deepEqual(others, [...new Set(named.map((method) => method.replace(/^\S+/, "ANY")))].sort());
  assert.deepEqual(named, declared(({ peopleOnly }) => !peopleOnly));
});

test("bodies of every type reach the functions as the bytes that came", () => {
  found.allResourcesProperties("AWS::ApiGateway::RestApi", { BinaryMediaTypes: ["*/*"] });
});

test("the API is regional, on the stage v1, and logs calls but no bodies and no callers", () => {
  found.allResourcesProperties("AWS::ApiGateway::RestApi", { EndpointConfiguration: { Types: ["REGIONAL"] } });
  const { Properties } = stage;
  assert.equal(Properties.StageName, "v1");
  assert.equal(Properties.MethodSettings[0].DataTraceEnabled, false);
  const logged = ["httpMethod", "protocol", "requestId", "requestTime", "resourcePath", "responseLength", "status"];
  assert.deepEqual(JSON.parse(Properties.AccessLogSetting.Format), Object.fromEntries(logged.map((name) => [name, `$context.${name}`])));
  const { retention } = logGroup(Properties.AccessLogSetting.DestinationArn);
  assert.equal(retention, 30);
});

test("the URL has the stage and no slash at its end", () => {
  const { Value } = found.findOutputs("ApiUrl")["ApiUrl"] as Json;
  assert.equal(Value["Fn::Join"][1].at(-1), "/v1");
});

test("each key has a plan of its own, with a rate and a quota", () => {
  found.resourceCountIs("AWS::ApiGateway::ApiKey", 2);
  found.resourceCountIs("AWS::ApiGateway::UsagePlanKey", 2);
  const plans = Object.values(found.findResources("AWS::ApiGateway::UsagePlan")).map(({ Properties }) => [Properties.Throttle, Properties.Quota]);
  assert.deepEqual(plans, [
    [{ BurstLimit: 200, RateLimit: 100 }, { Limit: 1_000_000, Period: "DAY" }],
    [{ BurstLimit: 40, RateLimit: 20 }, { Limit: 100_000, Period: "DAY" }],
  ]);
});

test("a key depends on nothing, so that a function may know its id", () => {
  for (const key of Object.values(found.findResources("AWS::ApiGateway::ApiKey")) as Json[]) {
    assert.equal(key.DependsOn, undefined);
    assert.doesNotMatch(JSON.stringify(key.Properties), /"Ref"|Fn::/);
  }
});

test("keys are those that are set, with their limits, and functions know their rights", () => {
  const keys = [
    { name: "team-a", right: "write", tables: ["orders", "customers"], rate: 5 },
    { name: "team-b", right: "read", perDay: 10 },
    { name: "operator-2026", right: "operate" },
  ];
  for (const given of [keys, JSON.stringify(keys)]) {
    const made = templateWith({ keys: given });
    const plans = Object.values(made.findResources("AWS::ApiGateway::UsagePlan")).map(({ Properties }) => [Properties.Throttle, Properties.Quota.Limit]);
    assert.deepEqual(plans, [
      [{ BurstLimit: 10, RateLimit: 5 }, 1_000_000],
      [{ BurstLimit: 200, RateLimit: 100 }, 10],
      [{ BurstLimit: 40, RateLimit: 20 }, 100_000],
    ]);
    for (const name of ["insert", "reports", "uploads", "backup", "restore"]) {
      const { Properties } = only(made, "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === `rowgate-${name}`);
      const known = JSON.parse(readable(Properties.Environment.Variables.ROWGATE_KEYS));
      assert.deepEqual(
        known.map(({ id, ...rest }: Json) => [/^<Keys/.test(id), rest]),
        [
          [true, { name: "team-a", right: "write", tables: ["orders", "customers"] }],
          [true, { name: "team-b", right: "read" }],
          [true, { name: "operator-2026", right: "operate" }],
        ],
      );
    }
  }
});

test("both doors take TLS 1.2 and newer, and the name of their host alone", () => {
  found.allResourcesProperties("AWS::ApiGateway::RestApi", {
    EndpointAccessMode: "STRICT",
    SecurityPolicy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
  });
});

test("the gateway's own log groups have a retention, before the gateway makes them without", () => {
  const groups = Object.entries(found.findResources("AWS::Logs::LogGroup")).filter(([, { Properties }]) =>
    readable(Properties.LogGroupName ?? "").startsWith("API-Gateway-Execution-Logs_"),
  );
  assert.deepEqual(groups.map(([, { Properties }]) => Properties.RetentionInDays), [30, 30]);
  const stages = Object.values(found.findResources("AWS::ApiGateway::Stage")) as Json[];
  for (const [id, { Properties }] of groups) {
    const own = stages.filter(({ DependsOn }) => DependsOn.includes(id));
    assert.deepEqual(own.map((one) => `API-Gateway-Execution-Logs_<${one.Properties.RestApiId.Ref}>/${one.Properties.StageName}`), [
      readable(Properties.LogGroupName),
    ]);
  }
});

test("only networks that are named may call, where some are", () => {
  for (const { Properties } of Object.values(found.findResources("AWS::ApiGateway::RestApi")) as Json[]) {
    assert.equal(Properties.Policy, undefined);
  }
  templateWith({ allowCidrs: "203.0.113.0/24, 198.51.100.7/32", canaryMinutes: 0 }).allResourcesProperties("AWS::ApiGateway::RestApi", {
    Policy: {
      Statement: [
        {
          Action: "execute-api:Invoke",
          Condition: { IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "198.51.100.7/32"] } },
          Effect: "Allow",
          Principal: { AWS: "*" },
          Resource: "execute-api:/*",
        },
      ],
    },
  });
});

test("a web ACL is in front of both doors, where one is named", () => {
  found.resourceCountIs("AWS::WAFv2::WebACLAssociation", 0);
  const webAclArn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/rowgate/0a1b2c3d";
  const guarded = templateWith({ webAclArn });
  guarded.resourceCountIs("AWS::WAFv2::WebACLAssociation", 2);
  guarded.allResourcesProperties("AWS::WAFv2::WebACLAssociation", { WebACLArn: webAclArn });
});

test("the gateway's own errors are problem+json with the request's id", () => {
  const responses = Object.values(found.findResources("AWS::ApiGateway::GatewayResponse")) as Json[];
  assert.equal(responses.length, 2 * readGatewayProblems().flatMap(({ details }) => Object.keys(details)).length, "on both doors");
  for (const { Properties } of responses) {
    assert.deepEqual(Properties.ResponseParameters, {
      "gatewayresponse.header.Content-Type": "'application/problem+json'",
      "gatewayresponse.header.x-request-id": "context.requestId",
      ...(Properties.StatusCode === "401" ? { "gatewayresponse.header.WWW-Authenticate": "'Bearer'" } : {}),
    });
    const body = JSON.parse(Properties.ResponseTemplates["application/json"]);
    assert.deepEqual(Object.keys(body), ["type", "title", "status", "detail"]);
    assert.equal(body.status, Number(Properties.StatusCode));
    assert.match(body.type, /^urn:rowgate:problem:[a-z-]+$/);
  }
});

test("a path that is not there is not found, rather than forbidden", () => {
  found.hasResourceProperties("AWS::ApiGateway::GatewayResponse", { ResponseType: "MISSING_AUTHENTICATION_TOKEN", StatusCode: "404" });
});

test("the API may call its functions and schedules may call theirs, and nobody else may", () => {
  const permissions = Object.values(found.findResources("AWS::Lambda::Permission")) as Json[];
  const callers = permissions.map(({ Properties }) => {
    assert.ok(Properties.SourceArn);
    const called = found.toJSON()["Resources"][Properties.FunctionName["Fn::GetAtt"][0]];
    return `${Properties.Principal} ${called.Properties.FunctionName}`;
  });
  const expected = Object.entries(FUNCTIONS).flatMap(([name, { callers }]) =>
    (callers ?? []).map((caller) => `${caller}.amazonaws.com rowgate-${name}`),
  );
  assert.deepEqual(callers.sort(), expected.sort());
});
