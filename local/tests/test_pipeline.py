"""The retries of a step of the lake by the state machine, as the local cloud's JSONata evaluates
them."""

import json
import re
import subprocess

import pytest
from conftest import LOCAL, MINISTACK_PYTHON

SNAPSHOT = LOCAL.parent / "infra" / "test" / "__snapshots__" / "everything-service.template.json"
ERRORS = LOCAL.parent / "lake" / "rowgate_lake" / "errors.py"
PERMANENT = re.findall(r"^class (\w+)\(LakeError\):", ERRORS.read_text(), re.MULTILINE)

EVALUATE = """
import json, sys
from jsonata import Jsonata
condition, variables = json.load(sys.stdin)
expression = Jsonata(condition)
frame = expression.create_frame()
for name, value in variables.items():
    frame.bind(name, value)
print(json.dumps(expression.evaluate(None, frame)))
"""


def condition():
    """The condition on which `Gold: ended?` goes back to `Gold`."""
    resources = json.loads(SNAPSHOT.read_text())["Resources"].values()
    [machine] = [one for one in resources if one["Type"] == "AWS::StepFunctions::StateMachine"]
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    states = json.loads("".join(one if isinstance(one, str) else "x" for one in parts))["States"]
    [again] = [one for one in states["Gold: ended?"]["Choices"] if one["Next"] == "Gold"]
    return again["Condition"].removeprefix("{%").removesuffix("%}")


def is_run_again(run, retried=()):
    found = subprocess.run(
        [MINISTACK_PYTHON, "-c", EVALUATE],
        input=json.dumps([condition(), {"states": {"input": run}, "retried": list(retried)}]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout)


def failed(message):
    return {"JobRunState": "FAILED", "ErrorMessage": message}


@pytest.mark.parametrize("error", PERMANENT)
@pytest.mark.parametrize(
    "before",
    ["", "Error Category: UNCLASSIFIED_ERROR; ", "x; Failed Line Number: 9; rowgate_lake.errors."],
)
def test_an_error_of_the_input_ends_the_step(before, error):
    assert is_run_again(failed(f"{before}{error}: gold/a.sql has no header")) is False


@pytest.mark.parametrize(
    "run",
    [
        failed("IOError: the lake's bucket does not answer"),
        failed("Error Category: RESOURCE_NOT_FOUND_ERROR; KeyError: 'id'"),
        failed("NoGoldFileError: another's error"),
        failed("ValueError: no GoldFileError here"),
        failed(""),
        {"JobRunState": "ERROR"},
        {"JobRunState": "EXPIRED"},
    ],
)
def test_any_other_failure_is_run_once_more(run):
    assert is_run_again(run) is True
    assert is_run_again(run, ["Silver"]) is True
    assert is_run_again(run, ["Silver", "Gold"]) is False


@pytest.mark.parametrize("state", ["SUCCEEDED", "STOPPED", "TIMEOUT", "RUNNING"])
def test_no_other_state_is_run_again(state):
    assert is_run_again({"JobRunState": state}) is False
