"""A parameter's handle as a standard control of ipywidgets, for dashboards that users compose themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ipywidgets as w

from jtune.language.domains import ChoiceDomain, Domain, FloatDomain, IntDomain, Value
from jtune.language.space import Parameter, Space
from jtune.text import one_line, shortened
from jtune.views.feed import labels

# Fine enough for a mouse, and values of few digits.
_STEPS, _LOG_STEPS = 200, 400
_OPTIONS_AT_MOST = 60


class Standard:
    """One parameter's widget: what it shows, and what the user sets.

    Parameters
    ----------
    parameter : Parameter
    on_value : callable
        Told of the value after the user (or code) has set it; not by :meth:`show`.
    """

    def __init__(self, parameter: Parameter, on_value: Callable[[Value], None]) -> None:
        self._domain = parameter.domain
        self._on_value = on_value
        self._is_showing = False
        # What the widget was last set to, and the value that this stands for, which may have more digits.
        self._shown: tuple[Any, Value] | None = None
        self.widget = _widget(parameter.domain, shortened(one_line(parameter.name), 40, "…"))
        self.show(parameter.domain.coerce(parameter.literal))
        self.widget.observe(self._on_change, "value")

    def show(self, value: Value) -> None:
        """Set the widget to a value of the domain."""
        if self._shown is not None and self._shown[0] == self.widget.value and self._shown[1] == value:
            return
        self._is_showing = True
        try:
            _set(self._domain, self.widget, value)
        finally:
            self._is_showing = False
        self._shown = self.widget.value, value

    def _on_change(self, change: Mapping[str, Any]) -> None:
        if self._is_showing:
            return
        if self._shown is not None and _is_nearest(self.widget, self._shown[0], change["new"]):
            # The page sends the position that is nearest to what it was told, unasked.
            self._shown = change["new"], self._shown[1]
            return
        value = _value(self._domain, change["new"])
        self._shown = change["new"], value
        self._on_value(value)


class Standards(Mapping[str, Any]):
    """The widgets of all parameters, by name, each made when it is first asked for.

    Parameters
    ----------
    space : Space
    present : callable
        Returns the value of a parameter's handle.
    move : callable
        Moves handles, as a user would.
    listen : callable
        Has a widget's messages handled like those of the panel.
    """

    def __init__(
        self,
        space: Space,
        present: Callable[[str], Value],
        move: Callable[[Mapping[str, Value]], None],
        listen: Callable[[w.Widget], None],
    ) -> None:
        self._space, self._present, self._move, self._listen = space, present, move, listen
        self._made: dict[str, Standard] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            made = Standard(self._space[name], lambda value: self._move({name: value}))
            made.show(self._present(name))
            self._listen(made.widget)
            self._made[name] = made
        return self._made[name].widget

    def __iter__(self) -> Iterator[str]:
        return iter(self._space.names)

    def __len__(self) -> int:
        return len(self._space)

    def follow(self) -> None:
        """Show where the handles stand."""
        for name, made in self._made.items():
            made.show(self._present(name))

    def close(self) -> None:
        """Close all widgets."""
        for made in self._made.values():
            for model in (made.widget, made.widget.layout, made.widget.style):
                model.close()


def _widget(domain: Domain, name: str) -> Any:
    given: dict[str, Any] = {"description": name, "style": {"description_width": "initial"}}
    if isinstance(domain, ChoiceDomain):
        if _is_switch(domain):
            return w.Checkbox(indent=False, **given)
        return w.Dropdown(options=[(shortened(text, 60, "…"), i) for i, text in enumerate(labels(domain))], **given)
    if isinstance(domain, IntDomain):
        if domain.log and domain.size > _OPTIONS_AT_MOST:
            return w.SelectionSlider(options=domain.levels(_OPTIONS_AT_MOST), **given)
        return w.IntSlider(min=domain.low, max=domain.snap(domain.high), step=domain.step, **given)
    if domain.log:
        low, high = math.log10(domain.low), math.log10(domain.high)
        step = (high - low) / _LOG_STEPS
        return w.FloatLogSlider(value=domain.low, base=10, min=low, max=high, step=step, readout_format=".3g", **given)
    step = domain.step or 10.0 ** math.floor(math.log10((domain.high - domain.low) / _STEPS))
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    form = f".{digits}f" if digits <= 5 else ".4g"
    return w.FloatSlider(min=domain.low, max=domain.high, step=step, readout_format=form, **given)


def _is_switch(domain: ChoiceDomain) -> bool:
    return len(domain.choices) == 2 and all(isinstance(choice, bool) for choice in domain.choices)


def _value(domain: Domain, raw: Any) -> Value:
    """Return the value of the domain that a widget's value stands for."""
    if isinstance(domain, ChoiceDomain):
        return bool(raw) if _is_switch(domain) else domain.choices[raw]
    if isinstance(domain, FloatDomain) and domain.log:
        return domain.snap(float(f"{raw:.3g}"))
    return domain.coerce(domain.snap(raw))


def _set(domain: Domain, widget: Any, value: Any) -> None:
    """Set a widget to a value of the domain."""
    if isinstance(domain, ChoiceDomain):
        widget.value = value if _is_switch(domain) else domain.index(value)
    elif isinstance(widget, w.SelectionSlider):
        if value not in widget.options:
            widget.options = sorted([*widget.options, value])
        widget.value = value
    elif isinstance(widget, w.FloatLogSlider):
        # The bounds' logarithms need not be exact.
        widget.value = min(max(value, widget.base**widget.min), widget.base**widget.max)
    else:
        widget.value = value


def _is_nearest(widget: Any, shown: Any, new: Any) -> bool:
    """Tell whether ``new`` is the slider's position nearest to ``shown``, and not ``shown`` itself."""
    if not isinstance(widget, (w.FloatSlider, w.FloatLogSlider)):
        return False
    if isinstance(widget, w.FloatLogSlider):
        shown, new = math.log10(shown), math.log10(new)
    steps = (new - widget.min) / widget.step
    is_position = abs(steps - round(steps)) < 1e-6
    was_position = abs((shown - widget.min) / widget.step - round((shown - widget.min) / widget.step)) < 1e-6
    return bool(is_position and not was_position and abs(new - shown) <= widget.step * (0.5 + 1e-6))
