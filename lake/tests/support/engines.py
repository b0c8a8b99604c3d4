"""The engines: Sail, a Spark server without a JVM, and Spark on the JVM with Delta."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ministack import REPOSITORY, MiniStack, free_port

SETTINGS = ("ROWGATE_LAKE_ENGINE", "ROWGATE_LAKE_KILLS", "ROWGATE_LAKE_SEED")
"""Variables that say how tests run."""
JARS = REPOSITORY / ".local/spark-jars"
START_LIMIT = 60


def name() -> str:
    """`sail` or `jvm`."""
    return os.environ.get("ROWGATE_LAKE_ENGINE", "sail")


@contextmanager
def chosen(cloud: MiniStack) -> Iterator[object]:
    """A session of the engine that is asked for."""
    from pyspark.sql import SparkSession

    if name() == "jvm":
        os.environ.update(jvm_environment(cloud))
        session = SparkSession.builder.appName("rowgate-lake-tests").getOrCreate()
        try:
            yield session
        finally:
            session.stop()
        return
    with sail(cloud) as remote:
        os.environ["SPARK_REMOTE"] = remote
        session = SparkSession.builder.getOrCreate()
        yield session
        del os.environ["SPARK_REMOTE"]


def jvm_environment(cloud: MiniStack) -> dict[str, str]:
    """Settings that make `SparkSession.builder.getOrCreate()` a session on the JVM with Delta, Avro
    and S3."""
    jars = sorted(str(jar) for jar in JARS.glob("*.jar"))
    if not jars:
        raise RuntimeError("the jars of Spark are missing; run make test-spark, which fetches them")
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "3g",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": tempfile.gettempdir(),
        "spark.ui.showConsoleProgress": "false",
        # Few tasks and no compiling of code: the tables are small.
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": cloud.endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.access.key": cloud.environment["AWS_ACCESS_KEY_ID"],
        "spark.hadoop.fs.s3a.secret.key": cloud.environment["AWS_SECRET_ACCESS_KEY"],
        "spark.delta.logStore.s3.impl": "io.delta.storage.S3SingleDriverLogStore",
    }
    arguments = " ".join(f"--conf {key}={value}" for key, value in settings.items())
    return {
        "PYSPARK_SUBMIT_ARGS": f"--jars {','.join(jars)} {arguments} pyspark-shell",
        "TZ": "UTC",
    }


@contextmanager
def sail(cloud: MiniStack) -> Iterator[str]:
    """A server of Sail; gives its address."""
    port = free_port()
    program = Path(sys.executable).with_name("sail")
    environment = {**os.environ, **cloud.environment}
    process = subprocess.Popen(
        [program, "spark", "server", "--ip", "127.0.0.1", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port)
        yield f"sc://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    began = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() - began > START_LIMIT:
                raise RuntimeError("Sail did not start") from None
            time.sleep(0.02)
