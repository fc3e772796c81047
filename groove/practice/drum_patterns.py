"""Drum patterns of many styles, as chances.

One character is a sixteenth of 4/4: ``-`` never, ``x`` accent, ``o`` soft, ``g`` a ghost note now
and then, ``1`` to ``9`` a stroke in that many of ten songs. A text of 32 characters is two bars
(claves and the like turn over every two). What the drummer draws stays for the section.

What belongs here: the texts. What does not: drawing and playing them (:mod:`groove.practice.drums`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from groove.practice.dice import Dice

KICK, SNARE, STICK, RIM = 36, 38, 37, 40
STICKS, TICK_LOW, TICK, BELL_TICK, WOOD, WOOD_LOW = 31, 32, 33, 34, 76, 77
CLOSED, OPEN, PEDAL = 42, 46, 44
RIDE, BELL, CRASH, CRASH2, CHINA = 51, 53, 49, 57, 52
CLAP, TAMBOURINE, COWBELL, SHAKER, CABASA = 39, 54, 56, 82, 69
TOMS = (50, 48, 47, 45, 43, 41)
CONGA_MUTE, CONGA, TUMBA = 62, 63, 64
BONGO, BONGO_LOW, CLAVE, MARACAS = 60, 61, 75, 70
AGOGO, AGOGO_LOW, TIMBALE, GUIRO, TRIANGLE_MUTE, TRIANGLE = 67, 68, 65, 73, 80, 81

#: Timekeepers: drum, and 16 steps; the ones named by a style are drawn from.
KEEPERS: dict[str, tuple[tuple[int, str], ...]] = {
    "hats8": ((CLOSED, "x-o-x-o-x-o-x-o-"),),
    "hats8_flat": ((CLOSED, "x-x-x-x-x-x-x-x-"),),
    "hats8_off": ((CLOSED, "o-x-o-x-o-x-o-x-"),),
    "hats16": ((CLOSED, "xoooxoooxoooxooo"),),
    "hats16_broken": ((CLOSED, "x3x3x4x3x3x3x4x5"),),
    "hats4": ((CLOSED, "x---x---x---x---"),),
    "open_off": ((OPEN, "--x---x---x---x-"),),
    "open_off_16": ((OPEN, "--x---x---x---x-"), (CLOSED, "oo-ooo-ooo-ooo-o")),
    "hats8_open": ((CLOSED, "x-o-x-o-x-o-x---"), (OPEN, "--------------x-")),
    "ride8": ((RIDE, "x-o-x-o-x-o-x-o-"),),
    "ride4": ((RIDE, "x---x---x---x---"),),
    "ride16": ((RIDE, "xoxoxoxoxoxoxoxo"),),
    "bell_off": ((BELL, "--x---x---x---x-"), (RIDE, "x---x---x---x---")),
    "open8": ((OPEN, "x-x-x-x-x-x-x-x-"),),
    "crash4": ((CRASH, "x---x---x---x---"),),
    "swing": ((RIDE, "x---x-x-x---x-x-"), (PEDAL, "----x-------x---")),
    "swing_loose": ((RIDE, "x-2-x-6-x-2-x-6-"), (PEDAL, "----x-------x---")),
    "shaker16": ((SHAKER, "xoxoxoxoxoxoxoxo"),),
    "shaker8": ((SHAKER, "o-x-o-x-o-x-o-x-"),),
    "tambourine8": ((TAMBOURINE, "x-o-x-o-x-o-x-o-"),),
    "tambourine_back": ((TAMBOURINE, "----x-------x---"),),
    "trap": ((CLOSED, "x2x2x3x2x2x3x4x6"),),
    "floor8": ((41, "x-o-x-o-x-o-x-o-"),),
    "pedal_off": ((PEDAL, "--o---o---o---o-"),),
    "cowbell4": ((COWBELL, "x---x---x---x---"),),
    "samba": ((SHAKER, "xooxxooxxooxxoox"),),
    "none": (),
}


@dataclass(frozen=True)
class DrumStyle:
    """What a drummer of a style may play in 4/4."""

    kick: tuple[str, ...]
    snare: tuple[str, ...]
    keepers: tuple[str, ...]
    backbeat: int = SNARE
    extras: tuple[tuple[int, str], ...] = ()
    """Further drums; each is there in some songs."""
    kits: tuple[int, ...] = (0, 8, 16)
    always: tuple[tuple[int, str], ...] = field(default=())
    """Further drums that make the style."""


_BACK = "----x-------x---"

STYLES: dict[str, DrumStyle] = {
    "rock": DrumStyle(
        ("x-1-1-3-x-62--32", "x-----4-x-5---2-", "x--3--6---x--3--", "x-x---3-x-x---3-", "x-------x-------"),
        (_BACK, "----x-1----1x--1", "----x--g-g--x--g"),
        ("hats8", "hats8", "hats8_flat", "hats8_open", "ride8", "open8", "crash4", "hats4", "floor8"),
        extras=((TAMBOURINE, _BACK),),
    ),
    "pop": DrumStyle(
        ("x-----3-x-4-----", "x--4--x---4---2-", "x-----x---x-----", "x---x---x---x---", "x------x--x-----"),
        (_BACK, _BACK, "----x--1----x-2-"),
        ("hats8", "hats16", "hats8_off", "shaker16", "ride8", "tambourine8", "hats8_open"),
        extras=((CLAP, _BACK), (TAMBOURINE, "----x-------x---"), (SHAKER, "xoxoxoxoxoxoxoxo")),
        kits=(0, 8, 16, 24, 25),
    ),
    "disco": DrumStyle(
        ("x---x---x---x---", "x---x---x---x-3-"), (_BACK, "----x-------x--3"),
        ("open_off_16", "open_off", "hats8_off", "hats16"),
        extras=((CLAP, _BACK), (COWBELL, "x-x-x-xxx-x-x-x-"), (TAMBOURINE, "xoxoxoxoxoxoxoxo")),
    ),
    "house": DrumStyle(
        ("x---x---x---x---", "x---x---x---x---", "x---x---x---x--2"),
        ("----------------", _BACK, _BACK, "---1--x--1----x-"),
        ("open_off", "open_off_16", "shaker16", "hats16", "hats8_off", "none"), CLAP,
        ((CONGA, "--4--4-6--4--4-6"), (STICK, "x--x--x---x--x--"), (MARACAS, "o-o-o-o-o-o-o-o-"), (COWBELL, "--2--3----2--3--")),
        (24, 25),
    ),
    "techno": DrumStyle(
        ("x---x---x---x---", "x---x---x---x-1-", "x--xx---x--xx---"),
        ("----------------", _BACK, "--3--3-3--3--3-3"),
        ("open_off", "hats16", "ride8", "hats8_off", "none", "ride4"), CLAP,
        ((TOMS[4], "--3-3--3-3--3--3"), (STICK, "-3--3-3--3--3--3"), (COWBELL, "3--3--3-3--3--3-")), (24, 25),
    ),
    "dnb": DrumStyle(
        ("x---------x-----", "x--2------x--2--", "x-x-------x-----", "x---------xx----"),
        ("----x-------x---", "----x--g-g--x---", "----x--x-x--x--x"),
        ("hats8", "ride8", "hats16_broken", "shaker16", "hats16"), kits=(0, 16, 24, 25),
    ),
    "breakbeat": DrumStyle(
        ("x-x-------x--4--", "x-x---4---xx----", "x--x--x---x--3-2", "x-----x-4-x-----"),
        ("----x--g-g--x--g", "----x--x-g--x---", "----x--o-o--x-3o"),
        ("hats8", "hats16_broken", "ride8", "hats8_open"),
    ),
    "fourfloor": DrumStyle(
        ("x---x---x---x---", "x---x---x---x---", "x---x---x---x-2-"), ("----------------", _BACK, "----------------"),
        ("open_off", "open_off", "hats8_off", "open_off_16", "shaker16", "none"), CLAP,
        ((STICK, "--x--x--x--x--x-"), (TOMS[4], "---x--x----x--x-"), (SHAKER, "xoxoxoxoxoxoxoxo"), (CLAVE, "x--x--x---x-x---")), (24, 25, 0),
    ),
    "backclap": DrumStyle(
        ("x-------x-------", "x-----x-x-------", "x-------x--x----", "x--x----x-x-----", "x-x-----x-----x-"), (_BACK, _BACK, "----x-------x--2"),
        ("open_off", "hats16", "hats8_off", "hats8", "none"), CLAP, ((SNARE, _BACK), (SHAKER, "xoxoxoxoxoxoxoxo")), (24, 25),
    ),
    "minimal": DrumStyle(("x---x---x---x---",), ("----------------",), ("none", "none", "hats8_off", "hats16"), CLAP, kits=(24, 25, 0)),
    "liquid": DrumStyle(
        ("x---------------", "x-----------x---", "x---------x-----", "x-x-------------"), ("--------x-------", "--------x-----g-", "---g----x--g----"),
        ("hats8", "ride8", "hats16", "hats16_broken", "hats4"), kits=(24, 25, 16, 0),
    ),
    "dub": DrumStyle(
        ("--------x-------", "x-------x-------", "--------x-----3-"), ("--------x-------", "----------------", "--------x--2--2-"),
        ("hats8_off", "hats8", "hats16_broken", "none"), STICK, ((TIMBALE, "--2--3------2--3"), (BONGO, "----3-3-----3-3-")),
    ),
    "steppers": DrumStyle(("x---x---x---x---",), ("--------x-------", "----x-------x---"), ("hats8_off", "hats8", "hats16_broken"), STICK),
    "ridejazz": DrumStyle(
        ("----------------", "2-----------2---", "----------------", "o---o---o---o---"), ("----------------", "--2---3---2---3-", "2-----2-------3-"),
        ("swing", "swing", "swing_loose", "ride4"), kits=(32, 40, 0),
    ),
    "trap": DrumStyle(
        ("x------3--x-3---", "x--3--x----3--3-", "x-----2-----3-x-", "x--x------x-----"),
        ("--------x-------",), ("trap", "trap", "hats8_flat", "hats16_broken"), SNARE,
        ((CLAP, "--------x-------"), (OPEN, "------2-------3-"), (STICK, "---2--2----2--2-")), (25, 24),
    ),
    "hiphop": DrumStyle(
        ("x--2--4--4x--2--", "x-x----x--x-----", "x------x-xx-----", "x----x----x--x--"),
        (_BACK, "----x--g----x--g"), ("hats8", "hats8_flat", "hats16_broken", "shaker8", "hats4"),
        extras=((CLAP, _BACK), (TAMBOURINE, "----x-------x---")), kits=(0, 8, 24, 25),
    ),
    "funk": DrumStyle(
        ("x-x---4--4x--3--", "x--x--3---x--x--", "x-x-------xx-3--", "x------x-xx---3-"),
        ("----x--g-g-gx--g", "----x-gg-g--x-g-", "----x--o-o--x--o"),
        ("hats16", "hats8", "hats16_broken", "ride8", "hats8_open"),
        extras=((COWBELL, "x---x---x---x---"), (CONGA, "--3x--3x--3x--3x"), (TAMBOURINE, _BACK)),
    ),
    "soul": DrumStyle(
        ("x-----3-x-x---3-", "x--x----x-x-----", "x-x-----x-x-----"),
        (_BACK, "x---x---x---x---", "----x-------x-x-"), ("hats8", "ride8", "tambourine8", "hats4"),
        extras=((TAMBOURINE, "x---x---x---x---"), (TAMBOURINE, _BACK), (CONGA, "--o-x-o---o-x-oo")),
    ),
    "bossa": DrumStyle(
        ("x--ox--ox--ox--o", "x--xx--xx--xx--x", "x-----x-x-----x-"),
        ("x--x--x---x--x--x--x--x---x--x--", "--x--x--x--x--x-", "x--x--x--x--x---"),
        ("hats8", "hats16", "shaker16", "ride8"), STICK, kits=(0, 8, 32, 40),
    ),
    "samba": DrumStyle(
        ("o--ox--xo--ox--x", "---ox------ox---"), ("x-x-xx-xx-x-xx-x", "-x-x-xx-x-x-xx-x", "ooxoooxxooxoooxo"),
        ("samba", "shaker16", "hats16"), SNARE,
        ((AGOGO, "x-x-xx-xx-x-x-xx"), (TAMBOURINE, "xooxxooxxooxxoox"), (TRIANGLE, "xoxxxoxxxoxxxoxx")),
    ),
    "reggae": DrumStyle(
        ("--------x-------", "--------x-------", "x-------x-------", "x---x---x---x---"),
        ("--------x-------", "--------x--2--2-", "--------x-------"),
        ("hats8", "hats8_off", "hats8_open", "hats16_broken"), STICK,
        ((BONGO, "----3-3-----3-3-"), (SHAKER, "o-x-o-x-o-x-o-x-"), (SNARE, "--------x-------")),
    ),
    "onedrop": DrumStyle(
        ("----x-------x---", "----x-------x---", "----x-1-----x-1-"), ("----x-------x---", "----x-------x-3-", "----x---2---x--2"),
        ("hats8", "hats8_off", "hats8_open", "hats16_broken"), STICK, ((BONGO, "----3-3-----3-3-"), (SHAKER, "o-x-o-x-o-x-o-x-")),
    ),
    "garage": DrumStyle(
        ("x---------x-----", "x------x--x-----", "x-----2---x--x--"), ("----x-------x---", "----x--g-g--x-g-"),
        ("hats16_broken", "open_off", "hats8_off"), SNARE, ((STICK, "---x--x---x--x--"), (SHAKER, "xoxoxoxoxoxoxoxo")), (24, 25),
    ),
    "jersey": DrumStyle(("x---x---x--x--x-",), ("----------------", "----x-------x---"), ("none", "hats8_off", "open_off"), CLAP, kits=(24, 25)),
    "secondline": DrumStyle(
        ("x--x--x---x-x---", "x-----x---x-x-3-"), ("x-ox-oxo-ox-xoox", "--x-oxo-x-o-xoxo", "oxoxxoxoxoxxoxxo"), ("none", "cowbell4", "pedal_off"),
    ),
    "diddley": DrumStyle(("x---x---x---x---", "x-----x-----x---"), ("x--x--x---x-x---",), ("none", "hats8"), TOMS[4], ((MARACAS, "xoxoxoxoxoxoxoxo"),)),
    "motorik": DrumStyle(("x-x---x-x-x---x-", "x---x-x-x---x-x-"), (_BACK,), ("hats8_flat", "hats8")),
    "soca": DrumStyle(("x---x---x---x---",), ("---x--x----x--x-", "---x--x----x-xx-"), ("hats8_off", "open_off", "shaker16"), extras=((COWBELL, "x-x-xx-xx-x-xx-x"),)),
    "baiao": DrumStyle(("x--x----x--x----", "x--x--x-x--x--x-"), ("----x-------x-3-", "------x-------x-"), ("none", "shaker16"), STICK, ((AGOGO, "x---x-x-x---x-x-"),), always=((TRIANGLE, "ooxoooxoooxoooxo"),)),
    "bolero": DrumStyle(("x-----x-x-----x-", "----------------"), ("----------------", "x-ooo-o-x-o-o-o-"), ("none", "shaker8"), STICK, always=((BONGO, "x-oox-o-x-oox-o-"), (TUMBA, "------------x-x-"))),
    "chacha": DrumStyle(("x-------x-------",), ("----------------",), ("cowbell4",), STICK, always=((GUIRO, "x---x-o-x---x-o-"), (CONGA, "----x-------x-xx"))),
    "tango": DrumStyle(("x--xx-x-x--xx-x-", "x---x---x---x---", "x-----x-x---x---"), ("x---x---x---x--x", "----------------", "x--xx-x-x--xx-xx"), ("none", "none", "hats4"), kits=(0, 48, 40)),
    "bhangra": DrumStyle(("x-----x-x-----x-", "x--x--x-x--x--x-"), ("--x-x-x---x-x-xx", "x-ox--oxx-ox--ox"), ("none", "tambourine8"), CONGA),
    "ska": DrumStyle(
        ("x-------x-------", "x---x---x---x---", "--------x-------"), (_BACK, "--------x-------"),
        ("hats8_off", "open_off", "hats8", "ride8"),
    ),
    "salsa": DrumStyle(
        ("------x-----x---", "----------------", "------x-------x-"), ("----------------", "----x-------x---"),
        ("cowbell4", "shaker8", "none"), STICK,
        ((TIMBALE, "x-xx-x-xx-xx-x-x"), (BONGO, "xoxoxoxoxoxoxoxo"), (GUIRO, "x-ooo-oox-ooo-oo"), (COWBELL, "x-o-xxo-x-o-xxo-")),
        always=((CLAVE, "x--x--x-----x-x---x-x---x--x--x-"), (CONGA_MUTE, "o-o-x-o-o-o-x-o-"), (CONGA, "------------xx--"), (TUMBA, "--------------xx")),
    ),
    "rumba": DrumStyle(
        ("------x---------",), ("----------------",), ("shaker8", "none"), STICK,
        always=((CLAVE, "x--x---x--x-x---"), (CONGA, "x--x--xx--x-x-xx"), (TUMBA, "--x---x---x---x-"), (BONGO_LOW, "-x--x--x-x--x--x")),
    ),
    "cumbia": DrumStyle(
        ("x-------x-------", "x---x---x---x---"), ("----------------", "----x-------x---"), ("none", "hats8_off"), STICK,
        ((COWBELL, "x---x---x---x---"), (CONGA, "----x-xx----x-xx")), always=((GUIRO, "x-oox-oox-oox-oo"),),
    ),
    "reggaeton": DrumStyle(
        ("x---x---x---x---", "x-------x-------"), ("---x--x----x--x-",), ("hats8", "none", "shaker16"), SNARE,
        ((BONGO, "x-3-x-3-x-3-x-3-"),), (24, 25, 0),
    ),
    "afrobeat": DrumStyle(
        ("x--x--x---x-3---", "x-----x--x----x-", "--x--x----x--x--"), ("----x--g----x-g-", "-----x--x----x--"),
        ("hats16_broken", "shaker16", "hats8_off"), extras=((CLAVE, "x--x--x---x-x---"), (CONGA, "x-x--x-xx-x--x-x"), (AGOGO, "x-x-x-xx-x-x-x-x")),
    ),
    "jazz": DrumStyle(
        ("o---o---o---o---", "1-----2-1-3---2-", "----------------"), ("1-2-1-3---2-1-4-", "----------------", "------2-------3-"),
        ("swing", "swing_loose", "ride4"), kits=(32, 40, 8),
    ),
    "brushes": DrumStyle(
        ("o-------o-------", "----------------"), ("o-o-x-o-o-o-x-o-", "oooooooooooooooo", "o---x---o---x---"), ("pedal_off", "none", "ride4"), kits=(40, 32),
    ),
    "shuffle": DrumStyle(
        ("x-------x-----3-", "x-----3-x-----3-", "x---x---x---x---"), (_BACK, _BACK), ("hats8", "ride8", "swing", "hats4"),
    ),
    "ballad": DrumStyle(
        ("x-------x-2-----", "x-----3---x-----", "x---------------"), ("----x-------x---", "--------x-------"),
        ("hats8", "hats4", "ride4", "hats16", "shaker16", "none"), STICK, ((SNARE, _BACK),), (0, 8, 40),
    ),
    "march": DrumStyle(
        ("x---x---x---x---", "x-------x-------"), ("x-ooxoooxoooxoxo", "x-oox-x-x-oox-x-", "x---x---x-x-xxx-"), ("none", "crash4"), kits=(0, 48),
    ),
    "train": DrumStyle(
        ("x-------x-------", "x---x---x---x---"), ("ooxoooxoooxoooxo", "o-x-o-x-o-x-o-x-", "xoxxxoxxxoxxxoxx"), ("none", "tambourine8", "hats8_off"), kits=(0, 40),
    ),
    "punk": DrumStyle(
        ("x---x---x---x---", "x-----x-x-----x-", "x-x---x-x-x---x-"), ("--x---x---x---x-", "----x-------x---"), ("hats8_flat", "open8", "ride8", "crash4"), kits=(16, 0),
    ),
    "metal": DrumStyle(
        ("xxxxxxxxxxxxxxxx", "x--xx--xx--xx--x", "x-xxx-xxx-xxx-xx", "x-x-x-x-x-x-x-x-"), (_BACK, "--------x-------", "--x---x---x---x-"), ("crash4", "ride8", "open8", "hats8_flat"), kits=(16,),
    ),
    "hand": DrumStyle(
        ("----------------",), ("----------------",), ("shaker16", "shaker8", "none", "tambourine8"), STICK,
        ((BONGO, "x-oxx-oxx-oxx-ox"), (TUMBA, "x-----x-x-----x-"), (CLAP, _BACK)),
        always=((CONGA, "x-o-x-oox-o-x-oo"),),
    ),
    "taiko": DrumStyle(
        ("x---x--x--x-x---", "x-x-x---x-x-x-x-", "x-------x--x--x-"), ("----------------",), ("floor8", "none"), STICK,
        ((TOMS[4], "x-oox-oox-oox-oo"), (TOMS[2], "---x--x----x--x-"), (TRIANGLE, "x-------x-------")), (48, 0),
    ),
}  # fmt: skip


def strokes(text: str, dice: Dice) -> list[tuple[int, float]]:
    """Return ``(step, level)`` of one drawing of a text; levels are shares of full force."""
    found: list[tuple[int, float]] = []
    for step, sign in enumerate(text):
        if sign == "-":
            continue
        if sign == "x":
            found.append((step, 1.0))
        elif sign == "o":
            found.append((step, 0.66))
        elif sign == "g":
            if dice.chance(0.6):
                found.append((step, 0.32))
        elif dice.chance(int(sign) / 10):
            found.append((step, 0.8))
    return found
