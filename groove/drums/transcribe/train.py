"""Training of the transcriber on the pipeline's recordings: the row of ``drum_transcriber``.

What belongs here: splits, the tracker, the headline. What does not: the loop and its figures
(:mod:`groove.drums.transcribe.learn`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd

from groove.core.digest import table_digest
from groove.core.models import Headline, model_row
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.core.store import Store
from groove.core.tracking import Tracker
from groove.drums.transcribe.recordings import recording
from groove.drums.transcribe.spec import LevelSpec, TranscriberSpec
from groove.drums.transcribe.tables import DRUM_LEVELS

VERSION = "1"


class SplitError(ValueError):
    """Recordings that cannot be trained on together; the message says why."""


def train(
    drum_levels: pd.DataFrame, spec: TranscriberSpec, store: Store, tracker: Tracker
) -> Iterator[dict[str, Any]]:
    """Yield the row of ``drum_transcriber``.

    Raises
    ------
    SplitError
        If a side of the split has no recording, or their levels are of different settings.
    """
    from groove.drums.transcribe import learn

    settings = sorted(set(drum_levels["level_spec_json"]))
    if len(settings) != 1:
        raise SplitError(f"levels of {len(settings)} settings: make drum_levels again")
    level = LevelSpec(**json.loads(settings[0]))
    parts = {}
    for split in (TRAIN, VALIDATION, TEST):
        rows = drum_levels[drum_levels["split"] == split]
        if not len(rows):
            raise SplitError(f"no recording is on the side {split!r}: add songs or grooves")
        parts[split] = [recording(row, store) for row in rows.to_dict(orient="records")]
    inputs = {"drum_levels": table_digest(drum_levels, DRUM_LEVELS)}
    with tracker.run("drum_transcriber", spec.model_dump(), inputs) as run:
        started = time.monotonic()
        trained, fitted = learn.learn(parts[TRAIN], parts[VALIDATION], spec, level, run=run)
        seconds = time.monotonic() - started
        figures = learn.figures(trained, parts[TEST], "test", learn.majority_of(parts[TRAIN]))
        figures["best_epoch"] = float(fitted.best_epoch)
        figures["parameters"] = float(sum(p.numel() for p in trained.network.parameters()))
        run.log(figures, step=len(fitted.history))
        data = trained.to_bytes()
        run.model("drum_transcriber", {"model.safetensors": data})
        learnt = drum_levels[drum_levels["split"] == TRAIN]
        yield model_row(
            spec=spec.model_dump(),
            headline=Headline(
                "test_micro_f1",
                figures["test_micro_f1"],
                "commonest class",
                figures["test_rise_micro_f1"],
                higher_is_better=True,
            ),
            metrics=figures,
            history=fitted.history,
            data=data,
            blob=store.write(data, ".safetensors"),
            groups=(
                int(learnt["split_group"].nunique()),
                int(drum_levels.loc[drum_levels["split"] == TEST, "split_group"].nunique()),
            ),
            inputs=inputs,
            licenses=sorted(set(learnt["license"])),
            run_id=run.id,
            train_seconds=seconds,
        )
