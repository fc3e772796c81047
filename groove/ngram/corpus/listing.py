"""What is in a folder of loops: its music files with their tags, and what cannot be read.

What belongs here: walking a folder safely, tags of manifests, side-cars and names, split groups.
What does not: the content of music files (:mod:`groove.ngram.corpus.folder`), the pipeline's own
raw folders (``resources``).

Conventions
-----------
* Paths are below the root, with ``/``, in order. Hidden files, and folders called ``__MACOSX``,
  are left out without a word.
* Nothing is read outside the root: a link that leads out is quarantined, like a name that is not
  UTF-8, an empty file and one over the limit of size.
* Where a recording and a MIDI file have one stem, the MIDI file is the loop: it is exact.
* Nearest wins: a side-car over the file's name, that over the manifest.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groove.core import tags
from groove.core.inputs import UNKNOWN_LICENSE, format_of
from groove.ngram.corpus.manifest import (
    MANIFEST,
    ManifestError,
    groups_of,
    of_groove_midi_name,
    read_manifest,
)
from groove.ngram.spec import FolderSpec

_MIDI_WORDS, _AUDIO_WORDS = {"mid", "midi"}, {"wav", "audio"}
_HIDDEN = ("__MACOSX",)


@dataclass
class Listing:
    """Files of a folder.

    Parameters
    ----------
    items
        Rows of ``raw_files`` in order of path, with ``split`` where a manifest says it.
    quarantine
        (path, reason) of files that are not read.
    warnings
        What was ignored, in words.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def list_folder(root: Path, filters: FolderSpec) -> Listing:
    """Return the music files below a folder, with what is known of them; opens none of them.

    Raises
    ------
    NotADirectoryError
        If ``root`` is no folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is no folder")
    listing = Listing()
    base = Path(os.path.realpath(root))
    files: dict[str, tuple[str, int]] = {}
    manifests: list[str] = []
    for relative in sorted(_walk(root, filters, listing), key=os.fsencode):
        if posixpath.basename(relative) == MANIFEST:
            manifests.append(relative)
        form = format_of(relative)
        if form is None or not _is_wanted(relative, form, filters):
            continue
        reason, size = _refused(root, base, relative, filters)
        if reason:
            listing.quarantine.append((_shown(relative), reason))
        else:
            files[relative] = (form, size)
    stems = {posixpath.splitext(path)[0] for path, (form, _) in files.items() if form == "midi"}
    kept = [
        p
        for p, (form, _) in files.items()
        if form == "midi" or posixpath.splitext(p)[0] not in stems
    ]
    if skipped := len(files) - len(kept):
        listing.warnings.append(f"{skipped} recordings left out: MIDI files of the same name")
    kept = kept[: filters.limit_files or None]
    said = _said(root, base, manifests, listing)
    about = {path: _about(root, base, path, said, listing) for path in kept}
    groups = groups_of(kept, about)
    listing.items = [
        _item(root, path, *files[path], filters, about=about[path], group=groups[path])
        for path in kept
    ]
    return listing


def _walk(root: Path, filters: FolderSpec, listing: Listing) -> Iterator[str]:
    """Yield paths of plain files and links, below the root, without following folder links."""

    def failed(error: OSError) -> None:
        listing.quarantine.append(
            (_shown(str(error.filename)), f"cannot be read: {error.strerror}")
        )

    for place, folders, names in os.walk(root, onerror=failed):
        below = os.path.relpath(place, root).replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        depth = prefix.count("/")
        for name in sorted(folders):
            if Path(place, name).is_symlink():
                listing.quarantine.append((_shown(prefix + name), "a link to a folder"))
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _HIDDEN
        )
        if depth >= filters.max_depth and folders:
            listing.warnings.append(f"{_shown(prefix)}: folders below it are too deep")
            folders[:] = []
        yield from (prefix + name for name in names if not name.startswith("."))


def _is_wanted(relative: str, form: str, filters: FolderSpec) -> bool:
    suffix = posixpath.splitext(relative)[1].lower().lstrip(".")
    for word in filters.extensions:
        asked = word.lower().lstrip(".")
        if asked in _MIDI_WORDS and form == "midi":
            return True
        if (asked in _AUDIO_WORDS and form == "audio") or asked == suffix:
            return True
    return False


def _refused(root: Path, base: Path, relative: str, filters: FolderSpec) -> tuple[str, int]:
    """Return (why a file is not read, or nothing; its size)."""
    path = root / relative
    try:
        relative.encode()
        if not Path(os.path.realpath(path)).is_relative_to(base):
            return "a link that leads out of the folder", 0
        if not path.is_file():
            return "no plain file", 0
        size = path.stat().st_size
    except UnicodeEncodeError:
        return "its name is not UTF-8: rename it", 0
    except (OSError, ValueError) as error:
        return f"cannot be read: {error}", 0
    if not size:
        return "empty file", 0
    if size > filters.max_file_mb * 1e6:
        return f"{size / 1e6:,.0f} MB; at most {filters.max_file_mb:g} are read", size
    return "", size


def _said(
    root: Path, base: Path, manifests: list[str], listing: Listing
) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for relative in manifests:
        path = root / relative
        if not Path(os.path.realpath(path)).is_relative_to(base):
            listing.quarantine.append((_shown(relative), "a link that leads out of the folder"))
            continue
        try:
            found.update(read_manifest(path.read_bytes(), posixpath.dirname(relative)))
        except (ManifestError, OSError) as error:
            listing.warnings.append(f"ignored {_shown(relative)}: {error}")
    return found


def _about(
    root: Path,
    base: Path,
    relative: str,
    said: Mapping[str, Mapping[str, Any]],
    listing: Listing,
) -> dict[str, Any]:
    stem = posixpath.splitext(relative)[0]
    beside = root / f"{stem}.meta.yaml"
    sidecar: dict[str, Any] = {}
    if beside.is_file() and Path(os.path.realpath(beside)).is_relative_to(base):
        try:
            sidecar = tags.sidecar(beside.read_bytes())
        except (tags.TagsError, OSError) as error:
            listing.warnings.append(f"ignored {stem}.meta.yaml: {error}")
    name = posixpath.basename(stem)
    return tags.merged(
        sidecar, tags.of_name(name), said.get(relative, {}), of_groove_midi_name(name)
    )


def _item(
    root: Path,
    path: str,
    form: str,
    size: int,
    filters: FolderSpec,
    *,
    about: Mapping[str, Any],
    group: str,
) -> dict[str, Any]:
    return {
        "path": path,
        "sha256": "",
        "source": str(about.get("source") or filters.source or root.resolve().name),
        "license": str(about.get("license") or filters.license or UNKNOWN_LICENSE),
        "kind": "loops",
        "format": form,
        "bytes": size,
        "group": group,
        "is_fill": bool(about.get("is_fill", False)),
        **{tag: _text(about.get(tag)) for tag in ("style", "feel", "section")},
        "tags_json": tags.to_json(about),
        "split": about.get("split")
        if about.get("split") in ("train", "validation", "test")
        else None,
    }


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and str(value).strip() else None


def _shown(relative: str) -> str:
    return os.fsencode(relative).decode("utf-8", "backslashreplace")
