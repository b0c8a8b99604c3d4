"""The memory of the processes that a step starts: Python, and the engine with all its own."""

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

INTERVAL = 0.05


class Peak:
    """The most memory that descendants of this process had at once, as the kernel counts it (PSS:
    shared pages once)."""

    def __enter__(self) -> Self:
        self.bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL):
            self.bytes = max(self.bytes, sum(map(_memory, _descendants(os.getpid()))))


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
