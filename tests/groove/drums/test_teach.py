"""Training on sound: composed clips, resuming, freezing, the commands, trackers, sweeps."""

from __future__ import annotations

import importlib.machinery
import io
import json
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve
from typer.testing import CliRunner

from groove.audio.waveform import Waveform, encode
from groove.cli.drums import drums as app
from groove.cli.trackers import trackers
from groove.core.models import ModelError
from groove.core.resuming import Checkpoint
from groove.drums.classify import balance, judge, model, negatives, teach, unknown
from groove.drums.classify.batches import Material
from groove.drums.classify.compose import Composer
from groove.drums.classify.gather import folds_of
from groove.drums.classify.learning import learn, with_arithmetic
from groove.drums.classify.network import build
from groove.drums.classify.sounds import COMPUTED, RECORDED, SOUNDFONT, Sounds, add_dataset
from groove.drums.manifest.weights import WeightError, event_chances, weights_of
from groove.drums.spec import ClassifierSpec, ClipSpec, ComposeSpec, TeachSpec
from groove.midi.taxonomy import CLASSES

RATE = 22_050
CLIP = ClipSpec(sample_rate_hz=RATE, frames=16, n_fft=1024, n_mels=32, fmax_hz=10_000.0)
SMALL = {"channels": [8, 16], "threads": 1, "learning_rate": 5e-3, "batch_size": 32}
SPEC = TeachSpec(
    **SMALL,
    epochs=8,
    epoch_events=384,
    clip=CLIP,
    compose=ComposeSpec(clips=384, checked_clips=64),
    folds=2,
    fold_epochs=2,
)


LABELS = ("kick", "snare", "hihat_closed", "crash")


def drum(label: str, kit: int, take: int) -> NDArray[np.float32]:
    """Return one hit of four simple drums, different from kit to kit."""
    own = np.random.default_rng([LABELS.index(label), kit])
    chance = np.random.default_rng([LABELS.index(label), kit, take])
    time = np.arange(int(0.35 * RATE)) / RATE
    noise = chance.normal(size=len(time))
    wide = own.uniform(0.8, 1.25)
    if label == "kick":
        sound = np.sin(2 * np.pi * 60 * wide * time) * np.exp(-time * 14 * wide)
    elif label == "snare":
        tone = np.sin(2 * np.pi * 190 * wide * time) * np.exp(-time * 30)
        sound = tone + 0.5 * noise * np.exp(-time * 22 * wide)
    else:
        fall = 60 if label == "hihat_closed" else 5
        sound = np.diff(noise, prepend=0.0) * np.exp(-time * fall * wide)
    level = chance.uniform(0.2, 0.9) / np.abs(sound).max()
    return np.asarray(sound * level, dtype=np.float32)


def _sounds(kits: int = 6, takes: int = 3) -> Sounds:
    found = Sounds(RATE)
    for kit in range(kits):
        split = {kits - 1: "test", kits - 2: "validation"}.get(kit, "train")
        for label in LABELS:
            for take in range(takes):
                heard = drum(label, kit, take)
                found.add(heard, [label], f"kit{kit}", "CC0-1.0", split=split)
    return found


@pytest.fixture(scope="module")
def taught() -> teach.Taught:
    return teach.teach(_sounds(), [], SPEC)


def test_the_document_network_has_the_parameters_of_the_document() -> None:
    network = build("document", 128, 128, 12)
    assert sum(p.numel() for p in network.parameters()) == 391_884
    assert network(torch.zeros(2, 128, 128)).shape == (2, 12)
    assert network(torch.zeros(1, 48, 80)).shape == (1, 12)
    assert sum(p.numel() for p in build("edge", 48, 80, 12).parameters()) == 96_188
    with pytest.raises(ValueError, match="edge, document"):
        build("huge", 48, 80, 12)


