#!/usr/bin/env python3
"""Proves a Data API endpoint with boto3, type by type, against MySQL or MariaDB.

    python tests/boto3_conformance.py --endpoint http://127.0.0.1:8080 \\
        --resource-arn arn:aws:rds:us-east-1:000000000000:cluster:local \\
        --secret-arn arn:aws:secretsmanager:us-east-1:000000000000:secret:local --database demo

The database must exist; tables are created in it and dropped again. Run without --endpoint, it holds the real
service to the same checks. Prints "N passed, N failed" and exits with 1 if a check failed.
"""

import argparse
import base64
import concurrent.futures
import json
import sys
import time
import traceback
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CHECKS = []


def check(function):
    """Registers a check; its name, with blanks, is the rule that it proves."""
    CHECKS.append(function)
    return function


class Api:
    """The client with the ARNs and the database filled in."""

    def __init__(self, arguments):
        self.client = boto3.client(
            "rds-data",
            endpoint_url=arguments.endpoint,
            region_name=arguments.region,
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
            # In the local cloud, these are root's.
            **({"aws_access_key_id": "test", "aws_secret_access_key": "test"} if arguments.endpoint else {}),
        )
        self.arns = {"resourceArn": arguments.resource_arn, "secretArn": arguments.secret_arn}
        self.database = arguments.database
        self.table = f"conformance_{uuid.uuid4().hex[:8]}"

    def execute(self, sql, parameters=None, **more):
        if parameters is not None:
            more["parameters"] = parameters
        sql = sql.replace("{t}", self.table)
        return self.client.execute_statement(**self.arns, database=self.database, sql=sql, **more)

    def batch(self, sql, sets, **more):
        sql = sql.replace("{t}", self.table)
        return self.client.batch_execute_statement(
            **self.arns, database=self.database, sql=sql, parameterSets=sets, **more
        )["updateResults"]

    def value(self, sql, parameters=None, **more):
        """The only field of the only record."""
        [[field]] = self.execute(sql, parameters, **more)["records"]
        return field

    def begin(self):
        return self.client.begin_transaction(**self.arns, database=self.database)["transactionId"]

    def commit(self, transaction):
        return self.client.commit_transaction(**self.arns, transactionId=transaction)["transactionStatus"]

    def rollback(self, transaction):
        return self.client.rollback_transaction(**self.arns, transactionId=transaction)["transactionStatus"]

    def count(self):
        return self.value("SELECT COUNT(*) FROM {t}")["longValue"]


def parameter(name, hint=None, **value):
    return {"name": name, "value": value, **({"typeHint": hint} if hint else {})}


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {got!r}")


def fails(code, status, call, *arguments, contains="", **more):
    """The call must fail with this code and status; gives the message."""
    try:
        answer = call(*arguments, **more)
    except ClientError as error:
        response = error.response
        equal((response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]), (code, status), str(error))
        message = response["Error"].get("Message", "")
        if contains not in message:
            raise AssertionError(f"{contains!r} is not in {message!r}")
        return message
    raise AssertionError(f"expected {code}, got {answer!r}")


