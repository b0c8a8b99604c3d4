"""The job is killed at random moments, and the engine with it: no reader sees half, and the next
run ends the same.

ROWGATE_LAKE_KILLS kills in all, drawn from ROWGATE_LAKE_SEED.
"""

import os
import random
import subprocess
from pathlib import Path

from support import engines, hr, job
from support.backups import Backups
from support.ministack import MiniStack
from support.pipeline import PIPELINE, Pipeline, Rows

KILLS = int(os.environ.get("ROWGATE_LAKE_KILLS", "4"))
SEED = int(os.environ.get("ROWGATE_LAKE_SEED", "1"))
GOLD = {"people.sql": hr.COUNT_BY_DEPARTMENT}
TABLES = {
    "bronze/departments": ("_backup", "id"),
    "bronze/employees": ("_backup", "id"),
    "silver/departments": ("id",),
    "silver/departments_history": ("id", "_valid_from"),
    "silver/employees": ("id",),
    "silver/employees_history": ("id", "_valid_from"),
    "gold/people": ("department_id",),
}


def test_the_next_run_ends_the_same_wherever_one_was_killed(
    cloud: MiniStack, backups: Backups, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    pipeline = Pipeline.make(None, backups)
    archive = job.pack(tmp_path, hr.DICTIONARY, GOLD)
    other = Pipeline.make(None, backups)
    days = [day(chance) for _ in range(3)]
    left = KILLS
    for number, tables in enumerate(days, 1):
        backup = backups.make(tables)
        with job.engine(cloud, engines.name()) as environment:
            for step in PIPELINE:
                job.finish(job.start(other, archive, environment, step, backup))
        expected = contents(other)
        for step in PIPELINE:
            kills = left // (
                len(days) * len(PIPELINE) - (number - 1) * len(PIPELINE) - PIPELINE.index(step)
            )
            for _ in range(kills):
                left -= 1
                with job.engine(cloud, engines.name()) as environment:
                    process = job.start(pipeline, archive, environment, step, backup)
                    try:
                        process.wait(chance.uniform(0.5, 5))
                    except subprocess.TimeoutExpired:
                        job.kill(process)
                    else:
                        process.communicate()
                whole(pipeline, number, days)
            with job.engine(cloud, engines.name()) as environment:
                job.finish(job.start(pipeline, archive, environment, step, backup))
        assert contents(pipeline) == expected, f"seed {SEED}, day {number}"
    assert left == 0


def day(chance: random.Random) -> dict:
    """What a backup has on a day."""
    departments = hr.departments(*(chance.choice(["North", "South"]) for _ in range(3)))
    numbers = sorted(chance.sample(range(1, 400), 200))
    rows = [hr.employee(number, department=chance.choice([1, 2, 3, 4, None])) for number in numbers]
    return {"departments": departments, "employees": hr.employees(*rows, parts=2)}


def contents(pipeline: Pipeline) -> dict[str, Rows]:
    """The rows of every table."""
    return {name: pipeline.rows(name, *order) for name, order in TABLES.items()}


def whole(pipeline: Pipeline, number: int, days: list[dict]) -> None:
    """Fails where a reader could see half of a day."""
    counts = {0, *(len(one["employees"].rows) for one in days[:number])}
    if pipeline.has("bronze/employees"):
        by_backup: dict[str, int] = {}
        for row in pipeline.rows("bronze/employees"):
            by_backup[row["_backup"]] = by_backup.get(row["_backup"], 0) + 1
        assert set(by_backup.values()) <= counts
    states = [
        {row["id"]: row["department_id"] for row in one["employees"].rows} for one in days[:number]
    ]
    if pipeline.has("silver/employees"):
        rows = pipeline.rows("silver/employees")
        assert {
            row["id"]: row["department_id"] for row in rows if row["_deleted_at"] is None
        } in states
    if pipeline.has("silver/employees_history"):
        rows = pipeline.rows("silver/employees_history")
        assert {
            row["id"]: row["department_id"] for row in rows if row["_valid_to"] is None
        } in states
    if pipeline.has("gold/people"):
        found = {row["department_id"]: row["people"] for row in pipeline.rows("gold/people")}
        assert found in [people(one) for one in states]


def people(state: dict[int, int | None]) -> dict[int, int]:
    """What gold counts."""
    known = [department for department in state.values() if department in (1, 2, 3)]
    return {department: known.count(department) for department in set(known)}
