"""Silver holds the current state of each table and its history."""

from datetime import datetime

import boto3
import pytest
from rowgate_lake.bronze import is_of
from rowgate_lake.errors import BackupUnusableError, DictionaryError, OlderBackupError
from rowgate_lake.lake import Lake
from rowgate_lake.settings import Personal, Step
from rowgate_lake.storage import Storage
from support import hr
from support.backups import Backups, at
from support.pipeline import Pipeline, Rows, sources

HR = sources(hr.DICTIONARY)
DAY = [at(f"2026-01-0{day}T02:00:00") for day in range(1, 10)]
DAY.insert(0, DAY[0])  # days count from 1


def state(rows: Rows) -> list[tuple[int, int | None, bool]]:
    """For each row: key, department, and if it exists."""
    return [(row["id"], row["department_id"], row["_deleted_at"] is None) for row in rows]


def versions(rows: Rows) -> list[tuple[int, int | None, datetime, datetime | None]]:
    """For each version: key, department, from and to."""
    return [(row["id"], row["department_id"], row["_valid_from"], row["_valid_to"]) for row in rows]


def test_rows_come_change_go_and_come_back(pipeline: Pipeline, backups: Backups) -> None:
    departments = hr.departments("A", "B")
    days = [
        [hr.employee(1, department=1), hr.employee(2, department=1)],
        [hr.employee(1, department=2), hr.employee(2, department=1), hr.employee(3, department=2)],
        [hr.employee(1, department=2), hr.employee(3, department=2)],
        [
            hr.employee(1, department=2),
            hr.employee(2, department=1),
            hr.employee(3, department=None),
        ],
    ]
    for rows in days:
        backup = backups.make({"departments": departments, "employees": hr.employees(*rows)})
        pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    current = pipeline.rows("silver/employees", "id")
    assert state(current) == [(1, 2, True), (2, 1, True), (3, None, True)]
    assert [row["_changed_at"] for row in current] == [DAY[2], DAY[4], DAY[4]]
    assert [row["_department_id_found"] for row in current] == [True, True, None]
    history = pipeline.rows("silver/employees_history", "id", "_valid_from")
    assert versions(history) == [
        (1, 1, DAY[1], DAY[2]),
        (1, 2, DAY[2], None),
        (2, 1, DAY[1], DAY[3]),
        (2, 1, DAY[4], None),
        (3, 2, DAY[2], DAY[4]),
        (3, None, DAY[4], None),
    ]


def test_a_row_that_went_is_marked(pipeline: Pipeline, backups: Backups) -> None:
    departments = hr.departments("A")
    for rows in ([hr.employee(1), hr.employee(2)], [hr.employee(2)], []):
        backup = backups.make({"departments": departments, "employees": hr.employees(*rows)})
        pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    found = pipeline.rows("silver/employees", "id")
    assert [(row["id"], row["_deleted_at"]) for row in found] == [(1, DAY[2]), (2, DAY[3])]


def test_a_backup_without_changes_writes_nothing(pipeline: Pipeline, backups: Backups) -> None:
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    names = ("silver/employees", "silver/employees_history", "silver/departments", "gold/people")
    known = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)
    pipeline.run(known, backups.make(tables), Step.BRONZE, Step.SILVER, Step.GOLD)
    before = pipeline.versions(*names)
    backup = backups.make(tables)
    pipeline.run(known, backup, Step.BRONZE, Step.SILVER, Step.GOLD)
    assert pipeline.versions(*names) == before
    assert pipeline.json("state/silver/employees.json")["backup"] == backup


def test_a_merge_again_changes_nothing_though_its_state_was_lost(
    pipeline: Pipeline, backups: Backups
) -> None:
    for rows in ([hr.employee(1, department=1), hr.employee(2)], [hr.employee(1, department=2)]):
        backup = backups.make(
            {"departments": hr.departments("A", "B"), "employees": hr.employees(*rows)}
        )
        pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    tables = [("silver/employees", "id"), ("silver/employees_history", "id", "_valid_from")]
    before = [pipeline.rows(*table) for table in tables]
    for key in pipeline.keys("state/silver/"):
        boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=key)
    pipeline.run(HR, backup, Step.SILVER)
    assert [pipeline.rows(*table) for table in tables] == before


def test_an_older_backup_is_refused(pipeline: Pipeline, backups: Backups) -> None:
    older, newer = (backups.make({"departments": hr.departments(name)}) for name in ("A", "B"))
    for backup in (older, newer):
        pipeline.run(HR, backup, Step.BRONZE)
    pipeline.run(HR, newer, Step.SILVER)
    with pytest.raises(
        OlderBackupError, match=f"silver.departments has the rows of the backup {newer}"
    ):
        pipeline.run(HR, older, Step.SILVER)


