"""A parameter's row in the panel: its slider, its lock and its range, as ipywidgets made from its domain."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import ipywidgets as w

from jtune.language.domains import ChoiceDomain, Domain, FloatDomain, IntDomain, Value
from jtune.language.space import Parameter
from jtune.text import one_line, shortened
from jtune.views.feed import labels

# A slider's own steps: fine enough for a mouse, and values of few digits.
_STEPS = 200
_LOG_STEPS = 400
_OPTIONS_AT_MOST = 60
_TOGGLES_AT_MOST, _TOGGLES_TEXT_AT_MOST = 5, 36

_W = TypeVar("_W", bound=w.Widget)
# Makes a widget of a class with the given traits.
_Make: TypeAlias = Callable[..., Any]


class Look:
    """Makes the widgets of a panel, which share a layout, and those of a kind a style.

    Each layout and each style is a model of its own, in the kernel, in the page and in a saved notebook.
    """

    def __init__(self) -> None:
        self._layout = w.Layout(width="auto")
        self._styles: dict[type[w.Widget], w.Widget] = {}

    def make(self, kind: type[_W], *given: Any, name: str = "", **traits: Any) -> _W:
        """Return a widget; ``name`` is its CSS class."""
        style = kind.class_traits().get("style")
        if style is not None:
            if style.klass not in self._styles:
                self._styles[style.klass] = style.klass()
            traits["style"] = self._styles[style.klass]
        made: _W = kind(*given, **{"layout": self._layout, **traits})
        if name:
            made.add_class(name)
        return made

    def close(self) -> None:
        """Close the layout and the styles that the widgets shared."""
        for shared in [self._layout, *self._styles.values()]:
            shared.close()


class Row:
    """The controls of one parameter.

    ``on_value`` is called after the user (or code) moved the slider, ``on_hold`` after the lock or the range changed;
    neither by :meth:`show`.

    Parameters
    ----------
    parameter : Parameter
    look : Look
        Of the panel.
    """

    def __init__(self, parameter: Parameter, look: Look) -> None:
        self.parameter = parameter
        self.on_value: Callable[[], None] = lambda: None
        self.on_hold: Callable[[], None] = lambda: None
        self._is_showing = False
        self._domain = parameter.domain
        self._shown: tuple[Any, Value] | None = None
        name = shortened(one_line(parameter.name), 40, "…")
        self._kind = _kind(parameter.domain)
        self.control = self._kind.control(parameter.domain, functools.partial(look.make, name="jtune-control"))
        self.control.tooltip = f"{name}: {parameter.domain}"
        self.lock = look.make(w.ToggleButton, icon="unlock", tooltip=f"hold {name} where it is", name="jtune-lock")
        children: list[w.Widget] = [look.make(w.Label, name, name="jtune-name"), self.control, self.lock]
        self.range = _range_control(parameter.domain, functools.partial(look.make, name="jtune-range"))
        if self.range is not None:
            self.range.tooltip = f"search {name} only in here"
            self._range_text = look.make(w.Label, name="jtune-range-text")
            children += [self.range, self._range_text]
            self.range.observe(self._on_range, "value")
            self._write_range()
        self.box = look.make(w.HBox, children, name="jtune-slider")
        self.show(parameter.domain.coerce(parameter.literal))
        self.control.observe(self._on_value, "value")
        self.lock.observe(self._on_lock, "value")

    @property
    def value(self) -> Value:
        """The slider's value: one of the domain, in as many digits as a slider can tell apart."""
        raw = self.control.value
        if self._shown is not None and self._shown[0] == raw:
            return self._shown[1]
        return self._kind.value(self._domain, raw)

    def show(self, value: Value) -> None:
        """Move the slider to a value of the domain, which keeps all its digits."""
        self._is_showing = True
        try:
            self._kind.show(self._domain, self.control, value)
        finally:
            self._is_showing = False
        self._shown = self.control.value, value

    @property
    def is_locked(self) -> bool:
        """Whether the search keeps to the slider's value."""
        return bool(self.lock.value)

    @property
    def allowed(self) -> Domain:
        """The values that the search may use: all of the domain, a part of it, or one value."""
        if self.is_locked:
            return self._domain.fixed(self.value)
        return self._domain if self.range is None else _within(self._domain, *self.range.value)

    def set_active(self, is_active: bool) -> None:
        """Grey the slider out where the parameter's condition does not hold."""
        if self.control.disabled == is_active:
            self.control.disabled = not is_active

    def set_live(self, is_live: bool) -> None:
        """Tell whether :attr:`on_value` is called while the slider is dragged, or when it is released."""
        if hasattr(self.control, "continuous_update") and self.control.continuous_update != is_live:
            self.control.continuous_update = is_live

    def widgets(self) -> list[w.Widget]:
        """Return the widgets that the user can touch."""
        return [self.control, self.lock, *([self.range] if self.range is not None else [])]

    def _on_value(self, change: dict[str, Any]) -> None:
        if self._is_showing:
            return
        if self._shown is not None and self._kind.is_snapped(self.control, self._shown[0], change["new"]):
            self._shown = change["new"], self._shown[1]
            return
        self._shown = None
        self.on_value()
        if self.is_locked:
            self.on_hold()

    def _on_lock(self, change: dict[str, Any]) -> None:
        self.lock.icon = "lock" if change["new"] else "unlock"
        self.on_hold()

    def _on_range(self, _change: object) -> None:
        self._write_range()
        self.on_hold()

    def _write_range(self) -> None:
        part = _within(self._domain, *self.range.value)
        self._range_text.value = "..".join(f"{end:.4g}" for end in dict.fromkeys((part.low, part.high)))


