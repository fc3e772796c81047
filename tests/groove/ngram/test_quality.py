"""Gates are red when they should be."""

from typing import Any

import pytest

from groove.ngram import quality
from groove.ngram.tables import TABLES

EMPTY = {table.name: table.empty() for table in TABLES}


@pytest.mark.parametrize(
    ("table", "gate"), [(name, gate) for name, gates in quality.GATES.items() for gate in gates]
)
def test_nothing_measured_is_nothing_passed(table: str, gate: Any) -> None:
    assert not gate(EMPTY[table]).passed


def test_gates_of_a_sound_run_are_green(trained: Any) -> None:
    assert quality.no_hit_is_lost(trained.events).passed
    assert quality.hits_have_labels(trained.events).passed
    assert quality.counts_agree(trained.ngrams).passed
    assert quality.bits_under_order0(trained.table).passed


def test_gates_of_a_broken_run_are_red(trained: Any) -> None:
    lossy = trained.events.assign(lost_hits=1)
    assert not quality.no_hit_is_lost(lossy).passed
    strange = trained.events.assign(unmapped_hits=5)
    assert not quality.hits_have_labels(strange).passed
    doubled = trained.ngrams.assign(events=range(1, len(trained.ngrams) + 1))
    assert not quality.counts_agree(doubled).passed
    useless = trained.table.assign(value=trained.table["baseline_value"])
    assert not quality.bits_under_order0(useless).passed


def test_copies_and_silence_are_red() -> None:
    table = EMPTY["groove_samples"].reindex(range(4))
    copied = table.assign(steps=64, verbatim_steps=[64, 64, 10, 10], hits_per_bar=0.1)
    assert not quality.samples_are_new(copied).passed
    assert not quality.no_sample_is_silent(copied).passed
    fresh = table.assign(steps=64, verbatim_steps=[64, 20, 10, 10], hits_per_bar=5.0)
    assert quality.samples_are_new(fresh).passed
    assert quality.no_sample_is_silent(fresh).passed
