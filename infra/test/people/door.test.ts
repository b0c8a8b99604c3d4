import assert from "node:assert/strict";
import { test } from "node:test";

import { declared, methodsOf, only, listed, readable, template, templateWith, type Json } from "../support";

const found = template();
const methods = methodsOf(found, "PeopleDoor");
const stage = only(found, "AWS::ApiGateway::Stage", ({ RestApiId }) => RestApiId.Ref.startsWith("PeopleDoor"));
const isOpen = ({ AuthorizationType }: Json): boolean => AuthorizationType === "NONE";

test("people reach every declared route, those of programs among them", () => {
  const { named, others } = listed(methods);
  assert.deepEqual(named, declared(() => true));
  assert.deepEqual(others, [...new Set(named.map((method) => method.replace(/^\S+/, "ANY")))].sort());
});

test("what is open is what people need before they have a token", () => {
  const paths = methods.filter(({ properties }) => isOpen(properties)).map(({ path }) => path);
  assert.deepEqual([...new Set(paths)].sort(), ["/console", "/console/{proxy+}", "/login", "/refresh", "/register"]);
});

test("everything else takes an access token of the pool, and no key", () => {
  const [pool] = Object.keys(found.findResources("AWS::Cognito::UserPool"));
  const [authorizer] = Object.keys(found.findResources("AWS::ApiGateway::Authorizer"));
  for (const { properties } of methods) {
    assert.notEqual(properties.ApiKeyRequired, true);
    if (!isOpen(properties)) {
      assert.equal(properties.AuthorizationType, "COGNITO_USER_POOLS");
      assert.deepEqual(properties.AuthorizerId, { Ref: authorizer });
      // Without a scope the gateway takes id tokens, too.
      assert.deepEqual(properties.AuthorizationScopes, ["aws.cognito.signin.user.admin"]);
    }
  }
  const { Properties } = only(found, "AWS::ApiGateway::Authorizer");
  assert.deepEqual(Properties.ProviderARNs, [{ "Fn::GetAtt": [pool, "Arn"] }]);
  assert.equal(Properties.IdentitySource, "method.request.header.Authorization");
  assert.equal(Properties.AuthorizerResultTtlInSeconds, 0);
});

test("every method is throttled, and what can be guessed, filled or made to work hard more than the rest", () => {
  const limits = (settings: Json[]) =>
    Object.fromEntries(
      settings.map(({ HttpMethod, ResourcePath, ThrottlingRateLimit, ThrottlingBurstLimit }) => [
        `${HttpMethod} ${ResourcePath}`,
        [ThrottlingRateLimit, ThrottlingBurstLimit],
      ]),
    );
  // CloudFormation wants the slashes of paths written so.
  const own = { "POST /~1login": [10, 20], "POST /~1register": [2, 10], "GET /~1outliers": [5, 20] };
  assert.deepEqual(limits(stage.Properties.MethodSettings), { "* /*": [100, 200], ...own });
  const settled = only(templateWith({ peopleRate: "7", peopleBurst: "9" }), "AWS::ApiGateway::Stage", ({ RestApiId }) =>
    RestApiId.Ref.startsWith("PeopleDoor"),
  );
  assert.deepEqual(limits(settled.Properties.MethodSettings), { "* /*": [7, 9], ...own });
});

test("no call is logged with its body, nor without a trace", () => {
  for (const { DataTraceEnabled, LoggingLevel } of stage.Properties.MethodSettings) {
    assert.deepEqual([DataTraceEnabled, LoggingLevel], [false, "ERROR"]);
  }
  assert.ok(stage.Properties.AccessLogSetting.DestinationArn);
});

test("a stage waits for the role that writes its logs, of which the account has one", () => {
  const [account] = Object.keys(found.findResources("AWS::ApiGateway::Account"));
  found.resourceCountIs("AWS::ApiGateway::Account", 1);
  assert.ok(stage.DependsOn.includes(account));
});

test("the console is at the people's door, wherever that is", () => {
  const output = (shown: typeof found, name: string) => (shown.findOutputs(name)[name] as Json).Value;
  const end = (value: Json) => value["Fn::Join"][1].at(-1);
  assert.equal(end(output(found, "PeopleUrl")), "/v1");
  assert.equal(end(output(found, "ConsoleUrl")), "/v1/console");
  const elsewhere = templateWith({ peopleUrl: "https://people.example.com/v1" });
  assert.equal(output(elsewhere, "PeopleUrl"), "https://people.example.com/v1");
  assert.equal(output(elsewhere, "ConsoleUrl"), "https://people.example.com/v1/console");
});

test("pages of the region's APIs, or of the people's door where it is known, may send files to the bucket and read from it", () => {
  const origins = (context: Json) => {
    const [rule, ...more] = only(templateWith(context), "AWS::S3::Bucket").Properties.CorsConfiguration.CorsRules;
    assert.deepEqual(more, []);
    assert.deepEqual(rule.AllowedMethods, ["PUT", "GET"]);
    assert.deepEqual(rule.ExposedHeaders, ["ETag"]);
    return rule.AllowedOrigins;
  };
  assert.deepEqual(origins({}).map(readable), ["https://*.execute-api.<AWS::Region>.<AWS::URLSuffix>"]);
  assert.deepEqual(origins({ peopleUrl: "https://people.example.com/v1" }), ["https://people.example.com"]);
  const local = "http://127.0.0.1:4566";
  assert.deepEqual(origins({ peopleUrl: `${local}/restapis/{id}/v1/_user_request_` }), [local]);
});

test("the page's own policy names the bucket's origin", () => {
  const origin = (context: Json) =>
    only(templateWith(context), "AWS::Lambda::Function", ({ FunctionName }) => FunctionName === "rowgate-console").Properties.Environment
      .Variables.ROWGATE_BUCKET_ORIGIN;
  const [bucket] = Object.keys(found.findResources("AWS::S3::Bucket"));
  assert.deepEqual(origin({}), { "Fn::Join": ["", ["https://", { "Fn::GetAtt": [bucket, "RegionalDomainName"] }]] });
  assert.equal(origin({ bucketOrigin: "http://127.0.0.1:4566" }), "http://127.0.0.1:4566");
});