def test_the_documents_settings_build_it() -> None:
    from groove.cli.drums_train import settings_of

    for name in ("document", "released"):
        path = Path(__file__).parents[3] / "configs" / f"drums_{name}.yaml"
        spec = settings_of(path, {})
        network = build(
            spec.network, spec.clip.frames, spec.clip.n_mels, len(CLASSES), spec.channels
        )
        if name == "document":
            assert (spec.clip.frames, spec.clip.n_mels) == (128, 128)
            assert sum(p.numel() for p in network.parameters()) == 391_884


def test_it_beats_the_majority_on_a_kit_not_heard(taught: teach.Taught) -> None:
    figures = taught.figures
    assert figures["test_macro_f1"] > figures["test_majority_macro_f1"] + 0.3
    assert figures["test_kits"] == 1
    assert figures["test_mixed_micro_f1"] > 0.5
    assert 0 <= figures["test_unknown_auroc"] <= 1
    assert taught.licenses == ["CC0-1.0"]
    found = model.from_bytes(taught.data)
    assert found.unknown_below == pytest.approx(taught.model.unknown_below)
    assert found.shape == taught.model.shape


def test_composed_clips_repeat_and_say_what_is_struck() -> None:
    sounds = _sounds().of_split("train")
    folds = folds_of(sounds, 2)
    assert folds == [frozenset({"kit0", "kit2"}), frozenset({"kit1", "kit3"})]
    made = Composer(sounds, [], ComposeSpec(), CLIP, folds=folds).clips(60, 3)
    again = Composer(sounds, [], ComposeSpec(), CLIP, folds=folds).clips(60, 3)
    assert np.array_equal(made.pictures, again.pictures)
    assert made.pictures.min() >= 0
    struck = made.truth.sum(axis=1)
    assert set(struck.tolist()) >= {0, 1, 2}
    # A clip with a drum has a kit of some fold; without a fold's clips none of its kits is left.
    assert made.folds[struck > 0].any(axis=1).all()
    assert len(made.without(0)) == int((~made.folds[:, 0]).sum())


def test_presets_of_a_soundfont_are_in_one_fold_and_computed_kits_in_none() -> None:
    sounds = Sounds(RATE)
    for kit, kind in (("a/1", SOUNDFONT), ("a/2", SOUNDFONT), ("b", RECORDED), ("c", COMPUTED)):
        sounds.add(np.ones(10, dtype=np.float32), ["kick"], kit, "CC0-1.0", kind=kind)
    assert folds_of(sounds, 2) == [frozenset({"a/1", "a/2"}), frozenset({"b"})]
    assert folds_of(sounds, 0) == []


def test_the_chances_are_the_sampling_weights_times_the_class() -> None:
    truth = np.eye(12, dtype=bool)[[0, 0, 0, 0, 1, 1]]
    sessions = ["long"] * 3 + ["short"] * 3
    own = event_chances(sessions, weights_of(sessions))
    assert balance.chances(truth, sessions, 0.0) == pytest.approx(own)
    given = balance.chances(truth, sessions, 0.0, {"long": 0.05, "short": 0.5})
    assert given[3] / given[0] == pytest.approx(10.0)
    even = balance.chances(truth, sessions, 1.0)
    assert even[:4].sum() == pytest.approx(even[4:].sum())
    shares = balance.of_kinds(own, ["a"] * 3 + ["b"] * 3, {"a": 3.0, "b": 1.0})
    assert shares[:3].sum() == pytest.approx(0.75)


