"""The store: content-addressed, whole, and it leaves its folder for nobody."""

import hashlib
import mmap
from pathlib import Path

import pytest

from resources.files import location, write_whole
from resources.store import FileStore


def store(root: Path | str) -> FileStore:
    return FileStore(str(root), raw=lambda path: path.encode())


@pytest.mark.parametrize("place", ["local", "memory://groove-store-test"])
def test_a_blob_has_the_name_of_its_content(tmp_path: Path, place: str) -> None:
    kept = store(tmp_path if place == "local" else place)
    blob = kept.write(b"kick", ".flac")
    assert blob == hashlib.sha256(b"kick").hexdigest() + ".flac"
    assert kept.write(b"kick", ".flac") == blob
    assert kept.read(blob) == b"kick"


def test_a_damaged_blob_is_not_handed_out(tmp_path: Path) -> None:
    kept = store(tmp_path)
    blob = kept.write(b"kick", ".flac")
    (tmp_path / "blobs" / blob[:2] / blob).write_bytes(b"kic")
    with pytest.raises(OSError, match="damaged"):
        kept.read(blob)


@pytest.mark.parametrize("blob", ["../../etc/passwd", "a" * 63, "a" * 64 + "/../x", "", "A" * 64])
def test_only_references_are_read(tmp_path: Path, blob: str) -> None:
    with pytest.raises(ValueError, match="no blob reference"):
        store(tmp_path).read(blob)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = location(str(tmp_path / "table.parquet"))
    write_whole(target, b"old")

    def full(_file: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


@pytest.mark.parametrize("place", ["", "memory://views"])
def test_a_view_is_the_content_without_a_copy(tmp_path: Path, place: str) -> None:
    blobs = store(place or str(tmp_path))
    name = blobs.write(b"0123456789" * 1000, ".npy")
    view = blobs.view(name)
    assert view[5:12] == b"5678901"
    assert view == blobs.read(name)
    if not place:
        assert isinstance(view.obj, mmap.mmap)
    with pytest.raises(ValueError, match="no blob reference"):
        blobs.view("../../etc/passwd")
    with pytest.raises(FileNotFoundError):
        blobs.view("0" * 64 + ".npy")
