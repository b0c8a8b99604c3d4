"""A MiniStack of the tests' own, with the hooks of the local cloud."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

LOCAL = Path(__file__).parent.parent
MINISTACK_PYTHON = os.environ.get(
    "ROWGATE_MINISTACK_PYTHON", LOCAL.parent / ".local" / "venv" / "bin" / "python"
)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
REGION = "us-east-1"
BUCKET = "lake"
ROLE = "arn:aws:iam::000000000000:role/lake"
# The role may read the code and nothing else, but where a test says more.
READS_CODE = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/code/*",
}


class Cloud:
    """A MiniStack process in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def start(self, lake_python=sys.executable):
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.folder),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": self.endpoint.rsplit(":", 1)[1],
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "ROWGATE_LAKE_PYTHON": str(lake_python),
            "PYTHONDONTWRITEBYTECODE": "1",
            **KEYS,
        }
        with (self.folder / "ministack.log").open("ab") as log:
            self.process = subprocess.Popen(
                [MINISTACK_PYTHON, Path(__file__).with_name("launch.py")],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "ministack.log").read_text()
                time.sleep(0.1)
        raise AssertionError("MiniStack does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def client(self, service):
        return boto3.client(
            service,
            # As the Rust SDK does, also where links are signed.
            config=Config(signature_version="s3v4" if service == "s3" else "v4"),
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def make_bucket_and_role(self):
        self.client("s3").create_bucket(Bucket=BUCKET)
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}}
        iam.create_role(
            RoleName="lake",
            AssumeRolePolicyDocument=policy(trust | {"Action": "sts:AssumeRole"}),
        )
        iam.put_role_policy(RoleName="lake", PolicyName="code", PolicyDocument=policy(READS_CODE))


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    cloud.start()
    cloud.make_bucket_and_role()
    yield cloud
    cloud.stop()
