"""Dropped files and their results, backups and restores."""

import csv
import datetime
import gzip
import hashlib
import hmac
import http.client
import io
import json
import os
import re
import time
import urllib.parse
import urllib.request

from claims import claim
from client import OPERATOR, expect, send
from samples import BASE, UNKNOWN_ID, YEAR, department, job

BUCKET = os.environ["ROWGATE_BUCKET"]
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]
LOAD_FIELDS = {
    "load", "table", "key", "mode", "status", "rows_read", "rows_loaded", "rows_rejected", "unknown_references", "bytes",
    "started_at", "finished_at", "attempts", "error", "warnings",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def drop(key, content):
    """Puts a file in the data bucket, signed as AWS wants it (Signature Version 4)."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    endpoint = urllib.parse.urlsplit(ENDPOINT)
    path, digest = f"/{BUCKET}/{urllib.parse.quote(key)}", hashlib.sha256(content).hexdigest()
    signed = {"host": endpoint.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
    if os.environ.get("AWS_SESSION_TOKEN"):
        signed["x-amz-security-token"] = os.environ["AWS_SESSION_TOKEN"]
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = f"PUT\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key_bytes = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (now[:8], REGION, "s3", "aws4_request"):
        key_bytes = hmac.new(key_bytes, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key_bytes, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    connection = http.client.HTTPConnection(endpoint.netloc, timeout=60)
    connection.request("PUT", path, content, signed)
    response = connection.getresponse()
    claim("A file can be dropped", response.status == 200, response.read())


def load_of(key, seconds=90):
    """The load of a file once it has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for load in send("GET", "/loads?limit=100").json["loads"]:
            if load["key"] == key and load["status"] != "running":
                return load
        time.sleep(0.5)
    claim(f"A dropped file is loaded ({key})", False, send("GET", "/loads?limit=5"))
    return {}


def loads():
    content = f"id,job_name\n{BASE + 60},Loaded\n{BASE + 61},\n{BASE + 62},\"Lo,aded\"\n".encode()
    key = f"incoming/jobs/{BASE}.csv"
    drop(key, content)
    load = load_of(key)
    claim("A load's fields", set(load) >= LOAD_FIELDS, load)
    counts = (load["rows_read"], load["rows_loaded"], load["rows_rejected"])
    claim("rows_read = rows_loaded + rows_rejected", counts == (3, 2, 1), load)
    claim("A load's table, mode, status, bytes",
          (load["table"], load["mode"], load["status"], load["bytes"], load["error"])
          == ("jobs", "append", "completed", len(content), None), load)
    claim("started_at and finished_at are ISO 8601 UTC with milliseconds",
          MOMENT.fullmatch(load["started_at"]) and MOMENT.fullmatch(load["finished_at"]), load)
    one = expect("GET /loads/{id}", 200, "GET", f"/loads/{load['load']}")
    links = [rejects["url"] for rejects in one.json.get("rejects", [])]
    claim("One load has a link for each rejects file", len(links) == 1, one)
    with urllib.request.urlopen(links[0], timeout=60) as answer:
        rejects = answer.read()
    if rejects[:2] == b"\x1f\x8b":
        rejects = gzip.decompress(rejects)
    table = list(csv.reader(io.StringIO(rejects.decode("utf-8-sig"))))
    claim("A rejects file has the original columns, then line, code, reason",
          table[0] == ["id", "job_name", "line", "code", "reason"]
          and [line[:4] for line in table[1:]] == [[str(BASE + 61), "", "3", "required"]], table)
    expect("A load that is not there", 404, "GET", "/loads/" + "0" * 32)

    failed = f"incoming/jobs/{BASE}-colour.csv"
    drop(failed, f"id,colour\n{BASE + 63},red\n".encode())
    claim("status failed has its error", (lambda load: load.get("status") == "failed" and load["error"])(load_of(failed)))
    listed = expect("GET /loads?table=&status=", 200, "GET", "/loads?table=jobs&status=failed&limit=1000").json["loads"]
    found = {(load["table"], load["status"]) for load in listed}
    claim("... filters", found == {("jobs", "failed")} and failed in [load["key"] for load in listed], listed)
    page = expect("GET /loads?limit=", 200, "GET", "/loads?limit=1").json
    claim("The ledger has loads and next", set(page) == {"loads", "next"} and len(page["loads"]) == 1, page)
    claim("The newest load is first", page["loads"][0]["key"] == failed, page)
    after = send("GET", f"/loads?limit=1&after={page['next']}").json
    newest, older = page["loads"][0], after["loads"][0]
    claim("after gives the next page", older["load"] != newest["load"] and older["started_at"] <= newest["started_at"], after)
    for query in ("limit=0", "status=lost", "colour=red"):
        expect(f"A parameter that is none ({query})", 400, "GET", f"/loads?{query}")


def unmatched():
    """Employees whom a file adds without a department, or a job, in the reports."""
    year = YEAR + 3
    send("POST", "/insert_data", {"departments": [department(70), department(71)], "jobs": [job(70)]})
    known, other, nothing = BASE + 70, BASE + 71, UNKNOWN_ID
    hired = [(known, known)] * 2 + [(known, nothing)] + [(other, known)] + [(nothing, known)] * 40
    lines = [f"{BASE + 5_000 + number},E {number},{year}-05-01T00:00:00Z,{department_id},{job_id}\n"
             for number, (department_id, job_id) in enumerate(hired)]
    key = f"incoming/employees/{BASE}.csv"
    drop(key, "".join(lines).encode())
    load = load_of(key)
    claim("A load's unknown_references", (load.get("rows_loaded"), load.get("unknown_references")) == (44, 41), load)
    reply = send("GET", f"/reports/departments-above-mean?year={year}")
    claim("The mean is over the departments that hired in that year; employees without a department do not count",
          [(row["id"], row["hired"]) for row in reply.json["rows"]] == [(known, 3)], reply)
    reply = send("GET", f"/reports/hires-by-quarter?year={year}")
    claim("Employees without a job do not count in hires-by-quarter",
          [(row["department"], row["q2"]) for row in reply.json["rows"]]
          == [(f"Department {known}", 2), (f"Department {other}", 1)], reply)


def until_ended(path, seconds=120):
    until = time.monotonic() + seconds
    while True:
        reply = send("GET", path)
        if reply.json.get("status") not in ("running", None) or time.monotonic() > until:
            return reply
        time.sleep(0.5)


def backups():
    started = []
    for body in ({"tables": ["jobs", "departments"]}, None):
        reply = expect(f"POST /backups {body}", 202, "POST", "/backups", body, key=OPERATOR)
        claim("... answers with the backup's id", set(reply.json) == {"backup"}, reply)
        started.append(reply.json["backup"])
        done = until_ended(f"/backups/{started[-1]}")
        claim("GET /backups/{id}: one, with its manifest",
              done.json.get("status") == "completed" and done.json.get("manifest"), done)
        time.sleep(1)
    text = json.dumps(send("GET", f"/backups/{started[0]}").json)
    claim("A backup has the tables that were asked for", '"jobs"' in text and '"employees"' not in text, text)
    text = json.dumps(send("GET", f"/backups/{started[1]}").json)
    claim("No body: every table", all(f'"{table}"' in text for table in ("departments", "jobs", "employees")), text)
    page = expect("GET /backups", 200, "GET", "/backups").json
    listed = [backup["backup"] for backup in page["backups"]]
    # The daily one may have begun meanwhile, before, between or after these.
    claim("... has backups and next, newest first",
          set(page) == {"backups", "next"} and listed == sorted(listed, reverse=True)
          and [backup for backup in listed if backup in started] == started[::-1], page)
    expect("A backup that is not there", 404, "GET", "/backups/20000101-000000-00000000")
    expect("A backup of an unknown table", 400, "POST", "/backups", {"tables": ["people"]}, key=OPERATOR)

    expect("A row goes after the backup", 204, "DELETE", f"/tables/jobs/rows/{BASE + 62}", key=OPERATOR)
    body = {"backup": started[0], "tables": ["jobs"], "mode": "replace"}
    reply = expect("POST /restores, mode replace", 202, "POST", "/restores", body, key=OPERATOR)
    done = until_ended(f"/restores/{reply.json['restore']}")
    claim("The restore of mode replace is completed", done.json.get("status") == "completed", done)
    expect("mode replace brings the row back", 200, "GET", f"/tables/jobs/rows/{BASE + 62}")
    for source in ("latest", started[0]):
        body = {"backup": source, "tables": ["jobs"], "mode": "verify"}
        kind = "latest" if source == "latest" else "an id"
        reply = expect(f"POST /restores of {kind}", 202, "POST", "/restores", body, key=OPERATOR)
        claim("... answers with the restore's id", set(reply.json) == {"restore"}, reply)
        done = until_ended(f"/restores/{reply.json['restore']}")
        claim("GET /restores/{id}: its state", done.status == 200 and done.json.get("status") == "completed", done)
        claim("mode verify changes nothing", send("GET", f"/tables/jobs/rows/{BASE}").json == job(0))
    expect("A restore that is not there", 404, "GET", "/restores/20000101-000000-00000000")
    expect("A mode that is none", 400, "POST", "/restores", {"backup": "latest", "mode": "guess"}, key=OPERATOR)
    expect("A restore of a backup that is not there", 404, "POST", "/restores",
           {"backup": "20000101-000000-00000000", "mode": "verify"}, key=OPERATOR)
