"""Every value survives from the Avro file to gold, whatever engine carries it."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.backups import DATE, TIMESTAMP, Backups, Part, at, decimal, nullable
from support.pipeline import Pipeline, sources

COLUMNS = {
    "i": ("integer", "int"),
    "l": ("bigint", "long"),
    "m": ("decimal(38,10)", decimal(38, 10)),
    "s": ("string(100)", "string"),
    "b": ("boolean", "boolean"),
    "d": ("date", DATE),
    "t": ("timestamp", TIMESTAMP),
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
    },
    {
        "i": 2**31 - 1,
        "l": 2**63 - 1,
        "m": Decimal("9999999999999999999999999999.9999999999"),
        "s": "😀\u0000'\"\\\n\t,é",
        "b": True,
        "d": date(9999, 12, 31),
        "t": at("9999-12-31T23:59:59.999"),
    },
    {
        "i": 0,
        "l": 0,
        "m": Decimal(0),
        "s": "NULL",
        "b": None,
        "d": date(1582, 10, 10),
        "t": at("1900-01-01T00:00:00"),
    },
    dict.fromkeys(COLUMNS),
]


def carried(pipeline: Pipeline, backups: Backups, rows: list[dict]) -> None:
    """Runs rows through the pipeline and compares each table with them."""
    numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    pipeline.run(TEXT, backups.make({"things": Part(FIELDS, numbered)}))
    for name in ("bronze/things", "silver/things", "silver/things_history", "gold/everything"):
        found = [{column: row[column] for column in FIELDS} for row in pipeline.rows(name, "id")]
        assert found == numbered, name
    assert not [row for row in pipeline.rows("gold/rowgate_quality") if row["rows_broken"]]


def test_both_ends_of_every_type_and_nulls_everywhere(pipeline: Pipeline, backups: Backups) -> None:
    carried(pipeline, backups, EXTREMES)
    # And through a MERGE, where every row changes to another and the first two keys go.
    rows = [{"id": number, **row} for number, row in enumerate([*EXTREMES[2:], *EXTREMES], 3)]
    pipeline.run(TEXT, backups.make({"things": Part(FIELDS, rows)}))
    found = [row for row in pipeline.rows("silver/things", "id") if row["_deleted_at"] is None]
    assert [{column: row[column] for column in FIELDS} for row in found] == rows
    valid = [
        row for row in pipeline.rows("silver/things_history", "id") if row["_valid_to"] is None
    ]
    assert [{column: row[column] for column in FIELDS} for row in valid] == rows


# Dates before 1582 are those of the proleptic Gregorian calendar, as MySQL has them.
VALUES = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(2**31), 2**31 - 1),
        "l": st.none() | st.integers(-(2**63), 2**63 - 1),
        "m": st.none()
        | st.decimals("-9999999999999999999999999999", "9999999999999999999999999999", places=10),
        "s": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
        "b": st.none() | st.booleans(),
        "d": st.none() | st.dates(date(1000, 1, 1)),
        "t": st.none()
        | st.integers(-30610224000000, 253402300799999).map(
            lambda ms: at("1970-01-01") + timedelta(milliseconds=ms)
        ),
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
    assert found == numbered
