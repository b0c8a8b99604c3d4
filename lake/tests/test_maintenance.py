"""Maintenance compacts what a run changed, and everything once a week."""

import json

import boto3
from support import hr
from support.backups import Backups
from support.pipeline import Pipeline, sources

HR = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)
TABLES = ("silver/employees", "silver/employees_history", "silver/departments", "gold/people")


def test_tables_that_did_not_change_are_left_alone_until_a_week_is_over(
    pipeline: Pipeline, backups: Backups
) -> None:
    departments = hr.departments("A", "B")
    for department in (1, 2):
        rows = [hr.employee(number, department=department) for number in range(1, 4)]
        tables = {"departments": departments, "employees": hr.employees(*rows, parts=3)}
        pipeline.run(HR, backups.make(tables))
    assert pipeline.json("state/bronze/employees.json")["files"] == 2
    before = pipeline.versions(*TABLES)
    pipeline.run(HR, backups.make(tables))
    assert pipeline.versions(*TABLES) == before
    key = "state/maintenance.json"
    first = pipeline.json(key)["vacuumed_at"]
    body = json.dumps({"vacuumed_at": "2020-01-01T00:00:00+00:00"}).encode()
    boto3.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)
    pipeline.run(HR, backups.make(tables))
    assert pipeline.json(key)["vacuumed_at"] > first
    assert [row["department_id"] for row in pipeline.rows("silver/employees")] == [2, 2, 2]
