"""Every benchmark, one line each: ``make bench``."""

from __future__ import annotations

from benchmarks import (
    counting,
    drum_hearing,
    feature_extraction,
    incremental,
    midi_parsing,
    phase_chunks,
    rendering,
)
from benchmarks.timing import show


def main() -> None:
    """Run all and print the table."""
    results = []
    for module in (
        midi_parsing,
        rendering,
        feature_extraction,
        counting,
        incremental,
        phase_chunks,
        drum_hearing,
    ):
        results.extend(module.run())
    show(results)


if __name__ == "__main__":
    main()
