"""Silver: the current state of a table and its history, with the types of the dictionary.

`<table>` has a row for each key there ever was: the dictionary's columns; `_<columns>_found` for
each reference, which says whether it names a row (NULL where one of its columns is NULL);
`_changed_at`, the snapshot time at which the row was first seen like this; and `_deleted_at`, the
snapshot time at which it was gone, NULL while it is there.

`<table>_history` has a row for each version: the dictionary's columns, `_valid_from` and
`_valid_to`, NULL for the version that holds.

Everything here is made of DataFrames and SQL text; what writes is in steps/silver.py.
SQL MERGE is the only way of changing rows that all engines share.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .dictionary import Column, Reference, Table
from .settings import Personal

MASK = "***"

CHANGED_AT = spark.StructField("_changed_at", spark.TimestampType())
DELETED_AT = spark.StructField("_deleted_at", spark.TimestampType())
VALID_FROM = spark.StructField("_valid_from", spark.TimestampType())
VALID_TO = spark.StructField("_valid_to", spark.TimestampType())


def history_of(table: str) -> str:
    """Names a table's history."""
    return f"{table}_history"


def found_column(reference: Reference) -> str:
    """Names the column that is true if a reference names a row."""
    return f"_{'_'.join(reference.columns)}_found"


def broken_column(column: Column) -> str:
    """Names the column that is true if a value breaks a rule of its type; only until expectations
    are checked."""
    return f"_{column.name}_broken"


def published(table: Table, personal: Personal) -> tuple[Column, ...]:
    """Lists the columns of the dictionary that silver has."""
    return tuple(
        column for column in table.columns if not (column.personal and personal is Personal.OMIT)
    )


def current_schema(table: Table, personal: Personal) -> spark.StructType:
    """Lists the columns of the current state."""
    found = [
        spark.StructField(found_column(reference), spark.BooleanType())
        for reference in _references(table, personal)
    ]
    return spark.StructType([*_fields(published(table, personal)), *found, CHANGED_AT, DELETED_AT])


def history_schema(
    table: Table,
    personal: Personal,
    existing: spark.StructType | None = None,
    once_personal: Collection[str] = (),
) -> spark.StructType:
    """Lists the columns of the history. Columns of `existing` that the dictionary dropped stay,
    behind those that it has, unless they were personal and such columns are left out."""
    known = {name for column in table.columns for name in (column.name, *column.aliases)}
    known |= {VALID_FROM.name, VALID_TO.name}
    if personal is Personal.OMIT:
        known |= set(once_personal)
    retired = [field for field in existing or () if field.name not in known]
    return spark.StructType([*_fields(published(table, personal)), *retired, VALID_FROM, VALID_TO])


def _fields(columns: Sequence[Column]) -> list[spark.StructField]:
    return [spark.StructField(column.name, column.spark_type) for column in columns]


def _references(table: Table, personal: Personal) -> list[Reference]:
    shown = {column.name for column in published(table, personal)}
    return [reference for reference in table.references if shown.issuperset(reference.columns)]


def typed(bronze: DataFrame, table: Table, backup_columns: Sequence[str]) -> DataFrame:
    """Gives the rows of one backup the dictionary's columns and types, and `_<column>_broken` for
    each column.

    `backup_columns` are those that the backup has: bronze also has the columns of other backups. A
    column that this backup has not gets its default, as a restore gives it.
    """
    columns: list[F.Column] = []
    for column in table.columns:
        source = column.source_in(backup_columns)
        if source is None:
            columns.append(_default(column).alias(column.name))
            columns.append(F.lit(False).alias(broken_column(column)))
            continue
        kind = bronze.schema[source].dataType
        if column.type == "time" and not isinstance(kind, spark.StringType):
            cast, broken = _time_of_day(f"`{source}`")
        else:
            cast, broken = _cast(f"`{source}`", kind, column.spark_type)
        if column.max_length is not None:
            broken = f"({broken}) OR coalesce(char_length({cast}) > {column.max_length}, false)"
        if column.max_bytes is not None:
            broken = f"({broken}) OR coalesce(octet_length({cast}) > {column.max_bytes}, false)"
        columns.append(F.expr(cast).alias(column.name))
        columns.append(F.expr(broken).alias(broken_column(column)))
    return bronze.select(*columns)


