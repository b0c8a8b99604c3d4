"""Runs one step: settings, session, lineage and metrics around it."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import SparkSession

from . import metrics
from .catalog import Catalog
from .lake import Lake
from .lineage import Flow, Lineage
from .objects import Objects, read_backup
from .settings import Settings, Step, read_settings
from .sources import Sources, packed
from .state import States
from .steps import bronze, gold, maintenance, silver
from .storage import Storage

log = logging.getLogger(__name__)

STEPS: Mapping[Step, Callable[[Lake], None]] = {
    Step.BRONZE: bronze.run,
    Step.SILVER: silver.run,
    Step.GOLD: gold.run,
    Step.MAINTENANCE: maintenance.run,
}


SESSION: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    # Days before 1582 are those of MySQL's calendar, in the files of backups and in the lake's own.
    # Without these settings Spark refuses to read or write them.
    "spark.sql.avro.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # In place of INT96, whose nanoseconds other readers cannot take beyond the year 2262.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""Settings of a session that decide what values mean."""


def main(arguments: Sequence[str]) -> None:
    """Runs the step that the arguments name. An error ends the process with a traceback, whose last
    line Glue reports."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    settings = read_settings(arguments)
    if settings.region:
        os.environ.setdefault("AWS_DEFAULT_REGION", settings.region)
    session = SparkSession.builder.appName("rowgate-lake").getOrCreate()
    try:
        run(session, settings, packed())
    finally:
        session.stop()


def run(session: SparkSession, settings: Settings, sources: Sources) -> None:
    """Runs a step in a session that is there."""
    for name, value in SESSION.items():
        session.conf.set(name, value)
    started = time.monotonic()
    lake_objects = Objects(settings.lake_bucket)
    lineage = Lineage(settings, lake_objects)
    flow = Flow()
    lineage.started()
    try:
        data = Objects(settings.data_bucket)
        lake = Lake(
            session=session,
            settings=settings,
            sources=sources,
            backup=read_backup(data, settings.backup),
            data=data,
            lake_objects=lake_objects,
            storage=Storage(session, settings.lake_bucket),
            states=States(lake_objects),
            catalog=Catalog(settings.database_prefix),
            flow=flow,
        )
        STEPS[settings.step](lake)
    except BaseException as error:
        lineage.failed(flow, error)
        raise
    lineage.completed(flow)
    seconds = time.monotonic() - started
    metrics.put_step(settings.environment, settings.step, seconds, flow.rows)
    log.info("%s of the backup %s took %.1f s", settings.step, settings.backup, seconds)
