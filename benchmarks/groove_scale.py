"""Time and memory of counting a corpus 1, 4 and 16 times as large: ``docs/groove-scale.md``.

    python -m benchmarks.groove_scale                      the demo corpus, printed
    python -m benchmarks.groove_scale DIR --name "..." --write   a folder of loops, into docs/

A larger corpus is the same loops again with hits dropped and added at random, so that the number
of different n-grams grows as it would with other loops. Each size is counted by a process of its
own, whose peak memory the operating system tells.

What belongs here: the measurement. What does not: short comparisons with peers
(:mod:`benchmarks.counting`).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from groove.core.digest import seed_of
from groove.core.store import MemoryStore
from groove.ngram.language import counts
from groove.ngram.spec import EventSpec, FolderSpec, NgramSpec

TIMES = (1, 4, 16)
MILLION = 1_000_000
#: Share of hits dropped, and hits added per step, in a repeated loop.
_DROPPED, _ADDED = 0.05, 0.01
_DOCS = Path(__file__).parent.parent / "docs"
_FLUSH_NGRAMS = 1 << 18
_HEADINGS = (
    "corpus",
    "loops",
    "bars",
    "n-gram events",
    "with conditions",
    "n-grams kept",
    "seconds",
    "CPU seconds",
    "peak memory, MiB",
    "counts on disk, MB",
)


def corpus(folder: Path | None) -> pd.DataFrame:
    """Return the bars of a folder of loops, or of the demo corpus."""
    if folder is not None:
        from groove.midi.spec import LoopIndexSpec
        from groove.ngram.corpus.folder import read_folder

        read = read_folder(folder, index=LoopIndexSpec(), events=EventSpec(), filters=FolderSpec())
        return read.bars
    from benchmarks.corpus import files
    from groove.ngram.corpus.events import events_of

    found = files("loops", 10_000)
    named = {path: data for path, data in found.items() if path.endswith(".mid")}
    rows: list[dict[str, Any]] = []
    for path, data in sorted(named.items()):
        item = {
            **dict.fromkeys(("feel", "section", "heat", "intensity", "density")),
            "path": path,
            "sha256": path,
            "source": "demo",
            "license": "MIT",
            "tempo_bpm": 120.0,
            "style": path.split("/")[1],
            "is_fill": "fill" in path,
            "split_group": path,
            "split": "train",
        }
        try:
            listed = list(events_of(item, EventSpec(), MemoryStore({path: data})))
        except ValueError:
            continue  # no drums
        rows.extend({"key": path, **row} for row in listed)
    return pd.DataFrame(rows)


def repeated(bars: pd.DataFrame, times: int, loops: int) -> Iterator[pd.DataFrame]:
    """Yield batches of a corpus that is so many times as large; the first time as it is."""
    for turn in range(times):
        for batch in counts.batches_of(bars, loops):
            if not turn:
                yield batch
                continue
            random = np.random.default_rng(seed_of("groove scale", turn, batch["key"].iloc[0]))
            flat = np.concatenate(batch["symbols"].to_list()).astype(np.int64)
            labels = max(1, int(flat.max()).bit_length())
            bits = flat[:, None] >> np.arange(labels) & 1 == 1
            bits &= random.random(bits.shape) >= _DROPPED
            extra = random.integers(labels, size=len(flat))
            bits[np.arange(len(flat)), extra] |= random.random(len(flat)) < _ADDED
            symbols = bits @ (1 << np.arange(labels))
            lists = np.split(symbols, np.cumsum(batch["steps"].to_numpy())[:-1])
            keys = [f"{key} {turn}" for key in batch["key"]]
            yield batch.assign(key=keys, symbols=pd.Series(lists, index=batch.index))


def measure(bars_path: Path, times: int, min_count: int, memory_mb: int) -> dict[str, Any]:
    """Count, write the counts as they come, and return figures of this process."""
    bars = pd.read_parquet(bars_path)
    spec = NgramSpec(min_count=min_count, memory_limit_mb=memory_mb, snapshot_loops=512)
    making = np.zeros(2)

    def batches() -> Iterator[pd.DataFrame]:
        # Making the larger corpus is no part of counting it.
        nonlocal making
        source = repeated(bars, times, spec.snapshot_loops)
        while True:
            begun = _clocks()
            batch = next(source, None)
            making += _clocks() - begun
            if batch is None:
                return
            yield batch

    figures = {"steps": 0, "events": 0, "ngrams": 0, "conditioned": 0}
    started = _clocks()
    with tempfile.TemporaryDirectory(dir=bars_path.parent) as spill:
        target = Path(spill) / "counts.parquet"
        writer: pq.ParquetWriter | None = None
        waiting: list[dict[str, Any]] = []
        for row in counts.count_batches(batches(), spec, spill=Path(spill)):
            counted = row["events"] + row["pruned"]
            figures["conditioned"] += counted
            figures["ngrams"] += row["ngrams"]
            if row["condition"] == "":
                figures["events"] += counted
                figures["steps"] += counted if (row["chain"], row["order"]) == ("bar", 0) else 0
            waiting.append(row)
            if sum(one["ngrams"] for one in waiting) >= _FLUSH_NGRAMS:
                writer, waiting = _written(writer, target, waiting), []
        writer = _written(writer, target, waiting)
        writer.close()
        size = target.stat().st_size
    seconds, cpu_seconds = _clocks() - started - making
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **figures,
        "times": times,
        "loops": int(bars["key"].nunique()) * times,
        "bars": len(bars) * times,
        "seconds": float(seconds),
        "cpu_seconds": float(cpu_seconds),
        "peak_mb": peak,
        "file_mb": size / 1e6,
        "min_count": min_count,
    }


def _clocks() -> np.ndarray:
    """Return (wall clock, CPU time of this process), seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def _written(
    writer: pq.ParquetWriter | None, target: Path, rows: list[dict[str, Any]]
) -> pq.ParquetWriter:
    table = pa.Table.from_pylist(rows)
    writer = writer or pq.ParquetWriter(target, table.schema)
    writer.write_table(table)
    return writer


