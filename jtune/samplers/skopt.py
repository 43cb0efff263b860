"""scikit-optimize inside Optuna: its search space and designs, with jtune's Gaussian process or one of its own models.

:class:`SkoptSampler` knows nothing of jtune's search and works in any Optuna study. What a model needs (scikit-optimize
and scikit-learn behind it: 1-3 s) is imported with the first model, not before.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState, create_trial

from jtune.errors import did_you_mean
from jtune.language.domains import ChoiceDomain, Domain, Value, domain_of
from jtune.language.space import Parameter, Point, Space
from jtune.quiet import quiet
from jtune.samplers.history import Historian, History
from jtune.samplers.models import SURROGATES, GpModel, Model, SkoptModel
from jtune.samplers.seeds import fresh_seed

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


# A model is kept between proposals, which Optuna may ask for in several threads.
_one_at_a_time = threading.Lock()
# A uniform draw does not depend on it.
_ANY_TRIAL = create_trial(state=TrialState.RUNNING)


# Of the trials of a noisy objective, as many are repeated runs of its leaders at most.
REPLICATE = 0.3


@contextmanager
def _learning() -> Iterator[None]:
    """Run a model.

    scikit-optimize and scikit-learn warn about what is normal here: a kernel parameter at its bound, a point that was
    evaluated before.
    """
    from jtune.surrogate.gp import calm

    with _one_at_a_time, calm(), quiet():
        yield


class SkoptSampler(BaseSampler):
    """Bayesian optimization in scikit-optimize's search space, for any Optuna study.

    Until ``n_startup_trials`` trials can be learnt from, parameters are drawn uniformly ("gp" begins in the middle of
    the ranges, and takes each value of a list as often as the others); from then on a surrogate is fitted to the trials
    before each proposal. What it is told:

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
    replicate : float
        The share of the trials that may be repeated runs of the leaders of a noisy objective, at most; in [0, 1].
        "gp" with one objective and a known space asks for them, by :meth:`to_repeat`.

    Raises
    ------
    ValueError
        If ``surrogate``, ``n_startup_trials`` or ``replicate`` is none of the above, or a study has several objectives
        and the surrogate takes one.

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
        replicate: float = REPLICATE,
    ) -> None:
        if surrogate not in SURROGATES:
            hint = did_you_mean(surrogate, SURROGATES)
            raise ValueError(f"{surrogate!r} is not a surrogate ({', '.join(SURROGATES)}){hint}")
        if n_startup_trials < 0:
            raise ValueError(f"n_startup_trials is {n_startup_trials}; it must not be negative")
        if not 0 <= replicate <= 1:
            raise ValueError(f"replicate is {replicate}; it is a share, from 0 to 1")
        self._replicate = replicate
        self._seed = fresh_seed() if seed is None else seed
        self._surrogate = surrogate
        self._n_startup_trials = max(1, n_startup_trials)
        self._space = self._within = space
        self._intersection = IntersectionSearchSpace()
        self._searcher: _Searcher | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A model is large, and grows again from the trials.
        return {**self.__dict__, "_searcher": None}

    def reseed_rng(self) -> None:
        """Take a new random seed, and forget the model that grew from the old one."""
        self._seed, self._searcher = fresh_seed(), None

    def narrow(self, space: Space) -> None:
        """Search only in ``space`` from now on.

        A parameter whose domain has one value left stays in the model, where trials with other values of it are at a
        distance.

        Parameters
        ----------
        space : Space
            The parameters of the known space, each in a domain within the known one.

        Raises
        ------
        ValueError
            If the sampler knows no space.
        """
        if self._space is None:
            raise ValueError("this sampler knows no space that could be narrowed; give it one: SkoptSampler(space=...)")
        self._within = space

    # jtune's own protocol.

    needs_trial = False

    def propose(self, study: Study, number: int) -> Point:
        """Return the next point of the known space.

        Parameters
        ----------
        study : optuna.Study
            Its trials are points of that space; others are told as described above.
        number : int
            Of the trial that is to run there; it may be in the study already.

        Raises
        ------
        ValueError
            If the sampler knows no space, or a study has several objectives and the surrogate takes one.
        """
        if self._space is None or self._within is None:
            raise ValueError("this sampler knows no space of points; give it one: SkoptSampler(space=...)")
        values = self._values(study, number, self._space, self._within)

        def choose(parameter: Parameter) -> Value:
            name, domain = parameter.name, parameter.domain
            if domain.size == 1:
                return domain.levels(1)[0]
            if name in values:
                return values[name]
            return domain.from_optuna(self._draw(study, number, name, domain.distribution))

        return self._within.build(choose)

    def to_repeat(self, study: Study, number: int) -> Point | None:
        """Return the point of a trial to run once more: a leader, where trials are too noisy to tell it from others.

        Parameters are those of :meth:`propose`.
        """
        within = self._within
        if self._space is None or within is None or len(study.directions) > 1 or not self._replicate:
            return None
        searcher = self._searching(self._space, within)
        history = searcher.historian.read(study, number)
        if len(history.numbers) < self._n_startup_trials or self._surrogate != "gp":
            return None
        with _learning():
            point = searcher.to_repeat(history, self._replicate, self._seed)
        return None if point is None else dict(point)

    # Optuna's protocol.

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the distributions that are searched together, those of a single value left out."""
        if self._space is None or self._within is None:
            return {name: dist for name, dist in self._intersection.calculate(study).items() if not dist.single()}
        return {name: domain.distribution for name, domain in self._space.modelled(self._within).items()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the surrogate's proposal, or nothing while there are too few trials for one.

        Asked again while nothing has changed, it returns the next best proposal.
        """
        self._require_one_objective(study)
        if not search_space:
            return {}
        space, within = self._space, self._within
        if space is not None and within is not None and search_space.keys() == space.modelled(within).keys():
            values = self._values(study, trial.number, space, within)
            return {name: space[name].domain.to_optuna(value) for name, value in values.items()}
        domains = {name: domain_of(distribution) for name, distribution in search_space.items()}
        space = Space([Parameter(name, domain, domain.levels(1)[0]) for name, domain in domains.items()])
        return self._values(study, trial.number, space, None)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a uniform draw, the same for the same seed, trial and name."""
        self._require_one_objective(study)
        return self._draw(study, trial.number, param_name, param_distribution)

    def _require_one_objective(self, study: Study) -> None:
        if len(study.directions) > 1 and self._surrogate != "gp":
            raise ValueError(
                f"the surrogate {self._surrogate} takes one objective, the study has {len(study.directions)}; "
                'take "gp", or optuna.samplers.NSGAIISampler or TPESampler'
            )

    def _draw(self, study: Study, number: int, name: str, distribution: BaseDistribution) -> Any:
        seed = int(np.random.SeedSequence((self._seed, number, zlib.crc32(name.encode()))).generate_state(1)[0])
        return RandomSampler(seed=seed).sample_independent(study, _ANY_TRIAL, name, distribution)

    def _values(self, study: Study, number: int, space: Space, within: Space | None) -> dict[str, Value]:
        """Return what the surrogate proposes, as the values of ``space``; nothing while there are too few trials.

        Without ``within``, the space is that of a study of which no more is known.
        """
        self._require_one_objective(study)
        searcher = self._searching(space, within)
        history = searcher.historian.read(study, number)
        if len(history.numbers) < self._n_startup_trials:
            return searcher.first(study, number, history, self._seed) if self._surrogate == "gp" else {}
        with _learning():
            return searcher.propose(history, self._surrogate, self._seed)

    def _searching(self, space: Space, within: Space | None) -> _Searcher:
        """Return the surrogate of a space, the one that is there if it is of the same."""
        searcher = _Searcher(space, within)
        if self._searcher is None or not searcher.is_alike(self._searcher):
            self._searcher = searcher
        return self._searcher


class _Searcher:
    """A surrogate of one space, with what it has been told.

    Parameters
    ----------
    space : Space
    within : Space or None
        The same parameters in the domains that are searched; None for the space of a study of which no more is known.
    """

    def __init__(self, space: Space, within: Space | None) -> None:
        self._space, self._within = space, within or space
        self._is_known = within is not None
        self._domains = space.modelled(self._within)
        self._model: Model | None = None
        self.historian = Historian(self._domains.keys(), space if self._is_known else None)

    def is_alike(self, other: _Searcher) -> bool:
        """Tell whether another one searches the same space."""
        same = (self._space.parameters, self._within.parameters, self._is_known)
        return same == (other._space.parameters, other._within.parameters, other._is_known)

    def first(self, study: Study, number: int, history: History, seed: int) -> dict[str, Value]:
        """Return values for one of the first trials, which know too little of each other; the rest is drawn uniformly.

        Where several run at a time they are spread, as none has seen the others' values.
        """
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        others = [trial for trial in trials if trial.number != number]
        middle, balanced = self._middle(others), self._balanced(len(others), seed)
        if middle or not np.isnan(history.losses).any():
            return {**balanced, **middle}
        with _learning():
            return {**self._fixed(self._gp_model(seed).spread(history)), **balanced}

    def _balanced(self, n_before: int, seed: int) -> dict[str, Value]:
        """Return values of the lists, each of which comes as often as the others."""
        values = {}
        for name in self._domains:
            if isinstance(domain := self._within[name].domain, ChoiceDomain):
                turn, place = divmod(n_before, domain.size)
                order = np.random.default_rng((seed, zlib.crc32(name.encode()), turn)).permutation(domain.size)
                values[name] = domain.choices[order[place]]
        return values

    def _middle(self, others: Sequence[FrozenTrial]) -> dict[str, Value]:
        """Return the middle of all ranges for a study's first trial, or its second after the user's own values."""
        middle = {name: value for name in self._domains if (value := _middle(self._within[name].domain)) is not None}
        is_first = len(others) < 2 and not any(middle.items() <= other.params.items() for other in others)
        return middle if is_first else {}

    def propose(self, history: History, surrogate: str, seed: int) -> dict[str, Value]:
        """Return the surrogate's proposal."""
        if surrogate == "gp":
            return self._fixed(self._gp_model(seed).propose(history))
        if self._model is None:
            self._model = SkoptModel(self._space, self._within, surrogate, seed)
        return self._fixed(self._model.propose(history))

    def to_repeat(self, history: History, share: float, seed: int) -> Mapping[str, Value] | None:
        """Return the point of a trial to run once more, if jtune's Gaussian process wants one."""
        return self._gp_model(seed).to_repeat(history, share)

    def _gp_model(self, seed: int) -> GpModel:
        if not isinstance(self._model, GpModel):
            self._model = GpModel(self._space, self._within, seed)
        return self._model

    def _fixed(self, values: dict[str, Value]) -> dict[str, Value]:
        """Return values with those of the parameters that are fixed."""
        fixed = {n: p.levels(1)[0] for n in values if (p := self._within[n].domain).size == 1}
        return {**values, **fixed}


def _middle(domain: Domain) -> Value | None:
    """Return the middle of a range, or of a list of numbers; None for other lists, which have none."""
    if not isinstance(domain, ChoiceDomain):
        return domain.levels(1)[0]
    is_ordered = len(domain.numbers) == domain.size
    return domain.numbers[domain.size // 2] if is_ordered else None
