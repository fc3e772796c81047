"""Jobs and files: complete, deterministic, and what the text says."""

import dataclasses
import io

import numpy as np
import pytest
import soundfile
import yaml

from groove.demo.arrange import perform_groove
from groove.demo.compose import compose_all, make
from groove.demo.patterns import read_grooves
from groove.demo.spec import DemoSpec
from groove.demo.text import DemoError
from groove.midi.meter import bar_grid
from groove.midi.notes import read_midi

MACHINE = DemoSpec(timing_scale=0, velocity_scale=0)

TINY = {
    "grooves/jazz.yaml": """\
style: jazz
families:
  tiny:
    meter: 4/4
    tempo: 120
    feel: swing
    swing: 0.64
    lines: {rd: xxxx xxxx, bd: X--- X---}
    grooves:
      verse: {section: verse}
      triplet_fill: {section: fill, sn: xxx xxx xxx xxx, bd: X--- X---}
""",
    "songs/little.yaml": """\
title: Little
style: jazz
key: C major
meter: 4/4
tempo: 100
track: true
parts:
  bass: {plays: chord, program: 32, low: 28}
sections:
  quiet: {bars: 1, chords: C, bass: "1 1 1 1", mark: avoid}
  loud: {bars: 2, chords: F | G7, drums: jazz/tiny/verse, bass: "1 3 5 8", tempo: 200, mark: loop}
  odd: {bars: 2, meter: 3/4, chords: C, bass: "1 5 8", ramp: 100}
form: quiet loud odd
""",
}


def job_of(jobs, path):
    return next(job for job in jobs if job.path == path)


def test_paths_are_unique_sorted_and_say_what_is_a_fill(jobs, grooves):
    paths = [job.path for job in jobs]
    assert paths == sorted(set(paths))
    assert len({job.key for job in jobs}) == len(jobs)
    loops = [path for path in paths if path.startswith("loops/")]
    assert len(loops) == 2 * len(grooves)
    assert sum("_fill" in path for path in loops) == 2 * sum(g.is_fill for g in grooves.values())


def test_the_same_text_gives_the_same_bytes(texts, jobs):
    again = compose_all(dict(reversed(texts.items())), DemoSpec())
    assert again == jobs
    chosen = [job for job in jobs if job.path.startswith(("loops/", "songs/"))][::25]
    chosen += [job for job in jobs if job.path.startswith("hits/")][::150]
    for job in chosen:
        assert make(job, DemoSpec()) == make(job, DemoSpec())


def test_another_seed_gives_another_performance_of_the_same_notes(jobs, texts):
    path = "loops/funk/pocket_verse_p1.mid"
    other = job_of(compose_all(texts, DemoSpec(seed=1)), path)
    assert other.key != job_of(jobs, path).key
    first = read_midi(make(job_of(jobs, path), DemoSpec()).data)
    second = read_midi(make(other, DemoSpec(seed=1)).data)
    assert sorted(first.pitch.tolist()) == sorted(second.pitch.tolist())
    assert first.start_tick.tolist() != second.start_tick.tolist()
    assert first.velocity.tolist() != second.velocity.tolist()


def test_a_key_hangs_on_nothing_but_its_own_family():
    changed = {**TINY, "grooves/jazz.yaml": TINY["grooves/jazz.yaml"] + "  more:\n    meter: 4/4\n"
               "    tempo: 90\n    grooves:\n      verse: {section: verse, bd: X--- X---}\n"}  # fmt: skip
    before = {job.path: job.key for job in compose_all(TINY, DemoSpec())}
    after = {job.path: job.key for job in compose_all(changed, DemoSpec())}
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {
        "loops/jazz/more_verse_p1.mid", "loops/jazz/more_verse_p2.mid",
    }  # fmt: skip


def test_every_stroke_is_in_the_file_and_no_other(grooves, jobs):
    for groove in list(grooves.values())[::9]:
        stem = groove.name.removesuffix("_fill")
        fill = "_fill" if groove.is_fill else ""
        path = f"loops/{groove.style}/{groove.family}_{stem}_p2{fill}.mid"
        file = make(job_of(jobs, path), DemoSpec())
        about = yaml.safe_load(file.sidecar)
        song = read_midi(file.data)
        passes = about["bars"] // groove.bars
        assert song.n == passes * len(groove.strokes)
        assert song.drum.all()
        assert song.explicit_meter
        assert song.explicit_tempo
        assert len(bar_grid(song).numerator) == about["bars"]
        assert song.last_tick == float(passes * groove.quarters) * song.ticks_per_quarter
        assert about["fill"] is groove.is_fill
        assert about["group"] == groove.group
        assert (about["source"], about["license"]) == ("groove-demo", "MIT")
        assert 0 < about["density"] <= 1


def test_a_fill_comes_after_its_groove_and_alone(jobs, grooves):
    with_groove = make(job_of(jobs, "loops/rock/stadium_round_p1_fill.mid"), DemoSpec())
    alone = make(job_of(jobs, "loops/rock/stadium_round_p2_fill.mid"), DemoSpec())
    assert [yaml.safe_load(f.sidecar)["bars"] for f in (with_groove, alone)] == [2, 1]
    expected = len(grooves["rock/stadium/verse"].strokes) + read_midi(alone.data).n
    assert read_midi(with_groove.data).n == expected


