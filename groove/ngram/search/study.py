"""A search over order, discounting, temperature and top-p, trial by trial.

A trial draws grooves in the forms and under the tags of held-out performances and measures their
distance from those performances (:mod:`groove.ngram.judge.distance`): the mean Wasserstein
distance over what one hears, plus the energy distance of whole bars, plus the share of bars that
are copies. The first two are zero only where distributions agree, so a setting cannot win by being
bland, nor by getting each feature right in the wrong company; and the third is what a setting pays
that sounds like people because it plays what people played: bars that stand whole in one training
loop and in no other, beyond the share of them that held-out people have by themselves. Trials are compared on the validation split; the first one is the setting that
a model has by default. The test split is drawn against twice, in the end: with the default and with
the best.

What belongs here: which settings are tried, and what is kept of a trial. What does not: what a
distance is, how a model is fitted, which sampler thinks of the next trial (Optuna's TPE; Bergstra
et al. 2011, "Algorithms for hyper-parameter optimization").

Conventions
-----------
* A study is an SQLite file and a name that holds a digest of bars and settings: one that was
  stopped goes on where it stopped, and another corpus gets another study.
* The seed of a trial's draws is that of the study: trials differ by their settings alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from groove.core.digest import digest, seed_of, table_digest
from groove.core.models import ModelError
from groove.core.splits import TEST, TRAIN, VALIDATION
from groove.midi.taxonomy import LABELS
from groove.ngram.judge.distance import Distance, distance
from groove.ngram.judge.drawn import drawn_like, stretches
from groove.ngram.judge.evaluation import whole_bars
from groove.ngram.judge.hits import in_order
from groove.ngram.judge.memorisation import corpus_of
from groove.ngram.language.assembly import Ingredients, described, ingredients_of
from groove.ngram.language.counts import counted_bars
from groove.ngram.language.inmemory import counts_in_memory
from groove.ngram.language.model import GrooveModel
from groove.ngram.language.selection import choose
from groove.ngram.play.heat import Heat, SampleError
from groove.ngram.play.sampling import Sampler
from groove.ngram.spec import ModelSpec, NgramSpec, SearchSpec, Smoothing
from groove.ngram.tables import GROOVE_EVENTS

if TYPE_CHECKING:
    import optuna

SMOOTHINGS: tuple[Smoothing, ...] = ("kneser_ney", "witten_bell", "absolute")
_STALE = "stale"
#: What ``groove sample`` does without options, and the highest order.
DEFAULT = {"temperature": 0.9, "top_p": 0.98}


@dataclass(frozen=True)
class Setting:
    """What one trial tries."""

    order: int
    smoothing: Smoothing
    temperature: float
    top_p: float


@dataclass
class Searched:
    """Bars to search with: counted once, models kept by (order, smoothing)."""

    bars: pd.DataFrame
    spec: SearchSpec
    _models: dict[tuple[int, str], GrooveModel] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        missing = {TRAIN, VALIDATION} - set(self.bars["split"])
        if missing:
            raise ModelError(f"no drum loop in {sorted(missing)}: at least three groups are needed")

    @cached_property
    def parts(self) -> Ingredients:
        """Counts of the training split."""
        ngram = NgramSpec()
        chosen = counted_bars(self.bars, ngram)
        return ingredients_of(chosen, counts_in_memory(chosen, ngram), LABELS, ModelSpec())

    @cached_property
    def chosen(self) -> GrooveModel:
        """The model that training would choose."""
        validation = in_order(self.bars[self.bars["split"] == VALIDATION])
        return choose(self.parts, ModelSpec(), validation)[0]

    def side(self, split: str) -> pd.DataFrame:
        """Return the played stretches of a split, as long as what is drawn."""
        bars = in_order(self.bars[self.bars["split"] == split])
        cut = stretches(bars, self.spec.bars)
        return cut if len(cut) else bars

    def model(self, setting: Setting) -> GrooveModel:
        """Return the model of a setting; its weights are fitted on validation."""
        key = (setting.order, setting.smoothing)
        if key not in self._models:
            spec = ModelSpec(order=setting.order, smoothing=setting.smoothing)
            validation = in_order(self.bars[self.bars["split"] == VALIDATION])
            model, _ = choose(self.parts, spec, validation)
            self._models[key] = described(model, self.parts, spec)
        return self._models[key]

    def measure(self, setting: Setting, split: str) -> Measured:
        """Return how far a setting's grooves are from those that were played."""
        played = self.side(split)
        heat = Heat(setting.temperature, None, 0, setting.top_p)
        model = self.model(setting)
        drawn = drawn_like(
            Sampler(model),
            played,
            grooves=self.spec.grooves,
            length=self.spec.bars,
            heat=heat,
            seed=seed_of("search", self.spec.seed, split),
        )
        corpus = corpus_of(in_order(model.loops.bars()))
        shares = [whole_bars(bars, corpus)["whole_bars_single"] or 0.0 for bars in (drawn, played)]
        found = distance(drawn, played, bootstrap=self.spec.bootstrap, seed=self.spec.seed)
        return Measured(found, max(0.0, shares[0] - shares[1]))


