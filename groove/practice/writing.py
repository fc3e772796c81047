"""Practice songs as a raw folder: MIDI files, and one manifest that says what they are.

::

    OUT/sources.yaml          a sources file: GROOVE_RAW=OUT/sources.yaml reads it all
    OUT/songs/source.yaml     source and licence
    OUT/songs/manifest.csv    a row per song: style, meters, tempo and how it goes, split group
    OUT/songs/practice_<number>.mid

What belongs here: names and files. What does not: the music (:mod:`groove.practice.song`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from groove.core.files import write_whole
from groove.midi.notes import write_midi
from groove.practice.loops import DrumLoop
from groove.practice.song import PracticeSong, compose
from groove.practice.spec import PracticeSpec

SOURCE = "groove-practice"
LICENSE = "MIT"
MOST = 1_000_000
"""Songs of one seed; those of the next one start behind them."""

_COLUMNS = (
    "path", "group", "source", "license", "style", "feel", "meter", "meters", "tempo_bpm",
    "tempo_course", "drums", "opening", "swing", "bars", "loop",
)  # fmt: skip


class FolderError(ValueError):
    """A folder that practice songs cannot be written to; the message says why."""


def numbers(count: int, seed: int) -> range:
    """Return the numbers of a seed's first songs.

    Raises
    ------
    ValueError
        If a count or seed is out of range.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"{count} songs; there are 1 to {MOST:,} to a seed")
    if not 0 <= seed < 2**31:
        raise ValueError(f"seed {seed} is not in 0 to {2**31 - 1}")
    return range(seed * MOST, seed * MOST + count)


def write_songs(
    folder: Path,
    count: int,
    seed: int = 0,
    spec: PracticeSpec | None = None,
    loops: Sequence[DrumLoop] = (),
) -> Iterator[PracticeSong]:
    """Write songs and yield each as its file is there; the manifest comes last.

    The same arguments write the same bytes. A run that was stopped is simply started again.

    Raises
    ------
    FolderError
        If the folder has other songs in it, whose manifest would be lost.
    OSError
        If it cannot be written to.
    """
    wanted = {name_of(number): number for number in numbers(count, seed)}
    songs = folder / "songs"
    songs.mkdir(parents=True, exist_ok=True)
    strange = sorted(
        path.name for path in songs.iterdir() if path.suffix == ".mid" and path.name not in wanted
    )
    if strange:
        raise FolderError(
            f"{songs} has other songs in it ({strange[0]}): give a folder of their own"
        )
    rows: list[dict[str, object]] = []
    for name, number in wanted.items():
        made = compose(number, spec, loops)
        write_whole(songs / name, write_midi(made.song))
        rows.append(_row(name, made))
        yield made
    write_whole(songs / "source.yaml", f"source: {SOURCE}\nlicense: {LICENSE}\n".encode())
    write_whole(songs / "manifest.csv", _table(rows))
    write_whole(folder / "sources.yaml", _sources().encode())


def name_of(number: int) -> str:
    """Return a song's file name."""
    return f"practice_{number:09d}.mid"


def _row(name: str, made: PracticeSong) -> dict[str, object]:
    tags = made.tags
    loop = str(tags["loop"])
    return {
        **{column: tags[column] for column in _COLUMNS if column in tags},
        "path": name,
        "meters": " ".join(tags["meters"]),
        "group": f"drummer {tags['loop_group']}" if loop else name.removesuffix(".mid"),
        "source": f"{SOURCE}; {tags['loop_source']}" if loop else SOURCE,
        "license": f"{LICENSE} AND {tags['loop_license']}" if loop else LICENSE,
    }


def _table(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _sources() -> str:
    return f"- kind: songs\n  path: songs\n  source: {SOURCE}\n  license: {LICENSE}\n"
