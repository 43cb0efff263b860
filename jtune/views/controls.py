"""Where the handles of a panel stand, and what the search is held to. The page draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jtune.language.domains import ChoiceDomain, Domain, Value
from jtune.language.space import Parameter, Point, Space


class Control:
    """One parameter's handle, lock and range.

    Parameters
    ----------
    parameter : Parameter

    Attributes
    ----------
    value : Value
        Where the handle stands.
    is_locked : bool
        Whether the search keeps to that value.
    allowed : Domain
        The values that the search may use: all of the domain, a part of it, or one value.
    """

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.value: Value = parameter.domain.coerce(parameter.literal)
        self.is_locked = False
        self._part: Domain = parameter.domain

    @property
    def allowed(self) -> Domain:
        """The values that the search may use."""
        return self.parameter.domain.fixed(self.value) if self.is_locked else self._part

    def hold(self, *, is_locked: bool, low: float | None, high: float | None) -> None:
        """Lock the value, or take the lock off; search between two numbers only, or everywhere where they are None."""
        domain: Any = self.parameter.domain
        self.is_locked = is_locked
        if low is None or high is None or isinstance(domain, ChoiceDomain):
            self._part = domain
        else:
            self._part = domain.narrowed(min(low, high), max(low, high))

    def at(self, position: float) -> Value:
        """Return the value at a position of the page: a number, or the index of a choice."""
        domain = self.parameter.domain
        if isinstance(domain, ChoiceDomain):
            return domain.choices[min(max(round(position), 0), len(domain.choices) - 1)]
        return domain.coerce(domain.snap(position))


class Controls:
    """The handles of all parameters.

    Parameters
    ----------
    space : Space
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._controls = {parameter.name: Control(parameter) for parameter in space}

    def __getitem__(self, name: str) -> Control:
        return self._controls[name]

    def __contains__(self, name: object) -> bool:
        return name in self._controls

    @property
    def point(self) -> Point:
        """The point where the handles stand: active parameters only."""
        return self._space.point({name: control.value for name, control in self._controls.items()})

    @property
    def allowed(self) -> dict[str, Domain]:
        """The values that the search may use, of each parameter."""
        return {name: control.allowed for name, control in self._controls.items()}

    @property
    def locked(self) -> list[str]:
        """The parameters that are locked."""
        return [name for name, control in self._controls.items() if control.is_locked]

    def place(self, values: Mapping[str, Value]) -> None:
        """Move handles to values of their domains; what is no parameter, or not in its domain, is left out."""
        for name, value in values.items():
            if name in self and not self._space[name].domain.reject(value):
                self[name].value = self._space[name].domain.coerce(value)

    def place_at(self, positions: Mapping[str, float]) -> None:
        """Move handles to positions of the page."""
        for name, position in positions.items():
            if name in self:
                self[name].value = self[name].at(position)

    def follow(self, point: Point) -> None:
        """Move the handles to a point, but for those that are locked."""
        self.place({name: value for name, value in point.items() if name in self and not self[name].is_locked})
