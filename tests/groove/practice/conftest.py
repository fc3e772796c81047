"""Songs that many tests look at."""

from __future__ import annotations

import pytest

from groove.practice.song import PracticeSong, compose


@pytest.fixture(scope="session")
def songs() -> list[PracticeSong]:
    return [compose(number) for number in range(240)]