def test_an_older_backup_is_refused_though_the_state_was_lost(
    pipeline: Pipeline, backups: Backups
) -> None:
    older, newer = (backups.make({"departments": hr.departments(name)}) for name in ("A", "B"))
    for backup in (older, newer):
        pipeline.run(HR, backup, Step.BRONZE)
    pipeline.run(HR, newer, Step.SILVER)
    for key in pipeline.keys("state/silver/"):
        boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=key)
    with pytest.raises(OlderBackupError, match="has the rows of a newer backup"):
        pipeline.run(HR, older, Step.SILVER)
    pipeline.run(HR, newer, Step.SILVER)


def without_names(pipeline: Pipeline) -> bool:
    """Returns true if no version of any row shows a name."""
    tables = ("silver/employees", "silver/employees_history")
    return {row.get("name") for table in tables for row in pipeline.rows(table)} <= {"***", None}


def test_a_column_that_is_marked_personal_later_is_hidden_in_every_version(
    pipeline: Pipeline, backups: Backups
) -> None:
    plain = sources(hr.DICTIONARY.replace(", personal = true", ""))
    departments = hr.departments("A")
    for rows in ([hr.employee(1, "Ada"), hr.employee(2, "Bo")], [hr.employee(1, "Eve")]):
        backup = backups.make({"departments": departments, "employees": hr.employees(*rows)})
        pipeline.run(plain, backup, Step.BRONZE, Step.SILVER)
    assert not without_names(pipeline)
    pipeline.run(HR, backup, Step.SILVER)
    assert without_names(pipeline)


@pytest.mark.parametrize("personal", [Personal.MASK, Personal.OMIT])
def test_a_personal_column_that_was_dropped_stays_hidden(
    pipeline: Pipeline, backups: Backups, personal: Personal
) -> None:
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1, "Ada"))}
    keeping = pipeline.with_(personal=Personal.KEEP)
    keeping.run(HR, backups.make(tables), Step.BRONZE, Step.SILVER)
    name = '    { name = "name", type = "string(20)", personal = true },\n'
    dropped = sources(hr.DICTIONARY.replace(name, ""))
    keeping.run(dropped, backups.make(tables), Step.BRONZE, Step.SILVER)
    assert [row["name"] for row in pipeline.rows("silver/employees_history")] == ["Ada"]
    backup = backups.make(tables)
    pipeline.with_(personal=personal).run(dropped, backup, Step.BRONZE, Step.SILVER)
    assert without_names(pipeline)


def test_a_run_that_died_between_commit_and_state_is_not_taken_for_unchanged(
    pipeline: Pipeline, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (
        {
            "departments": hr.departments("A"),
            "employees": hr.employees(hr.employee(1, department=number)),
        }
        for number in (1, 2)
    )
    known = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)
    pipeline.run(known, backups.make(before), Step.BRONZE, Step.SILVER)
    backup = backups.make(after)
    pipeline.run(known, backup, Step.BRONZE)
    finish = Lake.finish

    def die(lake: Lake, layer: str, table: str, *rest: object, **more: object) -> None:
        if table == "employees":
            raise KeyboardInterrupt
        finish(lake, layer, table, *rest, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Lake, "finish", die)
        pipeline.run(known, backup, Step.SILVER)
    assert [row["department_id"] for row in pipeline.rows("silver/employees")] == [2]
    # The rows of the first backup again: the state that was left knows their fingerprint.
    pipeline.run(known, backups.make(before), Step.BRONZE, Step.SILVER)
    assert [row["department_id"] for row in pipeline.rows("silver/employees")] == [1]


def test_a_backup_whose_rows_bronze_has_lost_deletes_nothing(
    pipeline: Pipeline, backups: Backups
) -> None:
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    pipeline.run(HR, backups.make(tables), Step.BRONZE, Step.SILVER)
    tables["employees"] = hr.employees(hr.employee(1), hr.employee(2))
    backup = backups.make(tables)
    pipeline.run(HR, backup, Step.BRONZE)
    Storage(pipeline.session, pipeline.bucket).delete("bronze", "employees", is_of(backup))
    with pytest.raises(
        BackupUnusableError, match="bronze.employees has 0 rows of the backup .* has 2"
    ):
        pipeline.run(HR, backup, Step.SILVER)
    pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    assert [row["_deleted_at"] for row in pipeline.rows("silver/employees")] == [None, None]


