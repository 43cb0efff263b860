"""What stands in a cell, at the places and lines where the user sees it, and the cell rewritten with other literals."""

import ast
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from jtune.errors import CellError, UsageError
from jtune.language.cell import Cell, literal_text
from jtune.language.domains import ChoiceDomain, is_same

slow = settings(deadline=None)


def transform(source):
    return TransformerManager().transform_cell(source)


def with_line_ends(source, end):
    return source.replace("\n", end)


class Shell:
    """Stands in for IPython: every magic does nothing."""

    def __getattr__(self, name):
        return lambda *arguments: None


# Cells with one tunable x, whose literal is 1, and one line that fails: 1 / 0.
TRANSFORMED = {
    "plain": "x = 1  # tune: 1..9\n1 / 0",
    "line magic": "%matplotlib inline\nx = 1  # tune: 1..9\n1 / 0",
    "continued magic": "%time \\\n  y = \\\n  2\nx = 1  # tune: 1..9\n1 / 0",
    "magic at the end": "x = 1  # tune: 1..9\n1 / 0\n%time",
    "shell": "!ls\nx = 1  # tune: 1..9\n1 / 0\n!!ls",
    "continued shell": "!ls \\\n  -l \\\n  -a\n\nx = 1  # tune: 1..9\n1 / 0",
    "assigned shell": "files = !ls *.py\nx = 1  # tune: 1..9\n1 / 0",
    "assigned continued shell": "files = !ls \\\n  -l\nx = 1  # tune: 1..9\n1 / 0",
    "assigned magic": "t = %timeit -o 1\nx = 1  # tune: 1..9\n1 / 0",
    "assigned continued magic": "t = %timeit \\\n  -o \\\n  1\nx = 1  # tune: 1..9\n1 / 0",
    "help": "print?\n?print\nprint.x??\nx = 1  # tune: 1..9\n1 / 0",
    "continued help": "print.\\\nx?\nx = 1  # tune: 1..9\n1 / 0",
    "automatic calls": "/print 1\n,print a b\n;print a b\nx = 1  # tune: 1..9\n1 / 0",
    "magic in a block": "if True:\n    !ls \\\n      -l\n    %time\n    x = 1  # tune: 1..9\n1 / 0",
    "several magics": "%a\n%b \\\n  c\n!d \\\n  e\nf = !g\nx = 1  # tune: 1..9\n%h\n1 / 0",
    "leading blank lines": "\n  \n\t\nx = 1  # tune: 1..9\n\n1 / 0\n\n",
    "indented": "    x = 1  # tune: 1..9\n\n    1 / 0",
    "indented by tabs": "\tx = 1  # tune: 1..9\n\t\n\t1 / 0",
    "indented after blank lines": "\n\n  x = 1  # tune: 1..9\n  if x:\n      1 / 0",
    "indented magics": "   %time \\\n     2\n   x = 1  # tune: 1..9\n   1 / 0",
    "prompts": ">>> if True:\n...     x = 1  # tune: 1..9\n...\n>>> 1 / 0",
    "indented prompts": "  >>> y = 2\n  >>> x = 1  # tune: 1..9\n  >>> 1 / 0",
    "numbered prompts": "In [1]: if True:\n   ...:     x = 1  # tune: 1..9\n   ...: \n\nIn [2]: 1 / 0",
    "decorator": "@(lambda f: f)\ndef g(x=1):  # tune: 1..9\n    return x\n1 / 0",
    "f-strings": "s = f\"{1!r:>{3}} {'#'} {f'{2}'}\"; x = 1  # tune: 1..9\n1 / 0",
    "f-string over lines": 's = f"""\n{1}\n# tune: 2\n"""; x = 1  # tune: 1..9\n1 / 0',
    "text over lines": "s = '''\n%time\n# tune: nothing\n!ls\n'''\nx = 1  # tune: 1..9\n1 / 0",
    "indented text over lines": "  s = '''\n  a\n   \n  b'''\n  x = 1  # tune: 1..9\n  1 / 0",
    "call over lines": "dict(\n\n    a=2,\n    x=1,  # tune: 1..9\n\n    b=3,\n)\n1 / 0",
    "failing call over lines": "dict(x=1,  # tune: 1..9\n    a=(\n        1 / 0\n    ),\n)",
    "literal over lines": "x = (\n    1  # tune: 1..9\n)\n1 / 0",
    "continued line": "x = \\\n  1  # tune: 1..9\ny = 1 + \\\n    2\n1 / 0",
    "non-ASCII names": "größe = 'ä'; x = 1  # tune: 1..9\n1 / 0".replace("größe = 'ä'; ", "größe = print; "),
    "non-ASCII text before": "print('ä€𝒳', end=''); x = 1  # tune: 1..9\n1 / 0".replace(", end=''", ""),
    "tabs": "if True:\n\tx\t=\t1\t# tune: 1..9\n1\t/ 0".replace("1\t/", "1 /"),
    "form feed": "\fx = 1  # tune: 1..9\n\f\n1 / 0",
    "other separators in text": "y = 2\ns = 'a\u2028b\x85c\x0b\x1c'\nx = 1  # tune: 1..9\n1 / 0",
}


