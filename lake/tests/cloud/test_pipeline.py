"""The pipeline on a local cloud, from a backup to gold: the real state machine, functions, job,
catalog and Athena."""

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import boto3
import pytest
from rowgate_lake import dictionary
from support.ministack import REPOSITORY

from cloud import reports
from cloud.whole import LOST, UNKNOWN_DEPARTMENT, Cloud

KILLS = int(os.environ.get("ROWGATE_LAKE_KILLS", "3"))
SEED = int(os.environ.get("ROWGATE_LAKE_SEED", "1"))
STEPS = ["Backup", "Verify", "Bronze", "Silver", "Gold", "Maintenance", "Announce"]
SHIPPED = sorted(dictionary.parse((REPOSITORY / "sql/dictionary.toml").read_text()).tables)
TABLES = {
    "bronze": SHIPPED,
    "silver": [f"{table}{history}" for table in SHIPPED for history in ("", "_history")],
    "gold": [
        "departments_above_mean",
        "head_count_by_month",
        "hires_by_quarter",
        "rowgate_quality",
        "unknown_references",
    ],
}


@pytest.fixture(scope="module")
def run(whole: Cloud) -> dict:
    """A run of the pipeline that has succeeded."""
    done = whole.run()
    assert [line.split()[0] for line in done.stderr.splitlines() if line.endswith("s)")] == STEPS
    return json.loads(done.stdout)


@contextmanager
def events(whole: Cloud, name: str) -> Iterator[list[dict]]:
    """Collects the events of runs on the bus of the account."""
    sqs, bus = boto3.client("sqs"), boto3.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    kinds = ["Lake run completed", "Lake run failed"]
    pattern = {"source": ["rowgate"], "detail-type": kinds}
    bus.put_rule(Name=name, EventPattern=json.dumps(pattern))
    bus.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    found: list[dict] = []
    try:
        yield found
        for message in sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5
        ).get("Messages", []):
            found.append(json.loads(message["Body"]))
    finally:
        bus.remove_targets(Rule=name, Ids=["1"])
        bus.delete_rule(Name=name)
        sqs.delete_queue(QueueUrl=url)


def test_gold_is_what_the_reports_of_mysql_say(whole: Cloud, run: dict) -> None:
    differing, rows = reports.compare(whole)
    assert differing == []
    assert rows > 0


def test_head_count_and_unknown_references(whole: Cloud, run: dict) -> None:
    last = whole.query("SELECT head_count FROM head_count_by_month ORDER BY month DESC LIMIT 1")
    total = whole.query(
        "SELECT count(*) AS n FROM rowgate_silver.employees WHERE _deleted_at IS NULL"
    )
    assert last[0]["head_count"] == total[0]["n"]
    outliers = whole.query("SELECT * FROM unknown_references WHERE column_name = 'department_id'")
    assert outliers == [
        {
            "table_name": "employees",
            "column_name": "department_id",
            "value": UNKNOWN_DEPARTMENT,
            "row_count": 3,
            "first_id": LOST,
            "last_id": LOST + 2,
        }
    ]


def test_athena_and_delta_rs_read_every_table_to_equal_values(whole: Cloud, run: dict) -> None:
    for layer, tables in TABLES.items():
        for table in tables:
            found = whole.delta(layer, table).to_pyarrow_table().to_pylist()
            names = (
                list(found[0])
                if found
                else [field.name for field in whole.delta(layer, table).schema().fields]
            )
            asked = whole.csv(f"SELECT * FROM rowgate_{layer}.{table}")
            expected = sorted([text(row[name]) for name in names] for row in found)
            assert sorted([normal(row[name]) for name in names] for row in asked) == expected, table


