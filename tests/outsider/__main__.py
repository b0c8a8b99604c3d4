"""A client of Rowgate's HTTP interface, written from the page of its outside interfaces and from
nothing else.

    source .local/env && python3 tests/outsider

Every sentence of the page's HTTP section is a claim here; one that does not hold is printed with
what came instead, and the program ends with 1. It needs Python 3.9 and nothing besides. Its rows
get ids and years that no other run is likely to have, but it also puts the table of jobs back from
a backup of a moment ago: not for a cloud that others write to.

Not here, because nobody outside can bring them about or see them: 500; 503 while the database is
away or resuming; keys that are older than 24 hours; the log lines of rejected rows, and where those
are kept.
"""

import sys
import time

import claims
from files import backups, loads, unmatched
from reading import about, reports, rows, throttle
from writing import idempotency, inserts, keys, preferences, refusals

for part in (keys, inserts, preferences, idempotency, refusals, rows, reports, loads, unmatched, backups, about, throttle):
    began = time.monotonic()
    try:
        part()
    except Exception as error:  # A part that cannot go on is one claim; the other parts say more.
        line = error.__traceback__.tb_next.tb_lineno
        claims.claim(f"{part.__name__} goes through", False, f"line {line}: {error!r}")
    print(f"{part.__name__}: {time.monotonic() - began:.1f} s", flush=True)
print(f"{claims.count - len(claims.broken)} of {claims.count} claims hold.")
sys.exit(1 if claims.broken else 0)
