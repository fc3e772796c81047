"""Models that commands play: a file, or the one that is there without a file.

What belongs here: finding and reading a model. What does not: what is in it.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from groove.cli.data import DataError, NoTableError, read_blob, read_table

if TYPE_CHECKING:
    from groove.ngram.corpus.alphabets import AlphabetName
    from groove.ngram.language.model import GrooveModel

_ROOM = "groove.ngram"
_FOLDER = "released"


def load_model(path: Path | None, alphabet: AlphabetName | None = "drums") -> GrooveModel:
    """Return a model, and make sure that it plays what is asked for.

    Parameters
    ----------
    path
        Its file; ``None`` is the last one that the pipeline trained below the data root, or else
        the one that comes with the package.
    alphabet
        What it must play; ``None`` takes anything from a file.

    Raises
    ------
    groove.core.models.ModelError
        If the file is no model, or plays something else.
    groove.cli.data.DataError
        If there is none, or the one that was trained here is damaged.
    OSError
        If the file cannot be read.
    """
    return load_named(path, alphabet)[0]


def load_named(
    path: Path | None, alphabet: AlphabetName | None = "drums"
) -> tuple[GrooveModel, str]:
    """Return a model as :func:`load_model` does, and the beginning of the hash of its file."""
    from groove.core.digest import sha256
    from groove.core.models import ModelError
    from groove.ngram.corpus.alphabets import alphabet_of
    from groove.ngram.language.checks import size
    from groove.ngram.language.codec import unpack

    name, data = _at_hand(alphabet or "drums") if path is None else (str(path), b"")
    try:
        if path is not None:
            # Before it is read: a file of any size may be named.
            size(path.stat().st_size)
            data = path.read_bytes()
        model = unpack(data)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    played = alphabet_of(model.labels).name
    if alphabet is not None and played != alphabet:
        raise ModelError(f"{name} was trained on {played}, not on {alphabet}")
    return model, sha256(data)[:16]


def _at_hand(alphabet: AlphabetName) -> tuple[str, bytes]:
    """Return (what it is called, the file) of the model without a path."""
    if alphabet == "drums":
        # What was trained here and is damaged is no reason to play something else.
        with suppress(NoTableError):
            blob = str(read_table("groove_model")["blob"].iloc[0])
            return "the model trained last", read_blob(blob)
    file = resources.files(_ROOM) / _FOLDER / f"{alphabet}.parquet"
    if file.is_file():
        return "the released model", file.read_bytes()
    raise DataError(
        f"no model of {alphabet} comes with this package: train one with "
        f"`groove {'percussion ' if alphabet == 'percussion' else ''}train DIR --out MODEL`"
    )
