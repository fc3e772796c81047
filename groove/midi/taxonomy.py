"""The drum taxonomy: every name, alias and MIDI note of a drum sound means one label.

``taxonomy.json`` beside this module is the only list. A *label* (16 of them) is what was
played: a ride's bell is not its bow. A *class* (12) is what the classifier tells apart.
General MIDI has no rimshot: it renders as key 40 and reads back as a snare.

What belongs here: looking labels up. What does not: deciding what an unlabelled sound is
(:mod:`groove.drums`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

from groove.core.digest import sha256

Mapped = Literal["gm", "td11"]

_TEXT = resources.files("groove.midi").joinpath("taxonomy.json").read_text(encoding="utf-8")
#: Part of the version of every function whose rows the taxonomy decides.
DIGEST = sha256(_TEXT.encode())[:12]
_TABLE: dict[str, Any] = json.loads(_TEXT)
_ROWS: Mapping[str, Mapping[str, Any]] = _TABLE["labels"]

#: Every label, from the bottom of the kit to the top.
LABELS: tuple[str, ...] = tuple(_ROWS)

#: What the classifier tells apart, in the order of its outputs.
CLASSES: tuple[str, ...] = tuple(_TABLE["classes"])

_CLASS_OF: Mapping[str, str] = {label: row["class"] for label, row in _ROWS.items()}
_LABEL_OF_NOTE: Mapping[str, Mapping[int, str]] = {
    mapping: {note: label for label, row in _ROWS.items() for note in row[f"{mapping}_notes"]}
    for mapping in ("gm", "td11")
}

# Name -> labels it may mean; one for an alias, several for a generic name.
_MEANINGS: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(labels) for name, labels in _TABLE["generic"].items()},
    **{alias: (label,) for label, row in _ROWS.items() for alias in row["aliases"]},
    **{label.replace("_", " "): (label,) for label in _ROWS},
}
_LONGEST = max(len(name.split()) for name in _MEANINGS)

# Short forms, which mean something only where they are the whole name.
_CODES: Mapping[str, str] = {
    code: label for label, codes in _TABLE["codes"].items() for code in codes
}

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+")
# "Tom2" and "Tom 2" number a drum; "Tom-2", "Tom_02" and "Tom12" number a take or a size.
_NUMBERED = re.compile(r"([a-z]+) ?([1-9])(?!\d)")
_SEPARATORS = re.compile(r"[\s_.\-/()\[\]]+")
_TRAILING_NUMBER = re.compile(r" ?\d+$")
# Behind a name: which of two of its kind, and that it is struck.
_TRAILING_WORD = re.compile(r" (l|r|left|right|hits?)$")
_KEY = re.compile(r"(\d{1,3})(\.0+)?")


def class_of(label: str) -> str:
    """Return the class of a label.

    Raises
    ------
    KeyError
        If the taxonomy has no such label.
    """
    return _CLASS_OF[label]


def note_of_label(label: str) -> int:
    """Return the General MIDI percussion key that renders a label.

    Raises
    ------
    KeyError
        If the taxonomy has no such label.
    """
    return int(_ROWS[label]["gm_note"])


def label_of_note(note: int, mapping: Mapped = "gm") -> str | None:
    """Return the label of a MIDI percussion key, or None where the mapping has none.

    Parameters
    ----------
    note
        MIDI key, 0..127.
    mapping
        ``gm``: General MIDI 1 and 2 and Roland GS. ``td11``: Roland TD-11, as in the Groove MIDI data set,
        where 52 and 55 are crash edges, 58 is the floor tom's rim and 22 and 26 are hi-hat
        edges.
    """
    return _LABEL_OF_NOTE[mapping].get(int(note))


def label_of_name(name: str, *details: str) -> str | None:
    """Return the label that a folder, instrument or file name means, or None.

    Names are split into words (at case changes, digits and punctuation); the longest known
    phrase wins, the later one among equals, because makers and positions come first
    ("Pearl Tom Floor"). A drum's number ("Tom 1") decides where words leave it open.

    Parameters
    ----------
    name
        What is trusted most: a class folder, a manifest's label.
    details
        Further names, the best first (an instrument name, a file name). They decide between
        the labels of a generic name, and are asked in turn when ``name`` says nothing.

    >>> label_of_name("hihat_open"), label_of_name("tom"), label_of_name("tom", "Floor Tom")
    ('hihat_open', 'tom_mid', 'tom_low')
    """
    possible: tuple[str, ...] = ()
    for text in (name, *details):
        meaning = _meaning(text)
        if possible:
            meaning = tuple(label for label in meaning if label in possible)
        if len(meaning) == 1:
            return meaning[0]
        possible = meaning or possible
    return possible[0] if possible else None


def label_of_alias(name: str | float, mapping: Mapped = "gm") -> str | None:
    """Return the label that a whole name is an alias of, or None.

    For annotations and manifests, where a name that is not known must not pass for one that is:
    unlike :func:`label_of_name`, nothing of it may be left over but a number, a side or "hit"
    behind it.

    Parameters
    ----------
    name
        A label, class, alias, generic name or short form in any spelling, or a MIDI key
        (a whole number, or one written as such: ``36``, ``36.0``).
    mapping
        What MIDI keys mean, as in :func:`label_of_note`.

    >>> label_of_alias("Hi-Hat Open"), label_of_alias("SD"), label_of_alias("36")
    ('hihat_open', 'snare', 'kick')
    >>> label_of_alias("Crash 2"), label_of_alias("kick me") is None
    ('crash', True)
    """
    text = str(name).strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        key = _KEY.fullmatch(text)
        return label_of_note(int(key[1]), mapping) if key else None
    forms: list[str] = []
    # "HiHat" may be two words or one, "Tom1" a drum's number or its name.
    for spelled in (text, _CAMEL.sub(" ", text)):
        plain = _SEPARATORS.sub(" ", spelled.lower()).strip()
        forms += [plain, _NUMBERED.sub(r"\1 \2", plain)]
    for form in (*forms, *(_TRAILING_NUMBER.sub("", form) for form in forms)):
        if form in _MEANINGS:
            return _MEANINGS[form][0]
        if form in _CODES:
            return _CODES[form]
    for form in forms:
        if found := _MEANINGS.get(_TRAILING_WORD.sub("", form)):
            return found[0]
    return None


def _meaning(name: str) -> tuple[str, ...]:
    spaced = _CAMEL.sub(" ", name).lower()
    found = _longest(_WORD.findall(spaced))
    if len(found) == 1:
        return found
    for word, number in _NUMBERED.findall(spaced):
        numbered = _MEANINGS.get(f"{word} {number}", ())
        if set(numbered) <= set(found):
            found = numbered or found
    return found


def _longest(words: list[str]) -> tuple[str, ...]:
    for size in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - size, -1, -1):
            if found := _MEANINGS.get(" ".join(words[start : start + size])):
                return found
    return ()
