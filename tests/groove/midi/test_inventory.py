"""The song and loop inventories: figures, refusals, duplicates, groups and splits."""

import io
import itertools
import json
from collections.abc import Mapping

import mido
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.audio.waveform import Waveform, encode
from groove.core.inputs import InputError, originals, splits_of
from groove.core.splits import crossing
from groove.core.store import MemoryStore
from groove.midi import inventory, quality
from groove.midi.content import content_hash
from groove.midi.notes import MidiError, read_midi, write_midi
from groove.midi.song import song_from_notes
from groove.midi.spec import LoopIndexSpec, SongIndexSpec
from groove.midi.tables import LOOP_INDEX, SONG_INDEX


def item(path: str = "songs/a.mid", **changes) -> dict:
    row = {
        "path": path,
        "sha256": "0" * 64,
        "source": "test",
        "license": "CC0-1.0",
        "kind": "songs",
        "format": "midi",
        "bytes": 100,
        "modified_ns": 1,
        "group": path,
        "label": None,
        "style": None,
        "feel": None,
        "section": None,
        "is_fill": False,
        "tags_json": "{}",
    }
    return {**row, **changes}


def song_row(data: bytes, spec: SongIndexSpec | None = None, **changes) -> dict:
    store = MemoryStore({"songs/a.mid": data})
    (row,) = inventory.index_song(item(**changes), spec or SongIndexSpec(), store)
    return row


def loop_row(data: bytes, spec: LoopIndexSpec | None = None, **changes) -> dict:
    store = MemoryStore({"loops/a.mid": data})
    given_item = item("loops/a.mid", kind="loops", **changes)
    (row,) = inventory.index_loop(given_item, spec or LoopIndexSpec(), store)
    return row


def drums(beats=range(8), tempos=((0, 120),), meters=((0, 4, 4),), pitch=36, **options) -> bytes:
    song = song_from_notes(
        list(beats), 0.1, pitch, 90, 0, True, list(tempos), list(meters), **options
    )
    return write_midi(song)


def raw_midi(*messages: mido.Message, note_at: int | None = 0, ticks: int = 480) -> bytes:
    file = mido.MidiFile(ticks_per_beat=ticks)
    track = mido.MidiTrack(messages)
    if note_at is not None:
        for place in range(8):
            track.append(
                mido.Message(
                    "note_on", channel=9, note=36, velocity=90, time=note_at if not place else 240
                )
            )
            track.append(mido.Message("note_off", channel=9, note=36, time=240))
    file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


SIGNATURE = mido.MetaMessage("time_signature", numerator=4, denominator=4)
TEMPO = mido.MetaMessage("set_tempo", tempo=500_000)


def test_a_song_is_measured():
    data = write_midi(
        song_from_notes(
            [0, 0, 4, 11, 17],
            [1, 0.25, 4, 0.25, 1],
            [60, 36, 60, 38, 64],
            90,
            0,
            [False, True, False, True, False],
            tempos=[(0, 120), (4, 60), (10, 96)],
            meters=[(0, 4, 4), (8, 3, 4)],
        )
    )
    row = song_row(data)
    assert row["duration_s"] == pytest.approx(4 * 60 / 120 + 6 * 60 / 60 + 8 * 60 / 96, abs=1e-5)
    assert (row["tempo_bpm"], row["tempo_changes"]) == (pytest.approx(60), 2)
    assert (row["meter"], row["meter_changes"], row["explicit_meter"]) == ("3/4", 1, True)
    assert (row["bars"], row["notes"], row["drum_notes"], row["uniq_pitches"]) == (6, 5, 2, 4)
    assert set(row) | {"key", "duplicate_of", "split_group", "split"} == set(SONG_INDEX.names)


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (drums()[:40], MidiError, "damaged"),
        (b"not music at all", MidiError, "not a MIDI file"),
        (raw_midi(SIGNATURE, TEMPO, note_at=None), MidiError, "no notes"),
        (raw_midi(TEMPO), InputError, "no time signature"),
        (drums([0, 432_000]), MidiError, "long|quarter"),
    ],
    ids=["truncated", "text", "no notes", "no time signature", "thirty hours"],
)
@pytest.mark.parametrize("measure", [song_row, loop_row])
def test_what_cannot_be_used_is_refused_with_the_reason(measure, data, error, reason):
    with pytest.raises(error, match=reason):
        measure(data)
    assert issubclass(error, ValueError)


