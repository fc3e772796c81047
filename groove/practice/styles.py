"""Styles: who plays what, how fast, and with which feel.

What belongs here: the statistics of genres as plain tables. What does not: how a part is played.
"""

from __future__ import annotations

from dataclasses import dataclass

PIANO, GUITAR, ELECTRIC, DRIVEN = (0, 1, 2, 3), (24, 25), (26, 27, 28), (29, 30)
EPIANO, ORGAN, ACCORDION = (4, 5), (16, 17, 18, 19), (21, 22, 23)
BASS, UPRIGHT, SYNTH_BASS = (33, 34, 35, 36), (32, 35), (38, 39, 87)
STRINGS, SOLO_STRINGS, CHOIR = (48, 49, 50, 51), (40, 41, 42), (52, 53, 54, 91)
BRASS, REEDS, WINDS = (56, 57, 60, 61, 62, 63), (64, 65, 66, 67), (68, 69, 70, 71, 72, 73, 74)
PADS = (88, 89, 90, 91, 92, 93, 94, 95)
LEADS = (80, 81, 82, 84, 85, 86)
MALLETS, PLUCKED, HARP = (11, 12, 13, 14, 108), (104, 105, 106, 107, 15), (46,)
BELLS, WHISTLES = (8, 9, 10, 14, 98), (72, 73, 74, 75, 78, 79)

Programs = tuple[int, ...]
Players = tuple[tuple[str, Programs], ...]


@dataclass(frozen=True)
class Style:
    """A genre.

    Parameters
    ----------
    drums
        Styles of :mod:`groove.practice.drum_patterns`; empty where the music has none.
    tempo
        Usual felt beats per minute.
    palettes
        Of :mod:`groove.practice.harmony`.
    bass, comps, leads
        ``(kind, programs)`` to choose from.
    swing
        Chance that it swings (``swing_unit`` quarters long, 0.5 or 0.25).
    tight
        Whether machines play: no jitter.
    meters
        Those that it is in; empty is any.
    """

    drums: tuple[str, ...]
    tempo: tuple[float, float]
    palettes: tuple[str, ...]
    bass: Players
    comps: Players
    leads: Players
    swing: float = 0.0
    swing_unit: float = 0.5
    tight: float = 0.1
    meters: tuple[str, ...] = ()
    weight: float = 1.0
    voices: Programs = ()


_SONG = (("song", LEADS), ("song", CHOIR), ("song", REEDS), ("song", WINDS), ("song", ELECTRIC))
_FOUR = ("4/4",)
_TWOS = ("4/4", "2/4")

