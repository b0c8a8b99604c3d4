"""A method has the limits that the template gives it."""

import json
import urllib.error
import urllib.request

INTEGRATION = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
    "IntegrationResponses": [{"StatusCode": "200"}],
}


def resource(kind, **properties):
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": properties}


def template():
    api = {"Ref": "Api"}
    resources = {"Api": resource("RestApi", Name="limits")}
    for name in ("login", "other"):
        resources[name] = resource(
            "Resource",
            RestApiId=api,
            PathPart=name,
            ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]},
        )
        resources[f"{name}Get"] = resource(
            "Method",
            RestApiId=api,
            ResourceId={"Ref": name},
            HttpMethod="GET",
            AuthorizationType="NONE",
            Integration=INTEGRATION,
            MethodResponses=[{"StatusCode": "200"}],
        )
    resources["Deployment"] = {
        **resource("Deployment", RestApiId=api),
        "DependsOn": ["loginGet", "otherGet"],
    }
    limit = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 3}
    resources["Stage"] = resource(
        "Stage",
        RestApiId=api,
        DeploymentId={"Ref": "Deployment"},
        StageName="v1",
        MethodSettings=[
            {
                "ResourcePath": "/*",
                "HttpMethod": "*",
                "ThrottlingRateLimit": 100,
                "ThrottlingBurstLimit": 200,
            },
            {"ResourcePath": "/~1login", "HttpMethod": "GET", **limit},
        ],
    )
    return json.dumps({"Resources": resources, "Outputs": {"Id": {"Value": api}}})


def test_one_method_has_a_lower_limit_than_the_others(cloud):
    formation = cloud.client("cloudformation")
    formation.create_stack(StackName="limits", TemplateBody=template())
    formation.get_waiter("stack_create_complete").wait(
        StackName="limits", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    [stack] = formation.describe_stacks(StackName="limits")["Stacks"]
    base = f"{cloud.endpoint}/restapis/{stack['Outputs'][0]['OutputValue']}/v1/_user_request_"

    def statuses(path):
        found = []
        for _ in range(8):
            try:
                with urllib.request.urlopen(f"{base}/{path}", timeout=10) as answer:
                    found.append(answer.status)
            except urllib.error.HTTPError as error:
                found.append(error.code)
        return found

    assert statuses("other") == [200] * 8
    answers = statuses("login")
    assert answers[:3] == [200] * 3
    assert 429 in answers[3:]