def _cast(value: str, source: spark.DataType, target: spark.DataType) -> tuple[str, str]:
    """SQL that casts a value, and SQL that is true if the cast loses a part of the value."""
    if source == target:
        return value, "false"
    cast = f"try_cast({value} AS {target.simpleString()})"
    lost = f"{cast} IS NULL"
    if isinstance(source, spark.NumericType) and isinstance(target, spark.NumericType):
        lost = f"NOT ({cast} <=> {value})"
    return cast, f"{value} IS NOT NULL AND {lost}"


def _time_of_day(millis: str) -> tuple[str, str]:
    """SQL that writes milliseconds after midnight as `16:02:08`, and SQL that is true for those
    that are no whole second of a day."""
    units = ((3_600_000, 24), (60_000, 60), (1_000, 60))
    parts = ", ':', ".join(
        f"lpad(CAST(({millis} DIV {unit}) % {size} AS STRING), 2, '0')" for unit, size in units
    )
    is_second = f"{millis} BETWEEN 0 AND 86399000 AND {millis} % 1000 = 0"
    return f"concat({parts})", f"NOT coalesce({is_second}, true)"


def _default(column: Column) -> F.Column:
    """The value of a column in rows that are older than it."""
    default = column.default
    if isinstance(default, bool):
        default = str(default).lower()
    text = F.lit(None if default is None else str(default))
    if isinstance(column.spark_type, spark.BinaryType):
        return F.unbase64(text)
    return text.cast(column.spark_type)


def resolve(rows: DataFrame, table: Table, referenced: Mapping[str, DataFrame]) -> DataFrame:
    """Adds `_<columns>_found` for each reference. `referenced` has, by table, the columns of its
    key."""
    for reference in table.references:
        keys = referenced[reference.table]
        names = [f"_key_{number}" for number, _ in enumerate(keys.columns)]
        keys = keys.toDF(*names)
        pairs = list(zip(reference.columns, names, strict=True))
        same = [F.col(f"`{column}`") == F.col(f"`{name}`") for column, name in pairs]
        rows = rows.join(keys, same, "left")
        refers = reduce(
            lambda one, other: one & other,
            (F.col(f"`{column}`").isNotNull() for column, _ in pairs),
        )
        found = F.when(refers, F.col(f"`{names[0]}`").isNotNull())
        rows = rows.withColumn(found_column(reference), found).drop(*names)
    return rows


def publish(rows: DataFrame, table: Table, personal: Personal) -> DataFrame:
    """Selects the columns that silver shows: personal ones masked or left out, `_<column>_broken`
    gone."""
    shown = [_shown(column, personal) for column in published(table, personal)]
    found = (found_column(reference) for reference in _references(table, personal))
    return rows.select(*shown, *found)


def _shown(column: Column, personal: Personal, source: str | None = None) -> F.Column:
    target = column.spark_type.simpleString()
    value = F.expr(f"try_cast(`{source or column.name}` AS {target})")
    if column.personal and personal is Personal.MASK:
        value = _masked(value, column.spark_type)
    return value.alias(column.name)


def _masked(value: F.Column, kind: spark.DataType) -> F.Column:
    mask = F.lit(MASK if isinstance(kind, spark.StringType) else None).cast(kind)
    return F.when(value.isNotNull(), mask)


def reshape(
    old: DataFrame,
    table: Table,
    personal: Personal,
    schema: spark.StructType,
    once_personal: Collection[str] = (),
) -> DataFrame:
    """Brings an older silver table to the form of `schema`: columns are found by name or alias,
    cast and masked; new ones get their default. A value that its new type cannot hold becomes
    NULL."""
    by_name = {column.name: column for column in published(table, personal)}
    columns = []
    for field in schema:
        column = by_name.get(field.name)
        if column:
            source = column.source_in(old.columns)
        else:
            source = field.name if field.name in old.columns else None
        if source is None:
            default = _default(column) if column else F.lit(None)
            value = default.cast(field.dataType).alias(field.name)
        elif column:
            value = _shown(column, personal, source)
        else:
            value = F.col(f"`{source}`").cast(field.dataType)
            if personal is Personal.MASK and field.name in once_personal:
                value = _masked(value, field.dataType)
            value = value.alias(field.name)
        columns.append(value)
    return old.select(*columns)


