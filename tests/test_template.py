"""A filled template does what the cell with those literals does, and tells what it was asked to."""

import asyncio
import contextlib
import sys
import traceback
import types

import pytest

from jtune import hooks
from jtune.language.cell import Cell


class Recorder:
    """Keeps what a running cell tells."""

    def __init__(self):
        self.objectives, self.reports = [], []

    def on_objective(self, index, value):
        self.objectives.append((index, value))

    def on_report(self, index, values):
        self.reports.append((index, *values))


def run(code, listener=None):
    namespace = {"__name__": "__main__"}
    if listener is None:
        exec(code, namespace)
    else:
        with hooks.listening(listener):
            exec(code, namespace)
    del namespace["__builtins__"]
    return namespace


def told(source, values=()):
    """Run a cell and return its namespace and what it told."""
    recorder = Recorder()
    cell = Cell(source)
    point = [dict(zip(cell.space.names, values, strict=False)).get(p.name, p.literal) for p in cell.space]
    return run(cell.template().fill(point), recorder), recorder


def plain(namespace):
    """Return a namespace with functions, classes and modules as their names: those of two runs are never equal."""
    opaque = (types.FunctionType, type, types.ModuleType, types.CoroutineType)
    return {name: name if isinstance(value, opaque) else value for name, value in namespace.items()}


