"""Snapshots, and the names of a cell."""

import ast
import itertools
import math
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jtune.language.names import modules_imported, names_bound, names_read
from jtune.trials.namespace import Bindings, Snapshot

# Snapshot and Bindings

NAMES = st.sampled_from("abcdefgh")
# Objects that are equal and not identical, so that only identity can tell them apart.
VALUES = st.builds(list)
NAMESPACES = st.dictionaries(NAMES, VALUES)
# None stands for a deletion.
STEPS = st.lists(st.tuples(NAMES, st.none() | VALUES))


def do(steps, namespace):
    for name, value in steps:
        if value is None:
            namespace.pop(name, None)
        else:
            namespace[name] = value


def identities(namespace):
    return {name: id(value) for name, value in namespace.items()}


@given(NAMESPACES, STEPS)
def test_restore_puts_back_every_binding(namespace, steps):
    before, object_before = dict(namespace), namespace
    snapshot = Snapshot.take(namespace)
    do(steps, namespace)
    snapshot.restore(namespace)
    assert namespace is object_before
    assert identities(before) == identities(namespace)


@given(NAMESPACES, STEPS)
def test_difference_applied_does_what_the_steps_did(namespace, steps):
    snapshot = Snapshot.take(namespace)
    do(steps, namespace)
    after, difference = dict(namespace), snapshot.difference(namespace)
    snapshot.restore(namespace)
    difference.apply(namespace)
    assert identities(after) == identities(namespace)


@given(NAMESPACES, STEPS)
def test_difference_names_only_what_differs(namespace, steps):
    before = dict(namespace)
    snapshot = Snapshot.take(namespace)
    do(steps, namespace)
    difference = snapshot.difference(namespace)
    assert all(before.get(name) is not value for name, value in difference.bound.items())
    assert difference.deleted == before.keys() - namespace.keys()


@given(NAMESPACES, st.lists(st.tuples(NAMES, VALUES)))
def test_restore_keeps_the_order_when_nothing_was_deleted(namespace, steps):
    before = list(namespace)
    snapshot = Snapshot.take(namespace)
    do(steps, namespace)
    snapshot.restore(namespace)
    assert before == list(namespace)


def test_difference_is_by_identity():
    class Awkward:
        def __eq__(self, other):
            raise AssertionError("compared")

        __hash__ = None

    kept, namespace = Awkward(), {"a": Awkward(), "nan": math.nan, "one": 1}
    namespace["kept"] = kept
    snapshot = Snapshot.take(namespace)
    exec("a = new; kept = kept; one = True", {"new": 1}, namespace)
    assert Bindings({"a": 1, "one": True}, frozenset()) == snapshot.difference(namespace)


def test_snapshot_survives_exec_in_the_namespace():
    namespace = {"__name__": "cell", "x": 1, "gone": 2, "later": 3}
    snapshot = Snapshot.take(namespace)
    exec("import math\nx = x + 1\ndel gone\ndef f(): return x", namespace)
    best = snapshot.difference(namespace)
    snapshot.restore(namespace)
    assert namespace == {"__name__": "cell", "x": 1, "gone": 2, "later": 3}
    best.apply(namespace)
    assert (namespace["x"], namespace["f"](), "gone" in namespace) == (2, 2, False)


def test_apply_accepts_a_name_that_is_gone_already():
    namespace = {"a": 1}
    Bindings({"b": 2}, frozenset({"zz"})).apply(namespace)
    assert namespace == {"a": 1, "b": 2}


def test_snapshot_while_another_thread_binds_names():
    namespace, stop = {f"n{i}": i for i in range(2000)}, threading.Event()

    def bind():
        for i in itertools.cycle(range(50)):
            namespace[f"t{i}"] = i
            namespace.pop(f"t{i}")
            if stop.is_set():
                return

    thread = threading.Thread(target=bind)
    thread.start()
    try:
        for _ in range(200):
            snapshot = Snapshot.take(namespace)
            snapshot.difference(namespace)
            snapshot.restore(namespace)
    finally:
        stop.set()
        thread.join()
    assert {f"n{i}" for i in range(2000)} <= namespace.keys()


# names_read and names_bound

