import assert from "node:assert/strict";
import { test } from "node:test";

import { readGatewayProblems } from "../../lib/api/declarations";
import { FUNCTIONS } from "../functions/expected";
import { declared, methodsOf, only, listed, template, type Json } from "../support";

const found = template();
const resources = found.toJSON()["Resources"] as Record<string, Json>;
const stage = only(found, "AWS::ApiGateway::Stage", ({ RestApiId }) => RestApiId.Ref.startsWith("Api"));

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
  assert.equal(resources[Properties.AccessLogSetting.DestinationArn["Fn::GetAtt"][0]].Properties.RetentionInDays, 30);
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
