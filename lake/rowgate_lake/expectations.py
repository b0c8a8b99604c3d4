"""Expectations: what must hold of the rows of silver and gold, and what was found."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .dictionary import Action, Column, Literal, Table
from .silver import broken_column, found_column

EXAMPLES = 5
"""Keys of rows that break an expectation, as far as they are recorded."""


@dataclass(frozen=True)
class Expectation:
    """A condition that no row may fulfil, or columns that no two rows may share."""

    name: str
    action: Action
    broken: str | None = None
    """SQL that is true for a row that breaks it."""
    unique: tuple[str, ...] = ()
    """Columns whose values together no two rows share."""
    among: str = "true"
    """SQL that is true for a row that may share no values."""
    is_shown: bool = True
    """False if these values are personal: then there are no examples of them."""


@dataclass(frozen=True)
class Result:
    """The result of a check."""

    layer: str
    table: str
    expectation: str
    action: Action
    rows_checked: int
    rows_broken: int
    """Rows that break it; of a key, the values that more than one row has."""
    examples: str | None
    """Keys of some of the rows that break it, the smallest first."""

    @property
    def stops(self) -> bool:
        """Returns true if the run must end."""
        return self.action == "stop" and self.rows_broken > 0


RESULT_SCHEMA = spark.StructType(
    [
        spark.StructField("run", spark.StringType()),
        spark.StructField("backup", spark.StringType()),
        spark.StructField("checked_at", spark.TimestampType()),
        spark.StructField("layer", spark.StringType()),
        spark.StructField("table_name", spark.StringType()),
        spark.StructField("expectation", spark.StringType()),
        spark.StructField("action", spark.StringType()),
        spark.StructField("rows_checked", spark.LongType()),
        spark.StructField("rows_broken", spark.LongType()),
        spark.StructField("examples", spark.StringType()),
    ]
)
"""The columns of `rowgate_gold.rowgate_quality`."""


def of_table(table: Table) -> list[Expectation]:
    """Lists what the dictionary expects of a table: of rows as `typed` and `resolve` give
    them."""
    actions = table.actions
    # Without unique keys no row could be found again, so this one always stops.
    found = [Expectation(f"unique key ({', '.join(table.keys)})", "stop", unique=table.keys)]
    for column in table.columns:
        if column.required:
            found.append(
                Expectation(
                    f"{column.name} is required", actions["required"], f"`{column.name}` IS NULL"
                )
            )
        broken = f"`{broken_column(column)}`"
        found.append(Expectation(f"{column.name} is {column.type}", actions["rules"], broken))
        found += [
            Expectation(f"{column.name} {rule}", actions["rules"], broken)
            for rule, broken in _rules(column)
        ]
    for names in table.unique:
        # As in MySQL, a row that has no value in one of them shares nothing.
        among = " AND ".join(f"`{name}` IS NOT NULL" for name in names)
        is_shown = not any(column.personal for column in table.columns if column.name in names)
        name = f"unique {', '.join(names)}"
        found.append(
            Expectation(name, actions["rules"], unique=names, among=among, is_shown=is_shown)
        )
    for check in table.checks:
        left, operator, right = check.split()
        found.append(Expectation(check, actions["rules"], f"NOT (`{left}` {operator} `{right}`)"))
    for reference in table.references:
        name = f"{', '.join(reference.columns)} references {reference.table}"
        found.append(Expectation(name, actions["references"], f"NOT `{found_column(reference)}`"))
    return found


def _rules(column: Column) -> Iterator[tuple[str, str]]:
    """What the dictionary demands of a column's values beside their type, and SQL that is true for
    a value that breaks it.

    Patterns are not checked again: Rust, Java and Sail read regular expressions in other ways.
    """
    value = f"`{column.name}`"
    if column.minimum is not None:
        yield f"is at least {column.minimum}", f"{value} < {_sql(column, column.minimum)}"
    if column.maximum is not None:
        yield f"is at most {column.maximum}", f"{value} > {_sql(column, column.maximum)}"
    if column.min_length is not None:
        least = column.min_length
        yield f"has at least {least} characters", f"char_length({value}) < {least}"
    if column.values:
        known = ", ".join(_sql(column, one) for one in column.values)
        yield "is one of its values", f"{value} NOT IN ({known})"


def _sql(column: Column, literal: Literal) -> str:
    """Writes a value of a column as SQL. In hexadecimal digits there is nothing to escape."""
    text = str(literal).lower() if isinstance(literal, bool) else str(literal)
    kind = column.spark_type.simpleString()
    return f"CAST(CAST(X'{text.encode().hex()}' AS STRING) AS {kind})"


def check(
    rows: DataFrame,
    layer: str,
    table: str,
    expectations: Sequence[Expectation],
    keys: Sequence[str],
) -> list[Result]:
    """Checks rows: one pass for all conditions, one more for each set of unique columns, and one
    for the examples of each that is broken."""
    conditions = [one for one in expectations if one.broken is not None]
    counts = rows.agg(
        F.count(F.lit(1)).alias("checked"),
        *(
            F.count(F.when(F.expr(one.broken or ""), 1)).alias(f"broken_{number}")
            for number, one in enumerate(conditions)
        ),
    ).collect()[0]
    broken = {one.name: counts[f"broken_{number}"] for number, one in enumerate(conditions)}
    results = []
    for one in expectations:
        if one.unique:
            repeated = rows.where(one.among).groupBy(*one.unique).count().where("count > 1")
            number = int(repeated.count())  # the remote session gives a number of NumPy
            examples = _examples(repeated, one.unique) if number and one.is_shown else None
        else:
            number = broken[one.name]
            examples = _examples(rows.where(one.broken or ""), keys) if number else None
        results.append(
            Result(layer, table, one.name, one.action, counts["checked"], number, examples)
        )
    return results


def _examples(rows: DataFrame, keys: Sequence[str]) -> str | None:
    if not keys:
        return None
    found = rows.select(*keys).distinct().orderBy(*keys).limit(EXAMPLES).collect()
    return ", ".join("/".join(str(value) for value in row) for row in found)


def broken_by_table(results: Sequence[Result]) -> Counter[str]:
    """Counts the expectations that the rows of each table break."""
    return Counter(one.table for one in results if one.rows_broken)


def stopping(results: Sequence[Result]) -> str | None:
    """One sentence about what must end the run; None where nothing must."""
    sentences = [
        f"{one.layer}.{one.table}: {one.rows_broken} of {one.rows_checked} rows "
        f'break "{one.expectation}"' + (f" (key {one.examples})" if one.examples else "")
        for one in results
        if one.stops
    ]
    return "; ".join(sentences) if sentences else None
