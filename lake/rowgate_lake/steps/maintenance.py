"""The step `maintenance`: small files become larger ones, files that no reader needs any more go,
and so do old backups.

Compaction and removal are Spark's own (OPTIMIZE, VACUUM) where the engine has them, and delta-rs's
where it has not.
"""

import logging
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from .. import bronze, silver
from ..lake import QUALITY, Lake
from ..storage import Storage

log = logging.getLogger(__name__)

STATE = "state/maintenance.json"
VACUUM_EVERY = timedelta(days=7)
LISTING_TASKS = 32
QUALITY_RETENTION = timedelta(days=400)
"""The time that results of expectations are kept: as long as the stack keeps lineage."""
KEEP_HOURS = 168
"""Hours for which files stay that are no part of a table any more: readers that began before may
still need them. A week is Delta's own default."""


def run(lake: Lake) -> None:
    """Expires old backups of bronze and compacts the tables that this run changed. Once a week it
    compacts every table, and removes files and results that are no longer needed."""
    now = datetime.now(UTC)
    weekly, names = _is_due(lake, now), _tables(lake)
    for layer, table in names:
        expired = layer == "bronze" and _expire(lake, table, now)
        known = lake.states.read(layer, table)
        if weekly or expired or known is None or known.changed_in == lake.settings.run:
            _compact(lake.storage, layer, table)
            lake.measure(layer, table)
    if not weekly:
        return
    if ("gold", QUALITY) in names:
        before = (now - QUALITY_RETENTION).isoformat()
        lake.storage.delete("gold", QUALITY, f"checked_at < CAST('{before}' AS TIMESTAMP)")
    for layer, table in names:
        _vacuum(lake.storage, layer, table)
    lake.lake_objects.write(STATE, {"vacuumed_at": now.isoformat()})


def _is_due(lake: Lake, now: datetime) -> bool:
    """Returns true if files were not removed for a week, or it is unknown when they were."""
    try:
        known = lake.lake_objects.read(STATE)
        return not known or now - datetime.fromisoformat(known["vacuumed_at"]) >= VACUUM_EVERY
    except (KeyError, TypeError, ValueError):
        log.warning("%s cannot be read", STATE)
        return True


def _tables(lake: Lake) -> list[tuple[str, str]]:
    """Lists the tables that there are: those that the lake has a state of, also of what the
    dictionary no longer knows, and, where a state was lost, those that there should be."""
    tables = list(lake.sources.dictionary.tables)
    expected = {
        "bronze": tables,
        "silver": [name for table in tables for name in (table, silver.history_of(table))],
        "gold": [*(table.name for table in lake.sources.gold), QUALITY],
    }
    return [
        (layer, name)
        for layer, names in expected.items()
        for name in sorted({*names, *lake.states.tables(layer)})
        if lake.storage.exists(layer, name)
    ]


def _expire(lake: Lake, table: str, now: datetime) -> bool:
    """Deletes the rows of backups that are older than the setting, unless they are of this run's
    backup. Returns true if there were any."""
    before = (now - timedelta(days=lake.settings.bronze_keep_days)).isoformat()
    rows = lake.storage.read("bronze", table)
    old = (
        rows.where(f"_snapshot_time < CAST('{before}' AS TIMESTAMP)")
        .select(bronze.PARTITION)
        .distinct()
        .collect()
    )
    if backups := sorted(row[0] for row in old if row[0] != lake.backup.id):
        listed = ", ".join(f"'{backup}'" for backup in backups)
        lake.storage.delete("bronze", table, f"{bronze.PARTITION} IN ({listed})")
        log.info("bronze.%s no longer has the backups %s", table, ", ".join(backups))
    return bool(backups)


def _compact(storage: Storage, layer: str, table: str) -> None:
    if has_sql_maintenance(storage.session):
        storage.session.sql(f"OPTIMIZE {storage.sql_name(layer, table)}").collect()
    else:
        storage.log(layer, table).optimize.compact()


def _vacuum(storage: Storage, layer: str, table: str) -> None:
    if has_sql_maintenance(storage.session):
        # VACUUM lists the files of a table in 10,000 tasks by default: minutes for a table of a few
        # files.
        storage.session.conf.set(
            "spark.sql.sources.parallelPartitionDiscovery.parallelism", LISTING_TASKS
        )
        storage.session.sql(
            f"VACUUM {storage.sql_name(layer, table)} RETAIN {KEEP_HOURS} HOURS"
        ).collect()
    else:
        storage.log(layer, table).vacuum(retention_hours=KEEP_HOURS, dry_run=False)


def has_sql_maintenance(session: SparkSession) -> bool:
    """Returns true if the engine is Spark with Delta's extension, which alone has OPTIMIZE and
    VACUUM."""
    return "io.delta.sql.DeltaSparkSessionExtension" in (
        session.conf.get("spark.sql.extensions", "") or ""
    )
