"""The right to call, sending rows, and refusals."""

from claims import claim
from client import OPERATOR, at_once, expect, ids_from, send
from samples import BASE, END, UNKNOWN_ID, department, employee, job, new_key

CODES = {
    "required", "type", "too_long", "out_of_range", "timestamp", "unknown_column", "duplicate_id", "duplicate_in_batch",
    "unknown_reference",
}


def keys():
    for method, path in [
        ("POST", "/insert_data"), ("POST", "/tables/jobs/rows"), ("GET", "/tables"), ("GET", "/tables/jobs/rows"),
        ("GET", "/tables/jobs/rows/1"), ("PUT", "/tables/jobs/rows/1"), ("DELETE", "/tables/jobs/rows/1"),
        ("GET", "/reports"), ("GET", "/reports/hires-by-quarter"), ("GET", "/loads"), ("GET", "/loads/x"),
        ("POST", "/backups"), ("GET", "/backups"), ("GET", "/backups/x"), ("POST", "/restores"), ("GET", "/restores/x"),
        ("GET", "/status"), ("GET", "/openapi.json"), ("GET", "/docs"),
    ]:
        body = {} if method in ("POST", "PUT") else None
        expect(f"{method} {path} needs a valid x-api-key: without one", 403, method, path, body, key=None)
        expect(f"{method} {path} needs a valid x-api-key: with a wrong one", 403, method, path, body, key="x" * 40)
    for method, path, body in [
        ("POST", "/backups", None), ("POST", "/restores", {"backup": "latest", "mode": "verify"}),
        ("DELETE", f"/tables/jobs/rows/{UNKNOWN_ID}", None),
    ]:
        reply = expect(f"{method} {path} with the writer key", 403, method, path, body)
        claim("... as problem+json", reply.type == "application/problem+json", reply)
        forged = {"x-amzn-api-key-id": "operator", "x-api-key-id": OPERATOR, "authorization": OPERATOR}
        expect(f"{method} {path}: no header of the client's makes an operator", 403, method, path, body, headers=forged)


def inserts():
    body = {"employees": [employee(0), employee(1)], "departments": [department(0)], "jobs": [job(0)]}
    reply = expect("POST /insert_data carries a department and its employees, all rows in", 201, "POST", "/insert_data", body)
    claim("JSON out", reply.type == "application/json", reply)
    expected = {"inserted": 4, "rejected": 0, "tables": {
        "departments": {"inserted": 1, "rejected": []}, "employees": {"inserted": 2, "rejected": []},
        "jobs": {"inserted": 1, "rejected": []}}}
    claim("The answer to an insert has inserted, rejected and tables", reply.json == expected, reply)

    flawed = employee(3, name="")
    reply = expect("207 some rows in", 207, "POST", "/tables/employees/rows", [employee(2), flawed])
    expected = {"inserted": 1, "rejected": 1, "tables": {"employees": {"inserted": 1, "rejected": [
        {"index": 1, "row": flawed, "errors": [{"column": "name", "code": "required", "message": "name is required"}]}]}}}
    claim("A rejected row has index, row, errors with column, code, message", reply.json == expected, reply)
    expect("422 none in", 422, "POST", "/tables/employees/rows", [flawed])
    expect("The body may be one row object", 201, "POST", "/tables/employees/rows", employee(4))
    row = send("GET", f"/tables/employees/rows/{BASE + 4}").json
    claim("UTF-8 in and out", row == employee(4), row)

    wrong = [
        (employee(10, name=None), "required"), (employee(11, department_id="many"), "type"),
        (employee(12, name="x" * 256), "too_long"), (employee(13, job_id=2**31), "out_of_range"),
        (employee(14, datetime="2021-02-30T00:00:00Z"), "timestamp"), (employee(15, colour="red"), "unknown_column"),
        (employee(0), "duplicate_id"), (employee(16), None), (employee(16, name="second"), "duplicate_in_batch"),
        (employee(17, department_id=UNKNOWN_ID), "unknown_reference"),
    ]
    reply = send("POST", "/tables/employees/rows", [row for row, _ in wrong])
    found = {row["index"]: [error["code"] for error in row["errors"]] for row in reply.json["tables"]["employees"]["rejected"]}
    for index, (_, code) in enumerate(wrong):
        claim(f"Row code {code}", found.get(index) == ([code] if code else None), reply)
    claim("Row codes are those of the page", {code for codes in found.values() for code in codes} == CODES, found)
    claim("Rejected rows are in request order", list(found) == sorted(found), found)
    row = send("GET", f"/tables/employees/rows/{BASE + 16}").json
    claim("duplicate_in_batch: the first one counts", row.get("name") == employee(16)["name"], row)
    reply = send("POST", "/tables/employees/rows", employee(18, name="", datetime="x", job_id="y", extra=1))
    codes = sorted(error["code"] for error in reply.json["tables"]["employees"]["rejected"][0]["errors"])
    claim("All errors of a row are reported", codes == ["required", "timestamp", "type", "unknown_column"], reply)

    thousand = [employee(number) for number in range(1_000, 2_000)]
    reply = expect("1 to 1000 rows", 201, "POST", "/tables/employees/rows", thousand)
    claim("1000 rows are inserted", reply.json.get("inserted") == 1000, reply)


