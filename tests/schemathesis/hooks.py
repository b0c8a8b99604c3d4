"""What schemathesis cannot know of this API, said as narrowly as it can be.

JSON Schema does not reach these: that a row's references must name rows and its id must be free,
that the body must be of the table that the path names, that a batch has 1 to 1000 rows over all of
its tables, that an Idempotency-Key goes with one request, and that a whole number is written
without a fraction (7.0 is an integer to JSON Schema), and that an id must be free where a condition
says so; rules of rows and what unique columns have already, and which table has ids of which form;
which columns a filter may name, that ids goes alone, what a file may be called and its
settings say together, that a group must give a right, who may have an account, which passwords are
good, and that a page of accounts is known by what the one before said. A request that only fails
for one of those is good as far as its schema tells, and may be refused; nothing else may. And an
insert answers for each row: one that takes some rows and refuses those that their schema refuses
has refused what was wrong. Every other failure of every check stays one.
"""

import json
import os

import jsonschema_rs
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

from people import operator_token

MAX_ROWS = 1000
# The codes of rows that depend on what is in the database, or on a comparison of columns.
FACTS = {"duplicate_id", "duplicate_in_batch", "duplicate_value", "unknown_reference", "rule"}


def rejected_codes(answer):
    """The codes of every refused row: of an insert's answer, or of the problem of a PUT."""
    if "tables" in answer:
        rejected = [row for table in answer["tables"].values() for row in table["rejected"]]
        return [error["code"] for row in rejected for error in row["errors"]]
    return [error["code"] for error in answer.get("errors", []) if "code" in error]


def schema_of_rows(case, table):
    """What the document says of a row of this table in a request of this method."""
    form = "Put" if case.method.upper() == "PUT" else "Insert"
    name = "".join(word.capitalize() for word in table.split("_")) + form
    return case.operation.schema.raw_schema["components"]["schemas"][name]


def is_of_the_paths_table(case):
    """Whether the body is rows of the table that the path names; True where it names none."""
    table = (case.path_parameters or {}).get("table")
    if table is None:
        return True
    schema = schema_of_rows(case, table)
    rows = case.body if isinstance(case.body, list) else [case.body]
    return all(jsonschema_rs.is_valid(schema, row) for row in rows)


def refused_the_wrong_rows(case, answer):
    """Whether an insert that took some rows refused each row that its table's schema refuses."""
    table = (case.path_parameters or {}).get("table")
    wrong = {
        (name, index)
        for name, rows in (case.body.items() if table is None else [(table, case.body)])
        for index, row in enumerate(rows)
        if not jsonschema_rs.is_valid(schema_of_rows(case, name), row)
    }
    refused = {(name, row["index"]) for name, part in answer["tables"].items() for row in part["rejected"]}
    return bool(wrong) and wrong <= refused


def is_another_id(case, answer):
    """Whether the id in the body of a PUT is not the path's."""
    messages = [error.get("message", "") for error in answer.get("errors", [])]
    return case.method.upper() == "PUT" and any(text.endswith("as in the path") for text in messages)


def may_be_of_another_table(case, name):
    """Whether ids have several forms, of which the table of the path has one."""
    paths = case.operation.schema.raw_schema["paths"]
    parameters = paths[case.operation.path][case.method.lower()]["parameters"]
    return any(one.get("name") == name and "anyOf" in one["schema"] for one in parameters)


def has_fractions(value):
    """Whether a number in it is written with a fraction."""
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, float) or isinstance(value, list) and any(map(has_fractions, value))


def is_beyond_schemas(case, kind):
    """Whether a 400 of this kind may be for what no schema of this method reaches."""
    path, query = case.operation.path, set(case.query or {})
    if kind == "urn:rowgate:problem:invalid-parameter":
        if path.startswith("/tables/{table}/rows"):
            name = "id" if path.endswith("{id}") else "after"
            is_given = name == "id" or name in query
            return bool(query & {"filter", "ids"}) or is_given and may_be_of_another_table(case, name)
        return path == "/accounts" and "after" in query
    if kind == "urn:rowgate:problem:wrong-shape":
        return path in ("/register", "/uploads", "/uploads/check") or path.endswith("/approve")
    return False


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 207:
        return not refused_the_wrong_rows(case, json.loads(response.content))
    if not isinstance(failure, RejectedPositiveData) or response.status_code not in (400, 412, 422):
        return True
    if response.status_code == 412:
        return (case.headers or {}).get("If-None-Match") != "*"
    answer = json.loads(response.content)
    kind = answer.get("type")
    if kind == "urn:rowgate:problem:row-count":
        rows = sum(map(len, case.body.values() if isinstance(case.body, dict) else [case.body]))
        return 1 <= rows <= MAX_ROWS
    if kind == "urn:rowgate:problem:idempotency-key-reused":
        return "Idempotency-Key" not in (case.headers or {})
    if kind in ("urn:rowgate:problem:password", "urn:rowgate:problem:invalid-upload"):
        return False
    if response.status_code == 400:
        return not is_beyond_schemas(case, kind)
    if not is_of_the_paths_table(case) or is_another_id(case, answer):
        return False
    codes = set(rejected_codes(answer))
    return not codes or not codes <= (FACTS | {"type"} if has_fractions(case.body) else FACTS)


if os.environ.get("ROWGATE_DOOR") == "people":

    @schemathesis.auth(refresh_interval=120)
    class Token:
        """The operator's token, anew before it expires."""

        def get(self, case, context):
            return operator_token()

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
