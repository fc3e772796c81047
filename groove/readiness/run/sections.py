"""From a section of the configuration to its gates: read, measure, judge.

What belongs here: which files a check reads. What does not: how it measures
(:mod:`groove.readiness.checks`), and in which order checks run
(:mod:`groove.readiness.run.runner`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from groove.core.dataset_metadata import Durations, MetadataError
from groove.core.gates import Gate
from groove.midi.taxonomy import CLASSES
from groove.readiness.checks import (
    alignment,
    baseline,
    bootstrap,
    boundaries,
    calibration,
    coverage,
    health,
    leakage,
    open_set,
    realtime,
)
from groove.readiness.checks.verdict import Panel
from groove.readiness.run import config as settings
from groove.readiness.run import lines
from groove.readiness.run.clips import Clips, clips_of
from groove.readiness.run.files import InputError, MissingError, Root, Sound
from groove.readiness.run.reports import read_report

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What a check found."""

    gates: list[Gate]
    figures: dict[str, Any] | None = None
    panels: Sequence[Panel] = field(default_factory=tuple)
    remarks: Sequence[str] = ()


def given(value: Any, name: str) -> Any:
    """Return a setting that is there.

    Raises
    ------
    MissingError
        If it is not.
    """
    if not value:
        raise MissingError(f"{name} is not given: name it in the configuration")
    return value


def read_session(root: Root, name: str) -> alignment.Session:
    """Return a session's description; raises InputError."""
    try:
        return alignment.Session.model_validate_json(root.read(name))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{name}: {place}: {first['msg']}") from error


def _alignment(section: settings.Alignment, root: Root, _: Report) -> Result:
    found = []
    for name in given(section.sessions, "alignment.sessions"):
        session = read_session(root, name)
        signals, rate = _signals(session, root)
        found.append(alignment.measure(session, signals, rate, section))
    return Result(
        alignment.gates(found, section), alignment.as_dict(found), alignment.panels(found)
    )


def _signals(session: alignment.Session, root: Root) -> tuple[dict[str, Any], int]:
    from groove.audio.waveform import read_audio
    from groove.readiness.run.files import MAX_AUDIO_BYTES

    signals, rates = {}, set()
    for one in session.microphones:
        try:
            heard = read_audio(root.read(one.path, MAX_AUDIO_BYTES))
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"{one.path}: {error}") from error
        signals[one.name] = heard.mono()
        rates.add(heard.sample_rate)
    if len(rates) > 1:
        raise InputError(f"{session.session_id}: sample rates differ: {sorted(rates)}")
    return signals, rates.pop()


def _boundaries(section: settings.Boundaries, root: Root, _: Report) -> Result:
    said = given(section.predictions, "boundaries.predictions")
    if section.pack:
        rows = lines.table(root, section.pack, lines.PackRow)
    else:
        events = lines.events(root, given(section.events, "boundaries.pack or boundaries.events"))
        rows = boundaries.pack(events, section)
    rows = rows.assign(label=rows["label"].map(lambda name: lines.class_named(name) or name))
    heard = lines.table(root, said, lines.Hit)
    heard = heard.assign(label=heard["label"].map(lambda name: lines.class_named(name) or name))
    found = boundaries.measure(rows, heard, section)
    if found is None:
        return Result(boundaries.gates(None, section))
    return Result(
        boundaries.gates(found, section), boundaries.as_dict(found), boundaries.panels(found)
    )


def _clips(
    section: settings.OpenSet | settings.Calibration | settings.Bootstrap, root: Root, name: str
) -> Clips:
    truth = given(section.truth, f"{name}.truth")
    said = given(section.predictions, f"{name}.predictions")
    threshold = section.threshold if isinstance(section, settings.Bootstrap) else 0.5
    return clips_of(root, truth, said, threshold)


