"""MiniStack as a process of its own, on a free port, with nothing in it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
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

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="rowgate-lake-tests-")
        environment = {
            **os.environ,
            **self.environment,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "STATE_DIR": f"{self._folder}/state",
            "S3_DATA_DIR": f"{self._folder}/s3",
            "ROWGATE_LAKE_PYTHON": sys.executable,
        }
        with open(f"{self._folder}/log", "wb") as log:
            self._process = subprocess.Popen(
                [PYTHON, LAUNCHER],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        began = time.monotonic()
        while True:
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() - began > START_LIMIT:
                    log = Path(self._folder, "log").read_text()
                    raise RuntimeError(f"MiniStack did not start:\n{log[-2000:]}") from None
                time.sleep(0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