def test_other_weights_draw_other_hits() -> None:
    sounds = Sounds(RATE)
    for kit in range(2):
        for take in range(4):
            heard = drum("snare", kit, take)
            sounds.add(heard, ["kick"], f"kit{kit}", "CC0-1.0", session=f"night{take % 2}")
    sounds.add(drum("kick", 7, 0), ["kick"], "made up", "CC0-1.0", kind=COMPUTED)
    spec = ComposeSpec(shares={"recorded": 0.5, "computed": 0.5})

    def composer(weights: dict[str, float] | None) -> Composer:
        return Composer(sounds, [], spec, CLIP, weights=weights)

    first, other = (
        composer({"night0": 0.5, "night1": 0.05}),
        composer({"night0": 0.05, "night1": 0.5}),
    )
    odd = np.array([session == "night1" for session in sounds.sessions])
    assert other.chance_of[odd].sum() / first.chance_of[odd].sum() == pytest.approx(10.0)
    assert first.chance_of[-1] == other.chance_of[-1] == pytest.approx(0.5)
    assert composer(None).chance_of[odd].sum() == pytest.approx(0.25)
    one, two = first.clips(12, 3), other.clips(12, 3)
    assert not np.array_equal(one.pictures, two.pictures)
    assert np.array_equal(one.pictures, first.clips(12, 3).pictures)
    with pytest.raises(WeightError, match="'night1'"):
        composer({"night0": 0.5})


