"""Progress on long work: a bar in a terminal, plain lines elsewhere.

What belongs here: telling how far work is. What does not: the work.
"""

import logging
import time
from typing import Self

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

_LOG = logging.getLogger("groove.workers")
_LINE_SECONDS = 15.0


class Ticker:
    """Progress: a bar in a terminal, plain lines elsewhere."""

    def __init__(self, stage: str, total: int) -> None:
        self.stage = stage
        self.total = total
        self.done = 0
        self.told = time.monotonic()
        console = Console(stderr=True)
        self.bar: Progress | None = None
        if console.is_terminal and total:
            columns = (*Progress.get_default_columns(), TimeElapsedColumn())
            self.bar = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> Self:
        if self.bar is not None:
            self.bar.start()
            self.task = self.bar.add_task(self.stage, total=self.total)
        return self

    def step(self) -> None:
        """Count one item."""
        self.done += 1
        if self.bar is not None:
            self.bar.advance(self.task)
        elif time.monotonic() - self.told > _LINE_SECONDS:
            self.told = time.monotonic()
            _LOG.info("%s: %d of %d", self.stage, self.done, self.total)

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.stop()
