"""Follows the runs of Rowgate's lake, whoever starts them: one run of this DAG for each event."""

import json

from airflow.providers.amazon.aws.sensors.sqs import SqsSensor
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from rowgate_airflow.quality import check_quality, query_quality
from rowgate_airflow.settings import POLL_SECONDS, RETRIES, START


@task
def read_event(messages: list[dict]) -> dict[str, str]:
    """Returns what the event says, and fails where it says that the run failed."""
    event = json.loads(messages[0]["Body"])
    detail = event["detail"]
    if event["detail-type"] != "Lake run completed":
        raise AirflowFailException(
            f"the run {detail['run']} failed at {detail.get('step')}: {detail.get('reason')}"
        )
    return detail


with DAG(
    dag_id="rowgate_lake_events",
    description="What follows each run of Rowgate's lake",
    # The next run begins, and waits, as this one ends.
    schedule="@continuous",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    tags=["rowgate"],
    doc_md=__doc__,
):
    wait = SqsSensor(
        task_id="wait",
        sqs_queue="{{ var.value.rowgate_events_queue }}",
        # Each event has a run of its own.
        max_messages=1,
        poke_interval=POLL_SECONDS,
        deferrable=True,
    )
    event = read_event(wait.output["messages"])
    quality = query_quality()
    event >> quality
    check_quality(quality.output)
    # Your own tasks come here, after check_quality: refresh a dashboard, export a table.
