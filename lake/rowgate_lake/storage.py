"""Delta tables by their location: read, write, merge, and list their files."""

from dataclasses import dataclass
from typing import Any

import boto3
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Size:
    """The content of a table's newest version."""

    rows: int
    files: int
    bytes: int


class Storage:
    """The Delta tables of the lake bucket."""

    def __init__(self, session: SparkSession, bucket: str) -> None:
        self.session = session
        self._root = f"s3://{bucket}"

    def location(self, layer: str, table: str) -> str:
        """Gives the table's location, without a slash at the end."""
        return f"{self._root}/{layer}/{table}"

    def sql_name(self, layer: str, table: str) -> str:
        """Names the table in SQL."""
        return f"delta.`{self.location(layer, table)}`"

    def exists(self, layer: str, table: str) -> bool:
        """Returns true if the table has a version."""
        return DeltaTable.is_deltatable(self.location(layer, table), storage_options=_credentials())

    def read(self, layer: str, table: str) -> DataFrame:
        """Reads the newest version of a table."""
        return self.session.read.format("delta").load(self.location(layer, table))

    def replace(
        self, layer: str, table: str, rows: DataFrame, partition: str | None = None
    ) -> None:
        """Makes `rows` the table in one commit, with their columns. Readers see the version before
        or this one."""
        writer = rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        if partition:
            writer = writer.partitionBy(partition)
        writer.save(self.location(layer, table))

    def replace_where(self, layer: str, table: str, rows: DataFrame, condition: str) -> None:
        """Puts `rows` in the place of those that `condition` selects, in one commit. The columns
        must be the table's."""
        writer = rows.write.format("delta").mode("overwrite").option("replaceWhere", condition)
        writer.save(self.location(layer, table))

    def delete(self, layer: str, table: str, condition: str) -> None:
        """Deletes the rows that `condition` selects, in one commit."""
        self.session.sql(f"DELETE FROM {self.sql_name(layer, table)} WHERE {condition}").collect()

    def log(self, layer: str, table: str) -> DeltaTable:
        """Opens the table's log with delta-rs."""
        return DeltaTable(self.location(layer, table), storage_options=_credentials())

    def size(self, layer: str, table: str) -> Size:
        """Counts the newest version's rows, files and bytes, from its log alone unless an engine
        left out the rows of a file."""
        actions: Any = self.log(layer, table).get_add_actions(flatten=True)
        rows = [value.as_py() for value in actions.column("num_records")]
        sizes = [value.as_py() for value in actions.column("size_bytes")]
        counted = int(self.read(layer, table).count()) if None in rows else sum(rows)
        return Size(rows=counted, files=len(sizes), bytes=sum(sizes))


def _credentials() -> dict[str, str]:
    """Passes boto3's credentials to delta-rs: on Glue it need not look for them in its own way.
    They are requested again each time, because those of a role expire within hours."""
    session = boto3.Session()
    found = session.get_credentials()
    if found is None:
        return {}
    frozen = found.get_frozen_credentials()
    options = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
        "AWS_REGION": session.region_name,
    }
    return {name: value for name, value in options.items() if value}
