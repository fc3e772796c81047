"""The page of a queue: one file, to listen, to type what was struck, and to save the answers.

``page.html`` beside this module is the page without a queue. It loads nothing but the sounds in
its own folder; its policy forbids everything else. The queue is put in as data, never as markup.

What belongs here: putting the queue in. What does not: what an answer means
(:mod:`groove.drums.label_queue.answers`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from groove.midi.taxonomy import LABELS, label_of_alias

_SHOWN = (
    "rank", "why", "asked", "loss", "effect", "gates", "labels", "predicted", "probabilities",
    "sample_id", "audio_path", "onset_time", "audio",
)  # fmt: skip
_MARK = "QUEUE_GOES_HERE"


def page(lines: Sequence[Mapping[str, Any]], pre_s: float) -> bytes:
    """Return the page of a queue, from the lines of its list.

    Parameters
    ----------
    lines
        As in ``queue.jsonl``.
    pre_s
        Where in a sound its onset is, s.
    """
    content = {
        "pre_s": pre_s,
        "labels": list(LABELS),
        "names": names(),
        "clips": [{name: line[name] for name in _SHOWN} for line in lines],
    }
    text = json.dumps(content, ensure_ascii=True, allow_nan=False)
    # "<" would let a hostile name end the element that the data is in.
    data = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    template = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return template.replace(_MARK, data).encode()


@cache
def names() -> dict[str, str]:
    """Return what may be typed, in small letters with single spaces, with its label."""
    text = resources.files("groove.midi").joinpath("taxonomy.json").read_text(encoding="utf-8")
    table = json.loads(text)
    listed = [label.replace("_", " ") for label in LABELS]
    listed += [alias for row in table["labels"].values() for alias in row["aliases"]]
    listed += [*table["generic"], *(code for codes in table["codes"].values() for code in codes)]
    # Asked of the one reader, so that the page and a manifest mean the same.
    known = {name: label_of_alias(name) for name in sorted(set(listed))}
    return {name: label for name, label in known.items() if label}
