"""Gates and summaries of the bar-phase tables.

What belongs here: what must hold of renders, chunks and the model. What does not: how a gate is
shown or enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from groove.core.gates import Gate
from groove.core.splits import TEST, crossing
from groove.phase.judge.intervals import Interval, mean_interval
from groove.phase.judge.table import COUNTED, DOCUMENTED, OURS
from groove.phase.labels import FRAME_RATE_HZ

#: Well under chance (1.0): a network that only knows the beat, not the bar, stays above.
MAX_TEST_LOSS = 0.8
#: Largest rank correlation of confidence and error over chunks: error must fall with confidence.
MAX_CONFIDENCE_CORRELATION = -0.2
#: Largest difference between runtimes.
MAX_PARITY_ERROR = 1e-4
#: Confidence that a model may have where there is no beat to hear.
MAX_IDLE_CONFIDENCE = 0.3
#: Of one core, for 20 ms of sound.
MAX_MS_PER_FRAME = 1.0
#: Runtimes whose parity every release has measured; onnxruntime-web is held to it where it runs.
RUNTIMES = ("torch_step", "onnxruntime")
_CHUNK = ("path", "soundfont", "rate", "chunk", "anticipation_s")


def bars_cover_the_audio(song_renders: pd.DataFrame) -> Gate:
    """Bars are known from a render's first second to its last note."""
    shares = [
        min(1.0, (float(bars[-1]) - float(bars[0])) / seconds)
        for bars, seconds in zip(
            song_renders.get("bar_start_s", []), song_renders.get("seconds", []), strict=True
        )
    ]
    return Gate(
        name="song_bars_cover_audio",
        stage="song_renders",
        value=min(shares, default=None),
        threshold=0.9,
        direction="at_least",
        count=len(shares),
    )


def audio_used(phase_chunks: pd.DataFrame) -> Gate:
    """Chunks use the songs they were cut from, not a part of them."""
    used = total = 0.0
    if len(phase_chunks):
        for _, chunks in phase_chunks.groupby(["path", "soundfont", "rate"]):
            ordered = chunks.sort_values("start_s")
            reached = ordered["end_s"].cummax().shift(fill_value=0.0)
            fresh = ordered["end_s"] - np.maximum(ordered["start_s"], reached)
            used += float(fresh.clip(lower=0).sum())
            total += float(ordered["song_s"].iloc[0])
    return Gate(
        name="phase_audio_used",
        stage="phase_chunks",
        value=used / total if total else None,
        threshold=0.95,
        direction="at_least",
        count=len(phase_chunks),
    )


def labelled_frames(phase_chunks: pd.DataFrame) -> Gate:
    """Training hardly ever hears music whose place in the bar is unknown."""
    labelled = frames = 0
    if len(phase_chunks):
        for phase, start, end in zip(
            phase_chunks["phase"], phase_chunks["start_s"], phase_chunks["end_s"], strict=True
        ):
            heard = np.asarray(phase, dtype=np.float32)[: int((end - start) * FRAME_RATE_HZ)]
            labelled += int(np.isfinite(heard).sum())
            frames += len(heard)
    return Gate(
        name="phase_labelled_frames",
        stage="phase_chunks",
        value=labelled / frames if frames else None,
        threshold=0.99,
        direction="at_least",
        count=frames,
    )


def songs_on_one_side(phase_chunks: pd.DataFrame) -> Gate:
    """No song and no group of songs is on two sides of the split."""
    value = None
    if len(phase_chunks):
        value = float(sum(crossing(phase_chunks, name) for name in ("sha256", "split_group")))
    return Gate(
        name="phase_songs_crossing_splits",
        stage="phase_chunks",
        value=value,
        threshold=0.0,
        direction="at_most",
        unit="songs",
        count=int(phase_chunks["sha256"].nunique()) if len(phase_chunks) else 0,
    )


def soundfonts_on_one_side(phase_chunks: pd.DataFrame) -> Gate:
    """A soundfont that is held out for the test is heard nowhere else.

    Where no side has a soundfont of its own nothing is held out: that passes, and is said.
    """
    fonts = [set(rows["soundfont"]) for _, rows in phase_chunks.groupby("split")]
    shared = len(fonts) > 1 and all(side == fonts[0] for side in fonts)
    tested = set(phase_chunks.loc[phase_chunks["split"] == TEST, "soundfont"])
    elsewhere = set(phase_chunks.loc[phase_chunks["split"] != TEST, "soundfont"])
    value = None
    if len(phase_chunks):
        value = 0.0 if shared else float(len(tested & elsewhere))
    return Gate(
        name="phase_soundfonts_crossing_splits",
        stage="phase_chunks",
        value=value,
        threshold=0.0,
        direction="at_most",
        unit="soundfonts",
        count=len(tested | elsewhere),
        note="no soundfont is held out: give test_soundfonts" if shared else "",
    )


