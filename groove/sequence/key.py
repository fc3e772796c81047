"""The key of a song, by profile correlation.

Krumhansl and Schmuckler's method: the time that each pitch class sounds is correlated with
the 24 rotations of the major and minor profiles of Krumhansl and Kessler (1982), as printed
in Krumhansl, *Cognitive Foundations of Musical Pitch* (1990), p. 30; the best one is the key.

What belongs here: one key per song. What does not: keys that change within a song.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

_MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
_MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]


def _profiles() -> NDArray[np.float64]:
    """Return (24, 12) profiles, major keys from C first, each with mean 0 and length 1."""
    turned = np.array([np.roll(p, tonic) for p in (_MAJOR, _MINOR) for tonic in range(12)])
    centred = turned - turned.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


PROFILES = _profiles()


def key_of(pitch: ArrayLike, duration: ArrayLike) -> tuple[str | None, float | None]:
    """Return the key and the correlation of its profile (-1..1).

    Parameters
    ----------
    pitch, duration
        (n,) MIDI numbers and how long each sounds, in any unit.

    Returns
    -------
    str, float
        Such as ``("A minor", 0.91)``; ``(None, None)`` when all pitch classes sound alike.

    >>> key_of([60, 62, 64, 65, 67, 69, 71, 72], [2, 1, 2, 1, 2, 1, 1, 2])[0]
    'C major'
    """
    weights = np.asarray(duration, dtype=np.float64)
    heard = np.bincount(np.asarray(pitch, dtype=np.int64) % 12, weights, minlength=12)
    centred = heard - heard.mean()
    length = float(np.linalg.norm(centred))
    if length <= 1e-9 * max(1.0, float(heard.sum())):
        return None, None
    correlation = PROFILES @ (centred / length)
    best = int(np.argmax(correlation))
    mode = "major" if best < 12 else "minor"
    return f"{TONICS[best % 12]} {mode}", float(correlation[best])
