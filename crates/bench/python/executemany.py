"""The rows of a CSV file into employees, as most Python programs do it: csv, pymysql, 1000 rows at a time.

executemany makes one INSERT of many rows of them.
"""

import csv
import sys
import time
from itertools import islice

import pymysql

INSERT = "INSERT INTO employees (id, name, datetime, department_id, job_id) VALUES (%s, %s, %s, %s, %s)"

socket, database, path = sys.argv[1:4]
started = time.perf_counter()
connection = pymysql.connect(unix_socket=socket, user="root", database=database, charset="utf8mb4")
with connection, connection.cursor() as cursor, open(path, newline="", encoding="utf-8") as file:
    rows = ((id, name, when.rstrip("Z"), department, job) for id, name, when, department, job in csv.reader(file))
    while batch := list(islice(rows, 1000)):
        cursor.executemany(INSERT, batch)
        connection.commit()
print(time.perf_counter() - started)
