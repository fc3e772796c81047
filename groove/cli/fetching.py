"""Open data sets: which there are, under what licence, and bringing one home.

What belongs here: the catalogue (``datasets.yaml``, mirdata) and the steps of a fetch. What does
not: HTTP (:mod:`groove.cli.downloading`), archives (:mod:`groove.cli.archives`), the command
(:mod:`groove.cli.fetch`).
"""

from __future__ import annotations

import difflib
import json
import posixpath
import shutil
import urllib.parse
import warnings
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from groove.cli.archives import ArchiveError, is_archive, replace_folder, unpack
from groove.cli.downloading import FetchError, Progress, Remote, download

MIRDATA_PREFIX = "mirdata:"
SOURCES_FILE = "sources.yaml"

_DONE = ".fetched.json"
_ALGORITHMS = ("sha256", "sha1", "md5")


class Dataset(BaseModel):
    """One data set of the catalogue; see the head of ``datasets.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    home: str
    license: str
    terms: str
    bytes: int | None = None
    files: list[dict[str, Any]] = []
    mirdata: dict[str, Any] | None = None
    folders: list[dict[str, Any]] = []

    @property
    def size(self) -> int | None:
        """Approximate bytes to download, if known."""
        known = [file["bytes"] for file in self.files if file.get("bytes")]
        return self.bytes or (sum(known) if known else None)


def catalogue() -> dict[str, Dataset]:
    """Return our own data sets by name, in the order of the file."""
    text = resources.files("groove.cli").joinpath("datasets.yaml").read_text(encoding="utf-8")
    return {name: Dataset(name=name, **row) for name, row in yaml.safe_load(text).items()}


def find(name: str) -> Dataset:
    """Return a data set of the catalogue, or any of mirdata's as ``mirdata:NAME``.

    Raises
    ------
    FetchError
        If nobody knows it; the message has the names nearest to it.
    """
    known = catalogue()
    if name in known:
        return known[name]
    if name.startswith(MIRDATA_PREFIX):
        return _from_mirdata(name)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(known)}"
    raise FetchError(f"no data set is called {name!r}: {hint}, or mirdata:NAME")


def remotes(dataset: Dataset) -> list[Remote]:
    """Return the files of a data set.

    Raises
    ------
    FetchError
        If mirdata is needed and not installed, or has nothing to download.
    """
    if dataset.mirdata is None:
        return [_remote(file) for file in dataset.files]
    name, parts = dataset.mirdata["name"], dataset.mirdata.get("parts")
    listed = _initialised(name).remotes or {}
    wanted = {part: listed[part] for part in parts} if parts else listed
    found = [remote for entry in wanted.values() for remote in _of_mirdata(entry)]
    if not found:
        raise FetchError(f"mirdata has nothing to download for {name}; see {dataset.home}")
    return found


def fetch(
    dataset: Dataset,
    into: Path,
    *,
    accept_license: bool,
    keep_archives: bool = False,
    progress: Callable[[Remote], Progress] | None = None,
    timeout_s: float = 20.0,
    pause_s: float = 2.0,
) -> Path:
    """Bring a data set to ``into/<name>``; return its sources file, ready for ``GROOVE_RAW``.

    What is already there is not fetched again; what is half there is resumed.

    Parameters
    ----------
    dataset
        What to fetch.
    into
        Folder of data sets.
    accept_license
        Whether the user has accepted ``dataset.license`` and ``dataset.terms``.
    keep_archives
        Keep the downloads after unpacking.
    progress
        Gives the progress callback of each file.
    timeout_s, pause_s
        As in :func:`groove.cli.downloading.download`.

    Raises
    ------
    FetchError
        The licence is not accepted, or something cannot be downloaded or unpacked.
    """
    if not accept_license:
        raise FetchError(
            f"the licence of {dataset.name} is not accepted: {dataset.license}. {dataset.terms}"
        )
    files = remotes(dataset)
    target = into / _folder_name(dataset.name)
    state = {remote.url: remote.checksum for remote in files}
    if _standing(target) == state:
        return target / SOURCES_FILE
    downloads = into / f".{target.name}.downloads"
    paths = [
        download(
            remote,
            downloads / remote.name,
            timeout_s=timeout_s,
            pause_s=pause_s,
            progress=progress(remote) if progress else None,
        )
        for remote in files
    ]
    fresh = into / f".{target.name}.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    for remote, path in zip(files, paths, strict=True):
        _place(remote, path, fresh)
    (fresh / SOURCES_FILE).write_text(_sources(dataset), encoding="utf-8")
    (fresh / _DONE).write_text(json.dumps(state, sort_keys=True), encoding="utf-8")
    replace_folder(fresh, target)
    if not keep_archives:
        shutil.rmtree(downloads)
    return target / SOURCES_FILE


def _place(remote: Remote, path: Path, fresh: Path) -> None:
    folder = fresh / remote.folder if remote.folder else fresh
    folder.mkdir(parents=True, exist_ok=True)
    if not is_archive(remote.name):
        shutil.copyfile(path, folder / remote.name)
        return
    try:
        unpack(path, folder)
    except ArchiveError as error:
        raise FetchError(f"{remote.url}: {error}") from error


def _sources(dataset: Dataset) -> str:
    head = f"# {dataset.title}\n# {dataset.home}\n# {dataset.license}: {dataset.terms}\n"
    rows = [
        {"source": dataset.name, "license": dataset.license, **folder} for folder in dataset.folders
    ]
    return head + yaml.safe_dump(rows, sort_keys=False, allow_unicode=True)


def _standing(target: Path) -> Mapping[str, Any] | None:
    done = target / _DONE
    return dict(json.loads(done.read_text(encoding="utf-8"))) if done.exists() else None


def _remote(file: Mapping[str, Any]) -> Remote:
    algorithm = next((name for name in _ALGORITHMS if name in file), None)
    return Remote(
        url=file["url"],
        name=_file_name(file["url"]),
        algorithm=algorithm,
        checksum=str(file[algorithm]) if algorithm else None,
        bytes=file.get("bytes"),
    )


def _of_mirdata(entry: Any) -> list[Remote]:
    entries = entry if isinstance(entry, list) else [entry]
    return [
        Remote(
            url=item.url,
            name=_file_name(item.filename),
            algorithm="md5" if item.checksum else None,
            checksum=item.checksum or None,
            folder=_relative(item.destination_dir),
        )
        for item in entries
    ]


def _from_mirdata(name: str) -> Dataset:
    short = name.removeprefix(MIRDATA_PREFIX)
    # mirdata itself only prints it: there is no public way to the text.
    terms = str(_initialised(short)._license_info or "No licence is stated.")
    return Dataset(
        name=name,
        title=f"{short}, as listed by mirdata",
        home=f"https://mirdata.readthedocs.io/en/stable/source/mirdata.html#{short}",
        license="LicenseRef-see-terms",
        terms=" ".join(terms.split()),
        mirdata={"name": short},
    )


def _initialised(name: str) -> Any:
    try:
        import mirdata
    except ImportError as error:
        raise FetchError(
            "this data set comes through mirdata: pip install 'groove-dagster[datasets]'"
        ) from error
    if name not in mirdata.list_datasets():
        raise FetchError(f"mirdata knows no {name!r}: {', '.join(mirdata.list_datasets())}")
    try:
        with warnings.catch_warnings():
            # What its cloud libraries miss is no business of a download over HTTP.
            warnings.simplefilter("ignore")
            return mirdata.initialize(name, data_home="unused")
    except (KeyError, ValueError, AttributeError) as error:
        raise FetchError(f"mirdata cannot open its entry for {name}: {error}") from error


def _folder_name(name: str) -> str:
    return name.replace(":", "-")


def _file_name(text: str) -> str:
    name = posixpath.basename(urllib.parse.unquote(urllib.parse.urlsplit(text).path))
    if not name or name.startswith("."):
        raise FetchError(f"{text!r} names no file")
    return name


def _relative(folder: str | None) -> str:
    parts = [part for part in (folder or "").replace("\\", "/").split("/") if part not in {"", "."}]
    if ".." in parts:
        raise FetchError(f"{folder!r} leads out of the data set's folder")
    return "/".join(parts)