def test_a_loop_without_a_meter_takes_that_of_its_tags_else_the_default():
    data = raw_midi(TEMPO)
    row = loop_row(data, LoopIndexSpec(default_meter="4/4"))
    assert (row["meter"], row["meter_source"]) == ("4/4", "default")
    row = loop_row(data, tags_json='{"time_signature": "3-4"}')
    assert (row["meter"], row["meter_source"]) == ("3/4", "manifest")
    assert loop_row(drums(meters=((0, 6, 8),)))["meter_source"] == "file"


@pytest.mark.parametrize(
    ("settings", "drums_kept", "pitches_kept"),
    [
        ({}, True, True),
        ({"drum_only": True}, True, False),
        ({"pitched_only": True}, False, True),
        ({"drum_only": True, "pitched_only": True}, True, True),
        ({"exclude_fills": True}, False, False),
    ],
)
def test_what_is_kept(settings, drums_kept, pitches_kept):
    starts = np.tile(np.arange(8), 2)
    drum = np.repeat([True, False], 8)
    data = write_midi(song_from_notes(starts, 1, 40, 90, 0, drum, [(0, 120)], [(0, 4, 4)]))
    row = loop_row(data, LoopIndexSpec(**settings), is_fill=True)
    assert (row["keep_drum"], row["keep_pitched"]) == (drums_kept, pitches_kept)


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ({"heat": "7", "intensity": "High", "density": "Sparse"}, ("7", "high", "sparse")),
        ({"heat_bin": 15}, ("15", None, None)),
        ({"heat": "16", "intensity": "loud"}, (None, None, None)),
        ({"heat": "-1"}, (None, None, None)),
    ],
)
def test_conditions_come_from_tags(about, found):
    row = loop_row(drums(), tags_json=json.dumps(about))
    assert (row["heat"], row["intensity"], row["density"]) == found


def test_an_audio_file_is_no_song():
    with pytest.raises(InputError, match="kind tracks"):
        song_row(b"", format="audio")


@pytest.mark.parametrize(
    ("beats", "drum", "duration", "meter", "bars"),
    [
        ([0, 1, 2, 3], True, 0.1, (4, 4), 1.0),
        ([0, 1, 2, 3.75], True, 0.01, (4, 4), 1.0),
        ([0, 1, 2, 2.95], True, 0.1, (4, 4), 1.0),  # the last beat is played early
        ([0, 1, 2, 3, 4], True, 0.1, (4, 4), 1.25),  # a crash on the next bar
        ([0, 1, 2, 3], True, 50, (4, 4), 1.0),  # a drum note's length means nothing
        ([0], False, 8, (4, 4), 2.0),
        ([0], False, 8.05, (4, 4), 2.0),
        ([0, 2.5], True, 0.1, (6, 8), 1.0),
        ([0, 2], True, 0.1, (3, 4), 1.0),
        ([4], True, 0.1, (4, 4), 1.25),
    ],
)
def test_bars_of_a_loop_are_its_filled_beats(beats, drum, duration, meter, bars):
    song = song_from_notes(beats, duration, 40, 90, 0, drum, [(0, 120)], [(0, *meter)])
    assert inventory.loop_bars(song) == pytest.approx(bars)


def test_a_loop_is_measured_and_kept_by_part():
    row = loop_row(drums(np.arange(16) / 2, tempos=[(0, 96)]), is_fill=True, style="funk")
    assert row["tempo_bpm"] == pytest.approx(96)
    assert (row["tempo_source"], row["tempo_injected"]) == ("file", False)
    assert (row["bars"], row["notes"], row["uniq_pitches"], row["meter"]) == (2.0, 16, 1, "4/4")
    assert (row["drum"], row["keep_drum"], row["keep_pitched"]) == (True, True, False)
    assert (row["is_fill"], row["style"]) == (True, "funk")
    assert set(row) | {"key", "duplicate_of", "split_group", "split"} == set(LOOP_INDEX.names)


