"""Each step reports its inputs and outputs as OpenLineage events."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from rowgate_lake.errors import BackupUnusableError
from rowgate_lake.settings import Step
from support import hr
from support.backups import Backups
from support.pipeline import Pipeline, sources

HR = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)
LOAD = {
    "load": "l1",
    "table": "employees",
    "key": "incoming/employees/a.csv",
    "mode": "append",
    "rows_loaded": 2,
}


def events(pipeline: Pipeline, step: Step) -> list[dict]:
    """The events of a step."""
    lines = []
    for key in pipeline.keys("lineage/"):
        if f"/{step}-" in key:
            body = (
                boto3.client("s3")
                .get_object(Bucket=pipeline.bucket, Key=key)["Body"]
                .read()
                .decode()
            )
            lines += [json.loads(line) for line in body.splitlines()]
    return lines


def test_names_backup_loads_tables_and_rows(pipeline: Pipeline, backups: Backups) -> None:
    tables = {
        "departments": hr.departments("A"),
        "employees": hr.employees(hr.employee(1), hr.employee(2)),
    }
    backup = backups.make(tables, loads=[LOAD])
    pipeline.run(HR, backup)
    start, complete = events(pipeline, Step.BRONZE)
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert complete["job"] == {"namespace": "rowgate", "name": "lake.bronze", "facets": {}}
    inputs = {
        one["name"]: one["inputFacets"]["inputStatistics"]["rowCount"] for one in complete["inputs"]
    }
    assert inputs == {
        "incoming/employees/a.csv": 2,
        f"backups/{backup}/departments": 1,
        f"backups/{backup}/employees": 2,
    }
    outputs = {
        one["name"]: one["outputFacets"]["outputStatistics"]["rowCount"]
        for one in complete["outputs"]
    }
    assert outputs == {"bronze/departments": 1, "bronze/employees": 2}
    gold = events(pipeline, Step.GOLD)[-1]
    assert "silver/employees_history" in {one["name"] for one in gold["inputs"]}
    people = next(one for one in gold["outputs"] if one["name"] == "gold/people")
    assert [field["name"] for field in people["facets"]["schema"]["fields"]] == [
        "department_id",
        "people",
    ]
    parents = {
        event["run"]["facets"]["parent"]["run"]["runId"]
        for step in Step
        for event in events(pipeline, step)
    }
    assert len(parents) == 1


def test_tells_of_a_failure(pipeline: Pipeline) -> None:
    with pytest.raises(BackupUnusableError):
        pipeline.run(HR, "20260101-020000-0000000a", Step.BRONZE)
    fail = events(pipeline, Step.BRONZE)[-1]
    assert fail["eventType"] == "FAIL"
    assert "BackupUnusableError: the backup" in fail["run"]["facets"]["errorMessage"]["message"]


@contextmanager
def receiver(status: int) -> Iterator[tuple[str, list[dict]]]:
    """A receiver of events."""
    taken: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [201, 400])
def test_events_go_over_http_too_and_a_receiver_that_refuses_costs_no_run(
    pipeline: Pipeline, backups: Backups, status: int
) -> None:
    with receiver(status) as (url, taken):
        pipeline.with_(lineage_url=url).run(
            HR, backups.make({"departments": hr.departments("A")}), Step.BRONZE
        )
    assert [event["eventType"] for event in taken] == ["START", "COMPLETE"]
    assert len(events(pipeline, Step.BRONZE)) == 2
