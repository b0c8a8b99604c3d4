"""A CSV file into employees by dlt: Arrow's reader, the sqlalchemy destination, mode append.

The rows are not checked beyond Arrow's types: one that does not fit fails the whole load, and
references are not looked at. dlt keeps a ledger of its loads, in three tables of its own, but does
not recognise a file that it has loaded: the second time the load fails because the ids are taken.
Its documentation recommends Arrow over its own reader of CSV files, which takes twice as long here
and adds two columns to the table.
"""

import sys
import tempfile
import time

import dlt
import pyarrow
from pyarrow import csv

socket, database, path = sys.argv[1:4]
started = time.perf_counter()
columns = {
    "id": pyarrow.int32(),
    "name": pyarrow.string(),
    "datetime": pyarrow.timestamp("s", "UTC"),
    "department_id": pyarrow.int32(),
    "job_id": pyarrow.int32(),
}
dlt.config["runtime.dlthub_telemetry"] = False


@dlt.resource(write_disposition="append")
def employees():
    names = csv.ReadOptions(column_names=list(columns))
    yield from csv.open_csv(path, names, convert_options=csv.ConvertOptions(column_types=columns))


# Without a host dlt refuses the connection; the socket takes precedence over it.
url = f"mysql+pymysql://root@localhost/{database}?unix_socket={socket}&charset=utf8mb4"
with tempfile.TemporaryDirectory() as state:
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=state,
        destination=dlt.destinations.sqlalchemy(url),
        dataset_name=database,
    )
    pipeline.run(employees)
print(time.perf_counter() - started)