def phase_loss_under_chance(phase_model: pd.DataFrame) -> Gate:
    """Hold the network's own loss on songs never heard well under chance (1.0)."""
    return Gate(
        name="phase_test_loss",
        stage="phase_model",
        value=float(phase_model["value"].iloc[0]) if len(phase_model) else None,
        threshold=MAX_TEST_LOSS,
        direction="at_most",
        count=int(phase_model["test_groups"].iloc[0]) if len(phase_model) else 0,
        note="more songs, or more epochs, bring it down",
    )


def heard_phase_loss(phase_evaluation: pd.DataFrame) -> Gate:
    """Our network's loss on songs never heard is well under chance, and not by luck."""
    ours = _of(phase_evaluation, OURS)
    found = mean_interval(ours["phase_loss"].to_numpy(dtype=float), ours["split_group"])
    return Gate(
        name="phase_held_out_loss",
        stage="phase_evaluation",
        value=found.high if found and found.groups > 1 else None,
        threshold=MAX_TEST_LOSS,
        direction="at_most",
        **_interval(found),
        note="upper end of the 95 % interval over songs; chance is 1",
    )


def under_the_documented_recipe(phase_evaluation: pd.DataFrame) -> Gate:
    """Our network's loss is below that of the documented one, chunk by chunk, and not by luck."""
    found = _paired(phase_evaluation, DOCUMENTED, "phase_loss")
    return Gate(
        name="phase_loss_over_documented_recipe",
        stage="phase_evaluation",
        value=found.high if found and found.groups > 1 else None,
        threshold=0.0,
        direction="at_most",
        **_interval(found),
        note="upper end of the paired 95 % interval; train the network phase_tcn, too",
    )


def downbeats_over_counting(phase_evaluation: pd.DataFrame) -> Gate:
    """Our network finds more downbeats than counting beats to four does, and not by luck."""
    found = _paired(phase_evaluation, COUNTED, "downbeat_f")
    return Gate(
        name="phase_downbeats_over_counting",
        stage="phase_evaluation",
        value=found.low if found and found.groups > 1 else None,
        threshold=0.0,
        direction="at_least",
        **_interval(found),
        note="lower end of the paired 95 % interval of the gain in downbeat F-measure",
    )


def confidence_tells(phase_evaluation: pd.DataFrame) -> Gate:
    """Where our network is surer it is less wrong, frame by frame."""
    from groove.phase.judge.calibration import frames_of, rank_correlation

    ours = _of(phase_evaluation, OURS)
    sure, off = frames_of(ours)
    found = rank_correlation(sure, off)
    return Gate(
        name="phase_confidence_correlation",
        stage="phase_evaluation",
        value=found,
        threshold=MAX_CONFIDENCE_CORRELATION,
        direction="at_most",
        count=len(sure),
        note="rank correlation of a frame's confidence and its phase error",
    )


def streaming_parity(phase_checks: pd.DataFrame) -> Gate:
    """Streamed, at once, in ONNX Runtime and in a browser's: the same numbers.

    Every runtime with a figure is held to it, and those in :data:`RUNTIMES` must have one. Where
    onnxruntime-web cannot be run, the note says that it was not measured.
    """
    rows = _checked(phase_checks, "parity")
    measured = rows[rows["value"].notna()]
    missing = [name for name in RUNTIMES if name not in set(measured["case"])]
    unmeasured = sorted(rows.loc[rows["value"].isna(), "case"])
    return Gate(
        name="phase_streaming_parity",
        stage="phase_checks",
        value=None if missing else float(measured["value"].max()),
        threshold=MAX_PARITY_ERROR,
        direction="at_most",
        count=len(measured),
        note=f"not measured: {', '.join(unmeasured)}" if unmeasured else "",
    )


def nothing_but_numbers(phase_checks: pd.DataFrame) -> Gate:
    """Whatever comes in, a frame's figures come out, and are numbers within their ranges."""
    rows = _checked(phase_checks, "finite")
    return Gate(
        name="phase_finite_on_bad_audio",
        stage="phase_checks",
        value=float(rows["value"].min(skipna=False)) if len(rows) else None,
        threshold=1.0,
        direction="at_least",
        count=len(rows),
    )


