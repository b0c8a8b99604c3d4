"""Templates have passwords generated: of secrets, and of clusters that RDS manages."""

import json

TEMPLATE = {
    "Resources": {
        "Cluster": {
            "Type": "AWS::RDS::DBCluster",
            "Properties": {
                "Engine": "aurora-mysql",
                "MasterUsername": "admin",
                "ManageMasterUserPassword": True,
            },
        }
    },
    "Outputs": {"Secret": {"Value": {"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]}}},
}


def test_a_secret_has_no_punctuation_where_it_is_excluded(cloud):
    rules = {
        "SecretStringTemplate": '{"username": "reader"}',
        "GenerateStringKey": "password",
        "PasswordLength": 200,
    }

    def password(name, **more):
        properties = {"Name": name, "GenerateSecretString": rules | more}
        secret = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
        cloud.client("cloudformation").create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": {"Secret": secret}})
        )
        cloud.client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )
        text = cloud.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        return json.loads(text)["password"]

    plain = password("plain", ExcludePunctuation=True)
    assert plain.isascii() and plain.isalnum() and len(plain) == 200
    assert not password("mixed").isalnum()


def test_the_secret_is_made_once_and_stays(cloud):
    formation = cloud.client("cloudformation")

    def secret():
        [stack] = formation.describe_stacks(StackName="database")["Stacks"]
        return stack["Outputs"][0]["OutputValue"]

    formation.create_stack(StackName="database", TemplateBody=json.dumps(TEMPLATE))
    formation.get_waiter("stack_create_complete").wait(
        StackName="database", WaiterConfig={"Delay": 1}
    )
    first = secret()
    text = cloud.client("secretsmanager").get_secret_value(SecretId=first)["SecretString"]
    found = json.loads(text)
    assert found["username"] == "admin" and len(found["password"]) >= 32

    TEMPLATE["Resources"]["Cluster"]["Properties"]["BackupRetentionPeriod"] = 7
    formation.update_stack(StackName="database", TemplateBody=json.dumps(TEMPLATE))
    formation.get_waiter("stack_update_complete").wait(
        StackName="database", WaiterConfig={"Delay": 1}
    )
    assert secret() == first
