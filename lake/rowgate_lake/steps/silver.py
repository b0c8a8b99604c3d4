"""The step `silver`: what the newest backup says becomes the current state of each table, and a
part of its history."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .. import bronze, expectations, metrics, silver
from ..dictionary import Table
from ..errors import BackupUnusableError, ExpectationsBrokenError, OlderBackupError
from ..evolution import same_columns
from ..lake import Lake
from ..objects import BackupTable
from ..state import fingerprint, iso
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
    work = [one for table, found in tables.items() if (one := _prepare(lake, table, found, tables))]
    results = [
        result
        for one in work
        for result in expectations.check(
            one.rows, LAYER, one.table.name, expectations.of_table(one.table), one.table.keys
        )
    ]
    record(lake, LAYER, results)
    metrics.put_broken(total_broken(lake, LAYER, [table.name for table in tables], results))
    if problem := expectations.stopping(results):
        raise ExpectationsBrokenError(problem)
    broken = expectations.broken_by_table(results)
    for one in work:
        _merge_current(lake, one, broken[one.table.name])
        _merge_history(lake, one)


def _tables_of_backup(lake: Lake) -> dict[Table, BackupTable]:
    """The tables of the backup that the dictionary knows."""
    tables = {}
    for found in lake.backup.tables:
        if table := lake.sources.dictionary.find(found.name):
            tables[table] = found
        else:
            log.warning(
                "the dictionary no longer knows the table %s; it stays in bronze", found.name
            )
    return tables


def _refuse_older(lake: Lake, table: Table) -> None:
    known = lake.states.read(LAYER, table.name)
    newest = known.snapshot_time if known else _newest_version(lake, table)
    if newest and newest > lake.backup.snapshot_time:
        raise OlderBackupError(
            f"silver.{table.name} has the rows of "
            f"{f'the backup {known.backup}' if known else 'a backup'} of {newest}; "
            f"the backup {lake.backup.id} is of {lake.backup.snapshot_time}"
        )


def _newest_version(lake: Lake, table: Table) -> str | None:
    """The snapshot time of the newest change, asked of the table where its state was lost."""
    if not lake.storage.exists(LAYER, table.name):
        return None
    rows = lake.storage.read(LAYER, table.name)
    newest = rows.agg(F.max("_changed_at")).collect()[0][0]
    return iso(newest.replace(tzinfo=UTC)) if newest else None


def _prepare(
    lake: Lake, table: Table, found: BackupTable, tables: Mapping[Table, BackupTable]
) -> _Work | None:
    """What has to be merged of a table; None where nothing has changed since silver was made."""
    checksums = {one.name: backup.checksum for one, backup in tables.items()}
    digest = fingerprint(
        found.checksum,
        found.schema_fingerprint,
        table,
        lake.settings.personal,
        {column.name: checksums.get(column.references or "") for column in table.references},
    )
    names = (table.name, silver.history_of(table.name))
    if all([lake.unchanged(LAYER, name, digest) for name in names]):
        return None
    rows = silver.typed(_bronze(lake, table), table, found.columns)
    referenced = {}
    for column in table.references:
        other = lake.sources.dictionary.tables[column.references or ""]
        if other in tables:
            keys = silver.typed(_bronze(lake, other), other, tables[other].columns).select(
                *other.keys
            )
        else:
            keys = (
                lake.storage.read(LAYER, other.name)
                .where("_deleted_at IS NULL")
                .select(*other.keys)
            )
        referenced[other.name] = keys
    return _Work(table, silver.resolve(rows, table, referenced), digest)


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
    if not lake.storage.exists(LAYER, table.name):
        lake.storage.replace(LAYER, table.name, silver.first_current(rows, time, schema))
    else:
        _bring_to_form(lake, table, table.name, schema)
        source = f"{table.name}_of_backup"
        rows.createOrReplaceTempView(source)
        target = lake.storage.sql_name(LAYER, table.name)
        lake.session.sql(silver.merge_current(target, source, table, rows.columns, time)).collect()
    _finish(lake, work, table.name, broken)


def _merge_history(lake: Lake, work: _Work) -> None:
    table, personal, time = work.table, lake.settings.personal, lake.backup.snapshot_time
    name = silver.history_of(table.name)
    columns = [column.name for column in silver.published(table, personal)]
    rows = silver.publish(work.rows, table, personal).select(*columns)
    if not lake.storage.exists(LAYER, name):
        schema = silver.history_schema(table, personal)
        lake.storage.replace(LAYER, name, silver.first_history(rows, time, schema))
    else:
        _bring_to_form(
            lake,
            table,
            name,
            silver.history_schema(table, personal, lake.storage.read(LAYER, name).schema),
        )
        source = f"{table.name}_changes"
        silver.changes(
            lake.storage.read(LAYER, name), rows, table, columns
        ).createOrReplaceTempView(source)
        target = lake.storage.sql_name(LAYER, name)
        lake.session.sql(silver.merge_history(target, source, table, columns, time)).collect()
    _finish(lake, work, name)


def _bring_to_form(lake: Lake, table: Table, name: str, schema: spark.StructType) -> None:
    """Rewrites a table whose columns have changed, or which shows personal data that it may no
    longer show."""
    old = lake.storage.read(LAYER, name)
    known = lake.states.read(LAYER, name)
    if same_columns(schema, old.schema) and known and known.personal == lake.settings.personal:
        return
    lake.storage.replace(LAYER, name, silver.reshape(old, table, lake.settings.personal, schema))


def _finish(lake: Lake, work: _Work, name: str, broken: int = 0) -> None:
    lake.flow.read(lake.settings.lake_bucket, f"bronze/{work.table.name}")
    comments = {column.name: column.description for column in work.table.columns}
    personal = str(lake.settings.personal)
    lake.finish(LAYER, name, work.fingerprint, work.table.description, comments, personal, broken)
