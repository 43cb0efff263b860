"""The definition of a function as text that is the same in every version of Python, where its source is known.

What Python compiles a function to changes from version to version. The text of a notebook's cell, or of a file, tells
what a function is if it compiles to the very code that the function has; else it was edited since, or jtune put
a trial's values into the code.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
from collections.abc import Sequence
from types import CodeType
from typing import TypeAlias

from jtune.language.canonical import canonical, without_docstrings
from jtune.trials.files import Mentions, mentions_in
from jtune.trials.modules import codes_in, is_own

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


class Definition:
    """A function as it stands in a text.

    Parameters
    ----------
    node : ast.FunctionDef, ast.AsyncFunctionDef or ast.Lambda
    """

    def __init__(self, node: _Function) -> None:
        self.node = node

    @functools.cached_property
    def text(self) -> str:
        """What it does: no name, docstrings, annotations or default values, which are told by their content."""
        of = self.node.args
        arguments = ast.arguments(of.posonlyargs, of.args, of.vararg, of.kwonlyargs, [], of.kwarg, [])
        body = self.node.body if isinstance(self.node.body, list) else [self.node.body]
        return "\n".join([type(self.node).__name__, canonical(arguments), *map(canonical, body)])

    @functools.cached_property
    def mentions(self) -> Mentions:
        """The files that it mentions."""
        return mentions_in(self.node)


def definition_of(code: CodeType) -> Definition | None:
    """Return the definition that ``code`` was compiled from; None where it is not known or stands for several."""
    if not is_own(code.co_filename):  # nor worth the time
        return None
    lines = linecache.getlines(code.co_filename)
    found = _definitions("".join(lines), code.co_flags & _FUTURE).get(code, ()) if lines else ()
    return found[0] if len(found) == 1 else None


@functools.lru_cache(maxsize=256)
def _definitions(source: str, flags: int) -> dict[CodeType, Sequence[Definition]]:
    """Return the definitions in a text by what they compile to; several where these stand in one line."""
    try:
        tree = ast.parse(source)
        flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        codes = list(codes_in(compile(tree, "", "exec", flags, dont_inherit=True)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[str, int], list[Definition]] = {}
    for node in ast.walk(without_docstrings(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
            first = node.decorator_list[0] if node.decorator_list else node
            found.setdefault((node.name, first.lineno), []).append(Definition(node))
        elif isinstance(node, ast.Lambda):
            found.setdefault(("<lambda>", node.lineno), []).append(Definition(node))
        elif isinstance(node, ast.arg):
            node.annotation = None
    return {code: found.get((code.co_name, code.co_firstlineno), ()) for code in codes}
