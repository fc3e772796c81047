"""Figures as PNG bytes, drawn off-screen with one look.

What belongs here: how a picture becomes bytes. What does not: what is in it.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from matplotlib.figure import Figure


def png(draw: Callable[[Figure], None], width: float = 8.0, height: float = 3.0) -> bytes:
    """Return a PNG of what ``draw`` puts on a figure of ``width`` × ``height`` inches."""
    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    draw(figure)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
