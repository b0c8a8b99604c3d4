"""Holds the API of a cloud (the environment's) to its own OpenAPI document, with all checks of schemathesis.

Every operation, both inserts and what starts backups and restores among them, with the operator's key. Its usage plan would answer
most of the requests with 429, so its limits are raised while this runs.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from contextlib import contextmanager

import boto3

HERE = pathlib.Path(__file__).parent


@contextmanager
def without_throttling():
    gateway = boto3.client("apigateway", region_name=os.environ["AWS_REGION"])
    plans = gateway.get_usage_plans()["items"]

    def set_limits(plan, rate, burst):
        operations = [("rateLimit", rate), ("burstLimit", burst)]
        gateway.update_usage_plan(
            usagePlanId=plan["id"],
            patchOperations=[
                {"op": "replace", "path": f"/throttle/{name}", "value": str(value)} for name, value in operations
            ],
        )

    for plan in plans:
        set_limits(plan, 10_000, 10_000)
    try:
        yield
    finally:
        for plan in plans:
            limits = plan["throttle"]
            set_limits(plan, limits["rateLimit"], limits["burstLimit"])


def get(path):
    headers = {"x-api-key": os.environ["ROWGATE_OPERATOR_KEY"]}
    with urllib.request.urlopen(urllib.request.Request(os.environ["ROWGATE_URL"] + path, headers=headers)) as response:
        return response.read()


def drop_a_file():
    """Lets there be a load to read."""
    s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    key = f"incoming/jobs/{uuid.uuid4()}.csv"
    s3.put_object(Bucket=os.environ["ROWGATE_BUCKET"], Key=key, Body=b"id,job_name\n")
    for _ in range(300):
        if any(load["key"] == key for load in json.loads(get("/loads?limit=1000"))["loads"]):
            return
        time.sleep(0.2)
    sys.exit("the file that was dropped is in no load")


def main():
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"),
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        # From a file: it would leave out the operation that it read its document from.
        "openapi.json",
        "--url",
        os.environ["ROWGATE_URL"],
        "--no-color",
        "--header",
        "x-api-key: " + os.environ["ROWGATE_OPERATOR_KEY"],
        *sys.argv[1:],
    ]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # It notes beside itself what failed, to begin with that the next time.
    with without_throttling(), tempfile.TemporaryDirectory() as folder:
        drop_a_file()
        pathlib.Path(folder, "openapi.json").write_bytes(get("/openapi.json"))
        sys.exit(subprocess.run(command, env=environment, cwd=folder, check=False).returncode)


main()
