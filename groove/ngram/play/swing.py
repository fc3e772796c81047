"""Swing: where off-beats lie.

The amount goes from 0, straight, to 1, full triplet swing. It is reached from what was played:
the mean lateness of the off-beats (against the hits on beats) is taken away first, and the rest
of their micro-timing stays.

* Off-beat eighths move from one half of the quarter towards two thirds.
* In a groove of sixteenths, and in compound meters, it is the sixteenths that swing: from one
  half of the eighth towards two thirds.
* On a triplet grid the off-beat is the third triplet; a quarter with its second triplet struck
  is a real triplet, and stays.

What belongs here: moving hits. What does not: what was learnt of micro-timing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from groove.ngram.play.heat import Form, SampleError
from groove.ngram.play.hits import UNITS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_TICKS = 480
#: Share of hits on sixteenths between the eighths from which a groove is one of sixteenths.
_SIXTEENTHS = 0.15


def swung(form: Form, step: Ints, offset: Floats, amount: float) -> tuple[Floats, str]:
    """Return (offsets in ticks, what was done).

    Parameters
    ----------
    form
        Meter and grid.
    step
        Per hit: step in the groove, bars one after the other.
    offset
        Per hit: ticks after the step, 480 to the quarter.
    amount
        0 to 1.

    Raises
    ------
    SampleError
        If the amount is out of range, or no number.
    """
    if not (math.isfinite(amount) and 0 <= amount <= 1):
        raise SampleError("swing must be between 0 (straight) and 1 (triplets)")
    # Bars may begin between quarters (7/8): places are counted from the bar.
    in_bar = step % form.steps * UNITS // form.resolution
    in_quarter = in_bar % UNITS
    quarter = step // form.steps * 4096 + in_bar // UNITS
    sixteenth = (in_quarter == 12) | (in_quarter == 36)
    if form.compound or (len(step) and sixteenth.mean() >= _SIXTEENTHS):
        off, name = sixteenth, "off-beat sixteenths"
        written, target = np.full(len(step), 0.25), 0.25 + amount / 12
    else:
        triplets = np.isin(quarter, quarter[in_quarter == 16])
        off = (in_quarter == 24) | ((in_quarter == 32) & ~triplets)
        name = "off-beat eighths"
        written, target = in_quarter / UNITS, 0.5 + amount / 6
    if not off.any():
        return offset, f"swing {amount:g}: no {name} to move"
    ahead = float(offset[in_quarter == 0].mean()) if (in_quarter == 0).any() else 0.0
    # Straight and triplet off-beats of one groove come to lie together.
    within = offset[off] - _means_by(written[off], offset[off])
    moved = offset.copy()
    moved[off] = np.rint((target - written[off]) * _TICKS + ahead + within)
    shift = float((moved - offset)[off].mean())
    return (
        moved,
        f"swing {amount:g}: {int(off.sum())} {name} moved by {shift:+.0f} ticks on average",
    )


def _means_by(kind: Floats, value: Floats) -> Floats:
    means = np.zeros(len(value))
    for each in np.unique(kind):
        mine = kind == each
        means[mine] = value[mine].mean()
    return means
