"""The rows of a CSV file into employees, as most Python programs do it: csv, pymysql, 1000 rows at a time.

executemany makes one INSERT of many rows of them.
"""

import csv
import sys
import time
from datetime import datetime
from itertools import islice

import pymysql

INSERT = "INSERT INTO employees (id, name, datetime, department_id, job_id) VALUES (%s, %s, %s, %s, %s)"


def typed(row):
    """The fields as what their columns hold."""
    id, name, when, department, job = row
    return int(id), name, datetime.fromisoformat(when.rstrip("Z")), int(department), int(job)


def text(row):
    """The fields as they came, but for the Z, which the database refuses."""
    id, name, when, department, job = row
    return id, name, when.rstrip("Z"), department, job


socket, database, path, fields = sys.argv[1:5]
started = time.perf_counter()
connection = pymysql.connect(unix_socket=socket, user="root", database=database, charset="utf8mb4")
with connection, connection.cursor() as cursor, open(path, newline="", encoding="utf-8") as file:
    rows = map({"typed": typed, "text": text}[fields], csv.reader(file))
    while batch := list(islice(rows, 1000)):
        cursor.executemany(INSERT, batch)
        connection.commit()
print(time.perf_counter() - started)
