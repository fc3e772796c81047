"""`groove drums manifest` and `groove drums collect`: what they write, print and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from groove.audio.waveform import Waveform, encode
from groove.cli import drums_collect, drums_manifest, readiness
from groove.core.digest import sha256

RUN = CliRunner()


def run(app: typer.Typer, *words: object, code: int = 0) -> str:
    result = RUN.invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def manifest(path: Path, *rows: dict[str, Any]) -> Path:
    base = {"session_id": "s", "audio_path": "a.wav", "components": [{"label": "kick"}]}
    made = [
        {**base, "sample_id": str(n), "onset_time": n / 10, **row} for n, row in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in made))
    return path


def test_validate_tells_lines_and_writes_a_report(tmp_path: Path) -> None:
    good = manifest(tmp_path / "good.jsonl", {}, {})
    assert "2 events, no problems" in run(drums_manifest.app, "validate", good)
    assert "a.wav is not below" in run(drums_manifest.app, "validate", good, "--audio", code=2)
    bad = manifest(tmp_path / "bad.jsonl", {}, {"audio_path": "../x"}, {"onset_time": -1})
    report = tmp_path / "r.json"
    said = run(drums_manifest.app, "validate", bad, "--json", report, code=2)
    assert "line 2: audio_path" in said
    assert "line 3: onset_time" in said
    assert json.loads(report.read_text())["events"] == 1
    assert "gone.jsonl" in run(drums_manifest.app, "validate", tmp_path / "gone.jsonl", code=2)


def test_validate_refuses_what_has_no_events(tmp_path: Path) -> None:
    for text in ("", "\n"):
        (tmp_path / "none.jsonl").write_text(text)
        said = run(drums_manifest.app, "validate", tmp_path / "none.jsonl", code=2)
        assert "no events" in said


def test_validate_holds_onsets_against_the_audio(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    good = manifest(tmp_path / "good.jsonl", {}, {"onset_time": 0.0999})
    assert "no problems" in run(drums_manifest.app, "validate", good, "--audio")
    (tmp_path / "b.wav").write_bytes(b"no sound")
    broken = {"audio_path": "b.wav"}
    bad = manifest(tmp_path / "bad.jsonl", {}, {"onset_time": 0.2}, broken, broken)
    said = run(drums_manifest.app, "validate", bad, "--audio", code=2)
    assert "line 2: onset_time 0.2 s is beyond the end of a.wav, 0.1 s" in said
    assert "line 3: b.wav cannot be read as audio" in said
    assert "line 4" not in said
    assert "line 1" not in said


def test_convert_refuses_a_kind_that_is_none(tmp_path: Path) -> None:
    source = manifest(tmp_path / "m.jsonl", {})
    said = run(drums_manifest.app, "convert", source, tmp_path / "m.xyz", code=2)
    assert "m.xyz: no kind of manifest" in said
    assert not (tmp_path / "m.xyz").exists()


def test_convert_there_and_back(tmp_path: Path) -> None:
    source = manifest(tmp_path / "m.jsonl", {"qc": {"a": 1}}, {"bar_index": 3})
    run(drums_manifest.app, "convert", source, tmp_path / "t.parquet")
    run(drums_manifest.app, "convert", tmp_path / "t.parquet", tmp_path / "b.jsonl")
    run(drums_manifest.app, "convert", source, tmp_path / "c.jsonl")
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "c.jsonl").read_bytes()
    run(drums_manifest.app, "convert", source, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().startswith("sample_id,session_id")


def test_merge_compare_annotate_weigh(tmp_path: Path) -> None:
    one = manifest(tmp_path / "one.jsonl", {}, {"components": [{"label": "hihat_open"}]})
    two = manifest(
        tmp_path / "two.jsonl", {"onset_time": 9.0}, {}, {"components": [{"label": "HHP"}]}
    )
    out = tmp_path / "out.jsonl"
    said = run(drums_manifest.app, "merge", one, two, "--out", out, "--json", tmp_path / "m.json")
    assert "3 events" in said
    assert json.loads((tmp_path / "m.json").read_text())["conflicts"] == 2
    assert "nothing was written" in run(
        drums_manifest.app, "merge", one, two, "-o", tmp_path / "no.jsonl", "--strict", code=1
    )
    assert not (tmp_path / "no.jsonl").exists()
    assert "hihat_bark  1" in run(drums_manifest.app, "annotate", out, "-o", out, "--dry-run")
    assert "hihat_bark" not in out.read_text()
    run(drums_manifest.app, "annotate", out, "-o", out)
    assert "hihat_bark" in out.read_text()
    said = run(drums_manifest.app, "compare", one, out, "--json", tmp_path / "d.json")
    assert "hihat_bark  0 -> 1 (+1)" in said
    run(drums_manifest.app, "weights", out, "-o", tmp_path / "w.json")
    assert json.loads((tmp_path / "w.json").read_text())["weights"] == {"s": 0.5}
    assert "lowest" in run(
        drums_manifest.app, "weights", out, "-o", tmp_path / "w2.json", "--lowest", "0.9", code=2
    )


def test_openness_and_negatives(tmp_path: Path) -> None:
    parts = [{"label": "hihat_open", "openness_raw": 60}]
    source = manifest(tmp_path / "m.jsonl", {"components": parts, "device_vendor": "V"})
    curves = tmp_path / "c.json"
    curves.write_text(json.dumps({"schema": 1, "curves": [{"id": "v", "vendor": "V",
                                  "points": [[0, 0.0], [120, 1.0]]}]}))  # fmt: skip
    out = tmp_path / "o.jsonl"
    said = run(drums_manifest.app, "openness", source, "--curves", curves, "-o", out, "--dry-run")
    assert "updated  1" in said
    assert not out.exists()
    run(drums_manifest.app, "openness", source, "--curves", curves, "-o", out)
    assert json.loads(out.read_text())["components"][0]["openness"] == 0.5
    heard = tmp_path / "p.jsonl"
    heard.write_text(json.dumps({"sample_id": "0", "label": "crash", "confidence": 0.9}) + "\n")
    run(drums_manifest.app, "negatives", heard, "--manifest", source, "-o", tmp_path / "n.jsonl")
    assert json.loads((tmp_path / "n.jsonl").read_text())["predicted"] == "crash"
    heard.write_text("{}\n")
    said = run(drums_manifest.app, "negatives", heard, "--manifest", source, "-o", out, code=2)
    assert "line 1" in said


def test_techniques_are_listed_and_searched() -> None:
    assert run(drums_manifest.app, "techniques").count("\n") >= 72
    assert "hihat_bark" in run(drums_manifest.app, "techniques", "bark")
    found = json.loads(run(drums_manifest.app, "techniques", "--json", "--priority", "high"))
    assert {row["priority"] for row in found} == {"high"}


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 24_000)).astype(np.float32)
    (tmp_path / "shots" / "kick").mkdir(parents=True)
    data = encode(Waveform(samples, 8000), "wav")
    (tmp_path / "shots" / "kick" / "1.wav").write_bytes(data)
    (tmp_path / "song.wav").write_bytes(data)
    return tmp_path / "song.wav"


def test_a_collection_from_hits_beatmaps_and_folders(tmp_path: Path, audio: Path) -> None:
    kept = ("--collection", tmp_path / "c")
    assert "added" in run(drums_collect.app, "add", audio, 0.5, "kick", *kept, "--kit", "A")
    assert "there already" in run(drums_collect.app, "add", audio, 0.5, "kick", *kept)
    beatmap = tmp_path / "song.csv"
    beatmap.write_text("onset_s,label\n1.0,snare\n1.001,crash\n2.0,kick\n")
    assert "2 added" in run(drums_collect.app, "beatmap", beatmap, audio, *kept)
    assert "1 added" in run(drums_collect.app, "folder", tmp_path / "shots", *kept)
    found = json.loads(run(drums_collect.app, "stats", *kept, "--json"))
    assert found["classes"]["kick"]["hits"] == 3
    assert "snare" in run(drums_collect.app, "stats", *kept)
    said = run(drums_collect.app, "export", tmp_path / "set", *kept)
    assert "4 clips, 4 written now" in said
    assert "0 written now" in run(drums_collect.app, "export", tmp_path / "set", *kept)
    events = tmp_path / "c" / "collection.jsonl"
    run(drums_collect.app, "export", tmp_path / "other", "--manifest", events)
    assert (tmp_path / "other" / "metadata.json").is_file()


def test_an_export_is_what_readiness_reads(tmp_path: Path, audio: Path) -> None:
    kept = ("--collection", tmp_path / "c")
    for n, kit in enumerate(["A", "B", "C", "A B"]):
        run(drums_collect.app, "add", audio, 0.3 + 0.5 * n, "kick", *kept, "--kit", kit, "--session",
            f"s{n}", "--group", "x" if n > 2 else "")  # fmt: skip
    out = tmp_path / "set"
    run(drums_collect.app, "export", out, *kept, "--together", "A,B", "--no-copies")
    rows = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    side = {row["kit_id"]: row["split"] for row in rows}
    assert side["A"] == side["B"]
    assert {row.get("split_group") for row in rows} == {None, "x"}
    report = tmp_path / "health.json"
    run(readiness.readiness, "health", "--events", out / "events.jsonl", "--dataset-metadata",
        out / "metadata.json", "--json", report, "--html", tmp_path / "health.html")  # fmt: skip
    told = json.loads((out / "metadata.json").read_bytes())
    found = json.loads(report.read_bytes())["figures"]["health"]["durations_s"]
    assert found["split"] == {
        name: part["seconds"] for name, part in told["duration_by_split"].items()
    }
    assert sum(found["source"].values()) == pytest.approx(told["seconds"])
    assert "durations by split" in (tmp_path / "health.html").read_text()
    said = run(drums_collect.app, "export", tmp_path / "no", *kept, "--together", "A,Q", code=2)
    assert "called 'Q'" in said
    (tmp_path / "bad.json").write_text('{"duration_by_split": {"train": {"seconds": "1"}}}')
    said = run(readiness.readiness, "health", "--events", out / "events.jsonl",
               "--dataset-metadata", tmp_path / "bad.json", code=2)  # fmt: skip
    assert "duration_by_split.train.clips" in said


def test_renders_are_collected_from_the_pipelines_own_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    rows = []
    for n in range(3):
        noise = np.random.default_rng(n).uniform(-0.5, 0.5, (1, 24_000)).astype(np.float32)
        wave = encode(Waveform(noise, 8000), "flac")
        blob = f"{sha256(wave)}.flac"
        (data / "blobs" / blob[:2]).mkdir(parents=True, exist_ok=True)
        (data / "blobs" / blob[:2] / blob).write_bytes(wave)
        rows.append(
            {
                "audio": blob, "path": f"songs/{n}.mid", "soundfont": "Font", "source": "set",
                "license": "CC0-1.0", "hit_s": [0.5, 0.5, 1.5], "hit_note": [36, 42, 38],
                "hit_velocity": [100, 50, 127],
            }
        )  # fmt: skip
    (data / "tables").mkdir()
    pd.DataFrame(rows).to_parquet(data / "tables" / "song_renders.parquet")
    monkeypatch.setenv("GROOVE_DATA", str(data))
    kept = ("--collection", tmp_path / "c")
    assert "2 added" in run(drums_collect.app, "renders", *kept, "--songs", 1)
    assert "4 added, 2 there already" in run(drums_collect.app, "renders", *kept)
    events = [json.loads(x) for x in (tmp_path / "c" / "collection.jsonl").read_text().splitlines()]
    assert len(events) == 6
    struck = {part["label"]: part["velocity"] for part in events[0]["components"]}
    assert struck == {"hihat_closed": pytest.approx(50 / 127), "kick": pytest.approx(100 / 127)}
    assert events[0]["is_synthetic"]
    (data / "blobs" / rows[1]["audio"][:2] / rows[1]["audio"]).write_bytes(b"damaged")
    said = run(drums_collect.app, "renders", "--collection", tmp_path / "d", code=2)
    assert "damaged" in said
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path / "nothing"))
    assert "no table song_renders" in run(drums_collect.app, "renders", *kept, code=2)


def test_collect_refuses_in_one_line(tmp_path: Path, audio: Path) -> None:
    kept = ("-c", tmp_path / "c")
    assert "outside" in run(drums_collect.app, "add", audio, 99.0, "kick", *kept, code=2)
    assert "taxonomy" in run(drums_collect.app, "add", audio, 0.1, "zither", *kept, code=2)
    assert "not there" in run(
        drums_collect.app, "add", tmp_path / "x.wav", 0, "kick", *kept, code=2
    )
    assert "not there" in run(drums_collect.app, "stats", "-c", tmp_path / "none", code=2)
    assert "no folder" in run(drums_collect.app, "folder", audio, *kept, code=2)
    assert "no event" in run(drums_collect.app, "export", tmp_path / "set", *kept, code=2)
