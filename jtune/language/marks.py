"""A comment's text -> marks: what the tune language says about one line.

The regular expressions live in ``grammar.json``, which the editor reads too; what they cannot say (that bounds are
ordered, that choices are literals) is said here. Positions are code points from the comment's ``#``.
"""

from __future__ import annotations

import ast
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from jtune.language import grammar
from jtune.language.conditions import Condition
from jtune.language.domains import (
    LARGEST_INT,
    ChoiceDomain,
    Domain,
    FloatDomain,
    IntDomain,
    Value,
    infer,
    is_same,
)
from jtune.language.grammar import MarkError
from jtune.language.slips import is_domain, literals, slip
from jtune.quiet import quiet

Direction: TypeAlias = Literal["minimize", "maximize"]

# Steps below the largest bound by more than this are lost in the rounding of floats, in Optuna's checks first.
_FINEST_GRID = 10**7
# What a report may not hold: it would bind a name, or make the function around it a generator.
_NOT_REPORTED = (ast.Starred, ast.NamedExpr, ast.Yield, ast.YieldFrom)
_FORMS = "LOW..HIGH [log] [step S] or [a, b, c]"
_DIRECTIONS: dict[str, Direction] = {"minimize": "minimize", "maximize": "maximize"}


@dataclass(frozen=True)
class ParameterMark:
    """A literal of this line may move.

    Parameters
    ----------
    name : str or None
        The name before the colon, or None for the line's only literal.
    domain : str or None
        The domain as written, read by :func:`read_domain` once the literal is known; None to infer it.
    condition : Condition or None
        Where the parameter is active.
    start, domain_start, condition_start : int
        Where the item, its domain and its condition start in the comment.
    """

    name: str | None
    domain: str | None
    condition: Condition | None
    start: int
    domain_start: int
    condition_start: int


@dataclass(frozen=True)
class ObjectiveMark:
    """What this line computes is the objective."""

    direction: Direction
    start: int


@dataclass(frozen=True)
class ReportMark:
    """After every iteration of this loop these expressions are recorded.

    Parameters
    ----------
    text : str
        The expressions as they are written.
    expressions : tuple of str
        Each of them, as Python writes it.
    direction : "minimize", "maximize" or None
        The sense of the first expression's curve; None where the mark does not say it.
    start : int
        Where the expressions start in the comment.
    """

    text: str
    expressions: tuple[str, ...]
    direction: Direction | None
    start: int


@dataclass(frozen=True)
class OnceMark:
    """The statement of this line runs in the first trial only."""

    start: int


Mark: TypeAlias = ParameterMark | ObjectiveMark | ReportMark | OnceMark


def read_comment(comment: str) -> list[Mark]:
    """Return the marks of a comment; none when it is an ordinary one.

    Parameters
    ----------
    comment : str
        From its ``#`` to the end of the line.

    Raises
    ------
    MarkError
        If it starts as a mark and cannot be read.
    """
    found = grammar.match("mark", comment) or grammar.match("later_mark", comment)
    if not found:
        _check_near(comment)
        colab = grammar.match("colab", comment)
        return _read_colab(colab[1], colab.start(1)) if colab else []
    start = found.end(1)
    rest = comment[start:]
    _expect_colon(rest, start)
    body = grammar.match("body", rest)
    if body is None:
        quote = grammar.ends("body", rest, group=1) or 0
        raise MarkError(start + quote, "a string is not closed; write its second quote")
    if odd := grammar.match("odd_space", body[1]):
        raise MarkError(start + odd.start(1), f"{_odd(odd[1])}; type it anew")
    return _read_body(body[1].rstrip(), start)


def is_prose(comment: str) -> bool:
    """Tell whether a comment on a line of its own is no mark.

    There ``# tune`` is one only if a colon follows "tune", or "tune" and a name, or if nothing follows. One behind
    something else is that of a line which is commented out: it is switched off with its line.
    """
    return not grammar.match("mark_alone", comment)


