"""A local cloud with the lake on, for one size of tables."""

import json
import os
import shlex
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import boto3
from support.backups import Backups
from support.ministack import REPOSITORY
from support.pipeline import Pipeline

ROWGATE = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "debug/rowgate"
FOLDER = REPOSITORY / ".local/bench-lake-cloud"
DEPARTMENTS, JOBS, YEARS = 12, 180, 10

PORTS = ("--gateway-port", "0", "--data-api-port", "0")


def _remove() -> None:
    if FOLDER.exists():
        subprocess.run(
            [ROWGATE, "local", "clean", "--yes", "--dir", FOLDER],
            check=False,
            capture_output=True,
        )
        shutil.rmtree(FOLDER, ignore_errors=True)


class BenchCloud:
    """A local cloud that is up, its variables in the environment of this process."""

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[Self]:
        """Starts the cloud, and removes it at the end."""
        _remove()
        try:
            subprocess.run(
                [ROWGATE, "local", "up", "--dir", FOLDER, *PORTS, "--lake"],
                check=True,
                cwd=REPOSITORY,
            )
            yield cls()
        finally:
            _remove()

    def __init__(self) -> None:
        for line in (FOLDER / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            os.environ[name] = shlex.split(value)[0]
        os.environ |= {"AWS_DEFAULT_REGION": os.environ["AWS_REGION"], "AWS_ALLOW_HTTP": "true"}
        names = (
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        )
        environment = {name: os.environ[name] for name in names}
        environment |= {"AWS_ENDPOINT": os.environ["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true"}
        self.ministack = SimpleNamespace(
            endpoint=os.environ["AWS_ENDPOINT_URL"], environment=environment
        )

    def fill(self, rows: int) -> None:
        """Fills the tables: hires of ten years, spread over departments and jobs, one in a thousand
        of no department."""
        statements = f"""
            INSERT INTO departments
            SELECT seq, CONCAT('Department ', seq) FROM seq_1_to_{DEPARTMENTS};
            INSERT INTO jobs SELECT seq, CONCAT('Job ', seq) FROM seq_1_to_{JOBS};
            INSERT INTO employees
            SELECT seq, CONCAT('First ', seq % 9973, ' Last ', seq % 7919),
                TIMESTAMP('2015-01-01') + INTERVAL (seq * 7919) % {YEARS * 365 * 86400} SECOND,
                IF(seq % 1000 = 0, 99, 1 + seq * 31 % {DEPARTMENTS}), 1 + seq * 37 % {JOBS}
            FROM seq_1_to_{rows};"""
        command = [
            "mariadb",
            "--socket",
            os.environ["ROWGATE_MYSQL_SOCKET"],
            "--user",
            "root",
            "rowgate",
        ]
        subprocess.run(command, input=statements, text=True, check=True)

    def backup(self) -> str:
        """Backs up all tables and gives the backup's id."""
        done = subprocess.run(
            [ROWGATE, "backup", "--wait"], check=True, capture_output=True, text=True
        )
        return done.stdout.split()[0]

    def verify(self, backup: str) -> None:
        """Verifies a backup as the pipeline does."""
        answer = self._invoke("rowgate-restore", {"drill": {"backup": backup}})
        while answer["status"] == "running":
            time.sleep(0.2)
            answer = self._invoke("rowgate-restore", {"status": {"restore": answer["restore"]}})
        if answer["status"] != "completed":
            raise RuntimeError(f"the backup is not verified: {answer}")

    def _invoke(self, function: str, payload: object) -> dict:
        answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
        found = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(f"{function}: {found}")
        return found

    def lake(self, engine: str) -> Pipeline:
        """The stack's own lake for Sail, which Athena reads; another one for the other engine."""
        backups = Backups(os.environ["ROWGATE_BUCKET"])
        if engine == "sail":
            return Pipeline(None, backups, os.environ["ROWGATE_LAKE_BUCKET"], "rowgate_")
        return Pipeline.make(None, backups)

    def query_time(self) -> float:
        """The median time of `rowgate lake query` over a table of gold."""
        sql = (
            "SELECT department, SUM(q1 + q2 + q3 + q4) AS hires FROM hires_by_quarter "
            "GROUP BY department ORDER BY hires DESC"
        )
        times = []
        for _ in range(7):
            began = time.monotonic()
            subprocess.run([ROWGATE, "lake", "query", sql], check=True, capture_output=True)
            times.append(time.monotonic() - began)
        return statistics.median(times)
