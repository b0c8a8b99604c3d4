"""Gold: files of SQL become tables, checked before they are written."""

import boto3
import pytest
from rowgate_lake import gold
from rowgate_lake.errors import ExpectationsBrokenError, GoldFileError
from rowgate_lake.settings import Step
from support import hr
from support.backups import Backups
from support.pipeline import Pipeline, sources

HR = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)


def header(text: str = "", columns: str = '{ name = "n", type = "bigint" }') -> str:
    """A file of gold with this in its header."""
    return f'/* title = "T"\ncolumns = [{columns}]\n{text} */ SELECT count(*) AS n FROM employees'


def tables(*departments: int) -> dict:
    """A department for each number up to the highest, and an employee in each that is named."""
    names = [str(number) for number in range(1, max(departments, default=1) + 1)]
    rows = [
        hr.employee(number, department=department)
        for number, department in enumerate(departments, 1)
    ]
    return {"departments": hr.departments(*names), "employees": hr.employees(*rows)}


def test_queries_see_the_rows_that_are_there_and_every_version(
    pipeline: Pipeline, backups: Backups
) -> None:
    query = header().replace("employees", "employees_history")
    known = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT, versions=query)
    for departments in ((1, 1, 2), (1,)):
        pipeline.run(known, backups.make(tables(*departments)))
    assert [(row["department_id"], row["people"]) for row in pipeline.rows("gold/people")] == [
        (1, 1)
    ]
    assert [row["n"] for row in pipeline.rows("gold/versions")] == [3]


def test_what_depends_on_nothing_new_is_not_computed_again(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make(tables(1))
    pipeline.run(HR, backup)
    pipeline.run(HR, backup)
    assert pipeline.table("gold/people").version() == 0
    changed = sources(
        hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT.replace("WHERE _department_id_found", "")
    )
    pipeline.run(changed, backup, Step.GOLD)
    assert pipeline.table("gold/people").version() == 1


def test_a_broken_expectation_stops_before_any_table_of_gold_changes(
    pipeline: Pipeline, backups: Backups
) -> None:
    pipeline.run(HR, backups.make(tables(1)))
    strict = hr.COUNT_BY_DEPARTMENT.replace("people > 0", "people < 3")
    first = header('expectations = [{ name = "few", rule = "n < 99" }]')
    known = sources(hr.DICTIONARY, a_first=first, people=strict)
    with pytest.raises(
        ExpectationsBrokenError,
        match=r'gold.people: 1 of 2 rows break "somebody is there" \(key 2\)',
    ):
        pipeline.run(known, backups.make(tables(1, 2, 2, 2)))
    assert [row["people"] for row in pipeline.rows("gold/people")] == [1]
    assert not pipeline.has("gold/a_first")
    broken = [row for row in pipeline.rows("gold/rowgate_quality") if row["rows_broken"]]
    assert [
        (row["layer"], row["table_name"], row["action"], row["examples"]) for row in broken
    ] == [("gold", "people", "stop", "2")]


def test_a_key_that_two_rows_share_stops(pipeline: Pipeline, backups: Backups) -> None:
    header = 'title = "T"\nkey = ["name"]\ncolumns = [{ name = "name", type = "string" }]'
    query = f"/* {header} */ SELECT name FROM employees"
    with pytest.raises(ExpectationsBrokenError, match="unique key"):
        pipeline.run(sources(hr.DICTIONARY, names=query), backups.make(tables(1, 1)))


def names(pipeline: Pipeline) -> list[str]:
    """The tables and views of gold in the catalog."""
    found = boto3.client("glue").get_tables(DatabaseName=f"{pipeline.prefix}gold")["TableList"]
    return sorted(table["Name"] for table in found)


def test_a_table_whose_file_is_gone_leaves_the_catalog_and_comes_back_with_it(
    pipeline: Pipeline, backups: Backups
) -> None:
    view = {"Name": "a_view_of_an_analyst", "TableType": "VIRTUAL_VIEW"}
    boto3.client("glue").create_table(DatabaseName=f"{pipeline.prefix}gold", TableInput=view)
    backup = backups.make(tables(1))
    pipeline.run(HR, backup)
    pipeline.run(sources(hr.DICTIONARY, count=header()), backup, Step.GOLD)
    assert names(pipeline) == ["a_view_of_an_analyst", "count", "rowgate_quality"]
    assert "state/gold/people.json" not in pipeline.keys("state/gold/")
    pipeline.run(HR, backup, Step.GOLD)
    assert names(pipeline) == ["a_view_of_an_analyst", "people", "rowgate_quality"]


def test_a_table_that_was_taken_out_of_the_catalog_by_hand_comes_back(
    pipeline: Pipeline, backups: Backups
) -> None:
    backup = backups.make(tables(1))
    pipeline.run(HR, backup)
    boto3.client("glue").delete_table(DatabaseName=f"{pipeline.prefix}gold", Name="people")
    pipeline.run(HR, backup, Step.GOLD)
    assert names(pipeline) == ["people", "rowgate_quality"]


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("a_b.sql", header(), "a_b.sql: the name must be words of a-z and 0-9"),
        ("rowgate-quality.sql", header(), "names that begin with rowgate- are Rowgate's own"),
        (
            "a.sql",
            header('expectations = [{ rule = "n > 0" }, { rule = "n > 0" }]'),
            "a.sql: two expectations are called n > 0",
        ),
        ("a.sql", "SELECT 1", "a.sql: it must begin with a comment"),
        ("a.sql", "/* title = */ SELECT 1", "a.sql: the header cannot be read: Invalid value"),
        (
            "a.sql",
            header("colour = 1"),
            "a.sql: the header has no colour; there are columns, description",
        ),
        ("a.sql", '/* title = "T" */ SELECT 1', "a.sql: the header has no columns"),
        (
            "a.sql",
            header(columns='{ name = "n", type = "int" }'),
            "a.sql: column n: the lake has no type int",
        ),
        ("a.sql", header(columns='{ name = "n" }'), "a.sql: each column has a name and a type"),
        ("a.sql", header('key = ["m"]'), "a.sql: key names m, which is no column"),
        (
            "a.sql",
            header('expectations = [{ rule = "n > 0", action = "shout" }]'),
            "action is stop or warn, not shout",
        ),
        ("a.sql", header('expectations = [{ name = "x" }]'), "a.sql: each expectation has a rule"),
    ],
)
def test_a_file_says_what_is_wrong_with_it(file: str, text: str, problem: str) -> None:
    with pytest.raises(GoldFileError, match=problem):
        gold.parse(file, text)
