"""Chunks as small files, the same bytes for the same sound.

What belongs here: FLAC and Ogg Vorbis of a chunk, and what an hour of them takes. What does not:
audio files in general (:mod:`groove.audio.waveform`).

An encoder of Ogg draws a stream number at random and writes it, with a checksum over it, into
every page (RFC 3533, section 6). Streams here are alone in their file and have number 0.
"""

from __future__ import annotations

import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groove.audio.waveform import Waveform, encode

_PAGE = b"OggS"
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_SEGMENTS = 26
_HEADER = 27
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def stored(
    samples: NDArray[np.float32], sample_rate: int, storage: Literal["flac", "ogg"]
) -> bytes:
    """Return mono samples within ±1.0 as a file."""
    wave = Waveform(samples[np.newaxis], sample_rate)
    return encode(wave, "flac", "PCM_16") if storage == "flac" else unnumbered(encode(wave, "ogg"))


def unnumbered(ogg: bytes) -> bytes:
    """Return an Ogg file of one stream with stream number 0 on every page.

    Raises
    ------
    ValueError
        If the bytes are no chain of Ogg pages.
    """
    out = bytearray(ogg)
    start = 0
    while start < len(out):
        if out[start : start + 4] != _PAGE:
            raise ValueError(f"no Ogg page at byte {start}")
        segments = out[start + _SEGMENTS]
        body = start + _HEADER
        end = body + segments + sum(out[body : body + segments])
        page = out[start:end]
        page[_SERIAL] = bytes(4)
        page[_CHECKSUM] = bytes(4)
        page[_CHECKSUM] = _checksum(page).to_bytes(4, "little")
        out[start:end] = page
        start = end
    return bytes(out)


def hours_per_gb(audio_bytes: float, label_bytes: float, seconds: float) -> float:
    """Return how many hours of labelled audio fit into 10⁹ bytes.

    Parameters
    ----------
    audio_bytes, label_bytes
        Of ``seconds`` of chunks.
    """
    total = audio_bytes + label_bytes
    return seconds / 3600.0 / total * 1e9 if total else 0.0


def _checksum(page: bytearray) -> int:
    # Ogg's CRC is that of zlib over bits in the other order, without its start and end masks.
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
