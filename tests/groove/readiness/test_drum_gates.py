"""The drum gates on the graph's tables: known answers, both directions, and nothing at all."""

import numpy as np
import pandas as pd
import pytest

from groove.core.gates import Gate
from groove.core.store import MemoryStore
from groove.midi.taxonomy import CLASSES
from groove.readiness import edges
from groove.readiness.checks.spec import StreamSpec
from groove.readiness.drum_gates import TABLES, DrumReadiness

SUBJECT = DrumReadiness(["flam", "drag"])
_SESSIONS = 8


def verdicts(table: str, rows: pd.DataFrame) -> dict[str, Gate]:
    found = [gate(rows) for gate in SUBJECT.gates[table]]
    assert all(gate.stage == table for gate in found)
    return {gate.name: gate for gate in found}


def predictions(wrong: float = 0.0, unknown: int = 80, unseen: bool = True) -> pd.DataFrame:
    """Return 960 known sounds of 8 sessions, as confident as they are right, and unknown ones."""
    random = np.random.default_rng(5)
    rows = []
    for place in range(960):
        true = CLASSES[place % len(CLASSES)]
        right = random.random() >= wrong
        heard = true if right else CLASSES[(place + 1) % len(CLASSES)]
        rows.append((f"s{place % _SESSIONS}", [true], [heard], 1.0 - wrong, right, unseen))
    rows += [
        (f"u{place % 4}", [], ["kick"], 0.1 + 0.001 * place, False, False)
        for place in range(unknown)
    ]
    columns = [
        "session_id", "true_classes", "predicted_classes", "confidence", "likeliest_is_true",
        "unseen_kit",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def test_every_gate_has_a_name_a_sentence_and_is_red_without_rows() -> None:
    tables = {
        "hit_index": ["path", "sha256", "signature", "split", "kit"],
        "drum_manifest": ["audio_path", "audio_sha256", "labels", "label", "klass"],
        "drum_predictions": [
            "session_id", "true_classes", "predicted_classes", "confidence", "likeliest_is_true",
            "unseen_kit",
        ],
        "drum_boundary_predictions": ["session_id", "label", "edge", "heard"],
    }  # fmt: skip
    assert set(tables) == set(TABLES) == set(SUBJECT.gates)
    for table, columns in tables.items():
        found = verdicts(table, pd.DataFrame(columns=columns))
        assert set(found) == {getattr(gate, "__name__", "") for gate in SUBJECT.gates[table]}
        for gate in found.values():
            assert gate.value is None
            assert not gate.passed
            assert gate.note
        assert all(gate.__doc__ for gate in SUBJECT.gates[table])


def test_a_good_classifier_is_green() -> None:
    found = verdicts("drum_predictions", predictions(wrong=0.05))
    assert all(gate.passed for gate in found.values()), found
    assert found["drum_bootstrap_accuracy"].value == pytest.approx(0.95, abs=0.02)
    assert found["drum_bootstrap_accuracy"].low is not None
    assert found["drum_open_set_auroc"].value == 1.0
    assert found["drum_open_set_auroc"].count == 960 + 80
    # Unknown sounds take no part in the figures of known ones.
    assert found["drum_bootstrap_accuracy"].count == 960


def test_a_poor_one_is_red_where_it_is_poor() -> None:
    found = verdicts("drum_predictions", predictions(wrong=0.45))
    assert not found["drum_bootstrap_accuracy"].passed
    assert not found["drum_bootstrap_macro_f1"].passed
    assert found["drum_calibration_ece"].passed  # it knows how often it errs
    boasting = predictions(wrong=0.45).assign(confidence=0.97)
    assert not verdicts("drum_predictions", boasting)["drum_calibration_ece"].passed


def test_unknown_sounds_that_are_believed_are_red() -> None:
    table = predictions(wrong=0.05)
    strange = table["true_classes"].map(len) == 0
    table.loc[strange, "confidence"] = 0.99
    found = verdicts("drum_predictions", table)
    assert found["drum_open_set_auroc"].value == 0.0
    assert found["drum_open_set_fpr_at_95_tpr"].value == 1.0


def test_no_unknown_sound_is_undefined_and_red_and_says_so() -> None:
    found = verdicts("drum_predictions", predictions(unknown=0))
    gate = found["drum_open_set_auroc"]
    assert gate.value is None
    assert "0 unknown" in gate.note
    assert found["drum_bootstrap_accuracy"].passed


def test_a_figure_on_kits_that_training_knows_is_none() -> None:
    for gate in verdicts("drum_predictions", predictions(unseen=False)).values():
        assert gate.value is None
        assert not gate.passed


def hits(copies: bool = False) -> pd.DataFrame:
    random = np.random.default_rng(0)
    sides = ["train"] * 6 + ["test"] * 4
    marks = [random.normal(0, 9, 192 * 9 + 1).astype(np.float32) for _ in sides]
    if copies:
        marks[9] = marks[0]
    return pd.DataFrame(
        {
            "path": [f"{n}.wav" for n in range(10)],
            "sha256": [f"{n:064x}" for n in range(10)],
            "signature": marks,
            "split": sides,
            "kit": [f"k{n // 2}" for n in range(10)],
        }
    )


def test_leakage_is_found_by_content_by_sound_and_by_kit() -> None:
    assert all(gate.passed for gate in verdicts("hit_index", hits()).values())
    same = hits()
    same.loc[9, "sha256"] = same.loc[0, "sha256"]
    assert verdicts("hit_index", same)["drum_leakage_contents"].value == 1
    alike = verdicts("hit_index", hits(copies=True))
    assert alike["drum_leakage_contents"].passed
    assert alike["drum_leakage_near_duplicates"].value == 1
    kit = hits()
    kit.loc[9, "kit"] = "k0"
    found = verdicts("hit_index", kit)["drum_leakage_kit"]
    assert found.value == 1
    assert "k0" in found.note


def manifest(per_class: int = 200, kits: int = 3, synthetic: bool = False) -> pd.DataFrame:
    places = range(per_class * len(CLASSES))
    return pd.DataFrame(
        {
            "sample_id": [f"e{n}" for n in places],
            "session_id": [f"s{n % 7}" for n in places],
            "drummer_id": None,
            "kit_id": [f"k{(n // len(CLASSES)) % kits}" for n in places],
            "source_set": "x",
            "is_synthetic": synthetic,
            "audio_path": [f"{n}.wav" for n in places],
            "audio_sha256": [f"{n:064x}" for n in places],
            "onset_s": 0.0,
            "labels": [[_label(n)] for n in places],
            "label": [_label(n) for n in places],
            "klass": [CLASSES[n % len(CLASSES)] for n in places],
            "velocity": None,
            "dynamic_bucket": None,
            "openness": None,
            "techniques": [["flam"] if n == 0 else [] for n in places],
            "split": "train",
        }
    )


def _label(place: int) -> str:
    name = CLASSES[place % len(CLASSES)]
    return {"ride": "ride_bow"}.get(name, name)


def test_health_and_coverage_of_a_manifest() -> None:
    found = verdicts("drum_manifest", manifest())
    assert all(gate.passed for gate in found.values()), found
    assert found["drum_health_min_class_count"].value == 200
    assert found["drum_coverage_technique_share"].value == 0.5
    assert not verdicts("drum_manifest", manifest(per_class=199))[
        "drum_health_min_class_count"
    ].passed
    made = verdicts("drum_manifest", manifest(synthetic=True))
    assert made["drum_coverage_groups_per_class"].value == 0
    assert not verdicts("drum_manifest", manifest(kits=2))["drum_coverage_groups_per_class"].passed


def test_repeats_are_found_by_content_though_ids_differ() -> None:
    table = manifest()
    again = table.head(30).assign(sample_id=[f"again{n}" for n in range(30)])
    found = verdicts("drum_manifest", pd.concat([table, again], ignore_index=True))
    gate = found["drum_health_duplication_rate"]
    assert gate.value == pytest.approx(30 / (2400 + 30))
    assert not gate.passed
    unhashed = manifest()
    unhashed.loc[3, "audio_sha256"] = None
    silent = verdicts("drum_manifest", unhashed)["drum_health_duplication_rate"]
    assert silent.value is None


@pytest.mark.parametrize(("heard", "passes"), [(1.0, True), (0.9, False)])
def test_recall_at_edges(heard: float, passes: bool) -> None:
    places = np.arange(480)
    rows = pd.DataFrame(
        {
            "session_id": [f"s{n % 6}" for n in places],
            "label": [CLASSES[n % len(CLASSES)] for n in places],
            "edge": np.where(places % 2 == 0, "leading", "trailing"),
            "heard": (places // len(CLASSES)) % 40 < 40 * heard,
        }
    )
    found = verdicts("drum_boundary_predictions", rows)
    assert found["drum_boundaries_macro_recall"].value == pytest.approx(heard)
    assert found["drum_boundaries_macro_recall"].passed == passes
    assert found["drum_boundaries_leading_rows"].value == 240


def test_the_pack_of_test_songs_is_the_schedule_by_a_loop() -> None:
    random = np.random.default_rng(1)
    onsets = np.round(random.uniform(0, 30, 200), 6)
    events = pd.DataFrame(
        {
            "sample_id": [f"e{n}" for n in range(200)],
            "session_id": "song",
            "kit_id": "font",
            "origin": ["song"] * 190 + ["hit"] * 10,
            "path": "a.mid",
            "blob": "b.flac",
            "onset_s": onsets,
            "classes": [["kick", "ride"] if n % 5 == 0 else ["snare"] for n in range(200)],
            "split_group": "a",
            "split": ["train"] * 50 + ["test"] * 150,
        }
    )
    spec = StreamSpec()
    rows = pd.DataFrame(edges.rows_of(events, spec, MemoryStore()))
    expected = {"leading": 0, "trailing": 0}
    for event in events[(events["origin"] == "song") & (events["split"] == "test")].itertuples():
        for window in range(100):
            begin = window * 0.512
            if begin <= event.onset_s < begin + 2.048:
                near = len(event.classes)
                expected["leading"] += near * (event.onset_s - begin <= 0.04)
                expected["trailing"] += near * (begin + 2.048 - event.onset_s <= 0.04)
    assert rows["edge"].value_counts().to_dict() == expected
    assert min(expected.values()) > 5
    assert (rows["split"] == "test").all()
    assert (rows["window_s"] == 2.048).all()


def test_panels_are_of_the_tables_that_are_there() -> None:
    shown = SUBJECT.panels({"drum_predictions": predictions(), "drum_manifest": manifest()})
    assert set(shown) == {"drum_predictions", "drum_manifest"}
    assert [panel.title for panel in shown["drum_predictions"]][:1] == ["Recall by class"]
    assert SUBJECT.panels({"drum_predictions": predictions().head(0)}) == {}
