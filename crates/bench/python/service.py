"""Serves POST /insert_data and POST /tables/{table}/rows, written with FastAPI and SQLAlchemy.

It makes the checks of Rowgate's insert API for departments, jobs and employees: types, ranges,
lengths, required values, the form of times, ids that are taken, references that name no row. Good
rows, and bad rows with their reasons, are stored in one transaction, which is repeated if another
request took an id meanwhile. Only rows whose fields are right are held against the database.

It has no Idempotency-Key, preferences, aliases, audit trail, limit of a body's size, or rights of
keys, and answers a body that is no batch in FastAPI's own form.

It is started with a socket, a database and a port, and reads API_KEY. It runs a process for each
core, as FastAPI's documentation says of server workers.
"""

import datetime as dt
import json
import multiprocessing
import os
import re
import secrets
import sys
import threading
import uuid
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import Body, Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError
from sqlalchemy import URL, MetaData, create_engine, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

SOCKET, DATABASE, PORT = sys.argv[1:4]
MAX_ROWS = 1000
TRIES = 5
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.0{1,9})?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)

# The codes of what is wrong with a field; what is not listed is of another type.
CODES = {
    "missing": "required",
    "string_too_long": "too_long",
    "less_than_equal": "out_of_range",
    "greater_than_equal": "out_of_range",
    "timestamp": "timestamp",
    "extra_forbidden": "unknown_column",
}


def check_text(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("missing", "Text must not be blank")
    return text


def check_id(number: int) -> int:
    if number == 0:
        raise PydanticCustomError("greater_than_equal", "An id must not be 0")
    return number


def read_time(value: Any) -> dt.datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "A time is text like 2021-07-27T16:02:08Z")
    check_text(value)
    try:
        time = dt.datetime.fromisoformat(value) if TIME.fullmatch(value) else None
        if time and time.tzinfo:
            time = time.astimezone(dt.UTC).replace(tzinfo=None)
        if time and time.year >= 1000:
            return time
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("timestamp", "A time exists and is written like 2021-07-27T16:02:08Z")


Int = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
Text = Annotated[str, Field(strict=True, max_length=255), AfterValidator(check_text)]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: Annotated[Int, AfterValidator(check_id)]


class Department(Row):
    department_name: Text


class Job(Row):
    job_name: Text


class Employee(Row):
    name: Text
    datetime: Annotated[dt.datetime, PlainValidator(read_time)]
    department_id: Int
    job_id: Int


# In the order of their references.
MODELS = {"departments": Department, "jobs": Job, "employees": Employee}
REFERENCES = {"employees": {"department_id": "departments", "job_id": "jobs"}}
TableName = Literal["departments", "jobs", "employees"]

options = {"unix_socket": SOCKET, "charset": "utf8mb4"}
engine = create_engine(URL.create("mysql+pymysql", "root", database=DATABASE, query=options))
metadata = MetaData()
metadata.reflect(engine, only=[*MODELS, "rowgate_rejected_rows"])
rejected_rows = metadata.tables["rowgate_rejected_rows"]


def error(column, code, message):
    return {"column": column, "code": code, "message": message}


def check_fields(model, rows):
    """Returns the values of good rows and the errors of bad ones, each by index."""
    good, bad = {}, {}
    for index, row in enumerate(rows):
        try:
            good[index] = model.model_validate(row).model_dump()
        except ValidationError as failure:
            bad[index] = []
            for found in failure.errors(include_url=False):
                column = found["loc"][0] if found["loc"] else None  # None: the row is no object.
                kind = "missing" if found["input"] is None and column else found["type"]
                bad[index].append(error(column, CODES.get(kind, "type"), found["msg"]))
    return good, bad


def find_ids(connection, name, ids, lock=False):
    """Returns those of the ids that the table has; locked, they stay until the transaction ends."""
    id = metadata.tables[name].c.id
    query = select(id).where(id.in_(ids))
    return set(connection.scalars(query.with_for_update(read=True) if lock else query))


def store(connection, name, rows, good, bad, request_id):
    """Inserts the good rows of a table, keeps the others, and returns the table's answer."""
    references = REFERENCES.get(name, {}).items()
    taken = find_ids(connection, name, {row["id"] for row in good.values()})
    present = {}
    for column, target in references:
        named = {row[column] for row in good.values()}
        present[column] = find_ids(connection, target, named, lock=True)
    accepted, bad = {}, dict(bad)
    for index, row in good.items():
        errors = []
        if row["id"] in taken:
            errors.append(error("id", "duplicate_id", "id is already taken in the table"))
        elif row["id"] in accepted:
            errors.append(error("id", "duplicate_in_batch", "An earlier row has the id"))
        for column, target in references:
            if row[column] not in present[column]:
                message = f"{column} names no row of {target}"
                errors.append(error(column, "unknown_reference", message))
        if errors:
            bad[index] = errors
        else:
            accepted[row["id"]] = row
    if accepted:
        connection.execute(insert(metadata.tables[name]), list(accepted.values()))
    if bad:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        common = {"request_id": request_id, "table_name": name, "received_at": now}
        texts = [
            {"row_index": at, "row_json": json.dumps(rows[at]), "errors_json": json.dumps(errors)}
            for at, errors in bad.items()
        ]
        connection.execute(insert(rejected_rows), [common | text for text in texts])
    rejected = [{"index": at, "row": rows[at], "errors": bad[at]} for at in sorted(bad)]
    return {"inserted": len(accepted), "rejected": rejected}


def insert_batch(batch: dict[str, list[Any]]) -> JSONResponse:
    if not 1 <= sum(map(len, batch.values())) <= MAX_ROWS:
        raise HTTPException(400, f"A request has 1 to {MAX_ROWS} rows")
    request_id = str(uuid.uuid4())
    checked = {name: check_fields(MODELS[name], batch[name]) for name in MODELS if name in batch}
    for left in reversed(range(TRIES)):
        try:
            with engine.begin() as connection:
                tables = {
                    name: store(connection, name, batch[name], good, bad, request_id)
                    for name, (good, bad) in checked.items()
                }
            break
        except (IntegrityError, OperationalError):  # An id was taken meanwhile, or a deadlock.
            if not left:
                raise
    inserted = sum(table["inserted"] for table in tables.values())
    rejected = sum(len(table["rejected"]) for table in tables.values())
    answer = {"inserted": inserted, "rejected": rejected, "tables": tables}
    return JSONResponse(answer, 201 if not rejected else 207 if inserted else 422)


def check_key(x_api_key: Annotated[str, Header()] = ""):
    if not secrets.compare_digest(x_api_key.encode(), os.environ["API_KEY"].encode()):
        raise HTTPException(403, "No valid API key")


app = FastAPI(dependencies=[Depends(check_key)])


@app.post("/insert_data")
def insert_data(batch: Annotated[dict[TableName, list[Any]], Body()]):
    return insert_batch(batch)


@app.post("/tables/{table}/rows")
def insert_rows(table: TableName, rows: Annotated[list[Any] | dict[str, Any], Body()]):
    return insert_batch({table: rows if isinstance(rows, list) else [rows]})


if first := multiprocessing.parent_process():
    # The measure kills the first process; this one ends with it.
    threading.Thread(target=lambda: (first.join(), os._exit(0)), daemon=True).start()
if __name__ == "__main__":
    uvicorn.run("service:app", port=int(PORT), workers=os.cpu_count(), access_log=False, timeout_keep_alive=60)
