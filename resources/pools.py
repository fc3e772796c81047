"""Pools: calls run in other processes, here or on a cluster, and what becomes of failures.

What belongs here: running calls and naming what went wrong. What does not: which calls
there are and what is kept of them (:mod:`resources.workers`).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import joblib
from pydantic import BaseModel

from groove.core.store import Store

Row = Mapping[str, Any]
Item = dict[str, Any]
Apply = Callable[[Item, Any, Store], Iterable[Row]]

_LOG = logging.getLogger("groove.workers")
_CLUSTER_ITEMS = 64


@dataclass(frozen=True)
class Failure:
    """Why an item gave no rows, and whether the next run should try it again."""

    reason: str
    retry: bool


Outcome = tuple[list[dict[str, Any]], Failure | None]


def _apply(function: Apply, item: Item, spec: BaseModel | None, store: Store) -> Outcome:
    """Return (rows, None) or ([], failure). Runs in a worker; libraries get one thread."""
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(limits=1):
            return [dict(row) for row in function(item, spec, store)], None
    except Exception as error:  # noqa: BLE001  # any failure of one file is that file's quarantine
        # A file that is refused is refused by a ValueError; the rest may be the machine's doing.
        retry = not isinstance(error, ValueError)
        return [], Failure(f"{type(error).__name__}: {error}", retry)


def run_call(
    key: str, function: Apply, item: Item, spec: BaseModel | None, store: Store
) -> tuple[str, list[dict[str, Any]], Failure | None]:
    """Return (key, rows, failure) of one item: what a worker process runs."""
    return key, *_apply(function, item, spec, store)


def on_processes(calls: Mapping[str, Any], jobs: int) -> Iterator[Any]:
    """Run calls in local processes, never in this one: a file may kill what reads it.

    After a death, what is left goes on call by call, to find the one that kills.
    """
    from joblib.externals.loky.process_executor import BrokenProcessPool

    left = dict(calls)
    # One worker is a pool of two with one call under way at a time: joblib runs a pool of
    # one inside this process.
    dispatch: int | str = 1 if jobs == 1 else "2 * n_jobs"
    try:
        with joblib.parallel_config("loky", n_jobs=max(2, jobs), inner_max_num_threads=1):
            for result in joblib.Parallel(
                return_as="generator_unordered", pre_dispatch=dispatch, batch_size=1
            )(list(calls.values())):
                left.pop(result[0])
                yield result
        return
    except BrokenProcessPool:
        _LOG.warning("a worker process died; going on item by item to find the cause")
    for key, call in left.items():
        try:
            with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
                yield joblib.Parallel()([call])[0]
        except BrokenProcessPool as error:
            yield key, [], _died(error)


def on_cluster(calls: Mapping[str, Any], scheduler: str) -> Iterator[Any]:
    """Run calls on a Dask cluster, a handful at a time; one that kills workers is found alone."""
    from distributed import Client, KilledWorker

    client = Client(scheduler)  # type: ignore[no-untyped-call]  # distributed is untyped
    with client, joblib.parallel_config("dask", client=client):
        keys = list(calls)
        for start in range(0, len(keys), _CLUSTER_ITEMS):
            part = keys[start : start + _CLUSTER_ITEMS]
            try:
                yield from joblib.Parallel()([calls[key] for key in part])
            except KilledWorker:
                for key in part:
                    try:
                        yield joblib.Parallel()([calls[key]])[0]
                    except KilledWorker as error:
                        yield key, [], _died(error)


def _died(error: Exception) -> Failure:
    return Failure(f"WorkerDied: the process that read it died ({error})", retry=True)
