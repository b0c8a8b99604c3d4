"""Bronze: the rows of a backup as they were.

Beside the backup's own columns each row has `_backup` (the partition), `_snapshot_time` and
`_file`, the key of the file that it comes from.
"""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

PARTITION = "_backup"

TECHNICAL = spark.StructType(
    [
        spark.StructField("_snapshot_time", spark.TimestampType()),
        spark.StructField("_file", spark.StringType()),
        spark.StructField(PARTITION, spark.StringType()),
    ]
)
"""The columns that bronze adds, behind those of the backup."""


_UUID = {"logical_type": "uuid"}


def schema_of(found: DataFrame, logical_types: Mapping[str, str | None]) -> spark.StructType:
    """Lists the columns of an Avro file, with the types by which the engine can read them.

    A time of day is a number of milliseconds: Sail has a type for it, which Spark's client cannot
    name. A UUID is text for Spark, and bytes for Sail.
    """
    named = [name for name, kind in logical_types.items() if kind != "time-millis"]
    known = {field.name: field.dataType for field in found.select(*named).schema}
    return spark.StructType(
        [
            spark.StructField(
                name,
                known.get(name, spark.IntegerType()),
                metadata=_UUID if kind == "uuid" else None,
            )
            for name, kind in logical_types.items()
        ]
    )


def with_uuids_as_text(rows: DataFrame, schema: spark.StructType) -> DataFrame:
    """Writes UUIDs that the engine reads as bytes as `1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a`."""
    columns = []
    for field in schema:
        column = F.col(f"`{field.name}`")
        if field.metadata == _UUID and isinstance(field.dataType, spark.BinaryType):
            digits = F.lower(F.hex(column))
            parts = (F.substring(digits, start, end) for start, end in _UUID_PARTS)
            column = reduce(lambda one, other: F.concat(one, F.lit("-"), other), parts)
        columns.append(column.alias(field.name))
    return rows.select(*columns)


_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
"""The first digit and the number of digits of each part of a UUID."""


def rows_of(files: Mapping[str, DataFrame], backup: str, snapshot_time: str) -> DataFrame:
    """Combines the rows of a table's files and adds bronze's columns. `files` are by their keys.

    The file is named by a literal, because not every engine gives the name of the file that it
    reads.
    """
    parts = [rows.withColumn("_file", F.lit(key)) for key, rows in files.items()]
    together = reduce(lambda one, other: one.unionByName(other), parts)
    return together.select(
        *(column for column in together.columns if column != "_file"),
        F.lit(snapshot_time).cast("timestamp").alias("_snapshot_time"),
        "_file",
        F.lit(backup).alias(PARTITION),
    )


def is_of(backup: str) -> str:
    """Writes the condition that selects the partition of a backup. Its id has digits, letters and
    hyphens alone."""
    return f"{PARTITION} = '{backup}'"
