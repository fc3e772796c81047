"""The demo corpus as bytes, for benchmarks.

What belongs here: inputs. What does not: what is timed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from groove.demo.compose import compose_all, make
from groove.demo.spec import DemoSpec

_TEXTS = Path(__file__).parent.parent / "data" / "demo"


@cache
def files(folder: str, count: int) -> dict[str, bytes]:
    """Return the first ``count`` media files of ``loops``, ``songs``, ``tracks`` or ``hits``."""
    texts = {
        path.relative_to(_TEXTS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(_TEXTS.rglob("*.yaml"))
    }
    jobs = [job for job in compose_all(texts, DemoSpec()) if job.path.startswith(f"{folder}/")]
    jobs = [job for job in jobs if not job.path.endswith(".csv")][:count]
    return {job.path: make(job, DemoSpec()).data for job in jobs}
