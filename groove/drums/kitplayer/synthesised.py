"""Kits without end: drums computed from a seed, that owe nothing to any sample.

What belongs here: drawing a kit's character, and its drums' strokes at several strengths. What
does not: what a drum is made of (:mod:`~groove.drums.kitplayer.voices`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection

import numpy as np

from groove.drums.kitplayer import percussion, voices
from groove.drums.kitplayer.kit import RATE, Drum, Kit, drum_of, hit_of
from groove.drums.kitplayer.voices import Character, Random, Stroke
from groove.midi.taxonomy import LABELS

SOURCE = "synthesised"
LICENSE = "CC0-1.0"

_AUX: dict[str, Callable[[Character, Random], Stroke]] = {
    "clap": percussion.clap,
    "cowbell": percussion.cowbell,
    "tambourine": lambda kit, random: percussion.shaken(kit, random, jingles=True),
    "shaker": lambda kit, random: percussion.shaken(kit, random, jingles=False),
    "conga": percussion.hand_drum,
    "bongo": percussion.hand_drum,
    "claves": lambda kit, random: percussion.bar(kit, random, 1_700, 3_200, 0.025),
    "woodblock": lambda kit, random: percussion.bar(kit, random, 600, 1_500, 0.02),
    "triangle": lambda kit, random: percussion.bar(kit, random, 2_800, 6_000, 0.7),
    "agogo": lambda kit, random: percussion.bar(kit, random, 550, 1_300, 0.15),
}


def synthesised_kit(
    seed: int,
    *,
    layers: int = 2,
    round_robin: int = 2,
    aux: int = 4,
    labels: Collection[str] = LABELS,
) -> Kit:
    """Return a kit that nobody ever heard.

    Parameters
    ----------
    seed
        Of everything; the same seed gives the same kit, whatever labels are asked for.
    layers
        Strengths of stroke per drum, at least 1.
    round_robin
        Strokes per strength, at least 1.
    aux
        Instruments of auxiliary percussion, at least 1.
    labels
        What it shall play; all by default.
    """
    about = _random(seed, "character")
    kit = Character(
        # Most kits are of one kind, some mix both.
        electronic=float(about.choice([0.03, 0.97, about.uniform(0, 1)], p=[0.45, 0.35, 0.2])),
        bright=float(about.uniform(0, 1)),
        dry=float(about.uniform(0, 1)),
        drive=float(about.uniform(0, 1) ** 2),
        size=float(np.exp(about.normal(0, 0.12))),
        metal_hz=float(np.exp(about.uniform(np.log(240), np.log(640)))),
    )
    drums = {
        label: tuple(
            _struck(_random(seed, f"{label}/{place}"), stroke, layers, round_robin)
            for place, stroke in enumerate(found)
        )
        for label, found in _strokes(kit, seed, aux).items()
        if label in labels
    }
    return Kit(f"synthesised-{seed}", LICENSE, SOURCE, recorded=False, drums=drums)


def _strokes(kit: Character, seed: int, aux: int) -> dict[str, list[Stroke]]:
    """Return the drums of a kit, by label."""
    hats = voices.hats(kit, _random(seed, "hats"))
    rides = voices.rides(kit, _random(seed, "rides"))
    toms = voices.toms(kit, _random(seed, "toms"))
    chosen = _random(seed, "aux").permutation(sorted(_AUX))[: max(1, aux)]
    return {
        "kick": [voices.kick(kit, _random(seed, "kick"))],
        "snare": [voices.snare(kit, _random(seed, "snare"))],
        # A rimshot is struck on the kit's own snare: the same draws make the same drum.
        "rimshot": [voices.rimshot(kit, _random(seed, "snare"))],
        "cross_stick": [voices.cross_stick(kit, _random(seed, "cross_stick"))],
        **{label: [stroke] for label, stroke in {**hats, **rides}.items()},
        "crash": [voices.crash(kit, _random(seed, f"crash{place}")) for place in range(2)],
        "splash": [voices.crash(kit, _random(seed, "splash"), "splash")],
        "china": [voices.crash(kit, _random(seed, "china"), "china")],
        **{label: [stroke] for label, stroke in toms.items()},
        "aux_percussion": [
            _AUX[name](kit, _random(seed, f"aux/{name}")) for name in chosen.tolist()
        ],
    }


def _struck(random: Random, stroke: Stroke, layers: int, round_robin: int) -> Drum:
    strengths = np.linspace(0, 1, layers + 1)[1:]
    return drum_of(
        (float(strength), hit_of(stroke(random, float(strength)), RATE, float(strength)))
        for strength in strengths
        for _ in range(round_robin)
    )


def _random(seed: int, name: str) -> Random:
    """Return a generator for one thing of one kit: what else is drawn does not change it."""
    return np.random.default_rng([seed & 0xFFFFFFFF, zlib.crc32(name.encode())])
