"""A cell's source -> what may move in it, what is judged, what is reported; and the exact rewriting of its literals.

Three texts are at hand: the cell as typed, the Python that IPython makes of it (magics become calls, common
indentation goes), and its syntax tree. Positions come from the tree; they are code points in lines of the Python text
and are mapped to the typed text once, in :class:`_Text`.
"""

from __future__ import annotations

import ast
import hashlib
import io
import itertools
import re
import symtable
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import CodeType

from jtune.errors import CellError, ConditionError, Place, Problem, UsageError, did_you_mean
from jtune.language import marks
from jtune.language.canonical import canonical
from jtune.language.conditions import Condition
from jtune.language.domains import ChoiceDomain, Value, is_same
from jtune.language.find import Finder, Named
from jtune.language.grammar import MarkError
from jtune.language.marks import Direction, ObjectiveMark, OnceMark, ParameterMark, ReportMark
from jtune.language.once import Dependence, OnceStatement, first_line, header_end
from jtune.language.space import CircleError, Parameter, Space
from jtune.language.template import Edits, Template, compiled, mask
from jtune.language.unnamed import why_unnamed

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")
# Of the values of the parameters that a condition names: more would be felt while typing.
_COMBINATIONS_TRIED = 1000
_DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Objective:
    """What a trial is judged by.

    Parameters
    ----------
    direction : "minimize" or "maximize"
    label : str
        The name or expression, as the user wrote it.
    code : CodeType or None
        Evaluated in the namespace at the end of the cell; None where a marked statement sends its value. The
        objectives without code are counted from 0 in what :meth:`jtune.hooks.Listener.on_objective` receives.
    """

    direction: Direction
    label: str
    code: CodeType | None = None


@dataclass(frozen=True)
class _Comment:
    line: int
    column: int
    text: str
    is_alone: bool


