"""A folder of recordings with their beats, and how well a tracker follows them.

The folder holds ``audio/NAME.*`` and ``beats/NAME.beats``
(:mod:`groove.phase.judge.reference` says what is in such a file). A pair that is incomplete or
cannot be read is named, with the reason, and the others go on.

What belongs here: pairs, and the report over them. What does not: figures of one recording
(:mod:`groove.phase.judge.figures`), the tracker.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groove.audio.waveform import Waveform, read_audio
from groove.phase.judge.calibration import (
    by_confidence,
    calibration_error,
    joined,
    overconfidence,
    rank_correlation,
)
from groove.phase.judge.figures import Errors, Said, Span, errors_of, figures_of
from groove.phase.judge.reference import Reference, read_beats
from groove.phase.judge.summary import grouped, medians, tempo_class

#: What a tracker says of a recording at an anticipation, in seconds.
Tracker = Callable[[Waveform, float], Said]

AUDIO, BEATS, SUFFIX = "audio", "beats", ".beats"
#: Figures that stand at a recording itself as well, without anticipation.
_FLAT = ("downbeat_f", "beat_f", "phase_error_ms_median", "phase_error_ms_p90")


class FolderError(ValueError):
    """A folder that holds no recordings with their beats."""


@dataclass(frozen=True)
class Pair:
    """One recording and its beats."""

    name: str
    audio: Path
    beats: Path


@dataclass(frozen=True)
class Judged:
    """What was found of one recording.

    Parameters
    ----------
    reference
        What is known of it.
    seconds
        Its length.
    at
        Anticipation in seconds to its figures.
    errors
        Errors per frame at the first anticipation.
    """

    reference: Reference
    seconds: float
    at: Mapping[float, Mapping[str, float]]
    errors: Errors


@dataclass(frozen=True)
class Report:
    """What was found of a folder.

    Parameters
    ----------
    judged
        Name to what was found.
    failed
        Name to why nothing was.
    """

    judged: Mapping[str, Judged]
    failed: Mapping[str, str]
    span: Span = field(default_factory=Span)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: an unknown figure is None."""
        found = list(self.judged.values())
        looks = list(found[0].at) if found else []

        def summed(rows: Sequence[Judged]) -> dict[str, Any]:
            return _laid_out({look: medians([row.at[look] for row in rows]) for look in looks})

        first = [row.at[looks[0]] for row in found] if found else []
        meters = [row.reference.meter for row in found]
        tempos = [tempo_class(row.reference.tempo_bpm) for row in found]
        errors = joined([row.errors for row in found])
        report = {
            "recordings": len(found),
            "scored": {
                "phase_after_s": self.span.warmup_s,
                "beats_after_s": self.span.trim_s,
                "beats_window_s": 0.07,
            },
            "median": summed(found),
            "by_beats_per_bar": grouped(first, meters),
            "by_tempo_bpm": grouped(first, tempos),
            "confidence": {
                "rank_correlation_with_error": rank_correlation(errors.confidence, errors.bars),
                "calibration_error": calibration_error(errors.confidence, errors.bars),
                "overconfidence": overconfidence(errors.confidence, errors.bars),
                "classes": by_confidence(errors),
            },
            "files": {
                name: {
                    "seconds": row.seconds,
                    "beats_per_bar": row.reference.meter,
                    "tempo_bpm": row.reference.tempo_bpm,
                    **_laid_out(row.at),
                }
                for name, row in sorted(self.judged.items())
            },
            "failed": dict(sorted(self.failed.items())),
        }
        plain: dict[str, Any] = _plain(report)
        return plain


def pairs_in(folder: Path) -> tuple[list[Pair], dict[str, str]]:
    """Return the pairs of a folder by name, and what is not one, with the reason.

    Raises
    ------
    FolderError
        If it has no ``audio`` and ``beats`` in it, or both are empty.
    """
    if not folder.is_dir():
        raise FolderError(
            f"{folder}: {'is a file' if folder.exists() else 'there is no such folder'}"
        )
    for name in (AUDIO, BEATS):
        if not (folder / name).is_dir():
            raise FolderError(
                f"{folder}: no folder {name!r} in it: recordings are expected as "
                f"{AUDIO}/NAME.wav (or another format) with {BEATS}/NAME{SUFFIX}"
            )
    audio: dict[str, list[Path]] = {}
    for path in _files(folder / AUDIO):
        audio.setdefault(path.stem, []).append(path)
    beats = {path.stem: path for path in _files(folder / BEATS) if path.suffix == SUFFIX}
    if not audio and not beats:
        raise FolderError(f"{folder}: no recordings in {AUDIO} and no beats in {BEATS}")
    pairs, failed = [], {}
    for name in sorted(audio.keys() | beats.keys()):
        if name not in beats:
            failed[name] = f"no {BEATS}/{name}{SUFFIX}"
        elif name not in audio:
            failed[name] = f"no {AUDIO}/{name}.*"
        elif len(audio[name]) > 1:
            listed = ", ".join(path.name for path in audio[name])
            failed[name] = f"several recordings of one name: {listed}"
        else:
            pairs.append(Pair(name, audio[name][0], beats[name]))
    return pairs, failed


def judge_folder(
    folder: Path,
    tracker: Tracker,
    anticipations_s: Sequence[float],
    span: Span,
    *,
    jobs: int = 1,
    done: Callable[[str], None] = lambda _name: None,
) -> Report:
    """Return how well a tracker follows the recordings of a folder.

    Parameters
    ----------
    tracker
        Called from ``jobs`` threads at once.
    anticipations_s
        The first one is what is looked at per meter, per tempo and per confidence.
    done
        Called with the name of each recording that is through, in order.

    Raises
    ------
    FolderError
        As :func:`pairs_in`.
    """
    pairs, failed = pairs_in(folder)
    judged = {}

    def judge(pair: Pair) -> Judged | str:
        try:
            return _judged(pair, tracker, anticipations_s, span)
        except (ValueError, OSError) as error:
            return f"{type(error).__name__}: {error}" if not str(error) else str(error)

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        for pair, found in zip(pairs, pool.map(judge, pairs), strict=True):
            if isinstance(found, Judged):
                judged[pair.name] = found
            else:
                failed[pair.name] = found
            done(pair.name)
    return Report(judged, failed, span)


def _judged(pair: Pair, tracker: Tracker, looks: Sequence[float], span: Span) -> Judged:
    try:
        reference = read_beats(pair.beats.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FolderError(f"{BEATS}/{pair.beats.name}: {error}") from error
    try:
        sound = read_audio(pair.audio.read_bytes())
    except ValueError as error:
        raise FolderError(f"{AUDIO}/{pair.audio.name}: {error}") from error
    said = {look: tracker(sound, look) for look in looks}
    return Judged(
        reference=reference,
        seconds=sound.duration_s,
        at={look: figures_of(reference, told, span) for look, told in said.items()},
        errors=errors_of(reference, said[looks[0]], span),
    )


def _files(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")
    )


def _laid_out(at: Mapping[float, Mapping[str, float]]) -> dict[str, Any]:
    """Return figures without anticipation by name, then all figures by anticipation."""
    now = at.get(0.0, {})
    return {
        **{name: now[name] for name in _FLAT if name in now},
        **{f"{look:g}": dict(figures) for look, figures in at.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