def apart(bars_path: Path, times: int, min_count: int, memory_mb: int) -> dict[str, Any]:
    """Return the figures of one size, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.groove_scale", "--bars", str(bars_path)]
    command += ["--times", str(times), "--min-count", str(min_count), "--memory-mb", str(memory_mb)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "|" + "|".join(_HEADINGS) + "|",
        "|" + "---:|" * len(_HEADINGS),
    ]
    lines += [
        f"| {row['times']}× | {row['loops']:,} | {row['bars']:,} | {row['events'] / 1e6:.1f} M "
        f"| {row['conditioned'] / 1e6:.1f} M | {row['ngrams'] / 1e6:.2f} M "
        f"| {row['seconds']:.1f} | {row['cpu_seconds']:.1f} "
        f"| {row['peak_mb']:.0f} | {row['file_mb']:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def extrapolated(rows: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Return (CPU hours, GB on disk, log-log slope of time over size) for a million loops."""
    loops = np.array([row["loops"] for row in rows], dtype=np.float64)
    seconds = np.array([row["cpu_seconds"] for row in rows])
    slope = float(np.polyfit(np.log(loops), np.log(seconds), 1)[0])
    per_loop = (seconds[-1] - seconds[0]) / (loops[-1] - loops[0])
    kept = (rows[-1]["file_mb"] - rows[0]["file_mb"]) / (loops[-1] - loops[0])
    return float(seconds[-1] + per_loop * (MILLION - loops[-1])) / 3600, kept * MILLION / 1e3, slope


