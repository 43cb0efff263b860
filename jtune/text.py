"""Small texts that several layers write alike."""

from __future__ import annotations


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


def percent(share: float) -> str:
    """Return a share of 1 in percent."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
