"""Tables with keys of several columns and of other types, unique columns, rules and references."""

from datetime import date
from decimal import Decimal

import pytest
from rowgate_lake.errors import ExpectationsBrokenError
from rowgate_lake.settings import Personal, Step
from support.backups import DATE, UUID, Backups, Part, at, decimal, nullable
from support.pipeline import Pipeline, sources

DICTIONARY = """
[[table]]
name = "plots"
unique = [["street", "house"]]
columns = [
    { name = "district", type = "string(9)", key = true },
    { name = "number", type = "smallint", key = true },
    { name = "street", type = "string(40)", personal = true },
    { name = "house", type = "integer", required = false },
]

[[table]]
name = "leases"
check = "ends_on >= starts_on"
references = [{ columns = ["district", "plot"], table = "plots" }]
columns = [
    { name = "it", type = "uuid", key = true },
    { name = "starts_on", type = "date", key = true, minimum = "2000-01-01" },
    { name = "ends_on", type = "date", required = false },
    { name = "district", type = "string(9)", required = false, min_length = 2 },
    { name = "plot", type = "smallint", required = false, maximum = 100 },
    { name = "state", type = "string(9)", values = ["open", "it's shut"], unique = true },
    { name = "rent", type = "decimal(6,2)", minimum = 0, default = "1.5" },
]
"""
KNOWN = sources(DICTIONARY)
PLOTS = {"district": "string", "number": "int", "street": "string", "house": nullable("int")}
LEASES = {
    "it": UUID,
    "starts_on": DATE,
    "ends_on": nullable(DATE),
    "district": nullable("string"),
    "plot": nullable("int"),
    "state": "string",
    "rent": decimal(6, 2),
}
ONE = "00000000-0000-4000-8000-000000000001"
DAYS = [at(f"2026-01-0{day}T02:00:00") for day in range(1, 5)]


def plots(*rows: tuple[object, ...]) -> Part:
    """Plots in the order of their columns."""
    return Part(PLOTS, [dict(zip(PLOTS, row, strict=True)) for row in rows])


def lease(day: date, **other: object) -> dict[str, object]:
    """A lease that starts on a day."""
    usual = {"it": ONE, "starts_on": day, "ends_on": None, "district": None, "plot": None}
    return {**usual, "state": "open", "rent": Decimal("10.00"), **other}


def test_rows_are_found_by_all_columns_of_their_key(pipeline: Pipeline, backups: Backups) -> None:
    nights = [
        [("A", 1, "x", 1), ("A", 2, "x", 2), ("B", 1, "x", 3)],
        [("A", 1, "x", 1), ("A", 2, "x", 9), ("B", 1, "x", 3), ("B", 2, "x", None)],
        [("A", 2, "x", 9), ("B", 2, "x", None)],
    ]
    for night in nights:
        pipeline.with_(personal=Personal.KEEP).run(
            KNOWN, backups.make({"plots": plots(*night)}), Step.BRONZE, Step.SILVER
        )
    current = pipeline.rows("silver/plots", "district", "number")
    assert [(*key(row), row["house"], row["_deleted_at"]) for row in current] == [
        ("A", 1, 1, DAYS[2]),
        ("A", 2, 9, None),
        ("B", 1, 3, DAYS[2]),
        ("B", 2, None, None),
    ]
    history = pipeline.rows("silver/plots_history", "district", "number", "_valid_from")
    assert [(*key(row), row["house"], row["_valid_from"], row["_valid_to"]) for row in history] == [
        ("A", 1, 1, DAYS[0], DAYS[2]),
        ("A", 2, 2, DAYS[0], DAYS[1]),
        ("A", 2, 9, DAYS[1], None),
        ("B", 1, 3, DAYS[0], DAYS[2]),
        ("B", 2, None, DAYS[1], None),
    ]
    assert pipeline.json("state/silver/plots.json")["keys"] == ["district", "number"]


def key(row: dict) -> tuple[str, int]:
    """The key of a plot."""
    return row["district"], row["number"]


def test_a_reference_of_several_columns_names_a_row(pipeline: Pipeline, backups: Backups) -> None:
    leases = [
        lease(date(2020, 1, 1), district="AA", plot=1, state="open"),
        lease(date(2020, 1, 2), district="AA", plot=2, state="it's shut"),
        lease(date(2020, 1, 3), district="AA", state="none"),
    ]
    tables = {"plots": plots(("AA", 1, "x", 1), ("BB", 2, "y", 2)), "leases": Part(LEASES, leases)}
    pipeline.run(KNOWN, backups.make(tables))
    rows = pipeline.rows("silver/leases", "starts_on")
    assert [row["_district_plot_found"] for row in rows] == [True, False, None]
    assert broken(pipeline) == {
        "district, plot references plots": (3, 1, f"{ONE}/2020-01-02"),
        "state is one of its values": (3, 1, f"{ONE}/2020-01-03"),
    }


def test_rows_that_break_rules_are_recorded(pipeline: Pipeline, backups: Backups) -> None:
    leases = [
        lease(date(1999, 12, 31), ends_on=date(1999, 12, 30), state="open"),
        lease(date(2000, 1, 1), ends_on=date(2000, 1, 1), state="open"),
        lease(date(2000, 1, 2), district="A", plot=101, rent=Decimal("-0.01"), state="it's shut"),
    ]
    tables = {
        "plots": plots(
            ("A", 101, "x", 1), ("A", 1, "x", 1), ("B", 1, "y", None), ("B", 2, "y", None)
        ),
        "leases": Part(LEASES, leases),
    }
    pipeline.run(KNOWN, backups.make(tables))
    first, last = f"{ONE}/1999-12-31", f"{ONE}/2000-01-02"
    assert broken(pipeline) == {
        "district has at least 2 characters": (3, 1, last),
        "ends_on >= starts_on": (3, 1, first),
        "plot is at most 100": (3, 1, last),
        "rent is at least 0": (3, 1, last),
        "starts_on is at least 2000-01-01": (3, 1, first),
        "unique state": (3, 1, "open"),
        "unique street, house": (4, 1, None),  # the street is personal
    }


def test_a_key_of_several_columns_that_two_rows_share_stops(
    pipeline: Pipeline, backups: Backups
) -> None:
    tables = {"plots": plots(("A", 1, "x", 1), ("A", 2, "x", 2), ("A", 2, "y", 3))}
    with pytest.raises(ExpectationsBrokenError, match=r"unique key .*\(key A/2\)"):
        pipeline.run(KNOWN, backups.make(tables))


def broken(pipeline: Pipeline) -> dict[str, tuple[int, int, str | None]]:
    """Returns the records of broken expectations."""
    return {
        row["expectation"]: (row["rows_checked"], row["rows_broken"], row["examples"])
        for row in pipeline.rows("gold/rowgate_quality", "expectation")
        if row["rows_broken"]
    }