def _open_set(section: settings.OpenSet, root: Root, _: Report) -> Result:
    clips = _clips(section, root, "open_set")
    found = open_set.measure(clips.known, clips.confidence, clips.sessions, section)
    return Result(open_set.gates(found, section), open_set.as_dict(found))


def _bootstrap(section: settings.Bootstrap, root: Root, _: Report) -> Result:
    clips = _clips(section, root, "bootstrap")
    _all_known(clips, str(section.truth))
    previous = None
    remarks = [clips.decided]
    if section.previous and not section.first_release:
        older = clips_of(root, str(section.truth), section.previous, section.threshold)
        previous = older.heard
        remarks.append(older.decided)
    found = bootstrap.measure(clips.truth, clips.heard, clips.sessions, CLASSES, section, previous)
    if found is None:
        return Result(bootstrap.gates(None, section, f"{section.truth} has no clip"))
    return Result(
        bootstrap.gates(found, section),
        bootstrap.as_dict(found),
        bootstrap.panels(found),
        remarks,
    )


def _calibration(section: settings.Calibration, root: Root, _: Report) -> Result:
    clips = _clips(section, root, "calibration")
    _all_known(clips, str(section.truth))
    chances = clips.probabilities
    if not len(chances) or np.isnan(chances).any():
        raise MissingError(f"{section.predictions}: not every clip has probabilities")
    rows = np.arange(len(chances))
    right = clips.truth[rows, chances.argmax(axis=1)]
    found = calibration.measure(chances.max(axis=1), right, clips.sessions, section)
    if found is None:
        return Result(calibration.gates(None, section))
    return Result(
        calibration.gates(found, section), calibration.as_dict(found), calibration.panels(found)
    )


def _all_known(clips: Clips, name: str) -> None:
    if not clips.known.all():
        raise InputError(f"{name}: has unknown sounds; those belong to the open set")


def _health(section: settings.Health, root: Root, _: Report) -> Result:
    events = lines.events(root, given(section.events, "health.events"))
    wanted = {
        "required_labels": (section.required_labels, section.required_labels_file),
        "required_techniques": (section.required_techniques, section.required_techniques_file),
    }
    full = {
        name: sorted({*listed, *(root.words(file) if file else [])})
        for name, (listed, file) in wanted.items()
    }
    durations = _durations(root, section.metadata) if section.metadata else {}
    contents = _contents(events, root) if section.audio else _declared(events)
    found = health.measure(events, contents, durations)
    wide = section.model_copy(update=full)
    return Result(health.gates(found, wide), found, health.panels(found), health.not_required(wide))


def _unhealthy(section: settings.Health, why: str) -> list[Gate]:
    """Return the verdicts without a manifest; a list that is named and not read counts, too."""
    named = {
        "required_labels": section.required_labels_file,
        "required_techniques": section.required_techniques_file,
    }
    full = {name: [*getattr(section, name), file] for name, file in named.items() if file}
    return health.gates(None, section.model_copy(update=full), why)


def _contents(events: pd.DataFrame, root: Root) -> Mapping[str, str] | None:
    """Return hashes of decoded audio by path; None where audio is not there."""
    try:
        sounds = root.sounds(set(events["audio_path"]))
    except MissingError:
        return None
    return {name: sound.content for name, sound in sounds.items()}


def _declared(events: pd.DataFrame) -> Mapping[str, str] | None:
    """Return hashes of audio files as the manifest has them; None where it lacks one."""
    known = events[["audio_path", "audio_sha256"]].drop_duplicates()
    if known["audio_sha256"].isna().any() or known["audio_path"].duplicated().any():
        return None
    return dict(zip(known["audio_path"], known["audio_sha256"], strict=True))


def _durations(root: Root, name: str) -> dict[str, dict[str, float]]:
    """Return seconds by split and by source of an exported data set's ``metadata.json``."""
    try:
        found = Durations.read(root.read(name))
    except MetadataError as error:
        raise InputError(f"{name}: {error}") from error
    return {
        "split": {key: of.seconds for key, of in sorted(found.duration_by_split.items())},
        "source": {key: of.seconds for key, of in sorted(found.duration_by_source.items())},
    }


