"""The step `gold`: each file of `sql/gold` becomes a table, recomputed if silver or the file has
changed."""

import logging

from pyspark.sql import DataFrame

from .. import expectations, gold, metrics, silver
from ..errors import ExpectationsBrokenError, LakeError
from ..lake import QUALITY, Lake
from ..state import fingerprint
from .quality import record, total_broken

log = logging.getLogger(__name__)

LAYER = "gold"


def run(lake: Lake) -> None:
    """Checks what every query gives, then writes the tables, each in one commit.

    Raises GoldFileError or ExpectationsBrokenError before any table changes.
    """
    gold.show_views(_views(lake))
    content = _content_of_silver(lake)
    digests = {table.name: fingerprint(table, content) for table in lake.sources.gold}
    work = [
        table
        for table in lake.sources.gold
        if not lake.unchanged(LAYER, table.name, digests[table.name])
    ]
    rows = {table.name: gold.rows_of(table, lake.session) for table in work}
    results = [
        result
        for table in work
        if table.expectations
        for result in expectations.check(
            rows[table.name], LAYER, table.name, table.expectations, table.key
        )
    ]
    record(lake, LAYER, results)
    names = [table.name for table in lake.sources.gold]
    # Together with those of silver: one metric counts all broken expectations.
    in_silver = total_broken(lake, "silver", list(lake.sources.dictionary.tables), [])
    in_gold = total_broken(lake, LAYER, names, results)
    metrics.put_broken(lake.settings.environment, in_silver + in_gold)
    if problem := expectations.stopping(results):
        raise ExpectationsBrokenError(problem)
    broken = expectations.broken_by_table(results)
    for table in work:
        lake.begin(LAYER, table.name)
        lake.storage.replace(LAYER, table.name, rows[table.name])
        comments = {column.name: column.description for column in table.columns}
        lake.finish(
            LAYER,
            table.name,
            digests[table.name],
            table.title,
            comments,
            broken=broken[table.name],
        )
    _forget_removed(lake)


def _views(lake: Lake) -> dict[str, DataFrame]:
    views = {}
    for name in lake.sources.dictionary.tables:
        history = silver.history_of(name)
        if not lake.storage.exists("silver", history):
            raise LakeError(f"silver.{name} is not there; a backup of all tables must come first")
        views[name] = lake.storage.read("silver", name).where("_deleted_at IS NULL")
        views[history] = lake.storage.read("silver", history)
        lake.flow.read(lake.settings.lake_bucket, f"silver/{name}")
        lake.flow.read(lake.settings.lake_bucket, f"silver/{history}")
    return views


def _content_of_silver(lake: Lake) -> list[tuple[str, str] | str]:
    """Identifies the rows of all of silver, since a query may name any of its tables."""
    names = [
        name
        for table in lake.sources.dictionary.tables
        for name in (table, silver.history_of(table))
    ]
    states = [lake.states.read("silver", name) for name in names]
    return [
        (state.fingerprint, state.changed_in) if state else lake.settings.run for state in states
    ]


def _forget_removed(lake: Lake) -> None:
    """Removes this job's tables from the catalog if their file is gone. Their data stays until a
    person removes it, and so do tables and views that others made."""
    wanted = {table.name for table in lake.sources.gold} | {QUALITY}
    for name in lake.states.tables(LAYER):
        if name not in wanted:
            log.info("gold.%s has no file any more", name)
            lake.catalog.remove(LAYER, name)
            lake.states.forget(LAYER, name)
