"""A CSV file into employees by the command sling, as its documentation appends a file to a table.

The rows are inserted into a table of sling's own, counted, and copied from there. They are not
checked beyond the types that sling guesses from the first ones: one that does not fit fails the
whole load, and references are not looked at. There is no ledger: sling skips ids that are not above
the highest one in the table.

sling wants a header, so it is given a copy of the file with one, and it cannot connect through a
socket, so the server must listen on 127.0.0.1 as well. This is the last version whose program is on
PyPI; later ones download theirs from GitHub when they are first run, and use LOAD DATA.
"""

import os
import subprocess
import sys

from sling_linux_amd64 import SLING_BIN

port, database, path = sys.argv[1:4]
settings = {
    "BENCH": f"mysql://root@127.0.0.1:{port}/{database}",
    # Otherwise it adds a column to the table.
    "SLING_LOADED_AT_COLUMN": "false",
    "SLING_DISABLE_TELEMETRY": "true",
}
subprocess.run(
    [SLING_BIN, "run", "--src-stream", f"file://{path}"]
    + ["--tgt-conn", "BENCH", "--tgt-object", f"{database}.employees"]
    + ["--mode", "incremental", "--update-key", "id"],
    env=os.environ | settings,
    stdout=sys.stderr,
    check=True,
)
