"""Athena reads the current state of a Delta table, and nothing else."""

import time
from datetime import date, datetime, timezone
from decimal import Decimal

import deltalake
import pyarrow as pa
import pytest
from conftest import BUCKET, KEYS, REGION

TEXT = "four bytes: 😀, a quote: ' and \""


class Table:
    """A Delta table in the lake, known to the Glue catalog."""

    def __init__(self, cloud, name, parameters=None):
        self.cloud = cloud
        self.name = name
        self.location = f"s3://{BUCKET}/gold/{name}"
        self.storage = {
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            **KEYS,
        }
        glue = cloud.client("glue")
        if "lake" not in [each["Name"] for each in glue.get_databases()["DatabaseList"]]:
            glue.create_database(DatabaseInput={"Name": "lake"})
        glue.create_table(
            DatabaseName="lake",
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"table_type": "DELTA"} if parameters is None else parameters,
                # Only what the Delta log says counts.
                "StorageDescriptor": {
                    "Columns": [{"Name": "id", "Type": "int"}],
                    "Location": self.location + "/",
                },
            },
        )

    def write(self, data, **settings):
        deltalake.write_deltalake(self.location, data, storage_options=self.storage, **settings)

    def open(self):
        return deltalake.DeltaTable(self.location, storage_options=self.storage)

    def query(self, sql):
        return query(self.cloud, sql)


def query(cloud, sql):
    """The rows of a query, as texts."""
    athena = cloud.client("athena")
    run = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": "lake"},
        ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/athena-results/"},
    )["QueryExecutionId"]
    for _ in range(1000):
        status = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        time.sleep(0.01)
    if status["State"] == "FAILED":
        raise ValueError(status["StateChangeReason"])
    rows = athena.get_query_results(QueryExecutionId=run)["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]]


def numbers(*ids):
    return pa.table({"id": pa.array(ids, pa.int32()), "name": [f"name {each}" for each in ids]})


def test_removed_files_are_not_read(cloud):
    table = Table(cloud, "removed")
    table.write(numbers(1, 2, 3))
    table.write(numbers(4), mode="append")
    table.open().delete("id = 2")
    assert table.query("SELECT id, name FROM removed ORDER BY id") == [
        ["1", "name 1"],
        ["3", "name 3"],
        ["4", "name 4"],
    ]
    table.write(numbers(7), mode="overwrite")
    assert table.query("SELECT * FROM lake.removed") == [["7", "name 7"]]
    # Checkpoint, compaction and vacuum change no row.
    table.write(numbers(8), mode="append")
    table.open().create_checkpoint()
    table.open().optimize.compact()
    table.open().vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert table.query("SELECT id FROM removed ORDER BY id") == [["7"], ["8"]]


def test_columns_and_values_are_those_of_the_log(cloud):
    table = Table(cloud, "typed")
    moment = datetime(2021, 7, 27, 16, 2, 8, 123456, timezone.utc)
    table.write(
        pa.table(
            {
                "id": pa.array([-(2**31), 2**31 - 1], pa.int32()),
                "text": [TEXT, None],
                "amount": pa.array([Decimal("99999999.99"), None], pa.decimal128(10, 2)),
                "moment": pa.array([moment, None], pa.timestamp("us", "UTC")),
                "day": pa.array([date(2021, 7, 27), None]),
                "flag": pa.array([True, None]),
                "part": ["a=b/c ü", "plain"],
            }
        ),
        partition_by=["part"],
    )
    assert table.query("SELECT * FROM typed ORDER BY id") == [
        [
            "-2147483648",
            TEXT,
            "99999999.99",
            "2021-07-27 16:02:08.123 UTC",
            "2021-07-27",
            "true",
            "a=b/c ü",
        ],
        ["2147483647", None, None, None, None, None, "plain"],
    ]
    # Days are those of UTC.
    sql = "SELECT CAST(moment AS DATE), part FROM typed WHERE part = 'a=b/c ü'"
    assert table.query(sql) == [["2021-07-27", "a=b/c ü"]]


def test_an_empty_table_and_a_join(cloud):
    left, right = Table(cloud, "left_side"), Table(cloud, "right_side")
    left.write(numbers(1, 2))
    right.write(numbers(2))
    right.open().delete()
    sql = (
        "SELECT l.id, r.name FROM lake.left_side l LEFT JOIN right_side r ON r.id = l.id ORDER BY 1"
    )
    assert left.query(sql) == [["1", None], ["2", None]]


def test_what_is_no_delta_table_is_said(cloud):
    table = Table(cloud, "half")
    cloud.client("s3").put_object(Bucket=BUCKET, Key="gold/half/a.parquet", Body=b"half")
    with pytest.raises(ValueError, match="lake.half cannot be read as a Delta table: .*_delta_log"):
        table.query("SELECT * FROM half")
    table = Table(cloud, "untyped", parameters={"classification": "parquet"})
    table.write(numbers(1))
    with pytest.raises(ValueError, match="lake.untyped cannot be .* table_type is not DELTA"):
        table.query("SELECT * FROM untyped")


@pytest.mark.parametrize("folder", ["athena-results", "athena-results/"])
def test_the_results_lie_where_the_execution_says(cloud, folder):
    athena = cloud.client("athena")
    run = athena.start_query_execution(
        QueryString="SELECT 7 AS seven",
        ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/{folder}"},
    )["QueryExecutionId"]
    key = f"athena-results/{run}.csv"
    for _ in range(200):
        found = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]
        if found["Status"]["State"] == "SUCCEEDED":
            break
        time.sleep(0.01)
    assert found["ResultConfiguration"]["OutputLocation"] == f"s3://{BUCKET}/{key}"
    body = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert body.split() == [b"seven", b"7"]


def test_a_query_takes_less_than_a_second(cloud):
    table = Table(cloud, "many")
    for start in range(0, 200, 10):
        table.write(numbers(*range(start, start + 10)), mode="append")
    began = time.monotonic()
    assert table.query("SELECT COUNT(*), SUM(id) FROM many") == [["200", "19900"]]
    assert time.monotonic() - began < 1


def test_an_ordinary_table_is_read_as_before(cloud):
    cloud.client("s3").put_object(Bucket=BUCKET, Key="csv/a.csv", Body=b"1,one\n2,two\n")
    columns = [{"Name": "id", "Type": "int"}, {"Name": "name", "Type": "string"}]
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"}
    cloud.client("glue").create_table(
        DatabaseName="lake",
        TableInput={
            "Name": "ordinary",
            "StorageDescriptor": {
                "Columns": columns,
                "Location": f"s3://{BUCKET}/csv/",
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "SerdeInfo": serde,
            },
        },
    )
    assert query(cloud, "SELECT name FROM ordinary WHERE id = 2") == [["two"]]
