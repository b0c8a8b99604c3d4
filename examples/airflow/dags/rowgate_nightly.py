"""Runs Rowgate's lake from backup to gold: starts the stack's state machine, waits, checks."""

from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.sdk import DAG
from rowgate_airflow.execution import ExecutionSensor
from rowgate_airflow.quality import check_quality, query_quality
from rowgate_airflow.settings import LIMIT, NIGHTLY, POLL_SECONDS

with DAG(
    dag_id="rowgate_nightly",
    description="Backup to gold, by Rowgate's state machine",
    # The stack starts its state machine every day by itself: read the README before you set one.
    schedule=None,
    doc_md=__doc__,
    **NIGHTLY,
):
    start = StepFunctionStartExecutionOperator(
        task_id="start",
        state_machine_arn="{{ var.value.rowgate_state_machine }}",
        state_machine_input="{{ ({'backup': params.backup} if params.backup else {}) | tojson }}",
        # Waiting is the next task's: clear that one alone, and it waits for the same execution.
        deferrable=False,
    )
    # This sensor cannot be deferred. In this mode too it holds no worker between two looks.
    wait = ExecutionSensor(
        task_id="wait",
        execution_arn=start.output,
        mode="reschedule",
        poke_interval=POLL_SECONDS,
        timeout=LIMIT.total_seconds(),
    )
    quality = query_quality()
    start >> wait >> quality
    check_quality(quality.output)
