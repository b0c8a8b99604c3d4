"""Rows one by one and page by page, reports, and what Rowgate says about itself."""

import csv
import io
import json
import re
import time
from collections import Counter

from claims import claim
from client import OPERATOR, at_once, expect, ids_from, send
from samples import BASE, END, UNKNOWN_ID, YEAR, department, employee, job


def rows():
    tables = expect("GET /tables: the dictionary", 200, "GET", "/tables")
    names = {table["name"] for table in tables.json["tables"]}
    claim("The dictionary has the tables", names >= {"departments", "jobs", "employees"}, tables)
    claim("No table that users do not see", not any(name.startswith("rowgate") for name in names), names)

    expected = [BASE + number for number in (0, 1, 2, 4, 16, 20, 22, 30)] + list(range(BASE + 1_000, BASE + 3_000))
    claim("Rows come in id order, page by page, none twice, none missing", ids_from(BASE - 1, END, "employees", 700) == expected)
    page = expect("GET rows", 200, "GET", f"/tables/employees/rows?limit=3&after={BASE}")
    claim("limit and after", [row["id"] for row in page.json["rows"]] == expected[1:4], page)
    claim("next is the last id of the page", page.json["next"] == expected[3], page)
    claim("A page has rows and next", set(page.json) == {"rows", "next"}, page)
    claim("limit is 100 if not given", len(send("GET", f"/tables/employees/rows?after={BASE + 999}").json["rows"]) == 100)
    last = expect("limit may be 1000", 200, "GET", f"/tables/employees/rows?limit=1000&after={2**31 - 1}")
    claim("next is null at the end", last.json == {"rows": [], "next": None}, last)
    expect("limit may be 1", 200, "GET", "/tables/employees/rows?limit=1")
    for query in ("limit=0", "limit=1001", "limit=many", "after=x", "colour=red"):
        expect(f"A parameter that is none ({query})", 400, "GET", f"/tables/employees/rows?{query}")

    path = f"/tables/employees/rows/{BASE + 40}"
    expect("GET one row: 404 where there is none", 404, "GET", path)
    reply = expect("PUT creates", 201, "PUT", path, employee(40))
    claim("PUT answers with the row", reply.json == employee(40), reply)
    reply = expect("GET one row", 200, "GET", path)
    claim("The row is as it was put", reply.json == employee(40), reply)
    changed = {name: value for name, value in employee(40, name="Replaced").items() if name != "id"}
    reply = expect("PUT replaces; the id stands in the path", 200, "PUT", path, changed)
    claim("PUT has replaced", send("GET", path).json == employee(40, name="Replaced"), reply)
    reply = expect("A row that was read can be put back", 200, "PUT", path, send("GET", path).json)
    reply = expect("PUT of a bad row", 422, "PUT", path, employee(40, name="", job_id=UNKNOWN_ID))
    codes = sorted(error["code"] for error in reply.json.get("errors", []))
    claim("errors[] where there are several", codes == ["required", "unknown_reference"], reply)
    expect("PUT of no JSON", 400, "PUT", path, b"{")
    expect("PUT that is not JSON", 415, "PUT", path, b"{}", headers={"content-type": "text/plain"})
    reply = expect("DELETE answers 204", 204, "DELETE", path, key=OPERATOR)
    claim("204 has no body", reply.bytes == b"", reply)
    expect("DELETE: 404 where there is none", 404, "DELETE", path, key=OPERATOR)
    expect("A deleted row is gone", 404, "GET", path)
    expect("DELETE: 409 while other rows refer to it", 409, "DELETE", f"/tables/departments/rows/{BASE}", key=OPERATOR)
    expect("... and it is still there", 200, "GET", f"/tables/departments/rows/{BASE}")
    expect("PUT creates a department", 201, "PUT", f"/tables/departments/rows/{BASE + 41}", department(41))
    expect("DELETE of what no row refers to", 204, "DELETE", f"/tables/departments/rows/{BASE + 41}", key=OPERATOR)


