"""What is said of a text that cannot be read, and what to type instead: the rules are a table of the grammar."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

from jtune.errors import did_you_mean
from jtune.language import grammar
from jtune.language.domains import Value
from jtune.language.grammar import MarkError
from jtune.quiet import quiet


@dataclass(frozen=True)
class _Rule:
    when: re.Pattern[str]
    say: str
    hint: str
    at: int
    write: str
    form: str

    def message(self, found: re.Match[str]) -> str | None:
        """Return what is said of a text, or None where there are no words for it."""
        groups = [found[0], *(group or "" for group in found.groups())]
        facts = {"hint": self.hint, **_facts(found.string, groups)}
        try:
            if self.write:
                facts["write"] = self.write.format(*groups, **facts).strip()
            return self.say.format(*groups, **facts) if not self.write or _is(self.form, facts["write"]) else None
        except KeyError:
            return None


def slip(kind: str, text: str, at: int = 0) -> MarkError:
    """Return the mistake that what stands at a place of a text cannot be read.

    Parameters
    ----------
    kind : str
        What was expected there: a key of the table.
    text : str
    at : int
    """
    for rule in _rules(kind):
        found = rule.when.match(text, at)
        message = rule.message(found) if found else None
        if found and message:
            return MarkError(found.start(rule.at), message)
    raise AssertionError("the last rule is for any text")


def meant_direction(word: str) -> str | None:
    """Return the direction that a word was written for, or None."""
    directions: dict[str, str] = grammar.table("objectives")
    return directions.get(word.lower())


def is_domain(text: str) -> bool:
    """Tell whether a text has the form of a domain."""
    return bool(grammar.match("range", text) or grammar.match("choices", text))


def literals(text: str) -> list[Value] | None:
    """Return the elements of a list of literals, or None where a text is none."""
    try:
        # Python warns of escapes such as "\\d", which are the user's own.
        with quiet():
            value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, list) else None


@cache
def _rules(kind: str) -> list[_Rule]:
    slips = grammar.table("slips")[kind]
    return [
        _Rule(
            grammar.compiled(rule["when"]),
            rule.get("say") or slips["say"],
            rule.get("hint", ""),
            rule.get("at", 0),
            rule.get("write", ""),
            rule.get("as", ""),
        )
        for rule in slips["rules"]
    ]


def _facts(text: str, groups: list[str]) -> dict[str, str]:
    """Return the words that a rule may ask for; those that there are."""
    first = groups[1] if len(groups) > 1 else ""
    tidy = re.sub("[,:=]", " ", re.sub(r"\bby\b", "step", groups[-1].lower()))
    facts = {
        "objective": meant_direction(first),
        "guess": did_you_mean(first.lower(), grammar.table("words")),
        "tidy": " ".join(tidy.split()),
        "choices": _as_choices(text),
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _is(form: str, text: str) -> bool:
    """Tell whether what is to be typed would be read."""
    if form == "range":
        found = grammar.match("range", text)
        return found is not None and float(found[1]) < float(found[2])
    is_goal = form == "mark" and any(grammar.match(name, f": {text}") for name in ("objective", "report", "once"))
    return is_goal or is_domain(text)


def _as_choices(text: str) -> str | None:
    """Return the choices that were probably meant, with the brackets and quotes that are missing."""

    def quoted(found: re.Match[str]) -> str:
        word = found[0]
        return word if word[0] in "\"'" or word in {"True", "False", "None"} else f'"{word}"'

    parts = ", ".join(part.strip(" \t") for part in re.split("[/|]", text.strip("[](){} \t,")))
    words = r"[^\W\d]\w*(?:[ -]\w+)*"
    written = "[" + re.sub(f"{grammar.pattern('string').pattern}|{words}", quoted, parts) + "]"
    choices = literals(written)
    return written if choices is not None and len(choices) > 1 and grammar.match("choices", written) else None