def plot(rows: list[dict[str, Any]]) -> bytes:
    """Return time and memory over size as a PNG."""
    from matplotlib.figure import Figure

    from groove.plots.figure import png

    def draw(figure: Figure) -> None:
        loops = [row["loops"] for row in rows]
        seconds, memory = figure.subplots(1, 2)
        seconds.plot(loops, [row["cpu_seconds"] for row in rows], "o-")
        seconds.set(xlabel="loops", ylabel="seconds", title="CPU time")
        seconds.set(xlim=(0, None), ylim=(0, None))
        memory.plot(loops, [row["peak_mb"] for row in rows], "o-")
        memory.axhline(2048, linestyle="--", color="grey")
        memory.set(xlabel="loops", ylabel="MiB", title="Peak memory of the process")
        memory.set(xlim=(0, None), ylim=(0, 2200))

    return png(draw, 7.0, 2.6)


def page(name: str, rows: list[dict[str, Any]], whole: dict[str, Any], memory_mb: int) -> str:
    """Return ``docs/groove-scale.md``."""
    hours, disk, slope = extrapolated(rows)
    low, high = (f(row["peak_mb"] for row in rows) for f in (min, max))
    return f"""# Counting grooves at scale

This is about counting alone. Reading loops is per file and in parallel; choosing settings and
writing the model hold the distinct n-grams in memory.

Counting takes time at most in proportion to the corpus, and bounded memory. Bars come in batches; each batch becomes a shard on disk, and DuckDB adds shards up under a memory limit,
spilling what does not fit (`groove/ngram/language/shards.py`, `merge.py`). A count that is killed
goes on from the shards it finds.

## Measured

{name}, repeated with {_DROPPED:.0%} of the hits dropped and a hit added on {_ADDED:.0%} of the
steps, so that new n-grams keep coming. 2 cores, DuckDB's limit {memory_mb} MB, `min_count`
{rows[0]["min_count"]}. An *n-gram event* is one step counted in one chain at one order; with
conditions, each counts once more for every condition of its loop. Seconds are from bars to counts
on disk, ready for the model; memory is the peak of the whole process.

{table(rows)}

![Time and memory over the number of loops](images/groove-scale.png)

CPU time, which other work on the machine does not sway, grows as size to the power of {slope:.2f}; memory stays between {low:.0f} and {high:.0f} MiB.

Without pruning (`min_count` 1), the largest of these, {whole["events"] / 1e6:.0f} M n-gram events
({whole["conditioned"] / 1e6:.0f} M with conditions), takes {whole["seconds"]:.0f} s and
{whole["peak_mb"]:.0f} MiB, and leaves {whole["ngrams"] / 1e6:.1f} M n-grams, {whole["file_mb"]:.0f} MB
on disk.

## A million loops

An extrapolation, not a measurement: at the cost of one more loop measured above, 1,000,000 loops
of this length take about {hours:.1f} hours of CPU time and {disk:.0f} GB of counts on disk. Other loops bring
more new n-grams than repeated ones do, so take both as lower bounds, and set `min_count` to 2 or
more. Memory is a batch, DuckDB's limit and, with `min_count`, 8 bytes for each context that is
kept. Near-duplicates are looked for in a table of bars that is in memory: a corpus too large for
that is counted part by part, each without its own.

`python -m benchmarks.groove_scale DIR --write --name "..."` measures a folder of loops again.
"""


def main() -> None:
    """Measure one size (``--bars``), or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--name", default="The demo corpus")
    parser.add_argument("--write", action="store_true", help="write docs/groove-scale.md")
    parser.add_argument("--bars", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--min-count", type=int, default=2)
    parser.add_argument("--memory-mb", type=int, default=256)
    given = parser.parse_args()
    if given.bars is not None:
        print(json.dumps(measure(given.bars, given.times, given.min_count, given.memory_mb)))
        return
    with tempfile.TemporaryDirectory(prefix="groove-scale-") as made:
        bars_path = Path(made) / "bars.parquet"
        corpus(given.folder).to_parquet(bars_path)
        rows = [apart(bars_path, times, given.min_count, given.memory_mb) for times in TIMES]
        print(table(rows), flush=True)
        if given.write:
            whole = apart(bars_path, TIMES[-1], 1, given.memory_mb)
            picture = _DOCS / "images" / "groove-scale.png"
            picture.write_bytes(plot(rows))
            text = page(given.name, rows, whole, given.memory_mb)
            (_DOCS / "groove-scale.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
