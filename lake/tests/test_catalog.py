"""The catalog knows every table, its columns and what they mean."""

import boto3
from support import hr
from support.backups import Backups
from support.pipeline import Pipeline, sources

HR = sources(hr.DICTIONARY, people=hr.COUNT_BY_DEPARTMENT)


def test_every_table_is_found_with_its_columns(pipeline: Pipeline, backups: Backups) -> None:
    glue = boto3.client("glue")
    tables = {"departments": hr.departments("A"), "employees": hr.employees(hr.employee(1))}
    pipeline.run(HR, backups.make(tables))
    names = {
        layer: sorted(
            table["Name"]
            for table in glue.get_tables(DatabaseName=f"{pipeline.prefix}{layer}")["TableList"]
        )
        for layer in ("bronze", "silver", "gold")
    }
    assert names == {
        "bronze": ["departments", "employees"],
        "silver": ["departments", "departments_history", "employees", "employees_history"],
        "gold": ["people", "rowgate_quality"],
    }
    found = glue.get_table(DatabaseName=f"{pipeline.prefix}silver", Name="employees")["Table"]
    assert found["Description"] == "Who was hired."
    assert found["Parameters"]["table_type"] == "DELTA"
    storage = found["StorageDescriptor"]
    assert storage["Location"] == f"s3://{pipeline.bucket}/silver/employees/"
    assert storage["Columns"][0] == {
        "Name": "id",
        "Type": "int",
        "Comment": "Identifies the employee.",
    }
    types = {column["Name"]: column["Type"] for column in storage["Columns"]}
    assert types["_department_id_found"] == "boolean"
    assert types["_changed_at"] == "timestamp"


def test_new_columns_reach_the_catalog(pipeline: Pipeline, backups: Backups) -> None:
    tables = {"departments": hr.departments("A")}
    only = sources(hr.DICTIONARY.split("[[table]]")[1].join(["[[table]]", ""]))
    pipeline.run(only, backups.make(tables))
    wider = hr.DICTIONARY.split("[[table]]")[1].replace(
        "]\n", '    { name = "city", type = "string(5)", required = false, default = "Rome" },\n]\n'
    )
    pipeline.run(sources(f"[[table]]{wider}"), backups.make(tables))
    found = boto3.client("glue").get_table(
        DatabaseName=f"{pipeline.prefix}silver", Name="departments"
    )["Table"]
    assert "city" in [column["Name"] for column in found["StorageDescriptor"]["Columns"]]
