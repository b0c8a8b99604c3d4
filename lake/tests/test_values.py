"""Every value survives from the Avro file to gold, whatever engine carries it."""

import json
from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import engines
from support.backups import (
    DATE,
    TIME,
    TIMESTAMP,
    TIMESTAMP_6,
    UUID,
    Backups,
    Part,
    at,
    decimal,
    nullable,
)
from support.pipeline import Pipeline, sources

COLUMNS = {
    "i": ("integer", "int"),
    "l": ("bigint", "long"),
    "m": ("decimal(38,10)", decimal(38, 10)),
    "s": ("string(100)", "string"),
    "b": ("boolean", "boolean"),
    "d": ("date", DATE),
    "t": ("timestamp", TIMESTAMP),
    "t3": ("timestamp(3)", TIMESTAMP),
    "t6": ("timestamp(6)", TIMESTAMP_6),
    "n": ("smallint", "int"),
    "f": ("double", "double"),
    "x": ("text", "string"),
    "c": ("time", TIME),
    "u": ("uuid", UUID),
    "j": ("json", "string"),
    "y": ("binary(8)", "bytes"),
}
DICTIONARY = (
    '[[table]]\nname = "things"\ncolumns = [\n{ name = "id", type = "integer", key = true },\n'
    + "\n".join(
        f'{{ name = "{name}", type = "{kind}", required = false }},'
        for name, (kind, _) in COLUMNS.items()
    )
    + "]"
)
GOLD_COLUMNS = ", ".join(
    f'{{ name = "{name}", type = "{"string" if name == "s" else kind}" }}'
    for name, (kind, _) in COLUMNS.items()
)
GOLD = {
    "everything.sql": '/* title = "All"\ncolumns = [{ name = "id", type = "integer" }, '
    f"{GOLD_COLUMNS}] */ SELECT id, {', '.join(COLUMNS)} FROM things"
}
TEXT = sources(DICTIONARY, everything=GOLD["everything.sql"])
FIELDS = {"id": "int", **{name: nullable(avro) for name, (_, avro) in COLUMNS.items()}}
EXTREMES = [
    {
        "i": -(2**31),
        "l": -(2**63),
        "m": Decimal("-9999999999999999999999999999.9999999999"),
        "s": "",
        "b": False,
        "d": date(1000, 1, 1),
        "t": at("1000-01-01T00:00:00"),
        "t3": at("1000-01-01T00:00:00.001"),
        "t6": at("1000-01-01T00:00:00.000001"),
        "n": -(2**15),
        "f": -1.7976931348623157e308,
        "x": "",
        "c": time(0, 0, 0),
        "u": "00000000-0000-0000-0000-000000000000",
        "j": "null",
        "y": b"",
    },
    {
        "i": 2**31 - 1,
        "l": 2**63 - 1,
        "m": Decimal("9999999999999999999999999999.9999999999"),
        "s": "😀\u0000'\"\\\n\t,é",
        "b": True,
        "d": date(9999, 12, 31),
        "t": at("9999-12-31T23:59:59.999"),
        "t3": at("9999-12-31T23:59:59.999"),
        "t6": at("9999-12-31T23:59:59.999999"),
        "n": 2**15 - 1,
        "f": 1.7976931348623157e308,
        "x": "😀\u0000'\"\\\n\t,é",
        "c": time(23, 59, 59),
        "u": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "j": '{"a": [1, "é"], "b": 1.5}',
        "y": bytes(range(248, 256)),
    },
    {
        "i": 0,
        "l": 0,
        "m": Decimal(0),
        "s": "NULL",
        "b": None,
        "d": date(1582, 10, 10),
        "t": at("1900-01-01T00:00:00"),
        "t3": at("1969-12-31T23:59:59.999"),
        "t6": at("1969-12-31T23:59:59.999999"),
        "n": 0,
        "f": 5e-324,
        "x": "NULL",
        "c": time(16, 2, 8),
        "u": "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a",
        "j": '""',
        "y": b"\x00",
    },
    dict.fromkeys(COLUMNS),
]