def reports():
    hired = lambda year, month: f"{year}-{month:02}-01T00:00:00Z"
    rows = [
        employee(4_000 + number, department_id=BASE + 50 + number % 2, job_id=BASE + 50, datetime=hired(YEAR + 1, month))
        for number, month in enumerate((1, 4, 7, 8, 10), 1)
    ]
    rows += [employee(4_010 + number, department_id=BASE + 50, datetime=hired(YEAR + 2, 1)) for number in range(3)]
    send("POST", "/insert_data", {"departments": [department(50), department(51)], "jobs": [job(50)], "employees": rows})
    listed = expect("GET /reports: the reports and their parameters", 200, "GET", "/reports").json["reports"]
    reports = {report["name"]: report for report in listed}
    shipped = {"hires-by-quarter", "departments-above-mean"}
    claim("The reports that ship", set(reports) >= shipped, listed)
    claim("... with their parameters", all("year" in json.dumps(reports[name]["parameters"]) for name in shipped), listed)

    quarters = expect("GET /reports/{name}", 200, "GET", f"/reports/hires-by-quarter?year={YEAR + 1}")
    claim("A report has report, parameters, columns, rows",
          set(quarters.json) == {"report", "parameters", "columns", "rows"}, quarters)
    names = [column["name"] if isinstance(column, dict) else column for column in quarters.json["columns"]]
    claim("hires-by-quarter: its columns", names == ["department", "job", "q1", "q2", "q3", "q4"], quarters)
    one, two = (f"Department {BASE + number}" for number in (50, 51))
    numbers = ((one, (0, 1, 1, 0)), (two, (1, 0, 1, 1)))
    expected = [dict(zip(names, [name, f"Job {BASE + 50}", *hires])) for name, hires in numbers]
    claim("hires-by-quarter: hires for each department and job, ordered by department, then job",
          quarters.json["rows"] == expected, quarters)
    claim("... says its parameters", quarters.json["parameters"].get("year") == YEAR + 1, quarters)
    reply = send("GET", "/reports/hires-by-quarter")
    claim("year is 2021 if not given", reply.json["parameters"]["year"] == 2021, reply)

    mean = expect("departments-above-mean", 200, "GET", f"/reports/departments-above-mean?year={YEAR + 1}")
    claim("departments-above-mean: those that hired more than the mean of 2.5",
          mean.json["rows"] == [{"id": BASE + 51, "department": two, "hired": 3}], mean)
    whole = expect("scope=all", 200, "GET", f"/reports/departments-above-mean?year={YEAR + 1}&scope=all")
    claim("scope=all: every hire of the department against that year's mean",
          {(row["id"], row["hired"]) for row in whole.json["rows"]} >= {(BASE + 50, 5), (BASE + 51, 3)}, whole)
    hired = [row["hired"] for row in whole.json["rows"]]
    claim("... most first", hired == sorted(hired, reverse=True), whole)
    text = expect("Accept: text/csv", 200, "GET", f"/reports/hires-by-quarter?year={YEAR + 1}",
                  headers={"accept": "text/csv"})
    table = list(csv.reader(io.StringIO(text.bytes.decode())))
    cells = [[str(cell) for cell in row.values()] for row in expected]
    claim("CSV with a header", text.type == "text/csv" and table == [names] + cells, text)
    expect("A report that is not there", 404, "GET", "/reports/nothing")
    expect("A parameter of the wrong type", 400, "GET", "/reports/hires-by-quarter?year=soon")


def about():
    status = expect("GET /status where the database answers and the schema is current", 200, "GET", "/status")
    text = json.dumps(status.json)
    claim("... version, schema version, database latency", all(word in text for word in ("version", "schema", "latency")), status)
    reply = expect("GET /openapi.json", 200, "GET", "/openapi.json")
    document = reply.json
    claim("OpenAPI 3.1", str(document.get("openapi", "")).startswith("3.1"), reply)
    paths = {
        "/insert_data": "post", "/tables/{table}/rows": "get post", "/tables": "get",
        "/tables/{table}/rows/{id}": "get put delete", "/reports": "get", "/loads": "get", "/loads/{id}": "get",
        "/backups": "get post", "/backups/{id}": "get", "/restores": "post", "/restores/{id}": "get", "/status": "get",
        "/openapi.json": "get", "/docs": "get",
    }
    # Tables and reports may be named one by one, names of parameters are free.
    shape = lambda path: re.sub(r"\{[^}]*\}", "{}", path)
    found = {}
    for path, item in document.get("paths", {}).items():
        for name in ("departments", "jobs", "employees"):
            path = path.replace(f"/tables/{name}/", "/tables/{table}/")
        found.setdefault(shape(path), set()).update(item)
    for path, methods in paths.items():
        claim(f"The document has {methods} {path}", found.get(shape(path), set()) >= set(methods.split()), sorted(found.items()))
    text = json.dumps(document)
    claim("... with the row schemas from the dictionary", "department_name" in text and "job_name" in text and "255" in text)
    claim("... and none of a hidden table", "rowgate_canary" not in text)
    page = expect("GET /docs: a page to read and try it", 200, "GET", "/docs")
    claim("... is HTML", page.type == "text/html" and b"<html" in page.bytes.lower(), page)
    away = re.findall(rb'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)(?:https?:)?//[^"]*"', page.bytes)
    claim("... that needs nothing from elsewhere", away == [], away)


def throttle():
    # However slowly a busy machine lets requests in, some time they are too many.
    statuses = Counter()
    began = time.monotonic()
    while 429 not in statuses and time.monotonic() - began < 30:
        statuses.update(reply.status for reply in at_once(120, "GET", "/reports", key=OPERATOR, again=False))
    claim("A key is throttled by its usage plan: 429", 429 in statuses, statuses)
