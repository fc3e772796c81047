"""Hostile files: a thousand damaged ones neither crash, hang nor leave half a loop behind."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from groove.midi.notes import write_midi
from groove.midi.song import song_from_notes
from groove.ngram.corpus.folder import read_folder
from groove.ngram.corpus.processes import ReaderDiedError, run_chunks
from groove.ngram.spec import FolderSpec

MUTATIONS = 1000


def loop(seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    starts = np.arange(32) / 4
    pitch = random.choice([36, 38, 42, 46], 32)
    song = song_from_notes(starts, 0.2, pitch, 90, 0, True, [(0, 100)], [(0, 4, 4)])
    return write_midi(song)


def mutated(seeds: Sequence[bytes], random: np.random.Generator) -> bytes:
    data = bytearray(seeds[random.integers(len(seeds))])
    kind = random.integers(5)
    if kind == 0:
        return bytes(data[: random.integers(len(data))])
    if kind == 1:
        for _ in range(random.integers(1, 32)):
            data[random.integers(len(data))] ^= 1 << random.integers(8)
    elif kind == 2:
        other = seeds[random.integers(len(seeds))]
        cut = random.integers(len(data))
        data[cut:] = other[random.integers(len(other)) :]
    elif kind == 3:
        at = int(random.integers(len(data)))
        data[at:at] = random.bytes(int(random.integers(1, 64)))
    else:
        # Whole numbers of the header and of lengths, made as large as they go.
        at = int(random.integers(4, min(len(data), 40)))
        data[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


def test_a_thousand_mutations_are_read_or_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(20_240_501)
    seeds = [loop(seed) for seed in range(4)]
    content = {}
    for number in range(MUTATIONS):
        content[f"{number:04d}.mid"] = mutated(seeds, random)
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    folder = read_folder(tmp_path, jobs=2)
    refused = dict(folder.quarantine)
    assert {*folder.loops["path"], *refused} == {*content}
    assert not any("reader died" in reason for reason in refused.values())
    assert all(refused.values())
    assert len(refused) > MUTATIONS / 10
    # A loop is there from its first bar to its last, or not at all.
    bars = folder.bars.groupby("path")["bar"].agg(["min", "max", "size"])
    assert (bars["min"] == 0).all()
    assert (bars["max"] + 1 == bars["size"]).all()
    assert folder.bars["lost_hits"].sum() == 0
    assert {name: (tmp_path / name).read_bytes() for name in content} == content


def test_what_cannot_be_opened_is_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "loops"
    (root / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.mid").write_bytes(loop())
    (root / "good.mid").write_bytes(loop())
    (root / "deep" / "other.mid").write_bytes(loop(1))
    (root / "empty.mid").write_bytes(b"")
    (root / "large.mid").write_bytes(loop() + b"\0" * 2_000_000)
    (root / "link.mid").symlink_to(outside / "secret.mid")
    (root / "linked").symlink_to(outside)
    (root / "gone.mid").symlink_to(root / "nowhere.mid")
    (root / "words.mid").write_text("no music")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.mid")).write_bytes(loop())
    os.mkfifo(root / "pipe.mid")
    folder = read_folder(root, filters=FolderSpec(max_file_mb=1), jobs=1)
    assert folder.loops["path"].tolist() == ["deep/other.mid", "good.mid"]
    reasons = dict(folder.quarantine)
    assert "leads out" in reasons["link.mid"]
    assert "link" in reasons["linked"]
    assert reasons["empty.mid"] == "empty file"
    assert "2 MB" in reasons["large.mid"]
    assert "not UTF-8" in reasons["caf\\xe9.mid"]
    assert "no plain file" in reasons["pipe.mid"]
    assert "no MThd" in reasons["words.mid"]
    assert {"gone.mid"} <= {*reasons}
    assert not any("secret" in path for path in folder.bars["path"])


def _echo(items: Sequence[str]) -> list[str]:
    for item in items:
        if item == "dies":
            os._exit(9)
        if item == "hangs":
            time.sleep(600)
    return [item.upper() for item in items]


@pytest.mark.parametrize("culprit", ["dies", "hangs"])
def test_the_one_that_kills_or_hangs_its_reader_is_found(culprit: str) -> None:
    chunks = [["a", "b"], ["c", culprit, "d"], ["e"]]
    found = dict(run_chunks(_echo, chunks, jobs=2, limit_s=2.0))
    assert isinstance(found.pop(culprit), ReaderDiedError)
    assert found == {name: name.upper() for name in "abcde"}
