"""The two loop rankers: boosted trees and a perceptron, both trained on lists, one per track.

* XGBoost, objective ``rank:ndcg`` (LambdaMART, Burges 2010), cut back to its best round.
* A perceptron with a listwise loss: cross-entropy between softmax(beta * weight) and
  softmax(score) over a track's candidates (ListNet, Cao et al. 2007).

Both see the 269 features standardised *within the track*, and log2 of the length: a ranker
chooses within a track, so a track's loudness or mastering must not matter.

What belongs here: how a ranker is trained, kept as bytes and asked for scores. What does
not: folds and figures (:mod:`groove.loops.training`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groove.core.models import ExportCase, ModelError, pack, unpack
from groove.core.tracking import Run
from groove.loops.features import NAMES
from groove.loops.spec import RankerSpec

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]

INPUTS = len(NAMES) + 1
_LOG_EVERY = 20
_MAX_BIN = 64
#: Rounds without a better validation figure before the trees are enough.
_PATIENCE = 60


@dataclass(frozen=True)
class Lists:
    """Ranking data: ``inputs`` float32 (rows, 270), ``weight`` 0..1, ``grade`` 0..4, ``track``."""

    inputs: Float32s
    weight: Floats
    grade: Ints
    track: Ints

    def where(self, rows: NDArray[np.bool_]) -> Lists:
        """Return the lists of some rows (whole tracks)."""
        return Lists(self.inputs[rows], self.weight[rows], self.grade[rows], self.track[rows])

    def by_track(self) -> list[NDArray[np.int64]]:
        """Return the row numbers of each track, in order of track number."""
        return [np.flatnonzero(self.track == number) for number in np.unique(self.track)]


def inputs_of(features: NDArray[np.floating], bars: NDArray[np.integer]) -> Float32s:
    """Return what a ranker sees of one track's candidates, float32 (candidates, 270).

    Parameters
    ----------
    features
        (candidates, 269), of one track.
    bars
        Lengths in bars, (candidates,).
    """
    values = np.asarray(features, dtype=np.float64)
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
    return np.hstack([np.clip(scaled, -8, 8), np.log2(bars)[:, None]]).astype(np.float32)


def train_xgboost(
    train: Lists, validation: Lists, spec: RankerSpec, run: Run | None = None
) -> tuple[bytes, list[dict[str, float]]]:
    """Return (the model as XGBoost's JSON, its history by round)."""
    import xgboost

    def matrix(lists: Lists) -> Any:
        order = np.argsort(lists.track, kind="stable")
        return xgboost.DMatrix(
            lists.inputs[order], label=lists.grade[order], qid=lists.track[order]
        )

    learned: dict[str, dict[str, list[float]]] = {}
    sides = [(matrix(train), "train"), (matrix(validation), "validation")]
    booster = xgboost.train(
        {
            "objective": "rank:ndcg",
            "eval_metric": f"ndcg@{spec.top}",
            "max_depth": spec.depth,
            "eta": spec.tree_learning_rate,
            "tree_method": "hist",
            "max_bin": _MAX_BIN,
            "nthread": spec.threads,
            "seed": spec.seed % 2**31,
        },
        sides[0][0],
        num_boost_round=spec.trees,
        evals=sides,
        evals_result=learned,
        early_stopping_rounds=_PATIENCE,
        verbose_eval=False,
    )
    booster = booster[: booster.best_iteration + 1]
    curves = {name: figures[f"ndcg@{spec.top}"] for name, figures in learned.items()}
    done = len(curves["train"])
    rounds = sorted({*range(0, done, _LOG_EVERY), done - 1})
    history = [
        {"epoch": float(r), **{f"{name}_ndcg": float(curve[r]) for name, curve in curves.items()}}
        for r in rounds
    ]
    for figures in history if run is not None else ():
        rest = {name: value for name, value in figures.items() if name != "epoch"}
        run.log(rest, step=int(figures["epoch"]))  # type: ignore[union-attr]  # run is set here
    return bytes(booster.save_raw("json")), history


def network(hidden: Sequence[int], dropout: float) -> torch.nn.Module:
    """Return the perceptron: (candidates, 270) -> scores (candidates,)."""
    import torch

    layers: list[torch.nn.Module] = []
    width = INPUTS
    for size in hidden:
        layers += [torch.nn.Linear(width, size), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
        width = size
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 1), torch.nn.Flatten(0))


