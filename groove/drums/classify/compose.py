"""Clips to learn from, composed of hits: what a hit sounds like alone, in a song, on a bad day.

::

    hit            of a drawn class and kit; rate, decay, attack and end varied
    + second hit   of the same kit or another, any level: both are struck
    + earlier and later hits   their tails and attacks are in the clip, but not struck at its onset
    x equaliser, room, overload
    + other instruments, noise at any level
    x band limit, onset a little off
    -> the one picture function

A share of the clips stays nearly as it is, because one-shots do. Another share holds no drum at
all, or only the tail of an earlier one: its truth is empty.

What belongs here: what is drawn and how loud it is. What does not: the operations
(:mod:`groove.drums.classify.variation`), the picture (:mod:`groove.drums.classify.features`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groove.core.digest import seed_of
from groove.drums.classify import variation as vary
from groove.drums.classify.balance import chances, completed, of_kinds
from groove.drums.classify.batches import Material
from groove.drums.classify.features import pictures
from groove.drums.classify.outsiders import FAMILIES
from groove.drums.classify.sounds import RECORDED, Sounds
from groove.drums.classify.variation import Chance, Sound
from groove.drums.spec import ClipSpec, ComposeSpec
from groove.midi.taxonomy import CLASSES

_TOMS = np.array([name.startswith("tom_") for name in CLASSES])
#: Samples over which a hit's loudness is taken: its attack.
_ATTACK_S = 0.08


@dataclass(frozen=True)
class Composed:
    """Pictures with their truth.

    Attributes
    ----------
    pictures
        ``(clips, frames, mels)``, float16.
    truth
        ``(clips, classes)``; no mark where no drum is struck.
    folds
        ``(clips, folds)``: whether a hit of the fold's kits is in the clip, struck or as a tail.
    """

    pictures: NDArray[np.float16]
    truth: NDArray[np.bool_]
    folds: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pictures)

    def without(self, fold: int) -> Material:
        """Return the clips in which no kit of a fold is heard."""
        kept = ~self.folds[:, fold]
        return Material(self.pictures[kept], self.truth[kept])


class Composer:
    """Draws hits and makes clips of them.

    Parameters
    ----------
    sounds
        Hits, at the rate of the clips.
    beds
        Other instruments, each at least as long as a clip, at a peak of 1; more are made up.
    spec, clip
        How much is varied; what a picture shows.
    families
        Kinds of made-up sounds that are no drum.
    folds
        Sets of kits whose presence in each clip is noted.
    weights
        Weight of each session of recorded hits; none: by how many hits a session has.

    Raises
    ------
    groove.drums.manifest.weights.WeightError
        If a session of recorded hits has no weight.
    """

    def __init__(
        self,
        sounds: Sounds,
        beds: Sequence[Sound],
        spec: ComposeSpec,
        clip: ClipSpec,
        families: Sequence[str] = ("tones", "noises", "effects"),
        folds: Sequence[frozenset[str]] = (),
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.sounds = sounds
        self.beds = beds
        self.spec = spec
        self.clip = clip
        self.families = [FAMILIES[name] for name in families]
        self.truth = sounds.marks()
        self.rate = clip.sample_rate_hz
        if weights is not None:
            recorded = [kind == RECORDED for kind in sounds.kinds]
            weights = completed(weights, sounds.sessions, recorded)
        own = chances(self.truth, sounds.sessions, spec.balance, weights)
        self.chance_of = of_kinds(own, sounds.kinds, spec.shares)
        self.fold_of = np.array(
            [[kit in fold for fold in folds] for kit in sounds.kits], dtype=bool
        ).reshape(len(sounds), len(folds))
        self._used: set[int] = set()
        kits = np.array(sounds.kits)
        self.kit_of = kits
        self.of_kit = {name: np.flatnonzero(kits == name) for name in dict.fromkeys(sounds.kits)}

    def clips(self, count: int, seed: int) -> Composed:
        """Return ``count`` composed clips; the same for the same seed."""
        seen = np.zeros((count, self.clip.frames, self.clip.n_mels), dtype=np.float16)
        truth = np.zeros((count, len(CLASSES)), dtype=bool)
        drawn = np.random.default_rng(seed_of("drawn hits", seed))
        noted = np.zeros((count, self.fold_of.shape[1]), dtype=bool)
        hits = drawn.choice(len(self.sounds), count, p=self.chance_of).astype(np.int64)
        empty = drawn.random(count) < self.spec.empty
        hits[empty] = -1
        for place, hit in enumerate(hits.tolist()):
            chance = np.random.default_rng(seed_of("composed clip", seed, place))
            self._used.clear()
            if hit < 0:
                samples = self._without(chance)
            else:
                samples, truth[place] = self.clip_of(hit, chance)
            seen[place] = pictures(samples[None], self.clip)[0]
            noted[place] = self.fold_of[sorted(self._used)].any(axis=0)
        return Composed(seen, truth, noted)

    def clip_of(self, hit: int, chance: Chance) -> tuple[Sound, NDArray[np.bool_]]:
        """Return a clip around hit number ``hit``, and what is struck at its onset."""
        spec, length = self.spec, self.clip.clip_samples
        onset = self.clip.pre_samples + round(
            chance.uniform(-spec.onset_s, spec.onset_s) * self.rate
        )
        truth = self.truth[hit].copy()
        main = self._played(hit, length - onset, chance)
        clip = np.zeros(length, dtype=np.float32)
        clip[onset:] += main
        plain = chance.random() < spec.plain
        loudness = _loudness(main, self.rate)
        if not plain and chance.random() < spec.second:
            other = self._another(hit, chance)
            later = round(chance.uniform(0, spec.simultaneous_s) * self.rate)
            played = self._played(other, length - onset - later, chance)
            level = chance.uniform(-spec.second_db, spec.second_db)
            clip[onset + later :] += played * vary.gain_of(level)
            truth |= self.truth[other]
        if not plain and chance.random() < spec.earlier:
            for _ in range(int(chance.integers(1, 4))):
                self._tail(clip, onset, self._another(hit, chance), chance)
        if not plain and chance.random() < spec.later:
            start = onset + round(chance.uniform(0.07, 0.45) * self.rate)
            if start < length:
                played = self._played(self._another(hit, chance), length - start, chance)
                clip[start:] += played * vary.gain_of(chance.uniform(-12, 3))
        clip = self._processed(clip, chance, mild=plain)
        if chance.random() < (spec.under * 0.1 if plain else spec.under):
            level = loudness * float(
                vary.gain_of(chance.uniform(spec.under_low_db, spec.under_high_db))
            )
            clip = clip + self._bed(chance) * np.float32(level)
        if chance.random() < spec.noise:
            level = loudness * float(
                vary.gain_of(chance.uniform(-80, -45 if plain else spec.noise_db))
            )
            clip = clip + vary.noise(length, self.rate, chance) * np.float32(level * 3.0)
        if chance.random() < spec.thump:
            level = loudness * float(vary.gain_of(chance.uniform(-30, -3)))
            thump = vary.thump(length - onset, self.rate, chance)
            clip[onset:] += thump * np.float32(level)
        return self._limited(clip, chance), truth

    def _played(self, hit: int, length: int, chance: Chance) -> Sound:
        """Return one hit, varied, at an attack of loudness 0.2."""
        spec = self.spec
        self._used.add(hit)
        # Toms differ by their pitch: they may move less than the distance between two of them.
        most = spec.semitones * (0.4 if (self.truth[hit] & _TOMS).any() else 1.0)
        rate = 2.0 ** (chance.uniform(-most, most) / 12.0)
        source = self.sounds.samples[hit].astype(np.float32)
        played = vary.rated(source, rate, length)
        # Open or closed is a matter of decay: it is varied in proportion to the hit's own.
        own_s = vary.decay_s(played, self.rate)
        if chance.random() < 0.6:
            change = chance.uniform(-spec.decay, 2 * spec.decay)
            played = vary.decayed(played, 2.3 * change / max(own_s, 0.02), self.rate)
        if chance.random() < 0.2:
            after = chance.uniform(0.7, 2.5) * max(own_s, 0.04)
            fade = chance.uniform(0.005, 0.1)
            played = vary.stopped(played, round(after * self.rate), round(fade * self.rate))
        if chance.random() < 0.15:
            played = vary.softened(played, round(chance.uniform(0.001, 0.006) * self.rate))
        return np.asarray(played * np.float32(0.2 / _loudness(played, self.rate)), dtype=np.float32)

    def _another(self, hit: int, chance: Chance) -> int:
        """Return another hit, mostly of the same kit."""
        own = self.of_kit[str(self.kit_of[hit])]
        if len(own) > 1 and chance.random() < 0.7:
            weight = self.chance_of[own]
            return int(chance.choice(own, p=weight / weight.sum()))
        return int(chance.choice(len(self.sounds), p=self.chance_of))

    def _tail(self, clip: Sound, onset: int, hit: int, chance: Chance) -> None:
        """Add a hit that began before the onset."""
        before = round(chance.uniform(0.06, 0.6) * self.rate)
        played = self._played(hit, len(clip) - onset + before, chance)
        played *= vary.gain_of(chance.uniform(-12, 6))
        first = onset - before
        clip[max(first, 0) :] += played[max(-first, 0) :]

    def _processed(self, clip: Sound, chance: Chance, *, mild: bool) -> Sound:
        spec = self.spec
        room = 0.0
        if chance.random() < (0.15 if mild else spec.room):
            room = 10.0 ** (chance.uniform(-25, -5) / 10.0)
        reach = round(chance.uniform(0.1, 0.9) * self.rate)
        depth = spec.tone_db * (0.6 if mild else 1.0)
        clip = vary.toned(clip, self.rate, chance, depth, room, reach)
        if chance.random() < spec.drive:
            clip = vary.driven(clip, chance.uniform(0.5, 4.0)) * np.float32(
                vary.peak_of(clip) / 1.0
            )
        return clip

    def _limited(self, clip: Sound, chance: Chance) -> Sound:
        if chance.random() >= self.spec.limit:
            return clip
        top = chance.uniform(self.spec.limit_hz, self.clip.fmax_hz)
        return vary.band_limited(clip, self.rate, top, chance.choice([0.0, 0.0, 40.0, 80.0]))

    def _bed(self, chance: Chance) -> Sound:
        """Return other instruments, a clip long, at a loudness of 1."""
        length = self.clip.clip_samples
        if self.beds and chance.random() < 0.7:
            found = self.beds[int(chance.integers(len(self.beds)))].astype(np.float32)
            first = int(chance.integers(max(1, len(found) - length + 1)))
            bed = found[first : first + length]
            bed = np.pad(bed, (0, length - len(bed)))
        else:
            bed = self.families[int(chance.integers(len(self.families)))](length, self.rate, chance)
        return np.asarray(bed / max(float(np.sqrt(np.square(bed).mean())), 1e-4), dtype=np.float32)

    def _without(self, chance: Chance) -> Sound:
        """Return a clip at whose onset no drum is struck."""
        length, onset = self.clip.clip_samples, self.clip.pre_samples
        clip = self._bed(chance) * np.float32(0.1 * (chance.random() < 0.75))
        silent = not clip.any()
        if silent or chance.random() < 0.3:
            for _ in range(int(chance.integers(1, 4))):
                hit = int(chance.choice(len(self.sounds), p=self.chance_of))
                self._tail(clip, onset - round(0.05 * self.rate), hit, chance)
        if chance.random() < 0.2:
            clip = clip + vary.noise(length, self.rate, chance) * np.float32(0.02)
        return self._limited(self._processed(clip, chance, mild=True), chance)


def _loudness(samples: Sound, rate_hz: int) -> float:
    """Return the effective value of a hit's attack."""
    attack = samples[: round(_ATTACK_S * rate_hz)]
    return max(float(np.sqrt(np.square(attack).mean())) if len(attack) else 0.0, 1e-4)
