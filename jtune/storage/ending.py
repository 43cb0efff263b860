"""Why a search ended: kinds, and the texts that the file and the user have."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase


class Ending(str, Enum):
    """Why a search ended; the value is its text, with a place for what differs between searches."""

    DONE = "{} done"
    TIME_UP = "the time is up"
    TARGET = "the target is reached"
    NO_GAIN = "no better trial in {}"
    EXHAUSTED = "all {} have been tried"
    FAILURES = "{} trials in a row failed"
    BROKEN = "the baseline failed"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped by hand"

    @classmethod
    def of(cls, text: str) -> Ending | None:
        """Return the kind of a text, which may be of an earlier version; None where it is none of these."""
        return next((kind for kind in cls if fnmatchcase(text, kind.value.format("*"))), None)

    def text(self, what: object = "") -> str:
        """Return the text, with ``what`` in its place."""
        return self.value.format(what)
