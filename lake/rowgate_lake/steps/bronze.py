"""The step `bronze`: the rows of a backup, as they were, in a partition of their own."""

import logging

from pyspark.sql import DataFrame
from pyspark.sql import types as spark

from .. import avro, bronze, gold, silver
from ..errors import BackupUnusableError
from ..evolution import cast_to, same_columns, union_schema
from ..lake import Lake
from ..objects import BackupTable
from ..settings import Personal
from ..sources import Sources
from ..state import fingerprint

log = logging.getLogger(__name__)


def run(lake: Lake) -> None:
    """Adds a partition to each table of the backup; a partition that is there already stays as it
    is."""
    check_gold(lake)
    for load in lake.backup.loads:
        lake.flow.read(lake.data.bucket, load["key"], load["rows_loaded"])
    for table in lake.backup.tables:
        lake.flow.read(lake.data.bucket, f"backups/{lake.backup.id}/{table.name}", table.rows)
        _add(lake, table)


def check_gold(lake: Lake) -> None:
    """Ends the run before anything is written where a file of gold is wrong."""
    gold.check_all(
        lake.sources.gold, silver_views(lake.sources, lake.settings.personal), lake.session
    )


def silver_views(sources: Sources, personal: Personal) -> dict[str, spark.StructType]:
    """Lists the tables of silver that queries of gold may name."""
    views = {}
    for table in sources.dictionary.tables.values():
        views[table.name] = silver.current_schema(table, personal)
        views[silver.history_of(table.name)] = silver.history_schema(table, personal)
    return views


def _add(lake: Lake, table: BackupTable) -> None:
    known = lake.sources.dictionary.find(table.name)
    name = known.name if known else table.name
    digest = fingerprint(lake.backup.id, table.checksum, table.schema_fingerprint)
    state = lake.states.read("bronze", name)
    if state and state.fingerprint == digest and _has(lake, name, table):
        log.info("bronze.%s has the backup already", name)
        return
    storage, partition = lake.storage, bronze.is_of(lake.backup.id)
    rows = _read(lake, table)
    _check_count(lake, table, rows.count())
    if not storage.exists("bronze", name):
        storage.replace("bronze", name, rows, partition=bronze.PARTITION)
    else:
        old = storage.read("bronze", name)
        schema = spark.StructType(
            [*union_schema(_own(old.schema), _own(rows.schema)), *bronze.TECHNICAL]
        )
        if same_columns(schema, old.schema):
            storage.replace_where("bronze", name, cast_to(rows, schema), partition)
        else:
            # Delta could add the columns by itself, but not every engine does. This happens when
            # the table has changed, and it is one commit.
            others = cast_to(old.where(f"NOT ({partition})"), schema)
            storage.replace(
                "bronze",
                name,
                others.unionByName(cast_to(rows, schema)),
                partition=bronze.PARTITION,
            )
    description = known.description if known else "The dictionary no longer knows this table."
    comments = {column.name: column.description for column in known.columns} if known else {}
    lake.finish("bronze", name, digest, description, comments)


def _has(lake: Lake, name: str, table: BackupTable) -> bool:
    """Returns true if bronze has the partition: it may have expired meanwhile, or been removed."""
    if not lake.storage.exists("bronze", name):
        return False
    rows = lake.storage.read("bronze", name).where(bronze.is_of(lake.backup.id))
    return table.rows == 0 or not rows.isEmpty()


def _read(lake: Lake, table: BackupTable) -> DataFrame:
    """Reads the table's files. The schema is said outright, so that every column may be NULL in
    Delta: a later backup may have NULLs where this one has none."""
    if not table.keys:
        raise BackupUnusableError(f"the backup {lake.backup.id} has no file of {table.name}")
    locations = {key: f"s3://{lake.data.bucket}/{key}" for key in table.keys}
    reader = lake.session.read.format("avro")
    first = reader.load(locations[table.keys[0]])
    start = lake.data.read_start(table.keys[0], avro.MAX_HEADER_BYTES)
    schema = bronze.schema_of(first, avro.logical_types(start))
    files = {
        key: bronze.with_uuids_as_text(reader.schema(schema).load(location), schema)
        for key, location in locations.items()
    }
    return bronze.rows_of(files, lake.backup.id, lake.backup.snapshot_time)


def _own(schema: spark.StructType) -> spark.StructType:
    """Selects the columns that bronze did not add."""
    return spark.StructType([field for field in schema if field.name not in bronze.TECHNICAL.names])


def _check_count(lake: Lake, table: BackupTable, rows: int) -> None:
    if rows != table.rows:
        raise BackupUnusableError(
            f"the files of {table.name} in the backup {lake.backup.id} have {rows} rows, "
            f"its manifest says {table.rows}"
        )
