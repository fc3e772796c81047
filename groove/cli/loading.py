"""Models that commands play: a file, or the one that is there without a file.

What belongs here: finding and reading a model. What does not: what is in it.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from groove.cli.data import DataError, read_blob, read_table

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
        If there is none.
    OSError
        If the file cannot be read.
    """
    from groove.core.models import ModelError
    from groove.ngram.corpus.alphabets import alphabet_of
    from groove.ngram.language.codec import read, unpack

    try:
        model = read(path) if path is not None else unpack(_at_hand(alphabet or "drums"))
    except ModelError as error:
        raise ModelError(f"{path}: {error}" if path is not None else str(error)) from error
    played = alphabet_of(model.labels).name
    if alphabet is not None and played != alphabet:
        raise ModelError(f"{path or 'this model'} was trained on {played}, not on {alphabet}")
    return model


def _at_hand(alphabet: AlphabetName) -> bytes:
    if alphabet == "drums":
        with suppress(DataError):
            return read_blob(str(read_table("groove_model")["blob"].iloc[0]))
    file = resources.files(_ROOM) / _FOLDER / f"{alphabet}.parquet"
    if file.is_file():
        return file.read_bytes()
    raise DataError(
        f"no model of {alphabet} comes with this package: train one with "
        f"`groove {'percussion ' if alphabet == 'percussion' else ''}train DIR --out MODEL`"
    )
