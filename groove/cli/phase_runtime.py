"""onnxruntime-web, fetched once: the part of it that the page needs, checked against the lock.

What belongs here: getting the runtime and unpacking it. What does not: HTTP
(:mod:`groove.cli.downloading`), where it is kept (:mod:`groove.export.web`).

npm is not needed, and not used: its install would bring eleven packages more, scripts among them,
for three files. The package file is npm's, and its integrity in ``package-lock.json`` is what is
checked.
"""

from __future__ import annotations

import base64
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from groove.cli.downloading import Progress, Remote, download
from groove.export.web import (
    INTEGRITY_FILE,
    PACKAGE,
    RUNTIME_FILES,
    Pinned,
    pinned,
    runtime_folder,
    runtime_folders,
)

_REGISTRY = "https://registry.npmjs.org"
#: npm's own variable for another registry, a mirror say.
_REGISTRY_VARIABLE = "npm_config_registry"
_PACKAGE_BYTES = 33_200_000
_MAX_FILE_BYTES = 64_000_000


class RuntimeFetchError(ValueError):
    """A package file that is not what the lock says, or no place to put it."""


def ensure_runtime(progress: Progress | None = None) -> Path:
    """Return the folder with the runtime, after fetching it if it is not there.

    Raises
    ------
    RuntimeFetchError
        If it cannot be unpacked, or may be written nowhere.
    groove.cli.downloading.FetchError
        If it cannot be fetched.
    """
    found = runtime_folder()
    if found is not None:
        return found
    wanted = pinned()
    target = _writable(runtime_folders())
    # Resumed by the next try if the connection breaks.
    archive = download(
        remote(wanted), target.parent / f".{PACKAGE}-{wanted.version}.tgz", progress=progress
    )
    unpack(archive, target, wanted)
    archive.unlink()
    return target


def remote(wanted: Pinned) -> Remote:
    """Return the package file in the registry.

    Raises
    ------
    RuntimeFetchError
        If the lock has no sha512 for it.
    """
    algorithm, _, value = wanted.integrity.partition("-")
    if algorithm != "sha512":
        raise RuntimeFetchError(f"package-lock.json pins {PACKAGE} by {algorithm}, not by sha512")
    registry = (os.environ.get(_REGISTRY_VARIABLE) or _REGISTRY).rstrip("/")
    return Remote(
        url=f"{registry}/{PACKAGE}/-/{PACKAGE}-{wanted.version}.tgz",
        name=f"{PACKAGE} {wanted.version}",
        algorithm=algorithm,
        checksum=base64.b64decode(value).hex(),
        bytes=_PACKAGE_BYTES,
    )


def unpack(archive: Path, target: Path, wanted: Pinned) -> None:
    """Put the runtime's files, and nothing else of the package, into the folder ``target``.

    All of them or none: they are written aside and renamed into place.

    Raises
    ------
    RuntimeFetchError
        If the package has one of them not, or not as a plain file of sensible size.
    """
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        with tarfile.open(archive, "r:gz") as package:
            for name in RUNTIME_FILES:
                (aside / name).write_bytes(_member(package, name))
        (aside / INTEGRITY_FILE).write_text(f"{wanted.integrity}\n", encoding="utf-8")
        # mkdtemp lets only its maker in; whoever may read the page may read these.
        aside.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        aside.replace(target)
    except tarfile.TarError as error:
        raise RuntimeFetchError(f"{archive} is no package of npm: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _member(package: tarfile.TarFile, name: str) -> bytes:
    # Read by name: what else the package says about paths, links and owners is not followed.
    try:
        member = package.getmember(f"package/dist/{name}")
    except KeyError as error:
        raise RuntimeFetchError(
            f"{PACKAGE} has no dist/{name}: was its version changed?"
        ) from error
    if not member.isfile() or not 0 < member.size <= _MAX_FILE_BYTES:
        raise RuntimeFetchError(f"dist/{name} in {PACKAGE} is no plain file of sensible size")
    file = package.extractfile(member)
    if file is None:
        raise RuntimeFetchError(f"dist/{name} in {PACKAGE} cannot be read")
    with file:
        return file.read()


def _writable(folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder.parent, os.W_OK):
            return folder
    raise RuntimeFetchError(
        f"{PACKAGE} cannot be kept: {' and '.join(str(folder.parent) for folder in folders)} "
        "may not be written; set XDG_CACHE_HOME to a folder that may"
    )
