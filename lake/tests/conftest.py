"""A local cloud's S3, Glue and CloudWatch, an engine, and backups to run the job on.

The engine is Sail, or Spark on the JVM where ROWGATE_LAKE_ENGINE is `jvm`. Everything is real:
MiniStack is a process of its own, and the steps are the job's own. (The tests in `cloud` run
against a whole local cloud instead.)
"""

import os
import uuid
from collections.abc import Iterator

import boto3
import pytest
from support import engines
from support.backups import Backups
from support.ministack import MiniStack
from support.pipeline import Pipeline


@pytest.fixture(scope="session")
def cloud() -> Iterator[MiniStack]:
    """S3, Glue and CloudWatch. An account or a cloud of the person who runs the tests is out of
    reach from here on."""
    for name in list(os.environ):
        if name.startswith("AWS_") or (
            name.startswith("ROWGATE_") and name not in engines.SETTINGS
        ):
            del os.environ[name]
    with MiniStack().running() as running:
        os.environ.update(running.environment)
        yield running


@pytest.fixture(scope="session")
def session(cloud: MiniStack) -> Iterator[object]:
    """A session of the engine that the tests run on."""
    with engines.chosen(cloud) as found:
        yield found


@pytest.fixture
def backups(cloud: MiniStack) -> Backups:
    """A data bucket of its own."""
    bucket = f"data-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return Backups(bucket)


@pytest.fixture
def pipeline(session: object, backups: Backups) -> Pipeline:
    """A lake of its own."""
    return Pipeline.make(session, backups)