# column type, SQL literal, field, JDBC code, type name
TYPES = [
    ("TINYINT(1)", "1", {"booleanValue": True}, -7, "BIT"),
    ("TINYINT(1)", "0", {"booleanValue": False}, -7, "BIT"),
    ("BIT(1)", "b'1'", {"booleanValue": True}, -7, "BIT"),
    ("TINYINT", "-128", {"longValue": -128}, -6, "TINYINT"),
    ("TINYINT UNSIGNED", "255", {"longValue": 255}, -6, "TINYINT UNSIGNED"),
    ("SMALLINT", "-32768", {"longValue": -32768}, 5, "SMALLINT"),
    ("MEDIUMINT", "8388607", {"longValue": 8388607}, 4, "MEDIUMINT"),
    ("INT", "-2147483648", {"longValue": -2147483648}, 4, "INT"),
    ("INT UNSIGNED", "4294967295", {"longValue": 4294967295}, 4, "INT UNSIGNED"),
    ("BIGINT", "9223372036854775807", {"longValue": 9223372036854775807}, -5, "BIGINT"),
    ("BIGINT UNSIGNED", "7", {"longValue": 7}, -5, "BIGINT UNSIGNED"),
    ("FLOAT", "1.5", {"doubleValue": 1.5}, 7, "FLOAT"),
    ("DOUBLE", "-1e300", {"doubleValue": -1e300}, 8, "DOUBLE"),
    ("DECIMAL(10,2)", "-12.50", {"stringValue": "-12.50"}, 3, "DECIMAL"),
    ("DATE", "'2021-07-27'", {"stringValue": "2021-07-27"}, 91, "DATE"),
    ("TIME", "'16:02:08'", {"stringValue": "16:02:08"}, 92, "TIME"),
    ("DATETIME", "'2021-07-27 16:02:08'", {"stringValue": "2021-07-27 16:02:08"}, 93, "DATETIME"),
    ("TIMESTAMP", "'2021-07-27 16:02:08'", {"stringValue": "2021-07-27 16:02:08"}, 93, "TIMESTAMP"),
    ("CHAR(3)", "'abc'", {"stringValue": "abc"}, 1, "CHAR"),
    ("VARCHAR(20)", "'größe 𝄞 \\''", {"stringValue": "größe 𝄞 '"}, 12, "VARCHAR"),
    ("TEXT", "'text'", {"stringValue": "text"}, -1, "TEXT"),
    ("BINARY(2)", "X'00FF'", {"blobValue": b"\x00\xff"}, -2, "BINARY"),
    ("VARBINARY(4)", "X'00FF'", {"blobValue": b"\x00\xff"}, -3, "VARBINARY"),
    ("BLOB", "X'DEADBEEF'", {"blobValue": b"\xde\xad\xbe\xef"}, -4, "BLOB"),
    ("VARCHAR(1)", "NULL", {"isNull": True}, 12, "VARCHAR"),
]


def typed_check(column, literal, field, code, type_name):
    def run(api):
        api.execute(f"CREATE TABLE {{t}} (id INT PRIMARY KEY, v {column}) DEFAULT CHARSET = utf8mb4")
        api.execute(f"INSERT INTO {{t}} VALUES (1, {literal})")
        plain = api.execute("SELECT v AS label FROM {t}", includeResultMetadata=True)
        equal(plain["records"], [[field]], "text protocol")
        metadata = plain["columnMetadata"][0]
        equal((metadata["type"], metadata["typeName"]), (code, type_name), "metadata")
        equal((metadata["label"], metadata["name"]), ("label", "v"), "names")
        bound = api.value("SELECT v FROM {t} WHERE id = :id", [parameter("id", longValue=1)])
        equal(bound, field, "binary protocol")
        formatted = api.execute("SELECT v FROM {t}", formatRecordsAs="JSON")["formattedRecords"]
        [value] = field.values()
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        equal(json.loads(formatted), [{"v": None if field == {"isNull": True} else value}], "JSON")

    run.__name__ = f"{column} {literal} comes back as {next(iter(field))}"
    return run


CHECKS.extend(typed_check(*row) for row in TYPES)


@check
def parameters_of_every_type_go_in_as_they_are(api):
    equal(api.value("SELECT :p", [parameter("p", longValue=-5)]), {"longValue": -5})
    equal(api.value("SELECT :p", [parameter("p", doubleValue=0.1)]), {"doubleValue": 0.1})
    equal(api.value("SELECT :p = TRUE", [parameter("p", booleanValue=True)]), {"longValue": 1})
    equal(api.value("SELECT :p IS NULL", [parameter("p", isNull=True)]), {"longValue": 1})
    awkward = "it's \\ \" % :p \x00 𝄞'; DROP TABLE x; --"
    equal(api.value("SELECT :p", [parameter("p", stringValue=awkward)]), {"stringValue": awkward})
    equal(api.value("SELECT HEX(:p)", [parameter("p", blobValue=b"\x00'\xff")]), {"stringValue": "0027FF"})


