"""One-shots: which drum sounds there are, and one of them as audio.

What belongs here: the list from ``hits.yaml``, rendering one hit, the manifest. What does not:
synthesis (:mod:`groove.demo.drumsynth`, :mod:`groove.midi.synth`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from groove.core.digest import seed_of
from groove.demo.drumsynth import AUX, SynthKit, hit, soft_tilt_db, toned
from groove.demo.spec import DemoSpec
from groove.demo.text import Entry
from groove.midi.taxonomy import LABELS, note_of_label

#: Length in seconds at most; a hit ends earlier where it has died away.
SECONDS = {
    "crash": 1.2, "china": 1.0, "ride_bow": 1.1, "ride_bell": 1.0, "splash": 0.7,
    "hihat_open": 0.8, "tom_low": 0.8, "tom_mid": 0.7, "tom_high": 0.6,
}  # fmt: skip
USUAL_SECONDS = 0.5
_SILENT = 2e-3
_FADE_S = 0.01
_HEADROOM = 0.9
_DETUNE = 0.02

#: How many drums of a label a synthesised kit has.
SYNTH_SOUNDS = {
    "kick": 2, "snare": 2, "rimshot": 1, "cross_stick": 2, "hihat_closed": 2, "hihat_pedal": 2,
    "hihat_open": 2, "ride_bow": 2, "ride_bell": 1, "crash": 2, "splash": 1, "china": 1,
    "tom_high": 2, "tom_mid": 2, "tom_low": 2, "aux_percussion": len(AUX),
}  # fmt: skip


class FontKit(Entry):
    """A kit of the soundfont: its own sounds only."""

    program: int = Field(ge=0, le=127)
    group: str
    sounds: dict[str, list[int]]


class FontKits(Entry):
    """The soundfont's kits."""

    source: str
    license: str
    kits: dict[str, FontKit]


class Variant(Entry):
    """A kit made from another one."""

    of: str
    rate: float = Field(gt=0.5, lt=2, description="Playback rate: pitch and speed")
    decay: float = Field(gt=0.1, lt=4, description="Times the decay")
    tilt_db: float = Field(ge=-12, le=12)


class SynthKits(Entry):
    """The synthesised kits."""

    source: str
    license: str
    kits: dict[str, SynthKit]


class HitsFile(Entry):
    """``hits.yaml`` as written."""

    velocities: list[int] = Field(min_length=1)
    soundfont: FontKits
    variants: dict[str, Variant]
    synthesised: SynthKits

    @model_validator(mode="after")
    def _known(self) -> HitsFile:
        for name, kit in self.soundfont.kits.items():
            unknown = sorted(set(kit.sounds) - set(LABELS))
            if unknown:
                raise ValueError(f"{name}: no drum label is called {unknown[0]!r}")
        for name, variant in self.variants.items():
            if variant.of not in self.soundfont.kits:
                raise ValueError(f"{name}: no soundfont kit is called {variant.of!r}")
        return self


class Hit(Entry):
    """One one-shot: what it is and how it is made."""

    kit: str
    group: str
    label: str
    name: str
    velocity: int
    source: str
    license: str
    program: int | None = None
    note: int = 0
    rate: float = 1.0
    decay: float = 1.0
    tilt_db: float = 0.0
    variant: int = 0
    synth: SynthKit | None = None

    @property
    def path(self) -> str:
        """Path under ``hits/``."""
        return f"{self.kit}/{self.label}/{self.name}_{self.velocity:03d}.flac"


def hits_of(file: HitsFile) -> list[Hit]:
    """Return every one-shot, sorted by path."""
    found = [*_soundfont_hits(file), *_synthesised_hits(file)]
    return sorted(found, key=lambda each: each.path)


def _soundfont_hits(file: HitsFile) -> Iterator[Hit]:
    font = file.soundfont
    plain = Variant(of="", rate=1.0, decay=1.0, tilt_db=0.0)
    versions = [(name, kit, plain) for name, kit in font.kits.items()]
    versions += [(name, font.kits[v.of], v) for name, v in file.variants.items()]
    for name, kit, version in versions:
        for label, notes in kit.sounds.items():
            for note in notes:
                for velocity in file.velocities:
                    yield Hit(
                        kit=name, group=kit.group, label=label, name=str(note), velocity=velocity,
                        source=font.source, license=font.license, program=kit.program, note=note,
                        rate=version.rate, decay=version.decay, tilt_db=version.tilt_db,
                    )  # fmt: skip


def _synthesised_hits(file: HitsFile) -> Iterator[Hit]:
    made = file.synthesised
    for name, kit in made.kits.items():
        for label, count in SYNTH_SOUNDS.items():
            note = note_of_label(label)
            for variant in range(count):
                for velocity in file.velocities:
                    yield Hit(
                        kit=name, group=name, label=label, name=f"{note}{'abcdefg'[variant]}",
                        velocity=velocity, source=made.source, license=made.license,
                        note=note, variant=variant, synth=kit,
                    )  # fmt: skip


def sound_of(one: Hit, spec: DemoSpec) -> NDArray[np.float32]:
    """Return a hit as mono samples ``(1, n)`` at the spec's rate, starting at sample 0.

    The peak is the velocity's share of 0.9. Every hit is a little out of tune against the
    others of its drum, as no two strokes are the same.
    """
    rate = spec.hit_sample_rate
    seed = seed_of("groove-demo hit", spec.seed, one.path)
    seconds = SECONDS.get(one.label, USUAL_SECONDS)
    if one.synth is not None:
        dry = hit(one.label, one.variant, one.velocity, one.synth, rate, seconds, seed)
    else:
        dry = _from_soundfont(one, seconds, seed, rate)
    end = np.flatnonzero(np.abs(dry) > _SILENT * np.max(np.abs(dry)))[-1] + 1
    fade = min(round(_FADE_S * rate), end)
    cut = dry[:end].copy()
    cut[end - fade :] *= np.linspace(1, 0, fade)
    peak = np.max(np.abs(cut))
    samples: NDArray[np.float32] = (cut * (_HEADROOM * one.velocity / 127 / peak)).astype(
        np.float32
    )
    return samples[None, :]


def _from_soundfont(one: Hit, seconds: float, seed: int, rate: int) -> NDArray[np.float64]:
    from groove.midi.synth import render_hit

    detune = 1 + _DETUNE * np.random.default_rng(seed).uniform(-1, 1)
    # Rendered at another rate and played at this one: pitch and speed change together.
    stereo = render_hit(
        one.program or 0, one.note, one.velocity, seconds, round(rate / (one.rate * detune))
    )
    mono = stereo.mean(axis=0, dtype=np.float64)
    if one.decay < 1:
        loud = np.argmax(np.abs(mono))
        time = np.maximum(np.arange(len(mono)) - loud, 0) / rate
        mono *= np.exp(-time * (1 / one.decay - 1) / (0.25 * seconds))
    return toned(mono, one.tilt_db + soft_tilt_db(one.velocity), rate)


def manifest(hits: Sequence[Hit]) -> str:
    """Return ``labels.csv``: what every file is, and which kits belong together."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(["file", "label", "kit", "group", "source", "license"])
    for one in hits:
        writer.writerow([one.path, one.label, one.kit, one.group, one.source, one.license])
    return sink.getvalue()


def counts(hits: Sequence[Hit]) -> Mapping[str, int]:
    """Return the number of hits per label."""
    return {label: sum(one.label == label for one in hits) for label in LABELS}
