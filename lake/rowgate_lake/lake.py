"""The lake of one run: its tables, and what every step does after it has changed one."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from .catalog import Catalog
from .lineage import Flow
from .objects import Backup, Objects
from .settings import Settings
from .sources import Sources
from .state import States, TableState, now
from .storage import Storage

log = logging.getLogger(__name__)

QUALITY = "rowgate_quality"
"""The table of gold that has the results of expectations."""


@dataclass(frozen=True)
class Lake:
    """The dependencies of the steps."""

    session: SparkSession
    settings: Settings
    sources: Sources
    backup: Backup
    data: Objects
    lake_objects: Objects
    storage: Storage
    states: States
    catalog: Catalog
    flow: Flow

    def unchanged(self, layer: str, table: str, fingerprint: str) -> bool:
        """Returns true if the table is there and was made from exactly this; notes that this run
        has looked at it."""
        known = self.states.read(layer, table)
        if (
            known is None
            or known.fingerprint != fingerprint
            or not self.storage.exists(layer, table)
            or not self.catalog.has(layer, table)
        ):
            return False
        log.info("%s.%s is unchanged", layer, table)
        looked = dataclasses.replace(
            known,
            backup=self.backup.id,
            snapshot_time=self.backup.snapshot_time,
            run=self.settings.run,
            finished_at=now(),
        )
        self.states.write(looked)
        return True

    def begin(self, layer: str, table: str) -> None:
        """Records that the table is about to change: a run that is killed between the table's
        commit and its new state leaves a table that the next run checks again."""
        if known := self.states.read(layer, table):
            self.states.write(dataclasses.replace(known, fingerprint="", personal=None))

    def measure(self, layer: str, table: str) -> None:
        """Notes the size of a table that was compacted."""
        if known := self.states.read(layer, table):
            size = self.storage.size(layer, table)
            self.states.write(dataclasses.replace(known, **dataclasses.asdict(size)))

    def finish(
        self,
        layer: str,
        table: str,
        fingerprint: str,
        description: str,
        comments: Mapping[str, str],
        **more: Any,
    ) -> None:
        """Records a committed table in the catalog, its state and the lineage. `more` is what its
        state has beside that."""
        schema = self.storage.read(layer, table).schema
        self.catalog.put(
            layer, table, self.storage.location(layer, table), schema, description, comments
        )
        size = self.storage.size(layer, table)
        self.flow.wrote(self.settings.lake_bucket, f"{layer}/{table}", size, schema)
        self.states.write(
            TableState(
                layer=layer,
                table=table,
                rows=size.rows,
                files=size.files,
                bytes=size.bytes,
                backup=self.backup.id,
                snapshot_time=self.backup.snapshot_time,
                run=self.settings.run,
                fingerprint=fingerprint,
                changed_in=self.settings.run,
                **more,
            )
        )
        log.info("%s.%s has %d rows in %d files", layer, table, size.rows, size.files)