def unsure_without_a_beat(phase_checks: pd.DataFrame) -> Gate:
    """In silence, hum, noise and rubbish there is no confidence."""
    rows = _checked(phase_checks, "bad_audio")
    return Gate(
        name="phase_confidence_without_a_beat",
        stage="phase_checks",
        value=float(rows["value"].max(skipna=False)) if len(rows) else None,
        threshold=MAX_IDLE_CONFIDENCE,
        direction="at_most",
        count=len(rows),
    )


def fast_enough(phase_checks: pd.DataFrame) -> Gate:
    """A frame of 20 ms takes at most a millisecond of one core in ONNX Runtime.

    The value is the share of models that keep to it: a time differs from run to run, and what is
    gated must be the same for the same input. The times, which are in the table, are tenth
    percentiles of what the thread itself spent on a frame: on a shared machine the median says
    more about the neighbours.
    """
    rows = _checked(phase_checks, "speed")
    rows = rows[rows["case"] == "onnxruntime"]
    return Gate(
        name="phase_frame_in_time",
        stage="phase_checks",
        value=float((rows["value"] <= MAX_MS_PER_FRAME).mean()) if len(rows) else None,
        threshold=1.0,
        direction="at_least",
        count=len(rows),
        note=f"share of models that take at most {MAX_MS_PER_FRAME:g} ms of one core for 20 ms",
    )


def _of(phase_evaluation: pd.DataFrame, tracker: str) -> pd.DataFrame:
    return phase_evaluation[phase_evaluation["tracker"] == tracker]


def _checked(phase_checks: pd.DataFrame, name: str) -> pd.DataFrame:
    return phase_checks[phase_checks["check"] == name]


def _paired(phase_evaluation: pd.DataFrame, other: str, figure: str) -> Interval | None:
    """Return the mean of ours minus another's, both on the same chunk and anticipation.

    A tracker that was not asked ahead is compared where ours was not, either.
    """
    ours, theirs = _of(phase_evaluation, OURS), _of(phase_evaluation, other)
    both = ours.merge(theirs, on=list(_CHUNK), suffixes=("", "_other"))
    if not len(both):
        return None
    gain = both[figure].to_numpy(dtype=float) - both[f"{figure}_other"].to_numpy(dtype=float)
    return mean_interval(gain, both["split_group"])


def _interval(found: Interval | None) -> dict[str, Any]:
    if found is None:
        return {"count": 0}
    if found.groups < 2:
        return {"count": found.groups}
    return {"count": found.groups, "low": found.low, "high": found.high}


GATES: Mapping[str, tuple[Callable[[pd.DataFrame], Gate], ...]] = {
    "song_renders": (bars_cover_the_audio,),
    "phase_chunks": (
        audio_used,
        labelled_frames,
        songs_on_one_side,
        soundfonts_on_one_side,
    ),
    "phase_model": (phase_loss_under_chance,),
    "phase_evaluation": (
        heard_phase_loss,
        under_the_documented_recipe,
        downbeats_over_counting,
        confidence_tells,
    ),
    "phase_checks": (streaming_parity, nothing_but_numbers, unsure_without_a_beat, fast_enough),
}


def evaluation_summary(phase_evaluation: pd.DataFrame) -> Mapping[str, Any]:
    """Return what to show of the evaluation: medians over chunks, per tracker and anticipation."""
    figures = (
        "phase_loss",
        "phase_error_ms_median",
        "phase_error_ms_p90",
        "phase_error_bars_median",
        "downbeat_f",
        "beat_f",
    )
    shown: dict[str, Any] = {"chunks": 0, "songs": 0}
    if not len(phase_evaluation):
        return shown
    shown["chunks"] = len(phase_evaluation.drop_duplicates(["path", "soundfont", "chunk"]))
    shown["songs"] = int(phase_evaluation["path"].nunique())
    for (tracker, look), rows in phase_evaluation.groupby(["tracker", "anticipation_s"]):
        found = rows[list(figures)].astype(float).median()
        shown[f"{tracker} at {look:g} s"] = _rounded(found)
    ours = phase_evaluation[
        (phase_evaluation["tracker"] == OURS) & (phase_evaluation["anticipation_s"] == 0)
    ]
    for meter, rows in ours.groupby("meter"):
        found = rows[list(figures)].astype(float).median()
        shown[f"{OURS}, meter {meter}"] = {"chunks": len(rows), **_rounded(found)}
    return shown


def _rounded(figures: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 4) for name, value in figures.dropna().items()}
