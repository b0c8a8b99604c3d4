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


def test_revenue_by_month_category_and_region(pipeline: Pipeline, backups: Backups) -> None:
    money = decimal(10, 2)
    tables = {
        "clients": Part(
            {"id": "int", "client_name": "string", "region": "string", "since": DATE},
            [
                {"id": 1, "client_name": "A", "region": "north", "since": date(2020, 1, 1)},
                {"id": 2, "client_name": "B", "region": "south", "since": date(2020, 1, 1)},
            ],
        ),
        "products": Part(
            {"id": "int", "product_name": "string", "category": "string", "list_price": money},
            [
                {
                    "id": 1,
                    "product_name": "pen",
                    "category": "paper",
                    "list_price": Decimal("1.20"),
                },
                {
                    "id": 2,
                    "product_name": "pad",
                    "category": "paper",
                    "list_price": Decimal("3.00"),
                },
                {
                    "id": 3,
                    "product_name": "lamp",
                    "category": "light",
                    "list_price": Decimal("99999999.99"),
                },
            ],
        ),
        "sales": Part(
            {"id": "long", "client_id": "int", "sold_at": TIMESTAMP},
            [
                {"id": 1, "client_id": 1, "sold_at": at("2026-01-31T23:59:59.999")},
                {"id": 2, "client_id": 1, "sold_at": at("2026-02-01T00:00:00")},
                {"id": 3, "client_id": 2, "sold_at": at("2026-02-28T12:00:00")},
            ],
        ),
        "sales_items": Part(
            {
                "id": "long",
                "sale_id": "long",
                "product_id": "int",
                "quantity": "int",
                "unit_price": money,
            },
            [
                {
                    "id": 1,
                    "sale_id": 1,
                    "product_id": 1,
                    "quantity": 10,
                    "unit_price": Decimal("1.20"),
                },
                {
                    "id": 2,
                    "sale_id": 1,
                    "product_id": 2,
                    "quantity": 1,
                    "unit_price": Decimal("2.99"),
                },
                {
                    "id": 3,
                    "sale_id": 2,
                    "product_id": 1,
                    "quantity": 3,
                    "unit_price": Decimal("1.10"),
                },
                {
                    "id": 4,
                    "sale_id": 3,
                    "product_id": 3,
                    "quantity": 2**31 - 1,
                    "unit_price": Decimal("99999999.99"),
                },
            ],
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
