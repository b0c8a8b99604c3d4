"""What the lake knows of each table: written after each commit, read by the next run and by
`rowgate lake tables`.

`state/<layer>/<table>.json` in the lake bucket. It is derived from the tables: where it is lost, or
older than its table because a job was killed between the two, the next run does more than it must
and ends the same.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from .objects import Objects


@dataclass(frozen=True)
class TableState:
    """A table as a run left it."""

    layer: str
    table: str
    rows: int
    files: int
    bytes: int
    backup: str
    """The backup that the table's newest content comes from."""
    snapshot_time: str
    run: str
    """The run that looked at the table last."""
    fingerprint: str
    """Of everything that the content is made from; the same again means that there is nothing to
    do."""
    changed_in: str
    """The run that changed the content last."""
    personal: str | None = None
    """How personal columns were treated; silver alone."""
    broken: int = 0
    """Expectations that the rows broke when they were checked last."""
    finished_at: str = field(default_factory=lambda: now())


class States:
    """The states of all tables."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, layer: str, table: str) -> TableState | None:
        """What is known of a table. None where nothing is, or another version wrote it."""
        found = self._objects.read(_key(layer, table))
        try:
            return TableState(**found) if found else None
        except TypeError:
            return None

    def tables(self, layer: str) -> list[str]:
        """The tables of a layer of which something is known."""
        keys = self._objects.keys(_folder(layer))
        return [key.removeprefix(_folder(layer)).removesuffix(".json") for key in keys]

    def forget(self, layer: str, table: str) -> None:
        """Removes what is known of a table."""
        self._objects.delete(_key(layer, table))

    def write(self, state: TableState) -> None:
        """Notes what is known of a table."""
        self._objects.write(_key(state.layer, state.table), asdict(state))


def _folder(layer: str) -> str:
    return f"state/{layer}/"


def _key(layer: str, table: str) -> str:
    return f"{_folder(layer)}{table}.json"


def fingerprint(*parts: Any) -> str:
    """A digest of values that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def now() -> str:
    """This moment: `2026-11-29T02:00:00.000Z`."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """A moment in UTC, as manifests have it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
