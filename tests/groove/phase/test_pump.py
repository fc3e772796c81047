"""The side-chain pump: deepest at the stroke's attack, back by an exponential, bars untouched."""

from __future__ import annotations

import numpy as np
import pytest

from groove.midi.notes import song_from_notes
from groove.midi.synth import default_soundfont
from groove.phase.corpus import mixes, render
from groove.phase.corpus.pump import Pump, draw_pump, gain
from groove.phase.spec import RenderSpec

RATE = 10_000


def test_the_gain_is_the_closed_form() -> None:
    pump = Pump(np.array([0.1, 0.5]), 12.0, 0.1)
    level_db = 20 * np.log10(gain(pump, RATE, RATE))
    assert level_db[: RATE // 10] == pytest.approx(0.0, abs=1e-5)
    assert level_db[int(0.105 * RATE)] == pytest.approx(-12.0, abs=0.02)
    assert level_db[int(0.205 * RATE)] == pytest.approx(-12.0 / np.e, abs=0.02)
    assert level_db[int(0.505 * RATE)] == pytest.approx(-12.0, abs=0.02)
    assert level_db.min() >= -12.0 - 1e-4
    assert (gain(Pump(np.zeros(0), 12.0, 0.1), 50, RATE) == 1).all()


def test_draws_are_in_range_and_the_same_again() -> None:
    struck = np.array([1.0, 1.0, 2.0])
    first, again = (draw_pump(struck, np.random.default_rng(3)) for _ in range(2))
    assert first.depth_db == again.depth_db
    assert first.struck_s.tolist() == [1.0, 2.0]
    assert 4 <= first.depth_db <= 24
    assert 0.08 <= first.release_s <= 0.35
    assert "pump" in first.said


def _song():
    at = np.arange(0.0, 60.0)
    start = np.concatenate([at, at[::4]])
    drum = np.concatenate([np.ones(60, bool), np.zeros(15, bool)])
    pitch = np.where(drum, 36, 60)
    length = np.where(drum, 0.1, 4.0)
    return song_from_notes(
        start, length, pitch, 90, np.where(drum, 0, 16), drum, [(0, 120.0)], [(0, 4, 4)]
    )


def test_chords_duck_and_drums_do_not() -> None:
    song, font, spec = _song(), default_soundfont(), RenderSpec()
    gains = dict.fromkeys(mixes.GROUPS, 0.0)
    struck = song.start_s[song.drum]
    chords = mixes.part_of(song, ~song.drum)
    pump = Pump(struck, 20.0, 0.1)
    flat = render.sound_of(mixes.Mix(chords, gains), font, spec)
    ducked = render.sound_of(mixes.Mix(chords, gains, pump=pump), font, spec).samples[0]
    wanted = flat.samples[0] * gain(pump, len(flat.samples[0]), spec.sample_rate)
    assert np.allclose(ducked, wanted, atol=1e-6)
    drums = mixes.part_of(song, song.drum)
    alone = render.sound_of(mixes.Mix(drums, gains), font, spec).samples
    assert np.array_equal(
        alone, render.sound_of(mixes.Mix(drums, gains, pump=pump), font, spec).samples
    )


def test_versions_are_pumped_and_synthesised_as_often_as_asked() -> None:
    song = _song()
    spec = RenderSpec(pump_share=1.0, synth_share=1.0, drumless_share=0.0)
    made = mixes.drawn(song, spec, [0, 24], "x", 1)
    assert made.pump is not None
    assert "synthesizers" in made.said
    assert set(made.song.program[made.song.drum].tolist()) == {24}
    assert set(made.song.program[~made.song.drum].tolist()) <= set(mixes._SYNTHS)
    none = RenderSpec(pump_share=0.0, synth_share=0.0)
    assert mixes.drawn(song, none, [0, 24], "x", 1).pump is None
    # One setting does not shift another's draws.
    kept = mixes.drawn(song, none, [0, 24], "x", 1)
    assert [s for s in kept.said if "dB" in s and "pump" not in s] == [
        s for s in made.said if "dB" in s and "pump" not in s
    ]
