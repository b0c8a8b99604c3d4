"""Work of Rowgate's functions that goes on after the answer: backups and verifications."""

import json
from typing import Any

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import PokeReturnValue, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from .settings import LIMIT, POLL_SECONDS

PATIENT = {"read_timeout": 930, "tcp_keepalive": True, "retries": {"total_max_attempts": 1}}
"""Settings of the client. A function may take 15 minutes to answer; by default the client stops
waiting after one, and invokes it again."""


def invoke(task_id: str, function: str, payload: str) -> LambdaInvokeFunctionOperator:
    """Invokes a function, and waits for its answer."""
    return LambdaInvokeFunctionOperator(
        task_id=task_id, function_name=function, payload=payload, botocore_config=PATIENT
    )


@task.sensor(mode="reschedule", poke_interval=POLL_SECONDS, timeout=LIMIT.total_seconds())
def wait_for(work: str, function: str, answer: str) -> PokeReturnValue:
    """Waits until a function's work is done, and returns its id.

    `work`: the member of the function's answer that names it, `backup` or `restore`.
    """
    work_id = json.loads(answer)[work]
    state = ask(function, {"status": {work: work_id}})
    if state["status"] == "failed":
        # Another look would find the same.
        raise AirflowFailException(f"the {work} {work_id} failed: {state.get('error')}")
    return PokeReturnValue(is_done=state["status"] == "completed", xcom_value=work_id)


def ask(function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Invokes a function that answers at once. Raises AirflowException where it fails."""
    response = LambdaHook().invoke_lambda(function_name=function, payload=json.dumps(payload))
    answer = json.load(response["Payload"])
    if "FunctionError" in response:
        raise AirflowException(f"{function}: {answer.get('errorMessage', answer)}")
    return answer
