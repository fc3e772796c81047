"""Chops: labels under jumps and ramps, clicks on downbeats, one step as good as two."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from groove.audio.waveform import read_audio
from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.core.tables import frame_of
from groove.midi.notes import song_from_notes, write_midi
from groove.phase import quality
from groove.phase.corpus import chop, damage, render, storage, summary
from groove.phase.corpus.playing import playings
from groove.phase.labels import SAMPLE_RATE, frame_times, phase_distance
from groove.phase.spec import ChunkSpec
from groove.phase.tables import PHASE_CHUNKS, SONG_RENDERS

SPEC = ChunkSpec(rates=1, wandering=2, versions=2)
ITEM = {
    "path": "songs/a.mid",
    "source": "test",
    "license": "CC0-1.0",
    "soundfont": "TimGM6mb",
    "soundfont_file": "TimGM6mb",
    "split_group": "a",
    "split": "train",
}


def downbeat_clicks():
    """90 s of a side stick on each downbeat: 4/4 at 132, then 3/4 at 96, then 7/8."""
    meters = [(0.0, 4, 4), (80.0, 3, 4), (128.0, 7, 8)]
    at = np.concatenate([np.arange(0, 80, 4.0), np.arange(80, 128, 3.0), np.arange(128, 170, 3.5)])
    tempos = [(0.0, 132.0), (80.0, 96.0)]
    return song_from_notes(at, 0.2, 37, 120, 0, True, tempos, meters)


def chopped(items, spec, store):
    rows = [{**row, "key": "k"} for item in items for row in chop.song_chunks(item, spec, store)]
    return frame_of(rows, PHASE_CHUNKS)


@pytest.fixture(scope="module")
def world():
    data = write_midi(downbeat_clicks())
    store = MemoryStore(raw={ITEM["path"]: data})
    items = [{**ITEM, "sha256": sha256(data), "version": number} for number in (0, 1)]
    return store, items, chopped(items, SPEC, store)


def test_rendering_and_chopping_at_once_gives_the_chunks_of_two_steps(world):
    store, items, at_once = world
    rows = [{**row, "key": "k"} for item in items for row in render.song_render(item, SPEC, store)]
    renders = frame_of(rows, SONG_RENDERS)
    chosen = chop.items(renders, renders, SPEC.model_copy(update={"from_renders": True}))
    two_steps = chopped(chosen.to_dict("records"), SPEC, store)
    assert at_once.equals(two_steps)


def test_all_audio_is_used_and_labelled(world):
    _, _, table = world
    for gate in quality.GATES["phase_chunks"]:
        assert gate(table).passed, gate(table)
    assert set(table["tempo_plan"]) == {"steady", "wandering"}
    assert table["playing"].nunique() == 4
    told = summary.of_chunks(table)
    assert told["hours_per_gb"] > 5
    assert told["soundfonts_held_out"] is False
    clean = table[table["rate"] == 1.0]
    assert set(clean["version"]) == {0}
    assert (clean["effects"].map(len) == 0).all()
    assert not table.duplicated(["path", "soundfont", "rate", "chunk"]).any()


def test_labels_are_the_phase_of_the_map_in_closed_form(world):
    """The label of a frame is solved for by hand: quarters by bisection of the playing's integral."""
    _, items, table = world
    made = list(playings(_last_bar(), SPEC, items[0]["sha256"], "TimGM6mb", version=0))
    for chunk in table[table["version"] == 0].to_dict("records"):
        plan = made[chunk["playing"]]
        fine = np.arange(0, chunk["start_s"] + 34, 1e-3)
        stretch = np.searchsorted(plan.at_s, fine, side="right") - 1
        ends = np.append(plan.at_s[1:], np.inf)[stretch]
        share = (fine - plan.at_s[stretch]) / (ends - plan.at_s[stretch])
        rate = plan.rates[stretch, 0] * (1 - share) + plan.rates[stretch, 1] * share
        # The song's time by counting milliseconds: a jump may fall inside one.
        song = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * 1e-3)])
        times = np.interp(frame_times(len(chunk["phase"]), chunk["start_s"]), fine, song)
        expected = _phase(times)
        known = np.isfinite(expected) & np.isfinite(chunk["phase"])
        heard = round((chunk["end_s"] - chunk["start_s"]) * 50) - 1
        assert known[:heard].all()
        off = phase_distance(expected[known], chunk["phase"][known].astype(float))
        assert off.max() < 2e-3


