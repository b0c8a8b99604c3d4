"""Sail and Spark on the JVM write the same values. Runs with the tests on the JVM alone, which have
both."""

from pathlib import Path

import pytest
from support import engines, job
from support.backups import Backups, Part
from support.ministack import MiniStack
from support.pipeline import PIPELINE, Pipeline
from test_values import DICTIONARY, EXTREMES, FIELDS, GOLD

TABLES = ("bronze/things", "silver/things", "silver/things_history", "gold/everything")


@pytest.mark.skipif(engines.name() != "jvm", reason="make test-spark has both engines")
def test_both_engines_write_the_same_values(
    cloud: MiniStack, backups: Backups, tmp_path: Path
) -> None:
    archive = job.pack(tmp_path, DICTIONARY, GOLD)
    lakes = {name: Pipeline.make(None, backups) for name in ("sail", "jvm")}
    days = [EXTREMES, [*EXTREMES[1:], EXTREMES[0]], EXTREMES[1:3]]
    for rows in days:
        numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
        backup = backups.make({"things": Part(FIELDS, numbered)})
        for name, lake in lakes.items():
            with job.engine(cloud, name) as environment:
                for step in PIPELINE:
                    job.finish(job.start(lake, archive, environment, step, backup))
    for table in TABLES:
        order = {
            "bronze/things": ("_backup", "id"),
            "silver/things_history": ("id", "_valid_from"),
        }.get(table, ("id",))
        sail, jvm = (lakes[name].rows(table, *order) for name in ("sail", "jvm"))
        assert sail == jvm, table
        types = [
            {field.name: field.type for field in lakes[name].table(table).schema().fields}
            for name in ("sail", "jvm")
        ]
        assert types[0] == types[1], table
