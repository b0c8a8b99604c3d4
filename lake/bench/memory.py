"""The memory of the processes that a step starts: Python, and the engine with all its own."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.05


@dataclass
class Peak:
    """The most memory that the processes had at once."""

    bytes: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Watches the memory of this process's descendants, as the kernel counts it (PSS: shared pages
    once)."""
    peak, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(INTERVAL):
            peak.bytes = max(peak.bytes, sum(map(_memory, _descendants(os.getpid()))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _descendants(process: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(
                    (folder / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except (OSError, ValueError, IndexError):
                continue
    found, last = set(), {process}
    while last:
        last = {child for child, parent in parents.items() if parent in last} - found
        found |= last
    return found


def _memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