@pytest.mark.parametrize("first_line", [1, 2])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("source", TRANSFORMED.values(), ids=TRANSFORMED.keys())
def test_places_and_lines_are_the_users(source, end, first_line):
    source = with_line_ends(source, end)
    cell = Cell(source, transform, first_line)
    (start, stop), (parameter,) = cell.spans[0], cell.space
    assert (parameter.name, parameter.literal, source[start:stop]) == ("x", 1, "1")
    assert source[:start].endswith(("x = ", "x=", "x\t=\t", "x = (" + end + "    ", "x = \\" + end + "  "))
    failing = next(n for n, line in enumerate(source.split(end), first_line) if "1 / 0" in line)
    with pytest.raises(ZeroDivisionError) as caught:
        exec(cell.template("<x>").fill([5]), {"get_ipython": Shell, "print": lambda *a: None})
    assert ("<x>", failing) == traceback.extract_tb(caught.tb)[-1][:2]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("source", TRANSFORMED.values(), ids=TRANSFORMED.keys())
def test_problem_has_the_users_line_when_transformed(source, end):
    source = with_line_ends(source.replace("1..9", "9..1"), end)
    with pytest.raises(CellError) as caught:
        Cell(source, transform, first_line=2)
    (problem,) = caught.value.problems
    lines = source.split(end)
    assert lines[problem.line - 2] == problem.text
    assert problem.text[problem.start :].startswith("9..1")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("%time x = f(a=1)  # tune: 1..9", 2),
        ("y = 1\n%time x = 2  # tune", 3),
        ("%time \\\n  f(a=1)  # tune: 1..9", 3),
        ("x = %time f(a=1)  # tune a: 1..9", 2),
        ("%%time\n\nx = 1  # tune: 1..9", 4),
        ("!echo # tune: 1..9", 2),
    ],
)
def test_problem_when_a_magic_holds_a_mark(source, line):
    with pytest.raises(CellError, match="hands this line to a magic or a shell as text") as caught:
        Cell(source, transform, first_line=2)
    assert [line] == [problem.line for problem in caught.value.problems]


@pytest.mark.parametrize("source", ["%time x = 1  # tune this", "!echo # tuned: x", "%%bash\n# tune up\nls", "x?"])
def test_magics_without_a_mark_are_left_alone(source):
    assert len(Cell(source, transform).space) == 0


@pytest.mark.parametrize("source", ["x = ", "x = 1\0", "x = '\ud800'", "  x = 1", "if x:\ny = 1"])
def test_cell_when_no_python(source):
    with pytest.raises(SyntaxError):
        Cell(source)


