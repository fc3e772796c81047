"""The demo corpus on disk: made once, made again only where a text changed."""

import json
import shutil
from pathlib import Path

import pytest

from groove.demo.spec import DemoSpec
from resources.demo import compose
from resources.sources import Sources

TEXTS = Path(__file__).parents[2] / "data" / "demo"
SPEC = DemoSpec(performances=1)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts" / "grooves"
    folder.mkdir(parents=True)
    for name in ("funk", "waltz"):
        shutil.copy(TEXTS / "grooves" / f"{name}.yaml", folder)
    return folder.parent


def made(texts: Path, into: Path, spec: DemoSpec = SPEC) -> int:
    return compose(str(texts), str(into), spec, processes=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_only_what_changed_is_made_again(texts, tmp_path):
    raw = tmp_path / "raw"
    count = made(texts, raw)
    before = contents(raw)
    assert count == sum(name.endswith(".mid") for name in before)
    assert made(texts, raw) == 0
    assert contents(raw) == before

    lost = next(name for name in sorted(before) if name.endswith(".mid"))
    (raw / lost).unlink()
    assert made(texts, raw) == 1
    assert contents(raw) == before


def test_another_folder_gets_the_same_bytes_and_another_seed_others(texts, tmp_path):
    for name, spec in (("a", SPEC), ("b", SPEC), ("c", SPEC.model_copy(update={"seed": 1}))):
        made(texts, tmp_path / name, spec)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert set(a) == set(c)
    assert a != c


def test_what_no_text_asks_for_goes_away_and_strangers_stay(texts, tmp_path):
    raw = tmp_path / "raw"
    made(texts, raw)
    mine = raw / "loops" / "mine.mid"
    mine.write_bytes(b"mine")
    (texts / "grooves" / "waltz.yaml").unlink()
    assert made(texts, raw) == 0
    left = contents(raw)
    assert not [name for name in left if "waltz" in name]
    assert left["loops/mine.mid"] == b"mine"


def test_without_texts_the_remedy_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="GROOVE_RAW"):
        made(tmp_path / "nowhere", tmp_path / "raw")


def test_the_demo_is_the_raw_input_by_default(texts, tmp_path):
    sources = Sources(data=str(tmp_path / "data"), demo=str(texts), processes=1)
    table = sources.raw_files()
    assert len(table) > 4
    first = table.iloc[0]
    assert (first["kind"], first["source"], first["license"]) == ("loops", "groove-demo", "MIT")
    assert first["style"] == "funk"
    assert {"meter", "tempo_bpm"} <= set(json.loads(first["tags_json"]))
    assert sources.reader()(first["path"])[:4] == b"MThd"