class Cell:
    """A parsed cell.

    Parameters
    ----------
    source : str
        The cell as typed, without the magic line.
    transform : callable
        IPython's input transformer, from typed text to Python.
    first_line : int
        The number that the user sees at the first line of ``source``: 2 below a magic line.
    objectives : sequence of (direction, expression)
        Objectives named on the magic line; an empty expression is the cell's last one.

    Attributes
    ----------
    space : Space
        The parameters, in cell order.
    spans : tuple of (int, int)
        Where each parameter's literal stands in ``source``: start and stop, in code points.
    objectives : tuple of Objective
    reports : tuple of tuple of str
        For each loop that reports: its expressions.
    report_directions : tuple of ("minimize", "maximize" or None)
        For each loop that reports: the sense of its first expression's curve; None where the mark does not say it.
    curves : tuple of tuple of str
        For each loop that reports: the names of its curves, which are its expressions; where an earlier loop reports
        the same one, with the loop's number.
    once : tuple of OnceStatement
        What runs in the first trial only.
    inferred : tuple of str
        Parameters whose domain was not written.
    python : str
        What Python runs, each line at the number that the user sees.
    tree : ast.Module
        The same, parsed.
    literals : dict of ast.expr to int
        The tuned literals in ``tree``, and their places in ``space``.

    Raises
    ------
    CellError
        With every mistake in its marks.
    SyntaxError
        If it is no Python.
    UsageError
        If the objectives cannot be followed.
    """

    def __init__(
        self,
        source: str,
        transform: Callable[[str], str] = str,
        first_line: int = 1,
        objectives: Sequence[tuple[Direction, str]] = (),
    ) -> None:
        self.source = source
        text = _Text(source, transform, first_line)
        self.python = text.python
        try:
            self.tree = ast.parse(self.python)
        except ValueError as error:  # of null characters and lone surrogates
            raise SyntaxError(str(error)) from None
        reader = _Reader(text, self.tree)
        self.space = Space(reader.parameters())
        self.inferred = tuple(reader.inferred)
        self._once = reader.once
        self.once = tuple(OnceStatement.of(each, self.tree.body) for each in reader.once)
        self.reports = tuple(report.expressions for report in reader.reports.values())
        self.curves = _distinct_labels(self.reports)
        self.report_directions = tuple(report.direction for report in reader.reports.values())
        nodes = [named.node for named in reader.named]
        self.literals = {node: slot for slot, node in enumerate(nodes)}
        self.spans = tuple(text.span(node) for node in nodes)
        self._reports = dict(zip(reader.reports, self.reports, strict=True))
        self._sent: dict[ast.stmt, int] = {}
        self.objectives = tuple(self._objectives(reader, objectives))
        _check_distinct(self.objectives)

    def source_with(self, values: Mapping[str, Value]) -> str:
        """Return the cell with these literals, every other character unchanged.

        Parameters
        ----------
        values : mapping
            Parameter names and values; a parameter that is left out, or has its literal's value, keeps its text.
        """
        return rewritten(self.source, self.spans, self.space, values)

    def template(self, filename: str = "<cell>", flags: int = 0, *, is_timed: bool = False) -> Template:
        """Return the cell compiled for trials; ``fill`` takes values in the order of :attr:`space`.

        With ``is_timed`` each statement at the top level tells when it has ended.

        Raises
        ------
        SyntaxError
            For what only the compiler sees, such as ``return`` outside a function.
        """
        # A last line that ends in a semicolon shows nothing, as everywhere in IPython.
        shows_last = not _ends_in_semicolon(self.python)
        once = {statement: number for number, statement in enumerate(self._once)}
        edits = Edits(self.literals, self._reports, self._sent, once, shows_last, is_timed)
        return compiled(self.tree, edits, filename, flags)

    @cached_property
    def identity(self) -> str:
        """A digest of the code with its tuned literals masked, and of what is tuned and judged.

        Comments, white space, domains and the literals' present values do not count, nor does Python's version.
        """
        code = canonical(mask(self.tree, self.literals))
        return _digest([code, *self.space.names, *self._goals(list(map(_canonical_label, self.objectives)))])

    @cached_property
    def identity_of_0_1_0(self) -> str:
        """The identity as jtune 0.1.0 made it, by which its studies are known again; Python's version counts."""
        code = ast.unparse(mask(self.tree, self.literals))
        return _digest([code, *self.space.names, *self._goals([objective.label for objective in self.objectives])])

    def _goals(self, labels: Sequence[str]) -> list[str]:
        return [f"{objective.direction} {label}" for objective, label in zip(self.objectives, labels, strict=True)]

    def binds(self, name: str) -> bool:
        """Tell whether the cell itself binds ``name`` in the namespace: assigns, imports or defines it."""
        tables = [symtable.symtable(self.python, "<cell>", "exec")]
        for table in tables:
            tables += table.get_children()
        symbols = [(table, symbol) for table in tables for symbol in table.get_symbols() if symbol.get_name() == name]
        # Inner scopes too may bind a global: after `global`, and by `:=` in a comprehension.
        return any(
            (symbol.is_assigned() or symbol.is_imported()) and (table is tables[0] or symbol.is_global())
            for table, symbol in symbols
        )

    def check_once(self, outside: Callable[[str], Iterable[str]]) -> None:
        """Check that what runs once depends on nothing that is tuned by way of functions of earlier cells.

        Parameters
        ----------
        outside : callable
            Takes a name that the cell does not bind, and returns the names that its value reads.

        Raises
        ------
        CellError
            If a statement does.
        """
        if not self._once:
            return
        dependence = Dependence(self.tree.body, self.literals, outside=outside)
        found = [(place, dependence.obstacle(statement)) for statement, place in self._once.items()]
        if problems := [Problem(*place, message) for place, message in found if message]:
            raise CellError(problems)

    def may_run_once(self, outside: Callable[[str], Iterable[str]]) -> list[OnceStatement]:
        """Return the statements that could be marked to run once, but are not; those that only define are left out.

        Parameters
        ----------
        outside : callable
            As in :meth:`check_once`.
        """
        dependence = Dependence(self.tree.body, self.literals, [*self._sent, *self._reports], outside)
        lines = Counter(statement.lineno for statement in self.tree.body)
        return [
            OnceStatement.of(each, self.tree.body)
            for each in self.tree.body
            if lines[each.lineno] == 1
            and each not in self._once
            and not isinstance(each, _DEFINING)
            and dependence.obstacle(each) is None
        ]

    def _objectives(self, reader: _Reader, wanted: Sequence[tuple[Direction, str]]) -> Iterator[Objective]:
        if wanted and reader.objectives:
            direction, _ = reader.objectives[0]
            raise UsageError(
                f"the cell already marks an objective (# tune: {direction}); "
                "drop the mark, or the option on the magic line"
            )
        for direction, statement in reader.objectives:
            yield self._objective(direction, statement)
        for direction, expression in wanted:
            if expression:
                yield Objective(direction, expression, _compiled(expression))
            else:
                last = self._last_expression(direction)
                if place := self._once.get(last):
                    raise CellError([Problem(*place, "this cannot run once: it is the objective; take the mark off")])
                yield self._objective(direction, last)

    def _objective(self, direction: Direction, statement: ast.stmt) -> Objective:
        self._sent[statement] = len(self._sent)
        return Objective(direction, ast.unparse(_judged(statement)))

    def _last_expression(self, direction: Direction) -> ast.Expr:
        last = self.tree.body[-1] if self.tree.body else None
        if not isinstance(last, ast.Expr):
            raise UsageError(
                f"--{direction} without an expression takes the cell's last one, and this cell does not end "
                f"in an expression; write --{direction} NAME"
            )
        return last


