"""Errors in the corpus's text name file, line and entry."""

import pytest

from groove.demo.patterns import read_grooves
from groove.demo.songs import read_song
from groove.demo.text import DemoError, line_of

STYLE = """\
style: rock
families:
  plain:
    meter: 4/4
    tempo: 120
    lines:
      sn: ----X-------X---
    grooves:
      verse: {section: verse, bd: X-------X-------}
      odd: {section: verse, bd: X------X-------X}
"""

SONG = """\
title: A song
style: rock
key: C major
meter: 4/4
tempo: 120
parts:
  bass: {plays: chord, program: 33, low: 28}
sections:
  verse:
    bars: 4
    chords: C | G
    bass: "1:4 5:4"
form: verse
"""


def test_the_line_of_an_entry():
    assert line_of(STYLE, ["families", "plain", "grooves", "odd"]) == 10
    assert line_of(STYLE, ["families", "plain", "tempo"]) == 5
    assert line_of(STYLE, ["families", "plain", "nothing", "deeper"]) == 3
    assert line_of("a:\n- 1\n- b: 2\n", ["a", 1, "b"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("X------X-------X", "X------X---", r"f\.yaml:10: plain\.odd: bd: bar 1: 11 steps"),
        ("X------X-------X", "X--- | X--q", r"f\.yaml:10: plain\.odd: bd: unknown stroke 'q'"),
        ("X------X-------X", "X-- | X--- | X", r"plain\.odd: bd: bar 1: 3 steps don't fill a bar"),
        ("X------X-------X", "X---||X---", r"plain\.odd: bd: an empty bar"),
        ("bd: X------X-------X", "sn: ~", r"f\.yaml:10: plain\.odd: no lines to play"),
        ("verse, bd: X-------X", "solo, bd: X-------X", r"f\.yaml:9: .*verse\.section"),
        ("tempo: 120", "tempo: fast", r"f\.yaml:5: families\.plain\.tempo"),
        ("odd: {section: verse, bd", "odd: {section: verse, bq", r"f\.yaml:10: .*odd\.bq"),
        ("      sn: ----", "      zz: ----", r"f\.yaml:9: plain\.verse: no drum is called 'zz'"),
        ("meter: 4/4", "meter: four", r"f\.yaml:9: plain\.verse: meter 'four'"),
        ("style: rock", "style: rock: x", r"f\.yaml:\d+: not YAML"),
        ("    tempo: 120\n", "", r"f\.yaml:8: plain\.verse: no tempo"),
    ],
)
def test_an_error_in_a_groove_is_found(old, new, message):
    assert old in STYLE
    with pytest.raises(DemoError, match=message):
        read_grooves({"f.yaml": STYLE.replace(old, new)})


def test_a_shorter_line_must_fit_into_the_longest():
    three = STYLE.replace("X------X-------X", "X--- | X--- | X---").replace(
        "sn: ----X-------X---", "sn: ----X-------X---|----X-------X---"
    )
    with pytest.raises(DemoError, match=r"plain\.odd: sn: 2 bars don't fit into 3"):
        read_grooves({"f.yaml": three})


def test_the_same_groove_in_two_files_is_refused():
    with pytest.raises(DemoError, match=r"g\.yaml: rock/plain/verse exists in another file"):
        read_grooves({"f.yaml": STYLE, "g.yaml": STYLE})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1:4 5:4"', '"1:4 5:3"', r"s\.yaml:9: verse: bass: bar 1: 7 steps"),
        ('"1:4 5:4"', '"1:4 q:4"', r"s\.yaml:9: verse: bass: bar 1: 'q:4' is no degree"),
        ('"1:4 5:4"', '"_:4 5:4"', r"s\.yaml:9: verse: bass: _ holds a note"),
        ("C | G", "C | Hm", r"s\.yaml:9: verse: chord 'Hm'"),
        ("C | G", "C | G:3", r"s\.yaml:9: verse: chords: bar 2 has 3 of 4/4"),
        ("form: verse", "form: verse coda", r"s\.yaml:13: form names no section 'coda'"),
        ("key: C major", "key: C happy", r"s\.yaml:\d+: key 'C happy'"),
        (
            "    bass:",
            "    drums: rock/none/verse\n    bass:",
            r"verse: no groove 'rock/none/verse'",
        ),
        ("    bass:", "    lute:", r"s\.yaml:9: verse: lute: no such part"),
        ("bars: 4", "like: verse", r"s\.yaml:9: verse: like: 'verse' is no other section"),
        ("tempo: 120", "tempo: 12", r"s\.yaml:5: tempo"),
        ("program: 33", "program: 333", r"s\.yaml:7: parts\.bass\.program"),
    ],
)
def test_an_error_in_a_song_is_found(old, new, message):
    assert old in SONG
    with pytest.raises(DemoError, match=message):
        read_song(SONG.replace(old, new), "s.yaml", {})


def test_a_groove_in_another_meter_is_refused():
    grooves = read_grooves({"f.yaml": STYLE})
    text = SONG.replace("bars: 4", "meter: 3/4\n    drums: rock/plain/verse\n    bars: 4").replace(
        '"1:4 5:4"', '"1:3 5:3"'
    )
    with pytest.raises(DemoError, match=r"rock/plain/verse is in 4/4, the section in 3/4"):
        read_song(text, "songs/s.yaml", grooves)


def test_a_file_that_is_no_mapping_is_refused():
    with pytest.raises(DemoError, match=r"f\.yaml:1: a mapping is expected, not list"):
        read_grooves({"f.yaml": "- 1\n"})
