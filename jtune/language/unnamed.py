"""Why the literal of a marked line cannot be tuned: what it is there, instead of the value of a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jtune.language.domains import Value
from jtune.language.find import NOT_LITERAL, literal_of

_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&",
}  # fmt: skip
_ARGUMENT, _INDEX = "a positional argument", "an index"
_PLACES = {
    ast.Tuple: "an element of a tuple",
    ast.List: "an element of a list",
    ast.Set: "an element of a set",
    ast.BinOp: "part of an expression",
    ast.BoolOp: "part of an expression",
    ast.UnaryOp: "part of an expression",
    ast.IfExp: "part of an expression",
    ast.Compare: "part of a comparison",
    ast.Return: "what a function returns",
    ast.Subscript: _INDEX,
    ast.Slice: _INDEX,
    ast.Dict: "the value of a key that is no string",
    ast.Expr: "a statement of its own",
}
_PASSED_OVER = {"annotation", "returns", "keys"}


def why_unnamed(tree: ast.Module, line: int, name: str | None) -> str:
    """Return what is wrong with a mark on a line where no named literal ends, and what to write.

    Parameters
    ----------
    tree : ast.Module
    line : int
    name : str or None
        The name in the mark.
    """
    found = [each for each in _literals(tree) if each[0].end_lineno == line]
    # A text or an index beside a number is rarely what moves.
    found.sort(key=lambda each: (isinstance(each[1], str), each[2] == _INDEX, each[0].lineno, each[0].col_offset))
    if not found:
        return "no literal ends on this line; write for example C=1.0,  # tune: 1e-3..1e3 log"
    (_, value, place), name = found[0], name or "NAME"
    what = f"{value!r} is {place} and has no name" if place else f"{value!r} has no name"
    above = f"{name} = {value!r} on a line above, with this mark"
    if place == _ARGUMENT:
        return f"{what}; write {name}={value!r}, or {above}"
    return f"{what}; write {above}, and {name} here"


def _literals(parent: ast.AST) -> Iterator[tuple[ast.expr, Value, str]]:
    """Yield literals that may be meant, their values, and what they are."""
    for field, children in ast.iter_fields(parent):
        for child in children if isinstance(children, list) else [children]:
            # No annotations, no keys, and no f-strings, whose positions are wrong before Python 3.12.
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr) or field in _PASSED_OVER:
                continue
            value = literal_of(child) if isinstance(child, ast.expr) else NOT_LITERAL
            if value is NOT_LITERAL:
                yield from _literals(child)
            elif isinstance(child, ast.expr) and not (field == "slice" and isinstance(value, str)):
                yield child, value, _place(parent, field)


def _place(parent: ast.AST, field: str) -> str:
    if isinstance(parent, ast.Call) and field == "args":
        return _ARGUMENT
    if isinstance(parent, ast.AugAssign):
        return f"part of a {_OPERATORS[type(parent.op)]}= statement"
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
        return "assigned to an element" if isinstance(target, ast.Subscript) else ""
    return "" if (type(parent), field) == (ast.Subscript, "value") else _PLACES.get(type(parent), "")
