"""Measures the lake from a backup to gold: seconds and peak memory by step, on Sail and on Spark on
the JVM.

Real parts: a local cloud of its own, rows in its database, a backup by rowgate-backup, verified by
rowgate-restore, and the job as a process of its own. The functions are those that the local cloud
runs, in the development profile.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_cloud import BenchCloud
from memory import watched
from support import job
from support.pipeline import PIPELINE, Pipeline

REPOSITORY = Path(__file__).parents[2]
MIB = 1024 * 1024


def main() -> None:
    """Measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(prog="bench-lake", description=__doc__)
    parser.add_argument(
        "--rows", default="1000000,10000000", help="numbers of employees, with commas between"
    )
    parser.add_argument(
        "--engines", default="sail,jvm", help="sail, jvm or both, with a comma between"
    )
    options = parser.parse_args()
    sizes = [int(size) for size in options.rows.split(",")]
    names = options.engines.split(",")
    totals: dict[tuple[str, int], float] = {}
    print("| employees | engine | step | seconds | peak MiB |\n|---:|---|---|---:|---:|")
    for rows in sizes:
        with BenchCloud.up() as cloud:
            say(f"filling the database with {rows} employees")
            cloud.fill(rows)
            backup = measured(rows, "", "backup", cloud.backup)
            measured(rows, "", "verify", partial(cloud.verify, backup))
            unchanged = cloud.backup()
            for name in names:
                lake = cloud.lake(name)
                first = run(rows, name, lake, cloud, backup, "")
                again = run(rows, name, lake, cloud, backup, ", the same backup again")
                other = run(rows, name, lake, cloud, unchanged, ", a backup without changes")
                totals[name, rows] = first
                line(rows, name, "all steps", first)
                line(rows, name, f"all steps again: {again / first:.0%} of the first", again)
                line(
                    rows,
                    name,
                    f"all steps of a backup without changes: {other / first:.0%} of the first",
                    other,
                )
            if "sail" in names:
                line(rows, "DuckDB as Athena", "a query of gold, median of 7", cloud.query_time())
    for name in names:
        for smaller, larger in zip(sizes, sizes[1:], strict=False):
            growth = totals[name, larger] / totals[name, smaller] / (larger / smaller)
            print(
                f"\nGrowth on {name} from {smaller} to {larger} employees: {growth:.2f} of linear."
            )


def run(rows: int, engine: str, lake: Pipeline, cloud: BenchCloud, backup: str, note: str) -> float:
    """Runs all steps and gives their seconds together: the job's own process and its engine's start
    are in them."""
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        gold = {file.name: file.read_text() for file in (REPOSITORY / "sql/gold").glob("*.sql")}
        archive = job.pack(Path(folder), (REPOSITORY / "sql/dictionary.toml").read_text(), gold)
        for step in PIPELINE:
            began = time.monotonic()
            with job.engine(cloud.ministack, engine) as environment, watched() as peak:
                job.finish(job.start(lake, archive, environment, step, backup))
            seconds = time.monotonic() - began
            total += seconds
            line(rows, engine, f"{step}{note}", seconds, peak.bytes / MIB)
    return total


def measured(rows: int, engine: str, step: str, work: Callable[[], object]) -> object:
    """Times one call."""
    began = time.monotonic()
    found = work()
    line(rows, engine, step, time.monotonic() - began)
    return found


def line(rows: int, engine: str, step: str, seconds: float, mib: float | None = None) -> None:
    """Prints a row of the table."""
    memory = "" if mib is None else f"{mib:.0f}"
    print(f"| {rows} | {engine} | {step} | {seconds:.2f} | {memory} |", flush=True)


def say(text: str) -> None:
    """Prints what is done."""
    print(f"== {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
