"""Sound as it happens: from a pipe or a microphone, and a line of text that shows the phase.

What belongs here: live sources, and what is shown. What does not: options
(:mod:`groove.cli.phase_live`), the phase itself (:mod:`groove.phase.play.tracker`).
"""

from __future__ import annotations

import importlib
import json
import math
import queue
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from groove.phase.play.beats import BeatReader, Beats
from groove.phase.play.estimates import Estimates
from groove.phase.play.tracker import PhaseTracker, SignalError

PcmFormat = Literal["s16", "s32", "f32", "u8"]
#: A piece of sound ``(channels, n)``, or the length of a gap in seconds.
Piece = NDArray[Any] | float

_TYPES: dict[PcmFormat, str] = {"s16": "<i2", "s32": "<i4", "f32": "<f4", "u8": "u1"}
_READ_BYTES = 65_536
#: Rows from one line to the next: 10 lines a second.
_ROWS_PER_LINE = 5
_DIAL_WIDTH = 32
_MICROPHONE_BLOCK_S = 0.02
#: Blocks that may wait for a busy machine: 10 s.
_WAITING = 500


class Told(Protocol):
    """What makes text of rows."""

    def push(self, rows: Estimates) -> Iterator[str]:
        """Yield the lines that the next rows bring."""


def piped(stream: BinaryIO, pcm: PcmFormat, channels: int) -> Iterator[Piece]:
    """Yield raw little-endian PCM from a stream as soon as it is there, until it ends."""
    kind = np.dtype(_TYPES[pcm])
    # Takes what there is and does not wait for more, where a stream can.
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    rest = b""
    while data := read(_READ_BYTES):
        rest += data
        whole = len(rest) - len(rest) % (kind.itemsize * channels)
        if whole:
            yield np.frombuffer(rest[:whole], dtype=kind).reshape(-1, channels).T
            rest = rest[whole:]


def microphone(rate: int, channels: int, device: str | None = None) -> Iterator[Piece]:
    """Yield what a sound card hears, and its gaps, until the loop that asks for it is left.

    Raises
    ------
    SignalError
        If sounddevice is not installed, or the sound card cannot be opened like that.
    """
    try:
        card: Any = importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:
        # OSError: it is there, but the library below it, PortAudio, is not.
        raise SignalError(
            "listening needs the package sounddevice and PortAudio (pip install sounddevice); "
            "or pipe sound in: arecord -f S16_LE -r 16000 -c 1 | groove phase live --stdin"
        ) from error
    waiting: queue.Queue[tuple[NDArray[Any], float]] = queue.Queue(_WAITING)

    def hear(block: NDArray[Any], _frames: int, time: Any, _status: Any) -> None:
        # Called by another thread, which must not wait. What does not fit shows as a gap.
        if not waiting.full():
            waiting.put_nowait((block.T.copy(), float(time.inputBufferAdcTime)))

    try:
        stream = card.InputStream(
            samplerate=rate,
            channels=channels,
            device=int(device) if device is not None and device.isdecimal() else device,
            dtype="float32",
            blocksize=round(rate * _MICROPHONE_BLOCK_S),
            callback=hear,
        )
    except (card.PortAudioError, ValueError) as error:
        raise SignalError(f"the sound card cannot be opened: {error}") from error
    expected: float | None = None
    with stream:
        while True:
            block, began = waiting.get()
            if expected is not None and began - expected > 2 * _MICROPHONE_BLOCK_S:
                yield began - expected
            expected = began + block.shape[1] / rate
            yield block


def told(tracker: PhaseTracker, pieces: Iterator[Piece], teller: Told) -> Iterator[str]:
    """Yield the lines that a source brings, as it brings them."""
    for piece in pieces:
        rows = tracker.dropout(piece) if isinstance(piece, float) else tracker.push(piece)
        yield from teller.push(rows)


class Lines:
    """Rows as JSON, one line per 0.1 s, with the beats told since the last one.

    Parameters
    ----------
    anticipation_s
        That of the rows.
    """

    def __init__(self, anticipation_s: float) -> None:
        self._reader = BeatReader(anticipation_s)
        self._beats: list[list[float]] = []
        self._rows = 0

    def push(self, rows: Estimates) -> Iterator[str]:
        """Yield the lines that the next rows bring."""
        for k in range(len(rows)):
            self._hold(self._reader.push(rows[k : k + 1]))
            self._rows += 1
            if self._rows % _ROWS_PER_LINE == 0:
                beat, tempo = float(rows.beat_phase[k]), float(rows.tempo_bpm[k])
                yield json.dumps(
                    {
                        "time_s": round(float(rows.time_s[k]), 2),
                        "bar_phase": round(float(rows.bar_phase[k]), 5) % 1.0,
                        "beat_phase": None if math.isnan(beat) else round(beat, 5) % 1.0,
                        "tempo_bpm": None if math.isnan(tempo) else round(tempo, 2),
                        "beats_per_bar": int(rows.beats_per_bar[k]) or None,
                        "confidence": round(float(rows.confidence[k]), 4),
                        "beats": self._beats,
                    }
                )
                self._beats = []

    def _hold(self, beats: Beats) -> None:
        found = zip(beats.time_s.tolist(), beats.number.tolist(), strict=True)
        self._beats += [[round(time, 4), number] for time, number in found]


class Dial:
    """Rows as a line that is written over ten times a second."""

    def __init__(self) -> None:
        self._rows = 0

    def push(self, rows: Estimates) -> Iterator[str]:
        """Yield the newest line, if one is due."""
        before, self._rows = self._rows, self._rows + len(rows)
        if self._rows // _ROWS_PER_LINE > before // _ROWS_PER_LINE:
            yield dial(rows, -1)


def dial(rows: Estimates, k: int) -> str:
    """Return one row as text: ``[----#---] 2/4  120.3 bpm  confidence 0.91``."""
    bar, beats = float(rows.bar_phase[k]), int(rows.beats_per_bar[k])
    at = int(bar * _DIAL_WIDTH)
    marks = {round(beat / beats * _DIAL_WIDTH) for beat in range(beats)} if beats else {0}
    drawn = "".join(
        "#" if cell == at else "|" if cell in marks else "-" for cell in range(_DIAL_WIDTH)
    )
    tempo = float(rows.tempo_bpm[k])
    parts = [f"{rows.time_s[k]:8.1f} s", f"[{drawn}]"]
    if beats:
        parts.append(f"{int(bar * beats) + 1}/{beats}")
    if not math.isnan(tempo):
        parts.append(f"{tempo:5.1f} bpm")
    parts.append(f"confidence {rows.confidence[k]:.2f}")
    return "  ".join(parts)