def has_mark(text: str) -> bool:
    """Tell whether a text that Python does not read holds a mark."""
    return bool(grammar.match("later_mark", text))


def read_domain(text: str | None, literal: Value) -> Domain:
    """Return the domain that ``text`` gives a literal; None infers it.

    Raises
    ------
    MarkError
        If it is no domain, or does not hold the literal. ``start`` counts from the start of ``text``.
    """
    if text is None:
        domain = infer(literal)
        if domain is None:
            raise MarkError(0, f"no range can be inferred for {literal!r}; write it: # tune: {_FORMS}")
        return domain
    domain = _read_choices(text) if text.startswith("[") else _read_range(text, literal)
    if reason := domain.reject(literal):
        raise MarkError(0, f"the literal {reason}; change the one or the other")
    return domain


def read_expressions(text: str) -> tuple[str, ...]:
    """Return the comma-separated Python expressions of ``text``.

    Raises
    ------
    ValueError
        If they cannot be read, or there are none.
    """
    try:
        # Within brackets line ends are free. Two kinds of them, so that the text cannot close the one and go on.
        with quiet():
            ast.parse(f"({text}\n,)", mode="eval")
            elements = ast.parse(f"[{text}\n]", mode="eval").body.elts  # type: ignore[attr-defined]
        if any(isinstance(node, _NOT_REPORTED) for element in elements for node in ast.walk(element)):
            raise ValueError(f"{text.strip()!r} would change what the cell does; name values only")
        return tuple(ast.unparse(element) for element in elements)
    except (SyntaxError, AttributeError, RecursionError, MemoryError):
        raise ValueError(f"{text.strip()!r} is not a list of Python expressions") from None


def _check_near(comment: str) -> None:
    """Refuse a comment that were a mark, if only its first word or its spaces were typed otherwise."""
    near = grammar.match("near_mark", comment)
    if near is None:
        return
    word, rest = near[2], grammar.pattern("odd").sub(" ", near[3])
    odd = grammar.match("odd_space", near[1] + near[3][:1])
    text = rest[: grammar.ends("body", rest, group=1)].rstrip()
    if is_domain(text.strip()):
        text = f": {text.strip()}"
    if (word == "tune" and not odd) or not (":" in text or (text == "" and word.lower() == "tune")):
        return
    try:
        read_comment(f"# tune{text}")
    except MarkError:
        return
    what = _odd(odd[1]) if odd else f"a mark starts with # tune, not {word!r}"
    raise MarkError(near.start(1), f"{what}; write # tune{text}")


def _odd(space: str) -> str:
    return f"a space here is no plain one (U+{ord(space):04X})"


def _read_body(body: str, start: int) -> list[Mark]:
    if objective := grammar.match("objective", body):
        return [ObjectiveMark(_DIRECTIONS[objective[1]], start + objective.start(1))]
    if once := grammar.match("once", body):
        return [OnceMark(start + once.start(1))]
    if report := grammar.match("report", body):
        text, direction = report[2], _DIRECTIONS.get(report[1])
        return [_read_report(text.strip(), direction, start + len(body) - len(text.lstrip()))]
    marks: list[ParameterMark] = []
    items = list(_separated(body, start))
    for text, item_start in items[1:]:
        if not text.strip():
            raise MarkError(item_start - 1, "nothing follows the semicolon; leave it out")
    for text, item_start in items:
        mark = _read_item(text, item_start, is_only=len(items) == 1)
        if mark.name is not None and mark.name in {m.name for m in marks}:
            raise MarkError(mark.start, f"{mark.name} stands twice; say it once")
        marks.append(mark)
    return list(marks)


