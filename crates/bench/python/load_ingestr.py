"""A CSV file into employees by the command ingestr, strategy append, with the table's types frozen.

It sends 25,000 rows at a time as LOAD DATA, each committed on its own. Nothing is checked: a value
that cannot be read becomes NULL or 0000-00-00, and a row whose id is taken is left out, both
silently. References are not looked at, and there is no ledger.

ingestr wants a header, so it is given a copy of the file with one, and it cannot connect through a
socket, so the server must listen on 127.0.0.1 as well. Versions from 1.1 on refuse a table with a
column that is NOT NULL, and those from 1.1.23 on download their program when they are first run.
"""

import os
import subprocess
import sys
from pathlib import Path

INGESTR = Path(sys.executable).with_name("ingestr")
# Without these it would change the columns to its own types.
TYPES = "id:int32,name:varchar(255),datetime:timestamp_ntz,department_id:int32,job_id:int32"

port, database, path = sys.argv[1:4]
subprocess.run(
    [INGESTR, "ingest", "--yes", "--progress", "log"]
    + ["--source-uri", f"csv://{path}", "--source-table", "employees"]
    + ["--dest-uri", f"mysql://root@127.0.0.1:{port}/{database}"]
    + ["--dest-table", f"{database}.employees", "--incremental-strategy", "append"]
    + ["--columns", TYPES, "--no-inference", "--schema-contract", "freeze"]
    + ["--no-load-timestamp"],
    env=os.environ | {"DISABLE_TELEMETRY": "true"},
    stdout=sys.stderr,
    check=True,
)