def shown(rows: list[dict]) -> list[dict]:
    """Rows as silver and gold have them: a time of day is text."""
    return [{**row, "c": row["c"] and row["c"].isoformat()} for row in rows]


def carried(pipeline: Pipeline, backups: Backups, rows: list[dict]) -> None:
    """Runs rows through the pipeline and compares each table with them."""
    numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    pipeline.run(TEXT, backups.make({"things": Part(FIELDS, numbered)}))
    same = [column for column in FIELDS if column != "c"]
    found = [
        {column: row[column] for column in same} for row in pipeline.rows("bronze/things", "id")
    ]
    assert found == [{column: row[column] for column in same} for row in numbered]
    for name in ("silver/things", "silver/things_history", "gold/everything"):
        found = [{column: row[column] for column in FIELDS} for row in pipeline.rows(name, "id")]
        assert found == shown(numbered), name
    assert not [row for row in pipeline.rows("gold/rowgate_quality") if row["rows_broken"]]


def test_both_ends_of_every_type_and_nulls_everywhere(pipeline: Pipeline, backups: Backups) -> None:
    carried(pipeline, backups, EXTREMES)
    # And through a MERGE, where every row changes to another and the first two keys go.
    rows = [{"id": number, **row} for number, row in enumerate([*EXTREMES[2:], *EXTREMES], 3)]
    pipeline.run(TEXT, backups.make({"things": Part(FIELDS, rows)}))
    found = [row for row in pipeline.rows("silver/things", "id") if row["_deleted_at"] is None]
    assert [{column: row[column] for column in FIELDS} for row in found] == shown(rows)
    valid = [
        row for row in pipeline.rows("silver/things_history", "id") if row["_valid_to"] is None
    ]
    assert [{column: row[column] for column in FIELDS} for row in valid] == shown(rows)


def moments(unit: timedelta) -> st.SearchStrategy:
    """Moments between the years 1000 and 9999."""
    first, last = at("1000-01-01"), at("9999-12-31T23:59:59.999")
    start = (first - at("1970-01-01")) // unit
    end = (last - at("1970-01-01")) // unit
    return st.integers(start, end).map(lambda count: at("1970-01-01") + count * unit)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)

# Where a file has one double alone, Sail (0.7.2) reads it from the statistics in Delta's log, as
# JSON, and so exactly only up to 15 digits and small exponents.
DOUBLES = (
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
    if engines.name() == "jvm"
    else st.builds(
        lambda digits, exponent: float(f"{digits}e{exponent}"),
        st.integers(-(10**15) + 1, 10**15 - 1),
        st.integers(-22, 7),
    )
)

# Dates before 1582 are those of the proleptic Gregorian calendar, as MySQL has them.
VALUES = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(2**31), 2**31 - 1),
        "l": st.none() | st.integers(-(2**63), 2**63 - 1),
        "m": st.none()
        | st.decimals("-9999999999999999999999999999", "9999999999999999999999999999", places=10),
        "s": st.none() | TEXTS,
        "b": st.none() | st.booleans(),
        "d": st.none() | st.dates(date(1000, 1, 1)),
        "t": st.none() | moments(timedelta(seconds=1)),
        "t3": st.none() | moments(timedelta(milliseconds=1)),
        "t6": st.none() | moments(timedelta(microseconds=1)),
        "n": st.none() | st.integers(-(2**15), 2**15 - 1),
        "f": st.none() | DOUBLES,
        "x": st.none() | TEXTS,
        "c": st.none() | st.times().map(lambda found: found.replace(microsecond=0)),
        "u": st.none() | st.uuids().map(str),
        "j": st.none() | st.text("abc").map(json.dumps),
        "y": st.none() | st.binary(max_size=8),
    }
)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(VALUES, max_size=40))
def test_any_value_survives(pipeline: Pipeline, backups: Backups, rows: list[dict]) -> None:
    numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    pipeline.run(TEXT, backups.make({"things": Part(FIELDS, numbered)}))
    found = [
        {column: row[column] for column in FIELDS} for row in pipeline.rows("gold/everything", "id")
    ]
    assert found == shown(numbered)
