"""The whole graph on a small corpus: it runs, repeats, costs what is new, and survives."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import mido
import pandas as pd
import pyarrow.parquet as pq
import pytest

from groove.contracts import CONTRACTS
from groove.core.digest import table_digest
from groove.core.tables import enforce

pytestmark = [pytest.mark.graph, pytest.mark.xdist_group("graph"), pytest.mark.timeout(900)]

#: Stages that don't train: enough to see what files cost.
PER_FILE = "raw_files,song_index,loop_index,track_index,hit_index,song_renders,groove_events"


def copy_of(pipeline: Any, root: Path) -> Any:
    """The same state with a raw folder of its own, to change."""
    shutil.copytree(pipeline.root, root / "root")
    shutil.copytree(pipeline.raw, root / "raw", copy_function=shutil.copy2)
    return type(pipeline)(root / "root", root / "raw")


def digests(pipeline: Any) -> dict[str, str]:
    names = sorted(p.stem for p in (pipeline.data / "tables").glob("*.parquet"))
    return {name: table_digest(pipeline.table(name), CONTRACTS[name]) for name in names}


def test_every_table_is_there_with_rows_and_keeps_its_contract(finished: Any) -> None:
    expected = set(CONTRACTS) - {"quarantine", "release_bundle"}
    for name in sorted(expected):
        table = finished.table(name)
        enforce(table, CONTRACTS[name])
        assert len(table), f"{name} is empty"


def test_every_training_is_a_finished_run_with_a_registered_model(finished: Any) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{finished.data}/mlflow/mlflow.db"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    for stage in (
        "phase_model",
        "groove_model",
        "groove_rnn",
        "loop_ranker",
        "drum_classifier",
        "token_gru",
    ):
        for run_id in finished.table(stage)["run_id"]:
            run = client.get_run(run_id)
            assert run.info.status == "FINISHED"
            assert run.data.tags["stage"].startswith(stage)
            assert run.data.metrics
            assert client.search_model_versions(f"run_id = '{run_id}'")


def test_a_run_with_nothing_new_computes_nothing(finished: Any) -> None:
    before = digests(finished)
    blobs = {p: p.stat().st_mtime_ns for p in (finished.data / "blobs").rglob("*") if p.is_file()}
    finished.run()
    assert {
        stage: finished.last(stage)["computed"] for stage in finished.stages()
    } == dict.fromkeys(finished.stages(), 0)
    assert digests(finished) == before
    after = {p: p.stat().st_mtime_ns for p in (finished.data / "blobs").rglob("*") if p.is_file()}
    assert after == blobs


def test_one_worker_from_scratch_gives_the_same_tables(finished: Any, tmp_path: Path) -> None:
    again = type(finished)(tmp_path / "again", finished.raw)
    again.run(workers=1)
    assert digests(again) == digests(finished)


def _song(path: Path, *, meter: bool = True, notes: int = 32, hours: float = 0.0) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    if meter:
        track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(120)))
    for place in range(notes):
        pitch = 60 + place % 12
        wait = int(hours * 3600 * 960) if place == notes - 1 else 0
        track.append(mido.Message("note_on", note=pitch, velocity=90, time=wait))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=480))
    file.tracks.append(track)
    file.save(path)


def test_bad_files_end_in_quarantine_and_cost_nobody_else(finished: Any, tmp_path: Path) -> None:
    pipeline = copy_of(finished, tmp_path)
    good = len(pipeline.table("song_index"))
    songs, tracks, hits = (pipeline.raw / kind for kind in ("songs", "tracks", "hits"))
    whole = next(iter(sorted(songs.rglob("*.mid")))).read_bytes()
    (songs / "truncated.mid").write_bytes(whole[: len(whole) // 3])
    _song(songs / "thirty_hours.mid", hours=30)
    _song(songs / "no_notes.mid", notes=0)
    _song(songs / "no_meter.mid", meter=False)
    (tracks / "text.wav").write_text("This is a shopping list.")
    (hits / "empty.wav").write_bytes(b"")
    pipeline.run(PER_FILE)
    refused = pipeline.quarantine().set_index("item")["error"]
    reasons = {
        "songs/truncated.mid": "damaged MIDI file",
        "songs/thirty_hours.mid": "long|hour|limit",
        "songs/no_notes.mid": "no notes",
        "songs/no_meter.mid": "time signature|meter",
        "tracks/text.wav": "audio",
        "hits/empty.wav": "empty|zero|no ",
    }
    for item, words in reasons.items():
        assert pd.Series([refused[item]]).str.contains(words, case=False).all(), refused[item]
    assert len(pipeline.table("song_index")) == good
    assert pipeline.last("song_index")["computed"] == 4
    assert pipeline.last("song_renders")["computed"] == 0


def test_a_new_file_costs_one_file_and_a_removed_one_takes_its_rows(
    finished: Any, tmp_path: Path
) -> None:
    pipeline = copy_of(finished, tmp_path)
    songs = sorted((pipeline.raw / "songs").rglob("*.mid"))
    gone = songs[0].relative_to(pipeline.raw).as_posix()
    songs[0].unlink()
    pipeline.run(PER_FILE)
    assert pipeline.last("song_index")["computed"] == 0
    assert gone not in set(pipeline.table("song_index")["path"])
    assert gone not in set(pipeline.table("song_renders")["path"])
    shutil.copy2(finished.raw / gone, pipeline.raw / gone)
    pipeline.run(PER_FILE)
    assert pipeline.last("song_index")["computed"] == 1
    assert pipeline.last("song_renders")["computed"] == 1
    assert pipeline.last("loop_index")["computed"] == 0
    assert gone in set(pipeline.table("song_renders")["path"])


def test_killed_while_rendering_it_goes_on_where_it_was(finished: Any, tmp_path: Path) -> None:
    """SIGKILL in the middle; a reader polls all the while and never sees half a table."""
    pipeline = type(finished)(tmp_path / "killed", finished.raw)
    select = "raw_files,song_index,song_renders"
    journal = pipeline.data / "journal" / "song_renders"
    table = pipeline.data / "tables" / "song_renders.parquet"
    process = pipeline.start(select)
    while not list(journal.glob("batch-*.parquet")):
        assert process.poll() is None, "it ended before a batch was written"
        assert not table.exists()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = sum(pq.read_metadata(path).num_rows for path in journal.glob("batch-*.parquet"))
    total = len(finished.table("song_renders"))
    assert kept in range(1, total)
    # Every render leaves a blob: what was made and not kept is what is lost.
    made = sum(path.suffix == ".flac" for path in (pipeline.data / "blobs").rglob("*"))
    largest = max(pq.read_metadata(path).num_rows for path in journal.glob("batch-*.parquet"))
    assert made - kept <= largest + 2, "more than one batch, and what two workers had in hand"
    assert not table.exists()
    for path in (pipeline.data / "tables").glob("*.parquet"):
        pq.read_table(path)

    process = pipeline.start(select)
    while process.poll() is None:
        if table.exists():
            assert pq.read_metadata(table).num_rows == total
        time.sleep(0.02)
    output, _ = process.communicate()
    assert process.returncode == 0, output[-4000:]
    assert pipeline.last("song_renders")["computed"] == total - kept
    pd.testing.assert_frame_equal(pipeline.table("song_renders"), finished.table("song_renders"))
