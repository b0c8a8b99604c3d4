"""Bronze holds the rows of each backup as they were."""

import boto3
import pytest
from rowgate_lake.errors import BackupUnusableError, GoldFileError
from rowgate_lake.settings import Step
from support import hr
from support.backups import Backups, Part, at
from support.pipeline import Pipeline, sources

HR = sources(hr.DICTIONARY)


def test_keeps_every_row_with_its_backup_snapshot_time_and_file(
    pipeline: Pipeline, backups: Backups
) -> None:
    rows = [hr.employee(1, "Ada"), hr.employee(2, "Bo", None), hr.employee(3, "Cy")]
    backup = backups.make(
        {"employees": hr.employees(*rows, parts=2)}, time="2026-01-05T02:00:00.123Z"
    )
    pipeline.run(HR, backup, Step.BRONZE)
    found = pipeline.rows("bronze/employees", "id")
    assert [row["name"] for row in found] == ["Ada", "Bo", "Cy"]
    assert {row["_backup"] for row in found} == {backup}
    assert {row["_snapshot_time"] for row in found} == {at("2026-01-05T02:00:00.123")}
    files = [f"backups/{backup}/employees/part-0000{number}.avro" for number in (0, 1, 0)]
    assert [row["_file"] for row in found] == files


def test_a_backup_again_changes_nothing(pipeline: Pipeline, backups: Backups) -> None:
    first = backups.make({"employees": hr.employees(hr.employee(1))})
    second = backups.make({"employees": hr.employees(hr.employee(1), hr.employee(2))})
    for backup in (first, second, second, first):
        pipeline.run(HR, backup, Step.BRONZE)
    found = pipeline.rows("bronze/employees", "_backup", "id")
    assert [(row["_backup"], row["id"]) for row in found] == [(first, 1), (second, 1), (second, 2)]


def test_an_empty_table_is_there_with_its_columns(pipeline: Pipeline, backups: Backups) -> None:
    backup = backups.make({"employees": hr.employees(), "departments": hr.departments()})
    pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    assert pipeline.rows("bronze/employees") == []
    assert pipeline.rows("silver/employees") == []
    names = [field.name for field in pipeline.table("silver/employees_history").schema().fields]
    assert names == ["id", "name", "hired", "department_id", "_valid_from", "_valid_to"]


def test_keeps_a_table_that_the_dictionary_does_not_know(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make(
        {"departments": hr.departments("A"), "offices": Part({"id": "int"}, [{"id": 7}])}
    )
    pipeline.run(sources(hr.DICTIONARY), backup, Step.BRONZE)
    assert [row["id"] for row in pipeline.rows("bronze/offices")] == [7]


def test_a_column_may_be_null_in_a_later_backup(pipeline: Pipeline, backups: Backups) -> None:
    first = backups.make({"departments": hr.departments("A")})
    fields = {"id": "int", "department_name": ["null", "string"]}
    second = backups.make({"departments": Part(fields, [{"id": 1, "department_name": None}])})
    for backup in (first, second):
        pipeline.run(HR, backup, Step.BRONZE)
    found = pipeline.rows("bronze/departments", "_backup")
    assert [row["department_name"] for row in found] == ["A", None]


def test_old_backups_expire_but_never_that_of_the_run(pipeline: Pipeline, backups: Backups) -> None:
    made = [
        backups.make({"departments": hr.departments(name)}, time=f"{year}-01-01T02:00:00.000Z")
        for name, year in (("A", 2001), ("B", 2002), ("C", 2003))
    ]
    for backup in made:
        pipeline.run(HR, backup, Step.BRONZE)
    pipeline.with_(keep_days=35).run(HR, made[-1], Step.MAINTENANCE)
    assert [row["department_name"] for row in pipeline.rows("bronze/departments")] == ["C"]


def test_backups_of_a_table_that_is_gone_expire_too(pipeline: Pipeline, backups: Backups) -> None:
    offices = Part({"id": "int"}, [{"id": 7}])
    old = backups.make({"departments": hr.departments("A"), "offices": offices})
    new = backups.make({"departments": hr.departments("A")})
    for backup in (old, new):
        pipeline.run(HR, backup, Step.BRONZE)
    pipeline.with_(keep_days=35).run(HR, new, Step.MAINTENANCE)
    assert pipeline.rows("bronze/offices") == []


def test_maintenance_takes_a_state_that_it_cannot_read_for_none(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make({"departments": hr.departments("A")})
    pipeline.run(HR, backup, Step.BRONZE)
    for body in (b"{", b"[]", b'{"vacuumed_at": "yesterday"}'):
        key = "state/maintenance.json"
        boto3.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)
        pipeline.run(HR, backup, Step.MAINTENANCE)
        assert pipeline.json(key)["vacuumed_at"].startswith("20")


def test_a_table_that_somebody_removed_is_made_again(pipeline: Pipeline, backups: Backups) -> None:
    backup = backups.make({"departments": hr.departments("A")})
    pipeline.run(HR, backup, Step.BRONZE)
    for key in pipeline.keys("bronze/departments/"):
        boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=key)
    pipeline.run(HR, backup, Step.BRONZE)
    assert len(pipeline.rows("bronze/departments")) == 1


def test_says_what_is_wrong_with_a_backup(pipeline: Pipeline, backups: Backups) -> None:
    with pytest.raises(
        BackupUnusableError,
        match="20260101-020000-00000001 has no manifest in data-.*it has expired",
    ):
        pipeline.run(HR, "20260101-020000-00000001", Step.BRONZE)
    with pytest.raises(BackupUnusableError, match="has no tables"):
        pipeline.run(HR, backups.make({}), Step.BRONZE)
    backup = backups.make({"departments": hr.departments("A", "B")})
    other = backups.make({"departments": hr.departments("A")})
    part = "departments/part-00000.avro"
    backups.put(f"backups/{backup}/{part}", backups.get(f"backups/{other}/{part}"))
    with pytest.raises(
        BackupUnusableError, match="departments in the backup .* have 1 rows, its manifest says 2"
    ):
        pipeline.run(HR, backup, Step.BRONZE)
    assert not pipeline.has("bronze/departments")


def test_a_backup_that_expired_meanwhile_is_reported_and_the_next_one_heals(
    pipeline: Pipeline, backups: Backups
) -> None:
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    expired, next_one = backups.make(tables), backups.make(tables)
    pipeline.run(HR, expired, Step.BRONZE)
    backups.expire(expired)
    with pytest.raises(BackupUnusableError, match="it has expired"):
        pipeline.run(HR, expired, Step.SILVER)
    pipeline.run(HR, next_one)
    assert len(pipeline.rows("silver/employees")) == 1


def test_a_broken_file_of_gold_ends_the_run_before_anything_is_written(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make({"departments": hr.departments("A")})
    for query, problem in (
        ("SELECT nope FROM employees", "people.sql: .*nope"),
        ("SELEC 1", "people.sql: "),
        ("SELECT count(*) AS people FROM nowhere", "people.sql: .*nowhere"),
        (
            "SELECT 'x' AS people FROM employees",
            "people.sql: the query has the columns people string; the header says",
        ),
    ):
        text = f'/* title = "People"\ncolumns = [{{ name = "people", type = "bigint" }}] */ {query}'
        with pytest.raises(GoldFileError, match=problem):
            pipeline.run(sources(hr.DICTIONARY, people=text), backup, Step.BRONZE)
    assert not pipeline.has("bronze/departments")