SHAPES = {
    "assignment": "x = 1  # tune: 1..9",
    "annotated": "x: int = 1  # tune: 1..9",
    "chain": "x = y = 1  # tune: 1..9",
    "negative": "x = -1.5  # tune: -9.0..9.0",
    "attribute": "import types\nc = types.SimpleNamespace()\nc.x = 1  # tune: 1..9",
    "subscript": 'c = {}\nc["x"] = 1  # tune: 1..9',
    "walrus": "if (x := 1) > 0:  # tune: 0..9\n    y = x",
    "walrus in a comprehension": "y = [(x := 2) * i for i in range(3)]  # tune: 0..9",
    "comprehension": "y = [dict(x=2, i=i) for i in range(3)]  # tune: 1..9",
    "generator": "y = list(dict(x=2, i=i) for i in range(3))  # tune: 1..9",
    "unpacked": "a, b = 1, 0.5  # tune a: 1..9; b: 0.1..0.9",
    "unpacked with a constant": "a, b, c = 1, 'x', 0.5  # tune a: 1..9; c: 0.1..0.9",
    "unpacked by three": "a, b, c = 1, 2, 3  # tune a: 1..9; b: 1..9; c: 1..9",
    "unpacked nested": "(a, b), c = (1, 2), 3  # tune a: 1..9; c: 1..9",
    "unpacked with a star": "a, *b, c = 1, 2, 3  # tune a: 1..9; c: 1..9",
    "keyword": "x = dict(a=1, b='b')['a']  # tune a: 1..9",
    "keywords": "x = dict(\n    a=1,  # tune: 1..9\n    b='b',  # tune: ['a', 'b', (1, 'c')]\n)",
    "dict": "x = {\n    'a': 1,  # tune: 1..9\n    'b': None,  # tune: [None, 2.5, True]\n    'c': 'z',\n}",
    "dict of dicts": "x = {'a': {'n': 1},  # tune: 1..9\n     'b': {'n': 2}}  # tune: 1..9",
    "tuple": "x = (1, 2)  # tune: [(1, 2), (3,), ()]",
    "tuple without parentheses": "x = 1, 2  # tune: [(1, 2), (3,), ()]",
    "strings": "x = 'a' 'b'  # tune: ['ab', \"it's\", 'q\"', '\\n\\\\']",
    "default": "def f(x=1):  # tune: 1..9\n    return x\ny = f(), f(5), f.__defaults__",
    "defaults": "def f(w, a=1, b=2, c='c'):  # tune a: 1..9; b: 1..9\n    return w, a, b, c\ny = f(0), f.__defaults__",
    "positional only": "def f(a=1, /, b=2):  # tune a: 1..9; b: 1..9\n    return a, b\ny = f()",
    "keyword-only default": "def f(*, x=1, y=2):  # tune x: 1..9\n    return x, y\nz = f(), f.__kwdefaults__",
    "annotated default": "def f(x: int = 1):  # tune: 1..9\n    return x\ny = f()",
    "lambda": "f = lambda x=1: x  # tune: 1..9\ny = f(), f.__doc__",
    "lambda with a string": "f = lambda x='d': x  # tune: ['d', 'e']\ny = f(), f.__doc__",
    "function": "def f():\n    x = 1  # tune: 1..9\n    return x\ny = f(), f.__doc__",
    "function with only a string": "def f():\n    x = 'd'  # tune: ['d', 'e']\n    return x\ny = f(), f.__doc__",
    "docstring": "def f(x=1):  # tune: 1..9\n    'doc'\n    y = 2  # tune: 1..9\n    return x, y\nz = f(), f.__doc__",
    "nested functions": "def f(x=1):  # tune: 1..9\n"
    "    def g(y=2):  # tune: 1..9\n        return lambda z=3: (x, y, z)  # tune: 1..9\n    return g\ny = f()()()",
    "closure": "def f():\n    x = 1  # tune: 1..9\n    def g():\n        nonlocal x\n        x += 1\n        return x\n"
    "    return g\ny = f()()",
    "global": "x = 0\ndef f():\n    global x\n    x = 1  # tune: 1..9\nf()",
    "class": "class A:\n    'doc'\n    x = 1  # tune: 1..9\n    def f(self, y=2):  # tune: 1..9\n"
    "        return self.x, y\nz = A().f(), A.__doc__",
    "dataclass": "from dataclasses import astuple, dataclass, field\n@dataclass\nclass A:\n    x: int = 1  # tune: 1..9\n"
    "    y: int = field(default=2)  # tune: 1..9\nz = astuple(A())",
    "decorator": "def scaled(by):\n    return lambda f: lambda: by * f()\n@scaled(by=3)  # tune: 1..9\n"
    "def f():\n    return 2\ny = f()",
    "async function": "import asyncio\nasync def f(x=1):  # tune: 1..9\n    y = 2  # tune: 1..9\n    return x, y\n"
    "z = asyncio.run(f())",
    "generator function": "def f():\n    x = 1  # tune: 1..9\n    yield x\ny = list(f())",
    "conditional": "if True:\n    x = 1  # tune: 1..9\nelse:\n    x = 2",
    "loop": "t = 0\nfor i in range(3):\n    step = 2  # tune: 1..9\n    t += step",
    "try": "try:\n    x = 1  # tune: 1..9\n    1 / 0\nexcept ZeroDivisionError:\n    y = 2  # tune: 1..9\nfinally:\n    z = 3  # tune: 1..9",
    "with": "import contextlib\nwith contextlib.suppress(Exception):\n    x = 1  # tune: 1..9",
    "match": "match 3:\n    case int():\n        x = 1  # tune: 1..9",
    "f-string": "x = 1  # tune: 1..9\ny = f'{x:>{3}} {dict(a=5)}'",
    "boolean": "flag = True  # tune\ny = 1 if flag else 2",
    "none": "x = None  # tune: [None, 1]\ny = x is None",
    "format by a tuple": "x = '%s %s' % ((a := 1), 2)  # tune: 1..9",
    "membership": "x = 3 in {(a := 1), 3}  # tune: 1..9",
    "condition of a while": "n = 0\nwhile (m := 3) > n:  # tune: 1..9\n    n += 1",
    "big and small": "x = 1e-300  # tune: 1e-300..1e300 log\ny = 1  # tune: -9..9007199254740900",
    "equal literals": "a = 1; b = 1; c = 1  # tune a: 1..9; b: 1..9",
    "future annotations": "from __future__ import annotations\nx: Never = 1  # tune: 1..9",
}


@pytest.mark.parametrize("source", SHAPES.values(), ids=SHAPES.keys())
def test_fill_equals_text_substitution(source):
    cell = Cell(source)
    template = cell.template()
    assert len(cell.space)
    for n in range(3):
        values = {p.name: p.domain.levels(3)[n % len(p.domain.levels(3))] for p in cell.space}
        expected = run(compile(cell.source_with(values), "<cell>", "exec", dont_inherit=True))
        assert plain(expected) == plain(run(template.fill([values[name] for name in cell.space.names])))


