"""Runs Rowgate's lake from backup to gold without its state machine: each step is a task here."""

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import DAG, chain
from rowgate_airflow.functions import InvokeOperator, wait_for
from rowgate_airflow.quality import check_quality, query_quality
from rowgate_airflow.settings import (
    BACKUP_FUNCTION,
    JOB,
    LIMIT,
    NIGHTLY,
    POLL_SECONDS,
    RESTORE_FUNCTION,
)

BACKUP_ID = "{{ ti.xcom_pull(task_ids='backup_done') }}"


def glue_step(name: str) -> GlueJobOperator:
    """A run of the job. The stack has set its other arguments."""
    return GlueJobOperator(
        task_id=name,
        job_name=JOB,
        script_args={
            "--step": name,
            "--backup": BACKUP_ID,
            # A part of keys in S3, which take these two badly.
            "--run": "{{ run_id | replace(':', '-') | replace('+', '-') }}",
        },
        # A run that fails is run once more, as by the state machine.
        retries=1,
        deferrable=True,
        waiter_delay=POLL_SECONDS,
        waiter_max_attempts=int(LIMIT.total_seconds() / POLL_SECONDS),
    )


with DAG(
    dag_id="rowgate_nightly_steps",
    description="Backup to gold, step by step",
    # The stack starts its state machine every day by itself: read the README before you set one.
    schedule=None,
    doc_md=__doc__,
    **NIGHTLY,
):
    backup = InvokeOperator(
        task_id="backup",
        function_name=BACKUP_FUNCTION,
        # Of a backup that it is given, the function says whether it can be used.
        payload="{{ ({'status': {'backup': params.backup}} if params.backup else {}) | tojson }}",
    )
    backup_done = wait_for.override(task_id="backup_done")("backup", BACKUP_FUNCTION, backup.output)
    verify = InvokeOperator(
        task_id="verify",
        function_name=RESTORE_FUNCTION,
        payload='{"drill": {"backup": "' + BACKUP_ID + '"}}',
    )
    verified = wait_for.override(task_id="verified")("restore", RESTORE_FUNCTION, verify.output)
    quality = query_quality()
    steps = [glue_step(name) for name in ("bronze", "silver", "gold", "maintenance")]
    chain(backup_done, verify, verified, *steps, quality)
    check_quality(quality.output)
