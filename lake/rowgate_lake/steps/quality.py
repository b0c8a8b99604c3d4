"""Keeps the results of expectations in `rowgate_gold.rowgate_quality`."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ..expectations import RESULT_SCHEMA, Result, broken_by_table
from ..lake import QUALITY, Lake
from ..state import fingerprint


def total_broken(lake: Lake, layer: str, tables: Sequence[str], results: Sequence[Result]) -> int:
    """Counts the broken expectations of a layer: of the tables that were checked now, and of the
    others when they were checked last."""
    checked = {one.table for one in results}
    known = [lake.states.read(layer, table) for table in tables if table not in checked]
    return broken_by_table(results).total() + sum(one.broken for one in known if one)


def record(lake: Lake, layer: str, results: Sequence[Result]) -> None:
    """Writes what one layer's checks of this run found, in the place of what an earlier attempt of
    the run found."""
    if not results:
        return
    checked_at = datetime.now(UTC)
    run, backup = lake.settings.run, lake.backup.id
    rows = [
        (
            run,
            backup,
            checked_at,
            one.layer,
            one.table,
            one.expectation,
            one.action,
            one.rows_checked,
            one.rows_broken,
            one.examples,
        )
        for one in results
    ]
    found = lake.session.createDataFrame(rows, RESULT_SCHEMA)
    if lake.storage.exists("gold", QUALITY):
        quoted = run.replace("'", "''")
        tables = ", ".join(f"'{one}'" for one in sorted({result.table for result in results}))
        lake.storage.replace_where(
            "gold",
            QUALITY,
            found,
            f"run = '{quoted}' AND layer = '{layer}' AND table_name IN ({tables})",
        )
    else:
        lake.storage.replace("gold", QUALITY, found)
    lake.finish(
        "gold",
        QUALITY,
        fingerprint(run, layer),
        "What was expected of rows, and what was found.",
        {},
    )
