"""A cell's syntax tree, compiled once; each trial only fills in its values.

A tuned literal is compiled as a placeholder constant, and :meth:`Template.fill` puts the trial's value into the
constants of the code objects that hold it. So the cell's functions carry plain constants, nothing is added to the
user's namespace, and line numbers stay the user's.

What the cell reports is sent to :mod:`jtune.hooks` by calls put into the tree.
"""

from __future__ import annotations

import ast
import copy
import marshal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, TypeAlias

from jtune.language.domains import Value

_PLACEHOLDER = "\0jtune:"
_Values: TypeAlias = Sequence[Value]


@dataclass(frozen=True)
class Edits:
    """What the template changes in a cell's tree; nodes are told apart by identity.

    Parameters
    ----------
    literals : dict of ast.expr to int
        A tuned literal and its place in the values of :meth:`Template.fill`.
    reports : dict of ast.stmt to sequence of str
        A loop, and what is recorded after each of its iterations.
    objectives : dict of ast.stmt to int
        A statement, and which objective its value is: that of an expression, or what an assignment has assigned.
    once : dict of ast.stmt to int
        A statement at the top level that runs in the first trial only, and its number.
    shows_last : bool
        Whether a last expression is displayed, as a notebook does.
    is_timed : bool
        Whether each statement at the top level tells when it has ended.
    """

    literals: Mapping[ast.expr, int]
    reports: Mapping[ast.stmt, Sequence[str]]
    objectives: Mapping[ast.stmt, int]
    once: Mapping[ast.stmt, int] = field(default_factory=dict)
    shows_last: bool = True
    is_timed: bool = False


class Template:
    """Compiled code with holes; it pickles, for processes of the same version of Python.

    Parameters
    ----------
    blank : CodeType
        Code whose placeholders are not filled, as :func:`compiled` makes it.
    """

    def __init__(self, blank: CodeType) -> None:
        self.blank = blank
        self._fill = _plan_code(blank)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unmarshalled, (marshal.dumps(self.blank),)

    def fill(self, values: _Values) -> CodeType:
        """Return the code with these values, in the order of ``Edits.literals``."""
        code: CodeType = self._fill(values) if self._fill else self.blank
        return code


def _unmarshalled(blank: bytes) -> Template:
    return Template(marshal.loads(blank))


def compiled(tree: ast.Module, edits: Edits, filename: str, flags: int = 0) -> Template:
    """Compile a cell for trials.

    Parameters
    ----------
    tree : ast.Module
        The cell; left as it is.
    edits : Edits
        What is filled in and what is recorded.
    filename : str
        For tracebacks.
    flags : int
        Compiler flags, such as those of ``from __future__ import annotations`` in an earlier cell.
    """
    # A notebook's cell may await at its top level.
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return Template(compile(_edit(tree, edits), filename, "exec", flags=flags, dont_inherit=True))


def mask(tree: ast.Module, literals: Mapping[ast.expr, int]) -> ast.Module:
    """Return a copy of ``tree`` with placeholders for its tuned literals."""
    return _edit(tree, Edits(literals, {}, {}, shows_last=False))


def _edit(tree: ast.Module, edits: Edits) -> ast.Module:
    # The copy keeps a memo, by which the nodes of `edits` are found again in it.
    memo: dict[int, Any] = {}
    copied = copy.deepcopy(tree, memo)
    literals = {id(memo[id(node)]): slot for node, slot in edits.literals.items()}
    for index, (loop, expressions) in enumerate(edits.reports.items()):
        _instrument(memo[id(loop)], index, expressions)
    sent = {id(memo[id(statement)]): index for statement, index in edits.objectives.items()}
    if sent:
        copied = _Objectives(sent).visit(copied)
    last = copied.body[-1] if copied.body else None
    if edits.shows_last and isinstance(last, ast.Expr):
        last.value = _hook("show", last.value)
    once = {id(memo[id(statement)]): index for statement, index in edits.once.items()}
    copied.body = [_once(each, once[id(each)]) if id(each) in once else each for each in copied.body]
    if edits.is_timed:
        copied.body = [each for statement in copied.body for each in _timed(statement)]
    filled = _Placeholders(literals).visit(copied)
    return ast.fix_missing_locations(filled)  # type: ignore[no-any-return]


def _once(statement: ast.stmt, index: int) -> ast.stmt:
    """Have a statement run where that is asked for, and tell when it has ended."""
    source = "if {hooks}.once({index}):\n {hooks}.once_ended({index})"
    (block,) = _statements(source.format(hooks="__import__('jtune.hooks', fromlist=('once',))", index=index), statement)
    assert isinstance(block, ast.If)
    block.body.insert(0, statement)
    return block


