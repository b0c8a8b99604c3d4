"""Names of what the stack deploys, and how often the DAGs look at it."""

import os
from datetime import datetime, timedelta

from airflow.sdk import Param

BACKUP_FUNCTION = "rowgate-backup"
RESTORE_FUNCTION = "rowgate-restore"
JOB = "rowgate-lake"
WORKGROUP = "rowgate"
GOLD_DATABASE = "rowgate_gold"

POLL_SECONDS = int(os.environ.get("ROWGATE_POLL_SECONDS", "60"))
"""Seconds between two looks at work that is still running."""

LIMIT = timedelta(hours=23)
"""How long a step may take; the state machine gives the whole run as long."""

START = datetime(2026, 1, 1)
"""Airflow wants a date before the first run; nothing is caught up from it."""

RETRIES = {"retries": 2}
"""AWS throttles, the database resumes: over within Airflow's five minutes between two tries."""

NIGHTLY = {
    "start_date": START,
    "catchup": False,
    # The job takes one run at a time.
    "max_active_runs": 1,
    "default_args": RETRIES,
    "params": {
        "backup": Param(
            None,
            type=["null", "string"],
            description="A backup that exists; without one, a new one is made",
        )
    },
    "tags": ["rowgate"],
}
"""What both DAGs from backup to gold are made with."""