def preferences():
    batch = [employee(20), employee(21, name=""), employee(22)]
    reply = expect("tx=atomic: one bad row and nothing is in", 422, "POST", "/tables/employees/rows", batch,
                   headers={"prefer": "tx=atomic"})
    claim("tx=atomic: inserted is 0", reply.json.get("inserted") == 0, reply)
    claim("tx=atomic: the bad row is reported", reply.json["tables"]["employees"]["rejected"][0]["index"] == 1, reply)
    claim("Preference-Applied: tx=atomic", reply.headers.get("preference-applied") == "tx=atomic", reply)
    for path, body in [("/tables/employees/rows", [employee(20), employee(22)]),
                       ("/insert_data", {"departments": [department(20)], "employees": [employee(23, department_id=BASE + 20)]})]:
        reply = expect(f"tx=dry-run checks ({path})", 201, "POST", path, body, headers={"prefer": "tx=dry-run"})
        claim("Preference-Applied: tx=dry-run", reply.headers.get("preference-applied") == "tx=dry-run", reply)
    expect("tx=dry-run checks: some", 207, "POST", "/tables/employees/rows", batch, headers={"prefer": "tx=dry-run"})
    for number in (20, 22, 23):
        expect("tx=atomic and tx=dry-run have left nothing", 404, "GET", f"/tables/employees/rows/{BASE + number}")
    expect("tx=atomic: all", 201, "POST", "/tables/employees/rows", [employee(20), employee(22)], headers={"prefer": "tx=atomic"})


def idempotency():
    path, key, batch = "/tables/employees/rows", new_key(), [employee(30), employee(31, name="")]
    first = expect("Idempotency-Key: the first answer", 207, "POST", path, batch, headers=key)
    again = expect("The same key with the same body replays the answer", 207, "POST", path, batch, headers=key)
    claim("The replayed answer is the first one", again.bytes == first.bytes, (first, again))
    expect("The same key with another body", 422, "POST", "/tables/employees/rows", [employee(32)], headers=key)
    expect("... and nothing of it is in", 404, "GET", f"/tables/employees/rows/{BASE + 32}")
    expect("Idempotency-Key with /insert_data", 201, "POST", "/insert_data", {"jobs": [job(30)]}, headers=(key := new_key()))
    expect("... replays as well", 201, "POST", "/insert_data", {"jobs": [job(30)]}, headers=key)

    batch = [employee(number) for number in range(2_000, 3_000)]
    replies = at_once(6, "POST", "/tables/employees/rows", batch, headers=new_key())
    for reply in replies:
        claim("While the first is still running 409, else its answer", reply.status in (201, 409), reply)
        if reply.status == 201:
            claim("Six at once insert once", reply.json["inserted"] == 1000, reply)
    claim("One of six at once is the first", any(reply.status == 201 for reply in replies), replies)
    claim("Six at once: the rows are there once", ids_from(BASE + 1_999, END, "employees") == [row["id"] for row in batch])


def refusals():
    for path, name in [("/insert_data", "object"), ("/tables/jobs/rows", "array")]:
        for body in (b"", b"hello", b'{"jobs": [', b"[1,"):
            expect(f"400: no JSON ({path}, {body!r})", 400, "POST", path, body)
        expect("415 not JSON", 415, "POST", path, b"id,job_name\n1,x\n", headers={"content-type": "text/csv"})
        expect("415 not JSON: no content type", 415, "POST", path, b"{}", headers={"content-type": None})
        row = job(90, job_name="x" * 4_000_100)
        expect("413 over 4 MB", 413, "POST", path, {"jobs": [row]} if name == "object" else [row])
        many = [job(3_000 + number) for number in range(1_001)]
        expect("400: more than 1000 rows", 400, "POST", path, {"jobs": many} if name == "object" else many)
        expect("400: 0 rows", 400, "POST", path, {"jobs": []} if name == "object" else [])
        expect("400: wrong shape", 400, "POST", path, 7)
    expect("400: 0 rows, no table", 400, "POST", "/insert_data", {})
    expect("400: 1000 rows and one more in another table", 400, "POST", "/insert_data",
           {"jobs": [job(3_000 + number) for number in range(1_000)], "departments": [department(90)]})
    expect("JSON with its charset named", 201, "POST", "/tables/jobs/rows", job(31),
           headers={"content-type": "application/json; charset=utf-8"})
    expect("400: wrong shape, rows that are no array", 400, "POST", "/insert_data", {"jobs": job(90)})
    for method, path, body in [
        ("POST", "/insert_data", {"people": [{"id": 1}]}), ("POST", "/tables/people/rows", [{"id": 1}]),
        ("GET", "/tables/people/rows", None), ("GET", "/tables/people/rows/1", None), ("PUT", "/tables/people/rows/1", {"id": 1}),
    ]:
        expect(f"400: unknown table ({method} {path})", 400, method, path, body)
    expect("400: unknown table (DELETE)", 400, "DELETE", "/tables/people/rows/1", key=OPERATOR)
    claim("Refused requests leave nothing", ids_from(BASE + 2_999, END, "jobs") == [])
    expect("A path that is not there", 404, "GET", "/nowhere")