def test_a_table_whose_key_changed_is_refused(pipeline: Pipeline, backups: Backups) -> None:
    backup = backups.make({"departments": hr.departments("A")})
    pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    other = hr.DICTIONARY.replace(
        '{ name = "id", type = "integer", key = true },\n    { name = "department_name"',
        '{ name = "id", type = "integer" },\n    { name = "department_name", key = true',
    )
    with pytest.raises(DictionaryError, match="its key was id and is department_name"):
        pipeline.run(sources(other), backup, Step.SILVER)


def test_a_state_that_cannot_be_read_is_as_none(pipeline: Pipeline, backups: Backups) -> None:
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    backup = backups.make(tables)
    pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
    for body in (b"{", b"[]", b'{"layer": "silver"}'):
        key = "state/silver/employees.json"
        boto3.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)
        pipeline.run(HR, backup, Step.SILVER)
        assert pipeline.json(key)["rows"] == 1


def test_a_backup_of_one_table_into_an_empty_lake_is_refused(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make({"employees": hr.employees(hr.employee(1))})
    with pytest.raises(BackupUnusableError, match="a backup of all tables must come first"):
        pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)


def test_backups_of_single_tables_keep_references_right(
    pipeline: Pipeline, backups: Backups
) -> None:
    employees = hr.employees(hr.employee(1, department=2))
    nights = [
        {"departments": hr.departments("A"), "employees": employees},
        {"employees": employees},
        {"departments": hr.departments("A", "B")},
        {"employees": employees},
    ]
    for tables in nights:
        pipeline.run(HR, backups.make(tables), Step.BRONZE, Step.SILVER)
    assert [row["_department_id_found"] for row in pipeline.rows("silver/employees")] == [True]


def test_a_reference_is_found_or_not_as_its_table_changes(
    pipeline: Pipeline, backups: Backups
) -> None:
    employees = hr.employees(
        hr.employee(1, department=1), hr.employee(2, department=2), hr.employee(3, department=None)
    )
    for names in (("A",), ("A", "B")):
        backup = backups.make({"departments": hr.departments(*names), "employees": employees})
        pipeline.run(HR, backup, Step.BRONZE, Step.SILVER)
        found = [row["_department_id_found"] for row in pipeline.rows("silver/employees", "id")]
        assert found == [True, len(names) > 1, None]
    # The result of a reference makes no new version of the row that has it.
    assert len(pipeline.rows("silver/employees_history")) == 3


def test_a_backup_of_one_table_finds_references_in_silver(
    pipeline: Pipeline, backups: Backups
) -> None:
    everything = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    pipeline.run(HR, backups.make(everything), Step.BRONZE, Step.SILVER)
    one = backups.make({"employees": hr.employees(hr.employee(1), hr.employee(2, department=9))})
    pipeline.run(HR, one, Step.BRONZE, Step.SILVER)
    assert [row["_department_id_found"] for row in pipeline.rows("silver/employees", "id")] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("personal", "expected"),
    [(Personal.MASK, ["***"]), (Personal.KEEP, ["Ada"]), (Personal.OMIT, [None])],
)
def test_personal_columns_are_masked_kept_or_left_out(
    pipeline: Pipeline, backups: Backups, personal: Personal, expected: list[str | None]
) -> None:
    lake = pipeline.with_(personal=personal)
    backup = backups.make(
        {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1, "Ada"))}
    )
    lake.run(HR, backup, Step.BRONZE, Step.SILVER)
    for table in ("silver/employees", "silver/employees_history"):
        assert [row.get("name") for row in lake.rows(table)] == expected


@pytest.mark.parametrize("personal", [Personal.MASK, Personal.OMIT])
def test_what_was_shown_is_hidden_once_the_setting_says_so(
    pipeline: Pipeline, backups: Backups, personal: Personal
) -> None:
    tables = {
        "departments": hr.departments("A"),
        "employees": hr.employees(hr.employee(1, "Ada"), hr.employee(2, "Bo")),
    }
    pipeline.with_(personal=Personal.KEEP).run(HR, backups.make(tables), Step.BRONZE, Step.SILVER)
    tables["employees"] = hr.employees(hr.employee(1, "Ada"))
    pipeline.with_(personal=personal).run(HR, backups.make(tables), Step.BRONZE, Step.SILVER)
    for table in ("silver/employees", "silver/employees_history"):
        assert {row.get("name") for row in pipeline.rows(table)} == {
            "***" if personal is Personal.MASK else None
        }
