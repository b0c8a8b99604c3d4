"""The outside interfaces of a local cloud with the lake on."""

import csv
import io
import json
import os
import subprocess
import tempfile
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from deltalake import DeltaTable
from support.ministack import REPOSITORY

ROWGATE = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "debug/rowgate"
LOST = 900_000_001
"""The first of three employees whose department there is not."""
UNKNOWN_DEPARTMENT = 2_000_000_001


class Cloud:
    """The calls that people's scripts use."""

    def __init__(self) -> None:
        self.url = os.environ["ROWGATE_URL"]
        self.lake = os.environ["ROWGATE_LAKE_BUCKET"]
        self.data = os.environ["ROWGATE_BUCKET"]
        self.sfn = boto3.client("stepfunctions")
        self.s3 = boto3.client("s3")
        self.machine = next(
            one["stateMachineArn"]
            for one in self.sfn.list_state_machines()["stateMachines"]
            if one["name"] == "rowgate-nightly"
        )

    def rowgate(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs the command, which must end with this status."""
        done = subprocess.run([ROWGATE, *arguments], capture_output=True, text=True, timeout=600)
        assert done.returncode == status, (
            f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def fill(self) -> None:
        """Replaces the rows of all tables: sample data, and employees of a department that there is
        not."""
        with tempfile.TemporaryDirectory() as folder:
            self.rowgate("sample", "--out", folder)
            lost = Path(folder, "lost.csv")
            souls = [
                f"{LOST + number},Lost Soul {number},2021-03-04T05:06:07Z,{UNKNOWN_DEPARTMENT},1"
                for number in range(3)
            ]
            lost.write_text("\n".join(souls))
            # The sample's employees have rows that are refused, which a replace does not take.
            drops = (
                ("departments", "departments.csv", "replace"),
                ("jobs", "jobs.csv", "replace"),
                ("employees", "lost.csv", "replace"),
                ("employees", "employees.csv", "upsert"),
            )
            for table, file, mode in drops:
                self.rowgate("upload", table, str(Path(folder, file)), "--mode", mode, "--wait")

    def run(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs the pipeline to its end."""
        return self.rowgate("lake", "run", "--wait", *arguments, status=status)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Asks Athena."""
        return json.loads(self.rowgate("lake", "query", sql, "--format", "json").stdout)

    def csv(self, sql: str) -> list[dict[str, str]]:
        """Asks Athena, for texts."""
        return list(
            csv.DictReader(
                io.StringIO(self.rowgate("lake", "query", sql, "--format", "csv").stdout)
            )
        )

    def delta(self, layer: str, table: str) -> DeltaTable:
        """Opens a table with delta-rs."""
        return DeltaTable(f"s3://{self.lake}/{layer}/{table}")

    def report(self, name: str, **parameters: object) -> list[dict[str, Any]]:
        """Asks MySQL, by the API."""
        query = "&".join(f"{key}={value}" for key, value in parameters.items())
        return self.http("GET", f"/reports/{name}?{query}")["rows"]

    def http(self, method: str, path: str, body: object = None) -> Any:
        """Calls the API as its operator."""
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "x-api-key": os.environ["ROWGATE_OPERATOR_KEY"],
            "content-type": "application/json",
        }
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def backup(self) -> str:
        """Makes a backup and gives its id."""
        return self.rowgate("backup", "--wait").stdout.strip().split()[0]

    def start(self, given: Mapping[str, str] | None = None) -> str:
        """Starts the pipeline and gives the execution's ARN."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        return self.sfn.start_execution(
            stateMachineArn=self.machine, name=name, input=json.dumps(given or {})
        )["executionArn"]

    def rows(self, layer: str, table: str, *order: str) -> list[dict[str, Any]]:
        """The rows of a table as delta-rs reads them."""
        rows = self.delta(layer, table).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: [str(row[column]) for column in order])
