#!/usr/bin/env python3
"""Proves a Data API endpoint with boto3, behaviour by behaviour, against Aurora MySQL, MySQL or
MariaDB.

    python tests/boto3_conformance.py --endpoint http://127.0.0.1:8080 --on-error abort --database demo \\
        --resource-arn arn:aws:rds:us-east-1:000000000000:cluster:local \\
        --secret-arn arn:aws:secretsmanager:us-east-1:000000000000:secret:local

Without --endpoint, it holds the real service to the same checks, with the caller's own credentials:

    python tests/boto3_conformance.py --region eu-west-1 --database demo \\
        --resource-arn arn:aws:rds:eu-west-1:<account>:cluster:<name> --secret-arn <arn>

The database must exist; tables are created in it and dropped again. What AWS documents must hold
everywhere. What the local server assumes must hold there; of the real service the script says what
it does instead ("learnt: ..."). What only the local server can do is skipped elsewhere. --slow adds
what takes minutes. Prints "N passed, N failed, N skipped" and exits with 1 if a check failed.
"""

import argparse
import base64
import concurrent.futures
import json
import re
import sys
import time
import traceback
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

CHECKS = []
MIB = 1024 * 1024
LOST = ("TransactionNotFoundException", 404)


class Skipped(Exception):
    """A check that does not apply, and why."""


def check(function):
    """Registers a check; its name, with blanks, is the rule that it proves."""
    CHECKS.append(function)
    return function


