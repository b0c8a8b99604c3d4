"""The tables of `sql/dictionary.toml`, as far as the lake needs them.

The functions written in Rust check the dictionary in full before anything is deployed; here only
what the lake cannot do is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

import tomllib
from pyspark.sql import types as spark

from .errors import DictionaryError

Action = OneOf["stop", "warn"]
"""The effect of a broken expectation: end the run before gold is touched, or be recorded."""

DEFAULT_ACTIONS: Mapping[str, Action] = {
    "required": "stop",
    "references": "warn",
    "rules": "warn",
}


MAX_TEXT_BYTES = 65_535
"""The bytes that a text or a JSON document may have: what MySQL's TEXT holds."""

Literal = str | int | float | bool
"""A value in the dictionary: text says it as CSV does."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    """As the dictionary writes it: `decimal(10,2)`."""
    aliases: tuple[str, ...] = ()
    required: bool = True
    default: Literal | None = None
    key: bool = False
    unique: bool = False
    references: str | None = None
    personal: bool = False
    description: str = ""
    minimum: Literal | None = None
    maximum: Literal | None = None
    min_length: int | None = None
    values: tuple[Literal, ...] = ()

    @property
    def spark_type(self) -> spark.DataType:
        """The column's type in silver."""
        return spark_type(self.type)

    @property
    def max_length(self) -> int | None:
        """The characters that a text may have."""
        found = re.fullmatch(r"string\((\d+)\)", self.type)
        return int(found[1]) if found else None

    @property
    def max_bytes(self) -> int | None:
        """The bytes that a value may have."""
        if self.type in ("text", "json"):
            return MAX_TEXT_BYTES
        found = re.fullmatch(r"binary\((\d+)\)", self.type)
        return int(found[1]) if found else None

    def source_in(self, columns: Sequence[str]) -> str | None:
        """Finds this column among the columns of an older table: by its name, else by an alias."""
        return next((name for name in (self.name, *self.aliases) if name in columns), None)


@dataclass(frozen=True)
class Reference:
    """Columns that name a row of a table by its key."""

    columns: tuple[str, ...]
    """In the order of the key that they name."""
    table: str


@dataclass(frozen=True)
class Table:
    """A table of the dictionary."""

    name: str
    columns: tuple[Column, ...]
    references: tuple[Reference, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    """Columns whose values together no two rows share, beside the key."""
    checks: tuple[str, ...] = ()
    """Comparisons of two columns that each row keeps: `ends_on >= starts_on`."""
    aliases: tuple[str, ...] = ()
    description: str = ""
    actions: Mapping[str, Action] = field(default_factory=lambda: DEFAULT_ACTIONS, hash=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns of the primary key."""
        return tuple(column.name for column in self.columns if column.key)


@dataclass(frozen=True)
class Dictionary:
    """All tables that backups hold, by name."""

    tables: Mapping[str, Table]

    def find(self, name: str) -> Table | None:
        """Finds a table by its name or alias."""
        if name in self.tables:
            return self.tables[name]
        return next((table for table in self.tables.values() if name in table.aliases), None)


def parse(text: str) -> Dictionary:
    """Reads the dictionary's TOML.

    Raises DictionaryError where the lake cannot hold a table.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DictionaryError(f"sql/dictionary.toml cannot be read: {error}") from error
    return Dictionary({block["name"]: _table(block) for block in document.get("table", [])})


def _table(block: Mapping[str, Any]) -> Table:
    columns = tuple(_column(column) for column in block["columns"])
    table = Table(
        name=block["name"],
        columns=columns,
        references=_references(block, columns),
        unique=(
            *((column.name,) for column in columns if column.unique),
            *(tuple(names) for names in block.get("unique", ())),
        ),
        checks=_checks(block.get("check", ())),
        aliases=tuple(block.get("aliases", ())),
        description=block.get("description", ""),
        actions={**DEFAULT_ACTIONS, **block.get("expectations", {})},
    )
    if table.name.endswith("_history"):
        raise DictionaryError(
            f"the table {table.name} takes the name of a history; the lake cannot hold it"
        )
    for column in columns:
        try:
            spark_type(column.type)
        except ValueError as error:
            raise DictionaryError(f"table {table.name}, column {column.name}: {error}") from error
        if column.key and column.personal:
            raise DictionaryError(
                f"table {table.name}, column {column.name}: "
                "a key cannot be personal in the lake, which finds rows by it"
            )
    return table


def _references(block: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Reference, ...]:
    return (
        *(Reference((column.name,), column.references) for column in columns if column.references),
        *(Reference(tuple(one["columns"]), one["table"]) for one in block.get("references", ())),
    )


def _checks(found: str | Sequence[str]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else tuple(found)


def _column(block: Mapping[str, Any]) -> Column:
    known = {name: block[name] for name in Column.__dataclass_fields__ if name in block}
    for name in ("aliases", "values"):
        known[name] = tuple(known.get(name, ()))
    return Column(**known)


_SIMPLE = {
    "smallint": spark.ShortType(),
    "integer": spark.IntegerType(),
    "bigint": spark.LongType(),
    "double": spark.DoubleType(),
    "text": spark.StringType(),
    "boolean": spark.BooleanType(),
    "date": spark.DateType(),
    # Delta has no times of day: `16:02:08`, which sorts and compares as the time does.
    "time": spark.StringType(),
    "timestamp": spark.TimestampType(),
    "timestamp(3)": spark.TimestampType(),
    "timestamp(6)": spark.TimestampType(),
    "uuid": spark.StringType(),
    "json": spark.StringType(),
}


def spark_type(name: str) -> spark.DataType:
    """Gives the Spark type of a type of the dictionary. Raises ValueError for an unknown type."""
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name == "string" or re.fullmatch(r"string\(\d+\)", name):
        return spark.StringType()
    if name == "binary" or re.fullmatch(r"binary\(\d+\)", name):
        return spark.BinaryType()
    if found := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", name):
        precision, scale = int(found[1]), int(found[2])
        if precision > 38:
            raise ValueError(f"{name} has more than the 38 digits of Spark's decimals")
        return spark.DecimalType(precision, scale)
    raise ValueError(f"the lake has no type {name}")
