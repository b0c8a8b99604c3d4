"""The tables and queries that ship: those of the repository's `sql`, and those of each example."""

from datetime import date
from decimal import Decimal

import pytest
from rowgate_lake import gold, sources
from rowgate_lake.steps.bronze import silver_views
from support.backups import DATE, TIMESTAMP, Backups, Part, at, decimal
from support.ministack import REPOSITORY
from support.pipeline import Pipeline

FOLDERS = [REPOSITORY / "sql", *sorted(REPOSITORY.glob("examples/*/sql"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_query_of_gold_fits_its_header_and_the_dictionary(
    pipeline: Pipeline, folder: object
) -> None:
    found = sources.read(folder)
    assert found.gold
    gold.check_all(found.gold, silver_views(found, pipeline.personal), pipeline.session)


def part(columns: dict[str, object], *rows: tuple[object, ...]) -> Part:
    """Makes a part of rows that are tuples in the order of the columns."""
    return Part(columns, [dict(zip(columns, row, strict=True)) for row in rows])


def test_revenue_by_month_category_and_region(pipeline: Pipeline, backups: Backups) -> None:
    money = decimal(10, 2)
    tables = {
        "clients": part(
            {"id": "int", "client_name": "string", "region": "string", "since": DATE},
            (1, "A", "north", date(2020, 1, 1)),
            (2, "B", "south", date(2020, 1, 1)),
        ),
        "products": part(
            {"id": "int", "product_name": "string", "category": "string", "list_price": money},
            (1, "pen", "paper", Decimal("1.20")),
            (2, "pad", "paper", Decimal("3.00")),
            (3, "lamp", "light", Decimal("99999999.99")),
        ),
        "sales": part(
            {"id": "long", "client_id": "int", "sold_at": TIMESTAMP},
            (1, 1, at("2026-01-31T23:59:59.999")),
            (2, 1, at("2026-02-01T00:00:00")),
            (3, 2, at("2026-02-28T12:00:00")),
        ),
        "sales_items": part(
            {
                "id": "long",
                "sale_id": "long",
                "product_id": "int",
                "quantity": "int",
                "unit_price": money,
            },
            (1, 1, 1, 10, Decimal("1.20")),
            (2, 1, 2, 1, Decimal("2.99")),
            (3, 2, 1, 3, Decimal("1.10")),
            (4, 3, 3, 2**31 - 1, Decimal("99999999.99")),
        ),
    }
    pipeline.run(sources.read(REPOSITORY / "examples/sales/sql"), backups.make(tables))
    assert [
        tuple(row.values()) for row in pipeline.rows("gold/revenue_by_month", "month", "category")
    ] == [
        (date(2026, 1, 1), "paper", "north", 1, 11, Decimal("14.99")),
        (date(2026, 2, 1), "light", "south", 1, 2**31 - 1, Decimal("214748364678525163.53")),
        (date(2026, 2, 1), "paper", "north", 1, 3, Decimal("3.30")),
    ]
