"""Histograms under a context that is known to a greater or lesser depth.

A table counts outcomes under contexts of several parts, the most useful part first. The shares
under a context are its counts plus some imagined ones, drawn from the shares under the context
without its last part (a Dirichlet prior; MacKay and Peto 1995, "A hierarchical Dirichlet language
model"); at the root stands the uniform distribution.

What belongs here: counting, smoothing, packing. What does not: what a context means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def counted(parts: Sequence[Ints], outcome: Ints, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return ``int32[shape]``: how often each outcome (last axis) occurs under each context."""
    flat = np.ravel_multi_index((*parts, outcome), shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).astype(np.int32).reshape(shape)


def cumulative(counts: NDArray[np.int32], imagined: Sequence[float]) -> Floats:
    """Return the cumulative shares of outcomes under each full context.

    Parameters
    ----------
    counts
        ``int32[part 1, ..., part n, outcomes]``.
    imagined
        Imagined counts per depth: without any part, with the first, ..., with all.

    Returns
    -------
    numpy.ndarray
        ``float64`` of the same shape.
    """
    depth, outcomes = counts.ndim - 1, counts.shape[-1]
    shares: Floats = np.full(outcomes, 1.0 / outcomes)
    for known, prior in enumerate(imagined):
        here = counts.sum(axis=tuple(range(known, depth)), dtype=np.float64)
        total = here.sum(axis=-1, keepdims=True)
        above = shares if known == 0 else shares[..., None, :]
        shares = (here + prior * above) / (total + prior)
    return np.asarray(np.cumsum(shares, axis=-1))


def packed(counts: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (flat places, counts) of what occurred at all; most of a table never does."""
    at = np.flatnonzero(counts)
    return at.astype(np.int32), counts.ravel()[at]


def unpacked(
    at: NDArray[np.int32], count: NDArray[np.int32], shape: tuple[int, ...]
) -> NDArray[np.int32]:
    """Return the table that :func:`packed` took apart.

    Raises
    ------
    ValueError
        If a place is outside the table, or a count below 1.
    """
    size = int(np.prod(shape))
    if len(at) != len(count) or (len(at) and (at.min() < 0 or at.max() >= size or count.min() < 1)):
        raise ValueError("histograms of hits are damaged: a place or count is out of range")
    table = np.zeros(size, dtype=np.int32)
    table[at] = count
    return table.reshape(shape)