@pytest.mark.parametrize("source", SHAPES.values(), ids=SHAPES.keys())
def test_fill_leaves_the_template_as_it_is(source):
    cell = Cell(source)
    template = cell.template()
    literals = [parameter.literal for parameter in cell.space]
    template.fill([parameter.domain.levels(2)[1] for parameter in cell.space])
    assert plain(run(compile(source, "<cell>", "exec", dont_inherit=True))) == plain(run(template.fill(literals)))


def test_fill_adds_no_name_to_the_namespace():
    namespace, _ = told(
        "n = 2  # tune: 1..9\nfor i in range(n):  # tune: report i\n    pass\nn + i  # tune: maximize\nn"
    )
    assert {"__name__", "n", "i"} == set(namespace)


def test_functions_keep_their_values_after_the_trial():
    cell = Cell("def f(x=1):  # tune: 1..9\n    for i in range(x):  # tune: report i\n        pass\n    return x\n")
    template = cell.template()
    recorder = Recorder()
    first, second = (run(template.fill([value]), recorder)["f"] for value in (2, 3))
    assert [first(), second(), first(9)] == [2, 3, 9]
    assert recorder.reports == []
    with hooks.listening(recorder):
        first()
    assert recorder.reports == [(0, 0), (0, 1)]


def test_listening_ends_when_the_block_raises():
    outer, inner = Recorder(), Recorder()
    with hooks.listening(outer):
        with contextlib.suppress(ZeroDivisionError), hooks.listening(inner):
            hooks.report(0, [1])
            raise ZeroDivisionError
        hooks.report(0, [2])
    hooks.report(0, [3])
    assert (outer.reports, inner.reports) == ([(0, 2)], [(0, 1)])


