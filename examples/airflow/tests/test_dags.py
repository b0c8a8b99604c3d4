"""The DAGs as Airflow reads them, without a cloud."""

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowFailException
from conftest import DAGS
from rowgate_airflow.quality import evaluate, read_results

CHECK = {"query_quality": {"check_quality"}, "check_quality": set()}
GRAPHS = {
    "rowgate_nightly": {"start": {"wait"}, "wait": {"query_quality"}, **CHECK},
    "rowgate_nightly_steps": {
        "backup": {"backup_done"},
        "backup_done": {"verify"},
        "verify": {"verified"},
        "verified": {"bronze"},
        "bronze": {"silver"},
        "silver": {"gold"},
        "gold": {"maintenance"},
        "maintenance": {"query_quality"},
        **CHECK,
    },
    "rowgate_lake_events": {
        "wait": {"read_event"},
        "read_event": {"query_quality"},
        **CHECK,
    },
}


@pytest.fixture(scope="module")
def dags() -> DagBag:
    """What is in the folder of the DAGs."""
    return DagBag(dag_folder=str(DAGS))


def test_every_dag_is_read_without_an_error(dags: DagBag) -> None:
    assert dags.import_errors == {}
    assert set(dags.dags) == set(GRAPHS)


@pytest.mark.parametrize("name", GRAPHS)
def test_steps_follow_each_other(dags: DagBag, name: str) -> None:
    found = {task.task_id: set(task.downstream_task_ids) for task in dags.dags[name].tasks}
    assert found == GRAPHS[name]


@pytest.mark.parametrize("name", GRAPHS)
def test_runs_do_not_overlap(dags: DagBag, name: str) -> None:
    assert dags.dags[name].max_active_runs == 1
    assert not dags.dags[name].catchup


def test_a_function_has_the_time_that_it_may_take(dags: DagBag) -> None:
    for name in ("backup", "verify"):
        settings = dags.dags["rowgate_nightly_steps"].get_task(name).botocore_config
        assert settings["read_timeout"] > 15 * 60
        assert settings["retries"] == {"total_max_attempts": 1}


def answer(*rows: tuple[str | None, ...]) -> dict:
    """An answer of Athena; a NULL is a cell without a value."""
    names = "layer table_name expectation action rows_checked rows_broken examples".split()
    cells = [
        [{} if cell is None else {"VarCharValue": cell} for cell in row] for row in (names, *rows)
    ]
    return {"ResultSet": {"Rows": [{"Data": row} for row in cells]}}


def test_a_lake_that_checked_nothing_is_not_good() -> None:
    for nothing in (None, answer()):
        with pytest.raises(AirflowFailException, match="rowgate_quality is empty"):
            evaluate(read_results(nothing))


def test_what_is_broken_is_reported_and_only_stop_fails(caplog: pytest.LogCaptureFixture) -> None:
    good = ("silver", "jobs", "unique key (id)", "stop", "9", "0", None)
    warned = ("silver", "jobs", "name is required", "warn", "9", "2", "7, 8")
    evaluate(read_results(answer(warned, good)))
    assert 'silver.jobs: 2 of 9 rows break "name is required" (7, 8)' in caplog.text

    stopped = ("gold", "revenue", "never negative", "stop", "5", "1", None)
    with pytest.raises(AirflowFailException) as failure:
        evaluate(read_results(answer(stopped, warned, good)))
    assert str(failure.value) == 'gold.revenue: 1 of 5 rows break "never negative"'