def _leakage(section: settings.Leakage, root: Root, _: Report) -> Result:
    given(section.splits or section.events, "leakage.splits or leakage.events")
    parts = [lines.events(root, [file], side) for side, file in sorted(section.splits.items())]
    parts += [lines.events(root, section.events)] if section.events else []
    # A manifest without events has columns of another type, which must not decide the others'.
    filled = [part for part in parts if len(part)] or parts[:1]
    events = pd.concat(filled, ignore_index=True)
    unknown = [name for name in section.groups if name not in events]
    if unknown:
        raise InputError(f"leakage.groups: events have no {unknown[0]!r}")
    sounds: Mapping[str, Sound] | None
    try:
        sounds = root.sounds(set(events["audio_path"]))
    except MissingError:
        sounds = None
    found = leakage.measure(events, *_compared(sounds), section.groups)
    if found is None:
        return Result(leakage.gates(None, section))
    return Result(leakage.gates(found, section), found, leakage.panels(found))


def _compared(sounds: Mapping[str, Sound] | None) -> tuple[Any, Any]:
    """Return hashes and signatures by path; None twice without audio."""
    if sounds is None:
        return None, None
    hashes = {name: sound.content for name, sound in sounds.items()}
    return hashes, {name: sound.signature for name, sound in sounds.items()}


def _coverage(section: settings.Coverage, root: Root, _: Report) -> Result:
    events = lines.events(root, given(section.events, "coverage.events"))
    if section.group not in events:
        raise InputError(f"coverage.group: events have no {section.group!r}")
    listed = root.words(section.techniques_file) if section.techniques_file else []
    full = section.model_copy(update={"techniques": sorted({*section.techniques, *listed})})
    found = coverage.measure(events, full)
    return Result(coverage.gates(found, full), found, coverage.panels(found) if found else ())


def _realtime(section: settings.Realtime, root: Root, _: Report) -> Result:
    runs = lines.table(root, given(section.runs, "realtime.runs"), lines.Run)
    found = realtime.measure(runs)
    return Result(realtime.gates(found, section), found)


def _baseline(section: settings.Baseline, root: Root, report: Report) -> Result:
    name = given(section.report, "baseline.report")
    found = baseline.measure(read_report(root.read(name), name), report, section)
    return Result(baseline.gates(found, section), found, baseline.panels(found))


@dataclass(frozen=True)
class Check:
    """How a check runs, and what it says when it cannot."""

    run: Callable[[Any, Root, Report], Result]
    missing: Callable[[Any, str], list[Gate]]
    defaults: Callable[[], Any]


CHECKS: Mapping[str, Check] = {
    "alignment": Check(
        _alignment, lambda s, why: alignment.gates(None, s, why), settings.Alignment
    ),
    "boundaries": Check(
        _boundaries, lambda s, why: boundaries.gates(None, s, why), settings.Boundaries
    ),
    "open_set": Check(_open_set, lambda s, why: open_set.gates(None, s, why), settings.OpenSet),
    "bootstrap": Check(
        _bootstrap, lambda s, why: bootstrap.gates(None, s, why), settings.Bootstrap
    ),
    "calibration": Check(
        _calibration, lambda s, why: calibration.gates(None, s, why), settings.Calibration
    ),
    "health": Check(_health, _unhealthy, settings.Health),
    "leakage": Check(_leakage, lambda s, why: leakage.gates(None, s, why), settings.Leakage),
    "coverage": Check(_coverage, lambda s, why: coverage.gates(None, s, why), settings.Coverage),
    "realtime": Check(_realtime, lambda s, why: realtime.gates(None, s, why), settings.Realtime),
    "baseline": Check(_baseline, lambda s, why: baseline.gates(None, s, why), settings.Baseline),
}
