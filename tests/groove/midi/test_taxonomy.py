"""The taxonomy: complete, unambiguous, and agreeing with the published mappings."""

from __future__ import annotations

import pretty_midi
import pytest

from groove.midi import taxonomy
from groove.midi.taxonomy import (
    CLASSES,
    LABELS,
    class_of,
    label_of_alias,
    label_of_name,
    label_of_note,
)


def test_twelve_classes_and_every_one_has_a_label() -> None:
    assert len(CLASSES) == 12
    assert {class_of(label) for label in LABELS} == set(CLASSES)


@pytest.mark.parametrize("mapping", ["gm", "td11"])
def test_a_note_has_one_label(mapping: str) -> None:
    rows = taxonomy._ROWS
    notes = [note for row in rows.values() for note in row[f"{mapping}_notes"]]
    assert len(notes) == len(set(notes))
    assert all(0 <= note <= 127 for note in notes)


def test_an_alias_has_one_label() -> None:
    rows = taxonomy._ROWS
    names = [alias for row in rows.values() for alias in row["aliases"]]
    assert len(names) == len(set(names))
    assert not set(names) & set(taxonomy._TABLE["generic"])


def test_every_label_renders_as_a_note_of_its_own_but_the_rimshot() -> None:
    back = {label: label_of_note(taxonomy.note_of_label(label)) for label in LABELS}
    assert back.pop("rimshot") == "snare"
    assert all(label == found for label, found in back.items())


def test_general_midi_names_agree_with_pretty_midi() -> None:
    # An independent list of the GM 1 percussion keys, by name.
    for note in range(35, 82):
        name = pretty_midi.note_number_to_drum_name(note)
        by_name, by_note = label_of_name(name), label_of_note(note)
        assert by_note is not None
        if note == 45:
            # General MIDI names six toms; its "Low Tom" is the middle one of a kit's three.
            assert (by_name, by_note) == ("tom_low", "tom_mid")
        elif by_name is not None:
            assert class_of(by_name) == class_of(by_note), (note, name)


# General MIDI 1, the percussion keys from 35 on, as the specification names them.
GENERAL_MIDI = (
    """
Acoustic Bass Drum|Bass Drum 1|Side Stick|Acoustic Snare|Hand Clap|Electric Snare|
Low Floor Tom|Closed Hi-Hat|High Floor Tom|Pedal Hi-Hat|Low Tom|Open Hi-Hat|Low-Mid Tom|
Hi-Mid Tom|Crash Cymbal 1|High Tom|Ride Cymbal 1|Chinese Cymbal|Ride Bell|Tambourine|
Splash Cymbal|Cowbell|Crash Cymbal 2|Vibraslap|Ride Cymbal 2|Hi Bongo|Low Bongo|
Mute Hi Conga|Open Hi Conga|Low Conga|High Timbale|Low Timbale|High Agogo|Low Agogo|Cabasa|
Maracas|Short Whistle|Long Whistle|Short Guiro|Long Guiro|Claves|Hi Wood Block|
Low Wood Block|Mute Cuica|Open Cuica|Mute Triangle|Open Triangle
""".replace("\n", "")
    .strip()
    .split("|")
)


def test_every_general_midi_name_is_known_as_a_whole() -> None:
    assert len(GENERAL_MIDI) == 47
    for key, name in enumerate(GENERAL_MIDI, 35):
        by_name, by_key = label_of_alias(name), label_of_note(key)
        assert by_name is not None, name
        assert by_key is not None
        if name == "Low Tom":  # of six; without a key it is the lowest of a kit's three
            assert (by_name, by_key) == ("tom_low", "tom_mid")
        else:
            assert class_of(by_name) == class_of(by_key), name