@dataclass(frozen=True)
class Measured:
    """What a setting's grooves are like.

    Parameters
    ----------
    distance
        From held-out grooves.
    copied
        Share of bars that one training loop alone has, beyond that of held-out people.
    """

    distance: Distance
    copied: float

    @property
    def objective(self) -> float:
        """What is made small: every feature by itself, all of them together, and copies."""
        return self.distance.total.value + self.distance.joint.value + self.copied


def default(searched: Searched) -> Setting:
    """Return the setting that is tried first."""
    model = searched.chosen
    return Setting(
        order=model.order,
        smoothing=_smoothing(model.card["smoothing"]),
        temperature=DEFAULT["temperature"],
        top_p=DEFAULT["top_p"],
    )


def trials(searched: Searched, storage: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every finished trial, those of an earlier run of the same study first.

    Parameters
    ----------
    searched
        Bars and settings.
    storage
        Database URL (``sqlite:///study.db``) that the study is kept in; ``None`` keeps nothing.
    """
    study = _study(searched, storage)
    for done in _complete(study):
        yield _row(done)
    while _finished(study) < searched.spec.trials:
        trial = study.ask()
        try:
            found = searched.measure(_suggested(trial, searched), VALIDATION)
        except SampleError:
            # So cold that nothing is struck: as bad as can be, and no figure.
            study.tell(trial, state=_states().FAIL)
            continue
        for name, value in _figures(found).items():
            trial.set_user_attr(name, value)
        study.tell(trial, found.objective)
        yield _row(study.trials[trial.number])


def _study(searched: Searched, storage: str | None) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    spec = searched.spec
    data = table_digest(searched.bars, GROOVE_EVENTS)
    name = f"groove-{digest(data, spec.model_dump(exclude={'trials'}))[:16]}"
    study = optuna.create_study(
        storage=storage, study_name=name, direction="minimize", load_if_exists=True
    )
    # The sampler starts afresh with each run: it must not repeat the draws of the run before.
    study.sampler = optuna.samplers.TPESampler(
        seed=spec.seed + len(study.trials), n_startup_trials=min(10, max(4, spec.trials // 3))
    )
    stale = list(study.user_attrs.get(_STALE, []))
    for trial in study.get_trials(deepcopy=False, states=(_states().RUNNING,)):
        # Its process is gone; what it tried may be tried again.
        study.tell(trial.number, state=_states().FAIL)
        stale.append(trial.number)
    study.set_user_attr(_STALE, stale)
    first = vars(default(searched))
    tried = [trial.params for trial in study.get_trials(deepcopy=False) if trial.value is not None]
    if first not in tried:
        study.enqueue_trial(first)
    return study


def _suggested(trial: optuna.Trial, searched: Searched) -> Setting:
    return Setting(
        order=trial.suggest_int("order", 0, searched.parts.orders),
        smoothing=_smoothing(trial.suggest_categorical("smoothing", SMOOTHINGS)),
        temperature=trial.suggest_float("temperature", 0.4, 1.4),
        top_p=trial.suggest_float("top_p", 0.5, 1.0),
    )


def _smoothing(name: str) -> Smoothing:
    return next(known for known in SMOOTHINGS if known == name)


def _complete(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(_states().COMPLETE,))


def _finished(study: optuna.Study) -> int:
    states = (_states().COMPLETE, _states().FAIL)
    finished = study.get_trials(deepcopy=False, states=states)
    return len({trial.number for trial in finished} - {*study.user_attrs.get(_STALE, [])})


def _states() -> type[optuna.trial.TrialState]:
    import optuna

    return optuna.trial.TrialState


def _figures(found: Measured) -> dict[str, float]:
    total = found.distance.total
    return {
        "total": total.value,
        "total_low": total.low,
        "total_high": total.high,
        "joint": found.distance.joint.value,
        "copied": found.copied,
    }


def _row(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        **{name: trial.params[name] for name in ("order", "smoothing", "temperature", "top_p")},
        "objective": float(trial.value or 0.0),
        **{name: float(value) for name, value in trial.user_attrs.items()},
    }


def setting_of(row: dict[str, Any]) -> Setting:
    """Return the setting of a row of :func:`trials`."""
    return Setting(
        int(row["order"]),
        _smoothing(row["smoothing"]),
        float(row["temperature"]),
        float(row["top_p"]),
    )


def is_default(row: dict[str, Any], searched: Searched) -> bool:
    """Return whether a row of :func:`trials` is the setting that a model has by default."""
    return setting_of(row) == default(searched)


def best_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row with the least objective.

    Raises
    ------
    SampleError
        If no trial was finished.
    """
    if not rows:
        raise SampleError("no trial drew anything but silence: give it more trials, or more loops")
    return min(rows, key=lambda row: (row["objective"], row["trial"]))


def on_test(searched: Searched, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the objective of the default and of the best setting on the test split.

    Without a test split there is nothing to return.
    """
    if TEST not in set(searched.bars["split"]):
        return {}
    best = best_of(rows)
    return {
        "default": searched.measure(default(searched), TEST).objective,
        "best": searched.measure(setting_of(best), TEST).objective,
    }
