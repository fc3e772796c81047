"""The demo corpus as raw input: composed from text, once, in parallel.

What belongs here: keeping the composed files up to date on disk. What does not: composing
(:mod:`groove.demo`).
"""

import json
import os
import posixpath

import joblib
from upath import UPath

from groove.demo.compose import DemoFile, DemoJob, compose_all, make
from groove.demo.spec import DemoSpec
from resources.files import location, remove, write_whole

_LEDGER = ".demo.json"
_BATCH = 64
_SIDECAR = ".meta.yaml"


def compose(texts: str, into: str, spec: DemoSpec, processes: int = 0) -> int:
    """Make the demo's files stand below ``into``; return how many had to be made.

    A file whose key stands is not made again; one that no text asks for any more is removed.

    Parameters
    ----------
    texts
        Folder of the demo's YAML texts.
    into
        Raw folder to fill.
    spec
        How it is performed.
    processes
        Parallel processes; 0 takes one per core.

    Raises
    ------
    FileNotFoundError
        If there are no texts.
    """
    root = location(into)
    jobs = compose_all(_texts(texts), spec)
    done: dict[str, str] = _ledger(root)
    wanted = {job.path: job for job in jobs}
    gone = sorted(set(done) - set(wanted))
    for path in gone:
        remove(root / path)
        remove(root / (posixpath.splitext(path)[0] + _SIDECAR))
        del done[path]
    todo = [job for job in jobs if done.get(job.path) != job.key or not (root / job.path).exists()]
    count = processes or joblib.cpu_count()
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]
        with joblib.parallel_config("loky", n_jobs=count, inner_max_num_threads=1):
            files: list[DemoFile] = joblib.Parallel()(joblib.delayed(make)(j, spec) for j in batch)
        for job, file in zip(batch, files, strict=True):
            _write(root, job, file)
            done[job.path] = job.key
        write_whole(root / _LEDGER, json.dumps(done, sort_keys=True).encode())
    if gone and not todo:
        write_whole(root / _LEDGER, json.dumps(done, sort_keys=True).encode())
    return len(todo)


def _texts(folder: str) -> dict[str, str]:
    base = location(folder)
    texts = {
        str(path.relative_to(base)).replace(os.sep, "/"): path.read_text(encoding="utf-8")
        for path in sorted(base.glob("**/*.yaml"))
    }
    if not texts:
        raise FileNotFoundError(
            f"no demo texts below {folder}: run from the repository's root, or set GROOVE_RAW to "
            "your own music"
        )
    return texts


def _ledger(root: UPath) -> dict[str, str]:
    path = root / _LEDGER
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def _write(root: UPath, job: DemoJob, file: DemoFile) -> None:
    if file.sidecar is not None:
        name = posixpath.splitext(job.path)[0] + _SIDECAR
        write_whole(root / name, file.sidecar.encode())
    write_whole(root / job.path, file.data)
