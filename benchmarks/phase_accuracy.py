"""How well bar-phase trackers follow recordings whose beats are known, all in one run.

``python -m benchmarks.phase_accuracy DIR [--model FILE] [--names LIST]`` where DIR holds
``audio/NAME.*`` and ``beats/NAME.beats``. Ours causally at anticipations 0, 0.25 and 0.5 s, and
looking ahead; librosa's beats with every fourth taken for a downbeat; peers where they are
installed. ``--names`` has a recording per line: those alone are summed up.
``--only`` runs some of the trackers, ``--markdown`` prints tables for a document.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.phase_peers import peers
from groove.phase.judge.figures import Span
from groove.phase.judge.others import counted_waveform
from groove.phase.judge.ours import tracker_of
from groove.phase.judge.recordings import Judged, Tracker, judge_folder
from groove.phase.judge.summary import grouped, medians

LOOKS = (0.0, 0.25, 0.5)
_OURS = "ours (causal)"
_SHOWN = (
    ("downbeat_f", "down F", ".3f"),
    ("beat_f", "beat F", ".3f"),
    ("phase_error_ms_median", "ms", ".0f"),
    ("phase_error_ms_p90", "p90 ms", ".0f"),
    ("phase_error_bars_median", "bars", ".3f"),
    ("phase_error_bars_p90", "p90 bars", ".3f"),
    ("phase_loss", "loss", ".3f"),
)


def main() -> None:
    """Run all and print a line per tracker and anticipation, then ours per meter."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--model", type=Path, default=None)
    asked.add_argument("--names", type=Path, default=None)
    asked.add_argument("--only", default="", help="run trackers with this in their name alone")
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--markdown", action="store_true", help="tables as they stand in the docs")
    given = asked.parse_args()
    wanted = set(given.names.read_text().split("\n")) - {""} if given.names else None

    trackers: dict[str, tuple[Callable[[], Tracker], tuple[float, ...]]] = {
        _OURS: (lambda: tracker_of(given.model), LOOKS),
        "ours (looks ahead)": (lambda: tracker_of(given.model, offline=True), (0.0,)),
        "librosa, counted to 4 (looks ahead)": (lambda: counted_waveform, (0.0,)),
        **{name: (lambda one=one: one, (0.0,)) for name, one in peers().items()},
    }
    line = _markdown if given.markdown else _plain
    titles = [title for _, title, _ in _SHOWN]
    print(line(["tracker", "ahead", "files", *titles, "seconds"], head=True))
    causal: list[Judged] = []
    for name, (make, looks) in trackers.items():
        if given.only not in name:
            continue
        started = time.perf_counter()
        report = judge_folder(given.folder, make(), looks, Span(), jobs=given.jobs)
        spent = time.perf_counter() - started
        rows = [row for key, row in report.judged.items() if wanted is None or key in wanted]
        causal = causal or (rows if name == _OURS else [])
        for look in looks:
            found = medians([row.at[look] for row in rows])
            cells = [name, f"{look:g}", str(len(rows)), *_cells(found), f"{spent:.0f}"]
            print(line(cells), flush=True)
        for key, why in report.failed.items():
            print(f"  {key}: {why}")
    print(f"\n{_OURS} by beats per bar\n")
    print(line(["beats per bar", "ahead", "files", *titles, ""], head=True))
    meters = [row.reference.meter for row in causal]
    for look in LOOKS if causal else ():
        for meter, found in grouped([row.at[look] for row in causal], meters).items():
            files = f"{found['recordings']:.0f}"
            print(line([meter, f"{look:g}", files, *_cells(found), ""]))


def _cells(found: dict[str, float]) -> list[str]:
    return [format(found[name], form) for name, _, form in _SHOWN]


def _plain(cells: list[str], *, head: bool = False) -> str:
    del head
    first, *rest = cells
    return f"{first:<38}" + "".join(f"{cell:>9}" for cell in rest)


def _markdown(cells: list[str], *, head: bool = False) -> str:
    row = f"| {' | '.join(cells)} |"
    return f"{row}\n|---|{'---:|' * (len(cells) - 1)}" if head else row


if __name__ == "__main__":
    main()