@pytest.mark.parametrize(
    ("data", "changes", "expected"),
    [
        (raw_midi(SIGNATURE), {}, ("fallback", 120.0, True, True)),
        (raw_midi(SIGNATURE), {"tempo_policy": "skip"}, ("skipped", 120.0, False, False)),
        (raw_midi(SIGNATURE), {"tempo_policy": "accept"}, ("accepted", 120.0, False, True)),
        (drums(tempos=[(0, 20)]), {"fallback_bpm": 100.0}, ("fallback", 100.0, True, True)),
        (
            drums(tempos=[(0, 55)]),
            {"min_bpm": 80.0, "max_bpm": 160.0, "fold_halves": True},
            ("folded", 110.0, False, True),
        ),
    ],
)
def test_tempo_policy_is_applied_and_told(data, changes, expected):
    row = loop_row(data, LoopIndexSpec(**changes))
    found = (row["tempo_source"], row["tempo_bpm"], row["tempo_injected"], row["keep_drum"])
    assert found == (expected[0], pytest.approx(expected[1], abs=1e-3), *expected[2:])


@pytest.mark.parametrize(("count", "kept"), [(7, False), (8, True)])
def test_a_loop_with_few_notes_is_listed_but_not_kept(count, kept):
    assert loop_row(drums(range(count)))["keep_drum"] is kept


def test_a_loop_below_a_bar_is_not_kept():
    assert loop_row(drums(np.arange(8) / 4))["keep_drum"] is False
    assert loop_row(drums(np.arange(8) / 4), LoopIndexSpec(min_bars=0.5))["keep_drum"] is True


notes = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 127), st.booleans()), min_size=1, max_size=20
)


@given(notes, st.integers(1, 96), st.sampled_from([48, 96, 480, 960]), st.integers(40, 240))
@settings(max_examples=60, deadline=None)
def test_content_stays_the_same_through_tempo_velocity_resolution_and_lead_in(
    found, shift, ticks, tempo
):
    place, pitch, drum = (np.array(column) for column in zip(*found, strict=True))
    meters = [(0, 4, 4)]
    one = song_from_notes(place / 48, 0.5, pitch, 64, 0, drum, [(0, 120)], meters, 48)
    velocity = np.arange(1, len(found) + 1)
    other = song_from_notes(
        (place + shift) / 48, 1, pitch, velocity, 5, drum, [(0, tempo)], meters, ticks
    )
    assert content_hash(one) == content_hash(other)
    assert content_hash(read_midi(write_midi(one))) == content_hash(one)
    higher = song_from_notes(
        place / 48, 0.5, (pitch + 1) % 128, 64, 0, drum, [(0, 120)], meters, 48
    )
    assert content_hash(higher) != content_hash(one)


def indexed(files: Mapping[str, tuple[bytes, str]], spec: SongIndexSpec) -> pd.DataFrame:
    raw = pd.DataFrame([item(path, group=group) for path, (_, group) in files.items()])
    store = MemoryStore({path: data for path, (data, _) in files.items()})
    rows = [r for i in raw.to_dict("records") for r in inventory.index_song(i, spec, store)]
    index = pd.DataFrame(rows).assign(key=[f"k{n}" for n in range(len(rows))])
    return inventory.finish_songs(index, raw, spec)


def test_duplicates_join_groups_before_the_split():
    tunes = {n: drums(np.arange(8) * (n + 1) / 16) for n in range(30)}
    files = {f"songs/{n:02d}.mid": (data, f"g{n // 2}") for n, data in tunes.items()}
    files["songs/copy.mid"] = (drums(np.arange(8) * 4 / 16, tempos=[(0, 99)]), "g14")
    table = indexed(files, SongIndexSpec())
    rows = table.set_index("path")
    assert rows.loc["songs/copy.mid", "duplicate_of"] == "songs/03.mid"
    assert len(originals(table)) == 30
    joined = ["songs/02.mid", "songs/03.mid", "songs/28.mid", "songs/copy.mid"]
    assert rows.loc[joined, "split_group"].nunique() == 1
    assert table["split_group"].nunique() == 14
    assert crossing(table, "content_hash") == crossing(table, "split_group") == 0
    assert set(table["split"]) == {"train", "validation", "test"}
    assert splits_of(table)["duplicates"] == 1
    for gate in quality.GATES["song_index"]:
        assert gate(table).passed, gate(table)


def test_the_order_of_files_does_not_matter():
    files = {f"songs/{n}.mid": (drums(np.arange(8) * (n % 4 + 1) / 4), f"g{n}") for n in range(9)}
    turned = dict(reversed(files.items()))
    drop = ["key"]
    one, other = (indexed(f, SongIndexSpec()).drop(columns=drop) for f in (files, turned))
    pd.testing.assert_frame_equal(one, other)


