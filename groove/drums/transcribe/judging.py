"""An annotated folder, transcribed and scored, beside the heuristic on the same recordings.

What belongs here: going through a folder, and the report. What does not: figures
(:mod:`groove.drums.transcribe.evaluation`), reading annotations
(:mod:`groove.drums.transcribe.annotations`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groove.audio.waveform import Waveform
from groove.drums.beatmap import Beatmap
from groove.drums.transcribe import heuristic
from groove.drums.transcribe.annotations import FolderError, pairs_in, read_annotation
from groove.drums.transcribe.choice import Ears
from groove.drums.transcribe.evaluation import WINDOW_S, Scores, averages, pooled, score
from groove.drums.transcribe.listening import transcribe_file
from groove.midi.taxonomy import Mapped

_SHOWN = 12


@dataclass
class Report:
    """What came of a folder.

    Parameters
    ----------
    ears
        What heard the recordings.
    window_s
        How far off a hit may be.
    scores, baseline
        By recording: the model's and the heuristic's.
    unknown, coarse
        Labels of the annotations that mean nothing, or several classes, and how often.
    onsets_only
        Recordings none of whose labels is known: they have no figures of classes.
    passed_over
        First lines that were taken for names of columns, by recording.
    failed
        What could not be evaluated, and why.
    without_annotation, without_audio
        Files without the other.
    """

    ears: Ears
    window_s: float
    scores: dict[str, Scores] = field(default_factory=dict)
    baseline: dict[str, Scores] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    coarse: Counter[str] = field(default_factory=Counter)
    onsets_only: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    without_annotation: list[str] = field(default_factory=list)
    without_audio: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-able values."""
        return {
            "heard_by": self.ears.about,
            "window_s": self.window_s,
            "recordings": len(self.scores),
            **_summary(self.scores),
            "heuristic": _summary(self.baseline),
            "files": {
                name: {**scores.as_dict(), "heuristic": self.baseline[name].as_dict()}
                for name, scores in self.scores.items()
            },
            "unknown_labels": dict(sorted(self.unknown.items())),
            "coarse_labels": dict(sorted(self.coarse.items())),
            "onsets_only": self.onsets_only,
            "passed_over": self.passed_over,
            "failed": self.failed,
            "audio_without_annotation": self.without_annotation,
            "annotation_without_audio": self.without_audio,
        }

    def complaints(self) -> Iterator[str]:
        """Yield a line for each thing that the figures do not show."""
        for name, why in self.failed.items():
            yield f"{name} left out: {why}"
        for title, names in (
            ("audio without annotation", self.without_annotation),
            ("annotations without audio", self.without_audio),
            ("no label is known, figures of onsets alone", self.onsets_only),
            (
                "first lines taken for names of columns",
                [f"{name} ({line!r})" for name, line in self.passed_over.items()],
            ),
        ):
            if names:
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                yield f"{title}: {', '.join(names[:_SHOWN])}{more}"
        if self.unknown:
            yield (
                f"labels that no taxonomy knows, their hits are onsets of no class: "
                f"{_counted(self.unknown)}"
            )
        if self.coarse:
            yield (
                f"labels that several classes share: {_counted(self.coarse)}; compare groups, "
                "not classes"
            )


def judge(
    folder: Path,
    ears: Ears,
    *,
    threshold: float | None = None,
    window_s: float = WINDOW_S,
    keys: Mapped = "gm",
    told: Callable[[str], None] | None = None,
) -> Report:
    """Return how well the recordings of an annotated folder are heard.

    Parameters
    ----------
    folder
        As in :mod:`groove.drums.transcribe.annotations`.
    ears
        What is to hear them.
    threshold
        Least confidence of a hit; ``None``: as it was set.
    window_s
        How far off a hit may be.
    keys
        What MIDI keys in annotations mean.
    told
        Is called with the name of each recording before it is heard.

    Raises
    ------
    FolderError
        If the folder is laid out otherwise, or nothing in it can be evaluated.
    OSError
        If it cannot be read.
    """
    pairs = pairs_in(folder)
    report = Report(
        ears,
        window_s,
        without_annotation=[path.name for path in pairs.audio_only],
        without_audio=[path.name for path in pairs.annotations_only],
    )
    for name, audio, notes in pairs.both:
        if told is not None:
            told(name)
        try:
            truth = read_annotation(notes, keys)
            found, plain = _heard(audio, ears, threshold)
        except (ValueError, OSError) as error:
            report.failed[name] = str(error)
            continue
        lost_s = truth.unlabelled_s
        report.scores[name] = score(truth.beatmap, found, window_s, lost_s)
        report.baseline[name] = score(truth.beatmap, plain, window_s, lost_s)
        if lost_s and not truth.beatmap.hits:
            report.onsets_only.append(name)
        if truth.passed_over:
            report.passed_over[name] = truth.passed_over
        report.unknown.update(truth.unknown)
        report.coarse.update(truth.coarse)
    if not report.scores:
        whys = "; ".join(report.complaints())
        raise FolderError(f"{folder}: nothing to evaluate{': ' + whys if whys else ''}")
    return report


def _heard(audio: Path, ears: Ears, threshold: float | None) -> tuple[Beatmap, Beatmap]:
    def by_model(waveform: Waveform) -> Beatmap:
        return ears.hear(waveform, threshold)

    found = transcribe_file(audio, by_model, ears.about)
    if ears.hear is heuristic.transcribe and threshold is None:
        return found, found
    return found, transcribe_file(audio, heuristic.transcribe, {})


def _summary(scores: Mapping[str, Scores]) -> dict[str, Any]:
    several = list(scores.values())
    return {"pooled": pooled(several).as_dict(), **averages(several)}


def _counted(labels: Counter[str]) -> str:
    named = [f"{name} ({count})" for name, count in labels.most_common(_SHOWN)]
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return ", ".join(named) + more