def test_swing_moves_off_beats_and_leaves_triplets_alone():
    grooves = read_grooves({"grooves/jazz.yaml": TINY["grooves/jazz.yaml"]})
    quiet = {"kick": 2.0, "hat": -2.0, "snare": 3.0}
    song = perform_groove(grooves["jazz/tiny/verse"], None, 1, 120, MACHINE, 0)
    ride = song.start_s[song.pitch == 51]
    beats = (ride[1:] - quiet["hat"] / 1000) * 2
    assert beats[::2] % 1 == pytest.approx(np.full(4, 0.64), abs=0.003)
    fill = perform_groove(grooves["jazz/tiny/triplet_fill"], None, 1, 120, MACHINE, 0)
    snare = (fill.start_s[fill.pitch == 38] - quiet["snare"] / 1000) * 2
    assert snare == pytest.approx(np.arange(12) / 3, abs=0.003)


def test_a_laid_back_snare_is_late_and_a_pushed_hat_early():
    def offsets_ms(feel):
        text = TINY["grooves/jazz.yaml"].replace("feel: swing", f"feel: {feel}")
        text = text.replace("rd: xxxx xxxx", "hh: -x-x -x-x, sn: --x- --x-")
        groove = read_grooves({"grooves/jazz.yaml": text})["jazz/tiny/verse"]
        song = perform_groove(groove, None, 1, 120, MACHINE, 0)
        hats, snares = song.start_s[song.pitch == 42], song.start_s[song.pitch == 38]
        return 1000 * (hats[0] - 0.25), 1000 * (snares[0] - 0.5)

    assert offsets_ms("straight") == pytest.approx((0, 0), abs=1.1)
    assert offsets_ms("laid-back") == pytest.approx((7, 16), abs=1.1)
    assert offsets_ms("pushed") == pytest.approx((-9, -7), abs=1.1)


def test_a_song_has_its_tempo_map_meters_and_harmony():
    jobs = compose_all(TINY, MACHINE)
    file = make(job_of(jobs, "songs/little.mid"), MACHINE)
    song = read_midi(file.data)
    assert song.tempo_bpm[:2] == pytest.approx([100, 200], abs=0.01)
    assert song.tempo_bpm[-1] == pytest.approx(100, abs=0.01)
    assert np.all(np.diff(song.tempo_bpm[1:]) < 0)
    assert list(zip(song.meter_numerator.tolist(), song.meter_tick.tolist(), strict=True)) == [
        (4, 0), (3, 12 * 480),
    ]  # fmt: skip
    bass = song.pitch[~song.drum].tolist()
    assert bass == [36] * 4 + [29, 33, 36, 41] + [31, 35, 38, 43] + [36, 43, 48] * 2
    about = yaml.safe_load(file.sidecar)
    assert about["group"] == "song/little"
    assert about["grooves"] == ["jazz/tiny"]


def test_a_track_is_the_song_with_its_bars_and_marks():
    jobs = compose_all(TINY, DemoSpec(track_sample_rate=16000))
    spec = DemoSpec(track_sample_rate=16000)
    file = make(job_of(jobs, "tracks/little.flac"), spec)
    assert make(job_of(jobs, "tracks/little.flac"), spec) == file
    audio, rate = soundfile.read(io.BytesIO(file.data))
    about = yaml.safe_load(file.sidecar)
    assert rate == 16000
    assert audio.shape[1] == 2
    assert np.max(np.abs(audio)) == pytest.approx(0.89, abs=0.01)
    bars = about["bar_starts_s"]
    assert bars[:4] == pytest.approx([0, 2.4, 3.6, 4.8])
    assert len(bars) == 6
    assert [(m["label"], m["start_s"], m["end_s"]) for m in about["marks"]] == [
        ("avoid", 0.0, 2.4), ("loop", 2.4, 4.8),
    ]  # fmt: skip
    song = yaml.safe_load(make(job_of(jobs, "songs/little.mid"), spec).sidecar)
    assert about["group"] == song["group"]


def test_hits_are_mono_start_at_once_and_follow_their_velocity(jobs):
    for kit, note in (("standard", "38"), ("pulse", "38a"), ("standard_tight", "38")):
        peaks = []
        for velocity in (40, 80, 116):
            job = job_of(jobs, f"hits/{kit}/snare/{note}_{velocity:03d}.flac")
            audio, rate = soundfile.read(io.BytesIO(make(job, DemoSpec()).data), always_2d=True)
            assert rate == 44100
            assert audio.shape[1] == 1
            assert np.flatnonzero(np.abs(audio[:, 0]) > 0.05 * np.abs(audio).max())[0] < 0.02 * rate
            peaks.append(np.abs(audio).max())
        assert peaks == pytest.approx([0.9 * v / 127 for v in (40, 80, 116)], abs=0.01)


def test_a_stray_text_is_refused():
    with pytest.raises(DemoError, match=r"notes\.yaml: neither grooves/"):
        compose_all({"notes.yaml": "a: 1"}, DemoSpec())


def test_jobs_and_files_are_plain_values(jobs):
    assert all(isinstance(value, str) for value in dataclasses.astuple(jobs[0]))