# A cell, and what its loops report. Reports of an iteration that ends early are taken where it ends.
LOOPS = {
    "for": ("for i in range(3):  # tune: report i", [0, 1, 2]),
    "while": ("i = 3\nwhile i:  # tune: report i\n    i -= 1", [2, 1, 0]),
    "no iteration": ("for i in []:  # tune: report i\n    pass", []),
    "on one line": ("for i in range(3): j = i * i  # tune: report j", [0, 1, 4]),
    "continue": (
        "for i in range(4):  # tune: report i, t\n    t = 0\n    if i % 2:\n        continue\n    t = 1",
        [(0, 1), (1, 0), (2, 1), (3, 0)],
    ),
    "break": ("for i in range(9):  # tune: report i\n    if i == 2:\n        break", [0, 1, 2]),
    "break and else": (
        "for i in range(9):  # tune: report i\n    if i == 1:\n        break\nelse:\n    done = True",
        [0, 1],
    ),
    "no break and else": ("for i in range(2):  # tune: report i\n    pass\nelse:\n    done = True", [0, 1]),
    "while and else": ("i = 2\nwhile i:  # tune: report i\n    i -= 1\nelse:\n    i = 9", [1, 0]),
    "while true": ("n = 0\nwhile True:  # tune: report n\n    n += 1\n    if n == 3:\n        break", [1, 2, 3]),
    "outer of nested": (
        "for i in range(2):  # tune: report i\n    for j in range(3):\n        if j:\n            break\n        continue",
        [0, 1],
    ),
    "inner of nested": (
        "for i in range(2):\n    for j in range(9):  # tune: report i, j\n        if j == 1:\n            break",
        [(0, 0), (0, 1), (1, 0), (1, 1)],
    ),
    "break in the else of an inner loop": (
        "for i in range(9):  # tune: report i\n    for j in []:\n        pass\n    else:\n        break",
        [0],
    ),
    "continue in the else of an inner loop": (
        "for i in range(2):  # tune: report i, t\n    t = i\n    while False:\n        pass\n    else:\n        continue\n    t = 9",
        [(0, 0), (1, 1)],
    ),
    "continue before finally": (
        "t = 0\nfor i in range(3):  # tune: report t\n    try:\n        t += 1\n        continue\n    finally:\n        t += 10",
        [1, 12, 23],
    ),
    "break before finally": (
        "t = 0\nfor i in range(3):  # tune: report t\n    try:\n        t += 1\n        break\n    finally:\n        t += 10",
        [1],
    ),
    "continue in finally": (
        "t = 0\nfor i in range(2):  # tune: report t\n    try:\n        t += 1\n    finally:\n        t += 10\n        continue",
        [11, 22],
    ),
    "continue in except": (
        "for i in range(3):  # tune: report i, t\n    try:\n        t = 1 / (i - 1)\n    except ZeroDivisionError:\n"
        "        t = None\n        continue\n    t = -t",
        [(0, 1.0), (1, None), (2, -1.0)],
    ),
    "continue in with": (
        "import contextlib\nfor i in range(2):  # tune: report i\n    with contextlib.suppress(ValueError):\n        continue",
        [0, 1],
    ),
    "continue in match": (
        "for i in range(3):  # tune: report i, t\n    t = 0\n    match i:\n        case 1:\n            continue\n    t = 1",
        [(0, 1), (1, 0), (2, 1)],
    ),
    "return in a function": (
        "def f():\n    for i in range(9):  # tune: report i\n        if i == 2:\n            return i\nr = f()",
        [0, 1, 2],
    ),
    "return in an inner loop": (
        "def f():\n    for i in range(9):  # tune: report i\n        while True:\n            return i\nr = f()",
        [0],
    ),
    "return in a nested function": (
        "for i in range(2):  # tune: report i\n    def f():\n        return i\n    g = lambda: i\n    r = f() + g()",
        [0, 1],
    ),
    "return before finally": (
        "def f():\n    for i in range(9):  # tune: report i\n        try:\n            return i\n        finally:\n            i = 7\n"
        "r = f()",
        [0],
    ),
    "exception": (
        "try:\n    for i in range(9):  # tune: report i\n        1 / (2 - i)\nexcept ZeroDivisionError:\n    r = i",
        [0, 1],
    ),
    "yield": (
        "def f():\n    for i in range(3):  # tune: report i\n        yield i\nr = list(f())",
        [0, 1, 2],
    ),
    "async for": (
        "import asyncio\nasync def a():\n    for i in range(4):\n        yield i\nasync def f():\n"
        "    async for i in a():  # tune: report i\n        if i == 2:\n            break\n        continue\n    else:\n        return 9\n"
        "    return i\nr = asyncio.run(f())",
        [0, 1, 2],
    ),
    "class body": ("class A:\n    for i in range(2):  # tune: report i\n        pass\nr = A.i", [0, 1]),
    "several values": (
        "loss, acc = 1.0, 0.0\nfor epoch in range(2):  # tune: report loss, acc + 1\n    loss /= 2\n    acc += 0.25",
        [(0.5, 1.25), (0.25, 1.5)],
    ),
    "expressions": (
        "h = {'a': []}\nfor i in range(2):  # tune: report h['a'][-1], max(h[\"a\"]), f\"{i}\", (i, 1)\n    h['a'].append(i)",
        [(0, 0, "0", (0, 1)), (1, 1, "1", (1, 1))],
    ),
    "unbound at an early continue": (
        "for i in range(3):  # tune: report t\n    if i < 2:\n        continue\n    t = i",
        [2],
    ),
    "unbound in a function": (
        "def f():\n    for i in range(3):  # tune: report t\n        if i < 2:\n            continue\n        t = i\nf()",
        [2],
    ),
    "header over several lines": ("for i in range(\n    2,\n):  # tune: report i\n    pass", [0, 1]),
    "two loops": ("for i in range(2):  # tune: report i\n    pass\nwhile i:  # tune: report -i\n    i -= 1", [0, 1, 0]),
}


@pytest.mark.filterwarnings("ignore:.*'finally' block:SyntaxWarning")  # Python 3.14
@pytest.mark.parametrize(("source", "expected"), LOOPS.values(), ids=LOOPS.keys())
def test_reports_of_a_loop(source, expected):
    source = source if "\n" in source or "j =" in source else f"{source}\n    pass"
    namespace, recorder = told(source)
    assert [value if isinstance(value, tuple) else (value,) for value in expected] == [r[1:] for r in recorder.reports]
    unmarked = compile("\n".join(line.split("  # tune")[0] for line in source.split("\n")), "<cell>", "exec")
    assert plain(run(unmarked)) == plain(namespace)


