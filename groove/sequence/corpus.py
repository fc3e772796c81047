"""A song as a row of tokens, with the exactness of its round trip measured, and back.

What belongs here: one song to one row, and one row to a song. What does not: the tokens
themselves (:mod:`groove.sequence.tokens`), many songs as training data
(:mod:`groove.sequence.streams`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from groove.core.store import Store
from groove.midi.meter import bar_grid
from groove.midi.notes import Song, read_midi, seconds_at, song_from_notes
from groove.sequence.key import key_of
from groove.sequence.spec import TokenSpec
from groove.sequence.tokens import GridNotes, decode, encode, on_grid
from groove.sequence.vocabulary import Ints, from_json, to_json

VERSION = "1"

_CARRIED = ("path", "sha256", "source", "license", "split_group", "split", "tempo_bpm", "meter")


class NothingToSayError(ValueError):
    """A song without a note of the wanted parts."""


def songs(song_index: pd.DataFrame) -> pd.DataFrame:
    """Return the songs to encode: one of each content, with the columns the rows carry."""
    return song_index.loc[song_index["duplicate_of"].isna(), list(_CARRIED)]


def tokens_of(item: Mapping[str, Any], spec: TokenSpec, store: Store) -> Iterator[dict[str, Any]]:
    """Yield the one row of a song (columns of ``token_corpus``).

    Raises
    ------
    NothingToSayError
        If the song has no note of the parts that the spec names.
    groove.midi.notes.MidiError
        If the file is no MIDI file.
    """
    song = read_midi(store.read_raw(item["path"]))
    chosen = np.flatnonzero(_wanted(song, spec))
    if not len(chosen):
        raise NothingToSayError(
            f"none of its {song.n} notes is {spec.parts}: choose other parts, or leave it out"
        )
    quarter = float(song.ticks_per_quarter)
    notes, places = on_grid(
        song.start_tick[chosen] / quarter,
        song.end_tick[chosen] / quarter,
        song.pitch[chosen],
        song.velocity[chosen],
        spec,
    )
    tokens = encode(notes, spec)
    bar_ticks = bar_grid(song).bar_start_tick
    tonal = chosen[~song.drum[chosen]]
    key, correlation = key_of(song.pitch[tonal], (song.end_tick - song.start_tick)[tonal])
    yield {
        **{name: item[name] for name in _CARRIED},
        "musical_key": key,
        "key_correlation": correlation,
        "bars": len(bar_ticks) - 1,
        "notes": len(chosen),
        "left_out_notes": song.n - len(chosen),
        "vocabulary_json": to_json(spec),
        "token_count": len(tokens),
        "tokens": tokens,
        "bar_steps": np.rint(bar_ticks * (spec.steps_per_quarter / quarter)).astype(np.int64),
        "tempo_map_quarters": song.tempo_tick / quarter,
        "tempo_map_bpm": song.tempo_bpm,
        "meter_map_quarters": song.meter_tick / quarter,
        "meter_map_numerators": song.meter_numerator.astype(np.int64),
        "meter_map_denominators": song.meter_denominator.astype(np.int64),
        **round_trip(song, chosen[places], decode(tokens, spec), spec),
    }


def _wanted(song: Song, spec: TokenSpec) -> NDArray[np.bool_]:
    if spec.parts == "all":
        return np.ones(song.n, dtype=np.bool_)
    return song.drum if spec.parts == "drums" else ~song.drum


def round_trip(song: Song, chosen: Ints, heard: GridNotes, spec: TokenSpec) -> dict[str, Any]:
    """Return how far ``heard`` is from the chosen notes of ``song``.

    The k-th note of a pitch that was written is held against the k-th that was read; what
    has no partner is lost.

    Parameters
    ----------
    song
        The notes as they were.
    chosen
        Which of them were encoded, in the order of the encoded notes.
    heard
        What the tokens say.
    spec
        The grid.

    Returns
    -------
    dict
        ``lost_notes``, ``onset_error_s``, ``onset_error_steps``, ``duration_error_ratio`` and
        ``velocity_error`` as in ``token_corpus``.
    """
    written = _numbered(song.pitch[chosen].astype(np.int64))
    _, one, other = np.intersect1d(written, _numbered(heard.pitch), return_indices=True)
    was = chosen[one]
    per_step = song.ticks_per_quarter / spec.steps_per_quarter
    start_tick = heard.start_step[other] * per_step
    onset_steps = np.abs(start_tick - song.start_tick[was]) / per_step
    onset_s = np.abs(seconds_at(song, start_tick) - song.start_s[was])
    steps = (song.end_tick - song.start_tick)[was] / per_step
    duration = np.abs(heard.duration_steps[other] - steps) / np.maximum(steps, 1.0)
    velocity = np.abs(heard.velocity[other] - song.velocity[was])
    return {
        "lost_notes": len(chosen) - len(was),
        "onset_error_s": float(onset_s.max(initial=0.0)),
        "onset_error_steps": float(onset_steps.max(initial=0.0)),
        "duration_error_ratio": float(duration.mean()) if len(was) else 0.0,
        "velocity_error": int(velocity.max(initial=0)),
    }


def _numbered(pitch: Ints) -> Ints:
    """Return a number per note that pitch and place among the notes of that pitch decide."""
    order = np.argsort(pitch, kind="stable")
    arranged = pitch[order]
    first = np.searchsorted(arranged, arranged, side="left")
    place = np.empty(len(pitch), dtype=np.int64)
    place[order] = np.arange(len(pitch)) - first
    return pitch * 2**32 + place


def song_of(row: Mapping[str, Any], program: int = 0) -> Song:
    """Return the song that a row of ``token_corpus`` says, with its tempo and meter maps."""
    spec = from_json(row["vocabulary_json"])
    notes = decode(row["tokens"], spec)
    grid = float(spec.steps_per_quarter)
    meters = ("meter_map_quarters", "meter_map_numerators", "meter_map_denominators")
    return song_from_notes(
        notes.start_step / grid,
        notes.duration_steps / grid,
        notes.pitch,
        notes.velocity,
        program,
        spec.parts == "drums",
        tempos=list(zip(row["tempo_map_quarters"], row["tempo_map_bpm"], strict=True)),
        meters=list(zip(*(row[name] for name in meters), strict=True)),
    )
