"""Features of every loop candidate of a track, against a loop of librosa calls.

The peer separates the track once, too; then it calls librosa for each candidate's slice.
"""

from __future__ import annotations

import librosa
import numpy as np

from benchmarks.corpus import files
from benchmarks.timing import Result, compare
from groove.audio.waveform import read_audio, resample
from groove.loops.features import NAMES, features
from groove.loops.frames import frames_of

_RATE = 22_050
_BAR_S = 2.0
_BARS = (1, 2, 4, 8)


def run() -> list[Result]:
    """Describe the candidates of one demo track with both."""
    data = next(iter(files("tracks", 1).values()))
    samples = resample(read_audio(data), _RATE).mono()
    starts = np.arange(0.0, len(samples) / _RATE - max(_BARS) * _BAR_S, _BAR_S)
    start_s = np.repeat(starts, len(_BARS))
    end_s = start_s + np.tile(np.array(_BARS) * _BAR_S, len(starts))

    def ours() -> np.ndarray:
        return features(frames_of(samples, _RATE), start_s, end_s, 0.2)

    def peer() -> np.ndarray:
        harmonic, percussive = librosa.effects.hpss(samples)
        rows = []
        for start, end in zip(start_s, end_s, strict=True):
            place = slice(round(start * _RATE), round(end * _RATE))
            mel = librosa.power_to_db(librosa.feature.melspectrogram(y=samples[place], sr=_RATE))
            rows.append(
                [
                    float(np.sqrt(np.mean(np.square(samples[place])))),
                    float(librosa.feature.rms(y=harmonic[place]).mean()),
                    float(librosa.feature.rms(y=percussive[place]).mean()),
                    float(librosa.onset.onset_strength(y=samples[place], sr=_RATE).mean()),
                    float(librosa.onset.onset_strength(y=percussive[place], sr=_RATE).mean()),
                    *mel.mean(axis=1),
                    *mel.std(axis=1),
                ]
            )
        return np.array(rows)

    agreement = np.corrcoef(ours()[:, NAMES.index("rms")], peer()[:, 0])[0, 1]
    assert agreement > 0.99  # noqa: S101  # otherwise the two describe different things
    return [
        compare(
            f"features, {len(start_s)} candidates",
            ("features (prefix sums)", ours),
            ("librosa per candidate", peer),
            f"rms, r = {agreement:.4f}",
        )
    ]
