"""The local cloud of the environment, the template's stack on it, and DAGs that run there."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import boto3
import pytest
from conftest import CLOUD, HOME

TEMPLATE = Path(__file__).parents[2] / "aws.yaml"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))

# MiniStack does not know the workgroup of a query that has an id, which AWS does.
QUERY_BY_ID = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["athena:GetQueryExecution", "athena:GetQueryResults"],
            "Resource": "*",
        }
    ],
}

LIMIT = 600
"""Seconds that one run of a DAG may take."""


@dataclass(frozen=True)
class Run:
    """A run of a DAG, as `airflow dags test` ends and what it prints."""

    succeeded: bool
    output: str


class Cloud:
    """A local cloud with Rowgate's stack and the lake."""

    def __init__(self) -> None:
        if urlparse(CLOUD.get("AWS_ENDPOINT_URL", "")).hostname != "127.0.0.1":
            pytest.fail("these tests run on a local cloud alone: source its env first")
        if "ROWGATE_LAKE_BUCKET" not in os.environ:
            pytest.fail("the local cloud has no lake: run make lake first")
        # Python's clients know the region by this name alone.
        self.region = {"AWS_DEFAULT_REGION": CLOUD["AWS_REGION"]}
        self.session = boto3.Session(
            CLOUD["AWS_ACCESS_KEY_ID"],
            CLOUD["AWS_SECRET_ACCESS_KEY"],
            region_name=CLOUD["AWS_REGION"],
        )
        self.name = f"rowgate-airflow-{uuid.uuid4().hex[:8]}"
        self.outputs: dict[str, str] = {}

    def client(self, service: str):
        """A client with every right."""
        return self.session.client(service, endpoint_url=CLOUD["AWS_ENDPOINT_URL"])

    def deploy(self) -> None:
        """Deploys the template."""
        stacks = self.client("cloudformation")
        bucket = os.environ["ROWGATE_LAKE_BUCKET"]
        stacks.create_stack(
            StackName=self.name,
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[{"ParameterKey": "LakeBucket", "ParameterValue": bucket}],
            Capabilities=["CAPABILITY_IAM"],
        )
        stacks.get_waiter("stack_create_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )
        stack = stacks.describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def remove(self) -> None:
        """Removes what was deployed."""
        self.client("cloudformation").delete_stack(StackName=self.name)

    def state_machine(self) -> str:
        """The ARN of the state machine."""
        found = self.client("stepfunctions").list_state_machines()["stateMachines"]
        return next(each["stateMachineArn"] for each in found if each["name"] == "rowgate-nightly")

    def run(self, dag: str, *policies: str, **conf: str) -> Run:
        """Runs a DAG once, as a user who has these policies of the template and no other right."""
        iam = self.client("iam")
        user = f"{self.name}-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=user)
        arns = [self.outputs[policy] for policy in policies]
        for arn in arns:
            iam.attach_user_policy(UserName=user, PolicyArn=arn)
        by_id = {"UserName": user, "PolicyName": "query-by-id"}
        iam.put_user_policy(**by_id, PolicyDocument=json.dumps(QUERY_BY_ID))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        try:
            return self._run(dag, key["AccessKeyId"], key["SecretAccessKey"], conf)
        finally:
            iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
            iam.delete_user_policy(**by_id)
            for arn in arns:
                iam.detach_user_policy(UserName=user, PolicyArn=arn)
            iam.delete_user(UserName=user)

    def _run(self, dag: str, key: str, secret: str, conf: dict[str, str]) -> Run:
        environment = {
            **os.environ,
            **self.region,
            "AWS_ENDPOINT_URL": CLOUD["AWS_ENDPOINT_URL"],
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AIRFLOW_VAR_ROWGATE_STATE_MACHINE": self.state_machine(),
            "AIRFLOW_VAR_ROWGATE_EVENTS_QUEUE": self.outputs["EventsQueue"],
            "ROWGATE_POLL_SECONDS": "2",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
        }
        command = [AIRFLOW, "dags", "test", dag, "--conf", json.dumps(conf)]
        done = subprocess.run(
            command,
            env=environment,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
        )
        print(done.stdout)
        return Run(done.returncode == 0, done.stdout)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The cloud, with the template deployed."""
    subprocess.run([AIRFLOW, "db", "migrate"], cwd=HOME, check=True, capture_output=True)
    cloud = Cloud()
    cloud.deploy()
    yield cloud
    cloud.remove()
