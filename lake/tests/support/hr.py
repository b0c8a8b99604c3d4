"""Two small tables that refer to each other, for tests that need no more."""

from .backups import TIMESTAMP, Part, Row, at, nullable

DICTIONARY = """
[[table]]
name = "departments"
columns = [
    { name = "id", type = "integer", key = true },
    { name = "department_name", type = "string(20)", aliases = ["department"] },
]

[[table]]
name = "employees"
description = "Who was hired."
columns = [
    { name = "id", type = "integer", key = true, description = "Identifies the employee." },
    { name = "name", type = "string(20)", personal = true },
    { name = "hired", type = "timestamp" },
    { name = "department_id", type = "integer", references = "departments", required = false },
]
"""

DEPARTMENT_FIELDS = {"id": "int", "department_name": "string"}
EMPLOYEE_FIELDS = {
    "id": "int",
    "name": "string",
    "hired": TIMESTAMP,
    "department_id": nullable("int"),
}

COUNT_BY_DEPARTMENT = """/*
title = "Employees by department"
key = ["department_id"]
columns = [
    { name = "department_id", type = "integer" },
    { name = "people", type = "bigint" },
]
expectations = [{ name = "somebody is there", rule = "people > 0", action = "stop" }]
*/
SELECT department_id, count(*) AS people
FROM employees
WHERE _department_id_found
GROUP BY department_id
"""


def departments(*names: str) -> Part:
    """Departments numbered from 1."""
    return Part(
        DEPARTMENT_FIELDS,
        [{"id": number, "department_name": name} for number, name in enumerate(names, 1)],
    )


def employee(
    number: int,
    name: str = "Ada",
    department: int | None = 1,
    hired: str = "2021-02-03T04:05:06.789",
) -> Row:
    """An employee."""
    return {"id": number, "name": name, "hired": at(hired), "department_id": department}


def employees(*rows: Row, parts: int = 1) -> Part:
    """Employees."""
    return Part(EMPLOYEE_FIELDS, rows, parts)
