"""Lets Athena read Delta tables.

MiniStack reads every file under a table's location, also those that Delta has removed. A Delta
table (table parameter `table_type=DELTA`) is read here by DuckDB's Delta extension, which is a
Python package, from links to the table's objects: nothing is copied, and what a writer removes
during the query stays. Times are in UTC and written as Athena writes them, and the file with the
results lies where the query's execution says.
"""

import functools
import os
import tempfile
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlparse

from pins import expect, original, replaces

# The wrapped function, and the SHA-256 of the source that this was written for.
RUNS_QUERY = ("_run_duckdb", "734c2e91cdac17e05a7d2dd2bcbc90227fddd54033e8274dd6acacb7852f133d")
COPIES_FILES = (
    "_materialize_table_files",
    "e4f134f666f9c516d316244978063db6c1c0bf02d5069f9d9f6d318abc4ecc7d",
)
NAMES_RELATION = (
    "_table_relation",
    "a1a2686723d2ddff055b2374a64bb143e0f34bd336a562edb768197a8bd8fa3c",
)
SAVES_RESULTS = (
    "_save_query_results",
    "4ff2ac770a744f4b2e55a98ff1c5e877220ee2c36018a4ed805d88e6131f60ff",
)
FINDS_OBJECT = (
    "_object_disk_path",
    "0a7ed55714d95566de24dad434c0f35b49f47b163765cc3965f837db5fac67cc",
)
READS_OBJECT = (
    "_get_object_data",
    "8735d1f5e33130762824a98fd11199beaa4a2153ee9459ad97f33b97c8798277",
)


class DeltaFolder(str):
    """The local folder of a Delta table, in the place of its files."""


def extension():
    """Returns the path of the Delta extension for the DuckDB that is installed."""
    import duckdb

    package = find_spec("duckdb_extension_delta")
    expect(package is not None, "duckdb-extension-delta is not installed")
    folder = Path(package.origin).with_name("extensions")
    path = folder / f"v{duckdb.__version__}" / "delta.duckdb_extension"
    expect(path.is_file(), f"duckdb-extension-delta is not for DuckDB {duckdb.__version__}")
    return path


def load_extension():
    """Loads the extension into every database that MiniStack opens."""
    import duckdb

    path = str(extension()).replace("'", "''")
    connect = duckdb.connect

    @functools.wraps(connect)
    def connect_with_delta(*arguments, **named):
        # Checking the signature would read 80 MB at each query; pip has checked what it installed.
        config = {"allow_unsigned_extensions": "true"} | named.pop("config", {})
        connection = connect(*arguments, config=config, **named)
        connection.execute(f"LOAD '{path}'")
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    duckdb.connect = connect_with_delta


def read_delta_tables(athena):
    from ministack.services import s3

    find_object = original(s3, *FINDS_OBJECT)
    read_object = original(s3, *READS_OBJECT)

    def link(bucket, key, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(find_object(bucket, key), path)
        except OSError:
            # Not on the disk, or on another one.
            data = read_object(bucket, key)
            if data is not None:
                path.write_bytes(data)

    @replaces(athena, *COPIES_FILES)
    def link_delta_files(copy_files, location, workdirs):
        url = urlparse(location)
        prefix = url.path.strip("/") + "/"
        keys = [key for key in list(objects(s3, url.netloc)) if key.startswith(prefix)]
        if not any(key.startswith(prefix + "_delta_log/") for key in keys):
            return copy_files(location, workdirs)
        root = Path(tempfile.mkdtemp(prefix="ministack-athena-"))
        workdirs.append(root)
        for key in keys:
            if not key.endswith("/"):
                link(url.netloc, key, root / key.removeprefix(prefix))
        return [DeltaFolder(root)]

    @replaces(athena, *NAMES_RELATION)
    def name_delta_relation(name_relation, table, files):
        is_delta = (table.get("Parameters") or {}).get("table_type", "").upper() == "DELTA"
        found = isinstance(files[0], DeltaFolder)
        if not is_delta and not found:
            return name_relation(table, files)
        if not is_delta or not found:
            name = f"{table.get('DatabaseName')}.{table.get('Name')}"
            lacks = "its location has no _delta_log" if is_delta else "table_type is not DELTA"
            raise ValueError(f"{name} cannot be read as a Delta table: {lacks}")
        return "delta_scan('" + files[0].replace("'", "''") + "')"


def objects(s3, bucket):
    found = s3._buckets.get(bucket)
    return found["objects"] if found else ()


def write_times_as_athena(athena):

    @replaces(athena, *RUNS_QUERY)
    async def run(run_query, *arguments, **named):
        results = await run_query(*arguments, **named)
        results["rows"] = [[athena_value(value) for value in row] for row in results["rows"]]
        return results


def keep_results_where_they_are_said_to_be(athena):

    @replaces(athena, *SAVES_RESULTS)
    async def save(save_results, query_id):
        # MiniStack takes the name of the file for the folder.
        settings = athena._executions[query_id]["ResultConfiguration"]
        folder = settings["OutputLocation"].removesuffix(f"{query_id}.csv").rstrip("/")
        settings["OutputLocation"] = folder
        await save_results(query_id)
        settings["OutputLocation"] = f"{folder}/{query_id}.csv"


def athena_value(value):
    """Returns a time as Athena writes it: milliseconds, and UTC where it has a zone."""
    if not isinstance(value, datetime):
        return value
    zone = ""
    if value.tzinfo is not None:
        value, zone = value.astimezone(timezone.utc), " UTC"
    return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}{zone}"


def install():
    from ministack.services import athena

    load_extension()
    read_delta_tables(athena)
    write_times_as_athena(athena)
    keep_results_where_they_are_said_to_be(athena)