READS = [
    ("", ""),
    ("x", "x"),
    ("x = 1", ""),
    ("x = 1\nx", ""),
    ("y = x", "x"),
    ("a + b * a", "a b"),
    ("count = count + 1", "count"),
    ("count += 1", "count"),
    ("x = 1\nx += y", "y"),
    ("a, b = b, a", "b a"),
    ("a = b = c", "c"),
    ("data['k'] = 1", "data"),
    ("model.lr = 0.1", "model"),
    ("xs[i:j]", "xs i j"),
    ("print(len(xs))", "print len xs"),
    ("import numpy as np\nnp.x", ""),
    ("import os.path\nos.sep", ""),
    ("from math import pi as p\np * r", "r"),
    ("from math import *\nsin(x)", "sin x"),
    ("for x in xs: x", "xs"),
    ("for x in xs: y = x\nprint(y)", "xs print"),
    ("for i in range(3):\n    if i: use(last)\n    last = i", "range use last"),
    ("while running(): x = 1\nx", "running"),
    ("with f() as g: g.read()", "f"),
    ("if flag: x = 1\nx", "flag"),
    ("x if flag else y", "flag x y"),
    ("del x", "x"),
    ("x = 1\ndel x", ""),
    ("del xs[0]", "xs"),
    ("try: f()\nexcept ValueError as e: print(e)", "f ValueError print"),
    ("try: import cupy as xp\nexcept ImportError: import numpy as xp\nxp.a", "ImportError"),
    ("try: a = f()\nfinally: done = True\ndone", "f"),
    ("def f(): return g()\ndef g(): return 1", ""),
    ("def f(): return g()", "g"),
    ("def f(): return lr * x\nlr = 0.1\nf()", "x"),
    ("def f(a, b=c, *, d=e): return a + b + d", "c e"),
    ("def f(x): return x", ""),
    ("def f():\n    y = 1\n    return y + z", "z"),
    ("def f(x):\n    def g(): return x + k\n    return g", "k"),
    ("def f():\n    global n\n    n += 1", "n"),
    ("def f():\n    global n\n    n = 1\n    return n", ""),
    ("def f():\n    global n\n    n = 1\n    return [n for _ in xs]", "xs"),
    ("def f(n): return f(n - 1)", ""),
    ("@decorate\ndef f(): pass", "decorate"),
    ("f = lambda v: v * k", "k"),
    ("k = 2\nf = lambda v: v * k", ""),
    ("ys = sorted(xs, key=lambda v: v * k)", "sorted xs k"),
    ("x\ndef f(): return x\nx = 2", "x"),
    ("def f(): return x\nprint(x)\nx = 2", "x print"),
    ("[x * k for x in xs]", "xs k"),
    ("[x for x in x]", "x"),
    ("{a: b for a, b in pairs if a}", "pairs"),
    ("{x for row in rows for x in row}", "rows"),
    ("sum(w * x for x in xs)", "sum xs w"),
    ("k = 1\n[x * k for x in xs]", "xs"),
    ("ys = [x * k for x in xs]\nk = 2", "xs k"),
    ("[last := f(x) for x in xs]\nlast", "xs f"),
    ("[[a * b for a in bs] for b in bs]", "bs"),
    ("[(lambda: x + k) for x in xs]", "xs k"),
    ("class A:\n    y = 1\n    z = y", ""),
    ("class A:\n    z = y", "y"),
    ("class A(Base, metaclass=Meta): pass", "Base Meta"),
    ("class A:\n    y = 1\n    def f(self): return y", "y"),
    ("class A:\n    y = x\nx = 1", "x"),
    ("class A:\n    x = x", "x"),
    ("class A:\n    xs = [1]\n    ys = [x * k for x in xs]", "k"),
    ("class A:\n    y = 1\n    ys = [y for _ in r]", "r y"),
    ("class A:\n    y = 1\n    class B:\n        z = y", "y"),
    ("class A:\n    global n\n    n = 1\nn", ""),
    ("class A:\n    y = 1\n    del y", ""),
    ("class A:\n    def f(self): return A()", ""),
    ("class A:\n    def f(self): return super().f() + __class__.k", "super"),
    ("class A:\n    __x = 1\n    def f(self): return __y", "_A__y"),
    ("def f():\n    class A:\n        y = 1\n        z = y + k\n    return A", "k"),
    ("x: int = 1\ny = x", "int"),
    ("from __future__ import annotations\nx: Unknown = 1\nx", ""),
    ("f'{name:>{width}} {1}'", "name width"),
    ("print(__name__)", "print __name__"),
    ("global x\nx = 1\nx", ""),
    ("global x\nprint(x)\nx = 1", "print x"),
    ("(n := 10) + n", ""),
    ("n + (n := 10)", "n"),
    ("x = await f()", "f"),
    ("async def f(): return [y async for y in g()]", "g"),
    ("match command:\n    case Point(x=0): 1\n    case [a, *b]: a + b", "command Point"),
    ("assert ok, message", "ok message"),
    ("raise Error(text) from cause", "Error text cause"),
]

