"""Compares gold with the reports of MySQL, row by row, for every year that gold has.

`python -m cloud.reports`, with the env file of a local cloud sourced, says what it compared; exit
code 1 where something differs.
"""

import sys
from typing import Any

from cloud.whole import Cloud

Difference = tuple[str, int]
"""A report and a year."""


def compare(cloud: Cloud) -> tuple[list[Difference], int]:
    """Gives what differs, and how many rows were compared."""
    years = [row["year"] for row in cloud.query("SELECT DISTINCT year FROM hires_by_quarter")]
    differing: list[Difference] = []
    rows = 0
    # And a year without any hires.
    for year in [*sorted(years), 1000]:
        gold = cloud.query(
            f"SELECT department, job, q1, q2, q3, q4 FROM hires_by_quarter WHERE year = {year}"
        )
        # The database orders names by its collation, Athena by their characters.
        if ordered(gold) != ordered(cloud.report("hires-by-quarter", year=year)):
            differing.append(("hires-by-quarter", year))
        rows += len(gold)
        for scope in ("year", "all"):
            gold = cloud.query(
                "SELECT id, department, hired FROM departments_above_mean "
                f"WHERE year = {year} AND scope = '{scope}' ORDER BY hired DESC, id"
            )
            if gold != cloud.report("departments-above-mean", year=year, scope=scope):
                differing.append((f"departments-above-mean, scope {scope}", year))
            rows += len(gold)
    return differing, rows


def ordered(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Gives the values of the rows in one order, whichever engine read them."""
    return sorted(tuple(row[name] for name in sorted(row)) for row in rows)


def main() -> None:
    """Prints what was compared."""
    differing, rows = compare(Cloud())
    for report, year in differing:
        print(f"error: gold is not what the report {report} of {year} says", file=sys.stderr)
    if differing:
        sys.exit(1)
    print(f"Gold equals the reports of the database, row by row: {rows} rows compared.")


if __name__ == "__main__":
    main()
