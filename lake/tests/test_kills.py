"""The job is killed at random moments, and the engine with it: no reader sees half, and the next
run ends the same.

ROWGATE_LAKE_KILLS kills in all, drawn from ROWGATE_LAKE_SEED.
"""

import os
import random
import time
from pathlib import Path

from rowgate_lake.settings import Step
from support import engines, hr, job, refusing
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
    slots = len(days) * len(PIPELINE)
    done = 0
    for number, tables in enumerate(days, 1):
        backup = backups.make(tables)
        with job.engine(cloud, engines.name()) as environment:
            for step in PIPELINE:
                job.finish(job.start(other, archive, environment, step, backup))
        expected = contents(other)
        for place, step in enumerate(PIPELINE, 1):
            due = KILLS * ((number - 1) * len(PIPELINE) + place) // slots
            while done < due:
                done += 1
                with job.engine(cloud, engines.name()) as environment:
                    process = job.start(pipeline, archive, environment, step, backup)
                    job.wait_for_work(process)
                    time.sleep(chance.uniform(0, 3))
                    job.kill(process)
                whole(pipeline, days[:number])
            with job.engine(cloud, engines.name()) as environment:
                job.finish(job.start(pipeline, archive, environment, step, backup))
        assert contents(pipeline) == expected, f"seed {SEED}, day {number}"
    assert done == KILLS


def test_the_next_run_heals_what_s3_refused(
    cloud: MiniStack, backups: Backups, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    archive = job.pack(tmp_path, hr.DICTIONARY, GOLD)
    lake, other = Pipeline.make(None, backups), Pipeline.make(None, backups)
    days = [day(chance)]
    backup = backups.make(days[0])
    for step in (Step.BRONZE, Step.SILVER, Step.GOLD):
        with (
            refusing.proxy(cloud, chance) as (endpoint, refused),
            job.engine(endpoint, "sail") as environment,
        ):
            # It may succeed by trying again, or fail.
            job.start(lake, archive, environment, step, backup).communicate()
        assert refused
        whole(lake, days)
        with job.engine(cloud, "sail") as environment:
            job.finish(job.start(lake, archive, environment, step, backup))
            job.finish(job.start(other, archive, environment, step, backup))
    assert contents(lake) == contents(other), f"seed {SEED}"


def day(chance: random.Random) -> dict:
    """The content of a backup on a day."""
    departments = hr.departments(*(chance.choice(["North", "South"]) for _ in range(3)))
    numbers = sorted(chance.sample(range(1, 400), 200))
    rows = [hr.employee(number, department=chance.choice([1, 2, 3, 4, None])) for number in numbers]
    return {"departments": departments, "employees": hr.employees(*rows, parts=2)}


def contents(pipeline: Pipeline) -> dict[str, Rows]:
    """The rows of every table."""
    return {name: pipeline.rows(name, *order) for name, order in TABLES.items()}


def whole(pipeline: Pipeline, days: list[dict]) -> None:
    """Fails where a reader could see half of a day."""
    for table, column in (("departments", "department_name"), ("employees", "department_id")):
        states = [{row["id"]: row[column] for row in one[table].rows} for one in days]
        if pipeline.has(f"bronze/{table}"):
            by_backup: dict[str, dict] = {}
            for row in pipeline.rows(f"bronze/{table}"):
                by_backup.setdefault(row["_backup"], {})[row["id"]] = row[column]
            assert all(state in states for state in by_backup.values())
        for name, end in (
            (f"silver/{table}", "_deleted_at"),
            (f"silver/{table}_history", "_valid_to"),
        ):
            if pipeline.has(name):
                rows = [row for row in pipeline.rows(name) if row[end] is None]
                assert {row["id"]: row[column] for row in rows} in states
    if pipeline.has("gold/people"):
        found = {row["department_id"]: row["people"] for row in pipeline.rows("gold/people")}
        assert found in [
            people([row["department_id"] for row in one["employees"].rows]) for one in days
        ]


def people(departments: list[int | None]) -> dict[int, int]:
    """The expected counts of gold."""
    return {one: departments.count(one) for one in set(departments) & {1, 2, 3}}
