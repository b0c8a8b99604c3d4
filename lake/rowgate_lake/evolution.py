"""Finds the type that holds the values of two types, for columns that change over the years."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

_MAX_PRECISION = 38


def common_type(one: spark.DataType, other: spark.DataType) -> spark.DataType:
    """Finds a type that holds every value of both: the same, the wider number, or else text."""
    if one == other:
        return one
    if {type(one), type(other)} == {spark.IntegerType, spark.LongType}:
        return spark.LongType()
    first, second = _as_decimal(one), _as_decimal(other)
    if first and second:
        scale = max(first.scale, second.scale)
        precision = max(first.precision - first.scale, second.precision - second.scale) + scale
        if precision <= _MAX_PRECISION:
            return spark.DecimalType(precision, scale)
    return spark.StringType()


def _as_decimal(one: spark.DataType) -> spark.DecimalType | None:
    match one:
        case spark.DecimalType():
            return one
        case spark.IntegerType():
            return spark.DecimalType(10, 0)
        case spark.LongType():
            return spark.DecimalType(19, 0)
        case _:
            return None


def union_schema(old: spark.StructType, new: spark.StructType) -> spark.StructType:
    """Lists the columns of both in the old order, new ones behind, each with a type that holds the
    values of both."""
    fields = [
        spark.StructField(field.name, common_type(field.dataType, new[field.name].dataType))
        if field.name in new.names
        else field
        for field in old
    ]
    return spark.StructType([*fields, *(field for field in new if field.name not in old.names)])


def cast_to(rows: DataFrame, schema: spark.StructType) -> DataFrame:
    """Gives rows the columns of `schema`, in its order; a column that they have not is NULL."""
    return rows.select(
        *(
            (F.col(f"`{field.name}`") if field.name in rows.columns else F.lit(None))
            .cast(field.dataType)
            .alias(field.name)
            for field in schema
        )
    )


def same_columns(one: spark.StructType, other: spark.StructType) -> bool:
    """Returns true if both have the same names and types in the same order; whether a column may be
    NULL does not count."""
    return _columns(one) == _columns(other)


def _columns(schema: spark.StructType) -> Sequence[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in schema]