class _Kind:
    """How a domain's values are put into a control, and read from it."""

    def control(self, domain: Any, make: _Make) -> Any:
        raise NotImplementedError

    def value(self, domain: Any, raw: Any) -> Value:
        """Return the value of the domain that a control's value stands for."""
        return domain.snap(raw)

    def show(self, domain: Any, control: Any, value: Value) -> None:
        """Set a control to a value."""
        control.value = value

    def is_snapped(self, control: Any, shown: Any, new: Any) -> bool:
        """Tell whether ``new`` is the slider's position nearest to ``shown``, which the page sends back unasked."""
        return False


class _Linear(_Kind):
    def is_snapped(self, control: Any, shown: float, new: float) -> bool:
        return _is_nearest(control, shown, new)

    def control(self, domain: FloatDomain, make: _Make) -> Any:
        step = domain.step or _round_step((domain.high - domain.low) / _STEPS)
        digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
        form = f".{digits}f" if digits <= 5 else ".4g"
        return make(w.FloatSlider, min=domain.low, max=domain.high, step=step, readout_format=form)


class _Log(_Kind):
    def control(self, domain: FloatDomain, make: _Make) -> Any:
        low, high = math.log10(domain.low), math.log10(domain.high)
        step = (high - low) / _LOG_STEPS
        return make(w.FloatLogSlider, value=domain.low, base=10, min=low, max=high, step=step, readout_format=".3g")

    def is_snapped(self, control: Any, shown: float, new: float) -> bool:
        return _is_nearest(control, math.log10(shown), math.log10(new))

    def value(self, domain: FloatDomain, raw: float) -> float:
        return domain.snap(float(f"{raw:.3g}"))

    def show(self, domain: FloatDomain, control: Any, value: float) -> None:
        # The bounds' logarithms need not be exact.
        control.value = min(max(value, control.base**control.min), control.base**control.max)


class _Int(_Kind):
    def control(self, domain: IntDomain, make: _Make) -> Any:
        return make(w.IntSlider, min=domain.low, max=domain.snap(domain.high), step=domain.step)


class _LogInt(_Kind):
    """Integers on a log scale, for which ipywidgets has no slider but one of given values."""

    def control(self, domain: IntDomain, make: _Make) -> Any:
        return make(w.SelectionSlider, options=domain.levels(_OPTIONS_AT_MOST))

    def show(self, domain: IntDomain, control: Any, value: int) -> None:
        if value not in control.options:
            control.options = sorted([*control.options, value])
        control.value = value


class _Switch(_Kind):
    def control(self, domain: ChoiceDomain, make: _Make) -> Any:
        return make(w.Checkbox, indent=False)

    def value(self, domain: ChoiceDomain, raw: bool) -> bool:
        return bool(raw)


class _Choice(_Kind):
    def control(self, domain: ChoiceDomain, make: _Make) -> Any:
        options = [(shortened(label, 60, "…"), i) for i, label in enumerate(labels(domain))]
        is_short = sum(len(label) + 3 for label, _ in options) <= _TOGGLES_TEXT_AT_MOST
        if len(options) <= _TOGGLES_AT_MOST and is_short:
            return make(w.ToggleButtons, options=options)
        return make(w.Dropdown, options=options)

    def value(self, domain: ChoiceDomain, raw: int) -> Value:
        return domain.choices[raw]

    def show(self, domain: ChoiceDomain, control: Any, value: Value) -> None:
        control.value = domain.index(value)


def _kind(domain: Domain) -> _Kind:
    if isinstance(domain, ChoiceDomain):
        is_switch = len(domain.choices) == 2 and all(isinstance(choice, bool) for choice in domain.choices)
        return _Switch() if is_switch else _Choice()
    if isinstance(domain, IntDomain):
        return _LogInt() if domain.log and domain.size > _OPTIONS_AT_MOST else _Int()
    return _Log() if domain.log else _Linear()


def _range_control(domain: Domain, make: _Make) -> Any:
    """Return a slider with two ends, in logarithms where the domain is log; None for choices."""
    if isinstance(domain, ChoiceDomain):
        return None
    low, high = _scaled(domain, domain.low), _scaled(domain, domain.high)
    options = {"readout": False, "continuous_update": True}
    if isinstance(domain, IntDomain) and not domain.log:
        return make(w.IntRangeSlider, value=(low, high), min=low, max=high, step=domain.step, **options)
    step = (high - low) / _STEPS if domain.log or domain.step is None else domain.step
    return make(w.FloatRangeSlider, value=(low, high), min=low, max=high, step=step, **options)


def _scaled(domain: FloatDomain | IntDomain, value: float) -> float:
    return math.log10(value) if domain.log else value


def _within(domain: Any, low: float, high: float) -> Any:
    """Return the part of a domain between the ends of its range control; one value where they meet."""
    whole = _scaled(domain, domain.low), _scaled(domain, domain.high)
    ends = [
        bound if end == limit else _nice(domain, 10**end if domain.log else end)
        for end, limit, bound in zip((low, high), whole, (domain.low, domain.high), strict=True)
    ]
    return domain.narrowed(*ends)


def _nice(domain: FloatDomain | IntDomain, value: float) -> Value:
    """Return a value of the domain in as many digits as a slider can tell apart."""
    if isinstance(domain, FloatDomain) and domain.step is None:
        return domain.snap(float(f"{value:.3g}"))
    return domain.snap(value)


def _is_nearest(control: Any, shown: float, new: float) -> bool:
    steps = (new - control.min) / control.step
    return bool(abs(steps - round(steps)) < 1e-6 and abs(new - shown) <= control.step * (0.5 + 1e-6))


def _round_step(step: float) -> float:
    """Return the power of ten at or below ``step``."""
    return 10.0 ** math.floor(math.log10(step))