def test_cell_error_shows_every_line_with_a_caret():
    with pytest.raises(CellError) as caught:
        Cell("if True:\n\tx = 1  # tune: 9..1\ny = 2  # tune: 1-9", first_line=2)
    assert caught.value._render_traceback_() == [
        "CellError: nothing was run",
        "line 3: \tx = 1  # tune: 9..1\n        \t               ^ LOW must be below HIGH; write 1..9",
        "line 4: y = 2  # tune: 1-9\n                       ^ expected two dots between the bounds; write 1..9",
    ]
    assert str(caught.value) == (
        "line 3: x = 1  # tune: 9..1   LOW must be below HIGH; write 1..9\n"
        "line 4: y = 2  # tune: 1-9   expected two dots between the bounds; write 1..9"
    )


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1e-300, -0.0, 1e22, 5e-324, "'", '"', "\\", "\n", "'\"", "\r\n", "𝒳", "# tune: 1..2", "]; if x"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
values = scalars | st.tuples() | st.tuples(scalars) | st.tuples(scalars, scalars) | st.tuples(st.tuples(scalars))
forms = st.sampled_from(
    [
        "x{n} = {literal}  # tune: {choices}",
        "x{n}: object = {literal}\t#tune:{choices}  # note",
        "dict(a=3, x{n}={literal})  # tune x{n}: {choices}",
        "größe = dict(\n    ä='𝒳', x{n}={literal},  # noqa  # tune x{n}: {choices}\n)",
        "c = {{'x{n}': {literal}}}  # tune: {choices}",
        "def f(a, x{n}={literal}, *b):  # tune: {choices}\n\treturn a",
        "f = lambda *, x{n}={literal}: 0  # tune: {choices}",
        "y, x{n} = '#', {literal}  # tune x{n}: {choices}",
        "if (x{n} := {literal}):  # tune: {choices}\n  pass",
        "s = '''\n# tune: 3\n  '''; c[0].x{n} = {literal}  # tune x{n}: {choices}",
        "c['x{n}'] = {literal}  # tune: {choices}",
    ]
)
others = st.sampled_from(
    ["", "   ", "%time", "%time \\\n  1", "!ls", "y = !ls", "print?", "# tune the model", "s = f'{1:{2}}'", "s = 'ä𝒳'", "y = '''\n\n  # tune\n'''"]
)  # fmt: skip


@st.composite
def cells(draw):
    """A cell as typed, its literals, and another value for each."""
    blocks, literals, changed = [], {}, {}
    for n in range(draw(st.integers(1, 4))):
        literal, other = draw(st.tuples(values, values).filter(lambda two: not stored_alike(*two)))
        choices = ChoiceDomain((literal, other))
        blocks += draw(st.lists(others, max_size=2))
        blocks.append(draw(forms).format(n=n, literal=draw(written(literal)), choices=choices))
        literals[f"x{n}"], changed[f"x{n}"] = literal, other
    blocks += draw(st.lists(others, max_size=2))
    source = "\n".join(blocks) + draw(st.sampled_from(["", "\n"]))
    indent = draw(st.sampled_from(["", "", "    ", "\t"]))
    source = "\n".join(indent + line for line in source.split("\n"))
    return with_line_ends(source, draw(st.sampled_from(["\n", "\r\n"]))), literals, changed


def stored_alike(one, other):
    return ChoiceDomain.stored(one) == ChoiceDomain.stored(other)


def written(literal):
    """Several ways to type a literal."""
    ways = [repr(literal)]
    if isinstance(literal, str) and "'" not in literal and '"' not in literal:
        ways.append(f'"{repr(literal)[1:-1]}"')
    if isinstance(literal, (int, float)) and not isinstance(literal, bool):
        ways += [f"({literal!r})", f"{literal!r}"]
    return st.sampled_from(ways)


@slow
@given(cells())
def test_source_with_unchanged_values_changes_no_byte(drawn):
    source, literals, _ = drawn
    cell = Cell(source, transform)
    assert literals == {p.name: p.literal for p in cell.space}
    assert source == cell.source_with({}) == cell.source_with(literals) == cell.source_with(cell.space.baseline)


@slow
@given(cells())
def test_source_with_changed_values_changes_exactly_the_literals(drawn):
    source, _, changed = drawn
    cell = Cell(source, transform)
    result = cell.source_with(changed)
    again = Cell(result, transform)
    assert repr(list(changed.items())) == repr([(p.name, p.literal) for p in again.space])
    assert [p.domain for p in cell.space] == [p.domain for p in again.space]
    assert outside(source, cell.spans) == outside(result, again.spans)
    assert cell.identity == again.identity