STYLES: dict[str, Style] = {
    "rock": Style(
        ("rock", "rock", "punk", "soul"), (80, 180), ("rock", "pop"),
        (("eighths", BASS), ("groups", BASS), ("syncopated", BASS), ("push", BASS)),
        (("chug", DRIVEN), ("strum", DRIVEN + ELECTRIC), ("whole", DRIVEN), ("strum", GUITAR), ("arpeggio", ELECTRIC), ("whole", ORGAN)),
        (("riff", DRIVEN), ("song", DRIVEN + CHOIR), ("song", LEADS)), weight=2.5,
    ),
    "pop": Style(
        ("pop", "pop", "rock", "disco", "ballad", "hiphop"), (75, 150), ("pop", "modal", "dance"),
        (("groups", BASS), ("eighths", BASS + SYNTH_BASS), ("syncopated", BASS), ("push", BASS), ("dotted", BASS)),
        (("block", PIANO), ("keys", PIANO + EPIANO), ("whole", PADS), ("strum", GUITAR), ("arpeggio", PADS + PIANO), ("pulse", PIANO), ("stabs", BRASS)),
        _SONG, tight=0.3, weight=3.0,
    ),
    "punk": Style(
        ("punk", "metal"), (130, 200), ("rock",), (("eighths", BASS),),
        (("chug", DRIVEN), ("strum", DRIVEN)), (("song", DRIVEN), ("riff", DRIVEN)),
    ),
    "metal": Style(
        ("metal", "punk", "rock"), (90, 200), ("rock", "modal"), (("eighths", BASS), ("pedal", BASS), ("syncopated", BASS)),
        (("chug", DRIVEN), ("chug", DRIVEN), ("whole", DRIVEN)), (("riff", DRIVEN), ("free", DRIVEN)),
    ),
    "disco": Style(
        ("disco",), (105, 132), ("dance", "pop"), (("octaves", BASS), ("syncopated", BASS)),
        (("keys", ELECTRIC + EPIANO), ("whole", STRINGS), ("skank", ELECTRIC), ("stabs", BRASS)),
        (("song", STRINGS + CHOIR), ("riff", BRASS)), tight=0.3, meters=_FOUR, weight=1.5,
    ),
    "house": Style(
        ("house", "house", "disco"), (115, 132), ("dance", "modal"),
        (("offbeat", SYNTH_BASS), ("syncopated", SYNTH_BASS), ("dotted", SYNTH_BASS), ("pedal", SYNTH_BASS)),
        (("stabs", PIANO + ORGAN), ("keys", PIANO + EPIANO), ("swell", PADS), ("skank", LEADS), ("arpeggio16", LEADS)),
        (("riff", LEADS), ("held", CHOIR), ("riff", BELLS)), swing=0.3, swing_unit=0.25, tight=0.85, meters=_FOUR, weight=2.0,
    ),
    "techno": Style(
        ("techno",), (120, 150), ("dance", "modal"), (("offbeat", SYNTH_BASS), ("pedal", SYNTH_BASS), ("eighths", SYNTH_BASS)),
        (("stabs", LEADS + PADS), ("arpeggio16", LEADS), ("ostinato", LEADS), ("swell", PADS)),
        (("riff", LEADS), ("held", PADS)), tight=0.95, meters=_FOUR, weight=1.5,
    ),
    "edm": Style(
        ("fourfloor", "fourfloor", "backclap", "house"), (115, 140), ("loop", "dance", "pop"),
        (("offbeat", SYNTH_BASS), ("rolling", SYNTH_BASS), ("eighths", SYNTH_BASS), ("sub", SYNTH_BASS), ("whole", SYNTH_BASS), ("pedal", SYNTH_BASS)),
        (("whole", PADS), ("swell", PADS), ("arpeggio16", LEADS), ("stabs", LEADS), ("flat", LEADS + PADS), ("ostinato", LEADS), ("pulse", LEADS)),
        (("riff", LEADS), ("held", PADS), ("song", LEADS)), tight=0.95, meters=_FOUR, weight=3.5,
    ),
    "trance": Style(
        ("fourfloor", "minimal", "techno"), (126, 150), ("loop", "dance"), (("rolling", SYNTH_BASS), ("offbeat", SYNTH_BASS), ("octaves", SYNTH_BASS)),
        (("arpeggio16", LEADS), ("flat", LEADS), ("swell", PADS), ("whole", PADS)), (("riff", LEADS), ("song", LEADS), ("held", PADS)), tight=1.0, meters=_FOUR, weight=1.5,
    ),
    "electro": Style(
        ("backclap", "breakbeat", "minimal", "hiphop"), (90, 132), ("loop", "dance", "modal"), (("syncopated", SYNTH_BASS), ("eighths", SYNTH_BASS), ("octaves", SYNTH_BASS)),
        (("stabs", LEADS), ("keys", LEADS), ("ostinato", LEADS), ("whole", PADS)), (("riff", LEADS + BELLS), ("held", CHOIR)), tight=0.95, meters=_FOUR, weight=2.0,
    ),
    "chiptune": Style(
        ("rock", "fourfloor", "punk", "backclap"), (100, 180), ("pop", "loop", "rock"), (("eighths", (80, 81, 38)), ("octaves", (80, 38)), ("arpeggio", (80, 81))),
        (("arpeggio16", (80, 81)), ("pulse", (80,)), ("arpeggio", (80, 82))), (("song", (80, 81)), ("dance", (80, 82)), ("riff", (80, 81))), tight=1.0, weight=0.8,
    ),
    "vamp": Style(
        ("minimal", "minimal", "fourfloor", "motorik"), (80, 160), ("loop", "pop", "jazz"), (("eighths", SYNTH_BASS + BASS), ("rolling", SYNTH_BASS), ("offbeat", SYNTH_BASS), ("pedal", SYNTH_BASS)),
        (("flat", PIANO + EPIANO + PADS + LEADS), ("flat", STRINGS + ORGAN), ("whole", PADS + STRINGS)), (("held", PADS + CHOIR), ("song", LEADS)), tight=0.7, meters=_FOUR, weight=1.5,
    ),
    "liquid": Style(
        ("liquid", "liquid", "dnb"), (160, 180), ("loop", "jazz", "modal", "dance"), (("sub", SYNTH_BASS), ("whole", SYNTH_BASS), ("syncopated", SYNTH_BASS)),
        (("swell", PADS), ("whole", PADS), ("keys", EPIANO), ("arpeggio", EPIANO + BELLS)), (("held", CHOIR + PADS), ("riff", LEADS), ("song", LEADS)), tight=0.9, meters=_FOUR, weight=1.5,
    ),
    "dub": Style(
        ("dub", "dub", "steppers", "onedrop"), (62, 90), ("loop", "modal", "folk"), (("dub", BASS + SYNTH_BASS), ("dub", BASS), ("sub", SYNTH_BASS)),
        (("skank", ELECTRIC + ORGAN), ("backs", ORGAN + PIANO), ("stabs", BRASS + ORGAN)), (("riff", (22, 56, 73)), ("held", CHOIR)), swing=0.3, tight=0.3, meters=_FOUR, weight=1.0,
    ),
    "trio": Style(
        ("ridejazz", "ridejazz", "brushes"), (80, 200), ("jazz", "blues", "modal"), (("walking", UPRIGHT), ("walking", UPRIGHT), ("dotted", UPRIGHT)),
        (("conversation", PIANO), ("conversation", ELECTRIC), ("charleston", PIANO)), (("free", (*REEDS, *BRASS, 0, 11, 26)), ("free", PIANO)), swing=0.95, weight=2.0,
    ),
    "dnb": Style(
        ("dnb", "breakbeat"), (155, 180), ("dance", "modal", "jazz"), (("sub", SYNTH_BASS), ("whole", SYNTH_BASS), ("syncopated", SYNTH_BASS)),
        (("swell", PADS), ("keys", EPIANO), ("stabs", LEADS)), (("held", CHOIR + PADS), ("riff", LEADS)), tight=0.8, meters=_FOUR,
    ),
    "trap": Style(
        ("trap", "trap", "liquid"), (120, 170), ("modal", "dance"), (("sub", SYNTH_BASS),),
        (("arpeggio", BELLS + PLUCKED), ("swell", PADS), ("keys", PIANO + BELLS)), (("riff", BELLS + WHISTLES), ("song", CHOIR)), tight=0.9, meters=_FOUR,
    ),
    "hiphop": Style(
        ("hiphop", "breakbeat", "funk"), (75, 110), ("jazz", "modal", "pop"), (("syncopated", BASS + UPRIGHT), ("sub", SYNTH_BASS), ("dub", BASS)),
        (("keys", EPIANO + PIANO), ("stabs", BRASS + STRINGS), ("whole", EPIANO), ("arpeggio", BELLS + GUITAR)),
        (("riff", WINDS + REEDS + BELLS), ("free", REEDS)), swing=0.5, swing_unit=0.25, tight=0.4, meters=_FOUR, weight=1.5,
    ),
    "funk": Style(
        ("funk", "breakbeat", "soul"), (88, 122), ("modal", "jazz", "dance"), (("syncopated", (*BASS, 36, 37)), ("octaves", BASS)),
        (("keys", ELECTRIC), ("skank", ELECTRIC), ("stabs", BRASS), ("keys", (7, *EPIANO))), (("riff", BRASS + REEDS), ("free", REEDS)), swing=0.3, swing_unit=0.25, weight=1.5,
    ),
    "soul": Style(
        ("soul", "ballad", "funk", "pop"), (65, 130), ("pop", "jazz", "blues"), (("syncopated", BASS), ("groups", BASS), ("walking", BASS)),
        (("block", PIANO + ORGAN), ("skank", ELECTRIC), ("whole", ORGAN), ("stabs", BRASS), ("pulse", PIANO)), _SONG, swing=0.25,
    ),
    "bossa": Style(
        ("bossa",), (60, 90), ("jazz", "latin"), (("fifths", UPRIGHT + BASS), ("dotted", UPRIGHT)),
        (("keys", GUITAR), ("charleston", EPIANO + PIANO), ("whole", STRINGS)), (("song", WINDS + REEDS), ("free", PIANO)), meters=_TWOS,
    ),
    "samba": Style(
        ("samba",), (80, 130), ("latin", "jazz"), (("fifths", BASS), ("dotted", BASS)), (("keys", GUITAR), ("strum", (*GUITAR, 15))), (("song", WINDS + BRASS), ("dance", WINDS)), meters=_TWOS,
    ),
    "reggae": Style(
        ("onedrop", "onedrop", "ska", "pop"), (62, 95), ("pop", "folk", "modal"), (("dub", BASS), ("dub", BASS), ("syncopated", BASS)),
        (("skank", ELECTRIC), ("skank", ORGAN + PIANO), ("backs", PIANO)), (("song", CHOIR + BRASS), ("riff", ORGAN)), swing=0.3, meters=_FOUR, weight=1.3,
    ),
    "rockers": Style(
        ("reggae", "reggae", "dub"), (130, 182), ("pop", "folk", "modal"), (("dub", BASS), ("whole", BASS), ("groups", BASS)),
        (("backs", ELECTRIC), ("backs", ORGAN + PIANO)), (("song", CHOIR + BRASS), ("riff", ORGAN)), swing=0.15, meters=_FOUR,
    ),
    "garage": Style(
        ("garage", "jersey", "breakbeat"), (125, 142), ("dance", "jazz", "modal"), (("sub", SYNTH_BASS), ("syncopated", SYNTH_BASS)),
        (("stabs", ORGAN + PIANO), ("keys", EPIANO), ("swell", PADS)), (("riff", LEADS), ("song", CHOIR)), swing=0.7, swing_unit=0.25, tight=0.8, meters=_FOUR,
    ),
    "neworleans": Style(
        ("secondline", "diddley", "soul"), (80, 130), ("blues", "jazz", "folk"), (("groups", (58, 32)), ("syncopated", (58, 32)), ("dotted", UPRIGHT)),
        (("keys", PIANO), ("stabs", BRASS), ("backs", (105,))), (("free", (*BRASS, 71)), ("song", BRASS)), swing=0.4, swing_unit=0.25, meters=_TWOS, weight=0.8,
    ),
    "krautrock": Style(
        ("motorik",), (115, 160), ("modal", "rock"), (("eighths", BASS), ("pedal", BASS)), (("whole", ORGAN), ("strum", ELECTRIC), ("ostinato", LEADS)), (("riff", ELECTRIC + LEADS), ("held", LEADS)), weight=0.6, meters=_FOUR,
    ),
    "caribbean": Style(
        ("soca", "bolero", "chacha", "bhangra"), (85, 150), ("latin", "folk", "pop"), (("dotted", BASS), ("syncopated", BASS), ("fifths", BASS)),
        (("skank", ELECTRIC), ("stabs", BRASS), ("keys", (114, 12, *PIANO))), (("song", (*BRASS, 114, 12)), ("riff", BRASS)), meters=_FOUR,
    ),
    "forro": Style(
        ("baiao", "samba"), (80, 130), ("folk", "modal", "latin"), (("dotted", BASS), ("fifths", BASS)), (("skank", ACCORDION + GUITAR), ("keys", ACCORDION)), (("dance", ACCORDION + WHISTLES), ("song", ACCORDION)), meters=_TWOS, weight=0.8,
    ),
    "ska": Style(
        ("ska",), (110, 180), ("pop", "folk", "blues"), (("walking", BASS), ("eighths", BASS)), (("skank", ELECTRIC), ("skank", PIANO)), (("riff", BRASS), ("song", BRASS + REEDS)), meters=_TWOS,
    ),
    "latin": Style(
        ("salsa", "rumba", "cumbia", "hand"), (80, 130), ("latin",), (("tumbao", UPRIGHT + BASS), ("tumbao", UPRIGHT), ("dotted", BASS)),
        (("montuno", PIANO), ("stabs", BRASS), ("keys", PIANO)), (("riff", BRASS), ("song", WINDS + BRASS)), meters=_FOUR, weight=1.5,
    ),
    "reggaeton": Style(
        ("reggaeton",), (85, 105), ("pop", "latin", "dance"), (("dotted", SYNTH_BASS), ("whole", SYNTH_BASS)), (("stabs", PLUCKED + PIANO), ("whole", PADS)), (("riff", LEADS + BELLS), ("song", CHOIR)), tight=0.8, meters=_FOUR,
    ),
    "tango": Style(
        ("tango", "tango", "march"), (100, 134), ("latin", "classical"), (("groups", UPRIGHT), ("dotted", UPRIGHT)), (("block", PIANO + ACCORDION), ("block", ACCORDION)), (("song", SOLO_STRINGS + ACCORDION),), meters=_TWOS, weight=0.7,
    ),
    "afro": Style(
        ("afrobeat", "hand"), (90, 130), ("modal", "dance"), (("syncopated", BASS), ("dotted", BASS)), (("arpeggio", ELECTRIC + MALLETS), ("ostinato", ELECTRIC), ("stabs", BRASS)), (("riff", BRASS + REEDS), ("dance", MALLETS)), weight=1.2,
    ),
    "jazz": Style(
        ("jazz", "jazz", "brushes"), (70, 200), ("jazz", "blues"), (("walking", UPRIGHT), ("walking", UPRIGHT), ("fifths", UPRIGHT)),
        (("charleston", PIANO + ELECTRIC), ("keys", PIANO), ("block", (26,)), ("stabs", PIANO)), (("free", (*REEDS, *BRASS, 11)), ("song", REEDS + BRASS)), swing=0.9, weight=2.0,
    ),
    "blues": Style(
        ("shuffle", "shuffle", "jazz", "rock"), (65, 180), ("blues",), (("walking", BASS + UPRIGHT), ("eighths", BASS), ("arpeggio", BASS)),
        (("pulse", PIANO), ("chug", DRIVEN + ELECTRIC), ("charleston", ORGAN), ("whole", ORGAN)), (("free", (*DRIVEN, *ELECTRIC, 22)), ("song", CHOIR)), swing=0.8, meters=_FOUR,
    ),
    "march": Style(
        ("march",), (95, 130), ("classical", "folk"), (("fifths", (58, 43)),), (("oompah", BRASS), ("block", BRASS)), (("song", BRASS + WINDS), ("dance", WINDS)), weight=0.8, meters=("4/4", "2/4", "6/8"),
    ),
    "ballad": Style(
        ("ballad", "brushes", "pop"), (60, 90), ("pop", "jazz", "classical"), (("whole", BASS), ("groups", BASS), ("fifths", UPRIGHT)),
        (("arpeggio", PIANO + GUITAR), ("block", PIANO), ("whole", STRINGS + PADS), ("picking", GUITAR)), _SONG, weight=1.5,
    ),
    "country": Style(
        ("train", "rock", "brushes"), (85, 170), ("folk", "pop"), (("fifths", BASS + UPRIGHT), ("fifths", UPRIGHT), ("walking", BASS)), (("oompah", GUITAR), ("strum", GUITAR), ("picking", (105, 25))), (("song", (40, 22, 26)), ("dance", (40, 105))), swing=0.25,
    ),
    "synth": Style(
        ("techno", "pop", "disco"), (80, 150), ("dance", "pop"), (("eighths", SYNTH_BASS), ("octaves", SYNTH_BASS), ("arpeggio", SYNTH_BASS)), (("arpeggio16", LEADS + PADS), ("whole", PADS), ("pulse", LEADS)), (("song", LEADS), ("riff", LEADS)), tight=0.9, weight=1.2,
    ),
    "taiko": Style(
        ("taiko", "march"), (80, 150), ("modal", "classical"), (("whole", (43, 58)), ("pedal", (43,))), (("pulse", STRINGS), ("whole", STRINGS + BRASS), ("ostinato", STRINGS)), (("held", BRASS + CHOIR), ("riff", STRINGS)), weight=0.8, tight=0.4,
    ),
    "waltz": Style(
        ("brushes", "pop", "jazz", "march"), (85, 190), ("classical", "folk", "pop"), (("fifths", UPRIGHT + BASS), ("whole", UPRIGHT)), (("oompah", PIANO + ACCORDION + STRINGS), ("block", PIANO), ("arpeggio", PIANO + HARP)), (("song", SOLO_STRINGS + ACCORDION + WINDS), ("song", CHOIR)), swing=0.25, meters=("3/4",), weight=5.0,
    ),
    "polka": Style(
        ("train", "march", "punk"), (100, 140), ("folk",), (("fifths", (58, 32)),), (("skank", ACCORDION + GUITAR), ("oompah", ACCORDION)), (("dance", ACCORDION + WINDS), ("song", ACCORDION + BRASS)), meters=("2/4",), weight=3.0,
    ),
    "jig": Style(
        ("hand", "pop", "rock"), (85, 130), ("folk", "modal"), (("groups", BASS), ("whole", BASS)), (("strum", GUITAR), ("block", ACCORDION), ("oompah", PIANO)), (("dance", (*WHISTLES, 40, 110)), ("song", WINDS)), meters=("6/8", "9/8", "12/8"), weight=3.0,
    ),
    "twelve": Style(
        ("ballad", "soul", "pop", "rock"), (60, 100), ("blues", "pop"), (("groups", BASS), ("arpeggio", BASS), ("walking", BASS)), (("pulse", PIANO), ("arpeggio", GUITAR + PIANO), ("whole", ORGAN)), _SONG, meters=("6/8", "12/8"), weight=3.0,
    ),
    "balkan": Style(
        ("hand", "rock", "pop"), (100, 220), ("modal", "latin", "folk"), (("groups", BASS), ("fifths", (58,)), ("syncopated", BASS)), (("block", ACCORDION + BRASS), ("skank", ACCORDION), ("oompah", ACCORDION + GUITAR)), (("dance", (71, 40, 21, 65)), ("song", (71, 56))), meters=("5/8", "7/8", "9/8", "7/4", "5/4"), weight=4.0,
    ),
    "prog": Style(
        ("rock", "metal", "funk"), (90, 200), ("rock", "modal"), (("syncopated", BASS), ("eighths", BASS), ("groups", BASS)), (("chug", DRIVEN), ("arpeggio", ELECTRIC + LEADS), ("whole", ORGAN), ("ostinato", LEADS)), (("riff", LEADS + DRIVEN), ("free", LEADS)), meters=("5/4", "7/4", "7/8", "5/8", "6/4", "9/8"), weight=4.0,
    ),
}  # fmt: skip

