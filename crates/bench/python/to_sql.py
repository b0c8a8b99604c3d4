"""A CSV file into employees by pandas: read_csv, to_sql with chunks of 1000 rows."""

import sys
import time

import pandas
import sqlalchemy

socket, database, path, method = sys.argv[1:5]
started = time.perf_counter()
columns = ["id", "name", "datetime", "department_id", "job_id"]
employees = pandas.read_csv(path, names=columns, parse_dates=["datetime"])
employees["datetime"] = employees["datetime"].dt.tz_localize(None)
engine = sqlalchemy.create_engine(f"mysql+pymysql://root@/{database}?unix_socket={socket}&charset=utf8mb4")
method = None if method == "None" else method
employees.to_sql("employees", engine, if_exists="append", index=False, chunksize=1000, method=method)
print(time.perf_counter() - started)