def outside(source, spans):
    """Return the pieces of a text between spans."""
    ends = [0, *(n for span in sorted(spans) for n in span), len(source)]
    return [source[start:stop] for start, stop in zip(ends[::2], ends[1::2], strict=True)]


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("x = 0.10  # tune: 0.1..1", 0.1, "x = 0.10  # tune: 0.1..1"),
        ("x = 1e-1  # tune: 0.1..1", 0.5, "x = 0.5  # tune: 0.1..1"),
        ("x = 1  # tune: 0.1..1.5", 1.0, "x = 1  # tune: 0.1..1.5"),
        ("x = -1  # tune: -9..9", 5, "x = 5  # tune: -9..9"),
        ("x = - 1  # tune: -9..9", -5, "x = -5  # tune: -9..9"),
        ("x = (1)  # tune: 1..9", 5, "x = (5)  # tune: 1..9"),
        ("x = 'a'  # tune: ['a', 'b']", "b", "x = 'b'  # tune: ['a', 'b']"),
        ("x = \"a\"  # tune: ['a', 'b']", "b", "x = \"b\"  # tune: ['a', 'b']"),
        ("x = r\"a\"  # tune: ['a', 'b']", "b", "x = \"b\"  # tune: ['a', 'b']"),
        ("x = '''a'''  # tune: ['a', 'b']", "b", "x = 'b'  # tune: ['a', 'b']"),
        ("x = \"a\"  # tune: ['a', 'it\\'s']", "it's", "x = \"it's\"  # tune: ['a', 'it\\'s']"),
        ("x = \"a\"  # tune: ['a', 'q\"']", 'q"', "x = 'q\"'  # tune: ['a', 'q\"']"),
        ("x = 'a' \"b\"  # tune: ['ab', 'c']", "c", "x = 'c'  # tune: ['ab', 'c']"),
        ("x = 1, 2  # tune: [(1, 2), ()]", (), "x = ()  # tune: [(1, 2), ()]"),
        ("x = (1, 2)  # tune: [(1, 2), (3,)]", (3,), "x = (3,)  # tune: [(1, 2), (3,)]"),
        ("x = True  # tune", False, "x = False  # tune"),
        ("x = None  # tune: [None, 1]", 1, "x = 1  # tune: [None, 1]"),
        ("f(x=1)if y else 2  # tune: 1..9", 5, "f(x=5)if y else 2  # tune: 1..9"),
        ("lambda x=1:x  # tune: 1..9", 5, "lambda x=5:x  # tune: 1..9"),
        ("x=1;y=1  # tune x: 1..9", 5, "x=5;y=1  # tune x: 1..9"),
        ('x = """a\nb"""  # tune: ["a\\nb", "c"]', "c", 'x = "c"  # tune: ["a\\nb", "c"]'),
        ("x = '𝒳'  # tune: ['𝒳', 'é']", "é", "x = 'é'  # tune: ['𝒳', 'é']"),
    ],
)
def test_source_with_one_value(source, value, expected):
    assert expected == Cell(source).source_with({"x": value})


def test_source_with_values_of_several_lengths():
    cell = Cell("a, b = 1, 2  # tune a: 1..999; b: 1..999\nc = 3  # tune: 1..999")
    assert (
        cell.source_with({"b": 200, "a": 100}) == "a, b = 100, 200  # tune a: 1..999; b: 1..999\nc = 3  # tune: 1..999"
    )


@given(values, st.sampled_from(["", "'a'", '"a"', 'r"a"', "'''a'''", "1"]))
def test_literal_text_reads_back_as_the_value(value, like):
    assert repr(value) == repr(ast.literal_eval(literal_text(value, like)))


SAME = "x = 1  # tune: 1..9\ny = f(x)\ny  # tune: maximize"


@pytest.mark.parametrize(
    "other",
    [
        "x = 5  # tune: 1..9\ny = f(x)\ny  # tune: maximize",
        "x = -1.5  # tune: -9.0..9.0 if True\ny = f(x)\ny  # tune: maximize".replace(" if True", ""),
        "x = 'a'  # tune: ['a', 'b']\ny = f(x)\ny  # tune: maximize",
        "x = (1, 2)  # tune: [(1, 2), ()]\ny = f(x)\ny  # tune: maximize",
        "x = 1  # tune\ny = f(x)\ny  # tune: maximize",
        "# note\nx=1# tune x: 1..9\n\n\ny = f( x, )  # note\n(y)  # tune: maximize  # note\n",
        "x = 1  # tune: 1..9\r\ny = f(x)\r\ny  # tune: maximize",
        "    x = 1  # tune: 1..9\n    y = f(x)\n    y  # tune: maximize",
        "x = (\n  1  # tune: 1..9\n)\ny = f(x)\ny  # tune: maximize",
    ],
)
def test_identity_when_the_code_is_the_same(other):
    assert Cell(SAME, transform).identity == Cell(other, transform).identity