def listwise_loss(beta: float) -> Any:
    """Return the loss of one track: cross-entropy of softmax(score) under softmax(beta * weight)."""
    import torch

    def loss(
        model: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]
    ) -> Mapping[str, torch.Tensor]:
        inputs, weight = batch
        target = torch.softmax(beta * weight, dim=0)
        likely = torch.log_softmax(model(inputs), dim=0)
        # Less the target's entropy: 0 is perfect, whatever the number of candidates.
        return {"loss": (target * (target.clamp_min(1e-12).log() - likely)).sum()}

    return loss


def train_torch(
    train: Lists, validation: Lists, spec: RankerSpec, run: Run | None = None
) -> tuple[bytes, list[dict[str, float]]]:
    """Return (the perceptron as safetensors with its spec, its history by epoch)."""
    import torch

    from groove.core.fitting import fit

    def loader(lists: Lists, *, shuffle: bool) -> Any:
        data = [
            (
                torch.from_numpy(lists.inputs[rows]),
                torch.from_numpy(lists.weight[rows].astype(np.float32)),
            )
            for rows in lists.by_track()
        ]
        generator = torch.Generator().manual_seed(spec.seed)
        return torch.utils.data.DataLoader(
            data,  # type: ignore[arg-type]  # a list is a map-style dataset
            batch_size=None,
            shuffle=shuffle,
            generator=generator,
        )

    torch.manual_seed(spec.seed)
    fitted = fit(
        network(spec.hidden, spec.dropout),
        listwise_loss(spec.beta),
        loader(train, shuffle=True),
        loader(validation, shuffle=False),
        spec,
        run=run,
    )
    about = {"hidden": list(spec.hidden), "dropout": spec.dropout, "features": [*NAMES, "bars"]}
    return pack(fitted.network, about), fitted.history


def load(model: bytes) -> torch.nn.Module:
    """Return the perceptron that :func:`train_torch` packed, in evaluation mode.

    Raises
    ------
    ModelError
        If the bytes are something else.
    """
    state, about = unpack(model)
    if about.get("features") != [*NAMES, "bars"]:
        raise ModelError("not a loop ranker of these features: train it again")
    built = network(about["hidden"], about["dropout"])
    built.load_state_dict(state)
    return built.eval()


def score(model: bytes, inputs: Float32s) -> Floats:
    """Return a ranker's raw scores, float64 (candidates,); its kind is seen from the bytes.

    Raises
    ------
    ModelError
        If the bytes are neither XGBoost's JSON nor a packed perceptron.
    """
    if model[:1] == b"{":
        import xgboost

        try:
            booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(model))
        except xgboost.core.XGBoostError as error:
            raise ModelError(f"not an XGBoost model: {str(error).splitlines()[0]}") from error
        return np.asarray(booster.predict(xgboost.DMatrix(inputs)), dtype=np.float64)
    import torch

    with torch.inference_mode():
        return np.asarray(load(model)(torch.from_numpy(inputs)).numpy(), dtype=np.float64)


def export_case(model_bytes: bytes) -> ExportCase:
    """Return the perceptron for ONNX: features (candidates, 270) to scores (candidates,)."""
    import torch

    example = torch.randn(16, INPUTS, generator=torch.Generator().manual_seed(0))
    return ExportCase(
        network=load(model_bytes),
        inputs=(example,),
        input_names=("features",),
        output_names=("scores",),
        dynamic_axes={"features": {0: "candidates"}, "scores": {0: "candidates"}},
        feedback={},
    )
