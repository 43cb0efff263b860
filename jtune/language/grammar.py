"""What the tune language says, from the file that the editor reads too: regular expressions, and hints for slips."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any


class MarkError(ValueError):
    """What cannot be read; ``start`` is the mistake's place in the text."""

    def __init__(self, start: int, message: str) -> None:
        self.start = start
        super().__init__(message)


def match(name: str, text: str) -> re.Match[str] | None:
    """Return the match of a pattern with the whole of a text."""
    return pattern(name).fullmatch(text)


def ends(name: str, text: str, at: int = 0, group: int = 0) -> int | None:
    """Return where a pattern that stands at a place of a text ends, or None where it does not stand there."""
    found = pattern(name).match(text, at)
    return found.end(group) if found else None


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern of the grammar by its name."""
    return compiled(f"<{name}>")


def table(name: str) -> Any:
    """Return one of the grammar's tables."""
    return _grammar()[name]


def compiled(source: str) -> re.Pattern[str]:
    """Return a regular expression in which ``<name>`` stands for a pattern."""
    patterns: dict[str, str] = _grammar()["patterns"]

    def expand(source: str) -> str:
        return re.sub(r"<([a-z_]+)>", lambda found: f"(?:{expand(patterns[found[1]])})", source)

    return re.compile(expand(source), re.DOTALL)


@cache
def _grammar() -> dict[str, Any]:
    grammar: dict[str, Any] = json.loads(files("jtune.language").joinpath("grammar.json").read_text(encoding="utf-8"))
    return grammar
