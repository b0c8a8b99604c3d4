"""Executions of the state machine."""

from typing import Any

from airflow.providers.amazon.aws.sensors.step_function import StepFunctionExecutionSensor
from airflow.sdk.exceptions import AirflowFailException


class ExecutionSensor(StepFunctionExecutionSensor):
    """Waits for an execution. Unlike the provider's sensor, says which step failed and why."""

    def poke(self, context: Any) -> bool:
        """Returns true if the execution has succeeded."""
        execution = self.hook.describe_execution(self.execution_arn)
        if execution["status"] in self.FAILURE_STATES:
            # It has ended: another look would find the same.
            raise AirflowFailException(
                f"{self.execution_arn} ended as {execution['status']}: "
                f"{execution.get('error')}: {execution.get('cause')}"
            )
        return super().poke(context)
