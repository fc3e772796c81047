"""Gates over what a bar-phase model was measured at: on held-out chunks, and on what it must stand.

What belongs here: verdicts on ``phase_evaluation`` and ``phase_checks``. What does not: measuring
(:mod:`groove.phase.judge.table`, :mod:`groove.phase.judge.checks`), gates over data
(:mod:`groove.phase.quality`).
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from groove.core.gates import Gate
from groove.phase.judge.checks import NOT_REQUIRED
from groove.phase.judge.intervals import Interval, mean_interval
from groove.phase.judge.table import COUNTED, DOCUMENTED, OURS

#: Well under chance (1.0): a network that only knows the beat, not the bar, stays above.
MAX_TEST_LOSS = 0.8
#: Largest rank correlation of confidence and error over chunks: error must fall with confidence.
MAX_CONFIDENCE_CORRELATION = -0.2
#: How much higher than the cosine of its error a model's confidence may be, in the mean over classes.
MAX_OVERCONFIDENCE = 0.15
#: Largest difference between runtimes.
MAX_PARITY_ERROR = 1e-4
#: Confidence that a model may have where there is no beat to hear.
MAX_IDLE_CONFIDENCE = 0.2
#: Of one core, for 20 ms of sound.
MAX_MS_PER_FRAME = 1.0
#: Runtimes whose parity every release has measured.
RUNTIMES = ("torch_step", "onnxruntime", "onnxruntime_web")
#: Of the shipped model, on plain clicks: an untrained network stays under 0.3.
MIN_SHIPPED_DOWNBEATS = 0.7
_CHUNK = ("path", "soundfont", "rate", "chunk", "anticipation_s")


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


def confidence_is_honest(phase_evaluation: pd.DataFrame) -> Gate:
    """Our network is as right as it says, or more so; class of confidence by class."""
    from groove.phase.judge.calibration import frames_of, overconfidence

    sure, off = frames_of(_of(phase_evaluation, OURS))
    return Gate(
        name="phase_overconfidence",
        stage="phase_evaluation",
        value=overconfidence(sure, off) if len(sure) else None,
        threshold=MAX_OVERCONFIDENCE,
        direction="at_most",
        count=len(sure),
        note="how much confidence is above the mean cosine of the error, over its classes",
    )


def streaming_parity(phase_checks: pd.DataFrame) -> Gate:
    """Streamed, at once, in ONNX Runtime and in a browser's: the same numbers.

    A runtime that is missing is red, unless the settings say that it need not be there; then the
    note says that it was not measured.
    """
    rows = _checked(phase_checks, "parity")
    measured = rows[rows["value"].notna()]
    missing = rows[rows["value"].isna()]
    excused = set(missing.loc[missing["note"].str.startswith(NOT_REQUIRED), "case"])
    lacking = set(RUNTIMES) - set(measured["case"])
    return Gate(
        name="phase_streaming_parity",
        stage="phase_checks",
        value=None if lacking - excused or not len(measured) else float(measured["value"].max()),
        threshold=MAX_PARITY_ERROR,
        direction="at_most",
        count=len(measured),
        note=f"not measured: {', '.join(sorted(lacking))}" if lacking else "",
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
    """In silence, hum, noise, wind, talk and rubbish there is no confidence, nor after the music."""
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
    gated must be the same for the same input. The times, which are in the table, are medians of
    what the thread itself spent on a frame.
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


def shipped_model_follows(phase_checks: pd.DataFrame) -> Gate:
    """The model that comes with the package finds the bars of plain clicks."""
    return _shipped(
        phase_checks,
        "clicks_downbeat_f",
        "phase_shipped_downbeats",
        MIN_SHIPPED_DOWNBEATS,
        "at_least",
    )


def shipped_files_are_one(phase_checks: pd.DataFrame) -> Gate:
    """The ONNX file that comes with the package is that of the weights beside it."""
    return _shipped(
        phase_checks, "onnx_from_weights", "phase_shipped_parity", MAX_PARITY_ERROR, "at_most"
    )


def _shipped(
    phase_checks: pd.DataFrame,
    case: str,
    name: str,
    threshold: float,
    direction: Literal["at_least", "at_most"],
) -> Gate:
    rows = _checked(phase_checks, "released")
    found = rows.loc[rows["case"] == case, "value"].dropna()
    return Gate(
        name=name,
        stage="phase_checks",
        value=float(found.iloc[0]) if len(found) else None,
        threshold=threshold,
        direction=direction,
        count=len(found),
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
