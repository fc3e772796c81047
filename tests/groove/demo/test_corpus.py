"""The shipped corpus has what a pipeline needs to learn and to be held to account."""

import csv
import io
from collections import Counter, defaultdict

import pytest

from groove.core.splits import TEST, TRAIN, assign
from groove.demo.arrange import lay_out, perform
from groove.demo.compose import make, track_names
from groove.demo.patterns import DRUMS
from groove.demo.spec import DemoSpec
from groove.midi.song import seconds_at
from groove.midi.taxonomy import CLASSES, class_of, label_of_note

METERS = {"4/4", "3/4", "6/8", "7/8", "5/4"}
FEELS = {"straight", "swing", "laid-back", "pushed"}
SECTIONS = {"intro", "verse", "chorus", "bridge", "outro", "fill"}


def test_grooves_are_many_and_various(grooves):
    assert len(grooves) >= 120
    assert len({g.style for g in grooves.values()}) >= 8
    assert {str(g.meter) for g in grooves.values()} >= METERS
    assert {g.feel for g in grooves.values()} == FEELS
    assert {g.section for g in grooves.values()} == SECTIONS
    assert sum(g.is_fill for g in grooves.values()) >= 30
    assert len({g.group for g in grooves.values()}) >= 30
    assert {g.bars for g in grooves.values()} >= {1, 2, 4}
    assert max(g.bars for g in grooves.values()) <= 4
    assert len({g.tempo_bpm for g in grooves.values()}) >= 30


def test_every_class_of_drum_is_played_at_several_levels(grooves):
    levels = defaultdict(set)
    for groove in grooves.values():
        for stroke in groove.strokes:
            levels[class_of(label_of_note(stroke.note, "gm"))].add(stroke.velocity)
    assert set(levels) == set(CLASSES)
    assert all(len(found) >= 2 for found in levels.values())
    assert {28, 58, 86, 112} <= levels["snare"]


def test_every_line_name_is_a_drum():
    assert all(label_of_note(note, "gm") for note in DRUMS.values())
    assert len(set(DRUMS.values())) == len(DRUMS)


def test_no_two_grooves_are_the_same(grooves):
    seen = defaultdict(list)
    for groove in grooves.values():
        content = tuple((s.start, s.note, s.velocity) for s in groove.strokes)
        seen[str(groove.meter), groove.swing, content].append(groove.path)
    assert [paths for paths in seen.values() if len(paths) > 1] == []


def test_families_differ_in_more_than_velocity(grooves):
    families = defaultdict(set)
    for groove in grooves.values():
        places = tuple(sorted({(s.start, s.note) for s in groove.strokes}))
        families[str(groove.meter), places].add(groove.group)
    assert [groups for groups in families.values() if len(groups) > 1] == []


def test_every_stroke_lies_inside_its_groove(grooves):
    for groove in grooves.values():
        assert groove.quarters == groove.bars * groove.meter.quarters
        assert groove.strokes[0].start >= 0
        assert groove.strokes[-1].start < groove.quarters
        assert groove.is_fill == groove.name.endswith("_fill")


def test_songs_are_many_and_various(songs):
    assert len(songs) >= 24
    meters = Counter(song.entry.meter for song in songs)
    assert set(meters) == METERS
    assert min(meters.values()) >= 3
    assert meters["4/4"] > max(count for meter, count in meters.items() if meter != "4/4")
    changes = [len({section.meter for section in song.form}) > 1 for song in songs]
    assert sum(changes) >= 4
    ramps = [any(section.ramp for section in song.form) for song in songs]
    steps = [any(section.tempo for section in song.form) for song in songs]
    assert sum(ramps) >= 5
    assert sum(steps) >= 3
    assert sum(song.form[0].drums is None for song in songs) >= 8
    assert len({part.program for song in songs for part in song.entry.parts.values()}) >= 30
    assert len({song.entry.key for song in songs}) >= 15
    tempos = [song.entry.tempo for song in songs]
    assert min(tempos) <= 75
    assert max(tempos) >= 170


def test_a_song_lasts_a_minute_or_two(songs):
    for form in songs:
        score = lay_out(form)
        song = perform(form, score, DemoSpec())
        end = float(seconds_at(song, [float(score.bar_starts[-1]) * 480])[0])
        assert 60 <= end <= 110, form.name


def test_downbeats_can_be_heard(songs):
    """The bass plays the chord's bass note, and a chord changes, mostly on first beats."""
    for form in songs:
        score = lay_out(form)
        starts = set(score.bar_starts)
        kicks = [n for n in score.parts["drums"] if n.pitch in {35, 36, 41, 43}]
        on_one = sum(n.start in starts for n in kicks) / max(len(kicks), 1)
        crashes = [n for n in score.parts["drums"] if n.pitch == 49]
        assert sum(n.start in starts for n in crashes) >= 0.5 * len(crashes)
        bars_with_root = {
            n.start for name, part in score.parts.items() if name != "drums" for n in part
        }
        share = len(starts & bars_with_root) / len(starts)
        assert share > 0.5 or on_one > 0.2, form.name


def test_both_sides_of_a_split_have_every_meter(songs, grooves):
    sides = assign([f"song/{song.name}" for song in songs])
    for side in (TRAIN, TEST):
        assert {s.entry.meter for s, at in zip(songs, sides, strict=True) if at == side} == METERS
    listed = list(grooves.values())
    sides = assign([groove.group for groove in listed])
    for side in (TRAIN, TEST):
        found = {str(g.meter) for g, at in zip(listed, sides, strict=True) if at == side}
        assert found >= METERS


def test_tracks_have_what_a_ranker_looks_for(texts, songs):
    names = track_names(texts)
    assert len(names) == 12
    for form in songs:
        if form.name in names:
            alone = [s for s in form.form if s.drums and not s.lines]
            marks = {section.mark for section in form.form}
            assert "loop" in marks, form.name
            assert alone or "avoid" in marks, form.name


@pytest.fixture(scope="module")
def labels(jobs):
    manifest = next(job for job in jobs if job.path == "hits/labels.csv")
    return list(csv.DictReader(io.StringIO(make(manifest, DemoSpec()).data.decode())))


def test_hits_cover_every_class_with_kits_to_hold_out(labels, jobs):
    classes = defaultdict(set)
    for row in labels:
        classes[class_of(row["label"])].add(row["group"])
    assert set(classes) == set(CLASSES)
    assert min(len(groups) for groups in classes.values()) >= 8
    files = {job.path for job in jobs if job.path.endswith(".flac") and job.path.startswith("hits")}
    assert files == {f"hits/{row['file']}" for row in labels}


def test_no_kit_is_in_two_groups_and_sampled_kits_keep_their_licence(labels):
    groups = defaultdict(set)
    for row in labels:
        groups[row["kit"]].add(row["group"])
        assert row["license"] == {"TimGM6mb": "GPL-2.0", "groove-demo": "MIT"}[row["source"]]
    assert all(len(found) == 1 for found in groups.values())
    assert groups["standard_tight"] == groups["standard"]
