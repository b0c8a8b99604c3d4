"""The step `silver`: what the newest backup says becomes the current state of each table, and a
part of its history."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import types as spark

from .. import bronze, expectations, metrics, silver
from ..dictionary import Reference, Table
from ..errors import (
    BackupUnusableError,
    DictionaryError,
    ExpectationsBrokenError,
    OlderBackupError,
)
from ..evolution import same_columns
from ..expectations import Result
from ..lake import Lake
from ..objects import BackupTable
from ..state import fingerprint
from .bronze import check_gold
from .quality import record, total_broken

log = logging.getLogger(__name__)

LAYER = "silver"


@dataclass(frozen=True)
class _Work:
    """A table that has to be merged."""

    table: Table
    rows: DataFrame
    """As `resolve` gives them."""
    expected_rows: int
    fingerprint: str


def run(lake: Lake) -> None:
    """Checks every table of the backup, then merges those that have changed.

    Raises ExpectationsBrokenError before any table changes where rows break an expectation marked
    `stop`, and OlderBackupError where silver has the rows of a newer backup already.
    """
    check_gold(lake)
    tables = _tables_of_backup(lake)
    for table in tables:
        _refuse_older(lake, table)
        _refuse_other_keys(lake, table)
    work = [one for table, found in tables.items() if (one := _prepare(lake, table, found, tables))]
    results = [
        result
        for one in work
        for result in expectations.check(
            one.rows, LAYER, one.table.name, expectations.of_table(one.table), one.table.keys
        )
    ]
    for one in work:
        _check_count(lake, one, results)
    record(lake, LAYER, results)
    broken_in_all = total_broken(lake, LAYER, [table.name for table in tables], results)
    metrics.put_broken(lake.settings.environment, broken_in_all)
    if problem := expectations.stopping(results):
        raise ExpectationsBrokenError(problem)
    broken = expectations.broken_by_table(results)
    for one in work:
        _merge_current(lake, one, broken[one.table.name])
        _merge_history(lake, one)


def _tables_of_backup(lake: Lake) -> dict[Table, BackupTable]:
    """Finds the tables of the backup that the dictionary knows."""
    tables = {}
    for found in lake.backup.tables:
        if table := lake.sources.dictionary.find(found.name):
            tables[table] = found
        else:
            log.warning(
                "the dictionary no longer knows the table %s; it stays in bronze", found.name
            )
    return tables


def _check_count(lake: Lake, work: _Work, results: Sequence[Result]) -> None:
    """Fails where bronze has not all rows of the backup: without them silver would take the others
    for deleted."""
    found = next(one.rows_checked for one in results if one.table == work.table.name)
    if found != work.expected_rows:
        raise BackupUnusableError(
            f"bronze.{work.table.name} has {found} rows of the backup {lake.backup.id}, which has "
            f"{work.expected_rows}; run again with a new backup"
        )


def _refuse_older(lake: Lake, table: Table) -> None:
    known = lake.states.read(LAYER, table.name)
    time = lake.backup.snapshot_time
    if known:
        newer = known.snapshot_time > time
    elif lake.storage.exists(LAYER, table.name):
        # The state was lost, so the rows decide.
        rows = lake.storage.read(LAYER, table.name)
        newer = not rows.where(f"_changed_at > CAST('{time}' AS TIMESTAMP)").isEmpty()
    else:
        newer = False
    if newer:
        newest = (
            f"the backup {known.backup} of {known.snapshot_time}" if known else "a newer backup"
        )
        raise OlderBackupError(
            f"silver.{table.name} has the rows of {newest}; "
            f"the backup {lake.backup.id} is of {time}"
        )


def _refuse_other_keys(lake: Lake, table: Table) -> None:
    known = lake.states.read(LAYER, table.name)
    keys = [column.source_in(known.keys) for column in table.columns if column.key] if known else []
    if known and known.keys and keys != known.keys:
        raise DictionaryError(
            f"table {table.name}: its key was {', '.join(known.keys)} "
            f"and is {', '.join(table.keys)}; "
            "the lake finds rows by their key, so silver must be made anew (docs/lake.md)"
        )


def _prepare(
    lake: Lake, table: Table, found: BackupTable, tables: Mapping[Table, BackupTable]
) -> _Work | None:
    """Finds what has to be merged of a table; None where nothing has changed since silver was
    made."""
    digest = fingerprint(
        found.checksum,
        found.schema_fingerprint,
        table,
        lake.settings.personal,
        {silver.found_column(one): _content(lake, one, tables) for one in table.references},
    )
    names = (table.name, silver.history_of(table.name))
    if all([lake.unchanged(LAYER, name, digest) for name in names]):
        return None
    rows = silver.typed(_bronze(lake, table), table, found.columns)
    referenced = {}
    for reference in table.references:
        other = lake.sources.dictionary.tables[reference.table]
        if other in tables:
            keys = silver.typed(_bronze(lake, other), other, tables[other].columns).select(
                *other.keys
            )
        elif not lake.storage.exists(LAYER, other.name):
            raise BackupUnusableError(
                f"the backup {lake.backup.id} has no {other.name}, and neither has silver; "
                "a backup of all tables must come first"
            )
        else:
            keys = (
                lake.storage.read(LAYER, other.name)
                .where("_deleted_at IS NULL")
                .select(*other.keys)
            )
        referenced[other.name] = keys
    return _Work(table, silver.resolve(rows, table, referenced), found.rows, digest)


def _content(lake: Lake, reference: Reference, tables: Mapping[Table, BackupTable]) -> object:
    """Identifies the rows that a reference may name: those of the backup, or else those of
    silver."""
    other = lake.sources.dictionary.tables[reference.table]
    if other in tables:
        return tables[other].checksum
    known = lake.states.read(LAYER, other.name)
    return (known.fingerprint, known.changed_in) if known else lake.settings.run


def _bronze(lake: Lake, table: Table) -> DataFrame:
    if not lake.storage.exists("bronze", table.name):
        raise BackupUnusableError(
            f"bronze.{table.name} is not there; the step bronze has not run for {lake.backup.id}"
        )
    return lake.storage.read("bronze", table.name).where(bronze.is_of(lake.backup.id))


def _merge_current(lake: Lake, work: _Work, broken: int) -> None:
    table, personal, time = work.table, lake.settings.personal, lake.backup.snapshot_time
    schema = silver.current_schema(table, personal)
    rows = silver.publish(work.rows, table, personal)
    once_personal = _once_personal(lake, table, table.name)
    if not lake.storage.exists(LAYER, table.name):
        lake.storage.replace(LAYER, table.name, silver.first_current(rows, time, schema))
    else:
        _bring_to_form(lake, table, table.name, schema, once_personal)
        source = f"{table.name}_of_backup"
        rows.createOrReplaceTempView(source)
        target = lake.storage.sql_name(LAYER, table.name)
        lake.session.sql(silver.merge_current(target, source, table, rows.columns, time)).collect()
    _finish(lake, work, table.name, once_personal, broken)


def _merge_history(lake: Lake, work: _Work) -> None:
    table, personal, time = work.table, lake.settings.personal, lake.backup.snapshot_time
    name = silver.history_of(table.name)
    columns = [column.name for column in silver.published(table, personal)]
    rows = silver.publish(work.rows, table, personal).select(*columns)
    once_personal = _once_personal(lake, table, name)
    if not lake.storage.exists(LAYER, name):
        schema = silver.history_schema(table, personal)
        lake.storage.replace(LAYER, name, silver.first_history(rows, time, schema))
    else:
        existing = lake.storage.read(LAYER, name).schema
        schema = silver.history_schema(table, personal, existing, once_personal)
        _bring_to_form(lake, table, name, schema, once_personal)
        source = f"{table.name}_changes"
        history = lake.storage.read(LAYER, name)
        silver.changes(history, rows, table, columns).createOrReplaceTempView(source)
        target = lake.storage.sql_name(LAYER, name)
        lake.session.sql(silver.merge_history(target, source, table, columns, time)).collect()
    _finish(lake, work, name, once_personal)


def _once_personal(lake: Lake, table: Table, name: str) -> list[str]:
    """Lists the columns that are personal, and those that were before the dictionary dropped
    them."""
    known = lake.states.read(LAYER, name)
    now = {
        alias
        for column in table.columns
        if column.personal
        for alias in (column.name, *column.aliases)
    }
    return sorted(now | set(known.personal_columns if known else ()))


def _bring_to_form(
    lake: Lake, table: Table, name: str, schema: spark.StructType, once_personal: list[str]
) -> None:
    """Rewrites a table whose columns have changed, or which may show personal data that it may no
    longer show, and notes that it is about to change."""
    old, personal = lake.storage.read(LAYER, name), lake.settings.personal
    known = lake.states.read(LAYER, name)
    lake.begin(LAYER, name)
    if (
        known
        and same_columns(schema, old.schema)
        and (known.personal, known.personal_columns) == (personal, once_personal)
    ):
        return
    rows = silver.reshape(old, table, personal, schema, once_personal)
    lake.storage.replace(LAYER, name, rows)


def _finish(lake: Lake, work: _Work, name: str, once_personal: list[str], broken: int = 0) -> None:
    lake.flow.read(lake.settings.lake_bucket, f"bronze/{work.table.name}")
    lake.finish(
        LAYER,
        name,
        work.fingerprint,
        work.table.description,
        {column.name: column.description for column in work.table.columns},
        keys=list(work.table.keys),
        personal=str(lake.settings.personal),
        personal_columns=once_personal,
        broken=broken,
    )
