"""Small texts that several layers write alike."""

from __future__ import annotations

import math
import sys


def counted(n: int, what: str) -> str:
    """Return ``1 trial`` or ``2 trials``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def shortened(text: str, at_most: int, dots: str = "...") -> str:
    """Return ``text``, its middle left out where it is longer than ``at_most``."""
    if len(text) <= at_most:
        return text
    kept = at_most - len(dots)
    return text[: kept - kept // 3] + dots + text[len(text) - kept // 3 :]


def one_line(text: str) -> str:
    """Return ``text`` with every run of blanks and line ends as one blank."""
    return " ".join(text.split())


def bare(value: object) -> str:
    """Return a value as typed, a string without its quotes."""
    return repr(value)[1:-1] if isinstance(value, str) else repr(value)


def number(value: float) -> str:
    """Return an objective's value in six significant digits."""
    return f"{value:.6g}"


def with_sd(mean: float, sd: float) -> tuple[str, str]:
    """Return a value in as many digits as its standard deviation has, which has one, or two where it begins with 1."""
    if not 1e-300 < sd < math.inf or not math.isfinite(mean):
        return f"{mean:.3g}", f"{sd:.1g}"
    power = math.floor(math.log10(sd))
    places = (1 if sd / 10**power < 1.95 else 0) - power
    if power >= -4 and places <= 6 and abs(mean) < 1e6:
        return f"{round(mean, places):.{max(0, places)}f}", f"{round(sd, places):.{max(0, places)}f}"
    return f"{mean:.2g}", f"{sd:.1g}"


def percent(share: float) -> str:
    """Return a share of 1 in percent."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def memory(peak: int) -> str:
    """Return ``252 MB`` or ``7.9 GB`` for a process's ``ru_maxrss``, which is in a unit of its own on each system."""
    megabytes = peak / (1e6 if sys.platform == "darwin" else 1e3)
    return f"{megabytes / 1e3:.1f} GB" if megabytes >= 1e3 else f"{megabytes:.0f} MB"


def duration(seconds: float) -> str:
    """Return ``12 ms``, ``0.4 s``, ``12 s``, ``1 min 30 s``, ``25 min``, ``2 h 5 min`` or ``3 d 4 h``."""
    if 0 < seconds < 0.001:
        return "< 1 ms"
    if 0 < seconds < 0.0995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return _parts(whole, 60, "min", "s")
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    return _parts(minutes, 60, "h", "min") if minutes < 24 * 60 else _parts(round(minutes / 60), 24, "d", "h")


def _parts(small: int, per_big: int, big_unit: str, small_unit: str) -> str:
    big, rest = divmod(small, per_big)
    return f"{big} {big_unit} {rest} {small_unit}" if rest else f"{big} {big_unit}"
