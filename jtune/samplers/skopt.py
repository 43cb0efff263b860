"""scikit-optimize inside Optuna: its search space and designs, with jtune's Gaussian process or one of its own models.

:class:`SkoptSampler` knows nothing of jtune's search and works in any Optuna study. What a model needs (scikit-optimize
and scikit-learn behind it: 1-3 s) is imported with the first model, not before.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState

from jtune.errors import did_you_mean
from jtune.language.domains import ChoiceDomain
from jtune.language.space import Space
from jtune.quiet import quiet
from jtune.samplers.history import History, is_interrupted, losses_told, reported_values
from jtune.samplers.models import SURROGATES, Axis, GpModel, Model, SkoptModel, axis_of
from jtune.samplers.seeds import fresh_seed

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


# A model is kept between proposals, which Optuna may ask for in several threads.
_one_at_a_time = threading.Lock()


class SkoptSampler(BaseSampler):
    """Bayesian optimization in scikit-optimize's search space, for any Optuna study.

    Until ``n_startup_trials`` trials can be learnt from, parameters are drawn uniformly ("gp" begins in the middle of
    the ranges); from then on a surrogate is fitted to the trials before each proposal. What it is told:

    - a complete trial: its value (NaN and infinities: as a failed one);
    - a failed trial: the 75 % quantile of the complete ones (the worse end), so that a region that crashes is left but
      its border is not avoided for ever. A trial that jtune has recorded as interrupted: nothing;
    - a pruned trial: the worse of its last reported value and that quantile, because a value from the middle of a
      curve is no final value;
    - a running trial, where other workers run some: what the surrogate itself predicts there ("gp") or that quantile,
      so that parallel proposals differ;
    - a parameter that the trial does not have (it was inactive, or the trial failed early): the same value for all such
      trials, so that it makes no distance between them;
    - a trial outside the present bounds, where a range has changed since: its value where it is ("gp", as far as one
      range's width beyond), or nothing, as scikit-optimize knows no points out of bounds.

    Of many trials the best and the most recent ones are told.

    Parameters
    ----------
    seed : int, optional
        In [0, 2**32). With it, proposals repeat when a study does; after a resumption they can be others, because a
        search for hyper-parameters starts from the last one's.
    surrogate : {"gp", "skopt", "forest"}
        :class:`jtune.surrogate.gp.GaussianProcess`, scikit-optimize's own Gaussian process, or its extremely
        randomized trees. With several objectives "gp" models a weighted sum of them that differs from trial to trial;
        the others take one only.
    n_startup_trials : int
        Trials, failed ones counted in, before the first fit; at least 1.
    space : Space, optional
        The search space, where it is known: it is then searched as a whole from the first trial on. Otherwise it is
        what all complete trials have in common (Optuna's intersection search space).

    Raises
    ------
    ValueError
        If ``surrogate`` or ``n_startup_trials`` is none of the above, or a study has several objectives and the
        surrogate takes one.

    References
    ----------
    Knowles (2006), IEEE Transactions on Evolutionary Computation 10: several objectives (ParEGO). Ginsbourger, Le Riche
    and Carraro (2010), section 4: running trials ("Kriging believer").
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        surrogate: str = "gp",
        n_startup_trials: int = 10,
        space: Space | None = None,
    ) -> None:
        if surrogate not in SURROGATES:
            hint = did_you_mean(surrogate, SURROGATES)
            raise ValueError(f"{surrogate!r} is not a surrogate ({', '.join(SURROGATES)}){hint}")
        if n_startup_trials < 0:
            raise ValueError(f"n_startup_trials is {n_startup_trials}; it must not be negative")
        self._seed = fresh_seed() if seed is None else seed
        self._surrogate = surrogate
        self._n_startup_trials = max(1, n_startup_trials)
        self._whole = self._space = space
        self._held: dict[str, Any] = {}
        self._intersection = IntersectionSearchSpace()
        self._reported: dict[int, tuple[FrozenTrial, list[float]]] = {}
        self._model: Model | None = None
        self._model_space: tuple[list[tuple[str, BaseDistribution]], dict[str, Any]] = [], {}

    def __getstate__(self) -> dict[str, Any]:
        # A model is large, and grows again from the trials.
        return {**self.__dict__, "_model": None, "_reported": {}}

    def reseed_rng(self) -> None:
        """Take a new random seed, and forget the model that grew from the old one."""
        self._seed, self._model = fresh_seed(), None

    def narrow(self, space: Space) -> None:
        """Search only in ``space`` from now on: the parameters of the known space, in domains within theirs.

        A parameter whose domain has one value left stays in the model, where trials with other values of it are at a
        distance. (Surrogates other than "gp" propose it as before: keep to its value when you take their proposal.)

        Parameters
        ----------
        space : Space
            The parameters of the known space, each in a domain within the known one.

        Raises
        ------
        ValueError
            If the sampler knows no space.
        """
        if self._whole is None:
            raise ValueError("this sampler knows no space that could be narrowed; give it one: SkoptSampler(space=...)")
        whole = self._whole
        locked = [p for p in space if p.domain.size == 1 and whole[p.name].domain.size != 1]
        held = {p.name: p.domain.levels(1)[0] for p in locked}
        self._space = Space([whole[p.name] if p.name in held else p for p in space])
        self._held = {name: whole[name].domain.to_optuna(value) for name, value in held.items()}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the distributions that are searched together, those of a single value left out."""
        if self._space is None:
            space = self._intersection.calculate(study)
        else:
            space = {p.name: p.domain.distribution for p in self._space}
        return {name: dist for name, dist in space.items() if not dist.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the surrogate's proposal, or nothing while there are too few trials for one.

        Asked again while nothing has changed, it returns the next best proposal.
        """
        self._require_one_objective(study)
        if not search_space:
            return {}
        history = self._history(study, trial.number, search_space)
        if len(history.trials) < self._n_startup_trials:
            return self._middle(study, trial.number, search_space) if self._surrogate == "gp" else {}
        from jtune.surrogate.gp import calm

        # scikit-optimize and scikit-learn warn about what is normal here: a kernel parameter at its bound, a point that
        # was evaluated before.
        with _one_at_a_time, calm(), quiet():
            model_space = list(search_space.items()), self._held
            if self._model is None or self._model_space != model_space:
                self._model, self._model_space = self._new_model(search_space), model_space
            return self._model.propose(history)

    def _middle(self, study: Study, number: int, search_space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        """Return the middle of all ranges for a study's first trial, or its second after the user's own values."""
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        others = [trial for trial in trials if trial.number != number]
        numbers = {n: d for n, d in search_space.items() if not isinstance(d, CategoricalDistribution)}
        middle = {n: self._held.get(n, self._axis(n, d).domain.levels(1)[0]) for n, d in numbers.items()}
        is_first = len(others) < 2 and not any(middle.items() <= other.params.items() for other in others)
        return middle if is_first else {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a uniform draw, the same for the same seed, trial and name."""
        self._require_one_objective(study)
        key = (self._seed, trial.number, zlib.crc32(param_name.encode()))
        seed = int(np.random.SeedSequence(key).generate_state(1)[0])
        return RandomSampler(seed=seed).sample_independent(study, trial, param_name, param_distribution)

    def _require_one_objective(self, study: Study) -> None:
        if len(study.directions) > 1 and self._surrogate != "gp":
            raise ValueError(
                f"the surrogate {self._surrogate} takes one objective, the study has {len(study.directions)}; "
                'take "gp", or optuna.samplers.NSGAIISampler or TPESampler'
            )

    def _history(self, study: Study, number: int, search_space: Mapping[str, BaseDistribution]) -> History:
        """Return all trials but ``number`` that a model can learn from."""
        # Not study.get_trials: under Hyperband that is one bracket only, too few to learn from.
        trials = [
            trial
            for trial in study._storage.get_all_trials(study._study_id, deepcopy=False)
            if trial.number != number and self._is_told(trial, search_space)
        ]
        for trial in trials:
            # A finished trial does not change.
            if self._reported.get(trial.number, (None,))[0] is not trial:
                self._reported[trial.number] = trial, reported_values(trial, len(study.directions))
        reported = np.array([self._reported[trial.number][1] for trial in trials])
        losses = losses_told(reported, [trial.state for trial in trials], study.directions)
        return History(trials if len(losses) else [], losses)

    def _is_told(self, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]) -> bool:
        """Tell whether there is something to learn from a trial."""
        if trial.state == TrialState.RUNNING and self._space is None:
            # Otherwise its other parameters may still be asked for.
            return all(name in trial.params for name in search_space)
        if trial.state == TrialState.WAITING or is_interrupted(trial):
            return False
        return any(name in trial.params for name in search_space)

    def _new_model(self, search_space: Mapping[str, BaseDistribution]) -> Model:
        axes = {name: self._axis(name, distribution) for name, distribution in search_space.items()}
        if self._surrogate == "gp":
            domains = {name: axis.domain for name, axis in axes.items()}
            return GpModel(domains, self._space, self._held, self._seed)
        return SkoptModel(axes, self._surrogate, self._seed)

    def _axis(self, name: str, distribution: BaseDistribution) -> Axis:
        axis = axis_of(distribution)
        parameter = self._space[name] if self._space is not None and name in self._space else None
        if parameter is None or parameter.domain.distribution != distribution:
            return axis
        domain = parameter.domain
        default = domain.to_dimension(domain.coerce(parameter.literal))
        # Optuna may have choices by their text, and has no steps on a log scale.
        return Axis(axis.domain if isinstance(domain, ChoiceDomain) else domain, default)
