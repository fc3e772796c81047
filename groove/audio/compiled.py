"""librosa's compiled functions, compiled by one process at a time.

librosa keeps what numba compiled beside its own files. Two processes that compile the same
function for the first time at once can leave a file there that crashes every later reader,
so the first use in each process is under a lock. ``python -m groove.audio.compiled`` does
it once for an installation.

What belongs here: the lock and the first use. What does not: any analysis.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from pathlib import Path

import numpy as np


@functools.cache
def ready() -> None:
    """Compile, or load, every function of librosa that the analyses use; once per process."""
    import librosa
    from filelock import FileLock

    place = hashlib.sha256(str(librosa.__file__).encode()).hexdigest()[:16]
    with FileLock(Path(tempfile.gettempdir()) / f"groove-librosa-{place}.lock"):
        rate, hop = 22_050, 512
        clicks = np.zeros(4 * rate, dtype=np.float32)
        clicks[:: rate // 2] = 1.0
        for dtype in (np.float32, np.float64):
            strength = librosa.onset.onset_strength(y=clicks, sr=rate, hop_length=hop)
            strength = strength.astype(dtype)
            librosa.onset.onset_detect(onset_envelope=strength, sr=rate, hop_length=hop)
            librosa.beat.beat_track(onset_envelope=strength, sr=rate, hop_length=hop)
            librosa.util.localmax(strength)
            librosa.util.localmin(strength)
            librosa.util.phasor(strength)
            librosa.util.abs2(strength.astype(np.result_type(dtype, np.complex64)))


if __name__ == "__main__":
    ready()
