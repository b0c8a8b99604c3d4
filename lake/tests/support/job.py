"""The job as a process of its own, packed as the stack packs it."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import engines
from .ministack import REPOSITORY, MiniStack
from .pipeline import Pipeline

Process = subprocess.Popen[str]


def pack(folder: Path, dictionary: str, files: Mapping[str, str]) -> Path:
    """Copies the script, and writes the zip file of the package with a dictionary and files of gold
    in it."""
    shutil.copy(REPOSITORY / "lake/job.py", folder)
    archive = folder / "library.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        package = REPOSITORY / "lake/rowgate_lake"
        for file in package.rglob("*.py"):
            packed.write(file, f"rowgate_lake/{file.relative_to(package)}")
        packed.writestr("sql/dictionary.toml", dictionary)
        for name, text in files.items():
            packed.writestr(f"sql/gold/{name}", text)
    return archive


@contextmanager
def engine(cloud: MiniStack, name: str) -> Iterator[dict[str, str]]:
    """The variables by which a process finds an engine."""
    plain = {
        key: value
        for key, value in os.environ.items()
        if key not in ("SPARK_REMOTE", "PYSPARK_SUBMIT_ARGS")
    }
    if name == "jvm":
        yield {**plain, **cloud.environment, **engines.jvm_environment(cloud)}
    else:
        with engines.sail(cloud) as remote:
            yield {**plain, **cloud.environment, "SPARK_REMOTE": remote}


def start(
    pipeline: Pipeline, archive: Path, environment: Mapping[str, str], step: str, backup: str
) -> Process:
    """Starts a step."""
    arguments = {
        "--step": step,
        "--backup": backup,
        "--run": f"run-of-{backup}",
        "--data-bucket": pipeline.backups.bucket,
        "--lake-bucket": pipeline.bucket,
        "--database-prefix": pipeline.prefix,
        "--bronze-keep-days": "36500",
    }
    command = [
        sys.executable,
        str(archive.with_name("job.py")),
        *(part for pair in arguments.items() for part in pair),
    ]
    return subprocess.Popen(
        # Arguments that Glue adds by itself.
        [*command, "--JOB_NAME", "rowgate-lake", "--enable-metrics", ""],
        env={**environment, "PYTHONPATH": str(archive)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def wait_for_work(process: Process) -> None:
    """Waits until a step has its session and begins, or has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        if "openlineage" in line:
            return


def finish(process: Process) -> None:
    """Waits for a step, which must succeed."""
    output, _ = process.communicate()
    assert process.returncode == 0, output


def kill(process: Process) -> None:
    """Kills a step at once, with everything that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()