def text(value: object) -> str:
    """A value as Athena writes it in CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "astimezone"):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}"
    return str(value if not isinstance(value, Decimal) else f"{value:f}")


def normal(value: str) -> str:
    """A time of Athena with three decimals, whatever it had."""
    if len(value) >= 19 and value[4] == "-" and value[13] == ":":
        time, _, fraction = (
            value.removesuffix(" UTC").removesuffix("+00").replace("T", " ").partition(".")
        )
        return f"{time}.{fraction[:3].ljust(3, '0')}"
    return value


def test_a_change_is_in_the_history(whole: Cloud, run: dict) -> None:
    employee = whole.http("GET", "/tables/employees/rows?limit=1")["rows"][0]
    other = 1 if employee["department_id"] != 1 else 2
    whole.http(
        "PUT", f"/tables/employees/rows/{employee['id']}", {**employee, "department_id": other}
    )
    whole.http("DELETE", f"/tables/employees/rows/{LOST}")
    again = json.loads(whole.run().stdout)
    key = str(employee["id"])
    history = json.loads(
        whole.rowgate("lake", "history", "employees", "--key", key, "--format", "json").stdout
    )
    history = history[-2:]
    assert [row["department_id"] for row in history] == [employee["department_id"], other]
    assert history[0]["_valid_to"] == history[1]["_valid_from"]
    assert history[1]["_valid_to"] is None
    assert [row["name"] for row in history] == ["***", "***"]
    gone = whole.query(f"SELECT _deleted_at FROM rowgate_silver.employees WHERE id = {LOST}")
    assert gone[0]["_deleted_at"] is not None
    assert again["backup"] != run["backup"]
    test_gold_is_what_the_reports_of_mysql_say(whole, again)


def test_a_damaged_backup_fails_with_a_reason_and_the_next_run_heals(
    whole: Cloud, run: dict
) -> None:
    backup = whole.backup()
    key = f"backups/{backup}/employees/part-00000.avro"
    body = whole.s3.get_object(Bucket=whole.data, Key=key)["Body"].read()
    whole.s3.put_object(Bucket=whole.data, Key=key, Body=body[:-20] + bytes(20))
    before = {table: whole.delta("silver", table).version() for table in TABLES["silver"]}
    with events(whole, "failed-runs") as heard:
        done = whole.run("--backup", backup, status=1)
    assert "Verify" in done.stderr
    assert "its SHA-256 is not that of the manifest" in done.stderr, done.stderr
    assert [(event["detail-type"], event["detail"]["step"]) for event in heard] == [
        ("Lake run failed", "Verify")
    ]
    assert heard[0]["detail"]["reason"]
    assert {table: whole.delta("silver", table).version() for table in TABLES["silver"]} == before
    # Nobody else is to stumble over it.
    for one in whole.s3.list_objects_v2(Bucket=whole.data, Prefix=f"backups/{backup}/")["Contents"]:
        whole.s3.delete_object(Bucket=whole.data, Key=one["Key"])
    with events(whole, "completed-runs") as heard:
        whole.run()
    assert [event["detail-type"] for event in heard] == ["Lake run completed"]


def test_the_pipeline_is_scheduled_every_night(whole: Cloud) -> None:
    scheduler = boto3.client("scheduler")
    found = [
        scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"])
        for one in scheduler.list_schedules()["Schedules"]
    ]
    assert [
        (one["ScheduleExpression"], one["State"])
        for one in found
        if one["Target"]["Arn"] == whole.machine
    ] == [("cron(0 2 * * ? *)", "ENABLED")]


def test_a_backup_that_is_not_there_is_reported(whole: Cloud) -> None:
    done = whole.run("--backup", "20260101-020000-00000000", status=1)
    assert "there is no backup 20260101-020000-00000000" in done.stderr, done.stderr


def test_of_two_runs_at_once_one_waits_and_an_older_backup_never_wins(
    whole: Cloud, run: dict
) -> None:
    both = []
    for _ in range(2):
        move(whole)
        both.append(whole.start())
        time.sleep(3)
    statuses = [ended(whole, arn) for arn in both]
    assert "SUCCEEDED" in statuses
    for arn, status in zip(both, statuses, strict=True):
        if status != "SUCCEEDED":
            # The other run's silver came first, and its backup is the newer one.
            assert "OlderBackupError" in whole.sfn.describe_execution(executionArn=arn)["cause"]
    employee = whole.http("GET", "/tables/employees/rows?limit=1")["rows"][0]
    found = whole.query(
        f"SELECT department_id FROM rowgate_silver.employees WHERE id = {employee['id']}"
    )
    assert found == [{"department_id": employee["department_id"]}]
    test_gold_is_what_the_reports_of_mysql_say(whole, run)


def move(whole: Cloud) -> None:
    """Moves the first employee to another department."""
    employee = whole.http("GET", "/tables/employees/rows?limit=1")["rows"][0]
    department = 1 + employee["department_id"] % 3
    row = {**employee, "department_id": department}
    whole.http("PUT", f"/tables/employees/rows/{employee['id']}", row)


def test_a_run_that_was_stopped_anywhere_is_healed_by_the_next(whole: Cloud, run: dict) -> None:
    glue, chance = boto3.client("glue"), random.Random(SEED)
    for number in range(KILLS):
        move(whole)
        arn = whole.start()
        time.sleep(chance.uniform(0.5, run["seconds"]))
        if number % 2:
            stop(whole, arn)
        running = [
            one["Id"]
            for one in glue.get_job_runs(JobName="rowgate-lake")["JobRuns"]
            if one["JobRunState"] in ("STARTING", "RUNNING")
        ]
        if running:
            glue.batch_stop_job_run(JobName="rowgate-lake", JobRunIds=running)
        ended(whole, arn)
        counts = {}
        for row in whole.rows("bronze", "employees"):
            counts[row["_backup"]] = counts.get(row["_backup"], 0) + 1
        for backup, rows in counts.items():
            manifest = whole.s3.get_object(
                Bucket=whole.data, Key=f"backups/{backup}/manifest.json"
            )["Body"].read()
            assert json.loads(manifest)["tables"]["employees"]["rows"] == rows
    whole.run()
    test_gold_is_what_the_reports_of_mysql_say(whole, run)
    test_athena_and_delta_rs_read_every_table_to_equal_values(whole, run)


def stop(whole: Cloud, arn: str) -> None:
    """Stops an execution; one that ended by itself in the meantime is unchanged."""
    try:
        whole.sfn.stop_execution(executionArn=arn)
    except whole.sfn.exceptions.ClientError:
        assert whole.sfn.describe_execution(executionArn=arn)["status"] != "RUNNING"


def ended(whole: Cloud, arn: str) -> str:
    """Waits for an execution and gives its status."""
    deadline = time.monotonic() + 300
    while (status := whole.sfn.describe_execution(executionArn=arn)["status"]) == "RUNNING":
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.3)
    return status
