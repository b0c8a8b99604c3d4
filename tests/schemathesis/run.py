"""Holds both doors of a cloud (the environment's) to their own OpenAPI documents, with all checks
of schemathesis.

Every operation, both inserts and what starts backups and restores among them: at the scripts' door
with the operator's key, at the people's with the first operator's token. The usage plan would
answer most of the requests with 429, so its limits are raised while this runs. The limits of the
people's methods stay: 429 is an answer of their document.
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

from people import operator_token

HERE = pathlib.Path(__file__).parent
KEY = {"x-api-key": os.environ["ROWGATE_OPERATOR_KEY"]}


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


def get(url, headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
        return response.read()


def drop_a_file():
    """Lets there be a load to read."""
    s3 = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    table = json.loads(get(os.environ["ROWGATE_URL"] + "/tables", KEY))["tables"][0]
    header = ",".join(column["name"] for column in table["columns"])
    key = f"incoming/{table['name']}/{uuid.uuid4()}.csv"
    s3.put_object(Bucket=os.environ["ROWGATE_BUCKET"], Key=key, Body=f"{header}\n".encode())
    for _ in range(300):
        if any(load["key"] == key for load in json.loads(get(os.environ["ROWGATE_URL"] + "/loads?limit=1000", KEY))["loads"]):
            return
        time.sleep(0.2)
    sys.exit("the file that was dropped is in no load")


def hold(url, headers, arguments, environment):
    """Whether one door keeps to its document. The arguments are those of `schemathesis run`."""
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"),
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        # From a file: it would leave out the operation that it read its document from.
        "openapi.json",
        "--url",
        url,
        "--no-color",
        *arguments,
    ]
    environment = os.environ | environment | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # It notes beside itself what failed, to begin with that the next time.
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "openapi.json").write_bytes(get(url + "/openapi.json", headers))
        return subprocess.run(command, env=environment, cwd=folder, check=False).returncode == 0


def main():
    arguments = sys.argv[1:]
    scripts, people = os.environ["ROWGATE_URL"], os.environ["ROWGATE_PEOPLE_URL"]
    key = [f"--header={name}: {value}" for name, value in KEY.items()]
    with without_throttling():
        drop_a_file()
        held = hold(scripts, KEY, [*key, *arguments], {})
        # The same functions answer, so fewer requests do. The hooks renew the token, which lives
        # five minutes.
        token = {"Authorization": f"Bearer {operator_token()}"}
        held &= hold(people, token, ["--max-examples", "3", *arguments], {"ROWGATE_DOOR": "people"})
    sys.exit(not held)


main()
