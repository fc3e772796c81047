"""Practice songs: the same every time, exact in their bars, as asked for, and music."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groove.midi.meter import bar_grid
from groove.midi.notes import read_midi, write_midi
from groove.midi.synth import render
from groove.phase.corpus.usable import UnusableSongError, check_usable
from groove.phase.spec import RenderSpec
from groove.practice.song import PracticeSong, compose
from groove.practice.spec import METERS, PracticeSpec


def _same_bars(made: PracticeSong) -> None:
    grid = bar_grid(read_midi(write_midi(made.song)))
    ticks = made.bar_start * made.song.ticks_per_quarter
    assert np.array_equal(ticks, np.rint(ticks))
    assert grid.bar_start_tick.tolist() == ticks.astype(int).tolist()
    read = [f"{n}/{d}" for n, d in zip(grid.numerator, grid.denominator, strict=True)]
    assert read == list(made.meters)


def test_the_same_number_gives_the_same_bytes() -> None:
    first = [write_midi(compose(number).song) for number in range(12)]
    assert first == [write_midi(compose(number).song) for number in range(12)]
    assert len(set(first)) == 12
    other = write_midi(compose(0, PracticeSpec(jitter_ms=0.5)).song)
    assert other != first[0]


def test_bars_read_from_the_file_are_the_bars_that_were_meant(songs: list[PracticeSong]) -> None:
    for made in songs:
        _same_bars(made)


def test_notes_are_in_range_and_in_time(songs: list[PracticeSong]) -> None:
    spec = PracticeSpec()
    for made in songs:
        song = made.song
        assert song.explicit_meter
        assert song.explicit_tempo
        assert song.last_tick == round(made.bar_start[-1] * song.ticks_per_quarter)
        assert 1 <= song.velocity.min() <= song.velocity.max() <= 127
        assert (
            not song.drum.any()
            or 27 <= song.pitch[song.drum].min() <= song.pitch[song.drum].max() <= 87
        )
        if not song.drum.all():
            assert 21 <= song.pitch[~song.drum].min() <= song.pitch[~song.drum].max() <= 115
        assert spec.min_duration_s - 0.01 <= song.duration_s <= spec.max_duration_s + 0.01
        # Enough happens to follow, and no more than hands can play.
        assert 0.5 < song.n / song.duration_s < 120


def test_every_meter_occurs_as_often_as_asked() -> None:
    # Only meters are drawn here: shorter songs are enough.
    spec = PracticeSpec(min_duration_s=20, max_duration_s=22)
    count = 500
    found = Counter(str(compose(number, spec).tags["meter"]) for number in range(count))
    total = sum(METERS.values())
    assert set(found) == set(METERS)
    for meter, weight in METERS.items():
        share = weight / total
        spread = np.sqrt(share * (1 - share) / count)
        assert abs(found[meter] / count - share) < 4 * spread, meter


def test_shares_are_those_of_the_settings(songs: list[PracticeSong]) -> None:
    changing = np.mean([len(made.tags["meters"]) > 1 for made in songs])
    drumless = np.mean([not made.song.drum.any() for made in songs])
    constant = np.mean([made.tags["tempo_course"] == "constant" for made in songs])
    assert 0.04 < changing < 0.17
    assert 0.2 < drumless < 0.4
    assert 0.35 < constant < 0.65
    moving = [made for made in songs if made.tags["tempo_course"] != "constant"]
    assert all(len(made.song.tempo_bpm) > 10 for made in moving)
    fixed = [made for made in songs if made.tags["tempo_course"] == "constant"]
    assert all(len(made.song.tempo_bpm) == 1 for made in fixed)


def test_songs_of_constant_tempo_can_teach_bar_phase(songs: list[PracticeSong]) -> None:
    usable, count = 0, 0
    for made in songs:
        if made.tags["tempo_course"] != "constant":
            continue
        count += 1
        try:
            check_usable(made.song, bar_grid(made.song), RenderSpec())
            usable += 1
        except UnusableSongError:
            pass
    assert count > 80
    assert usable / count >= 0.95


def _onsets_per_beat(made: PracticeSong, chosen: np.ndarray) -> tuple[float, float]:
    """Return onsets to a downbeat, and to each other beat."""
    song = made.song
    bars = np.rint(made.bar_start * song.ticks_per_quarter).astype(int)
    counts = np.array([int(meter.split("/")[0]) for meter in made.meters])
    units = np.diff(bars) / counts
    early = song.ticks_per_quarter // 8
    bar = np.clip(
        np.searchsorted(bars, song.start_tick + early, side="right") - 1, 0, len(units) - 1
    )
    place = (song.start_tick - bars[bar]) / units[bar]
    beat = np.rint(place)
    near = chosen & (np.abs(place - beat) < 0.2)
    down = np.count_nonzero(near & (beat == 0)) / len(units)
    rest = np.count_nonzero(near & (beat > 0)) / np.sum(counts - 1)
    return down, rest


def test_downbeats_carry_more_bass_and_chords_but_not_in_every_song(
    songs: list[PracticeSong],
) -> None:
    for low, high in ((0, 48), (48, 128)):
        pairs = []
        for made in songs:
            pitched = ~made.song.drum & (made.song.pitch >= low) & (made.song.pitch < high)
            if pitched.any():
                pairs.append(_onsets_per_beat(made, pitched))
        down, rest = np.array(pairs).T
        assert down.mean() > 1.3 * rest.mean()
        # Bars must not be readable from one rule: anticipations, skanks, walking lines.
        assert 0.05 < np.mean(down <= 1.1 * rest) < 0.6


def test_styles_openings_and_tempos_are_spread(songs: list[PracticeSong]) -> None:
    styles = Counter(made.tags["style"] for made in songs)
    assert len(styles) >= 30
    assert max(styles.values()) < 0.2 * len(songs)
    assert {made.tags["opening"] for made in songs} == {"none", "silence", "count", "pickup"}
    tempos = np.array([made.tags["tempo_bpm"] for made in songs])
    low, middle, high = np.percentile(tempos, [5, 50, 95])
    assert 60 <= low < 90 < middle < 135 < high <= 230


def test_players_follow_a_moving_tempo_map() -> None:
    found = next(
        made
        for made in (compose(n, PracticeSpec(constant_tempo=0)) for n in range(50))
        if made.tags["tempo_course"] == "ramp"
    )
    first, last = found.song.tempo_bpm[:8].mean(), found.song.tempo_bpm[-24:-12].mean()
    assert abs(np.log(last / first)) < 0.4
    _same_bars(found)


@pytest.mark.parametrize("number", [3, 44])
def test_it_sounds(number: int) -> None:
    made = compose(number, PracticeSpec(min_duration_s=20, max_duration_s=25))
    audio = render(made.song, sample_rate=16_000)
    assert np.isfinite(audio).all()
    seconds = audio.mean(axis=0)[: audio.shape[1] // 16_000 * 16_000].reshape(-1, 16_000)
    level = np.sqrt(np.mean(np.square(seconds), axis=1))
    assert np.mean(level > 1e-3) > 0.85


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    number=st.integers(0, 2**62),
    meter=st.sampled_from(sorted(METERS)),
    changes=st.floats(0, 1),
    low=st.floats(20, 60),
    length=st.floats(0, 60),
    tempo=st.floats(30, 200),
    faster=st.floats(0, 100),
    constant=st.floats(0, 1),
    drumless=st.floats(0, 1),
    jitter=st.floats(0, 4),
)
def test_any_settings_give_exact_bars(
    number: int, meter: str, changes: float, low: float, length: float, tempo: float,
    faster: float, constant: float, drumless: float, jitter: float,
) -> None:  # fmt: skip
    spec = PracticeSpec(
        meters={meter: 1.0},
        meter_changes=changes,
        min_duration_s=low,
        max_duration_s=low + length,
        min_tempo_bpm=tempo,
        max_tempo_bpm=tempo + faster,
        constant_tempo=constant,
        drumless=drumless,
        jitter_ms=jitter,
    )
    made = compose(number, spec)
    _same_bars(made)
    assert made.meters[0] == meter


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no meter 11/16"):
        PracticeSpec(meters={"11/16": 1.0})
    with pytest.raises(ValueError, match="no meter has any weight"):
        PracticeSpec(meters={"4/4": 0.0})
    with pytest.raises(ValueError, match="0 or more"):
        PracticeSpec(meters={"4/4": -1.0})
    with pytest.raises(ValueError, match="below min_duration_s"):
        PracticeSpec(min_duration_s=100, max_duration_s=90)
    with pytest.raises(ValueError, match="below min_tempo_bpm"):
        PracticeSpec(min_tempo_bpm=100, max_tempo_bpm=90)
