"""One file from the web: resumed, checked, and whole or not there at all.

What belongs here: HTTP and checksums. What does not: which files (:mod:`groove.cli.fetching`)
and unpacking (:mod:`groove.cli.archives`).
"""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_SPACE_TO_SPARE = 200_000_000
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_WHOLE_SIZE = re.compile(r"bytes \*/(\d+)")

Progress = Callable[[int, int | None], None]


class FetchError(RuntimeError):
    """Something could not be fetched; the message names the URL and what to do."""


@dataclass(frozen=True)
class Remote:
    """A file on the web.

    Parameters
    ----------
    url
        Where it is; HTTP or HTTPS.
    name
        What it is called here.
    algorithm, checksum
        ``sha256``, ``sha1`` or ``md5`` and its value in hexadecimal; None if nobody published one.
    bytes
        Its approximate size; None if unknown.
    folder
        Folder below the data set's that it is unpacked into.
    """

    url: str
    name: str
    algorithm: str | None = None
    checksum: str | None = None
    bytes: int | None = None
    folder: str = ""


def download(
    remote: Remote,
    target: Path,
    *,
    timeout_s: float = 20.0,
    attempts: int = 4,
    pause_s: float = 2.0,
    progress: Progress | None = None,
) -> Path:
    """Download one file to ``target``, going on where an earlier try stopped.

    The bytes gather in ``<target>.part``, which takes the name ``target`` only when its checksum
    is right.

    Parameters
    ----------
    remote
        What to download.
    target
        Where to; if it is there with the right checksum, nothing is done.
    timeout_s
        How long the server may be silent, seconds.
    attempts, pause_s
        How often a broken connection is resumed, and the wait before, seconds.
    progress
        Called with bytes so far and in all (None if unknown).

    Raises
    ------
    FetchError
        No network, the server refuses, the disk is full, or the checksum is wrong.
    """
    if target.exists() and checksum_is_right(remote, target):
        return target
    if urllib.parse.urlsplit(remote.url).scheme not in {"http", "https"}:
        raise FetchError(f"{remote.url} is neither http nor https")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    _require_space(remote, part)
    for attempt in range(attempts):
        try:
            _transfer(remote, part, timeout_s, progress)
            break
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500:
                raise FetchError(_refused(remote, target, error)) from error
            problem: Exception = error
        except (OSError, http.client.HTTPException) as error:
            problem = error
        if attempt + 1 == attempts:
            raise FetchError(_unreachable(remote, target, problem)) from problem
        time.sleep(pause_s * 2**attempt)
    if not checksum_is_right(remote, part):
        part.unlink()
        raise FetchError(
            f"{remote.url} is not the file that was published ({remote.algorithm} differs from "
            f"{remote.checksum}); it was deleted. Try again; if it stays so, the server's file has "
            "changed"
        )
    part.replace(target)
    return target


def checksum_is_right(remote: Remote, path: Path) -> bool:
    """Return whether a file has the published checksum; without one, whether it is not empty."""
    if remote.algorithm is None or remote.checksum is None:
        return path.stat().st_size > 0
    found = hashlib.new(remote.algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest() == remote.checksum.lower()


def _transfer(remote: Remote, part: Path, timeout_s: float, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "groove-fetch", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(remote.url, headers=headers)  # noqa: S310  # scheme is checked
    try:
        response = _opener().open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        error.close()
        whole = _WHOLE_SIZE.fullmatch(error.headers.get("Content-Range", ""))
        if whole and int(whole[1]) == have:
            return  # the earlier try had got everything but the rename
        part.unlink()
        raise ConnectionError("the part that was there does not fit") from error
    with response:
        resumed = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if goes_on and not (resumed and int(resumed[1]) == have):
            part.unlink(missing_ok=True)
            raise ConnectionError("the server sent another part than asked for")
        have = have if goes_on else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with part.open("ab" if goes_on else "wb") as file:
            while chunk := response.read(_CHUNK_BYTES):
                file.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(have, total)
    if total is not None and have < total:
        raise ConnectionError(f"the connection broke after {have:,} of {total:,} bytes")


def _opener() -> urllib.request.OpenerDirector:
    # Only HTTP: no redirect may lead to a local file or an FTP server.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _require_space(remote: Remote, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    needed = (remote.bytes or 0) - have + _SPACE_TO_SPARE
    free = shutil.disk_usage(part.parent).free
    if remote.bytes and free < needed:
        raise FetchError(
            f"{part.parent} has {free / 1e9:.1f} GB free, {remote.name} needs {needed / 1e9:.1f}: "
            "choose another folder with --into"
        )


def _refused(remote: Remote, target: Path, error: urllib.error.HTTPError) -> str:
    return (
        f"the server answered {error.code} {error.reason} for {remote.url}. If it asks for an "
        f"account, download the file in a browser, save it as {target} and run this again"
    )


def _unreachable(remote: Remote, target: Path, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return (
        f"cannot download {remote.url}: {reason}. Is there a network connection? What has arrived "
        f"is kept and the next run goes on from there. Or download the file elsewhere, save it as "
        f"{target} and run this again"
    )
