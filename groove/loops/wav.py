"""WAV files that a sampler or a DAW loops by itself: ``smpl`` and ``acid`` chunks.

What belongs here: RIFF chunks. What does not: audio coding (:mod:`groove.audio.waveform`).

``smpl`` is specified in "Multimedia Programming Interface and Data Specifications 1.0" (IBM
and Microsoft 1991) and its 1994 revision; its loop end is the last sample played. ``acid`` is
the de-facto chunk of Sonic Foundry's ACID, as libsndfile reads it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_SMPL = struct.Struct("<9I6I")
_ACID = struct.Struct("<IHHfIHHf")
_STRETCHES = 0x04
_ROOT_C4 = 60


class WavError(ValueError):
    """Bytes that are no RIFF/WAVE file."""


@dataclass(frozen=True)
class LoopInfo:
    """What the chunks of a loop say.

    Attributes
    ----------
    first, last
        Loop points: first and last sample played.
    beats
        Length in beats.
    beats_per_bar, beat_unit
        Meter, 4 and 4 for 4/4.
    tempo_bpm
        Tempo at which the length is exactly ``beats``.
    """

    first: int
    last: int
    beats: int
    beats_per_bar: int
    beat_unit: int
    tempo_bpm: float


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of each chunk of a WAV file.

    Raises
    ------
    WavError
        If it is no RIFF/WAVE file, or a chunk is cut short.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("not a RIFF/WAVE file")
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        body = data[place + 8 : place + 8 + size]
        if len(body) < size:
            raise WavError(f"chunk {name!r} is cut short")
        yield name, body
        place += 8 + size + size % 2


def with_loop(data: bytes, sample_rate: int, info: LoopInfo) -> bytes:
    """Return a WAV file with ``smpl`` and ``acid`` chunks in place of any it has."""
    kept = [(name, body) for name, body in chunks(data) if name not in (b"smpl", b"acid")]
    smpl = _SMPL.pack(
        *(0, 0, round(1e9 / sample_rate), _ROOT_C4, 0, 0, 0, 1, 0),
        *(0, 0, info.first, info.last, 0, 0),
    )
    acid = _ACID.pack(
        *(_STRETCHES, _ROOT_C4, 0x8000, 0.0, info.beats),
        *(info.beat_unit, info.beats_per_bar, info.tempo_bpm),
    )
    body = b"WAVE" + b"".join(
        name + len(part).to_bytes(4, "little") + part + b"\0" * (len(part) % 2)
        for name, part in [*kept, (b"smpl", smpl), (b"acid", acid)]
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def loop_info(data: bytes) -> LoopInfo | None:
    """Return what a WAV file's chunks say about its loop; None without them."""
    found = dict(chunks(data))
    if b"smpl" not in found or b"acid" not in found:
        return None
    smpl, acid = _SMPL.unpack_from(found[b"smpl"]), _ACID.unpack_from(found[b"acid"])
    return LoopInfo(smpl[11], smpl[12], acid[4], acid[6], acid[5], acid[7])
