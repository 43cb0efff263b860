"""A syntax tree as text that is the same in every version of Python.

``ast.unparse`` and ``ast.dump`` are not: what they write, the fields of nodes and the pieces of f-strings differ from
version to version, and a digest of their text would say that a cell has changed where only Python has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any


def canonical(tree: ast.AST) -> str:
    """Return a text that is equal for equal code, wherever it stands and whatever is noted beside it."""
    return _text(tree)


def without_docstrings(tree: ast.AST) -> ast.AST:
    """Return ``tree``, changed in place, without the docstrings in it."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                node.body = node.body[1:] or [ast.Pass()]
    return tree


def _text(value: Any) -> str:
    if isinstance(value, ast.AST):
        fields = ", ".join(f"{name}={_text(field)}" for name, field in _fields(value))
        return f"{type(value).__name__}({fields})"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)  # Python refuses to write very long integers in decimal digits
    return ascii(value)  # which characters repr escapes depends on the version of Unicode


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Yield what a node says: no empty fields, which newer versions have more of, and no ``u`` of a string."""
    for name, field in ast.iter_fields(node):
        value = _joined(field) if isinstance(node, ast.JoinedStr) else field
        if name != "kind" and value is not None and value != [] and not _is_empty_text(value):
            yield name, value


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Return an f-string's pieces, with the text between two values in one."""
    pieces: list[ast.expr] = []
    for value in values:
        if not isinstance(value, ast.Constant):
            pieces.append(value)
        elif pieces and isinstance(pieces[-1], ast.Constant):
            pieces[-1] = ast.Constant(f"{pieces[-1].value!s}{value.value!s}")
        elif value.value != "":
            pieces.append(value)
    return pieces


def _is_empty_text(value: Any) -> bool:
    """Tell whether a field is an f-string of nothing, as the format of ``{x:}``."""
    return isinstance(value, ast.JoinedStr) and not _joined(value.values)
