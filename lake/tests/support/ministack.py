"""MiniStack as a process of its own, on a free port, with nothing in it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parents[3]
PYTHON = REPOSITORY / ".local/venv/bin/python"
LAUNCHER = REPOSITORY / "local/launch_ministack.py"
START_LIMIT = 90


def free_port() -> int:
    """A port of the loopback interface that is free at this time."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class MiniStack:
    """The services that the job calls."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Starts it, and ends it with all that it holds."""
        with tempfile.TemporaryDirectory(
            prefix="rowgate-lake-tests-", ignore_cleanup_errors=True
        ) as folder:
            environment = {
                **os.environ,
                **self.environment,
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(self.port),
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "STATE_DIR": f"{folder}/state",
                "S3_DATA_DIR": f"{folder}/s3",
                "ROWGATE_LAKE_PYTHON": sys.executable,
            }
            with open(f"{folder}/log", "wb") as log:
                process = subprocess.Popen(
                    [PYTHON, LAUNCHER],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    cwd=folder,
                    start_new_session=True,
                )
            try:
                self._wait(process, folder)
                yield self
            finally:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _wait(self, process: subprocess.Popen, folder: str) -> None:
        began = time.monotonic()
        while True:
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5).close()
                return
            except OSError:
                if process.poll() is not None or time.monotonic() - began > START_LIMIT:
                    log = Path(folder, "log").read_text()
                    raise RuntimeError(f"MiniStack did not start:\n{log[-2000:]}") from None
                time.sleep(0.05)
