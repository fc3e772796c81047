"""Loops become bars of steps, and nothing is lost on the way."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import song_from_notes, write_midi
from groove.midi.taxonomy import LABELS
from groove.ngram.corpus.alphabets import ALPHABETS
from groove.ngram.corpus.events import EventError, bars_of_rows, drum_loops, events_of
from groove.ngram.play.render import song_of_bars
from groove.ngram.spec import EventSpec
from groove.ngram.tables import GROOVE_EVENTS


def midi(
    starts: list[float],
    pitches: list[int],
    *,
    velocities: list[int] | int = 80,
    meters: list[tuple[float, int, int]] | None = None,
    tempos: list[tuple[float, float]] | None = None,
    drum: bool = True,
) -> bytes:
    song = song_from_notes(
        starts, 0.01, pitches, velocities, 0, drum, tempos or [(0, 120)], meters or [(0, 4, 4)]
    )
    return write_midi(song)


def rows_of(data: bytes, spec: EventSpec | None = None, **item: Any) -> pd.DataFrame:
    path = "loops/a.mid"
    defaults = {
        "path": path, "sha256": "0", "source": "mine", "license": "CC0-1.0", "tempo_bpm": 120.0,
        "style": "rock", "feel": None, "section": None, "is_fill": False, "split_group": "a",
        "split": "train",
    }  # fmt: skip
    store = MemoryStore(raw={path: data})
    rows = events_of({**defaults, **item}, spec or EventSpec(), store)
    return frame_of([{"key": "k", **row} for row in rows], GROOVE_EVENTS)


def symbol(*names: str) -> int:
    return sum(1 << LABELS.index(name) for name in names)


def test_a_step_is_a_set_and_an_empty_step_is_an_event() -> None:
    table = rows_of(midi([0, 0, 1.0, 2.0, 3.0], [36, 42, 38, 36, 38]))
    bar = table.iloc[0]
    assert list(bar["symbols"][:5]) == [
        symbol("kick", "hihat_closed"), 0, 0, 0, symbol("snare"),
    ]  # fmt: skip
    assert bar["steps"] == 16
    assert list(bar["hit_step"]) == [0, 0, 4, 8, 12]
    assert bar["lost_hits"] == 0


def test_a_flam_is_two_hits_on_one_step() -> None:
    bar = rows_of(midi([0, 1.0, 1.05, 2.0], [36, 38, 38, 36], velocities=[90, 30, 99, 90])).iloc[0]
    assert list(bar["hit_step"]) == [0, 4, 4, 8]
    assert list(bar["hit_velocity"]) == [90, 30, 99, 90]
    assert list(bar["hit_offset_ticks"]) == [0, 0, 24, 0]


def test_an_early_downbeat_belongs_to_its_bar() -> None:
    starts = [*np.arange(0, 4, 0.5), 3.98, *np.arange(4.5, 8, 0.5), 7.99]
    table = rows_of(midi(starts, [42] * len(starts)))
    assert list(table["bar"]) == [0, 1, 2]
    assert table.iloc[1]["hit_step"][0] == 0
    assert table.iloc[1]["hit_offset_ticks"][0] == pytest.approx(-10, abs=0.5)
    assert list(table.iloc[2]["hit_step"]) == [0]


@pytest.mark.parametrize(
    ("meter", "steps"), [((3, 4), 12), ((7, 8), 14), ((6, 8), 12), ((5, 4), 20)]
)
def test_any_meter(meter: tuple[int, int], steps: int) -> None:
    quarters = 4 * meter[0] / meter[1]
    starts = [bar * quarters + beat * 0.5 for bar in range(3) for beat in range(int(quarters * 2))]
    table = rows_of(midi(starts, [42] * len(starts), meters=[(0, *meter)]))
    assert list(table["steps"]) == [steps] * 3
    assert all(
        list(row[::2]) == [symbol("hihat_closed")] * (steps // 2) for row in table["symbols"]
    )


def test_a_meter_change_in_mid_loop() -> None:
    starts = [*np.arange(0, 4, 0.25), *np.arange(4, 10, 0.25)]
    table = rows_of(midi(starts, [42] * len(starts), meters=[(0, 4, 4), (4, 3, 4)]))
    assert list(table["meter"]) == ["4/4", "3/4", "3/4"]
    assert list(table["steps"]) == [16, 12, 12]


def test_the_tempo_map_is_read_bar_by_bar() -> None:
    table = rows_of(midi([0, 4, 8], [36, 36, 36], tempos=[(0, 100), (4, 150)]))
    assert table["tempo_bpm"].tolist() == pytest.approx([100, 150, 150], abs=1e-3)


def test_roland_keys_are_known_by_file_or_by_source() -> None:
    edge = rows_of(midi([0, 1], [26, 36])).iloc[0]
    assert edge["symbols"][0] == symbol("hihat_open")
    rim = midi([0, 1], [40, 36])
    assert rows_of(rim).iloc[0]["symbols"][0] == symbol("snare")
    named = rows_of(rim, source="groove-midi-dataset").iloc[0]
    assert named["symbols"][0] == symbol("rimshot")


def test_a_sub_style_is_left_out() -> None:
    assert rows_of(midi([0, 1], [36, 38]), style="Jazz/Funk")["style"].tolist() == ["jazz"]
    assert rows_of(midi([0, 1], [36, 38]), style=None)["style"].isna().all()


def test_keys_without_a_label_are_kept_and_counted() -> None:
    bar = rows_of(midi([0, 1], [3, 36])).iloc[0]
    assert bar["symbols"][0] == symbol("aux_percussion")
    assert bar["unmapped_hits"] == 1
    assert bar["lost_hits"] == 0


def test_a_doubled_note_is_two_hits() -> None:
    bar = rows_of(midi([0, 0, 1], [36, 36, 38], velocities=[50, 70, 80])).iloc[0]
    assert sorted(bar["hit_velocity"]) == [50, 70, 80]
    assert bar["merged_hits"] == 1
    assert bar["lost_hits"] == 0


# The mapping that the Groove MIDI data set is published with, as labels of the taxonomy.
TD11 = {
    36: "kick", 38: "snare", 40: "rimshot", 37: "cross_stick", 48: "tom_high", 50: "tom_high",
    45: "tom_mid", 47: "tom_mid", 43: "tom_low", 58: "tom_low", 46: "hihat_open",
    26: "hihat_open", 42: "hihat_closed", 22: "hihat_closed", 44: "hihat_pedal", 49: "crash",
    55: "crash", 57: "crash", 52: "crash", 51: "ride_bow", 59: "ride_bow", 53: "ride_bell",
}  # fmt: skip


@pytest.mark.parametrize(("key", "label"), TD11.items())
def test_every_pad_of_groove_midi_has_its_label(key: int, label: str) -> None:
    bar = rows_of(midi([0, 1], [key, 36]), source="groove-midi-dataset").iloc[0]
    assert bar["symbols"][0] == symbol(label)
    assert bar["unmapped_hits"] == bar["lost_hits"] == 0


def test_swing_is_measured_and_steps_stay_on_their_grid() -> None:
    places = np.concatenate([np.arange(8.0), np.arange(8) + 0.58])
    table = rows_of(midi(places.tolist(), [42] * 16, tempos=[(0, 100)]))
    assert table["resolution"].tolist() == [4, 4]
    assert table["swing"].tolist() == pytest.approx([0.58] * 2, abs=0.005)
    assert table["hit_step"].tolist()[0].tolist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_percussion_has_an_alphabet_of_its_own() -> None:
    spec = EventSpec(alphabet="percussion")
    table = rows_of(midi([0, 1, 1.5, 2], [36, 56, 56, 63], velocities=[90, 40, 100, 70]), spec)
    names = ALPHABETS["percussion"].labels
    assert [names[label] for label in table.iloc[0]["hit_label"]] == [
        "cowbell_soft", "cowbell_loud", "conga_high_loud",
    ]  # fmt: skip
    assert table["lost_hits"].sum() == 0
    with pytest.raises(EventError, match="percussion"):
        rows_of(midi([0, 1], [36, 38]), spec)


def test_conditions_are_carried() -> None:
    table = rows_of(midi([0, 1], [36, 38]), heat="3", intensity="low", density="sparse")
    assert table.loc[0, ["heat", "intensity", "density"]].tolist() == ["3", "low", "sparse"]


def test_a_loop_without_end_is_refused() -> None:
    with pytest.raises(EventError, match="at most 16"):
        rows_of(midi([0, 4 * 20], [36, 38]), EventSpec(max_bars=16))


def test_two_drums_of_one_label_on_one_tick_are_two_hits() -> None:
    bar = rows_of(midi([0, 0, 1], [49, 57, 38], velocities=[50, 70, 80])).iloc[0]
    assert sorted(bar["hit_velocity"][:2]) == [50, 70]
    assert list(bar["hit_step"]) == [0, 0, 4]
    assert bar["merged_hits"] == 0
    assert bar["lost_hits"] == 0


def test_without_drums_there_is_nothing_to_count() -> None:
    with pytest.raises(EventError, match="drum channel"):
        rows_of(midi([0], [60], drum=False))


@settings(max_examples=40, deadline=None)
@given(
    ticks=st.lists(st.integers(0, 480 * 24), min_size=1, max_size=60),
    meter=st.sampled_from([(4, 4), (3, 4), (7, 8), (5, 4), (6, 8), (5, 8), (7, 16)]),
    seed=st.integers(0, 1000),
)
def test_every_hit_comes_back_on_its_tick(
    ticks: list[int], meter: tuple[int, int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    pitches = random.choice([36, 38, 42, 46, 49], len(ticks))
    velocity = random.integers(1, 128, len(ticks))
    wanted = zip(ticks, pitches.tolist(), velocity.tolist(), strict=True)
    data = midi(
        [tick / 480 for tick in ticks],
        pitches.tolist(),
        velocities=velocity.tolist(),
        meters=[(0, *meter)],
    )
    table = rows_of(data)
    assert table["lost_hits"].sum() == 0
    song = song_of_bars(bars_of_rows(table), 120.0)
    found = zip(song.start_tick.tolist(), song.pitch.tolist(), song.velocity.tolist(), strict=True)
    length = 480 * 4 * meter[0] / meter[1]
    shift = round(min(ticks) // length * length)
    assert sorted((t + shift, p, v) for t, p, v in found) == sorted(wanted)


def test_only_kept_drums_are_read_and_each_content_once() -> None:
    index = pd.DataFrame(
        {
            "path": list("abcde"), "sha256": "0", "source": "s", "license": "CC0-1.0",
            "tempo_bpm": 120.0, "tempo_source": "file", "meter": "4/4", "style": None,
            "feel": None, "section": None, "heat": None, "intensity": None, "density": None,
            "is_fill": False, "split_group": "g", "split": "train",
            "format": ["midi", "audio", "midi", "midi", "midi"],
            "drum": [True, True, False, True, True],
            "keep_drum": [True, True, True, False, True],
            "duplicate_of": [None, None, None, None, "a"],
        }
    )  # fmt: skip
    assert drum_loops(index)["path"].tolist() == ["a", "b"]