@pytest.mark.parametrize(
    "other",
    [
        "x = 1  # tune: 1..9\ny = g(x)\ny  # tune: maximize",
        "x = 1  # tune: 1..9\ny = f(x, 1)\ny  # tune: maximize",
        "x = 1\ny = f(x)\ny  # tune: maximize",
        "x = 1  # tune: 1..9\ny = f(x)\ny  # tune: minimize",
        "x = 1  # tune: 1..9\ny = f(x)  # tune: maximize\ny + 1",
        "x = 1  # tune: 1..9\ny = f(x)\ny",
        "x = 1  # tune z: 1..9\ny = f(x)\ny  # tune: maximize",
        "x = 1  # tune: 1..9\ny = f(x)\ny  # tune: maximize\nz = 1",
    ],
)
def test_identity_when_the_code_differs(other):
    assert Cell(SAME).identity != Cell(other).identity


def test_identity_when_the_objective_is_on_the_magic_line():
    source = "x = 1  # tune: 1..9\ny = x"
    identities = {
        Cell(source, objectives=[goal]).identity for goal in [("minimize", "y"), ("maximize", "y"), ("minimize", "x")]
    }
    assert len(identities) == 3
    marked = Cell("x = 1  # tune: 1..9\ny = x  # tune: minimize")
    assert marked.identity == Cell(source, objectives=[("minimize", "y")]).identity


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", True),
        ("x: int = 1", True),
        ("x += 1", True),
        ("(a, (b, *x)) = y", True),
        ("for x in y: pass", True),
        ("with a as x: pass", True),
        ("import x", True),
        ("import a.b as x", True),
        ("from a import x", True),
        ("def x(): pass", True),
        ("class x: pass", True),
        ("if (x := 1): pass", True),
        ("[x := i for i in y]", True),
        ("try: pass\nexcept E as x: pass", True),
        ("match a:\n    case [x]: pass", True),
        ("x = !ls", True),
        ("x = %time 1", True),
        ("await f()\nx = 1", True),
        ("[[x := i for i in j] for j in y]", True),
        ("def f():\n    global x\n    x = 1", True),
        ("x", False),
        ("def f():\n    global x\n    return x", False),
        ("def f():\n    return [x := i for i in y]", False),
        ("x.a = 1", False),
        ("x[0] = 1", False),
        ("f(x=1)", False),
        ("def f(x): x = 1", False),
        ("[x for x in y]", False),
        ("lambda x: x", False),
        ("class A: x = 1", False),
        ("y = 1", False),
        ("", False),
    ],
)
def test_binds_a_name_of_the_namespace(source, expected):
    assert expected is Cell(source, transform).binds("x")


def goals(cell):
    return [(objective.direction, objective.label, objective.code is not None) for objective in cell.objectives]


@pytest.mark.parametrize(
    ("source", "wanted", "expected"),
    [
        ("loss = 1", [("minimize", "loss")], [("minimize", "loss", True)]),
        ("loss = 1", [("minimize", "loss * 2"), ("maximize", "a['b']")], [("minimize", "loss * 2", True), ("maximize", "a['b']", True)]),
        ("f(x)", [("maximize", "")], [("maximize", "f(x)", False)]),
        ("loss = 1  # tune: minimize", [], [("minimize", "loss", False)]),
        ("f( x )  # tune: minimize", [], [("minimize", "f(x)", False)]),
        ("loss = 1", [], []),
    ],
)  # fmt: skip
def test_objectives_of_the_magic_line(source, wanted, expected):
    assert expected == goals(Cell(source, objectives=wanted))


@pytest.mark.parametrize(
    ("source", "wanted", "message"),
    [
        ("loss = 1  # tune: minimize", ("minimize", "loss"), "the cell already marks an objective (# tune: minimize)"),
        ("loss = 1", ("maximize", ""), "this cell does not end in an expression; write --maximize NAME"),
        ("", ("maximize", ""), "this cell does not end in an expression; write --maximize NAME"),
        ("loss = 1", ("minimize", "loss ="), "the objective 'loss =' is not a Python expression"),
        ("loss = 1", ("minimize", "\0"), "is not a Python expression"),
    ],
)
def test_objectives_that_cannot_be_followed(source, wanted, message):
    with pytest.raises(UsageError) as caught:
        Cell(source, objectives=[wanted])
    assert message in str(caught.value)


def test_names_are_equal_however_they_are_composed():
    cell = Cell("größe = 1  # tune: 1..9\ny = 2  # tune: 1..9 if gro\u0308ße > 1".replace("größe", "gro\u0308ße", 1))
    assert cell.space.names == ("größe", "y")
    assert is_same(2, cell.space.point({"größe": 2})["y"])
