"""Releases: a bundle is a folder, whole, and nothing leaves it."""

from pathlib import Path

import pandas as pd
import pytest

from groove.core.store import MemoryStore
from resources.releases import Releases


def test_a_bundle_is_laid_out_and_the_latest_is_named(tmp_path: Path) -> None:
    store = MemoryStore()
    blob = store.write(b"midi", ".mid")
    releases = Releases(data=str(tmp_path))
    first = releases.publish(pd.DataFrame({"file": ["grooves/a.mid"], "blob": [blob]}), store)
    assert (Path(first) / "grooves" / "a.mid").read_bytes() == b"midi"
    second = releases.publish(pd.DataFrame({"file": ["b.mid"], "blob": [blob]}), store)
    assert (Path(first) / "grooves" / "a.mid").exists()
    assert (tmp_path / "releases" / "LATEST").read_text() == Path(second).name
    assert releases.publish(pd.DataFrame({"file": ["b.mid"], "blob": [blob]}), store) == second


@pytest.mark.parametrize("file", ["../a.mid", "/etc/a.mid", "x/../../a.mid"])
def test_a_file_that_leaves_the_bundle_is_refused(tmp_path: Path, file: str) -> None:
    store = MemoryStore()
    files = pd.DataFrame({"file": [file], "blob": [store.write(b"x", ".mid")]})
    with pytest.raises(ValueError, match="leaves the bundle"):
        Releases(data=str(tmp_path)).publish(files, store)


def test_a_missing_blob_leaves_no_half_bundle(tmp_path: Path) -> None:
    files = pd.DataFrame({"file": ["a.mid", "b.mid"], "blob": ["0" * 64, "1" * 64]})
    with pytest.raises(KeyError):
        Releases(data=str(tmp_path)).publish(files, MemoryStore())
    assert not (tmp_path / "releases" / "LATEST").exists()
    assert list((tmp_path / "releases").glob("*")) == []