NEW_READS = [
    ("type A = list[B]\nA", "list B"),
    ("def f[T](x: T = d) -> T: return x", "d"),
    ("class A[T](Base):\n    y = x\nx = 1", "Base x"),
    ("class A:\n    T0 = int\n    def f[T](self, x: T0) -> R: pass", "int R"),
    ("class A:\n    y = 1\n    type B = tuple[y, z]", "tuple z"),
]


BOUNDS = [
    ("x", ""),
    ("a.b = c[d] = 1", ""),
    ("x = y = 1", "x y"),
    ("x += 1", "x"),
    ("import os.path, numpy as np", "os np"),
    ("for i in xs: pass", "i"),
    ("def f(): y = 1", "f"),
    ("def f():\n    global y\n    y = 1", "f y"),
    ("def f():\n    global y\n    del y", "f y"),
    ("class A:\n    y = 1\n    def g(self): pass", "A"),
    ("class A:\n    y = 1\n    del y", "A"),
    ("[(z := x) for x in xs]", "z"),
    ("del x", "x"),
    ("with f() as g: pass", "g"),
]


def compile_cell(source):
    return compile(source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


@pytest.mark.parametrize(("source", "expected"), READS)
def test_names_read(source, expected):
    # As sets: where a comprehension stands in the order differs between versions of Python.
    read = names_read(compile_cell(source))
    assert set(expected.split()) == set(read)
    assert len(read) == len(set(read))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are new in 3.12")
@pytest.mark.parametrize(("source", "expected"), NEW_READS)
def test_names_read_with_type_parameters(source, expected):
    assert set(expected.split()) == set(names_read(compile_cell(source)))


def test_names_read_are_in_order_of_use():
    source = "z = b + a\ndef f(x=c): return d + b\nz2 = e(z)\n"
    assert names_read(compile_cell(source)) == ("b", "a", "c", "d", "e")


@pytest.mark.parametrize("shift", [1, 254, 300, 70_000])
def test_names_read_from_shifted_lines(shift):
    tree = ast.parse("class A:\n    y = x\n    def f(self): return y\nz = [w for _ in v]")
    ast.increment_lineno(tree, shift)
    code = compile(tree, "cell", "exec", dont_inherit=True)
    assert {"x", "y", "w", "v"} == set(names_read(code))


GLOBAL_NUMBER = 1


def test_names_read_of_a_function():
    def function(a):
        return len(a) + GLOBAL_NUMBER + undefined  # noqa: F821

    assert names_read(function.__code__) == ("len", "GLOBAL_NUMBER", "undefined")


@given(st.lists(st.sampled_from(READS), max_size=6))
def test_names_read_by_a_whole_are_among_those_of_its_parts(samples):
    # What stands before can only take names away. A "from __future__" is only allowed first.
    sources = [source for source, _ in samples if "__future__" not in source]
    parts = {name for source in sources for name in names_read(compile_cell(source))}
    try:
        whole = compile_cell("\n".join(sources))
    except SyntaxError:  # global x, after x was used
        return
    assert set(names_read(whole)) <= parts


@pytest.mark.parametrize(("source", "expected"), BOUNDS)
def test_names_bound(source, expected):
    assert set(expected.split()) == names_bound(compile_cell(source))


IMPORTS = [
    ("import a", "a"),
    ("import a.b.c as d", "a a.b a.b.c"),
    ("from a.b import c, d as e", "a.b a.b.c a.b.d"),
    ("from a import *", "a a.*"),
    ("def f():\n    import a\n    class B:\n        from c import d", "a c c.d"),
    ("x = a.b", ""),
    ("\n".join(f"x{i} = {i}.5" for i in range(300)) + "\nimport a", "a"),
]


@pytest.mark.parametrize(("source", "expected"), IMPORTS)
def test_modules_imported(source, expected):
    assert expected.split() == list(modules_imported(compile_cell(source)))