@check
def type_hints_are_honoured_and_checked(api):
    api.execute("CREATE TABLE {t} (da DATE, ti TIME(3), ts DATETIME(3), de DECIMAL(10,2), js TEXT, uu CHAR(36))")
    good = {
        "da": ("DATE", "2024-02-29"),
        "ti": ("TIME", "23:59:59.999"),
        "ts": ("TIMESTAMP", "2021-07-27 16:02:08.500"),
        "de": ("DECIMAL", "12345678.91"),
        "js": ("JSON", '{"a": [1]}'),
        "uu": ("UUID", "123e4567-e89b-12d3-a456-426614174000"),
    }
    sql = f"INSERT INTO {{t}} ({', '.join(good)}) VALUES ({', '.join(':' + name for name in good)})"
    api.execute(sql, [parameter(name, hint, stringValue=value) for name, (hint, value) in good.items()])
    [record] = api.execute("SELECT * FROM {t}")["records"]
    equal(record, [{"stringValue": value} for _, value in good.values()])
    for hint, wrong in [
        ("DATE", "2021-02-30"), ("TIME", "1pm"), ("TIMESTAMP", "2021-07-27T16:02:08Z"),
        ("DECIMAL", "x"), ("JSON", "{"), ("UUID", "1"),
    ]:
        fails("BadRequestException", 400, api.execute, "SELECT :p", [parameter("p", hint, stringValue=wrong)])


@check
def arrays_and_missing_parameters_are_refused(api):
    array = [parameter("p", arrayValue={"longValues": [1, 2]})]
    fails("BadRequestException", 400, api.execute, "SELECT :p", array, contains="Array parameters are not supported")
    fails("BadRequestException", 400, api.execute, "SELECT :p", contains="Cannot find parameter: p")


@check
def parameters_are_found_by_a_lexer(api):
    sql = "SELECT ':a', /* :b */ :a AS `:c` -- :d"
    equal(
        api.execute(sql, [parameter("a", longValue=1)])["records"], [[{"stringValue": ":a"}, {"longValue": 1}]]
    )


@check
def numbers_can_be_turned_by_options(api):
    options = {"decimalReturnType": "DOUBLE_OR_LONG", "longReturnType": "STRING"}
    sql = "SELECT CAST(1.5 AS DECIMAL(4,2)), CAST(7 AS DECIMAL(4,0)), 9"
    got = api.execute(sql, resultSetOptions=options)["records"]
    equal(got, [[{"doubleValue": 1.5}, {"longValue": 7}, {"stringValue": "9"}]])
    formatted = api.execute("SELECT CAST(1.5 AS DECIMAL(4,2)) AS d, 9 AS l", resultSetOptions=options,
                            formatRecordsAs="JSON")["formattedRecords"]
    equal(json.loads(formatted), [{"d": 1.5, "l": "9"}])


@check
def metadata_tells_about_the_column(api):
    api.execute("CREATE TABLE {t} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, d DECIMAL(12,3), v VARCHAR(30))")
    id_, decimal, text = api.execute("SELECT * FROM {t}", includeResultMetadata=True)["columnMetadata"]
    equal((id_["isAutoIncrement"], id_["isSigned"], id_["nullable"]), (True, False, 0))
    equal((decimal["precision"], decimal["scale"], decimal["isSigned"], decimal["nullable"]), (12, 3, True, 1))
    equal((text["precision"], text["tableName"], text["isCurrency"]), (30, api.table, False))
    equal(text["arrayBaseColumnType"], 0)


