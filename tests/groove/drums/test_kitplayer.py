"""Kits and playing: exact onsets, strength, variety, refusal; rows and folders of played grooves."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import signal
from typer.testing import CliRunner

from groove.audio import loudness
from groove.audio.waveform import Waveform, encode, read_audio
from groove.cli.drums import drums
from groove.core.digest import sha256
from groove.core.splits import SPLITS
from groove.core.store import MemoryStore
from groove.core.tables import frame_of, records
from groove.drums import quality
from groove.drums.beatmap import read_beatmap
from groove.drums.kitplayer import oscillators, renders
from groove.drums.kitplayer.kit import RATE, Hit, Kit, KitError, Layer, completed, hit_of
from groove.drums.kitplayer.kits import shelf
from groove.drums.kitplayer.mix import limited, mixed
from groove.drums.kitplayer.player import play
from groove.drums.kitplayer.recorded import kits_of_folder
from groove.drums.kitplayer.soundfonts import kits_of_soundfont
from groove.drums.kitplayer.spec import PLAIN, KitRenderSpec, MixSpec, PlaySpec
from groove.drums.kitplayer.synthesised import synthesised_kit
from groove.drums.kitplayer.track import DrumTrack, track_of_notes
from groove.drums.tables import KIT_RENDERS
from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes
from groove.midi.synth import default_soundfont
from groove.midi.taxonomy import LABELS

Samples = NDArray[np.float32]
RUN = CliRunner()


@lru_cache(maxsize=8)
def computed(seed: int) -> Kit:
    return synthesised_kit(seed, layers=1, round_robin=1, aux=2)


def track(*hits: tuple[float, str, float]) -> DrumTrack:
    times, labels, velocities = zip(*hits, strict=True)
    return DrumTrack(np.array(times), list(labels), np.array(velocities))


def kit_of(**sounds: Samples) -> Kit:
    drums = {label: ((Layer(1.0, (Hit(sound),)),),) for label, sound in sounds.items()}
    return Kit("made", "CC0-1.0", "test", recorded=True, drums=drums)


def tone(hz: float, seconds: float, decay: float = 8.0) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.cos(2 * np.pi * hz * time) * np.exp(-time * decay), dtype=np.float32)


def centroid(samples: Samples) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((power * np.fft.rfftfreq(len(samples), 1 / RATE)).sum() / power.sum())


def test_a_plain_play_is_the_sum_of_its_hits_at_their_samples() -> None:
    random = np.random.default_rng(0)
    kit = kit_of(kick=tone(60, 0.3), snare=tone(300, 0.2))
    times = np.sort(random.uniform(0, 1, 12))
    labels = random.choice(["kick", "snare"], 12).tolist()
    # So soft that the sum stays below full scale: what is above is scaled down as a whole.
    hits = DrumTrack(times, labels, np.full(12, 0.1))
    found = play(hits, kit, PLAIN, seconds=1.5)
    expected = np.zeros(round(1.5 * RATE))
    for at, label in zip(times.tolist(), labels, strict=True):
        start = round(at * RATE)
        for place, value in enumerate(kit.hits[label][0].hits[0].samples.tolist()):
            expected[start + place] += 0.1**1.2 * value
    assert found.shape == (2, round(1.5 * RATE))
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(found[1], expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_sounds_before_a_hit_whatever_is_drawn(seed: int) -> None:
    spec = PlaySpec(bleed=1, room=1, compress=1, drive=1, damping=0.9)
    found = play(track((0.5, "snare", 0.8)), computed(1), spec, seed)
    start = round(0.5 * RATE)
    # But for the rounding of a fast convolution: 120 dB down.
    assert float(np.abs(found[:, :start]).max()) < 1e-6
    early = np.abs(found[:, start : start + round(0.003 * RATE)]).max()
    assert early > 0.1 * np.abs(found).max()


def test_a_closing_hihat_chokes_the_open_one() -> None:
    kit = kit_of(hihat_open=tone(5_000, 1.5, 1.0), hihat_closed=tone(8_000, 0.02, 200.0))
    alone = play(track((0.1, "hihat_open", 1.0)), kit, PLAIN, seconds=1.5)[0]
    choked = play(
        track((0.1, "hihat_open", 1.0), (0.5, "hihat_closed", 0.01)), kit, PLAIN, seconds=1.5
    )[0]
    before, after = slice(0, round(0.5 * RATE)), slice(round(0.62 * RATE), None)
    np.testing.assert_allclose(choked[before], alone[before], atol=1e-6)
    assert np.abs(choked[after]).max() < 0.001
    assert np.abs(alone[after]).max() > 0.2
    pedal = kit_of(hihat_open=tone(5_000, 1.5, 1.0), hihat_pedal=tone(500, 0.02, 200.0))
    assert (
        np.abs(
            play(track((0.1, "hihat_open", 1.0), (0.5, "hihat_pedal", 0.01)), pedal, PLAIN)[
                0, after
            ]
        ).max()
        < 0.001
    )


@pytest.mark.parametrize("label", ["kick", "snare", "hihat_closed", "crash", "tom_mid"])
def test_harder_is_louder_and_brighter(label: str) -> None:
    spec = PLAIN.model_copy(update={"darkness": 0.85})
    levels, tones = [], []
    for velocity in (0.1, 0.3, 0.6, 1.0):
        sound = play(track((0.0, label, velocity)), computed(2), spec)[0]
        levels.append(float(np.sqrt(np.mean(sound**2))))
        tones.append(centroid(sound))
    assert levels == sorted(levels)
    assert levels[-1] > 5 * levels[0]
    assert tones == sorted(tones)
    assert tones[-1] > 1.02 * tones[0]


def test_layers_follow_strength_and_strokes_take_turns() -> None:
    soft, hard, other = tone(200, 0.1), tone(400, 0.1), tone(800, 0.1)
    drum = (Layer(0.4, (Hit(soft),)), Layer(1.0, (Hit(hard), Hit(other))))
    kit = Kit("layered", "", "", recorded=True, drums={"snare": (drum,)})
    hits = track(*((0.2 * n, "snare", v) for n, v in enumerate((0.2, 0.4, 0.5, 0.9, 1.0))))
    sound = play(hits, kit, PLAIN)[0]
    step = round(0.2 * RATE)
    heard = [centroid(sound[n * step : n * step + len(soft)]) for n in range(5)]
    assert heard[0] == pytest.approx(heard[1], rel=0.01)
    assert abs(heard[2] - heard[3]) > 300
    assert heard[2] == pytest.approx(heard[4], rel=0.01)


def test_the_same_seed_is_the_same_sound_and_another_is_not() -> None:
    hits = track((0.0, "kick", 1.0), (0.3, "snare", 0.7), (0.4, "hihat_open", 0.5))
    first = mixed(play(hits, synthesised_kit(5), seed=3), seed=3)
    assert np.array_equal(first, mixed(play(hits, synthesised_kit(5), seed=3), seed=3))
    assert not np.array_equal(first, mixed(play(hits, synthesised_kit(5), seed=4), seed=3))


def test_computed_kits_have_every_label_and_differ() -> None:
    kits = [computed(seed) for seed in range(3)]
    assert all(kit.labels == LABELS for kit in kits)
    for label in LABELS:
        prints = []
        for kit in kits:
            spectrum = np.abs(np.fft.rfft(kit.hits[label][0].hits[0].samples, 8192))
            prints.append(spectrum / np.linalg.norm(spectrum))
        assert max(float(prints[a] @ prints[b]) for a, b in ((0, 1), (0, 2), (1, 2))) < 0.98, label
    only = synthesised_kit(0, layers=1, round_robin=1, labels=["snare"])
    np.testing.assert_array_equal(
        only.hits["snare"][0].hits[0].samples, computed(0).hits["snare"][0].hits[0].samples
    )


@pytest.mark.parametrize("seed", range(6))
def test_computed_drums_lie_where_drums_do(seed: int) -> None:
    kit = synthesised_kit(
        seed, layers=1, round_robin=1, labels=["kick", "snare", "hihat_closed", "hihat_open"]
    )
    heard = {label: drum[-1].hits[0].samples for label, drum in kit.hits.items()}
    assert centroid(heard["kick"]) < centroid(heard["snare"]) < centroid(heard["hihat_closed"])
    assert len(heard["hihat_open"]) > 2 * len(heard["hihat_closed"])
    assert all(abs(float(np.abs(sound).max()) - 1) < 1e-5 for sound in heard.values())


def test_modes_are_the_sum_of_their_sines() -> None:
    hz, fall = np.array([100.0, 441.5, 9_000.0]), np.array([0.1, 0.5, 0.02])
    level, phase = np.array([1.0, 0.5, 0.2]), np.array([0.0, 1.0, 2.0])
    n = 7_001
    t = np.arange(n)[:, None] / RATE
    expected = (level * np.exp(-t / fall) * np.sin(2 * np.pi * hz * t + phase)).sum(axis=1)
    np.testing.assert_allclose(oscillators.modes(n, hz, fall, level, phase), expected, atol=1e-4)


def test_a_sound_starts_at_its_attack() -> None:
    silence = np.zeros(4_000, dtype=np.float32)
    hit = hit_of(np.concatenate([silence, 0.5 * tone(200, 0.2)]), RATE)
    assert int(np.argmax(np.abs(hit.samples) > 0.1)) <= 0.001 * RATE
    assert float(np.abs(hit.samples).max()) == pytest.approx(1.0, abs=1e-6)
    stereo = np.stack([tone(200, 0.2), tone(200, 0.2)])
    assert hit_of(stereo, 22_050).samples.ndim == 1
    swell = hit_of(np.linspace(0, 1, RATE, dtype=np.float32) * tone(300, 1.0, 0.0), RATE)
    assert abs(float(swell.samples[0])) < 0.2


@pytest.mark.parametrize("bad", [np.zeros(100), np.array([0.0, np.nan, 1.0]), np.zeros(0)])
def test_silent_and_broken_sounds_are_refused(bad: Samples) -> None:
    with pytest.raises(KitError, match=r"silent|not a number"):
        hit_of(bad, RATE)


def test_what_cannot_be_played_is_refused() -> None:
    kit = kit_of(kick=tone(60, 0.1))
    with pytest.raises(KitError, match="no crash"):
        play(track((0.0, "crash", 1.0)), kit)
    for bad in ((-0.1, 1.0), (np.nan, 1.0), (0.0, 1.5), (0.0, 0.0)):
        with pytest.raises(KitError):
            track((bad[0], "kick", bad[1]))
    with pytest.raises(KitError, match="no label"):
        kit_of(banjo=tone(60, 0.1))
    both = completed(kit, computed(0))
    assert both.labels == LABELS
    assert "kick" not in both.borrowed
    assert both.drums["kick"] is kit.drums["kick"]


def test_notes_become_hits_by_their_mapping() -> None:
    time = np.array([0.5, 0.0, 0.505, 0.5, 0.9])
    note = np.array([22, 36, 42, 58, 57], dtype=np.int16)
    velocity = np.array([64, 127, 80, 10, 1], dtype=np.int16)
    hits = track_of_notes(time, note, velocity, "td11")
    # The closed hi-hat's edge and bow 5 ms apart are one stroke, the harder one.
    assert list(hits.label) == ["kick", "tom_low", "hihat_closed", "crash"]
    np.testing.assert_allclose(hits.time_s, [0.0, 0.5, 0.505, 0.9])
    np.testing.assert_allclose(hits.velocity, np.array([127, 10, 80, 1]) / 127)
    assert "tom_low" not in track_of_notes(time, note, velocity, "gm").label


def test_a_mix_has_the_level_asked_for_and_never_clips() -> None:
    random = np.random.default_rng(1)
    hits = track(*((0.25 * n, "snare", 1.0) for n in range(16)))
    sound = play(hits, computed(3), PLAIN, seconds=5.0)
    music = (0.05 * random.standard_normal((2, 3 * RATE))).astype(np.float32)
    plain = MixSpec(eq_db=0, limited=0, band_limited=0, lossy=0, mono=0)
    low = mixed(sound, music, -9.0, plain, 0)
    # What is left when the drums, at whatever gain, are taken out is the music.
    gain = float(np.vdot(low[:, 3 * RATE :], sound[:, 3 * RATE :])) / float(
        np.vdot(sound[:, 3 * RATE :], sound[:, 3 * RATE :])
    )
    padded = np.pad(music, ((0, 0), (0, 2 * RATE)))
    under = loudness.integrated_lufs(gain * sound, RATE)
    over = loudness.integrated_lufs(np.asarray(low - gain * sound, dtype=np.float32), RATE)
    assert under - over == pytest.approx(-9.0, abs=0.1)
    assert np.corrcoef((low - gain * sound).ravel(), padded.ravel())[0, 1] > 0.999
    for seed in range(8):
        found = mixed(sound, music, 3.0, seed=seed)
        assert found.shape == sound.shape
        assert 0.05 < float(np.abs(found).max()) < 1.0
    np.testing.assert_allclose(
        mixed(sound, np.zeros_like(music), seed=2), mixed(sound, None, seed=2), atol=1e-6
    )
    with pytest.raises(KitError, match="not a number"):
        mixed(sound * np.float32(np.nan), music)


def test_the_limiter_keeps_its_ceiling_without_distorting_what_is_below() -> None:
    sound = np.tile(0.1 * tone(200, 1.0, 0.0), (2, 1))
    sound[:, 20_000] = 1.0
    found = limited(sound, 6.0)
    assert float(np.abs(found).max()) <= 10 ** (-6 / 20) + 1e-6
    np.testing.assert_allclose(found[:, :15_000], sound[:, :15_000], atol=1e-6)


def one_shots(root: Path, kit: str, names: dict[str, Samples]) -> None:
    for name, sound in names.items():
        path = root / kit / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(Waveform(sound[None], RATE), "wav"))


def test_kits_of_a_folder_have_layers_and_bad_files_are_named(tmp_path: Path) -> None:
    one_shots(
        tmp_path,
        "oak",
        {
            "Snare_Soft": tone(200, 0.1),
            "Snare_Hard": tone(210, 0.1),
            "Kick_1": 0.1 * tone(60, 0.1),
            "Kick_2": 0.9 * tone(60, 0.1),
            "HiHat Closed": tone(9_000, 0.05),
            "Crash": np.zeros(100, dtype=np.float32),
        },
    )
    (tmp_path / "oak" / "Ride.wav").write_bytes(b"no sound")
    (tmp_path / "oak" / "mystery.wav").write_bytes(b"")
    kits, refused = kits_of_folder(tmp_path)
    (kit,) = kits
    assert kit.name == "oak"
    assert kit.recorded
    assert kit.labels == ("kick", "snare", "hihat_closed")
    assert [layer.velocity for layer in kit.hits["snare"]] == pytest.approx([0.4 / 0.85, 1.0])
    assert len(kit.hits["kick"]) == 2
    assert {Path(name).name for name, _ in refused} == {"Crash.wav", "Ride.wav", "mystery.wav"}
    (tmp_path / "labels.csv").write_text(
        "file,label,kit,licence\noak/Kick_1.wav,tom floor,pine,CC-BY-4.0\n"
    )
    pine = kits_of_folder(tmp_path)[0][1]
    assert (pine.name, pine.labels, pine.license) == ("pine", ("tom_low",), "CC-BY-4.0")


def test_kits_that_share_a_sound_are_on_one_side(tmp_path: Path) -> None:
    shared = tone(61, 0.1)
    for number in range(8):
        own = {"Snare": tone(150 + 7 * number, 0.1), "Tom": tone(100 + 3 * number, 0.1)}
        one_shots(
            tmp_path,
            f"k{number}",
            {**own, "Kick": shared if number < 3 else tone(50 + number, 0.1)},
        )
    found = shelf([tmp_path], synthesised=4, seed=1)
    for salt in range(5):
        sides = found.sides(0.5, str(salt))
        assert len(set(sides[:3])) == 1
        assert len(sides) == 12
        assert set(sides) == set(SPLITS)


def test_a_soundfont_is_kits_with_layers() -> None:
    kit = kits_of_soundfont(default_soundfont(), "GPL-2.0", 1)[0]
    assert set(LABELS) - set(kit.labels) == {"rimshot"}
    assert not kit.recorded
    assert kit.license == "GPL-2.0"
    assert [layer.velocity for layer in kit.hits["snare"]] == [40 / 127, 84 / 127, 1.0]
    assert len(kit.drums["aux_percussion"]) > 10
    heard = {label: kit.hits[label][-1].hits[0].samples for label in ("kick", "hihat_closed")}
    assert centroid(heard["kick"]) < centroid(heard["hihat_closed"])


def groove(path: Path, seed: int, notes: tuple[int, ...] = (36, 42, 38, 42)) -> bytes:
    random = np.random.default_rng(seed)
    song = song_from_notes(
        np.arange(16) * 0.5,
        0.25,
        np.resize(notes, 16),
        random.integers(40, 127, 16),
        0,
        True,
        [(0.0, 120.0)],
        [(0.0, 4, 4)],
    )
    data = write_midi(song)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data


def _indexes(root: Path, store: MemoryStore) -> tuple[pd.DataFrame, pd.DataFrame]:
    loops, hits = [], []
    for number, side in enumerate(("train", "train", "train", "validation", "test")):
        path = f"loops/{number}.mid"
        store.raw[path] = groove(root / path, number)
        own = {"source": "s", "license": "CC0-1.0", "split_group": str(number), "split": side}
        row = {"path": path, "sha256": sha256(store.raw[path]), **own, "duplicate_of": None}
        loops.append({**row, "format": "midi", "drum": True, "keep_drum": True})
        sounds = {"kick": tone(50 + number, 0.1), "snare": tone(200 + number, 0.1)}
        for label, sound in sounds.items():
            path = f"hits/k{number}/{label}.wav"
            store.raw[path] = encode(Waveform(sound[None], RATE), "wav")
            row = {"path": path, "sha256": sha256(store.raw[path]), **own, "duplicate_of": None}
            hits.append({**row, "license": "CC-BY-4.0", "label": label, "kit": f"k{number}"})
    return pd.DataFrame(loops), pd.DataFrame(hits)


def test_loops_meet_kits_of_their_side_and_become_rows(tmp_path: Path) -> None:
    store = MemoryStore()
    loops, hits = _indexes(tmp_path, store)
    spec = KitRenderSpec(loops=5, least_labels=2)
    items = renders.items(loops, hits, spec)
    assert len(items) == 5
    sides = dict(zip(hits["kit"], hits["split"], strict=True))
    assert (items["kit_id"].map(sides) == items["split"]).all()
    rows = [
        row
        for item in records(items)
        for row in renders.kit_render(item, renders.one_at_a_time(spec), store)
    ]
    table = frame_of([{"key": str(n), **row} for n, row in enumerate(rows)], KIT_RENDERS)
    assert all(gate(table).passed for gate in quality.GATES["kit_renders"])
    assert not any(gate(KIT_RENDERS.empty()).passed for gate in quality.GATES["kit_renders"])
    first = rows[0]
    assert first["lent_labels"] == ["hihat_closed"]
    assert first["license"] == "CC-BY-4.0 AND CC0-1.0"
    # Eighths at 120 quarters a minute.
    np.testing.assert_allclose(first["hit_s"], spec.lead_s + 0.25 * np.arange(16), atol=1e-9)
    sound = read_audio(store.read(first["audio"])).mono()
    assert not sound[: round(spec.lead_s * RATE)].any()
    # A kick's rise in level is where its hit is, to a frame of 1 ms.
    at = round(first["hit_s"][4] * RATE)
    sections = signal.butter(2, [30, 90], "bandpass", fs=RATE, output="sos")
    low = np.abs(signal.sosfilt(sections, sound))
    assert low[at : at + 900].max() > 2 * low[at - 900 : at].max()


def play_folder(*words: object, code: int = 0) -> str:
    result = RUN.invoke(drums, ["play", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_folder_of_played_grooves_is_annotated_split_and_goes_on(tmp_path: Path) -> None:
    for number in range(6):
        groove(tmp_path / "grooves" / f"drummer{number}" / "a.mid", number)
    (tmp_path / "grooves" / "drummer0" / "bad.mid").write_bytes(b"MThd broken")
    pitched = song_from_notes(np.arange(20), 1.0, 60, 90, 0, False, [(0.0, 110.0)], [(0.0, 4, 4)])
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "tune.mid").write_bytes(write_midi(pitched))
    out = tmp_path / "played"
    words = ["--grooves", tmp_path / "grooves", "--synthesised", 4, "--backing", tmp_path / "songs"]
    words += ["--seconds", 3, "--held-out", 0.5, "--license", "CC-BY-4.0", "--out", out]
    said = play_folder(*words, "--pieces", 3)
    assert "3 recordings written" in said
    before = {path.name: path.read_bytes() for path in sorted((out / "audio").iterdir())}
    assert "3 recordings written, 3 there already" in play_folder(*words, "--pieces", 6)
    assert all((out / "audio" / name).read_bytes() == data for name, data in before.items())
    rows = list(csv.DictReader((out / "index.csv").read_text().splitlines()))
    assert len(rows) == 6
    for column in ("groove", "kit"):
        held = {(row[column].partition("/")[0], row["split"]) for row in rows}
        assert len({name for name, _ in held}) == len(held), "a player or kit on two sides"
    for row in rows:
        beatmap = read_beatmap(out / "annotations" / f"{row['piece']}.bsm")
        lines = (out / "annotations" / f"{row['piece']}.txt").read_text().splitlines()
        data = (out / "audio" / f"{row['piece']}.flac").read_bytes()
        assert beatmap.audio.sha256 == sha256(data)
        assert len(lines) == len(beatmap.hits) == int(row["hits"])
        assert "CC-BY-4.0" in row["licence"]
        sound = read_audio(data)
        assert sound.channels == 2
        assert 0.02 < float(np.abs(sound.samples).max()) < 1.0
        assert max(hit.time_s for hit in beatmap.hits) < sound.duration_s
    refused = play_folder(*words, "--pieces", 6, "--seed", 1, code=2)
    assert "other settings" in refused
    assert not list(out.rglob("*.tmp"))


def test_bad_grooves_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    groove(tmp_path / "grooves" / "good.mid", 0)
    (tmp_path / "grooves" / "bad.mid").write_bytes(b"MThd broken")
    out = tmp_path / "out"
    words = ["--grooves", tmp_path / "grooves", "--synthesised", 1, "--seconds", 2, "--out", out]
    said = play_folder(*words, "--pieces", 4, "--held-out", 0)
    assert "4 recordings written" in said
    assert "bad.mid" in (out / "quarantine.csv").read_text()
    assert "no kit" in play_folder("--grooves", tmp_path / "grooves", "--out", out, code=2)
    assert "no MIDI" in play_folder("--grooves", out, "--synthesised", 1, "--out", out, code=2)
    gone = play_folder("--grooves", tmp_path / "gone", "--synthesised", 1, "-o", out, code=2)
    assert "gone" in gone