def test_the_pipelines_training_draws_by_the_sampling_weights(
    kits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from groove.core.tracking import MemoryTracker
    from groove.drums.classify import learning, train
    from groove.drums.corpus import loading

    class _Enough(Exception):  # noqa: N818  # ends the training that is looked at
        pass

    seen: dict[str, Any] = {}

    def spy(*_: Any, **named: Any) -> None:
        seen.update(named)
        raise _Enough

    monkeypatch.setattr(learning, "learn", spy)
    spec = ClassifierSpec(balance=0.0, outsiders=0.0)
    tables = kits.drum_events, kits.drum_clips
    learnt = loading.load(*tables, kits.store).of_split("train")
    sessions = learnt.events["session_id"].tolist()
    for changed in ({}, {sessions[0]: 9.0}):
        table = kits.drum_session_weights(**changed)
        with pytest.raises(_Enough):
            list(train.train(*tables, table, spec, kits.store, MemoryTracker()))
        weights = dict(zip(table["session_id"], table["weight"], strict=True))
        assert weights[sessions[0]] == changed.get(sessions[0], weights[sessions[0]])
        assert seen["chance"] == pytest.approx(event_chances(sessions, weights))


class _Killed(Exception):  # noqa: N818  # stands for a process's end
    pass


class _Killer:
    id = ""

    def __init__(self, after: int) -> None:
        self.after = after

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        assert metrics
        if step >= self.after:
            raise _Killed

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep nothing."""

    def file(self, path: str, data: bytes) -> None:
        """Keep nothing."""


def _material(count: int, seed: int) -> Material:
    composer = Composer(_sounds(4, 2).of_split("train"), [], ComposeSpec(plain=1.0), CLIP)
    made = composer.clips(count, seed)
    return Material(made.pictures, made.truth)


def test_a_killed_training_goes_on_to_the_same_network(tmp_path: Path) -> None:
    spec = ClassifierSpec(**SMALL, epochs=4, epoch_events=64)
    material, watched = _material(64, 0), _material(32, 1)
    whole = learn(material, watched, CLIP, spec)
    place = Checkpoint(tmp_path / "state.training.safetensors", "same")
    with pytest.raises(_Killed):
        learn(material, watched, CLIP, spec, run=_Killer(2), checkpoint=place)
    assert place.path.is_file()
    resumed = learn(material, watched, CLIP, spec, checkpoint=place)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    assert len(resumed.fitted.history) == 4


def test_frozen_blocks_stay_as_they_are(taught: teach.Taught) -> None:
    before = {name: v.clone() for name, v in taught.model.network.state_dict().items()}
    spec = ClassifierSpec(**SMALL, epochs=1, epoch_events=64, freeze=1)
    after = learn(_material(64, 0), _material(32, 1), CLIP, spec, start=taught.model)
    state = after.network.state_dict()
    assert after.fitted.history
    for name, value in before.items():
        # Weights and the running statistics of the norm, both.
        same = torch.equal(value, state[name])
        assert same == name.startswith("blocks.0."), name
    with pytest.raises(ValueError, match="2 blocks"):
        after.network.freeze(3)
    with pytest.raises(ModelError, match="other pictures"):
        learn(_material(8, 0), _material(8, 1), ClipSpec(), spec, start=taught.model)


def test_mixed_precision_is_for_gpus_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ClassifierSpec()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert with_arithmetic(spec).precision == "32-true"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert with_arithmetic(spec).precision == "bf16-mixed"
    assert with_arithmetic(spec.model_copy(update={"accelerator": "cpu"})).precision == "32-true"
    assert with_arithmetic(spec.model_copy(update={"mixed": False})).precision == "32-true"


def test_unknown_figures_agree_with_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    drums, others = chance.normal(1, 1, 400).round(1), chance.normal(0, 1, 300).round(1)
    truth = np.r_[np.ones(400), np.zeros(300)]
    scores = np.r_[drums, others]
    assert unknown.auroc(drums, others) == pytest.approx(roc_auc_score(truth, scores))
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    expected = false[np.flatnonzero(true >= 0.95)[0]]
    assert unknown.false_positive_rate(drums, others) == pytest.approx(expected)
    assert (drums >= unknown.threshold_for(drums)).mean() >= 0.95
    assert np.isnan(unknown.auroc(drums, others[:0]))


def test_sounds_without_a_drum_are_others_on_each_side() -> None:
    first, again = (negatives.material("train", 6, CLIP, 6) for _ in range(2))
    assert np.array_equal(first.pictures, again.pictures)
    assert not first.truth.any()
    test = negatives.material("test", 4, CLIP, 4)
    assert negatives.names("test", 4) == ["speech", "notes", "speech", "notes"]
    assert test.pictures.max(axis=(1, 2)).tolist() == [1.0] * 4


def test_two_hits_mixed_as_pictures_are_the_two_hits_mixed_as_sound() -> None:
    sounds = Sounds(RATE)
    sounds.add(drum("kick", 0, 0), ["kick"], "a", "CC0-1.0")
    sounds.add(drum("hihat_closed", 0, 0), ["hihat_closed"], "a", "CC0-1.0")
    seen = teach.alone(sounds, CLIP)
    pairs = judge.mixed(Material(seen.astype(np.float16), sounds.marks()), sounds.kits, CLIP)
    assert len(pairs) == 1
    assert pairs.truth[0].sum() == 2
    # Where one of the two is far louder, its picture stands unchanged.
    assert pairs.pictures[0].max() == 1.0
    assert (pairs.pictures[0] >= seen.max(axis=0) - 0.06).mean() > 0.99


def test_intervals_resample_kits() -> None:
    right = np.array([True] * 50 + [False] * 50)
    low, high = judge.intervals(right, ["a"] * 50 + ["b"] * 50)
    assert (low, high) == (0.0, 1.0)
    assert judge.intervals(right[:50], ["a"] * 25 + ["b"] * 25) == (1.0, 1.0)


class _FakeArtifact:
    def __init__(self, name: str, type: str) -> None:  # noqa: A002  # wandb's own word
        self.name, self.type = name, type
        self.files: dict[str, bytes] = {}

    @contextmanager
    def new_file(self, path: str, mode: str) -> Any:
        assert mode == "wb"
        out = io.BytesIO()
        yield out
        self.files[path] = out.getvalue()


class _FakeWandb:
    """What is used of the package, remembered."""

    Artifact = _FakeArtifact
    __spec__ = importlib.machinery.ModuleSpec("wandb", None)

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.artifacts: list[_FakeArtifact] = []
        self.finished: list[int] = []
        self.id = "fake"

    def init(self, **named: Any) -> _FakeWandb:
        self.started.append(named)
        return self

    def log(self, metrics: dict[str, float], step: int) -> None:
        self.logged.append((step, metrics))

    def log_artifact(self, artifact: _FakeArtifact) -> None:
        self.artifacts.append(artifact)

    def finish(self, exit_code: int = 0) -> None:
        self.finished.append(exit_code)


def test_weights_and_biases_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROOVE_MLFLOW", raising=False)
    fake = _FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    chosen = trackers("groove", "offline", "team", "drums, small,")
    with chosen.run("drum_classifier", {"epochs": 1}, {"sounds": "x"}) as run:
        run.log({"train_loss": 0.5}, 0)
        run.model("drum_classifier", {"model.safetensors": b"m"})
        assert run.id == "fake"
    (start,) = fake.started
    assert (start["project"], start["mode"]) == ("groove", "offline")
    assert (start["entity"], start["tags"]) == ("team", ["drums", "small"])
    assert fake.logged == [(0, {"train_loss": 0.5})]
    assert fake.artifacts[0].files == {"model.safetensors": b"m"}
    with pytest.raises(_Killed), chosen.run("drum_classifier", {}, {}):
        raise _Killed
    assert fake.finished == [0, 1]
    with trackers("groove").run("drum_classifier", {}, {}):
        pass
    assert (fake.started[-1]["entity"], fake.started[-1]["tags"]) == (None, None)
    for lonely in ({"wandb_entity": "team"}, {"wandb_tags": "drums"}):
        with pytest.raises(ModelError, match="--wandb-project"):
            trackers(**lonely)


def test_a_missing_tracker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip install wandb"):
        trackers("groove")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an exported data set of five kits."""
    root = tmp_path_factory.mktemp("dataset")
    for kit in range(5):
        for label in LABELS:
            path = root / "shots" / f"kit{kit}" / label / "hit.wav"
            path.parent.mkdir(parents=True)
            path.write_bytes(encode(Waveform(drum(label, kit, 0)[None], RATE), "wav"))
    run = CliRunner().invoke
    kept = str(root / "kept")
    assert run(app, ["collect", "folder", str(root / "shots"), "-c", kept]).exit_code == 0
    made = run(app, ["collect", "export", str(root / "out"), "-c", kept, "--validation", "0.3"])
    assert made.exit_code == 0, made.output
    return root / "out"


def test_mlflow_is_told_where_a_server_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    server = f"sqlite:///{tmp_path / 'runs.db'}"
    monkeypatch.setenv("GROOVE_MLFLOW", server)
    monkeypatch.setenv("GROOVE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with trackers(quiet=True).run("drum_classifier", {"epochs": 3}, {"dataset": "ab"}) as run:
        run.log({"train_loss": 0.5}, step=0)
    client = MlflowClient(tracking_uri=server)
    (experiment,) = [e for e in client.search_experiments() if e.name == "groove"]
    (told,) = client.search_runs([experiment.experiment_id])
    assert told.data.params["epochs"] == "3"
    assert told.data.metrics["train_loss"] == 0.5
    assert told.info.status == "FINISHED"


def _settings(folder: Path) -> Path:
    spec = SPEC.model_copy(update={"folds": 0, "epochs": 1, "epoch_events": 64})
    small = spec.compose.model_copy(update={"clips": 64, "checked_clips": 32})
    path = folder / "settings.yaml"
    # JSON is YAML.
    path.write_text(spec.model_copy(update={"compose": small}).model_dump_json())
    return path


def test_the_command_trains_and_goes_on_from_a_model(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROOVE_MLFLOW", raising=False)
    sounds = Sounds(RATE)
    assert add_dataset(sounds, dataset) == []
    assert len(sounds) == 20
    assert set(sounds.kinds) == {RECORDED}
    config = str(_settings(tmp_path))
    out, figures = tmp_path / "out", tmp_path / "figures.json"
    run = CliRunner().invoke
    base = ["train", str(dataset), "--config", config, "--seed", "1"]
    made = run(app, [*base, "-o", str(out), "--metrics-json", str(figures)])
    assert made.exit_code == 0, made.output
    told = json.loads(figures.read_text())
    assert told["figures"]["train_clips"] == 64
    assert told["settings"]["seed"] == 1
    assert not (out / "training").exists()
    first = out / "classifier.safetensors"
    assert model.from_bytes(first.read_bytes()).clip == CLIP
    tuned = ["--from", str(first), "--freeze", "1", "--device", "cpu", "-o", str(tmp_path / "t")]
    assert run(app, [*base, *tuned]).exit_code == 0
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema": 1, "weights": {"kit0": -1}}')
    lacking = tmp_path / "lacking.json"
    lacking.write_text('{"schema": 1, "weights": {"nobody": 0.5}}')
    for wrong in (
        ["--weights", str(broken)],
        ["--weights", str(lacking)],
        ["--wandb-tags", "drums"],
        ["--freeze", "1"],
        ["--device", "tpu"],
        ["--soundfont", "none.sf2"],
        ["--from", str(figures)],
    ):
        refused = run(app, [*base, *wrong, "-o", str(tmp_path / "no")])
        assert refused.exit_code == 2, wrong
    assert run(app, ["train", str(tmp_path), "-o", str(tmp_path / "no")]).exit_code == 2


def test_the_commands_draw_by_a_file_of_weights_and_tell_the_tracker(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROOVE_MLFLOW", raising=False)
    fake = _FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    given: list[Any] = []

    def quick(_sounds: Sounds, _beds: Any, _spec: TeachSpec, **named: Any) -> teach.Taught:
        given.append(named.get("weights"))
        raise ModelError("enough")

    monkeypatch.setattr(teach, "teach", quick)
    file, run = tmp_path / "weights.json", CliRunner().invoke
    manifest = next(iter(sorted(dataset.glob("events*"))))
    made = run(app, ["manifest", "weights", str(manifest), "-o", str(file)])
    assert made.exit_code == 0, made.output
    base = [str(dataset), "--config", str(_settings(tmp_path)), "-o", str(tmp_path / "w")]
    told = ["--wandb-project", "groove", "--wandb-entity", "team", "--wandb-tags", "drums,small"]
    run(app, ["train", *base, *told, "--weights", str(file)])
    assert given == [json.loads(file.read_text())["weights"]]
    run(app, ["sweep", *base, *told, "--trials", "1"])
    assert [(one["entity"], one["tags"]) for one in fake.started] == [
        ("team", ["drums", "small"])
    ] * 2


def test_a_sweep_skips_what_is_done(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROOVE_MLFLOW", raising=False)
    called: list[TeachSpec] = []

    def quick(_sounds: Sounds, _beds: Any, spec: TeachSpec, **_: Any) -> teach.Taught:
        called.append(spec)
        figures = {"validation_macro_f1": spec.learning_rate}
        return teach.Taught(None, b"model", figures, [], [])  # type: ignore[arg-type]  # no network here

    monkeypatch.setattr(teach, "teach", quick)
    run = CliRunner().invoke
    base = ["sweep", str(dataset), "--config", str(_settings(tmp_path)), "-o", str(tmp_path / "s")]
    grid = ["--grid", "learning_rate=0.001,0.002", "--grid", "compose.noise=0.1"]
    assert run(app, [*base, *grid]).exit_code == 0
    assert [spec.learning_rate for spec in called] == [0.001, 0.002]
    assert {spec.compose.noise for spec in called} == {0.1}
    more = run(app, [*base, "--grid", "learning_rate=0.002,0.003", *grid[2:]])
    assert more.exit_code == 0
    assert [spec.learning_rate for spec in called] == [0.001, 0.002, 0.003]
    report = json.loads((tmp_path / "s" / "report.json").read_text())
    assert report["best"]["settings"]["learning_rate"] == 0.003
    assert [row["skipped"] for row in report["trials"]] == [False, True]
    # A search asks for the same settings again, finds them done, and goes on.
    assert run(app, [*base, "--trials", "2"]).exit_code == 0
    assert run(app, [*base, "--trials", "3"]).exit_code == 0
    assert len(called) == 6
    for wrong in ("epochs", "nothing=1", "clip.frames=8"):
        assert run(app, [*base, "--grid", wrong]).exit_code == 2