#: Music that is at home without drums.
CHAMBER: dict[str, Style] = {
    "piano": Style((), (60, 140), ("classical", "pop", "jazz"), (("whole", (0, 1)), ("fifths", (0, 1)), ("groups", (0,)), ("arpeggio", (0,))), (("alberti", (0, 1)), ("arpeggio", (0, 1)), ("block", (0, 1)), ("oompah", (0, 3))), (("song", (0, 1)), ("dance", (0, 6))), weight=3.0, swing=0.1),
    "guitar": Style((), (65, 140), ("folk", "pop", "latin"), (("groups", (24, 25)), ("fifths", (24,)), ("whole", (25,))), (("picking", GUITAR), ("strum", GUITAR), ("arpeggio", GUITAR)), (("song", GUITAR + WINDS + CHOIR),), weight=2.5),
    "quartet": Style((), (60, 140), ("classical",), (("groups", (42, 43)), ("whole", (42,)), ("walking", (42,))), (("pulse", (48, 41)), ("alberti", (40, 41)), ("whole", (48,))), (("song", (40,)), ("dance", (40,))), weight=1.5, voices=(42, 41, 40, 40)),
    "choir": Style((), (60, 110), ("classical", "folk"), (("whole", CHOIR),), (("whole", (*CHOIR, 19)), ("block", (*CHOIR, 19))), (("song", CHOIR),), weight=1.0, voices=(52, 53, 52, 52)),
    "folk": Style((), (80, 150), ("folk", "modal"), (("fifths", UPRIGHT), ("pedal", (21, 109))), (("strum", GUITAR), ("oompah", ACCORDION), ("swell", (109, 20))), (("dance", (*WHISTLES, 40, 110, 21)), ("song", (*WHISTLES, 40))), weight=1.5),
    "harp": Style((), (60, 120), ("classical", "modal"), (("whole", HARP),), (("arpeggio", HARP), ("arpeggio16", HARP)), (("song", WINDS),), weight=0.7),
    "ambient": Style((), (60, 110), ("modal", "pop"), (("whole", PADS), ("pedal", SYNTH_BASS)), (("swell", PADS), ("arpeggio16", LEADS + BELLS), ("ostinato", BELLS)), (("held", PADS + CHOIR), ("song", BELLS)), weight=1.0, tight=0.6),
    "unplugged": Style((), (70, 140), ("pop", "folk", "jazz"), (("groups", UPRIGHT + BASS), ("walking", UPRIGHT)), (("strum", GUITAR), ("block", PIANO), ("keys", EPIANO)), (("song", (*CHOIR, *REEDS, 22)),), weight=2.0, swing=0.2),
    "brassy": Style((), (70, 130), ("classical", "jazz"), (("groups", (58,)), ("fifths", (58,))), (("block", BRASS), ("stabs", BRASS), ("whole", (60,))), (("song", (56, 57)),), weight=0.6, voices=(58, 57, 60, 56)),
    "musette": Style((), (90, 190), ("folk", "classical"), (("fifths", (32, 21)),), (("oompah", ACCORDION + GUITAR),), (("dance", ACCORDION), ("song", ACCORDION)), weight=1.2, meters=("3/4", "2/4", "6/8")),
    "wind trio": Style((), (70, 130), ("classical",), (("groups", (70,)),), (("pulse", (71,)), ("alberti", (71,))), (("song", (68, 73)),), weight=0.6),
}  # fmt: skip


def styles_for(meter: str, *, drums: bool) -> dict[str, float]:
    """Return the styles that go in a meter, with their weights."""
    found = {
        name: style.weight
        for name, style in (STYLES if drums else {**STYLES, **CHAMBER}).items()
        if (not style.meters or meter in style.meters) and (style.drums or not drums)
    }
    if not drums:  # most music without drums is at home without them
        found = {name: weight * (4.0 if name in CHAMBER else 0.5) for name, weight in found.items()}
    return found


def style_named(name: str) -> Style:
    """Return a style.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    return STYLES[name] if name in STYLES else CHAMBER[name]
