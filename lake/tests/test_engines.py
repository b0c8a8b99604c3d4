"""Sail and Spark on the JVM write the same values. Runs with the tests on the JVM alone, which have
both."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from support import engines, job
from support.backups import TIMESTAMP, Backups, Part, at
from support.ministack import REPOSITORY, MiniStack
from support.pipeline import PIPELINE, Pipeline
from test_values import DICTIONARY, EXTREMES, FIELDS, GOLD

THINGS = ["bronze/things", "silver/things", "silver/things_history", "gold/everything"]


HR_TABLES = [
    "bronze/employees",
    *(
        f"silver/{table}{more}"
        for table in ("departments", "jobs", "employees")
        for more in ("", "_history")
    ),
    *(
        f"gold/{name}"
        for name in ("hires_by_quarter", "departments_above_mean", "head_count_by_month")
    ),
    "gold/unknown_references",
]


def compare(
    cloud: MiniStack,
    folder: Path,
    sql: tuple[str, dict[str, str]],
    backups: list[str],
    made: Backups,
    tables: list[str],
) -> None:
    """Runs backups through both engines, and compares rows and columns of the tables they made."""
    archive = job.pack(folder, *sql)
    lakes = {name: Pipeline.make(None, made) for name in ("sail", "jvm")}
    for backup in backups:
        for name, lake in lakes.items():
            with job.engine(cloud, name) as environment:
                for step in PIPELINE:
                    job.finish(job.start(lake, archive, environment, step, backup))
    for table in tables:
        found = [lake.rows(table) for lake in lakes.values()]
        sail, jvm = (
            sorted(rows, key=lambda row: str(sorted(row.items(), key=str))) for rows in found
        )
        assert sail == jvm, table
        assert sail, table
        types = [
            {field.name: field.type for field in lake.table(table).schema().fields}
            for lake in lakes.values()
        ]
        assert types[0] == types[1], table


ONLY_WITH_BOTH = pytest.mark.skipif(
    engines.name() != "jvm", reason="make test-spark has both engines"
)


@ONLY_WITH_BOTH
def test_both_engines_write_the_same_values(
    cloud: MiniStack, backups: Backups, tmp_path: Path
) -> None:
    days = [EXTREMES, [*EXTREMES[1:], EXTREMES[0]], EXTREMES[1:3]]
    made = [
        backups.make(
            {"things": Part(FIELDS, [{"id": id, **row} for id, row in enumerate(rows, 1)])}
        )
        for rows in days
    ]
    compare(cloud, tmp_path, (DICTIONARY, GOLD), made, backups, THINGS)


@ONLY_WITH_BOTH
def test_both_engines_make_the_same_of_the_tables_that_ship(
    cloud: MiniStack, backups: Backups, tmp_path: Path
) -> None:
    sql = REPOSITORY / "sql"
    gold = {file.name: file.read_text() for file in (sql / "gold").glob("*.sql")}
    made = [backups.make(night(number)) for number in (1, 2)]
    compare(
        cloud, tmp_path, ((sql / "dictionary.toml").read_text(), gold), made, backups, HR_TABLES
    )


def night(number: int) -> dict[str, Part]:
    """A backup of the tables that ship: some rows change from night to night, and some references
    name no row."""
    chance = random.Random(number)
    employees = [
        {
            "id": id,
            "name": f"Name {id}",
            "datetime": at("2020-12-31T22:00:00") + timedelta(hours=chance.randrange(20_000)),
            "department_id": chance.randrange(1, 8),
            "job_id": chance.randrange(1, 5),
        }
        for id in range(number, 300)
    ]
    fields = {
        "id": "int",
        "name": "string",
        "datetime": TIMESTAMP,
        "department_id": "int",
        "job_id": "int",
    }
    names = {"departments": "department_name", "jobs": "job_name"}
    return {
        **{
            table: Part(
                {"id": "int", column: "string"},
                [{"id": id, column: f"{column} {id}"} for id in range(1, 5)],
            )
            for table, column in names.items()
        },
        "employees": Part(fields, employees),
    }
