"""Work of Rowgate's functions that continues after the answer: backups and verifications."""

import json
from typing import Any

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import PokeReturnValue, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from .settings import LIMIT, POLL_SECONDS

PERMANENT_ERRORS = ("InvalidPayload", "RestoreFailed")
"""Types of the functions' errors after which another try would end the same."""

PATIENT = {"read_timeout": 930, "tcp_keepalive": True, "retries": {"total_max_attempts": 1}}
"""Settings of the client. A function may take 15 minutes to answer; by default the client stops
waiting after one, and invokes it again."""


class InvokeOperator(LambdaInvokeFunctionOperator):
    """Invokes a function, and returns its answer. Says what the function said where it fails."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(botocore_config=PATIENT, **kwargs)

    def execute(self, context: Any) -> str:
        """Raises AirflowFailException, which ends all tries, for a permanent error."""
        try:
            return super().execute(context)
        except ValueError as failure:
            details = failure.args[-1]
            if not isinstance(details, dict):
                raise
            raise error_of(self.function_name, json.loads(details["Payload"])) from failure


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
    """Invokes a function that answers at once."""
    response = LambdaHook().invoke_lambda(function_name=function, payload=json.dumps(payload))
    answer = json.load(response["Payload"])
    if "FunctionError" in response:
        raise error_of(function, answer)
    return answer


def error_of(function: str, answer: dict[str, Any]) -> AirflowException:
    """What to raise for the answer of a function that failed."""
    message = f"{function}: {answer.get('errorMessage', answer)}"
    if answer.get("errorType") in PERMANENT_ERRORS:
        return AirflowFailException(message)
    return AirflowException(message)
