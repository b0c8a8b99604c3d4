"""The first rows of a CSV file into employees through the Data API: boto3's batch_execute_statement, 1000 sets a call.

Each call is in a transaction, because without one every set would be committed on its own.
"""

import csv
import sys
import time
from itertools import islice

import boto3

INSERT = "INSERT INTO employees (id, name, datetime, department_id, job_id) VALUES (:id, :name, :datetime, :department_id, :job_id)"

endpoint, cluster, secret, database, path, count = sys.argv[1:7]
client = boto3.client(
    "rds-data",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="bench",
    aws_secret_access_key="bench",
)
target = {"resourceArn": cluster, "secretArn": secret}


def parameters(row):
    id, name, when, department, job = row
    return [
        {"name": "id", "value": {"longValue": int(id)}},
        {"name": "name", "value": {"stringValue": name}},
        {"name": "datetime", "value": {"stringValue": when.rstrip("Z").replace("T", " ")}, "typeHint": "TIMESTAMP"},
        {"name": "department_id", "value": {"longValue": int(department)}},
        {"name": "job_id", "value": {"longValue": int(job)}},
    ]


started = time.perf_counter()
with open(path, newline="", encoding="utf-8") as file:
    rows = islice(csv.reader(file), int(count))
    while batch := list(islice(rows, 1000)):
        transaction = client.begin_transaction(**target, database=database)["transactionId"]
        client.batch_execute_statement(
            **target,
            database=database,
            sql=INSERT,
            parameterSets=[parameters(row) for row in batch],
            transactionId=transaction,
        )
        client.commit_transaction(**target, transactionId=transaction)
print(time.perf_counter() - started)
