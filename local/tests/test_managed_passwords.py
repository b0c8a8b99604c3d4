"""A cluster of a template has a secret with its administrator's password where RDS manages it."""

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