def test_reports_of_two_loops_are_told_apart():
    _, recorder = told("for i in 'ab':  # tune: report i\n    for j in 'cd':  # tune: report j\n        continue")
    assert recorder.reports == [(1, "c"), (1, "d"), (0, "a"), (1, "c"), (1, "d"), (0, "b")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\nfor i in range(3):  # tune: report typo\n    x = 2\n    x = 3", 2),
        ("def f():\n    for i in range(3):  # tune: report typo\n        x = 2\nf()", 2),
        ("n = 3\n\nwhile n:  # tune: report typo, n\n    if n == 3:\n        n -= 1\n        continue\n    n -= 1", 3),
    ],
)
def test_report_when_its_name_is_unknown(source, line):
    with pytest.raises(NameError, match="'typo' is not defined") as caught:
        told(source)
    assert line == traceback.extract_tb(caught.tb)[-1].lineno


def test_report_may_end_the_trial():
    class Pruner(Recorder):
        def on_report(self, index, values):
            raise StopAsyncIteration(values)

    with pytest.raises(StopAsyncIteration, match="0") as caught:
        run(Cell("x = 1\nfor i in range(3):  # tune: report i\n    x = 2").template().fill([]), Pruner())
    assert [frame.lineno for frame in traceback.extract_tb(caught.tb) if frame.filename == "<cell>"] == [2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1  # tune: maximize", [(0, 2)]),
        ("1 + 1;  # tune: maximize", [(0, 2)]),
        ("x = 2  # tune: 1..9\nx * x  # tune: minimize\nx + 1  # tune: maximize\nx = 0", [(0, 9), (1, 4)]),
        ("max(\n    1,\n    2,\n)  # tune: maximize", [(0, 2)]),
        ("for i in range(3):\n    i  # tune: maximize", [(0, 0), (0, 1), (0, 2)]),
        ("if False:\n    1  # tune: maximize", []),
        ("(y := 5)  # tune: maximize", [(0, 5)]),
        ("'text'  # tune: maximize", [(0, "text")]),
        ("y = 1  # tune: maximize\ny = 2", [(0, 1)]),
        ("y = z = 1  # tune: maximize\ny = 2", [(0, 1)]),
        ("y: int = 1  # tune: maximize\ny = 2", [(0, 1)]),
        ("y = 1\ny += 2  # tune: maximize\ny = 0", [(0, 3)]),
        ("y = [1]\ny[0] += 2  # tune: maximize\ny[0] = 0", [(0, 3)]),
        ("y = {}\ny['a'] = 4  # tune: maximize\ny = 0", [(0, 4)]),
        ("x = 2  # tune: 1..9\nif x > 5:\n    y = x  # tune: maximize", []),
        ("for i in range(3):\n    y = i  # tune: maximize\ny = 9", [(0, 0), (0, 1), (0, 2)]),
        ("y = 1  # tune: maximize\nz = 5  # tune: minimize\ny", [(0, 1), (1, 5)]),
    ],
)
def test_objective_is_the_value_at_the_marked_line(source, expected):
    _, recorder = told(source, values=[3])
    assert expected == recorder.objectives


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1", [2]),
        ("1 + 1;", []),
        ("1 + 1 ;  # note", []),
        ("1 + 1  # ;", [2]),
        ("'a;'", ["a;"]),
        ("x = 1", []),
        ("1\n2", [2]),
        ("1; 2", [2]),
        ("if True:\n    1", []),
        ("None", [None]),
        ("3  # tune: maximize", [3]),
        ("dict(a=1)  # tune: 1..9", [{"a": 5}]),
        ("'''a\nb'''", ["a\nb"]),
        ("1\n\n# note\n", [1]),
        ("", []),
    ],
)
def test_last_expression_is_shown(source, expected, monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "displayhook", shown.append)
    told(source, values=[5])
    assert expected == shown


def test_flags_of_an_earlier_cell_are_followed():
    import __future__

    source = "x: Never = 1  # tune: 1..9"
    template = Cell(source).template(flags=__future__.annotations.compiler_flag)
    assert run(template.fill([2]))["__annotations__"] == {"x": "Never"}


def test_top_level_await_when_the_flag_allows():
    import ast

    code = Cell("x = 1  # tune: 1..9\nawait f(x)").template(flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT).fill([5])
    got = []

    async def f(value):
        got.append(value)

    asyncio.run(eval(code, {"f": f}))
    assert got == [5]


@pytest.mark.parametrize("source", ["return 1", "x = 1  # tune: 1..9\nbreak", "def f():\n    nonlocal x"])
def test_template_when_only_the_compiler_objects(source):
    cell = Cell(source)
    with pytest.raises(SyntaxError):
        cell.template()
