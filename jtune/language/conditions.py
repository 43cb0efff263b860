"""Conditions: what stands behind ``if`` in a mark, such as ``layers >= 2 and kernel in ["rbf", "poly"]``.

The language is closed: names, literals, comparisons, ``in [...]``, ``is None``, ``and``, ``or``, ``not`` and
parentheses, which the editor can read and evaluate too. All of it is Python, which evaluates it here.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from types import CodeType

from jtune.errors import ConditionError, Place
from jtune.language import grammar
from jtune.language.domains import Value
from jtune.language.grammar import MarkError
from jtune.language.slips import slip
from jtune.quiet import quiet

# What a stored condition may hold. No calls and no attributes: a file never runs code.
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add,
    ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt,
    ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Name, ast.Load,
)  # fmt: skip
# Brackets within brackets: more than anyone writes.
_DEEPEST = 20


@dataclass(frozen=True)
class Condition:
    """When a parameter is active: a comparison of other parameters, such as ``layers >= 2``.

    Parameters
    ----------
    text : str
        The condition, which is also an expression of Python.
    is_stored : bool
        Whether the text is from a study's file: jtune 0.1.0 allowed arithmetic too.
    place : tuple of (int, str, int), optional
        Where the mark says it; the same condition elsewhere is equal.

    Attributes
    ----------
    names : tuple of str
        The parameters that it compares, in the order of the text.
    numbers : tuple of float
        The numbers that it holds, with both signs, in order.

    Raises
    ------
    ValueError
        If ``text`` is no condition.
    """

    text: str
    is_stored: InitVar[bool] = False
    place: Place | None = field(default=None, repr=False, compare=False)
    names: tuple[str, ...] = field(init=False)
    numbers: tuple[float, ...] = field(init=False, repr=False)
    _code: CodeType = field(init=False, repr=False, compare=False)

    def __post_init__(self, is_stored: bool) -> None:
        text = self.text.strip()
        if not is_stored:
            _Checker(text).check()
        try:
            with quiet():
                tree = _Dotted().visit(ast.parse(text, mode="eval"))
                code = compile(ast.fix_missing_locations(tree), "<condition>", "eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise MarkError(0, f"{text!r} is no condition; write for example: if layers >= 2") from None
        nodes = list(ast.walk(tree))
        if not all(isinstance(node, _ALLOWED) for node in nodes):
            raise MarkError(0, f"{text!r} is no condition; write for example: if layers >= 2")
        names = [node for node in nodes if isinstance(node, ast.Name)]
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        found = [node.value for node in nodes if isinstance(node, ast.Constant)]
        numbers = [x for x in found if isinstance(x, (int, float)) and not isinstance(x, bool)]
        object.__setattr__(self, "names", tuple(dict.fromkeys(name.id for name in names)))
        object.__setattr__(self, "numbers", tuple(sorted({*numbers, *(-x for x in numbers)})))
        object.__setattr__(self, "_code", code)

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Tell whether the condition is true for the values of all parameters.

        Raises
        ------
        ConditionError
            If it cannot be told for these values.
        """
        try:
            return bool(eval(self._code, {"__builtins__": {}}, dict(values)))
        except Exception as error:  # a stored one may raise anything
            where = ", ".join(f"{name} = {values[name]!r}" for name in self.names if name in values)
            reason = "values of different kinds have no order" if isinstance(error, TypeError) else str(error)
            raise ConditionError(self.text, where, reason, self.place) from None


class _Checker:
    """Follows a text as far as it is a condition; what is none is a mistake with its place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def check(self) -> None:
        self._condition()
        if self._at < len(self._text):
            raise self._slip("operator")

    def _condition(self) -> None:
        # Of operators only the order counts here, not what binds more tightly.
        self._depth += 1
        if self._depth > _DEEPEST:
            raise MarkError(self._at, "brackets stand too deep in brackets; write a simpler condition")
        while True:
            while self._take("condition_not"):
                pass
            self._comparison()
            if not (self._take("condition_and") or self._take("condition_or")):
                break
        self._depth -= 1

    def _comparison(self) -> None:
        self._operand()
        while operator := self._take("condition_comparison"):
            if operator.endswith("in"):
                self._choices()
            elif operator.startswith("is"):
                if not self._take("condition_constant"):
                    raise self._slip("constant")
            else:
                self._operand()

    def _operand(self) -> None:
        start = self._at
        if self._sign("("):
            self._elements(")")
        elif name := self._take("condition_name"):
            if not all(map(str.isidentifier, name.split("."))):
                raise slip("operand", self._text, start)
        elif number := self._take("condition_number"):
            if not math.isfinite(float(number)):
                raise MarkError(start, "a number must be finite; write a smaller one")
        elif not (self._take("condition_string") or self._take("condition_constant")):
            raise self._slip("operand")

    def _choices(self) -> None:
        start = self._at
        is_list = self._sign("[")
        if not is_list and not self._sign("("):
            raise self._slip("choices")
        if not self._elements("]" if is_list else ")") and not is_list:
            raise MarkError(start, "parentheses around one value are no choices; write it in square brackets")

    def _elements(self, closing: str) -> bool:
        """Go past what stands in brackets; tell whether it is a sequence: nothing, or something with a comma."""
        has_comma = False
        while not self._sign(closing):
            self._condition()
            if self._sign(","):
                has_comma = True
            elif self._sign(closing):
                return has_comma
            else:
                raise self._slip("operator")
        return True

    def _sign(self, sign: str) -> bool:
        is_there = self._text.startswith(sign, self._at)
        if is_there:
            self._move(self._at + 1)
        return is_there

    def _take(self, name: str) -> str:
        start = self._at
        end = grammar.ends(name, self._text, start)
        if end is not None:
            self._move(end)
        return self._text[start:end] if end else ""

    def _move(self, end: int) -> None:
        """Go on behind the space that follows."""
        self._at = grammar.ends("space", self._text, end) or end

    def _slip(self, expected: str) -> MarkError:
        if self._at == len(self._text):
            return MarkError(self._at, "the condition stops short; write for example: if layers >= 2")
        return slip(expected, self._text, self._at)


class _Dotted(ast.NodeTransformer):
    """``SVC.C`` in a condition is the parameter of that qualified name."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        inner = self.visit(node.value)
        if not isinstance(inner, ast.Name):
            return node
        return ast.copy_location(ast.Name(f"{inner.id}.{node.attr}", node.ctx), node)
