"""Versions of a song: what may change does, bars do not; soundfonts stay on their side."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.meter import bar_grid
from groove.midi.notes import song_from_notes, write_midi
from groove.midi.synth import default_soundfont
from groove.phase.corpus import mixes, render
from groove.phase.corpus.playing import steady_rates
from groove.phase.spec import ChunkSpec, RenderSpec
from groove.phase.tables import SONG_RENDERS

SPEC = RenderSpec(versions=4)


def band(beats=90):
    """Drums on beats, bass on half notes, a piano between."""
    at = np.arange(beats, dtype=float)
    parts = [(at, 36, 0, True), (at[::2], 40, 33, False), (at + 0.5, 60, 0, False)]
    columns = [np.concatenate([np.broadcast_to(p[k], len(p[0])) for p in parts]) for k in range(4)]
    start, pitch, program, drum = columns
    return song_from_notes(start, 0.4, pitch, 100, program, drum, [(0.0, 150.0)], [(0.0, 3, 4)])


SONG = band()


def index(sides):
    data = write_midi(SONG)
    return pd.DataFrame(
        {
            "path": [f"songs/{number}.mid" for number in range(len(sides))],
            "sha256": [sha256(data + bytes([number])) for number in range(len(sides))],
            "source": "test",
            "license": "MIT",
            "split_group": [str(number) for number in range(len(sides))],
            "split": sides,
            "duplicate_of": None,
        }
    )


@pytest.fixture(scope="module")
def versions():
    store = MemoryStore(raw={"songs/0.mid": write_midi(SONG)})
    items = render.items(index(["train"]), SPEC)
    spec = render.one_at_a_time(SPEC)
    rows = [
        {**row, "key": "k"}
        for item in items.to_dict("records")
        for row in render.song_render(item, spec, store)
    ]
    return frame_of(rows, SONG_RENDERS)


def test_versions_differ_and_their_bars_do_not(versions):
    assert versions["version"].tolist() == [0, 1, 2, 3]
    assert versions["audio"].nunique() == 4
    assert len(versions["mix"].iloc[0]) == 0
    assert (versions["mix"].iloc[1:].map(len) > 0).all()
    for name in ("bar_start_s", "beat_s", "beat_in_bar", "beats_per_bar"):
        assert all(np.array_equal(row, versions[name].iloc[0]) for row in versions[name])


def test_hits_are_where_the_humanised_notes_sound(versions):
    written = versions["hit_s"].iloc[0]
    assert written == pytest.approx(np.arange(90) * 0.4)
    for row in versions.iloc[1:].to_dict("records"):
        if "no drums" in row["mix"]:
            assert len(row["hit_s"]) == 0
        else:
            off = row["hit_s"] - written
            assert 0 < np.abs(off).max() < 0.04


def test_humanising_moves_notes_on_average_by_nothing():
    played = mixes.humanised(SONG, SPEC, np.random.default_rng(0))
    shift = played.start_s - SONG.start_s
    assert np.array_equal(played.start_tick, SONG.start_tick)
    assert np.array_equal(bar_grid(played).bar_start_s, bar_grid(SONG).bar_start_s)
    # What would start before the song does not; nothing else is off the mean.
    assert shift.mean() == pytest.approx(0, abs=3e-4)
    assert 0.004 < shift.std() < 0.009
    assert np.abs(shift).max() < 0.021
    assert played.start_s.min() >= 0
    assert (played.end_s > played.start_s).all()
    assert 1 <= played.velocity.min() < played.velocity.max() <= 127


def test_programs_stay_in_their_family_and_effects_are_left_alone():
    song = song_from_notes(
        np.arange(40.0), 1, 60, 90, np.repeat([5, 35, 60, 120], 10), False, [(0, 120)], [(0, 4, 4)]
    )
    changed = 0
    for number in range(20):
        spec = RenderSpec(program_share=0.9, synth_share=0)
        made = mixes.drawn(song, spec, [0, 8, 56], "x", number).song
        assert (made.program // 8 == song.program // 8).all()
        assert (made.program[30:] == 120).all()
        changed += int((made.program != song.program).any())
    assert changed > 10


def test_gains_are_kept_in_the_mix():
    spec = RenderSpec(timing_ms=0, velocity_spread=0, program_share=0, room_share=0)
    font = default_soundfont()
    parts = dict(mixes.groups_of(SONG))
    assert sorted(parts) == sorted(mixes.GROUPS)
    assert sum(part.n for part in parts.values()) == SONG.n
    flat = render.sound_of(mixes.as_written(SONG), font, spec).samples
    gains = {"drums": -60.0, "bass": 6.0, "rest": -60.0}
    louder = render.sound_of(mixes.Mix(SONG, gains), font, spec).samples
    bass = render.sound_of(mixes.as_written(parts["bass"]), font, spec).samples
    assert np.allclose(louder, bass * 10 ** (6 / 20), atol=2e-3 * np.abs(louder).max())
    together = sum(render.sound_of(mixes.as_written(p), font, spec).samples for p in parts.values())
    # The synthesizer moves its envelopes between events, which are others in a part.
    assert np.sqrt(np.mean((flat - together) ** 2)) < 0.02 * np.sqrt(np.mean(flat**2))


def test_more_versions_and_soundfonts_leave_the_old_items_as_they_are(tmp_path):
    other = tmp_path / "other.sf2"
    shutil.copy2(default_soundfont(), other)
    few = render.items(index(["train", "test"]), RenderSpec(versions=1))
    spec = RenderSpec(versions=3, soundfonts=["TimGM6mb", str(other)])
    many = render.items(index(["train", "test"]), spec)
    assert len(many) == 2 * 3 * 2
    assert len(many.merge(few, how="inner")) == len(few)
    assert render.one_at_a_time(spec) == render.one_at_a_time(RenderSpec())


def test_a_version_is_played_by_as_many_soundfonts_as_asked(tmp_path):
    fonts = ["TimGM6mb"]
    for name in ("one", "two"):
        fonts.append(str(tmp_path / f"{name}.sf2"))
        shutil.copy2(default_soundfont(), fonts[-1])
    spec = RenderSpec(versions=4, soundfonts=fonts, soundfonts_per_version=1)
    many = render.items(index(["train"] * 20), spec)
    assert len(many) == 20 * 4
    assert not many.duplicated(["path", "version"]).any()
    shares = many["soundfont"].value_counts(normalize=True)
    assert len(shares) == 3
    assert shares.min() > 0.15
    assert (
        len(render.items(index(["train"]), spec.model_copy(update={"soundfonts_per_version": 2})))
        == 8
    )
    assert render.one_at_a_time(spec) == render.one_at_a_time(RenderSpec())


def test_a_held_out_soundfont_plays_test_songs_and_nothing_else_does(tmp_path):
    held_out = tmp_path / "held_out.sf2"
    shutil.copy2(default_soundfont(), held_out)
    sides = ["train", "test", "validation", "train", "test"]
    spec = RenderSpec(test_soundfonts=[str(held_out)])
    made = render.items(index(sides), spec)
    fonts = made.groupby("split")["soundfont"].agg(set).to_dict()
    assert fonts == {"train": {"TimGM6mb"}, "validation": {"TimGM6mb"}, "test": {"held_out"}}
    assert len(made) == len(sides)
    with pytest.raises(ValueError, match="given twice"):
        render.items(index(sides), RenderSpec(test_soundfonts=["TimGM6mb"]))
    with pytest.raises(ValueError, match=r"give an \.sf2"):
        render.items(index(sides), RenderSpec(test_soundfonts=["nowhere.sf2"]))


def test_without_another_soundfont_all_sides_share_the_one():
    made = render.items(index(["train", "test", "validation"]), RenderSpec())
    assert set(made["soundfont"]) == {"TimGM6mb"}
    assert len(made) == 3
    assert render.licenses_of("MIT", "TimGM6mb", RenderSpec()) == "MIT AND GPL-2.0"
    own = RenderSpec(soundfont_licenses={"other": "CC0-1.0"})
    assert render.licenses_of("MIT", "other", own) == "MIT AND CC0-1.0"
    assert render.licenses_of("MIT", "third", own) == "MIT AND unknown"


def test_only_the_version_as_written_is_played_as_written():
    spec = ChunkSpec(rates=2)
    assert 1.0 in steady_rates(spec, "a", 0)
    assert 1.0 not in steady_rates(spec, "a", 1, as_written=False)
    assert len(steady_rates(spec, "a", 1, as_written=False)) == 3