def test_td11_edges_are_not_what_general_midi_calls_them() -> None:
    assert label_of_note(22, "td11") == "hihat_closed"
    assert label_of_note(26, "td11") == "hihat_open"
    assert label_of_note(40, "td11") == "rimshot"
    assert label_of_note(52, "td11") == label_of_note(55, "td11") == "crash"
    assert label_of_note(58, "td11") == "tom_low"
    assert label_of_note(22) is None
    assert label_of_note(55) == "splash"


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (("kick",), "kick"),
        (("BassDrum01.wav",), "kick"),
        (("Hi-Hat Opened",), "hihat_open"),
        (("HiHatClosed-3.flac",), "hihat_closed"),
        (("ride", 'Ride Bell (Custom, Zagrebin 22")'), "ride_bell"),
        (("ride",), "ride_bow"),
        (("tom", "Pearl Tom 1"), "tom_high"),
        (("tom", "Pearl Tom Floor", "PearlTomFloor-Hard.wav"), "tom_low"),
        (("tom", "Tom", "TM_3.aiff"), "tom_mid"),
        (("tom", "TomHigh-2.wav"), "tom_high"),
        (("tom", "16FloorTom-1.wav"), "tom_low"),
        (("tom", "14Tom-1.wav"), "tom_mid"),
        (("tom", "13Tom2-1.wav"), "tom_mid"),
        (("tom", "Tom1-3.wav"), "tom_high"),
        (("tom", "tom03.ogg"), "tom_mid"),
        (("rim_sidestick", "Snare 2 Rimshot (14x3.5)"), "rimshot"),
        (("hihat_open", "Hat 1 Op"), "hihat_open"),
        (("rim_sidestick", "Pearl Snare Rimshot"), "rimshot"),
        (("rim_sidestick", "Stick"), "cross_stick"),
        (("splash_china", 'China (18")'), "china"),
        (("snare", "snare-rimshot-2.flac"), "snare"),
        (("zither",), None),
        (("",), None),
    ],
)
def test_names(names: tuple[str, ...], label: str | None) -> None:
    assert label_of_name(*names) == label


def test_every_label_is_its_own_name() -> None:
    assert [label_of_name(label) for label in LABELS] == list(LABELS)
    assert [class_of(str(label_of_name(name))) for name in CLASSES] == list(CLASSES)


def test_a_short_form_is_no_alias_and_means_one_label() -> None:
    codes = [code for codes in taxonomy._TABLE["codes"].values() for code in codes]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(taxonomy._MEANINGS)
    assert set(taxonomy._TABLE["codes"]) <= set(LABELS)


def test_every_alias_in_any_spelling_is_its_label_as_a_whole_name() -> None:
    for label, row in taxonomy._ROWS.items():
        for name in (label, *row["aliases"], *taxonomy._TABLE["codes"].get(label, ())):
            for spelled in (name, name.upper(), name.replace(" ", "_"), name.title(), f"{name} 7"):
                found = label_of_alias(spelled)
                # A drum's number may say more: "tom 1" is an alias of its own.
                assert found == label or spelled.endswith("7"), (spelled, found)
                assert found is not None


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("KD", "kick"), ("SST", "cross_stick"), ("OHH", "hihat_open"), ("RDB", "ride_bell"),
        ("LFT", "tom_low"), ("CP", "aux_percussion"), ("tom1", "tom_high"), ("Crash 2", "crash"),
        ("HH Pedal", "hihat_pedal"), ("SNARE XSTICK", "cross_stick"), ("38", "snare"),
        (42, "hihat_closed"), ("ride", "ride_bow"), ("hi-hat", "hihat_closed"),
        ("", None), ("kick it", None), ("hihat_closed_2b", None), ("200", None), ("12345", None),
        ("OT", None), ("Hi-Hat (Closed)", "hihat_closed"), ("Snare Hit", "snare"),
        ("Crash L", "crash"), ("crash_right", "crash"), ("racktom", "tom_high"),
        ("HMT", "tom_high"), ("half open hat", "hihat_open"), ("35.0", "kick"), (35.0, "kick"),
        ("35.5", None), ("ch1", "china"), ("CH5", "china"), ("CH", "hihat_closed"),
        ("kick+snare", None), ("Tom L", "tom_low"),
    ],
)  # fmt: skip
def test_whole_names(name: str | float, label: str | None) -> None:
    assert label_of_alias(name) == label


def test_keys_of_an_electronic_kit_as_text() -> None:
    assert label_of_alias("22", "td11") == "hihat_closed"
    assert label_of_alias("22") is None


@pytest.mark.parametrize(
    "name",
    ["clap", "clave_wood", "conga_bongo", "cowbell", "crash", "cymbal_other", "hihat_closed",
     "hihat_open", "hihat_pedal", "kick", "ride", "rim_sidestick", "shaker", "snare",
     "splash_china", "tambourine", "tom"],
)  # fmt: skip
def test_names_of_one_shot_folders(name: str) -> None:
    assert label_of_alias(name) is not None
    assert label_of_alias(name) == label_of_name(name)