def first_current(rows: DataFrame, snapshot_time: str, schema: spark.StructType) -> DataFrame:
    """Makes the current state where there was none before."""
    return _with_times(rows, snapshot_time, CHANGED_AT, DELETED_AT).select(*schema.names)


def first_history(rows: DataFrame, snapshot_time: str, schema: spark.StructType) -> DataFrame:
    """Makes the history where there was none before."""
    return _with_times(rows, snapshot_time, VALID_FROM, VALID_TO).select(*schema.names)


def _with_times(
    rows: DataFrame, time: str, since: spark.StructField, until: spark.StructField
) -> DataFrame:
    return rows.withColumn(since.name, F.lit(time).cast("timestamp")).withColumn(
        until.name, F.lit(None).cast("timestamp")
    )


def merge_current(
    target: str, source: str, table: Table, columns: Sequence[str], snapshot_time: str
) -> str:
    """Writes the MERGE that makes `source`, all rows of one backup, the current state. Run again,
    it changes nothing."""
    keys = " AND ".join(f"t.`{key}` = s.`{key}`" for key in table.keys)
    values = [name for name in columns if name not in table.keys]
    changed = " OR ".join(
        [*(f"NOT (t.`{name}` <=> s.`{name}`)" for name in values), "t._deleted_at IS NOT NULL"]
    )
    time = _timestamp(snapshot_time)
    sets = ", ".join(
        [
            *(f"`{name}` = s.`{name}`" for name in values),
            f"_changed_at = {time}",
            "_deleted_at = NULL",
        ]
    )
    names = ", ".join([*(f"`{name}`" for name in columns), "_changed_at", "_deleted_at"])
    inserted = ", ".join([*(f"s.`{name}`" for name in columns), time, "NULL"])
    return f"""MERGE INTO {target} AS t USING {source} AS s ON {keys}
WHEN MATCHED AND ({changed}) THEN UPDATE SET {sets}
WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({inserted})
WHEN NOT MATCHED BY SOURCE AND t._deleted_at IS NULL
THEN UPDATE SET _deleted_at = {time}, _changed_at = {time}"""


def changes(history: DataFrame, rows: DataFrame, table: Table, columns: Sequence[str]) -> DataFrame:
    """Finds the changes to the history: `_closes` is true for a version that ends, false for a new
    one.

    A row that changed gives both, a new one a beginning, one that went an end. Where nothing has
    changed there are no rows.
    """
    valid = history.where("_valid_to IS NULL").select(
        *(F.col(f"`{name}`").alias(f"_old_{name}") for name in columns)
    )
    first_key = table.keys[0]
    same_key = [F.col(f"`{key}`") == F.col(f"`_old_{key}`") for key in table.keys]
    both = rows.select(*columns).join(valid, same_key, "full_outer")
    is_new, is_gone = F.col(f"`_old_{first_key}`").isNull(), F.col(f"`{first_key}`").isNull()
    differs = F.lit(False)
    for name in columns:
        differs = differs | ~F.col(f"`{name}`").eqNullSafe(F.col(f"`_old_{name}`"))
    differing = both.where(is_new | is_gone | differs)
    begins = differing.where(~is_gone).select(*columns, F.lit(False).alias("_closes"))
    ends = differing.where(~is_new).select(
        *(F.col(f"`_old_{name}`").alias(name) for name in columns), F.lit(True).alias("_closes")
    )
    return begins.unionByName(ends)


def merge_history(
    target: str, source: str, table: Table, columns: Sequence[str], snapshot_time: str
) -> str:
    """Writes the MERGE that adds `changes` to the history in one commit: a beginning has no match,
    so it is inserted."""
    keys = " AND ".join(f"t.`{key}` = s.`{key}`" for key in table.keys)
    names = ", ".join([*(f"`{name}`" for name in columns), "_valid_from", "_valid_to"])
    inserted = ", ".join([*(f"s.`{name}`" for name in columns), _timestamp(snapshot_time), "NULL"])
    return f"""MERGE INTO {target} AS t USING {source} AS s
ON {keys} AND s._closes AND t._valid_to IS NULL
WHEN MATCHED THEN UPDATE SET _valid_to = {_timestamp(snapshot_time)}
WHEN NOT MATCHED AND NOT s._closes THEN INSERT ({names}) VALUES ({inserted})"""


def _timestamp(time: str) -> str:
    return f"CAST('{time}' AS TIMESTAMP)"
