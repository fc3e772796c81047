"""The collection: what is added is there once, exactly cut; exports resume and split by kit."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groove.audio.waveform import AudioError, Waveform, encode, read_audio
from groove.core.digest import sha256
from groove.core.store import MemoryStore
from groove.drums.beatmap import Audio, Beatmap, Hit
from groove.drums.collect import export as exporting
from groove.drums.collect.export import ExportError, export, sides_of
from groove.drums.collect.folder import MANIFEST, Collection, CollectionError, Origin, events_in
from groove.drums.collect.one_shots import add_one_shots, one_shot_label
from groove.drums.collect.sources import add_beatmap, add_hit, add_render
from groove.drums.collect.spec import TARGETS, CutSpec, ExportSpec
from groove.drums.collect.statistics import as_json, statistics
from groove.drums.manifest.schema import Component, Event, ManifestError
from groove.midi.taxonomy import CLASSES

RATE = 8000


def sound(path: Path, seconds: float = 4.0, seed: int = 0) -> Path:
    """Write noise, each sample of which says where it is."""
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (1, int(seconds * RATE)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(Waveform(samples.astype(np.float32), RATE), "wav", "PCM_24"))
    return path


def test_a_hit_is_cut_at_its_sample_and_added_once(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    whole = read_audio(path.read_bytes()).samples[0]
    root = tmp_path / "c"
    with Collection(root) as kept:
        name = add_hit(kept, path, 1.5, ["KD", "hihat"], velocity=0.5)
        assert add_hit(kept, path, 1.5, ["hihat_closed", "kick"]) == name
        assert (kept.added, kept.known) == (1, 1)
    with Collection(root) as kept:
        add_hit(kept, path, 0.01, ["snare"])
        assert add_hit(kept, path, 1.5, ["kick", "hihat"]) == name
    first, second = events_in(root)
    assert first.labels == ["hihat_closed", "kick"]
    clip = read_audio((root / first.audio_path).read_bytes()).samples[0]
    np.testing.assert_array_equal(clip, whole[round(1.4 * RATE) : round(2.4 * RATE)])
    assert first.onset_time == pytest.approx(0.1)
    assert second.onset_time == pytest.approx(0.01)
    assert first.audio_sha256 == sha256((root / first.audio_path).read_bytes())


def test_what_cannot_be_collected_is_refused(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    quiet = tmp_path / "q.wav"
    quiet.write_bytes(encode(Waveform(np.zeros((1, RATE), np.float32), RATE), "wav"))
    (tmp_path / "no.wav").write_bytes(b"nothing")
    with Collection(tmp_path / "c") as kept:
        for time, labels, said in [(9.0, ["kick"], "outside"), (-1.0, ["kick"], "outside"),
                                   (float("nan"), ["kick"], "outside"), (1.0, ["zz"], "taxonomy"),
                                   (1.0, [], "struck")]:  # fmt: skip
            with pytest.raises(CollectionError, match=said):
                add_hit(kept, path, time, labels)
        with pytest.raises(CollectionError, match="silent"):
            add_hit(kept, quiet, 0.2, ["kick"])
        with pytest.raises(AudioError, match=r"no\.wav"):
            add_hit(kept, tmp_path / "no.wav", 0.2, ["kick"])
        with pytest.raises(CollectionError, match="another process"):
            Collection(tmp_path / "c")
    assert list(events_in(tmp_path / "c")) == []


def test_pipes_and_devices_are_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with Collection(tmp_path / "c") as kept:
        for path in (tmp_path / "pipe.wav", Path("/dev/zero"), tmp_path):
            with pytest.raises(AudioError, match="no regular file"):
                add_hit(kept, path, 0.1, ["kick"])
    events = [
        Event(sample_id="a", session_id="s", audio_path="pipe.wav", onset_time=0.0,
              components=[Component(label="kick")])
    ]  # fmt: skip
    with pytest.raises(ExportError, match=r"none of 1 events can be cut out; a: .*no regular file"):
        export(events, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out" / "metadata.json").exists()


def test_a_torn_line_is_cut_off_and_the_hit_added_again(tmp_path: Path) -> None:
    path, root = sound(tmp_path / "a.wav"), tmp_path / "c"
    with Collection(root) as kept:
        add_hit(kept, path, 1.0, ["kick"])
        add_hit(kept, path, 2.0, ["snare"])
    whole = (root / MANIFEST).read_bytes()
    for cut in (1, 40, len(whole.splitlines()[1])):
        (root / MANIFEST).write_bytes(whole[:-cut])
        with Collection(root) as kept:
            add_hit(kept, path, 2.0, ["snare"])
        assert (root / MANIFEST).read_bytes() == whole


def test_a_damaged_collection_is_refused_by_line_and_stays_unlocked(tmp_path: Path) -> None:
    root = tmp_path / "c"
    root.mkdir()
    (root / MANIFEST).write_bytes(b'{"audio_path": "../../x"}\n')
    for _ in range(2):
        with pytest.raises(ManifestError, match="line 1"):
            Collection(root)


def test_hits_of_a_beatmap_at_one_moment_are_one_event(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav")
    hits = [
        Hit(time_s=1.0, label="kick", velocity=0.9, techniques=["four_on_the_floor"]),
        Hit(time_s=1.02, label="hihat_open", openness=0.5, confidence=0.9),
        Hit(time_s=2.0, label="snare", confidence=0.2),
        Hit(time_s=99.0, label="crash"),
    ]
    with Collection(tmp_path / "c") as kept:
        report = add_beatmap(kept, Beatmap(hits=hits), path, least_confidence=0.5)
        assert (report.added, len(report.refused)) == (1, 1)
        assert add_beatmap(kept, Beatmap(hits=hits[:2]), path).known == 1
        other = Beatmap(audio=Audio(sha256="0" * 64), hits=hits)
        with pytest.raises(CollectionError, match="not the audio"):
            add_beatmap(kept, other, path)
    (event,) = events_in(tmp_path / "c")
    assert event.labels == ["hihat_open", "kick"]
    assert event.components[0].openness == 0.5
    assert event.techniques == ["four_on_the_floor"]


def test_rendered_songs_give_exact_labels(tmp_path: Path) -> None:
    data = sound(tmp_path / "a.wav").read_bytes()
    store = MemoryStore()
    row: dict[str, Any] = {
        "audio": store.write(data, ".wav"), "path": "songs/x.mid", "soundfont": "Font",
        "source": "set", "license": "CC0-1.0", "hit_s": np.array([1.0, 1.0, 2.5]),
        "hit_note": np.array([36, 42, 3]), "hit_velocity": np.array([127, 64, 1]),
    }  # fmt: skip
    with Collection(tmp_path / "c") as kept:
        report = add_render(kept, row, store)
    assert report.added == 1
    assert "1 notes" in report.refused[0][1]
    (event,) = events_in(tmp_path / "c")
    assert {c.label: c.velocity for c in event.components} == {
        "kick": 1.0, "hihat_closed": pytest.approx(64 / 127),
    }  # fmt: skip
    assert event.is_synthetic
    assert (event.kit_id, event.license) == ("Font", "CC0-1.0")


@pytest.mark.parametrize(
    ("path", "row", "label"),
    [
        ("Kit A/Snare/x1.wav", {}, "snare"),
        ("toms/Floor Tom 2.wav", {}, "tom_low"),
        ("RS/RS.WAV", {}, "rimshot"),
        ("mixed/OpenHat_03.flac", {}, "hihat_open"),
        ("x/1.wav", {"label": "ride", "instrument_name": "Ride Bell"}, "ride_bell"),
        ("snare/1.wav", {"label": "clap"}, "aux_percussion"),
        ("stuff/thing.wav", {}, None),
    ],
)
def test_labels_of_one_shots(path: str, row: dict[str, str], label: str | None) -> None:
    assert one_shot_label(path, row) == label


def test_one_shot_folders_by_csv_and_by_names(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    for n, name in enumerate(["Rock/kick/1.wav", "Rock/SD/2.wav", "Jazz/ride/b.wav", "odd.wav"]):
        sound(folder / name, 0.3, n)
    (folder / "link.wav").symlink_to(tmp_path / "elsewhere.wav")
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows(
            [["file", "label", "kit", "licence"], ["Jazz/ride/b.wav", "ride", "Old", "CC0"]]
        )
    with Collection(tmp_path / "c") as kept:
        report = add_one_shots(kept, folder, origin=Origin("", "", "", source_set="set"))
        assert (report.added, report.known) == (3, 0)
        assert [name for name, _ in report.refused] == ["odd.wav"]
        assert add_one_shots(kept, folder).known == 3
    found = {e.labels[0]: (e.kit_id, e.license, e.source_set) for e in events_in(tmp_path / "c")}
    assert found == {
        "kick": ("Rock", None, "set"), "snare": ("Rock", None, "set"),
        "ride_bow": ("Old", "CC0", "set"),
    }  # fmt: skip
    (folder / "labels.csv").write_text("file,label\n../../x.wav,kick\n")
    with Collection(tmp_path / "c") as kept, pytest.raises(CollectionError, match="line 2"):
        add_one_shots(kept, folder)


def test_statistics_against_what_is_recommended() -> None:
    assert set(TARGETS) == set(CLASSES)
    events = [
        Event(sample_id=str(n), session_id="s", kit_id=f"k{n % 3}", audio_path="a.wav",
              onset_time=0.0, components=[Component(label="splash"), Component(label="crash")])
        for n in range(80)
    ]  # fmt: skip
    found = statistics(events)
    crash = found.set_index("klass").loc["crash"]
    assert (crash["hits"], crash["kits"], crash["missing"], crash["wanted"]) == (80, 3, 0, 220)
    assert crash["state"] == "enough"
    report = as_json(found)
    json.dumps(report)
    assert "kick" in report["classes_short"]
    assert "crash" not in report["classes_short"]


def filled(root: Path, kits: int = 8) -> Path:
    with Collection(root, CutSpec(post_s=0.2)) as kept:
        for kit in range(kits):
            wave = Waveform(
                np.random.default_rng(kit).uniform(-0.5, 0.5, (1, RATE)).astype(np.float32), RATE
            )
            for n, label in enumerate(["kick", "snare", "hihat_closed"]):
                origin = Origin(f"{kit}.wav", f"{kit:064d}", f"session {kit}", kit_id=f"kit {kit}")
                kept.add(wave, 0.2 + 0.25 * n, [Component(label=label)], origin)
    return root


def content(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_a_killed_export_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = filled(tmp_path / "c")
    whole = export(events_in(root), root, tmp_path / "whole")
    assert (whole.clips, whole.written) == (24, 24)
    assert sum(side.clips for side in whole.sides.values()) == 24
    assert sum(side.groups for side in whole.sides.values()) == 8
    assert "kick" not in whole.sides["test"].without
    assert "ride" in whole.sides["test"].without
    done: list[Path] = []
    real = exporting.write_whole

    def dies(path: Path, data: bytes) -> None:
        if len(done) == 10:
            raise KeyboardInterrupt
        done.append(path)
        real(path, data)

    monkeypatch.setattr(exporting, "write_whole", dies)
    with pytest.raises(KeyboardInterrupt):
        export(events_in(root), root, tmp_path / "killed")
    monkeypatch.undo()
    assert not (tmp_path / "killed" / "metadata.json").exists()
    again = export(events_in(root), root, tmp_path / "killed")
    assert (again.clips, again.written) == (24, 24 - 9)
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
    assert export(events_in(root), root, tmp_path / "killed").written == 0


def test_an_export_is_a_manifest_split_by_kit(tmp_path: Path) -> None:
    from groove.drums.manifest.reading import read_events

    root, out = filled(tmp_path / "c"), tmp_path / "out"
    export(events_in(root), root, out)
    table = read_events(out / "events.jsonl", root=out)
    assert set(table["split"]) == {"train", "validation", "test"}
    assert (table.groupby("kit_id")["split"].nunique() == 1).all()
    about = json.loads((out / "metadata.json").read_bytes())
    assert about["clips"] == len(table) == 24
    assert sum(part["clips"] for part in about["duration_by_split"].values()) == 24
    assert about["seconds"] == pytest.approx(
        sum(part["seconds"] for part in about["duration_by_source"].values())
    )
    assert about["licenses"] == ["unknown"]
    for row in table.to_dict(orient="records"):
        assert sha256((out / row["audio_path"]).read_bytes()) == row["audio_sha256"]
    assert len({row["audio_path"].split("/")[1] for row in table.to_dict("records")}) == 3
    with pytest.raises(ExportError, match="other events or settings"):
        export(events_in(root), root, out, spec=ExportSpec(salt="x"))
    with pytest.raises(ExportError, match="not empty"):
        export(events_in(root), root, root)


def test_an_export_leaves_out_what_has_no_audio_and_never_leaves_its_root(tmp_path: Path) -> None:
    root = filled(tmp_path / "c", 3)
    events = list(events_in(root))
    (root / events[0].audio_path).unlink()
    (root / events[1].audio_path).write_bytes(b"broken")
    done = export(events, root, tmp_path / "out")
    assert done.clips == 7
    assert {name for name, _ in done.refused} == {events[0].sample_id, events[1].sample_id}
    bad = events[2].model_copy(update={"audio_path": "../c/x.flac"})
    with pytest.raises(ManifestError, match="parts are not allowed"):
        export([bad], root, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(ExportError, match="no event"):
        export([], root, tmp_path / "other")


def test_sides_hang_on_names_and_stated_ones_stay() -> None:
    def one(kit: str, session: str, **more: Any) -> Event:
        return Event(sample_id=f"{kit}{session}", session_id=session, kit_id=kit, onset_time=0.0,
                     audio_path=f"{kit}{session}.wav", components=[Component(label="kick")], **more)  # fmt: skip

    events = [one(f"k{n}", f"s{n}") for n in range(30)]
    sides = sides_of(events, ExportSpec())
    more = sides_of([one("new", "new"), *events], ExportSpec())
    assert more[1:] == sides
    joined = sides_of([*events, one("k1", "s7")], ExportSpec())
    assert joined[1] == joined[7] == joined[30]
    stated = sides_of([one("k1", "a", split="test"), *events[2:]], ExportSpec())
    assert stated[0] == "test"


def test_what_belongs_together_is_on_one_side() -> None:
    events = [
        Event(sample_id=str(n), session_id=f"s{n}", kit_id=f"k{n}", source_set=f"set {n % 5}",
              audio_path=f"{n}.wav", onset_time=0.0, components=[Component(label="kick")])
        for n in range(40)
    ]  # fmt: skip
    alone = sides_of(events, ExportSpec())
    first, second = alone.index("train"), alone.index("test")
    names = [[f"k{first}", f"s{second}"]]
    together = sides_of(events, ExportSpec(together=names))
    assert together[first] == together[second]
    moved = [n for n in range(40) if together[n] != alone[n]]
    assert set(moved) < {first, second}
    sources = sides_of(events, ExportSpec(together=[["set 1", "set 3"]]))
    assert len({sources[n] for n in range(40) if n % 5 in (1, 3)}) == 1
    grouped = [
        event.model_copy(update={"split_group": "author"}) if n in (first, second) else event
        for n, event in enumerate(events)
    ]
    stated = sides_of(grouped, ExportSpec())
    assert stated[first] == stated[second]
    with pytest.raises(ExportError, match="called 'K1'"):
        sides_of(events, ExportSpec(together=[["k2", "K1"]]))


def test_labels_csv_may_name_a_group(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    for n in range(3):
        sound(folder / f"{n}.wav", 0.3, n)
    (folder / "labels.csv").write_text(
        "file,label,kit,group\n0.wav,kick,a,author\n1.wav,kick,b,author\n2.wav,kick,c,\n"
    )
    with Collection(tmp_path / "c") as kept:
        add_one_shots(kept, folder)
    found = {event.kit_id: event.split_group for event in events_in(tmp_path / "c")}
    assert found == {"a": "author", "b": "author", "c": None}


def test_copies_of_a_sound_are_on_one_side_though_all_names_differ(tmp_path: Path) -> None:
    root = tmp_path / "c"
    time = np.arange(RATE) / RATE
    with Collection(root) as kept:
        for n in range(24):
            chance = np.random.default_rng(n % 12)
            tone = np.sin(2 * np.pi * chance.uniform(100, 900) * time) * np.exp(-9 * time)
            level = 0.3 + 0.02 * n
            wave = Waveform(
                (level * (tone + 0.1 * chance.normal(size=RATE)))[None].astype(np.float32) * 0.5,
                RATE,
            )
            kept.add(
                wave, 0.0, [Component(label="tom")], Origin("x", f"{n:064d}", f"s{n}", f"k{n}")
            )
    export(events_in(root), root, tmp_path / "out")
    rows = [
        json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()
    ]
    side = {row["kit_id"]: row["split"] for row in rows}
    assert all(side[f"k{n}"] == side[f"k{n + 12}"] for n in range(12))
    assert set(side.values()) == {"train", "validation", "test"}
    apart = sides_of(
        [e.model_copy(update={"audio_sha256": None}) for e in events_in(root)], ExportSpec()
    )
    assert any(apart[n] != apart[n + 12] for n in range(12))