def test_clicks_sound_on_the_labels_downbeats(world):
    """Where phase wraps there is a click, within 3 ms, in every clean or damaged chunk."""
    store, _, table = world
    checked = 0
    # Humanised versions move notes by intent: the one as written is held to its labels.
    written = table[table["version"] == 0]
    loud = [not _swamped(effects) for effects in written["effects"]]
    for chunk in written[loud].to_dict("records"):
        sound = read_audio(store.read(chunk["audio"])).mono().astype(np.float64)
        heard = chunk["end_s"] - chunk["start_s"]
        bars = chunk["bar_start_s"]
        onsets = _onsets(sound)
        for downbeat in bars[(bars > 0.2) & (bars < heard - 0.2)]:
            assert np.min(np.abs(onsets - downbeat)) < 0.003, (chunk["effects"], downbeat)
            checked += 1
        phase = chunk["phase"][: int(heard * 50)].astype(float)
        wraps = np.flatnonzero(np.diff(phase) < -0.5) + 1
        inside = bars[(bars > 0.05) & (bars < heard - 0.05)]
        assert all(np.min(np.abs(wraps / 50 - bar)) <= 0.02 + 1e-9 for bar in inside)
    assert checked > 100


def test_damage_is_drawn_by_name_and_stays_within_full_scale():
    sound = (0.3 * np.sin(np.arange(16_000 * 4) * 0.2)).astype(np.float32)
    seen = set()
    for number in range(60):
        done, said = damage.damaged(sound, SPEC, "song", number)
        again, _ = damage.damaged(sound, SPEC, "song", number)
        assert np.array_equal(done, again)
        assert done.shape == sound.shape
        assert done.dtype == np.float32
        assert np.isfinite(done).all()
        assert np.max(np.abs(done)) <= 1.0
        seen |= {name.split()[0] for name in said}
        assert said or np.array_equal(done, sound)
    assert {"room", "compressor", "clipping", "equaliser", "coder", "peak"} <= seen
    untouched, said = damage.damaged(sound, SPEC.model_copy(update={"damaged_share": 0.0}), "a")
    assert said == []
    assert untouched is sound


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_stored_chunks_are_the_same_bytes_and_sound_in_place(kind):
    random = np.random.default_rng(0)
    sound = np.convolve(random.normal(0, 0.2, 16_000 * 20), np.ones(8) / 8, "same")
    sound = np.clip(sound, -0.99, 0.99).astype(np.float32)
    data = storage.stored(sound, SAMPLE_RATE, kind)
    assert data == storage.stored(sound, SAMPLE_RATE, kind)
    back, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert (rate, len(back)) == (SAMPLE_RATE, len(sound))
    assert np.argmax(np.correlate(back[:4000], sound[100:3900], "valid")) == 100
    assert np.sqrt(np.mean((back - sound) ** 2)) < (1e-4 if kind == "flac" else 0.05)


def test_what_is_no_ogg_is_refused():
    with pytest.raises(ValueError, match="no Ogg page at byte 0"):
        storage.unnumbered(b"fLaC not an ogg file at all, but long enough")


def test_chunks_in_ogg_are_a_third_of_the_size(world):
    store, items, table = world
    small = chopped(items[:1], SPEC.model_copy(update={"storage": "ogg"}), store)
    flac = table[table["version"] == 0]["audio_bytes"].sum()
    assert small["audio_bytes"].sum() < flac / 2
    assert small["audio"].str.endswith(".ogg").all()


def _last_bar():
    return _bars()[-1]


def _bars():
    quarters = np.concatenate([np.arange(0, 80, 4.0), np.arange(80, 128, 3.0)])
    quarters = np.concatenate([quarters, np.arange(128, 170.1, 3.5)])
    fast, slow = 60 / 132, 60 / 96
    fast, slow = round(fast * 1e6) / 1e6, round(slow * 1e6) / 1e6
    return np.where(quarters < 80, quarters * fast, 80 * fast + (quarters - 80) * slow)


def _phase(times):
    bars = _bars()
    return np.where(times < bars[-1], np.interp(times, bars, np.arange(len(bars))) % 1.0, np.nan)


def _swamped(effects):
    """Whether what was done may hide a side stick from a simple detector."""
    return any(
        name.startswith(("white", "pink", "brown", "blue", "ambience", "pad", "low pass", "coder"))
        or (name.startswith("room") and " -1" not in name)
        for name in effects
    )


def _onsets(sound):
    """Times where the level over 1 ms passes a tenth of the loudest, upwards, after quiet."""
    level = np.convolve(sound**2, np.ones(16) / 16, "full")[: len(sound)]
    loud = level > 0.02 * level.max()
    rises = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    quiet_before = np.array([not loud[max(0, k - 1600) : k].any() for k in rises], dtype=bool)
    return rises[quiet_before] / SAMPLE_RATE
