"""Gold: each file of `sql/gold` is a table, in Spark SQL over silver, described by a header as
reports are.

In a query `employees` has the rows that are there now, `employees_history` every version.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomllib
from pyspark.errors import (
    AnalysisException,
    IllegalArgumentException,
    ParseException,
    UnsupportedOperationException,
)
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as spark

from .dictionary import spark_type
from .errors import GoldFileError
from .expectations import Expectation

_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HEADER_MEMBERS = {"title", "description", "columns", "key", "expectations"}
_COLUMN_MEMBERS = {"name", "type", "description"}
_EXPECTATION_MEMBERS = {"name", "rule", "action"}


@dataclass(frozen=True)
class GoldColumn:
    """A column of a gold table."""

    name: str
    type: spark.DataType
    description: str


@dataclass(frozen=True)
class GoldTable:
    """A table of gold."""

    file: str
    name: str
    """The file's name with `_` for `-`."""
    title: str
    description: str
    columns: tuple[GoldColumn, ...]
    key: tuple[str, ...]
    """Columns whose values together no two rows share; none where the header names none."""
    expectations: tuple[Expectation, ...]
    query: str


def parse(file: str, text: str) -> GoldTable:
    """Reads a file of `sql/gold`: the TOML in its first comment, and the query after it.

    Raises GoldFileError, which names the file and what is wrong with it.
    """
    stem = file.removesuffix(".sql")
    if not _NAME.fullmatch(stem):
        raise GoldFileError(
            f"{file}: the name must be words of a-z and 0-9 with hyphens between them"
        )
    if stem.startswith("rowgate-"):
        raise GoldFileError(f"{file}: names that begin with rowgate- are Rowgate's own")
    found = _HEADER.match(text)
    if not found:
        raise GoldFileError(
            f"{file}: it must begin with a comment /* … */ that describes the table"
        )
    try:
        header = tomllib.loads(found[1])
    except tomllib.TOMLDecodeError as error:
        raise GoldFileError(f"{file}: the header cannot be read: {error}") from error
    _refuse_unknown(file, "the header", header, _HEADER_MEMBERS)
    for member in ("title", "columns"):
        if not header.get(member):
            raise GoldFileError(f"{file}: the header has no {member}")
    columns = tuple(_column(file, column) for column in header["columns"])
    names = [column.name for column in columns]
    key = tuple(header.get("key", ()))
    if unknown := [name for name in key if name not in names]:
        raise GoldFileError(f"{file}: key names {unknown[0]}, which is no column")
    expectations = [_expectation(file, one) for one in header.get("expectations", ())]
    if key:
        expectations.insert(0, Expectation(f"unique key ({', '.join(key)})", "stop", unique=key))
    called = [one.name for one in expectations]
    if repeated := [name for name in called if called.count(name) > 1]:
        raise GoldFileError(f"{file}: two expectations are called {repeated[0]}")
    return GoldTable(
        file=file,
        name=stem.replace("-", "_"),
        title=header["title"],
        description=header.get("description", ""),
        columns=columns,
        key=key,
        expectations=tuple(expectations),
        query=text[found.end() :].strip().rstrip(";"),
    )


def _refuse_unknown(file: str, what: str, members: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(members.keys() - known):
        raise GoldFileError(
            f"{file}: {what} has no {unknown[0]}; there are {', '.join(sorted(known))}"
        )


def _column(file: str, members: Mapping[str, Any]) -> GoldColumn:
    _refuse_unknown(file, "a column", members, _COLUMN_MEMBERS)
    if "name" not in members or "type" not in members:
        raise GoldFileError(f"{file}: each column has a name and a type")
    try:
        found = spark_type(members["type"])
    except ValueError as error:
        raise GoldFileError(f"{file}: column {members['name']}: {error}") from error
    return GoldColumn(members["name"], found, members.get("description", ""))


def _expectation(file: str, members: Mapping[str, Any]) -> Expectation:
    _refuse_unknown(file, "an expectation", members, _EXPECTATION_MEMBERS)
    if "rule" not in members:
        raise GoldFileError(f"{file}: each expectation has a rule")
    action = members.get("action", "warn")
    if action not in ("stop", "warn"):
        raise GoldFileError(f"{file}: action is stop or warn, not {action}")
    rule = members["rule"]
    return Expectation(members.get("name", rule), action, f"NOT coalesce({rule}, false)")


def rows_of(table: GoldTable, session: SparkSession) -> DataFrame:
    """Runs the query of a gold table over the views of silver that the session has.

    Raises GoldFileError where the query cannot be run, or has other columns than the header says.
    No row is read for that.
    """
    try:
        rows = session.sql(table.query)
        found = rows.schema
        for one in table.expectations:
            if one.broken:
                rows.where(one.broken).schema  # noqa: B018  # analyses the rule
    except (
        AnalysisException,
        ParseException,
        # Sail's errors of syntax, and for unsupported features.
        IllegalArgumentException,
        UnsupportedOperationException,
    ) as error:
        raise GoldFileError(f"{table.file}: {_first_line(error)}") from error
    expected = [f"{column.name} {column.type.simpleString()}" for column in table.columns]
    actual = [f"{field.name} {field.dataType.simpleString()}" for field in found]
    if expected != actual:
        raise GoldFileError(
            f"{table.file}: the query has the columns {', '.join(actual)}; "
            f"the header says {', '.join(expected)}"
        )
    return rows


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def check_all(
    tables: tuple[GoldTable, ...], views: Mapping[str, spark.StructType], session: SparkSession
) -> None:
    """Analyses every query over empty tables with the schemas of silver, so that a broken one is
    found before silver changes."""
    show_views({name: session.createDataFrame([], schema) for name, schema in views.items()})
    for table in tables:
        rows_of(table, session)


def show_views(views: Mapping[str, DataFrame]) -> None:
    """Makes silver's tables known to queries."""
    for name, rows in views.items():
        rows.createOrReplaceTempView(name)
