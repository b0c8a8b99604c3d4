"""The lake's state of each table: written after each commit, read by the next run and by
`rowgate lake tables`.

`state/<layer>/<table>.json` in the lake bucket. It is derived from the tables: where it is lost, or
older than its table because a job was killed between the two, the next run does more than it must
and ends the same. So that this holds, a table that is about to change has no fingerprint.
"""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from .objects import Objects

log = logging.getLogger(__name__)

FORM = 1
"""A part of every fingerprint. A version that makes other tables of the same rows raises it."""


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
    """A fingerprint of everything that the content is made from; if it is unchanged, there is
    nothing to do."""
    changed_in: str
    """The run that changed the content last."""
    keys: list[str] = field(default_factory=list)
    """The columns by which rows are found; silver alone."""
    personal: str | None = None
    """The treatment of personal columns; silver alone. None while a run changes the table."""
    personal_columns: list[str] = field(default_factory=list)
    """Every column that is personal or was so before the dictionary dropped it; silver alone."""
    broken: int = 0
    """Expectations that the rows broke when they were checked last."""
    finished_at: str = field(default_factory=lambda: now())


class States:
    """The states of all tables."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, layer: str, table: str) -> TableState | None:
        """Reads a table's state. None if there is none, or another version wrote it."""
        try:
            found = self._objects.read(_key(layer, table))
            return TableState(**found) if found else None
        except (TypeError, ValueError):
            log.warning("the state of %s.%s cannot be read", layer, table)
            return None

    def tables(self, layer: str) -> list[str]:
        """Lists the tables of a layer of which something is known."""
        keys = self._objects.keys(_folder(layer))
        return [key.removeprefix(_folder(layer)).removesuffix(".json") for key in keys]

    def forget(self, layer: str, table: str) -> None:
        """Removes a table's state."""
        self._objects.delete(_key(layer, table))

    def write(self, state: TableState) -> None:
        """Writes a table's state."""
        self._objects.write(_key(state.layer, state.table), asdict(state))


def _folder(layer: str) -> str:
    return f"state/{layer}/"


def _key(layer: str, table: str) -> str:
    return f"{_folder(layer)}{table}.json"


def fingerprint(*parts: Any) -> str:
    """Computes a digest of values that JSON can write."""
    return hashlib.sha256(
        json.dumps([FORM, *parts], sort_keys=True, default=str).encode()
    ).hexdigest()


def now() -> str:
    """Gives the current time: `2026-11-29T02:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
