"""The rules for the rows of a table, and the effect of breaking them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from rowgate_lake.errors import DictionaryError, ExpectationsBrokenError
from rowgate_lake.settings import Step
from support import hr
from support.backups import Backups, Part, nullable
from support.pipeline import Pipeline, sources

EXPECTATIONS = "expectations = { required = %s, references = %s, rules = %s }\n"


def dictionary(required: str = '"stop"', references: str = '"warn"', rules: str = '"stop"') -> str:
    """The two tables, with what a broken expectation of employees does."""
    place = 'description = "Who was hired."\n'
    return hr.DICTIONARY.replace(place, place + EXPECTATIONS % (required, references, rules))


NULLABLE = {
    "id": "int",
    **{
        name: nullable(avro)
        for name, avro in hr.EMPLOYEE_FIELDS.items()
        if name not in ("id", "department_id")
    },
    "department_id": nullable("int"),
}


def broken(pipeline: Pipeline) -> list[tuple[str, str, int, int, str]]:
    """Returns the records of broken expectations."""
    return [
        (
            row["table_name"],
            row["expectation"],
            row["rows_checked"],
            row["rows_broken"],
            row["examples"],
        )
        for row in pipeline.rows("gold/rowgate_quality", "expectation")
        if row["rows_broken"]
    ]


@pytest.mark.parametrize(
    ("change", "row", "expectation"),
    [
        ({"required": '"stop"'}, {**hr.employee(2), "hired": None}, "hired is required"),
        ({"rules": '"stop"'}, hr.employee(2, "x" * 21), "name is string(20)"),
        (
            {"references": '"stop"'},
            hr.employee(2, department=9),
            "department_id references departments",
        ),
    ],
)
def test_what_is_marked_stop_ends_the_run_before_silver_changes(
    pipeline: Pipeline, backups: Backups, change: dict[str, str], row: dict, expectation: str
) -> None:
    known = sources(dictionary(**change))
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    pipeline.run(known, backups.make(tables))
    tables["employees"] = Part(NULLABLE, [hr.employee(1, department=1), row])
    tables["departments"] = hr.departments("B")
    with pytest.raises(ExpectationsBrokenError) as raised:
        pipeline.run(known, backups.make(tables))
    assert str(raised.value) == f'silver.employees: 1 of 2 rows break "{expectation}" (key 2)'
    assert [row["department_name"] for row in pipeline.rows("silver/departments")] == ["A"]
    assert broken(pipeline) == [("employees", expectation, 2, 1, "2")]


def test_what_is_marked_warn_is_recorded_and_counted(pipeline: Pipeline, backups: Backups) -> None:
    rows = [hr.employee(number, department=9) for number in range(1, 9)]
    tables = {"departments": hr.departments("A"), "employees": hr.employees(*rows)}
    pipeline.run(sources(dictionary()), backups.make(tables))
    assert broken(pipeline) == [
        ("employees", "department_id references departments", 8, 8, "1, 2, 3, 4, 5")
    ]
    names = {
        metric["MetricName"]
        for metric in boto3.client("cloudwatch").list_metrics(Namespace="Rowgate")["Metrics"]
    }
    assert {"LakeExpectationsBroken", "LakeStepSeconds", "LakeStepRows"} <= names


def test_what_is_broken_counts_until_it_is_mended(pipeline: Pipeline, backups: Backups) -> None:
    departments, lost = hr.departments("A"), hr.employees(hr.employee(1, department=9))
    nights = [(departments, 1), (departments, 1), (hr.departments(*"ABCDEFGHI"), 0)]
    for known, expected in nights:
        before = counted()
        backup = backups.make({"departments": known, "employees": lost})
        pipeline.run(sources(dictionary()), backup)
        # Silver counts its own broken expectations, and gold those of both.
        assert counted() - before == 2 * expected


def test_metrics_of_an_environment_have_its_name(pipeline: Pipeline, backups: Backups) -> None:
    rows = [hr.employee(number, department=9) for number in range(1, 9)]
    backup = backups.make({"departments": hr.departments("A"), "employees": hr.employees(*rows)})
    pipeline.with_(environment="staging").run(sources(dictionary()), backup)
    # In silver, and in gold again.
    assert counted({"environment": "staging"}) == 2
    assert counted({"environment": "production"}) == 0
    found = boto3.client("cloudwatch").list_metrics(
        Namespace="Rowgate",
        MetricName="LakeStepSeconds",
        Dimensions=[{"Name": "environment", "Value": "staging"}],
    )
    steps = {
        dimension["Value"]
        for metric in found["Metrics"]
        for dimension in metric["Dimensions"]
        if dimension["Name"] == "Step"
    }
    assert steps == {"bronze", "silver", "gold", "maintenance"}


def counted(dimensions: Mapping[str, str] | None = None) -> float:
    """The sum of the metric over an hour."""
    now = datetime.now(UTC)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="Rowgate",
        MetricName="LakeExpectationsBroken",
        Dimensions=[{"Name": key, "Value": value} for key, value in (dimensions or {}).items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def test_a_retry_keeps_the_results_of_tables_that_were_done(
    pipeline: Pipeline, backups: Backups
) -> None:
    departments = Part(
        {"id": "int", "department_name": nullable("string")},
        [{"id": 1, "department_name": "x" * 21}],
    )
    backup = backups.make({"departments": departments, "employees": hr.employees(hr.employee(1))})
    known = sources(hr.DICTIONARY)
    pipeline.run(known, backup, Step.BRONZE, Step.SILVER, run="one")
    key = "state/silver/employees.json"
    boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=key)
    pipeline.run(known, backup, Step.SILVER, run="one")
    assert broken(pipeline) == [("departments", "department_name is string(20)", 1, 1, "1")]


def test_a_key_that_two_rows_share_always_stops(pipeline: Pipeline, backups: Backups) -> None:
    tables = {
        "departments": hr.departments("A"),
        "employees": hr.employees(hr.employee(1), hr.employee(1, "Bo")),
    }
    with pytest.raises(
        ExpectationsBrokenError, match=r'1 of 2 rows break "unique key \(id\)" \(key 1\)'
    ):
        pipeline.run(sources(dictionary()), backups.make(tables))


def test_a_step_again_records_its_results_once(pipeline: Pipeline, backups: Backups) -> None:
    known = sources(dictionary(required='"warn"'))
    rows = [{**hr.employee(1), "hired": None}]
    backup = backups.make({"departments": hr.departments("A"), "employees": Part(NULLABLE, rows)})
    pipeline.run(known, backup, Step.BRONZE, Step.SILVER, run="one")
    for key in pipeline.keys("state/silver/"):
        boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=key)
    pipeline.run(known, backup, Step.SILVER, run="one")
    assert broken(pipeline) == [("employees", "hired is required", 1, 1, "1")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ("key = true, description", "key = true, personal = true, description"),
            "a key cannot be personal",
        ),
        (('name = "employees"', 'name = "employees_history"'), "takes the name of a history"),
        (('type = "timestamp"', 'type = "decimal(39,2)"'), "more than the 38 digits"),
        (('type = "timestamp"', 'type = "point"'), "column hired: the lake has no type point"),
        (("[[table]]", "[[table"), "sql/dictionary.toml cannot be read"),
    ],
)
def test_a_dictionary_that_the_lake_cannot_hold_is_refused(
    change: tuple[str, str], problem: str
) -> None:
    with pytest.raises(DictionaryError, match=problem):
        sources(hr.DICTIONARY.replace(*change))