def _distinct_labels(reports: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return labels for what each loop reports, such as ``loss`` and ``loss (loop 2)``: no two loops share a curve."""
    earlier: set[str] = set()
    labels = []
    for number, expressions in enumerate(reports, start=1):
        labels.append(tuple(f"{e} (loop {number})" if e in earlier else e for e in expressions))
        earlier.update(expressions)
    return tuple(labels)


def rewritten(source: str, spans: Sequence[tuple[int, int]], space: Space, values: Mapping[str, Value]) -> str:
    """Return ``source`` with other literals at ``spans``, which are those of ``space``'s parameters in order."""
    result = source
    edits = sorted(zip(spans, space, strict=True), key=lambda edit: edit[0], reverse=True)
    for (start, stop), parameter in edits:
        value = values.get(parameter.name, parameter.literal)
        if not is_same(value, parameter.literal):
            result = result[:start] + literal_text(value, source[start:stop]) + result[stop:]
    return result


def literal_text(value: Value, like: str = "") -> str:
    """Return a value as the user would type it, in the quotes of the literal that it replaces."""
    text = repr(value)
    quote = like.lstrip("rRuUbB")[:1]
    if isinstance(value, str) and quote == '"' and text[0] == "'" and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


class _Text:
    """A cell as typed, and the Python that IPython makes of it, line by line.

    Both have the same lines at the same numbers; what IPython joins or drops is made up with blank lines.
    ``_shifts`` says how many characters the Python line lacks at its start; ``foreign`` has the numbers of the lines
    that are no Python as they were typed.
    """

    def __init__(self, source: str, transform: Callable[[str], str], first_line: int) -> None:
        self._first_line = first_line
        self._lines = [m[1] for m in _LINE.finditer(source)]
        self._starts = [m.start() for m in _LINE.finditer(source)]
        # With one kind of line end: IPython knows no magic that is continued over others.
        transformed = transform("\n".join(self._lines))
        python, self._shifts = self._align([m[1] for m in _LINE.finditer(transformed)])
        self.python = "\n" * (first_line - 1) + "\n".join(python) + "\n"
        self._python_lines = self.python.split("\n")

    def _align(self, transformed: list[str]) -> tuple[list[str], list[int]]:
        python: list[str] = []
        shifts: list[int] = []
        self.foreign: list[int] = []
        for text in transformed:
            # IPython drops blank lines at the start of a cell.
            while text.strip() and not self._line(len(python)).strip() and len(python) < len(self._lines):
                python.append("")
                shifts.append(0)
            typed = self._line(len(python))
            python.append(text)
            shifts.append(len(typed) - len(text))
            if not typed.endswith(text):
                # A magic or a shell command: one line now, however many it was continued over.
                self.foreign.append(self._first_line + len(python) - 1)
                while self._line(len(python) - 1).endswith("\\"):
                    python.append("")
                    shifts.append(0)
                    self.foreign.append(self._first_line + len(python) - 1)
        # A cell magic takes the whole cell.
        self.foreign += range(self._first_line + len(python), self._first_line + len(self._lines))
        return python, shifts

    def _line(self, index: int) -> str:
        return self._lines[index] if index < len(self._lines) else ""

    def typed_line(self, number: int) -> str:
        """Return the line at the user's number, as typed."""
        return self._line(number - self._first_line)

    def typed_column(self, number: int, column: int) -> int:
        """Return where a column of the Python line stands in the line as typed."""
        return column + self._shifts[number - self._first_line]

    def column(self, number: int, utf8_offset: int) -> int:
        """Return ast's offset, in UTF-8 bytes, as code points."""
        return len(self._python_lines[number - 1].encode()[:utf8_offset].decode())

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node stands in the source as typed: start and stop."""
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0),
        )

    def _offset(self, number: int, utf8_offset: int) -> int:
        column = self.typed_column(number, self.column(number, utf8_offset))
        return self._starts[number - self._first_line] + column

    def comments(self) -> Iterator[_Comment]:
        """Yield the comments of the Python text, at the user's line numbers."""
        for token in tokenize.generate_tokens(io.StringIO(self.python).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                yield _Comment(line, column, token.string, not self._python_lines[line - 1][:column].strip())


class _Reader:
    """Puts the marks of a cell to the literals, statements and loops that they belong to.

    Collects every mistake and raises them together.
    """

    def __init__(self, text: _Text, tree: ast.Module) -> None:
        self._text = text
        self.tree = tree
        self._found = Finder().find(tree)
        self.problems: list[Problem] = []
        self.named: list[Named] = []
        self.inferred: list[str] = []
        self.objectives: list[tuple[Direction, ast.stmt]] = []
        self.reports: dict[ast.stmt, ReportMark] = {}
        self.once: dict[ast.stmt, Place] = {}
        self._marked: list[tuple[_Comment, ParameterMark, Named]] = []
        for comment in text.comments():
            self._read(comment)
        self._marked.sort(key=lambda entry: (entry[2].node.lineno, entry[2].node.col_offset))
        for line in text.foreign:
            if marks.has_mark(text.typed_line(line)):
                message = "IPython hands this line to a magic or a shell as text; tune what stands in plain Python"
                self.problems.append(Problem(line, text.typed_line(line), 0, message))
        self._qualify()

    def parameters(self) -> list[Parameter]:
        """Return the parameters in cell order.

        Raises
        ------
        CellError
            If anything in the cell is wrong.
        """
        read = []
        for comment, mark, named in self._marked:
            try:
                domain = marks.read_domain(mark.domain, named.value)
            except MarkError as error:
                self._problem(comment, mark.domain_start + error.start, str(error))
                continue
            if mark.domain is None:
                self.inferred.append(named.name)
            condition = mark.condition
            if condition:
                condition = replace(condition, place=self._place_of(comment, mark.condition_start))
            read.append((comment, mark, Parameter(named.name, domain, named.value, condition)))
        self._check_conditions(read)
        self._check_once()
        if self.problems:
            raise CellError(self.problems)
        return [parameter for _, _, parameter in read]

    def _problem(self, comment: _Comment, start: int, message: str) -> None:
        self.problems.append(Problem(*self._place_of(comment, start), message))

    def _place_of(self, comment: _Comment, start: int) -> Place:
        """Return where something in a comment stands, as typed."""
        line = comment.line
        return line, self._text.typed_line(line), self._text.typed_column(line, comment.column + start)

    def _read(self, comment: _Comment) -> None:
        if comment.is_alone:
            if not marks.is_prose(comment.text):
                hint = "move it there, or take the colon out of prose"
                self._problem(comment, 0, f"a mark stands at the end of the line that it speaks of; {hint}")
            return
        try:
            for mark in marks.read_comment(comment.text):
                self._place(comment, mark)
        except MarkError as error:
            self._problem(comment, error.start, str(error))

    def _place(self, comment: _Comment, mark: marks.Mark) -> None:
        if isinstance(mark, ParameterMark):
            named = self._literal(comment.line, mark)
            if any(named.node is other.node for _, _, other in self._marked):
                raise MarkError(mark.start, f"no second literal stands here for {mark.name}; leave it out")
            self._marked.append((comment, mark, named))
        elif isinstance(mark, ObjectiveMark):
            statement = self._objective(comment.line, mark)
            if any(statement is other for _, other in self.objectives):
                raise MarkError(mark.start, "this is an objective already; leave one of the marks out")
            label = ast.unparse(_judged(statement))
            if any(label == ast.unparse(_judged(other)) for _, other in self.objectives):
                hint = "leave one of the marks out, or rename one"
                raise MarkError(mark.start, f"this objective is marked already; {hint}")
            self.objectives.append((mark.direction, statement))
        elif isinstance(mark, OnceMark):
            statement = self._at_top_level(comment.line, mark)
            if statement in self.once:
                raise MarkError(mark.start, "this runs once already; leave one of the marks out")
            self.once[statement] = self._place_of(comment, mark.start)
        else:
            loop = self._loop(comment.line, mark)
            if loop in self.reports:
                raise MarkError(mark.start, "this loop reports already; put all into one mark: report EXPR, EXPR")
            self.reports[loop] = mark

    def _literal(self, line: int, mark: ParameterMark) -> Named:
        here = [named for named in self._found.named if named.node.end_lineno == line]
        counts = Counter(named.name for named in here)
        labels = [n.full_name if counts[n.name] > 1 else n.name for n in here]
        if not here:
            raise MarkError(mark.start, why_unnamed(self.tree, line, mark.name))
        if mark.name is None:
            if len(here) > 1:
                hint = "; ".join(f"{label}: ..." for label in labels)
                raise MarkError(mark.start, f"several literals stand here; write # tune {hint}")
            return here[0]
        matching = [n for n in here if mark.name in (n.name, n.full_name)]
        if len(matching) > 1:
            full = dict.fromkeys(n.full_name for n in matching)
            ways = "; ".join(f"{name}: ..." for name in full)
            hint = f"write # tune {ways}" if len(full) == len(matching) else "put them on lines of their own"
            raise MarkError(mark.start, f"{mark.name} names several literals of this line; {hint}")
        if matching and mark.name == matching[0].name:
            return matching[0]
        if matching or len(here) == 1:
            return replace(matching[0] if matching else here[0], name=mark.name, qualifier=None)
        guess = did_you_mean(mark.name, labels)
        raise MarkError(mark.start, f"no literal {mark.name!r} here, only {', '.join(labels)}{guess}")

    def _objective(self, line: int, mark: ObjectiveMark) -> ast.stmt:
        here = [s for s in self._found.statements if s.lineno <= line <= (s.end_lineno or 0)]
        if not here:
            raise MarkError(
                mark.start,
                f"an objective is an assignment or an expression; write loss = ...  # tune: {mark.direction}",
            )
        statement = here[-1]
        if statement in self._found.inner:
            raise MarkError(
                mark.start,
                "the objective must be at the top level of the cell; return it from the function",
            )
        if not isinstance(statement, ast.Expr) and not isinstance(
            _target(statement), (ast.Name, ast.Attribute, ast.Subscript)
        ):
            raise MarkError(
                mark.start,
                f"several names are assigned here; put the one on a line of its own: NAME  # tune: {mark.direction}",
            )
        return statement

    def _loop(self, line: int, mark: ReportMark) -> ast.stmt:
        here = [n for n in self._found.loops if n.lineno <= line < max(n.body[0].lineno, n.lineno + 1)]
        if not here:
            raise MarkError(
                mark.start,
                f"report belongs to the header of a loop; write for epoch in range(9):  # tune: report {mark.text}",
            )
        return here[-1]

    def _at_top_level(self, line: int, mark: OnceMark) -> ast.stmt:
        around = [s for s in self.tree.body if first_line(s) <= line <= (s.end_lineno or s.lineno)]
        statement = around[-1]
        if line > header_end(statement):
            hint = f"mark the whole block, in line {statement.lineno}"
            raise MarkError(mark.start, f"what runs once stands at the top level of the cell; {hint}")
        return statement

    def _check_once(self) -> None:
        if not self.once:
            return
        tuned, told = [named.node for named in self.named], [*(s for _, s in self.objectives), *self.reports]
        dependence = Dependence(self.tree.body, tuned, told)
        for statement, place in self.once.items():
            if message := dependence.obstacle(statement):
                self.problems.append(Problem(*place, message))

    def _qualify(self) -> None:
        """Give equal names their callee, where that tells them apart."""
        counts = Counter(named.name for _, _, named in self._marked)
        full = [
            replace(named, name=named.full_name) if counts[named.name] > 1 else named for _, _, named in self._marked
        ]
        counts = Counter(named.name for named in full)
        for (comment, mark, _), named in zip(self._marked, full, strict=True):
            if counts[named.name] > 1:
                message = f"{counts[named.name]} tunables are called {named.name}; rename one: # tune NAME: DOMAIN"
                self._problem(comment, mark.start, message)
        self._marked = [(c, m, named) for (c, m, _), named in zip(self._marked, full, strict=True)]
        self.named = [named for _, _, named in self._marked]

    def _check_conditions(self, read: Sequence[tuple[_Comment, ParameterMark, Parameter]]) -> None:
        known = {parameter.name: parameter for _, _, parameter in read}
        # What a condition names is not unknown when it is only the name's own mark that is wrong.
        wrong = {problem.line for problem in self.problems}
        unread = {named.name for named in self._found.named if named.node.end_lineno in wrong}
        unread |= {named.name for named in self.named} - known.keys()
        for comment, mark, parameter in read:
            names = parameter.condition.names if parameter.condition else ()
            if parameter.condition and unread.isdisjoint([*names, *(name.rpartition(".")[2] for name in names)]):
                message = _reject_condition(parameter.name, parameter.condition, known)
                if message:
                    self._problem(comment, mark.condition_start, message)
        if not self.problems:
            try:
                Space([parameter for _, _, parameter in read])
            except CircleError as error:
                comment, mark, _ = next(entry for entry in read if entry[2].name in error.names)
                self._problem(comment, mark.condition_start, f"{error}; drop one of them")


def _reject_condition(name: str, condition: Condition, known: Mapping[str, Parameter]) -> str | None:
    for other in condition.names:
        if other not in known:
            qualified = " or ".join(full for full in known if full.endswith(f".{other}"))
            guess = f"; write {qualified}" if qualified else did_you_mean(other, known)
            return f"{other!r} is not a tunable of this cell{guess or '; mark it too, or drop the condition'}"
    if name in condition.names:
        return f"{name} cannot depend on itself; drop the condition"
    if not condition.names:
        return "the condition names no tunable of this cell; write for example: if layers >= 2"
    axes = [_tried(known[n], condition) for n in condition.names]
    for values in itertools.islice(itertools.product(*axes), _COMBINATIONS_TRIED):
        try:
            condition.holds(dict(zip(condition.names, values, strict=True)))
        except ConditionError as error:
            return error.message
    return None


def _tried(parameter: Parameter, condition: Condition) -> list[Value]:
    """Return values of a parameter that a condition can tell apart.

    All choices; of a range the ends, the condition's own numbers, and one value between each two of these.
    """
    domain = parameter.domain
    if isinstance(domain, ChoiceDomain):
        return [parameter.literal, *domain.choices]
    inner = [x for x in condition.numbers if domain.low < x < domain.high]
    between = [(low + high) / 2 for low, high in itertools.pairwise([domain.low, *inner, domain.high])]
    return [parameter.literal, *map(domain.snap, [domain.low, domain.high, *inner, *between])]


def _target(statement: ast.stmt) -> ast.expr:
    """Return what a statement assigns to: the first of several targets."""
    if isinstance(statement, ast.Assign):
        return statement.targets[0]
    assert isinstance(statement, (ast.AnnAssign, ast.AugAssign))
    return statement.target


def _judged(statement: ast.stmt) -> ast.expr:
    """Return what an objective's statement is called by: the expression itself, or what is assigned to."""
    return statement.value if isinstance(statement, ast.Expr) else _target(statement)


def _check_distinct(objectives: Sequence[Objective]) -> None:
    labels = list(map(_canonical_label, objectives))
    for i, objective in enumerate(objectives):
        if labels[i] in labels[:i]:
            raise UsageError(f"the objective {objective.label} stands twice on the magic line; name it once")


def _canonical_label(objective: Objective) -> str:
    return canonical(ast.parse(f"({objective.label}\n)", mode="eval"))


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _compiled(expression: str) -> CodeType:
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(expression, "<objective>", "eval", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        raise UsageError(
            f"the objective {expression!r} is not a Python expression; write a name, or an expression in quotes"
        ) from None
    return code


def _ends_in_semicolon(python: str) -> bool:
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(python).readline) if t.type not in skipped]
    return bool(tokens) and tokens[-1].string == ";"
