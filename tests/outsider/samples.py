"""Rows of this run."""

import random
import uuid

BASE = random.randrange(1_100_000_000, 2_000_000_000, 100_000)
END = BASE + 100_000
YEAR = random.randrange(9_100, 9_900)
UNKNOWN_ID = END - 1


def department(number, **changed):
    return {"id": BASE + number, "department_name": f"Department {BASE + number}", **changed}


def job(number, **changed):
    return {"id": BASE + number, "job_name": f"Job {BASE + number}", **changed}


def employee(number, **changed):
    return {
        "id": BASE + number, "name": f"Zoë 😀 {number}", "datetime": f"{YEAR}-07-27T16:02:08Z", "department_id": BASE,
        "job_id": BASE, **changed,
    }


def new_key():
    return {"idempotency-key": str(uuid.uuid4())}
