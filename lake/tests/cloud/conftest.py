"""A whole local cloud with the lake on, as `rowgate local up --lake` leaves it; its env file is
sourced."""

import os

import pytest

from cloud.whole import Cloud


@pytest.fixture(scope="session")
def whole() -> Cloud:
    """The cloud of the environment, with sample data in its tables."""
    if "ROWGATE_LAKE_BUCKET" not in os.environ:
        pytest.fail(
            "ROWGATE_LAKE_BUCKET is not set; source the env file of a local cloud with the lake on"
        )
    os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
    os.environ["AWS_ALLOW_HTTP"] = "true"
    found = Cloud()
    found.fill()
    return found
