"""A table that changes carries its change through bronze, silver and gold."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import types as spark
from rowgate_lake.evolution import common_type
from rowgate_lake.sources import Sources
from support.backups import (
    TIMESTAMP,
    TIMESTAMP_6,
    Backups,
    Part,
    at,
    decimal,
    nullable,
)
from support.pipeline import Pipeline, sources


def table(*columns: str) -> str:
    """A dictionary with one table."""
    return f"""[[table]]
name = "things"
columns = [{{ name = "id", type = "integer", key = true }}, {", ".join(columns)}]
"""


def all_of(*columns: str) -> str:
    """A file of gold that has these columns of things: `name type`."""
    listed = ", ".join(
        f'{{ name = "{name}", type = "{kind}" }}'
        for name, kind in (one.split(" ") for one in columns)
    )
    names = ", ".join(one.split(" ")[0] for one in columns)
    return f'/* title = "Things"\ncolumns = [{listed}] */ SELECT {names} FROM things'


def test_a_column_is_added(pipeline: Pipeline, backups: Backups) -> None:
    before = sources(
        table('{ name = "a", type = "integer" }'), all_things=all_of("id integer", "a integer")
    )
    pipeline.run(
        before,
        backups.make(
            {"things": Part({"id": "int", "a": "int"}, [{"id": 1, "a": 5}, {"id": 2, "a": 6}])}
        ),
    )
    after = sources(
        table(
            '{ name = "a", type = "integer" }, { name = "b", type = "string(9)", default = "new" }'
        ),
        all_things=all_of("id integer", "a integer", "b string"),
    )
    # A backup from before the column: its rows have the default, as a restore gives it.
    old_form = Part({"id": "int", "a": "int"}, [{"id": 1, "a": 5}, {"id": 2, "a": 7}])
    pipeline.run(after, backups.make({"things": old_form}))
    assert [(row["id"], row["a"], row["b"]) for row in pipeline.rows("gold/all_things", "id")] == [
        (1, 5, "new"),
        (2, 7, "new"),
    ]
    fields = {"id": "int", "a": "int", "b": "string"}
    rows = [{"id": 1, "a": 5, "b": "x"}, {"id": 2, "a": 7, "b": "new"}]
    pipeline.run(after, backups.make({"things": Part(fields, rows)}))
    bronze = pipeline.rows("bronze/things", "_backup", "id")
    assert [row["b"] for row in bronze] == [None, None, None, None, "x", "new"]
    assert [row["b"] for row in pipeline.rows("silver/things", "id")] == ["x", "new"]
    history = pipeline.rows("silver/things_history", "id", "_valid_from")
    assert [(row["id"], row["a"], row["b"]) for row in history] == [
        (1, 5, "new"),
        (1, 5, "x"),
        (2, 6, "new"),
        (2, 7, "new"),
    ]
    assert [row["b"] for row in pipeline.rows("gold/all_things", "id")] == ["x", "new"]


def test_a_column_is_widened(pipeline: Pipeline, backups: Backups) -> None:
    before = sources(
        table('{ name = "n", type = "integer" }, { name = "d", type = "decimal(5,2)" }'),
        all_things=all_of("id integer", "n integer", "d decimal(5,2)"),
    )
    narrow = {"id": "int", "n": "int", "d": decimal(5, 2)}
    pipeline.run(
        before, backups.make({"things": Part(narrow, [{"id": 1, "n": 5, "d": Decimal("1.25")}])})
    )
    after = sources(
        table('{ name = "n", type = "bigint" }, { name = "d", type = "decimal(12,4)" }'),
        all_things=all_of("id integer", "n bigint", "d decimal(12,4)"),
    )
    wide = {"id": "int", "n": "long", "d": decimal(12, 4)}
    rows = [
        {"id": 1, "n": 5, "d": Decimal("1.2500")},
        {"id": 2, "n": 2**40, "d": Decimal("12345678.1234")},
    ]
    pipeline.run(after, backups.make({"things": Part(wide, rows)}))
    expected = [(1, 5, Decimal("1.2500")), (2, 2**40, Decimal("12345678.1234"))]
    for name in ("silver/things", "silver/things_history", "gold/all_things"):
        assert [(row["id"], row["n"], row["d"]) for row in pipeline.rows(name, "id")] == expected, (
            name
        )
    assert [row["n"] for row in pipeline.rows("bronze/things", "_backup", "id")] == [5, 5, 2**40]


def test_every_type_that_becomes_wider_keeps_its_values(
    pipeline: Pipeline, backups: Backups
) -> None:
    moment = at("2021-07-27T16:02:08")
    kinds = {
        "n": ("smallint", "integer", "int", "int", 5, 2**17),
        "s": ("string(3)", "text", "string", "string", "abc", "abcd"),
        "t": ("timestamp", "timestamp(3)", TIMESTAMP, TIMESTAMP, moment, later(moment, 1000)),
        "u": ("timestamp(3)", "timestamp(6)", TIMESTAMP, TIMESTAMP_6, moment, later(moment, 1)),
        "y": ("binary(1)", "binary(2)", "bytes", "bytes", b"a", b"ab"),
    }

    def with_types(place: int) -> Sources:
        return sources(
            table(
                *(f'{{ name = "{name}", type = "{kind[place]}" }}' for name, kind in kinds.items())
            )
        )

    first = {"id": 1, **{name: kind[4] for name, kind in kinds.items()}}
    second = {"id": 2, **{name: kind[5] for name, kind in kinds.items()}}
    narrow, wide = (
        {"id": "int", **{name: kind[place] for name, kind in kinds.items()}} for place in (2, 3)
    )
    pipeline.run(with_types(0), backups.make({"things": Part(narrow, [first])}))
    pipeline.run(with_types(1), backups.make({"things": Part(wide, [first, second])}))
    for name in ("silver/things", "silver/things_history"):
        found = [{column: row[column] for column in first} for row in pipeline.rows(name, "id")]
        assert found == [first, second], name
    assert not [row for row in pipeline.rows("gold/rowgate_quality") if row["rows_broken"]]


def later(moment: datetime, microseconds: int) -> datetime:
    """A moment after another one."""
    return moment + timedelta(microseconds=microseconds)


def test_a_column_that_came_has_its_default_whatever_its_type(
    pipeline: Pipeline, backups: Backups
) -> None:
    defaults = {
        "n": ("smallint", "-7", -7),
        "f": ("double", '"0.5"', 0.5),
        "x": ("text", '"new"', "new"),
        "c": ("time", '"16:02:08"', "16:02:08"),
        "t": ("timestamp(6)", '"2021-07-27T16:02:08.000001Z"', at("2021-07-27T16:02:08.000001")),
        "u": (
            "uuid",
            '"1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a"',
            "1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a",
        ),
        "j": ("json", "'{\"a\": 1}'", '{"a": 1}'),
        "y": ("binary(2)", '"AP8="', b"\x00\xff"),
        "b": ("boolean", "true", True),
    }
    after = table(
        *(
            f'{{ name = "{name}", type = "{kind}", default = {default} }}'
            for name, (kind, default, _) in defaults.items()
        )
    )
    backup = backups.make({"things": Part({"id": "int"}, [{"id": 1}])})
    pipeline.run(sources(after), backup)
    [row] = pipeline.rows("silver/things", "id")
    expected = {name: value for name, (_, _, value) in defaults.items()}
    assert {name: row[name] for name in expected} == expected


def test_a_column_is_renamed_by_alias(pipeline: Pipeline, backups: Backups) -> None:
    before = sources(
        table('{ name = "a", type = "integer" }'), all_things=all_of("id integer", "a integer")
    )
    pipeline.run(
        before, backups.make({"things": Part({"id": "int", "a": "int"}, [{"id": 1, "a": 5}])})
    )
    after = sources(
        table('{ name = "b", type = "integer", aliases = ["a"] }'),
        all_things=all_of("id integer", "b integer"),
    )
    pipeline.run(
        after, backups.make({"things": Part({"id": "int", "a": "int"}, [{"id": 1, "a": 6}])})
    )
    pipeline.run(
        after, backups.make({"things": Part({"id": "int", "b": "int"}, [{"id": 1, "b": 7}])})
    )
    bronze = pipeline.rows("bronze/things", "_backup")
    assert [(row["a"], row["b"]) for row in bronze] == [(5, None), (6, None), (None, 7)]
    assert [row["b"] for row in pipeline.rows("silver/things")] == [7]
    assert "a" not in pipeline.rows("silver/things")[0]
    assert [row["b"] for row in pipeline.rows("silver/things_history", "_valid_from")] == [5, 6, 7]
    assert [row["b"] for row in pipeline.rows("gold/all_things")] == [7]


def test_a_key_is_renamed_by_alias(pipeline: Pipeline, backups: Backups) -> None:
    before = sources(table('{ name = "a", type = "integer" }'))
    rows = [{"id": 1, "a": 5}, {"id": 2, "a": 6}]
    pipeline.run(before, backups.make({"things": Part({"id": "int", "a": "int"}, rows)}))
    after = sources(
        table('{ name = "a", type = "integer" }').replace(
            'name = "id"', 'name = "number", aliases = ["id"]'
        )
    )
    rows = [{"number": 1, "a": 5}, {"number": 2, "a": 7}]
    pipeline.run(after, backups.make({"things": Part({"number": "int", "a": "int"}, rows)}))
    history = pipeline.rows("silver/things_history", "number", "_valid_from")
    assert [(row["number"], row["a"]) for row in history] == [(1, 5), (2, 6), (2, 7)]
    assert pipeline.json("state/silver/things.json")["keys"] == ["number"]


def test_a_column_that_was_dropped_stays_in_bronze_and_in_the_history(
    pipeline: Pipeline, backups: Backups
) -> None:
    both = table('{ name = "a", type = "integer" }, { name = "b", type = "integer" }')
    pipeline.run(
        sources(both),
        backups.make(
            {"things": Part({"id": "int", "a": "int", "b": "int"}, [{"id": 1, "a": 5, "b": 6}])}
        ),
    )
    one = sources(table('{ name = "a", type = "integer" }'))
    rows = [{"id": 1, "a": 5}, {"id": 2, "a": 7}]
    pipeline.run(one, backups.make({"things": Part({"id": "int", "a": "int"}, rows)}))
    assert "b" not in pipeline.rows("silver/things")[0]
    history = pipeline.rows("silver/things_history", "id")
    assert [(row["id"], row["b"], row["_valid_to"]) for row in history] == [
        (1, 6, None),
        (2, None, None),
    ]


def test_what_a_narrower_type_cannot_hold_becomes_null_in_old_versions(
    pipeline: Pipeline, backups: Backups
) -> None:
    wide = sources(table('{ name = "n", type = "bigint" }'))
    rows = [{"id": 1, "n": 2**40}, {"id": 2, "n": 2**40}, {"id": 3, "n": 7}]
    pipeline.run(wide, backups.make({"things": Part({"id": "int", "n": "long"}, rows)}))
    narrow = sources(table('{ name = "n", type = "integer", required = false }'))
    rows = [{"id": 1, "n": 5}, {"id": 3, "n": 7}]
    pipeline.run(narrow, backups.make({"things": Part({"id": "int", "n": "int"}, rows)}))
    found = [(row["id"], row["n"]) for row in pipeline.rows("silver/things", "id")]
    assert found == [(1, 5), (2, None), (3, 7)]
    history = pipeline.rows("silver/things_history", "id", "_valid_from")
    assert [(row["id"], row["n"]) for row in history] == [(1, None), (1, 5), (2, None), (3, 7)]


def test_a_value_that_no_longer_fits_is_reported(pipeline: Pipeline, backups: Backups) -> None:
    text = sources(table('{ name = "a", type = "string(3)" }'))
    pipeline.run(
        text, backups.make({"things": Part({"id": "int", "a": "string"}, [{"id": 1, "a": "12"}])})
    )
    number = sources(table('{ name = "a", type = "integer", required = false }'))
    rows = [{"id": 1, "a": "12"}, {"id": 2, "a": "x"}]
    pipeline.run(
        number, backups.make({"things": Part({"id": "int", "a": nullable("string")}, rows)})
    )
    assert [row["a"] for row in pipeline.rows("silver/things", "id")] == [12, None]
    broken = [row for row in pipeline.rows("gold/rowgate_quality") if row["rows_broken"]]
    assert [(row["expectation"], row["action"], row["examples"]) for row in broken] == [
        ("a is integer", "warn", "2")
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("int", "bigint", "bigint"),
        ("decimal(5,2)", "decimal(4,3)", "decimal(6,3)"),
        ("int", "decimal(5,2)", "decimal(12,2)"),
        ("decimal(38,0)", "decimal(38,30)", "string"),
        ("string", "int", "string"),
        ("date", "timestamp", "string"),
        ("boolean", "boolean", "boolean"),
    ],
)
def test_two_types_have_one_that_holds_both(one: str, other: str, expected: str) -> None:
    types = {
        "int": spark.IntegerType(),
        "bigint": spark.LongType(),
        "string": spark.StringType(),
        "date": spark.DateType(),
        "timestamp": spark.TimestampType(),
        "boolean": spark.BooleanType(),
    }

    def of(name: str) -> spark.DataType:
        if name in types:
            return types[name]
        precision, scale = name.removeprefix("decimal(").removesuffix(")").split(",")
        return spark.DecimalType(int(precision), int(scale))

    assert common_type(of(one), of(other)).simpleString() == expected
    assert common_type(of(other), of(one)).simpleString() == expected
