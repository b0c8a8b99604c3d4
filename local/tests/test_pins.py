"""A MiniStack to which the hooks were not written is refused in one sentence."""

import os
import subprocess

import pytest
from conftest import LOCAL, MINISTACK_PYTHON

# The functions that each hook wraps: the module of MiniStack, and their names.
WRAPPED = [
    ("glue_jobs", "ministack.services.glue", "_start_job_run"),
    ("athena_delta", "ministack.services.athena", "_run_duckdb"),
    ("presigned_links", "ministack.services.s3", "_verify_presigned_sigv4"),
    (
        "method_limits",
        "ministack.services.cloudformation.provisioners",
        "_apigw_method_settings",
    ),
    ("sign_in_lockout", "ministack.services.cognito", "_admin_initiate_auth"),
    ("closed_pools", "ministack.services.cognito", "_sign_up"),
]


def run(code):
    return subprocess.run(
        [MINISTACK_PYTHON, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LOCAL), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("hook", "module", "function"), WRAPPED)
def test_another_source_is_refused(hook, module, function):
    code = f"""
import json, {module} as module, {hook}
module.{function} = json.dumps
{hook}.install()
"""
    found = run(code)
    assert found.returncode == 1
    line = found.stderr.splitlines()[-1]
    assert line.startswith(f"error: MiniStack's {function} is not the one expected (")
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(("hook", "module", "function"), WRAPPED)
def test_a_function_that_is_gone_is_refused(hook, module, function):
    code = f"import {module} as module, {hook}\ndel module.{function}\n{hook}.install()"
    found = run(code)
    assert found.returncode == 1
    assert f"error: MiniStack's {module} has no {function}; the files in local/" in found.stderr


def test_the_pins_hold_for_the_ministack_that_is_installed():
    hooks = [hook for hook, _, _ in WRAPPED]
    found = run("\n".join(f"import {hook}; {hook}.install()" for hook in hooks))
    assert found.returncode == 0, found.stderr
