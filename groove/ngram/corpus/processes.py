"""Reading files in other processes: a file may kill or hang what reads it.

What belongs here: calling a function on items in worker processes, with a limit of time, and finding
the item that a worker died or hung on. What does not: what is read (:mod:`groove.ngram.corpus.folder`).

Items go out in chunks. When a worker dies, or none has answered for the time limit, the workers are
ended and what is unanswered goes on one item at a time; the one that ends a worker again is the
culprit and gets an error, the others their result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: What a fresh worker may take for its imports, seconds.
_START_S = 60.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class ReaderDiedError(RuntimeError):
    """The process that read an item died or hung."""


def run_chunks(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    chunks: Sequence[Sequence[Item]],
    *,
    jobs: int,
    limit_s: float,
) -> Iterator[tuple[Item, Result | ReaderDiedError]]:
    """Yield (item, result) as they come, a :class:`ReaderDiedError` for an item that ends its reader.

    Parameters
    ----------
    function
        A module-level function from a chunk of items to one result each.
    chunks
        What is sent to a worker at a time.
    jobs
        Worker processes; 0 takes one per core.
    limit_s
        Longest time without an answer; per item, once something went wrong.
    """
    count = jobs or os.cpu_count() or 1
    left = dict(enumerate(chunks))
    pool, alone = _Pool(count), _Pool(1)
    try:
        for number, results in _answers(function, left, pool, limit_s):
            yield from zip(left.pop(number), results, strict=True)
        pool.close()
        for chunk in left.values():
            for item in chunk:
                answers = list(_answers(function, {0: [item]}, alone, limit_s))
                if answers:
                    yield item, answers[0][1][0]
                else:
                    reason = f"its reader died, or took longer than {limit_s:g} s"
                    yield item, ReaderDiedError(reason)
    finally:
        pool.close()
        alone.close()


def _answers(
    function: Callable[[Sequence[Any]], Sequence[Any]],
    chunks: dict[int, Sequence[Any]],
    pool: _Pool,
    limit_s: float,
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield (chunk, results) until all are answered, a worker dies or the time is up."""
    if not chunks:
        return
    executor = pool.executor()
    try:
        # Importing what the function needs is not held against the first file.
        executor.submit(function, []).result(timeout=_START_S)
        pending: dict[Future[Any], int] = {
            executor.submit(function, chunk): number for number, chunk in list(chunks.items())
        }
        while pending:
            done, _ = wait(pending, timeout=limit_s, return_when=FIRST_COMPLETED)
            if not done:
                pool.close()
                return
            for future in done:
                number = pending.pop(future)
                yield number, future.result()
    except BrokenProcessPool:
        pool.close()


class _Pool:
    """Worker processes with one thread each, started when they are first needed.

    They are our own: the pool that joblib keeps for the whole process is another kind, and one
    must not be found where the other is expected.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._executor: Any = None

    def executor(self) -> Any:
        """Return the executor."""
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        if self._executor is None:
            threads = dict.fromkeys(_THREADS, "1")
            self._executor = ProcessPoolExecutor(max_workers=self._jobs, env=threads)
        return self._executor

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None
