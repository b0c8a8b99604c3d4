"""The tables and queries that ship: those of the repository's `sql`, and those of each example."""

from datetime import date
from decimal import Decimal

import pytest
from rowgate_lake import gold, sources
from rowgate_lake.steps.bronze import silver_views
from support.backups import DATE, TIMESTAMP, Backups, Part, at, decimal, nullable
from support.ministack import REPOSITORY
from support.pipeline import Pipeline

UUID = {"type": "string", "logicalType": "uuid"}
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
    ada, ben = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    client = ("A", "B", None)
    tables = {
        "clients": part(
            {
                "id": UUID,
                "email": "string",
                "first_name": "string",
                "last_name": "string",
                "company": nullable("string"),
                "region": "string",
                "client_since": DATE,
            },
            (ada, "a@example.com", *client, "north", date(2020, 1, 1)),
            (ben, "b@example.com", *client, "south", date(2020, 1, 1)),
        ),
        "client_addresses": part(
            {
                "client_id": UUID,
                "number": "int",
                "street": "string",
                "postcode": "string",
                "city": "string",
            },
            (ada, 1, "Street 1", "1000", "Town"),
            (ben, 1, "Street 2", "2000", "City"),
        ),
        "sales_people": part(
            {
                "id": "int",
                "name": "string",
                "region": "string",
                "started_on": DATE,
                "left_on": nullable(DATE),
            },
            (1, "C", "north", date(2020, 1, 1), None),
        ),
        "products": part(
            {
                "sku": "string",
                "product_name": "string",
                "category": "string",
                "list_price": money,
                "introduced_on": DATE,
                "details": nullable("string"),
            },
            ("PEN-0001", "pen", "storage", Decimal("1.20"), date(2020, 1, 1), None),
            ("PAD-0001", "pad", "storage", Decimal("3.00"), date(2020, 1, 1), None),
            ("LMP-0001", "lamp", "lighting", Decimal("99999999.99"), date(2020, 1, 1), None),
        ),
        "sales": part(
            {
                "id": "long",
                "client_id": UUID,
                "address_number": "int",
                "sales_person_id": nullable("int"),
                "channel": "string",
                "sold_at": TIMESTAMP,
                "shipped_at": nullable(TIMESTAMP),
            },
            (1, ada, 1, None, "web", at("2026-01-31T23:59:59.999"), None),
            (2, ada, 1, None, "web", at("2026-02-01T00:00:00"), None),
            (3, ben, 1, None, "web", at("2026-02-28T12:00:00"), None),
        ),
        "sales_items": part(
            {
                "sale_id": "long",
                "line": "int",
                "sku": "string",
                "quantity": "int",
                "unit_price": money,
            },
            (1, 1, "PEN-0001", 10, Decimal("1.20")),
            (1, 2, "PAD-0001", 1, Decimal("2.99")),
            (2, 1, "PEN-0001", 3, Decimal("1.10")),
            (3, 1, "LMP-0001", 2**31 - 1, Decimal("99999999.99")),
        ),
    }
    pipeline.run(sources.read(REPOSITORY / "examples/sales/sql"), backups.make(tables))
    assert [
        tuple(row.values()) for row in pipeline.rows("gold/revenue_by_month", "month", "category")
    ] == [
        (date(2026, 1, 1), "storage", "north", 1, 11, Decimal("14.99")),
        (date(2026, 2, 1), "lighting", "south", 1, 2**31 - 1, Decimal("214748364678525163.53")),
        (date(2026, 2, 1), "storage", "north", 1, 3, Decimal("3.30")),
    ]