def _timed(statement: ast.stmt) -> list[ast.stmt]:
    """Return a statement, and a call that tells when it has ended; nothing may stand between imports of the future."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return [statement]
    call = f"__import__('jtune.hooks', fromlist=('statement_ended',)).statement_ended({statement.lineno})"
    return [statement, *_statements(call, statement)]


class _Objectives(ast.NodeTransformer):
    """Has marked statements send their value, at the moment at which they have it."""

    def __init__(self, indices: Mapping[int, int]) -> None:
        self._indices = indices

    def visit(self, node: ast.AST) -> Any:
        index = self._indices.get(id(node))
        if index is None:
            return self.generic_visit(node)
        if isinstance(node, ast.AugAssign):  # only afterwards is there a value to send
            sent = _hook("objective", ast.Constant(index), _reading(node.target))
            return [node, ast.copy_location(ast.Expr(sent), node)]
        assert isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign))
        assert node.value is not None
        node.value = _hook("objective", ast.Constant(index), node.value)
        return node


def _reading(target: ast.expr) -> ast.expr:
    """Return an expression that reads what ``target`` stores."""
    expression: ast.expr = copy.deepcopy(target)
    expression.ctx = ast.Load()  # type: ignore[attr-defined]
    return expression


class _Placeholders(ast.NodeTransformer):
    def __init__(self, slots: Mapping[int, int]) -> None:
        self._slots = slots

    def visit(self, node: ast.AST) -> Any:
        if id(node) in self._slots:
            return ast.copy_location(ast.Constant(f"{_PLACEHOLDER}{self._slots[id(node)]}"), node)
        return self.generic_visit(node)


def _instrument(loop: Any, index: int, expressions: Sequence[str]) -> None:
    """Record after each iteration, whichever way it ends.

    Where ``continue``, ``break`` or ``return`` ends it early a name may not be bound yet: then nothing is recorded,
    and the cell goes on as it would without the mark.
    """
    values = ", ".join(expressions)
    call = f"__import__('jtune.hooks', fromlist=('report',)).report({index}, ({values},))"
    early = f"try:\n {call}\nexcept NameError:\n pass"
    _Exits(lambda: _statements(early, loop)).visit_body(loop)
    loop.body += _statements(call, loop)


def _statements(source: str, where: ast.stmt) -> list[ast.stmt]:
    tree = ast.parse(source)
    _place(tree, where)
    return tree.body


def _place(tree: ast.AST, where: ast.stmt | ast.expr) -> None:
    """Put a whole tree at the start of a node; its end is left out, as Python gives a method call its last line."""
    for node in ast.walk(tree):
        if "lineno" in node._attributes:
            start = {"lineno": where.lineno, "col_offset": where.col_offset}
            vars(node).update(start, end_lineno=where.lineno, end_col_offset=where.col_offset)


class _Exits(ast.NodeTransformer):
    """Puts statements before each ``continue``, ``break`` and ``return`` that ends the loop's iteration."""

    def __init__(self, make: Callable[[], list[ast.stmt]]) -> None:
        self._make = make
        self._depth = 0

    def visit_body(self, loop: Any) -> None:
        loop.body = [new for statement in loop.body for new in self._as_list(self.visit(statement))]

    def _leave(self, node: ast.stmt) -> list[ast.stmt]:
        return [*self._make(), node]

    def visit_Return(self, node: ast.Return) -> Any:
        return self._leave(node)

    def visit_Break(self, node: ast.Break) -> Any:
        return node if self._depth else self._leave(node)

    def visit_Continue(self, node: ast.Continue) -> Any:
        return node if self._depth else self._leave(node)

    def _visit_loop(self, node: Any) -> Any:
        self._depth += 1
        self.visit_body(node)
        self._depth -= 1
        # A `break` in the else clause of an inner loop leaves the outer one.
        node.orelse = [new for child in node.orelse for new in self._as_list(self.visit(child))]
        return node

    visit_For = visit_While = visit_AsyncFor = _visit_loop  # noqa: N815

    def _skip(self, node: Any) -> Any:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _skip  # noqa: N815

    @staticmethod
    def _as_list(result: Any) -> list[ast.stmt]:
        return result if isinstance(result, list) else [result]


def _hook(name: str, *arguments: ast.expr) -> ast.Call:
    function = f"__import__('jtune.hooks', fromlist=({name!r},)).{name}"
    call = ast.Call(ast.parse(function, mode="eval").body, list(arguments), [])
    _place(call.func, arguments[-1])
    return ast.copy_location(call, arguments[-1])


def _plan_code(code: CodeType) -> Callable[[_Values], Any] | None:
    """Return a function that rebuilds ``code`` for given values, or None when it has no placeholder."""
    holes = [(i, fill) for i, const in enumerate(code.co_consts) if (fill := _plan(const))]
    if not holes:
        return None

    def rebuild(values: _Values) -> CodeType:
        constants = list(code.co_consts)
        for i, fill in holes:
            constants[i] = fill(values)
        return code.replace(co_consts=tuple(constants))

    return rebuild


def _plan(const: Any) -> Callable[[_Values], Any] | None:
    if isinstance(const, CodeType):
        return _plan_code(const)
    if isinstance(const, str) and const.startswith(_PLACEHOLDER):
        slot = int(const[len(_PLACEHOLDER) :])
        return lambda values: values[slot]
    if isinstance(const, tuple):  # the compiler folds defaults and unpacked literals into one constant
        parts = [_plan(element) for element in const]
        if any(parts):
            return lambda values: tuple(
                part(values) if part else element for part, element in zip(parts, const, strict=True)
            )
    return None