@check
def writes_are_counted_and_generate_fields(api):
    answer = api.execute("CREATE TABLE {t} (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    equal((answer["numberOfRecordsUpdated"], answer["generatedFields"], "records" in answer), (0, [], False))
    answer = api.execute("INSERT INTO {t} (v) VALUES (1)")
    equal((answer["numberOfRecordsUpdated"], answer["generatedFields"]), (1, [{"longValue": 1}]))
    answer = api.execute("UPDATE {t} SET v = 2")
    equal((answer["numberOfRecordsUpdated"], answer["generatedFields"]), (1, []))
    results = api.batch("INSERT INTO {t} (v) VALUES (:v)", [[parameter("v", longValue=n)] for n in (1, 2, 3)])
    equal(results, [{"generatedFields": [{"longValue": n}]} for n in (2, 3, 4)])
    equal(api.count(), 4)


@check
def transactions_commit_and_roll_back(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    transaction = api.begin()
    api.execute("INSERT INTO {t} VALUES (1)", transactionId=transaction)
    api.batch("INSERT INTO {t} VALUES (:v)", [[parameter("v", longValue=2)]], transactionId=transaction)
    equal(api.count(), 0, "before the commit")
    equal(api.commit(transaction), "Transaction Committed")
    equal(api.count(), 2, "after the commit")
    transaction = api.begin()
    api.execute("DELETE FROM {t}", transactionId=transaction)
    equal(api.rollback(transaction), "Rollback Complete")
    equal(api.count(), 2, "after the rollback")
    fails("TransactionNotFoundException", 404, api.execute, "SELECT 1", transactionId=transaction)
    fails("TransactionNotFoundException", 404, api.execute, "DELETE FROM {t}", transactionId="bm8gc3VjaA==")
    equal(api.count(), 2, "nothing commits on its own")


@check
def one_statement_at_a_time_in_a_transaction(api):
    transaction = api.begin()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(api.execute, "SELECT SLEEP(1)", transactionId=transaction)
        time.sleep(0.4)
        fails("DatabaseErrorException", 400, api.execute, "SELECT 1", transactionId=transaction,
              contains="Transaction is still running a query")
        slow.result()
    api.rollback(transaction)


@check
def errors_of_the_database_keep_their_number(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    api.execute("INSERT INTO {t} VALUES (1)")
    message = fails("DatabaseErrorException", 400, api.execute, "INSERT INTO {t} VALUES (1)")
    for part in ("Duplicate entry '1'", "Error code: 1062", "SQLState: 23000"):
        equal(part in message, True, message)
    fails("DatabaseErrorException", 400, api.execute, "SELEC 1", contains="Error code: 1064")
    fails("DatabaseErrorException", 400, api.execute, "SELECT * FROM {t}_nowhere", contains="Error code: 1146")


@check
def several_statements_and_schemas_are_refused(api):
    fails("ValidationException", 400, api.execute, "SELECT 1; SELECT 2", contains="Multistatements aren't supported")
    fails("BadRequestException", 400, api.execute, "SELECT 1", schema="public")
    equal(api.value("SELECT ';' ;"), {"stringValue": ";"})


@check
def sql_text_ends_at_65536_characters(api):
    api.execute("SELECT 1 #" + "x" * (65536 - 10))
    fails("ValidationException", 400, api.execute, "SELECT 1 #" + "x" * (65537 - 10), contains="65536")


@check
def results_end_at_1_mib_and_rows_at_64_kb(api):
    digits = "SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"
    cross = " CROSS JOIN ".join(f"({digits}) a{n}" for n in range(3))
    api.execute(f"SELECT REPEAT('x', 16000) FROM {cross}")
    fails("UnsupportedResultException", 400, api.execute, f"SELECT REPEAT('x', 16500) FROM {cross}")
    api.execute("SELECT REPEAT('x', 65536)")
    fails("UnsupportedResultException", 400, api.execute, "SELECT REPEAT('x', 65537)")


@check
def a_value_needs_a_member(api):
    fails("BadRequestException", 400, api.execute, "SELECT :p", [{"name": "p", "value": {"isNull": False}}])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", help="URL of the server; the real service, without it")
    parser.add_argument("--resource-arn", required=True)
    parser.add_argument("--secret-arn", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--region", default="us-east-1")
    api = Api(parser.parse_args())
    failed = 0
    for run in CHECKS:
        api.table = f"conformance_{uuid.uuid4().hex[:8]}"
        try:
            run(api)
        except Exception:  # A check that breaks is a check that failed; the others still run.
            failed += 1
            print(f"FAILED {run.__name__.replace('_', ' ')}", file=sys.stderr)
            traceback.print_exc()
        finally:
            api.execute("DROP TABLE IF EXISTS {t}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