def _separated(body: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield what stands between semicolons, and where each piece starts."""
    rest: str | None = body
    while rest is not None:
        split = grammar.match("separated", rest)
        assert split is not None  # all strings of a body are closed
        yield split[1], start
        start += split.start(2)
        rest = split[2]


def _read_item(text: str, start: int, is_only: bool) -> ParameterMark:
    match = grammar.match("item_if", text) or grammar.match("item", text)
    assert match is not None
    name, domain, condition = match[1], match[2] or None, match[3]
    lead = start + len(text) - len(text.lstrip(" \t"))
    if not is_only and name is None:
        raise MarkError(lead, "each of several needs its name: # tune NAME: DOMAIN; NAME: DOMAIN")
    if domain is None and condition is None and text.strip():
        raise MarkError(lead, f"nothing follows the colon; write {_FORMS}")
    domain_start = start + match.start(2) if domain else lead
    condition_start = start + match.start(3)
    if domain is not None:
        _check_form(domain, domain_start)
    return ParameterMark(
        name=None if name is None else unicodedata.normalize("NFKC", name),
        domain=domain,
        condition=_read_condition(condition, condition_start),
        start=lead,
        domain_start=domain_start,
        condition_start=condition_start,
    )


def _expect_colon(text: str, start: int) -> None:
    if grammar.match("head", text):
        return
    words = text.partition("#")[0].strip(" \t")
    error = slip("colon", words)
    raise MarkError(start + text.index(words), str(error))


def _check_form(domain: str, start: int) -> None:
    """Find what is wrong with a domain, whatever the literal is."""
    try:
        if domain.startswith("["):
            _read_choices(domain)
        elif not grammar.match("range", domain):
            raise slip("domain", domain)
    except MarkError as error:
        raise MarkError(start + error.start, str(error)) from None


def _read_condition(text: str | None, start: int) -> Condition | None:
    if text is None:
        return None
    try:
        return Condition(text)
    except MarkError as error:
        raise MarkError(start + error.start, str(error)) from None


def _read_report(text: str, direction: Direction | None, start: int) -> ReportMark:
    if not text:
        sense = f"{direction} " if direction else ""
        raise MarkError(start, f"nothing to report; write # tune: report {sense}EXPR[, EXPR]")
    try:
        expressions = read_expressions(text)
    except ValueError as error:
        raise MarkError(start, f"{error}; write {slip('report', text)}") from None
    if len(set(expressions)) < len(expressions):
        raise MarkError(start, "an expression stands twice; say it once")
    return ReportMark(text, expressions, direction, start)


def _read_range(text: str, literal: Value) -> FloatDomain | IntDomain:
    match = grammar.match("range", text)
    if match is None:
        raise slip("domain", text)
    low_text, high_text, options = match.groups()
    log, step_match = bool(grammar.match("log", options)), grammar.match("step", options)
    if len(options.split()) > (1 if log else 0) + (2 if step_match else 0):
        raise MarkError(match.start(3), f"{options.strip()!r} says something twice; say it once")
    if isinstance(literal, bool) or not isinstance(literal, (int, float)):
        choices = "[True, False]" if isinstance(literal, bool) else f"[{literal!r}, ...]"
        raise MarkError(0, f"a range needs a number, and the literal is {literal!r}; write choices: {choices}")
    texts = [low_text, high_text, step_match[1] if step_match else "1"]
    is_int = isinstance(literal, int) and all(grammar.match("integer", number) for number in texts)
    low, high, step = map(float, texts)
    # First of all, as the other checks and int() need numbers of some bounded length.
    if not all(map(math.isfinite, (low, high, step, high - low))):
        raise MarkError(0, "the bounds must be finite; write smaller numbers")
    if is_int:
        low, high, step = map(int, texts)
    if low >= high:
        swapped = f"{high_text}..{low_text}{options}" if low > high else "two different bounds"
        raise MarkError(0, f"LOW must be below HIGH; write {swapped}")
    if log and low <= 0:
        least = 1 if is_int else high / 1e6
        hint = f"write for example {least:g}..{high_text} log" if least < high and high > 0 else "leave log out"
        raise MarkError(0, f"log needs LOW above 0; {hint}")
    if reason := _beyond_limits(low, high, log, is_int):
        raise MarkError(0, reason)
    if step_match:
        try:
            _check_step(low, high, step, is_int, log)
        except MarkError as error:
            raise MarkError(match.start(3) + options.index("step"), str(error)) from None
    if is_int:
        return IntDomain(int(low), int(high), log, int(step))
    return FloatDomain(low, high, log, step if step_match else None)


def _beyond_limits(low: float, high: float, log: bool, is_int: bool) -> str | None:
    """Return why Optuna or scikit-optimize could not keep the range, or None."""
    if is_int and max(abs(low), abs(high), high - low) > LARGEST_INT:
        return "an integer range cannot reach beyond 2**53 nor be wider; write the bounds as floats"
    if log and low * high == 0:
        return "the bounds are too small for log; write larger numbers"
    return None


def _check_step(low: float, high: float, step: float, is_int: bool, log: bool) -> None:
    if step <= 0:
        raise MarkError(0, "the step must be above 0; write for example step 1")
    if log and not is_int:
        raise MarkError(0, "a float range is either log or has a step; leave one of them out")
    # As they are written: 0.3 - 0.1 is less than 0.2 in floats.
    exact_low, exact_step = Decimal(repr(low)), Decimal(repr(step))
    width = Decimal(repr(high)) - exact_low
    if exact_step > width:
        at_most = repr(float(width)).removesuffix(".0")
        raise MarkError(0, f"the step is wider than the range; write at most step {at_most}")
    if not is_int and (max(abs(low), abs(high)) / step > _FINEST_GRID or not _is_exact(exact_low, width, exact_step)):
        raise MarkError(0, "the step is too fine for these bounds; leave it out")


def _is_exact(low: Decimal, width: Decimal, step: Decimal) -> bool:
    """Tell whether the grid's last value has few enough digits for a float."""
    last = low + width // step * step
    return Decimal(repr(float(last))) == last


def _read_choices(text: str) -> ChoiceDomain:
    choices = literals(text)
    for choice in choices or []:
        _check_choice(choice)
    if choices is None or not grammar.match("choices", text):
        raise slip("domain", text)
    for i, choice in enumerate(choices):
        if any(is_same(choice, other) for other in choices[:i]):
            raise MarkError(0, f"{choice!r} stands twice; say it once")
        # Optuna tells choices apart by ==, and keeps a tuple as its text.
        if any(ChoiceDomain.stored(choice) == ChoiceDomain.stored(other) for other in choices[:i]):
            raise MarkError(0, f"{choice!r} equals another choice; leave one of them out")
    if len(choices) < 2:
        raise MarkError(0, "at least two choices are needed; write [a, b]")
    return ChoiceDomain(tuple(choices))


def _check_choice(choice: Value) -> None:
    if isinstance(choice, tuple):
        for element in choice:
            _check_choice(element)
    elif choice is Ellipsis:
        raise MarkError(0, "choices are written out; for all numbers between two write LOW..HIGH")
    elif isinstance(choice, list):
        raise MarkError(0, f"a choice cannot be a list; write a tuple: {tuple(choice)!r}")
    elif isinstance(choice, (dict, set, bytes, complex)):
        raise MarkError(0, f"a choice cannot be of type {type(choice).__name__}; write a number, a string or a tuple")
    elif isinstance(choice, float) and not math.isfinite(choice):
        raise MarkError(0, "a choice must be finite; write a smaller number")


def _read_colab(form: str, start: int) -> list[Mark]:
    """Read Colab's form annotations; those that name no domain (text boxes) are left alone."""
    if grammar.match("colab_choices", form):
        domain = form
    elif grammar.match("colab_boolean", form):
        domain = "[False, True]"
    elif slider := grammar.match("colab_slider", form):
        step = f" step {slider[3]}" if slider[3] else ""
        domain = f"{slider[1]}..{slider[2]}{step}"
    else:
        return []
    return [ParameterMark(None, domain, None, start, start, start)]
