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
