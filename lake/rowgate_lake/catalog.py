"""The Glue Data Catalog: where Athena, Redshift Spectrum and Spark find the lake's tables."""

from collections.abc import Mapping
from typing import Any

import boto3
from pyspark.sql import types as spark

_MAX_COMMENT = 255


class Catalog:
    """The databases of the three layers, which the stack has made."""

    def __init__(self, database_prefix: str) -> None:
        self._prefix = database_prefix
        self._glue = boto3.client("glue")

    def database(self, layer: str) -> str:
        """Names the database of a layer."""
        return f"{self._prefix}{layer}"

    def put(
        self,
        layer: str,
        table: str,
        location: str,
        schema: spark.StructType,
        description: str,
        comments: Mapping[str, str],
    ) -> None:
        """Registers a table, or its new columns; writes nothing if the catalog has them."""
        wanted = _table(table, location, schema, description, comments)
        database = self.database(layer)
        try:
            known = self._glue.get_table(DatabaseName=database, Name=table)["Table"]
        except self._glue.exceptions.EntityNotFoundException:
            self._glue.create_table(DatabaseName=database, TableInput=wanted)
            return
        if not _has_all(known, wanted):
            # Without SkipArchive each change would be kept as a version, of which there are limits.
            self._glue.update_table(DatabaseName=database, TableInput=wanted, SkipArchive=True)

    def has(self, layer: str, table: str) -> bool:
        """Returns true if the catalog knows the table."""
        try:
            self._glue.get_table(DatabaseName=self.database(layer), Name=table)
        except self._glue.exceptions.EntityNotFoundException:
            return False
        return True

    def remove(self, layer: str, table: str) -> None:
        """Makes the catalog forget a table; its files stay."""
        if self.has(layer, table):
            self._glue.delete_table(DatabaseName=self.database(layer), Name=table)


def _has_all(known: Any, wanted: Any) -> bool:
    """Returns true if `known` has what `wanted` has; Glue adds members of its own."""
    if isinstance(wanted, Mapping) and isinstance(known, Mapping):
        return all(name in known and _has_all(known[name], value) for name, value in wanted.items())
    return known == wanted


def _table(
    name: str,
    location: str,
    schema: spark.StructType,
    description: str,
    comments: Mapping[str, str],
) -> dict[str, Any]:
    """Describes a table of Delta to the catalog. Athena reads columns and files from the
    table's own log (https://docs.aws.amazon.com/athena/latest/ug/delta-lake-tables.html); the
    columns here are for views, Lake Formation and people, and are kept equal to the log's."""
    return {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "delta",
            "table_type": "DELTA",
            "spark.sql.sources.provider": "delta",
        },
        "StorageDescriptor": {
            "Columns": [_column(field, comments) for field in schema],
            "Location": f"{location}/",
            "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"serialization.format": "1", "path": f"{location}/"},
            },
        },
    }


def _column(field: spark.StructField, comments: Mapping[str, str]) -> dict[str, str]:
    column = {"Name": field.name, "Type": field.dataType.simpleString()}
    comment = comments.get(field.name, "")[:_MAX_COMMENT]
    return {**column, "Comment": comment} if comment else column
