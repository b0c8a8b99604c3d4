"""What the lake found when it checked its rows."""

import logging
from typing import Any

from airflow.providers.amazon.aws.hooks.athena import AthenaHook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sdk import task
from airflow.sdk.exceptions import AirflowFailException

from .settings import GOLD_DATABASE, POLL_SECONDS, WORKGROUP

log = logging.getLogger(__name__)

# A table that has not changed is not checked again, so each table's newest check counts, whichever
# run it was in.
NEWEST_RESULTS = """
SELECT layer, table_name, expectation, action, rows_checked, rows_broken, examples
FROM (
    SELECT *, max(checked_at) OVER (PARTITION BY layer, table_name) AS newest
    FROM rowgate_quality
)
WHERE checked_at = newest
ORDER BY rows_broken DESC, layer, table_name, expectation
LIMIT 500
"""


def query_quality() -> AthenaOperator:
    """Asks Athena for each table's newest results."""
    return AthenaOperator(
        task_id="query_quality",
        query=NEWEST_RESULTS,
        database=GOLD_DATABASE,
        workgroup=WORKGROUP,
        sleep_time=min(POLL_SECONDS, 5),
        deferrable=True,
    )


@task
def check_quality(query: str) -> None:
    """Fails where rows break an expectation marked `stop`; warns of every other that is broken."""
    evaluate(read_results(AthenaHook().get_query_results(query)))


def evaluate(results: list[dict[str, str]]) -> None:
    """Raises AirflowFailException where the results say that the lake must not be used."""
    if not results:
        raise AirflowFailException("rowgate_gold.rowgate_quality is empty: nothing was checked yet")
    broken = [one for one in results if int(one["rows_broken"]) > 0]
    for one in broken:
        log.warning("%s", sentence(one))
    log.info("%d expectations checked, %d broken", len(results), len(broken))
    stopping = [sentence(one) for one in broken if one["action"] == "stop"]
    if stopping:
        raise AirflowFailException("; ".join(stopping))


def read_results(answer: dict[str, Any] | None) -> list[dict[str, str]]:
    """Reads the rows of an answer of Athena, whose first row names the columns."""
    rows = [
        [cell.get("VarCharValue", "") for cell in row["Data"]]
        for row in (answer or {"ResultSet": {"Rows": []}})["ResultSet"]["Rows"]
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def sentence(result: dict[str, str]) -> str:
    """Says what is broken: `silver.jobs: 3 of 99 rows break "name is required" (7, 8, 9)`."""
    examples = f" ({result['examples']})" if result["examples"] else ""
    return (
        f"{result['layer']}.{result['table_name']}: {result['rows_broken']} of "
        f'{result["rows_checked"]} rows break "{result["expectation"]}"{examples}'
    )
