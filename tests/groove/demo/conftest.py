"""The shipped corpus, read once."""

from pathlib import Path

import pytest

from groove.demo.compose import compose_all
from groove.demo.patterns import read_grooves
from groove.demo.songs import read_song
from groove.demo.spec import DemoSpec

TEXTS = Path(__file__).parents[3] / "data" / "demo"


@pytest.fixture(scope="session")
def texts():
    return {
        path.relative_to(TEXTS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(TEXTS.rglob("*.yaml"))
    }


@pytest.fixture(scope="session")
def grooves(texts):
    return read_grooves({k: v for k, v in texts.items() if k.startswith("grooves/")})


@pytest.fixture(scope="session")
def songs(texts, grooves):
    return [read_song(v, k, grooves) for k, v in texts.items() if k.startswith("songs/")]


@pytest.fixture(scope="session")
def jobs(texts):
    return compose_all(texts, DemoSpec())
