"""How far a model's confidence may be trusted, chosen on recordings of other kinds than its training's.

``confidence = reliability · own · steady ** steadiness`` (:mod:`groove.phase.model.certainty`). The
filter's own confidence and the cosine of its error are known of every frame of recordings whose bars are
known, and in noise and talk the cosine of any error is 0 in the mean. Both numbers are those with the
least mean square of confidence minus cosine: a proper score, whose least expected value is at the
cosine's own mean (Savage 1971). Every recording counts alike, however long.

What belongs here: choosing the two numbers. What does not: the mapping, judging what comes of it
(:mod:`groove.phase.judge.calibration`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from groove.audio.waveform import read_audio
from groove.core.digest import seed_of
from groove.phase.judge.recordings import pairs_in
from groove.phase.judge.reference import read_beats
from groove.phase.judge.signals import BEATLESS
from groove.phase.labels import SAMPLE_RATE, Phase, phase_distance
from groove.phase.model.certainty import Certainty
from groove.phase.model.release import exported, with_filter
from groove.phase.play.estimates import Estimates
from groove.phase.play.tracker import PhaseTracker
from groove.phase.spec import PointerSpec

#: How much sounds without a beat weigh beside music.
BEATLESS_SHARE = 0.3
_BEATLESS_S = 24.0
_BEATLESS_DRAWS = 2
_LEAST, _MOST = 0.05, 1.0
_POWERS = np.arange(0.0, 2.01, 0.05)


@dataclass(frozen=True)
class Known:
    """Frames of one recording.

    Parameters
    ----------
    own
        The filter's own confidence.
    steady
        Its running mean where something sounded.
    cosine
        Of 2π times the error, 0 where there is no beat.
    """

    own: Phase
    steady: Phase
    cosine: Phase


@dataclass(frozen=True)
class Trust:
    """What was chosen, and the mean squares with it and with the filter's own confidence."""

    reliability: float
    steadiness: float
    score: float
    score_before: float

    @property
    def settings(self) -> dict[str, float]:
        """Settings of the filter."""
        return {"reliability": self.reliability, "steadiness": self.steadiness}


def chosen(music: Sequence[Known], beatless: Sequence[Known]) -> Trust:
    """Return the reliability and steadiness of least mean square.

    Raises
    ------
    ValueError
        If there is no music, or nothing is known of it.
    """
    music = [one for one in music if len(one.own)]
    if not music:
        raise ValueError("no recording whose bars are known: nothing to choose a confidence by")
    shares = [((1 - BEATLESS_SHARE) if beatless else 1.0, music), (BEATLESS_SHARE, beatless)]
    weighed = [(share / len(part), one) for share, part in shares for one in part]
    return min((_least(weighed, float(power)) for power in _POWERS), key=lambda trust: trust.score)


def _least(weighed: Sequence[tuple[float, Known]], power: float) -> Trust:
    """Return the best reliability for a steadiness: a straight line through the origin."""
    both = square = 0.0
    for share, one in weighed:
        said = one.own * np.maximum(one.steady, 1e-6) ** power
        both += share * float(np.mean(said * one.cosine))
        square += share * float(np.mean(said**2))
    reliability = float(np.clip(both / square if square else _LEAST, _LEAST, _MOST))

    def score(scale: float, exponent: float) -> float:
        return sum(
            share
            * float(
                np.mean(
                    (scale * one.own * np.maximum(one.steady, 1e-6) ** exponent - one.cosine) ** 2
                )
            )
            for share, one in weighed
        )

    return Trust(reliability, power, score(reliability, power), score(1.0, 0.0))


def known_of(weights: bytes, folder: Path, longest_s: float) -> tuple[list[Known], list[Known]]:
    """Return frames of the recordings of a folder, and of sounds without a beat.

    Parameters
    ----------
    weights
        A model file (safetensors).
    folder
        ``audio/NAME.*`` and ``beats/NAME.beats``.
    longest_s
        No more is heard of a recording.

    Raises
    ------
    ValueError
        If the folder, a recording or the model cannot be used.
    """
    plain = exported(with_filter(weights, {"reliability": 1.0, "steadiness": 0.0}))
    keep = Certainty(PointerSpec(**_filter_of(plain))).keep
    pairs, failed = pairs_in(folder)
    if failed:
        name, why = next(iter(sorted(failed.items())))
        raise ValueError(f"{folder}: {name}: {why}")
    music = []
    for pair in pairs:
        sound = read_audio(pair.audio.read_bytes())
        rows = PhaseTracker(plain, 0.0, sound.sample_rate).push(
            sound.samples[:, : round(longest_s * sound.sample_rate)]
        )
        label = read_beats(pair.beats.read_text(encoding="utf-8")).phase_at(rows.time_s)
        music.append(_known(rows, np.cos(2 * np.pi * phase_distance(rows.bar_phase, label)), keep))
    beatless = []
    for name, make in BEATLESS.items():
        for draw in range(_BEATLESS_DRAWS):
            rows = PhaseTracker(plain, 0.0, SAMPLE_RATE).push(
                make(_BEATLESS_S, seed_of("trust", name, draw))
            )
            beatless.append(_known(rows, np.zeros(len(rows)), keep))
    return music, beatless


def _filter_of(onnx: bytes) -> dict[str, object]:
    spec = PhaseTracker(onnx).file.info["spec"]
    return {name: spec[name] for name in PointerSpec.model_fields}


def _known(rows: Estimates, cosine: Phase, keep: float) -> Known:
    from groove.phase.play.smoothing import running

    steady = running(rows.confidence * (1 - rows.silence), keep)
    known = np.isfinite(cosine)
    return Known(rows.confidence[known], steady[known], cosine[known])
