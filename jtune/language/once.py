"""Which statements of a cell may run once: those that depend on nothing that is tuned."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jtune.language.names import names_bound, names_read


@dataclass(frozen=True)
class OnceStatement:
    """A statement that runs once.

    Parameters
    ----------
    first, last : int
        Its lines.
    binds : frozenset of str
        Names that it may bind or delete.
    used : frozenset of str
        Those of them that later statements read.
    """

    first: int
    last: int
    binds: frozenset[str]
    used: frozenset[str]

    @classmethod
    def of(cls, statement: ast.stmt, body: Sequence[ast.stmt]) -> OnceStatement:
        """Return what is known of a statement of a cell."""
        binds = _facts(statement).binds
        later = body[body.index(statement) + 1 :]
        used = binds.intersection(name for each in later for name in _facts(each).reads)
        return cls(first_line(statement), statement.end_lineno or statement.lineno, binds, used)

    @property
    def lines(self) -> str:
        """Such as ``line 4`` or ``lines 4-6``."""
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"


@dataclass(frozen=True)
class _Facts:
    """What a statement depends on, and what depends on it.

    Parameters
    ----------
    line : int
    reads : tuple of str
        Also what functions read that it defines.
    binds : frozenset of str
    changes : frozenset of str
        Names whose values it changes in place, by an assignment or by calling a method.
    tuned : int or None
        The line of a tuned literal that it holds.
    is_import : bool
        Whether it only imports: the names are the same in all trials.
    """

    line: int
    reads: tuple[str, ...] = ()
    binds: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    tuned: int | None = None
    is_import: bool = False


@dataclass
class Dependence:
    """What the statements of a cell depend on.

    Parameters
    ----------
    body : sequence of ast.stmt
        The cell's.
    tuned : collection of ast.expr
        The tuned literals.
    told : collection of ast.stmt
        The statements that tell a trial something: objectives, and loops that report.
    outside : callable
        Says which names a value reads that the cell finds under a name, such as the globals of a function.
    """

    body: Sequence[ast.stmt]
    tuned: Collection[ast.expr]
    told: Collection[ast.stmt] = ()
    outside: Callable[[str], Iterable[str]] = field(default=lambda _: ())

    def __post_init__(self) -> None:
        self._facts = [_facts(statement, self.tuned) for statement in self.body]

    def obstacle(self, statement: ast.stmt) -> str | None:
        """Say why a statement cannot run once; None where it can."""
        index = self.body.index(statement)
        told = _line_of_any(self.told, statement)
        if line := self._facts[index].tuned or told:
            return f"this cannot run once: it holds the mark of line {line}; take one of them off"
        for name, reader in self._read_by(index):
            how = f"{name} (by way of {reader}), which" if reader else f"{name}, which"
            before = self._binding(name, self._facts[:index])
            if tuned := [facts.tuned for facts in before if facts.tuned]:
                return f"this cannot run once: it reads {how} depends on what line {tuned[-1]} tunes; take the mark off"
            later = [facts.line for facts in self._facts[index + 1 :] if name in facts.binds and not facts.is_import]
            if later and not before:
                hint = "move that above, or take the mark off"
                return f"this cannot run once: it reads {how} line {later[0]} binds later; {hint}"
        return None

    def _read_by(self, index: int) -> Iterator[tuple[str, str]]:
        """Yield the names that a statement's result depends on, and by way of which name it does."""
        found = dict.fromkeys(self._facts[index].reads, "")
        waiting = list(found)
        for name in waiting:  # which grows while this goes on
            yield name, found[name]
            before = self._binding(name, self._facts[:index])
            behind = [read for facts in before for read in facts.reads] or self.outside(name)
            new = [read for read in behind if read not in found]
            found.update(dict.fromkeys(new, name))
            waiting += new

    @staticmethod
    def _binding(name: str, among: Sequence[_Facts]) -> list[_Facts]:
        return [facts for facts in among if name in facts.binds or name in facts.changes]


def _facts(statement: ast.stmt, literals: Collection[ast.expr] = ()) -> _Facts:
    line = first_line(statement)
    tuned = _line_of_any(literals, statement)
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(ast.Module([statement], []), "<cell>", "exec", flags=flags, dont_inherit=True)
    except SyntaxError:  # of what only the compiler sees, which the whole cell is refused for
        return _Facts(line, tuned=tuned)
    is_import = isinstance(statement, (ast.Import, ast.ImportFrom))
    return _Facts(line, names_read(code), names_bound(code), frozenset(_changed(statement)), tuned, is_import)


def _line_of_any(nodes: Collection[ast.expr | ast.stmt], statement: ast.stmt) -> int | None:
    within = set(ast.walk(statement))
    return next((node.lineno for node in nodes if node in within), None)


def first_line(statement: ast.stmt) -> int:
    """Return where a statement begins: at its first decorator, where it has one."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(node.lineno for node in decorators)])


def header_end(statement: ast.stmt) -> int:
    """Return the last line of a block's header, or of a statement without a block."""
    if isinstance(statement, ast.Match):
        inner = statement.cases[0].pattern.lineno
    elif body := getattr(statement, "body", None):
        inner = first_line(body[0])
    else:
        return statement.end_lineno or statement.lineno
    return max(statement.lineno, inner - 1)


def _changed(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            yield from _root(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _root(node.value.func)


def _root(node: ast.expr) -> list[str]:
    """Return the name that attributes, elements and calls are of; none for a name alone."""
    is_part = False
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node, is_part = node.func if isinstance(node, ast.Call) else node.value, True
    return [node.id] if is_part and isinstance(node, ast.Name) else []