def test_few_groups_still_give_every_side_something_to_measure():
    names = itertools.chain.from_iterable([f"g{n}"] * 10 for n in range(8))
    files = {f"songs/{n:02d}.mid": (drums([0, 1, 2 + n / 12]), g) for n, g in enumerate(names)}
    sizes = indexed(files, SongIndexSpec())["split"].value_counts()
    assert sizes["test"] >= 10
    assert sizes["validation"] >= 10
    assert sizes["train"] >= 40


def test_gates_are_red_on_nothing_and_on_a_leak():
    empty = SONG_INDEX.empty()
    assert not any(gate(empty).passed for gate in quality.GATES["song_index"])
    assert not any(gate(LOOP_INDEX.empty()).passed for gate in quality.GATES["loop_index"])
    table = indexed(
        {f"songs/{n}.mid": (drums([0, n + 1]), f"g{n}") for n in range(9)}, SongIndexSpec()
    )
    assert quality.song_content_on_two_sides(table).passed
    first, other = (table.loc[table["split"] == side, "path"].iloc[0] for side in ("train", "test"))
    copied = table.assign(duplicate_of=table["path"].map({other: first}))
    assert not quality.song_content_on_two_sides(copied).passed
    moved = table.assign(split_group="one")
    assert not quality.song_content_on_two_sides(moved).passed
    assert not quality.song_licenses_known(table.assign(license="unknown")).passed


def clicks(beats: int, bpm: float, sample_rate: int = 22_050) -> Waveform:
    seconds = beats * 60 / bpm
    rng = np.random.default_rng(0)
    samples = np.zeros(round(seconds * sample_rate), dtype=np.float32)
    burst = rng.normal(0, 0.3, 800).astype(np.float32) * np.exp(-np.arange(800) / 120)
    for place in np.arange(0, beats, 0.5):
        at = round(place * 60 / bpm * sample_rate)
        samples[at : at + 800] += burst[: len(samples) - at].astype(np.float32)
    return Waveform(np.clip(samples, -1, 1)[None], sample_rate)


def audio_row(data: bytes, **changes) -> dict:
    return loop_row(data, format="audio", **changes)


def test_an_audio_loop_is_a_whole_number_of_beats():
    row = audio_row(encode(clicks(8, 126), "wav"))
    assert row["tempo_bpm"] == pytest.approx(126, abs=0.05)
    assert (row["tempo_source"], row["drum"], row["keep_drum"]) == ("duration", True, True)
    assert row["bars"] == pytest.approx(2, abs=1e-3)
    assert 14 <= row["notes"] <= 17


@pytest.mark.parametrize("tags", ['{"bpm": "63"}', '{"beats": 4}', '{"tempo_bpm": 63.0}'])
def test_a_stated_tempo_of_an_audio_loop_counts(tags):
    row = audio_row(encode(clicks(8, 126), "wav"), tags_json=tags)
    assert (row["tempo_bpm"], row["tempo_source"]) == (pytest.approx(63, abs=0.01), "manifest")
    assert row["bars"] == pytest.approx(1, abs=1e-3)


def test_the_same_take_in_another_format_is_a_duplicate():
    takes = [clicks(8, bpm) for bpm in (90, 100, 110, 126)]
    files = {f"loops/{n}.wav": encode(take, "wav") for n, take in enumerate(takes)}
    files["loops/9.flac"] = encode(takes[2], "flac")
    files["loops/beat.mid"] = drums()
    raw = pd.DataFrame(
        [item(p, kind="loops", format="midi" if p.endswith("mid") else "audio") for p in files]
    )
    rows = [
        r
        for i in raw.to_dict("records")
        for r in inventory.index_loop(i, LoopIndexSpec(), MemoryStore(dict(files)))
    ]
    index = pd.DataFrame(rows).assign(key=[f"k{n}" for n in range(len(rows))])
    table = inventory.finish_loops(index, raw, LoopIndexSpec()).set_index("path")
    assert table["duplicate_of"].dropna().to_dict() == {"loops/9.flac": "loops/2.wav"}
    assert table.loc["loops/9.flac", "split"] == table.loc["loops/2.wav", "split"]


def test_no_file_gives_an_empty_table():
    nothing = pd.DataFrame([item()]).iloc[:0]
    assert len(inventory.finish_songs(SONG_INDEX.empty(), nothing, SongIndexSpec())) == 0
    assert len(inventory.finish_loops(LOOP_INDEX.empty(), nothing, LoopIndexSpec())) == 0