class Api:
    """The client with the ARNs and the database filled in."""

    def __init__(self, arguments):
        self.endpoint = (arguments.endpoint or "").rstrip("/")
        self.is_local = bool(self.endpoint) and "amazonaws.com" not in self.endpoint
        self.on_error = arguments.on_error
        self.slow = arguments.slow
        self.client = boto3.client(
            "rds-data",
            endpoint_url=arguments.endpoint,
            region_name=arguments.region,
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
            # In the local cloud, these are root's.
            **({"aws_access_key_id": "test", "aws_secret_access_key": "test"} if self.is_local else {}),
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

    def wake(self):
        """Waits for a cluster that was paused."""
        for _ in range(30):
            try:
                return self.value("SELECT 1")
            except ClientError as error:
                if error.response["Error"]["Code"] != "DatabaseResumingException":
                    raise
            time.sleep(3)
        return self.value("SELECT 1")

    def faults(self, *rules):
        """Sets the fault plan of the local server; without rules, ends it."""
        if not self.is_local:
            raise Skipped("only the local server injects faults")
        body = json.dumps({"rules": list(rules)}).encode()
        request = urllib.request.Request(f"{self.endpoint}/_/faults", body, method="PUT" if rules else "DELETE")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def parameter(name, hint=None, **value):
    return {"name": name, "value": value, **({"typeHint": hint} if hint else {})}


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {got!r}")


def refusal(error):
    """The code, status and message of an error."""
    response = error.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"].get("Message", "")


def failure(call, *arguments, **more):
    """The code, status and message that the call must fail with."""
    try:
        answer = call(*arguments, **more)
    except ClientError as error:
        return refusal(error)
    raise AssertionError(f"expected an error, got {str(answer)[:200]}")


def fails(code, status, call, *arguments, contains="", **more):
    """The call must fail with this code and status; gives the message."""
    got_code, got_status, message = failure(call, *arguments, **more)
    equal((got_code, got_status), (code, status), message)
    if contains not in message:
        raise AssertionError(f"{contains!r} is not in {message!r}")
    return message


def outcome(call, *arguments, **more):
    """"passes", or the code of the error."""
    try:
        call(*arguments, **more)
        return "passes"
    except ClientError as error:
        return error.response["Error"]["Code"]


def attempt(call, *arguments, **more):
    """What the call gives, or the code, status and message that it fails with."""
    try:
        return call(*arguments, **more)
    except ClientError as error:
        return refusal(error)


def assumed(api, what, got, expected):
    """What AWS does not document: the local server must do as assumed, of any other it is said what
    it does.
    """
    if got == expected:
        return
    if api.is_local:
        raise AssertionError(f"{what}: assumed {expected!r}, got {got!r}")
    print(f"learnt: {what}: {got!r}, where {expected!r} is assumed")


def number(message):
    """MySQL's number in the words of an error, in each form that is known."""
    for form in (
        r"^Database error code: (\d+)\. Message: ",
        r"; Error code: (\d+)(?:; SQLState: \w{5})?$",
    ):
        found = re.search(form, message)
        if found:
            return int(found[1])
    return None


def rows(count, name="numbered"):
    """A derived table of so many rows, up to 1,000, with a column n from 0 on."""
    digits = " UNION ALL ".join(f"SELECT {n} AS d" for n in range(10))
    numbered = f"SELECT a.d + 10 * b.d + 100 * c.d AS n FROM ({digits}) a JOIN ({digits}) b JOIN ({digits}) c"
    return f"({numbered} HAVING n < {count}) {name}"


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


# Types whose member or whose text AWS does not document, and the one whose metadata it does.
ASSUMED_MEMBERS = ("TINYINT(1)", "BIT(1)")
ASSUMED_TEXTS = ("DATE", "TIME", "DATETIME", "TIMESTAMP")
DOCUMENTED_METADATA = "VARCHAR(20)"


def typed_check(column, literal, field, code, type_name):
    def run(api):
        def same(got, expected, what):
            if column in ASSUMED_MEMBERS or column in ASSUMED_TEXTS:
                assumed(api, f"{column} {literal}, {what}", got, expected)
            else:
                equal(got, expected, what)

        api.execute(f"CREATE TABLE {{t}} (id INT PRIMARY KEY, v {column}) DEFAULT CHARSET = utf8mb4")
        api.execute(f"INSERT INTO {{t}} VALUES (1, {literal})")
        plain = api.execute("SELECT v AS label FROM {t}", includeResultMetadata=True)
        [[got]] = plain["records"]
        if column not in ASSUMED_MEMBERS:
            equal(list(got), list(field), "member")
        same(got, field, "text protocol")
        metadata = plain["columnMetadata"][0]
        if column == DOCUMENTED_METADATA:
            equal((metadata["type"], metadata["typeName"]), (code, type_name), "metadata")
        else:
            assumed(api, f"metadata of {column}", (metadata["type"], metadata["typeName"]), (code, type_name))
        equal(metadata["label"], "label", "label")
        assumed(api, "the name of a column with a label", metadata["name"], "v")
        bound = api.value("SELECT v FROM {t} WHERE id = :id", [parameter("id", longValue=1)])
        same(bound, field, "binary protocol")
        formatted = api.execute("SELECT v FROM {t}", formatRecordsAs="JSON")["formattedRecords"]
        [value] = field.values()
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        same(json.loads(formatted), [{"v": None if field == {"isNull": True} else value}], "JSON")

    run.__name__ = f"{column} {literal} comes back as {next(iter(field))}"
    return run


CHECKS.extend(typed_check(*row) for row in TYPES)


@check
def types_without_a_documented_member(api):
    api.execute("CREATE TABLE {t} (y YEAR, b BIT(8), u BIGINT UNSIGNED)")
    api.execute("INSERT INTO {t} VALUES (2021, b'10000001', 18446744073709551615)")
    [[year, bits, large]] = api.execute("SELECT y, b, u FROM {t}")["records"]
    assumed(api, "YEAR", year, {"longValue": 2021})
    assumed(api, "BIT(8)", bits, {"blobValue": b"\x81"})
    assumed(api, "a BIGINT UNSIGNED beyond 2^63-1", large, {"stringValue": "18446744073709551615"})


@check
def parameters_of_every_type_go_in_as_they_are(api):
    # What a bare parameter comes back as depends on how it is bound.
    for value in ({"longValue": -5}, {"doubleValue": 0.1}):
        assumed(api, f"SELECT :p of {value}", api.value("SELECT :p", [parameter("p", **value)]), value)
    equal(api.value("SELECT :p + 0 = -5", [parameter("p", longValue=-5)]), {"longValue": 1})
    equal(api.value("SELECT ABS(:p - 0.1) < 1e-9", [parameter("p", doubleValue=0.1)]), {"longValue": 1})
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
    for got, (hint, value) in zip(record, good.values()):
        if hint in ("DATE", "TIME", "TIMESTAMP"):
            assumed(api, f"the text of a {hint}", got, {"stringValue": value})
        else:
            equal(got, {"stringValue": value}, hint)
    for hint, wrong in [
        ("DATE", "2021-02-30"), ("TIME", "1pm"), ("TIMESTAMP", "2021-07-27T16:02:08Z"),
        ("DECIMAL", "x"), ("JSON", "{"), ("UUID", "1"),
    ]:
        got = outcome(api.execute, "SELECT :p", [parameter("p", hint, stringValue=wrong)])
        assumed(api, f"{wrong} with the hint {hint}", got, "BadRequestException")


@check
def values_outside_of_an_enum_are_refused_and_leave_the_transaction(api):
    transaction = api.begin()
    for what, more in [
        ("formatRecordsAs=XML", {"formatRecordsAs": "XML"}),
        ("longReturnType=INT", {"resultSetOptions": {"longReturnType": "INT"}}),
        ("typeHint=XML", {"parameters": [parameter("p", "XML", stringValue="x")]}),
    ]:
        got = outcome(api.execute, "SELECT 1", transactionId=transaction, **more)
        assumed(api, what, got, "ValidationException")
    assumed(api, "COMMIT after values outside of an enum", outcome(api.commit, transaction), "passes")


@check
def arrays_and_missing_parameters_are_refused(api):
    code, status, message = failure(api.execute, "SELECT :p", [parameter("p", arrayValue={"longValues": [1, 2]})])
    expected = ("BadRequestException", 400, True)
    assumed(api, f"an array: {message!r}", (code, status, "Array parameters are not supported" in message), expected)
    got = attempt(api.execute, "SELECT :p")
    assumed(api, "a missing parameter", got, ("BadRequestException", 400, "Cannot find parameter: p"))
    got = outcome(api.execute, "SELECT 1", [parameter("p", longValue=1)])
    assumed(api, "a surplus parameter", got, "passes")


@check
def parameters_are_found_by_a_lexer(api):
    sql = "SELECT ':a', /* :b */ :a AS `:c` -- :d"
    got = attempt(lambda: api.execute(sql, [parameter("a", longValue=1)])["records"])
    assumed(api, "names in strings and comments", got, [[{"stringValue": ":a"}, {"longValue": 1}]])


@check
def execute_sql_is_gone(api):
    if not hasattr(api.client, "execute_sql"):
        raise Skipped("boto3 has forgotten it")
    got = attempt(
        api.client.execute_sql,
        dbClusterOrInstanceArn=api.arns["resourceArn"],
        awsSecretStoreArn=api.arns["secretArn"],
        database=api.database,
        sqlStatements="SELECT 1",
    )
    is_gone = isinstance(got, tuple) and "This API is deprecated and not available" in got[2]
    assumed(api, f"ExecuteSql: {got}", is_gone, True)


@check
def numbers_can_be_turned_by_options(api):
    options = {"decimalReturnType": "DOUBLE_OR_LONG", "longReturnType": "STRING"}
    sql = "SELECT CAST(1.5 AS DECIMAL(4,2)), CAST(7 AS DECIMAL(4,0)), 9"
    got = api.execute(sql, resultSetOptions=options)["records"]
    equal(got, [[{"doubleValue": 1.5}, {"longValue": 7}, {"stringValue": "9"}]])
    formatted = api.execute("SELECT CAST(1.5 AS DECIMAL(4,2)) AS d, 9 AS l", resultSetOptions=options,
                            formatRecordsAs="JSON")["formattedRecords"]
    assumed(api, "numbers by options as JSON", json.loads(formatted), [{"d": 1.5, "l": "9"}])


@check
def metadata_tells_about_the_column(api):
    api.execute("CREATE TABLE {t} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, d DECIMAL(12,3), v VARCHAR(30))")
    id_, decimal, text = api.execute("SELECT * FROM {t}", includeResultMetadata=True)["columnMetadata"]
    got = (id_["isAutoIncrement"], id_["isSigned"], id_["nullable"])
    assumed(api, "metadata of a key", got, (True, False, 0))
    got = (decimal["precision"], decimal["scale"], decimal["isSigned"], decimal["nullable"])
    assumed(api, "metadata of a DECIMAL", got, (12, 3, True, 1))
    equal((text["precision"], text["scale"], text["nullable"], text["isCurrency"]), (30, 0, 1, False))
    equal(text["arrayBaseColumnType"], 0)
    assumed(api, "names in the metadata", (text["tableName"], text["schemaName"]), (api.table, ""))


@check
def writes_are_counted_and_generate_fields(api):
    answer = api.execute("CREATE TABLE {t} (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    equal((answer["numberOfRecordsUpdated"], answer.get("generatedFields", []), "records" in answer), (0, [], False))
    answer = api.execute("INSERT INTO {t} (v) VALUES (1)")
    equal((answer["numberOfRecordsUpdated"], answer["generatedFields"]), (1, [{"longValue": 1}]))
    answer = api.execute("UPDATE {t} SET v = 2")
    equal((answer["numberOfRecordsUpdated"], answer.get("generatedFields", [])), (1, []))
    answer = api.execute("UPDATE {t} SET v = 2")
    assumed(api, "rows that an UPDATE finds as they should be", answer["numberOfRecordsUpdated"], 1)
    results = api.batch("INSERT INTO {t} (v) VALUES (:v)", [[parameter("v", longValue=n)] for n in (1, 2, 3)])
    equal(results, [{"generatedFields": [{"longValue": n}]} for n in (2, 3, 4)])
    equal(api.count(), 4)
    answer = api.execute("INSERT INTO {t} (v) VALUES (5), (6)")
    equal(answer["numberOfRecordsUpdated"], 2)
    assumed(api, "ids of an INSERT of several rows", answer["generatedFields"], [{"longValue": 5}])


@check
def a_batch_outside_of_a_transaction_commits_set_by_set(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    sets = [[parameter("id", longValue=n)] for n in (1, 2, 1, 3)]
    message = fails("DatabaseErrorException", 400, api.batch, "INSERT INTO {t} VALUES (:id)", sets)
    equal("Duplicate entry" in message, True, message)
    assumed(api, "rows of a batch that stopped at its third set", api.count(), 2)


@check
def only_select_is_formatted_as_json(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    for sql in ["SELECT 1 AS a", "\n select 1 AS a -- b"]:
        answer = api.execute(sql, formatRecordsAs="JSON", includeResultMetadata=True)
        equal(json.loads(answer["formattedRecords"]), [{"a": 1}], sql)
        equal(("records" in answer, "columnMetadata" in answer), (False, False), sql)
    for sql in ["SHOW VARIABLES LIKE 'version'", "SHOW CREATE TABLE {t}", "DESCRIBE {t}", "EXPLAIN SELECT * FROM {t}"]:
        answer = api.execute(sql, formatRecordsAs="JSON")
        got = ("formattedRecords" in answer, len(answer.get("records", [])))
        assumed(api, f"formattedRecords and records of {sql.split()[0]}", got, (False, 1))
    equal("formattedRecords" in api.execute("INSERT INTO {t} VALUES (1)", formatRecordsAs="JSON"), False, "INSERT")
    for sql in [
        "((SELECT 1 AS a))",
        "-- b\nSELECT 1 AS a",
        "/* b */ SELECT 1 AS a",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    ]:
        answer = api.execute(sql, formatRecordsAs="JSON")
        assumed(api, f"formattedRecords of {sql!r}", "formattedRecords" in answer, False)
    code, _, _ = failure(api.execute, "SELECT 1 AS a, 2 AS a", formatRecordsAs="JSON")
    assumed(api, "the error of two columns of one name", code, "BadRequestException")


@check
def the_longest_columns_have_a_precision_of_32_bits(api):
    api.execute("CREATE TABLE {t} (j JSON, x LONGTEXT, b LONGBLOB)")
    for column in api.execute("SELECT * FROM {t}", includeResultMetadata=True)["columnMetadata"]:
        equal(0 <= column["precision"] < 2**31, True, str(column))


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
    assumed(api, "ROLLBACK of a transaction that has ended", outcome(api.rollback, transaction), LOST[0])
    for call in (api.commit, lambda id_: api.execute("DELETE FROM {t}", transactionId=id_)):
        message = fails(*LOST, call, transaction, contains="is not found")
        assumed(
            api,
            "a transaction that has ended",
            message.replace(transaction, "<id>"),
            "Transaction <id> is not found. One previous call resulted in a termination of your transaction.",
        )
    fails(*LOST, api.execute, "DELETE FROM {t}", transactionId="bm8gc3VjaA==", contains="is not found")
    equal(api.count(), 2, "nothing commits on its own")


# What ends a transaction whatever other errors do.
TOO_LARGE = ("a row that is too large", "a result that is too large")

# What may end a transaction, and how it fails. The database, a result and a parameter are at fault.
FAILING = [
    ("a duplicate key", "INSERT INTO {t} VALUES (9)"),
    ("a syntax error", "SELEC"),
    ("a missing table", "SELECT * FROM {t}_nowhere"),
    (TOO_LARGE[0], "SELECT REPEAT('x', 70000)"),
    (TOO_LARGE[1], f"SELECT REPEAT('x', 60000) FROM {rows(20)}"),
    ("a missing parameter", "SELECT :missing"),
    ("several statements", "SELECT 1; SELECT 2"),
]


@check
def a_failed_statement_ends_its_transaction_or_leaves_it(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    api.execute("INSERT INTO {t} VALUES (9)")
    for what, sql in FAILING:
        transaction = api.begin()
        api.execute("INSERT INTO {t} VALUES (1)", transactionId=transaction)
        if outcome(api.execute, sql, transactionId=transaction) == "passes":
            assumed(api, what, "passes", "fails")
        try:
            api.execute("SELECT 1", transactionId=transaction)
            fate = "keep"
        except ClientError as error:
            equal(error.response["Error"]["Code"], LOST[0], what)
            fate = "abort"
        if api.on_error == "either":
            print(f"learnt: {what}: the transaction " + ("lives on" if fate == "keep" else "is gone"))
        else:
            equal(fate, "abort" if what in TOO_LARGE else api.on_error, what)
        # Either way, nothing is half done: it continues as if nothing had been, or nothing of it is
        # left.
        if fate == "keep":
            equal(api.commit(transaction), "Transaction Committed", what)
            api.execute("DELETE FROM {t} WHERE id = 1")
        else:
            message = fails(*LOST, api.commit, transaction, contains="is not found")
            assumed(api, f"its cause is named after {what}", "aborted due to an error" in message, True)
            assumed(api, f"a rollback after {what}", outcome(api.rollback, transaction), LOST[0])
            equal(api.count(), 1, what)
            # Its locks are gone as well.
            got = outcome(api.execute, "INSERT INTO {t} VALUES (1)")
            assumed(api, f"its locks are gone after {what}", got, "passes")
            api.execute("DELETE FROM {t} WHERE id = 1")


@check
def a_deadlock_ends_the_transaction_that_lost(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY, v INT)")
    api.execute("INSERT INTO {t} VALUES (1, 0), (2, 0)")
    one, two = api.begin(), api.begin()
    update = "UPDATE {t} SET v = v + 1 WHERE id = :id"
    api.execute(update, [parameter("id", longValue=1)], transactionId=one)
    api.execute(update, [parameter("id", longValue=2)], transactionId=two)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        calls = {
            transaction: pool.submit(api.execute, update, [parameter("id", longValue=n)], transactionId=transaction)
            for transaction, n in ((one, 2), (two, 1))
        }
    [lost] = [transaction for transaction, call in calls.items() if call.exception()]
    message = calls[lost].exception().response["Error"]["Message"]
    equal("Deadlock found" in message, True, message)
    assumed(api, "the transaction that lost", outcome(api.commit, lost), LOST[0])
    [won] = [transaction for transaction in calls if transaction != lost]
    equal(api.commit(won), "Transaction Committed")
    equal(api.execute("SELECT v FROM {t}")["records"], [[{"longValue": 1}]] * 2)


@check
def ddl_commits_implicitly(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    transaction = api.begin()
    api.execute("INSERT INTO {t} VALUES (1)", transactionId=transaction)
    api.execute("ALTER TABLE {t} ADD v INT", transactionId=transaction)
    equal(api.count(), 1, "DDL commits")
    api.execute("INSERT INTO {t} VALUES (2, 2)", transactionId=transaction)
    assumed(api, "rows that follow DDL, before COMMIT", api.count(), 1)
    assumed(api, "ROLLBACK after DDL", outcome(api.rollback, transaction), "passes")
    assumed(api, "rows that follow DDL, after ROLLBACK", api.count(), 1)


@check
def one_statement_at_a_time_in_a_transaction(api):
    transaction = api.begin()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(api.execute, "SELECT SLEEP(2)", transactionId=transaction)
        time.sleep(1)
        fails("DatabaseErrorException", 400, api.execute, "SELECT 1", transactionId=transaction,
              contains="Transaction is still running a query")
        slow.result()
    # "You can keep retrying until the error no longer occurs."
    api.execute("SELECT 1", transactionId=transaction)
    api.rollback(transaction)


@check
def a_transaction_keeps_its_database(api):
    transaction = api.begin()
    api.client.execute_statement(**api.arns, sql="SELECT 1", transactionId=transaction)
    got = attempt(
        api.client.execute_statement, **api.arns, sql="SELECT 1", transactionId=transaction, database="mysql"
    )
    expected = ("BadRequestException", 400, "Database name is not the same as transaction")
    assumed(api, "another database in a transaction", got, expected)
    expected = "passes" if api.on_error == "keep" else LOST[0]
    if not (api.is_local and api.on_error == "either"):
        assumed(api, "COMMIT after a call for another database", outcome(api.commit, transaction), expected)


@check
def errors_of_the_database_have_a_number_that_is_found(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    api.execute("INSERT INTO {t} VALUES (1)")
    for sql, words, code in [
        ("INSERT INTO {t} VALUES (1)", "Duplicate entry '1' for key", 1062),
        ("SELEC 1", "You have an error in your SQL syntax", 1064),
        ("SELECT * FROM {t}_nowhere", "doesn't exist", 1146),
    ]:
        message = fails("DatabaseErrorException", 400, api.execute, sql, contains=words)
        assumed(api, f"the number in {message!r}", number(message), code)
    message = fails("DatabaseErrorException", 400, api.execute, "INSERT INTO {t} VALUES (1)")
    form = message.partition("for key")[2].partition("'")[2].partition("'")[2]
    assumed(api, "what follows the database's words", form, "; Error code: 1062; SQLState: 23000")


@check
def several_statements_and_schemas_are_refused(api):
    fails("ValidationException", 400, api.execute, "SELECT 1; SELECT 2", contains="Multistatements aren't supported")
    fails("ValidationException", 400, api.execute, "SELECT 1", schema="public", contains="schema parameter")
    equal(api.value("SELECT ';' ;"), {"stringValue": ";"})


@check
def unsupported_types_are_refused(api):
    got = attempt(api.execute, "SELECT ST_GeomFromText('POINT(1 2)')")
    expected = ("UnsupportedResultException", 400, 'The result contains the unsupported data type "GEOMETRY".')
    assumed(api, "GEOMETRY", got, expected)


@check
def sql_text_ends_at_65536_characters(api):
    api.execute("SELECT 1 #" + "x" * (65536 - 10))
    message = fails("ValidationException", 400, api.execute, "SELECT 1 #" + "x" * (65537 - 10))
    assumed(api, f"the limit is named in {message!r}", "65536" in message, True)


@check
def requests_end_at_4_mib(api):
    length = api.value("SELECT LENGTH(:p)", [parameter("p", stringValue="x" * 4_000_000)])
    equal(length, {"longValue": 4_000_000})
    try:
        _, status, _ = failure(api.execute, "SELECT LENGTH(:p)", [parameter("p", stringValue="x" * (4 * MIB))])
        assumed(api, "the status of a request that is too large", status, 413)
    except HTTPClientError:
        pass  # The connection is closed while the request is still being sent.


@check
def answers_with_records_end_at_1_mib(api):
    # However it is counted: 0.9 MiB fit, 1.1 MiB do not.
    sql = f"SELECT REPEAT('x', {{}}) FROM {rows(100)}"
    api.execute(sql.format(9 * MIB // 1000))
    fails("UnsupportedResultException", 400, api.execute, sql.format(11 * MIB // 1000), contains="size")
    # The values alone fit, with what JSON has around each they do not.
    short = f"SELECT a.n FROM {rows(1000, 'a')} JOIN {rows(100, 'b')}"
    assumed(api, "2 MB of JSON with 0.3 MB of values", outcome(api.execute, short), "UnsupportedResultException")


@check
def answers_with_formatted_records_end_at_10_mb(api):
    # Little data under long names. However it is counted: 9 MB fit, 11 MB do not.
    names = [f"0 AS n{n:_>59}_" for n in range(160)]
    sql = f"SELECT {{}} FROM {rows(1000)}"
    fits = api.execute(sql.format(", ".join(names[:130])), formatRecordsAs="JSON")
    equal(8_500_000 < len(fits["formattedRecords"]) < 9_500_000, True, str(len(fits["formattedRecords"])))
    code, _, message = failure(api.execute, sql.format(", ".join(names)), formatRecordsAs="JSON")
    equal("size" in message or "large" in message, True, message)
    assumed(api, "the error of 11 MB of JSON", code, "UnsupportedResultException")
    # Data of more than 1 MiB, which would fit as JSON.
    large = f"SELECT REPEAT('x', 60000) AS x FROM {rows(20)}"
    got = outcome(api.execute, large, formatRecordsAs="JSON")
    assumed(api, "1.2 MB of data as JSON", got, "UnsupportedResultException")


@check
def rows_end_at_64_kb(api):
    api.execute("SELECT REPEAT('x', 64000)")
    code, _, message = failure(api.execute, "SELECT REPEAT('x', 65537)")
    equal("too large" in message, True, message)
    assumed(api, "the error of a row that is too large", code, "UnsupportedResultException")
    got = outcome(api.execute, "SELECT REPEAT('x', 65534)")
    assumed(api, "a row of 65,534 bytes and 3 for their length", got, "UnsupportedResultException")


@check
def continuing_after_a_timeout_is_refused_in_a_transaction(api):
    transaction = api.begin()
    got = outcome(api.execute, "SELECT 1", transactionId=transaction, continueAfterTimeout=True)
    assumed(api, "continueAfterTimeout in a transaction", got, "BadRequestException")
    assumed(api, "its transaction", outcome(api.rollback, transaction), "passes")


@check
def a_statement_ends_after_45_seconds(api):
    if not api.slow:
        raise Skipped("takes a minute: --slow")
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    transaction = api.begin()
    api.execute("INSERT INTO {t} VALUES (1)", transactionId=transaction)
    began = time.monotonic()
    fails("StatementTimeoutException", 400, api.execute, "SELECT SLEEP(58)", transactionId=transaction)
    equal(40 < time.monotonic() - began < 55, True, f"after {time.monotonic() - began:.0f} s")
    assumed(api, "COMMIT after a timeout", outcome(api.commit, transaction), LOST[0])


@check
def a_transaction_ends_after_3_idle_minutes(api):
    if not api.slow:
        raise Skipped("takes four minutes: --slow")
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    transaction = api.begin()
    api.execute("INSERT INTO {t} VALUES (1)", transactionId=transaction)
    time.sleep(200)
    message = fails(*LOST, api.commit, transaction, contains="is not found")
    assumed(api, "its cause is named", "Transaction may be expired" in message, True)
    equal(api.count(), 0)


@check
def an_answer_may_be_lost_after_the_work_is_done(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    api.faults({"effect": {"lose_answer": "drop"}, "sql_contains": f"INSERT INTO {api.table}", "times": 1})
    try:
        api.execute("INSERT INTO {t} VALUES (1)")
        raise AssertionError("the answer came")
    except HTTPClientError:
        pass
    finally:
        api.faults()
    equal(api.count(), 1)


@check
def a_call_may_fail_before_it_reaches_the_database(api):
    api.execute("CREATE TABLE {t} (id INT PRIMARY KEY)")
    rule = {"effect": {"error": "ThrottlingException"}, "sql_contains": f"INSERT INTO {api.table}", "times": 1}
    api.faults(rule)
    try:
        fails("ThrottlingException", 400, api.execute, "INSERT INTO {t} VALUES (1)", contains="Rate exceeded")
    finally:
        api.faults()
    equal(api.count(), 0)


@check
def a_value_needs_a_member(api):
    got = outcome(api.execute, "SELECT :p", [{"name": "p", "value": {"isNull": False}}])
    assumed(api, "isNull: false", got, "BadRequestException")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", help="URL of the server; AWS itself, without it")
    parser.add_argument("--resource-arn", "--cluster", required=True, help="ARN of the cluster")
    parser.add_argument("--secret-arn", "--secret", required=True, help="ARN of the secret of its user")
    parser.add_argument("--database", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument(
        "--on-error",
        choices=["abort", "keep", "either"],
        default="either",
        help="what a failed statement must do to its transaction; says what it does, without it",
    )
    parser.add_argument("--slow", action="store_true", help="also prove what takes minutes")
    api = Api(parser.parse_args())
    api.wake()
    failed = skipped = 0
    for run in CHECKS:
        name = run.__name__.replace("_", " ")
        api.table = f"conformance_{uuid.uuid4().hex[:8]}"
        try:
            run(api)
        except Skipped as why:
            skipped += 1
            print(f"skipped: {name}: {why}")
        except Exception:  # A check that breaks is a check that failed; the others still run.
            failed += 1
            print(f"FAILED {name}", file=sys.stderr)
            traceback.print_exc()
        finally:
            api.execute("DROP TABLE IF EXISTS {t}")
    print(f"{len(CHECKS) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
