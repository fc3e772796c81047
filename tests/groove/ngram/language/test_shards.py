"""A killed count goes on; half a shard is never taken up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from groove.ngram.language import shards
from groove.ngram.language.context import CHAINS
from groove.ngram.language.counts import CountError, batches_of, count_batches
from groove.ngram.spec import NgramSpec

Make = Callable[..., pd.DataFrame]

_COUNT = """
import sys, time
from pathlib import Path
import pandas as pd
from groove.ngram.language.counts import batches_of, count_batches
from groove.ngram.spec import NgramSpec

bars = pd.read_parquet(sys.argv[1])
def slowly():
    for number, batch in enumerate(batches_of(bars, 5)):
        if number == 3:
            print("three shards", flush=True)
            time.sleep(600)
        yield batch
list(count_batches(slowly(), NgramSpec(), spill=Path(sys.argv[2]), key="corpus"))
"""


def assert_same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        assert left.keys() == right.keys()
        for name, value in left.items():
            np.testing.assert_array_equal(value, right[name], err_msg=name)


def test_a_killed_count_goes_on(make_grooves: Make, tmp_path: Path, monkeypatch: Any) -> None:
    bars = make_grooves(loops=30)
    bars.to_parquet(tmp_path / "bars.parquet")
    bars = pd.read_parquet(tmp_path / "bars.parquet")
    spill = tmp_path / "spill"
    command = [sys.executable, "-c", _COUNT, str(tmp_path / "bars.parquet"), str(spill)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "three shards\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    (folder,) = [path for path in spill.iterdir() if path.is_dir()]
    finished = sorted(folder.glob("*.json"))
    assert len([path for path in finished if path.name != "manifest.json"]) == 3
    # What a kill while writing leaves: a file aside, and a file of DuckDB's.
    (folder / f".{finished[0].stem}-bar.parquet.1.tmp").write_bytes(b"half")
    written = []
    whole = shards.packed

    def watched(features: Any) -> Any:
        written.append(len(features))
        return whole(features)

    monkeypatch.setattr(shards, "packed", watched)
    again = list(count_batches(batches_of(bars, 5), NgramSpec(), spill=spill, key="corpus"))
    assert len(written) == 3 * len(CHAINS)
    assert_same(again, list(count_batches(batches_of(bars, 5), NgramSpec())))
    assert not folder.exists()


def test_a_kill_at_any_moment_changes_nothing(make_grooves: Make, tmp_path: Path) -> None:
    bars = make_grooves(loops=24)
    bars.to_parquet(tmp_path / "bars.parquet")
    bars = pd.read_parquet(tmp_path / "bars.parquet")
    spill = tmp_path / "spill"
    code = _COUNT.replace("time.sleep(600)", "pass").replace(
        "batches_of(bars, 5)):", "batches_of(bars, 1)):"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "bars.parquet"), str(spill)]
    for wait in (0.0, 0.15):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
            process.wait(timeout=30)
    found = list(count_batches(batches_of(bars, 1), NgramSpec(), spill=spill, key="corpus"))
    assert_same(found, list(count_batches([bars], NgramSpec())))


def test_a_changed_loop_is_counted_again(make_loop: Make, make_table: Make, tmp_path: Path) -> None:
    def counted(second: list[int], spec: NgramSpec) -> list[dict[str, Any]]:
        bars = make_table(make_loop("a", [[1, 2, 1, 2]]), make_loop("b", [second]))
        rows = count_batches(batches_of(bars, 1), spec, spill=tmp_path)
        # Stopped before the end: the shards stay.
        return [next(rows) for _ in range(3)]

    spec = NgramSpec()
    first, other = counted([1, 1, 1, 1], spec), counted([4, 4, 4, 4], spec)
    assert first[0]["symbols"].tolist() == [1, 2]
    assert other[0]["symbols"].tolist() == [1, 2, 4]
    assert len(list(tmp_path.glob("ngrams-*/*-bar.parquet"))) == 3
    counted([1, 1, 1, 1], NgramSpec(max_order=2))
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2


def test_two_counts_do_not_share_a_folder(make_grooves: Make, tmp_path: Path) -> None:
    bars = make_grooves(loops=4)
    rows = count_batches([bars], NgramSpec(), spill=tmp_path)
    next(rows)
    with pytest.raises(CountError, match="another process"):
        next(count_batches([bars], NgramSpec(), spill=tmp_path))
    rows.close()


def test_words_keep_the_order_of_features() -> None:
    features = np.random.default_rng(0).integers(0, 1 << 28, (200, 5))
    words = shards.packed(features)
    assert np.array_equal(shards.unpacked(words, 5), features)
    order = np.lexsort(tuple(reversed(words)))
    assert np.array_equal(order, np.lexsort(tuple(features.T[::-1])))
