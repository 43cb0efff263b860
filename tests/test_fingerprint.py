"""Fingerprints: equal for what is of one content, in every process, and different for all else."""

import abc
import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import io
import itertools
import json
import linecache
import logging
import math
import operator
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import textwrap
import threading
import types
import uuid
import weakref

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression, SGDRegressor

from jtune.trials.fingerprint import changed, fingerprint, fingerprints, told

ROOT = pathlib.Path(__file__).parents[1]


class Point:
    def __init__(self, x, y=0):
        self.x, self.y = x, y


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Cached(Point):
    @functools.cached_property
    def norm(self):
        return math.hypot(self.x, self.y)


class Lazy(types.ModuleType):
    pass


class Words(set):
    pass


class Table(dict):
    pass


class Units(np.ndarray):
    pass


Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass(frozen=True)
class Record:
    name: str
    values: list


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def looped(*content):
    loop = [*content]
    loop.append(loop)
    return loop


def ring(labels):
    points = [Point(label) for label in labels]
    for here, there in zip(points, [*points[1:], points[0]], strict=True):
        here.y = there
    return points[0]


def frame(**changes):
    columns = {
        "i": [1, 2, 3],
        "f": [1.0, math.nan, 2.0],
        "s": ["a", None, "é"],
        "c": pd.Categorical(["u", "v", "u"]),
        "t": pd.date_range("2020", periods=3),
        "z": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
        "n": pd.array([1, None, 3], dtype="Int64"),
        "o": [1, "a", (2,)],
        "p": pd.period_range("2020", periods=3),
    }
    return pd.DataFrame(columns | changes)


def structured(padding):
    raw = np.full(2 * 16, padding, np.uint8).view(np.dtype([("a", "i1"), ("b", "f8")], align=True))
    raw["a"], raw["b"] = [1, 2], [0.5, math.nan]
    return raw


# Each of these is told, and differs from all the others.
DIFFERENT = {
    "scalars": lambda: [None, ..., NotImplemented, True, 1, 1.0, 1 + 0j, "1", b"1", bytearray(b"1")],
    "falsy": lambda: [False, 0, 0.0, -0.0, "", b"", (), [], {}, set(), frozenset(), range(0)],
    "numbers": lambda: [2, -2, 256, 2**64, 2**70000, -(2**70000), 0.1, 1e-300, math.inf, -math.inf],
    "nan": lambda: [math.nan, complex(math.nan, 0), complex(0, math.nan), complex(0.0, -0.0), 0j],
    "text": lambda: ["a", "b", "ab", "é", "\udcff", "a\0", "#", "nan", "None"],
    "lists": lambda: [[1], [1.0], [True], [1, 2], [2, 1], [[1, 2]], [[1], [2]], [[1], 2], ["1"], [b"1"]],
    "tuples": lambda: [(1,), (1, 2), ((1,), 2), (1, (2,)), ("a", "b"), ("ab",), ("", "ab"), (1, [2])],
    "plain and not": lambda: [[1, 2j], [1.0, 2j], [[1], 2j], [None, 2j], [-0.0, 2j], [0.0, 2j]],
    "dicts": lambda: [{1: 2}, {2: 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": {"b": 1}}, {(1,): [2]}],
    "sets": lambda: [{1}, {1.5}, {"1"}, {1, 2}, {1, "a"}, {(1,), (2,)}, {frozenset({1})}, frozenset({1})],
    "set of true": lambda: [{True}, {0, 2}, {False, 2}, {math.nan}],
    "loops": lambda: [looped(), looped(1), looped(2), looped(looped(1)), looped([1]), [looped(1)]],
    "rings": lambda: [ring([1]), ring([1, 2]), ring([2, 1]), ring([1, 2, 3]), ring([1, 3, 2]), ring([1, 1, 2])],
    "instances": lambda: [Point(1), Point(2), Point([1]), Slotted(1), Slotted(2), Cached(1), Point(Point(1))],
    "containers": lambda: [
        collections.OrderedDict(a=1),
        collections.defaultdict(int, a=1),
        collections.defaultdict(list, a=1),
        collections.Counter("a"),
        collections.deque([1, 2]),
        collections.deque([1, 2], maxlen=2),
        Table(a=1),
        Words({"a"}),
        Words({"b"}),
        types.MappingProxyType({"a": 1}),
        types.SimpleNamespace(a=1),
    ],
    "records": lambda: [Record("a", [1]), Record("a", [2]), Record("b", [1]), Pair(1, 2), Pair(2, 1)],
    "library": lambda: [
        datetime.date(2020, 1, 1),
        datetime.datetime(2020, 1, 1),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
        decimal.Decimal("1.0"),
        decimal.Decimal("1.00"),
        fractions.Fraction(1, 3),
        pathlib.PurePosixPath("a"),
        pathlib.PurePosixPath("b"),
        re.compile("a"),
        re.compile("a", re.IGNORECASE),
        uuid.UUID(int=1),
        slice(1, 2),
        range(3),
        range(0, 3, 2),
        logging.getLogger("a"),
        io.StringIO("a"),
        ValueError("a"),
        ValueError("b"),
        Colour.RED,
        Colour.BLUE,
    ],
    "callables": lambda: [
        len,
        max,
        math.sin,
        np.sin,
        np.cos,
        str.upper,
        [1].append,
        [2].append,
        Point(1).__init__,
        Point(2).__init__,
        functools.partial(max, 1),
        functools.partial(max, 2),
        functools.partial(max, key=len),
        operator.itemgetter(1),
        operator.attrgetter("a"),
        random.random,
        random.randint,
        json.dumps,
    ],
    "types": lambda: [int, str, type(None), type(len), Point, Cached, list[int], list[str], int | None],
    "modules": lambda: [math, json, np, np.random, Lazy("lazy")],
    "iterators": lambda: [iter([1, 2]), iter([1]), zip([1], [2], strict=True), map(len, ["a"]), itertools.cycle([1])],
    "dtypes": lambda: [np.array([1, 2], t) for t in ("i1", "u1", "i4", "i8", ">i8", "f4", "f8", "c16", "O")],
    "arrays": lambda: [
        np.zeros(6),
        -np.zeros(6),
        np.zeros((2, 3)),
        np.zeros((3, 2)),
        np.zeros((6, 1)),
        np.zeros(0),
        np.zeros((0, 3)),
        np.zeros(()),
        np.arange(6.0),
        np.arange(6.0)[::-1],
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(3, 2).T,
        np.array([True, False]),
        np.array(["a", "b"]),
        np.array([b"a", b"b"]),
        np.array(["2020", "2021"], "M8[D]"),
        np.array(["2020", "NaT"], "M8[D]"),
        np.array([1, 2], "m8[s]"),
        np.array([1, None, "a"], object),
        np.array([1, None, "b"], object),
        np.array([[1], [None]], object),
        np.array([1.0, math.nan]),
        np.array([1.0, math.inf]),
        np.array([math.nan, 1j]),
        np.array([complex(0, math.nan), 1j]),
        np.array([1, 2], np.longdouble),
        np.array([1, 2], np.longdouble) / 3,
        np.array([1, 2], np.longdouble) / 3 + np.finfo(np.longdouble).eps,
        structured(0),
        np.ma.masked_array([1, 2], [False, True]),
        np.ma.masked_array([1, 2], [True, False]),
        np.arange(6.0).view(Units),
        structured(0).view(np.recarray),
    ],
    "numpy scalars": lambda: [
        1.0,
        np.float64(1),
        np.float32(1),
        np.int64(1),
        np.bool_(True),
        np.str_("a"),
        np.longdouble(1),
        np.datetime64("2020"),
        np.datetime64("2020", "ns"),
        np.array(1.0),
        np.dtype("f8"),
        structured(0)[0],
    ],
    "generators": lambda: [
        np.random.default_rng(0),
        np.random.default_rng(1),
        np.random.RandomState(0),
        np.random.RandomState(1),
        random.Random(0),
        random.Random(1),
        drawn(np.random.default_rng(0)),
        drawn(np.random.RandomState(0)),
        drawn(random.Random(0)),
    ],
    "frames": lambda: [
        frame(),
        frame(i=[1, 2, 4]),
        frame(f=[1.0, 3.0, 2.0]),
        frame(s=["a", "b", "é"]),
        frame(c=pd.Categorical(["v", "u", "v"])),
        frame(c=pd.Categorical(["u", "v", "u"], ordered=True)),
        frame(c=pd.Categorical(["u", "v", "u"], categories=["v", "u"])),
        frame(t=pd.date_range("2021", periods=3)),
        frame(z=pd.date_range("2020", periods=3, tz="UTC")),
        frame(n=pd.array([1, 2, 3], dtype="Int64")),
        frame(n=pd.array([1, None, 3], dtype="Int32")),
        frame(o=[1, "a", (3,)]),
        frame(p=pd.period_range("2020", periods=3, freq="h")),
        frame(extra=[1, 2, 3]),
        frame().rename(columns={"i": "j"}),
        frame().set_index("i"),
        frame().set_index(["i", "s"]),
        frame().iloc[::-1],
        frame()[["f", "i"]],
        frame()[["i", "f"]],
        frame()[["i"]],
        pd.DataFrame(),
        pd.DataFrame(np.zeros((2, 3))),
        pd.DataFrame(np.zeros((3, 2))),
    ],
    "pandas": lambda: [
        frame()["i"],
        frame()["f"],
        frame()["i"].rename("j"),
        frame()["n"],
        frame()["n"].array,
        frame().index,
        frame().columns,
        pd.Index([0, 1, 2]),
        pd.Index([0, 1, 2], name="a"),
        pd.RangeIndex(10**12),
        pd.RangeIndex(0, 10**12, 2),
        pd.MultiIndex.from_product([[1, 2], ["a"]]),
        pd.MultiIndex.from_product([[1, 2], ["b"]]),
        pd.Categorical(["u"]),
        pd.Categorical(["v"]),
        pd.Timestamp("2020"),
        pd.Timestamp("2020", tz="UTC"),
        pd.Timedelta("1s"),
        pd.NA,
        pd.NaT,
        pd.Int64Dtype(),
        pd.Interval(0, 1),
        pd.arrays.SparseArray([0, 0, 1]),
    ],
    "sparse": lambda: [
        sparse.csr_matrix(np.eye(3)),
        sparse.csr_matrix(2 * np.eye(3)),
        sparse.csr_matrix(np.eye(3)[::-1]),
        sparse.csc_matrix(np.eye(3)),
        sparse.csr_array(np.eye(3)),
        sparse.csr_array(np.eye(3, 4)),
        sparse.dok_array(np.eye(3)),
    ],
}


def backwards(x, y):
    point = object.__new__(Point)
    point.y = y
    point.x = x
    return point


def drawn(generator):
    generator.random()
    return generator


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_fingerprints_of_different_values_differ(values):
    made = values()
    told = [fingerprint(value) for value in made]
    assert None not in told
    assert len(told) == len(set(told)), [v for v, f in zip(made, told, strict=True) if told.count(f) > 1]
    assert all(re.fullmatch(r"2(/3\.\d+)?:[0-9a-f]{32}", digest) for digest in told)


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_fingerprints_are_the_same_for_values_made_anew(values):
    kept = values()  # so that no address is used twice
    assert [fingerprint(value) for value in kept] == [fingerprint(value) for value in values()]


@pytest.mark.parametrize("values", DIFFERENT.values(), ids=DIFFERENT)
def test_fingerprints_are_the_same_when_asked_again(values):
    made = values()
    assert [fingerprint(value) for value in made] == [fingerprint(value) for value in made]
    assert fingerprint(made) == fingerprint(made)


one_list = [1, 2j]
negative_nan = np.array([0xFFF8000000000001], np.uint64).view(float)

# What is one content, however it came about.
EQUAL = {
    "one object or two": ([one_list, one_list], [[1, 2j], [1, 2j]]),
    "strings": (["ab", "ab"], ["ab", "".join(["a", "b"])]),
    "nan": ([math.nan, 1j], [-math.nan, 1j]),
    "nan in a plain list": ([math.nan, 1], [float(negative_nan[0]), 1]),
    "nan in an array": (np.array([1, math.nan]), np.array([1, negative_nan[0]])),
    "nan in complex": (np.array([complex(1, math.nan)]), np.array([complex(1, negative_nan[0])])),
    "sets": ({"b", "a", 1}, {1, "a", "b"}),
    "sets with collisions": ({0, 2**61 - 1}, {2**61 - 1, 0}),
    "set subclass": (Words(["a", "b", "c"]), Words(["c", "b", "a"])),
    "order of attributes": (Point(1, 2), backwards(1, 2)),
    "fortran": (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
    "strides": (np.arange(0, 10, 2), np.arange(10)[::2]),
    "negative strides": (np.array([2, 1, 0]), np.arange(3)[::-1]),
    "broadcast": (np.ones((3, 4)), np.broadcast_to(1.0, (3, 4))),
    "read only": (np.ones(3), np.broadcast_to(np.ones(3), 3)),
    "padding": (structured(0), structured(255)),
    "padding of records": (structured(0).view(np.recarray), structured(255).view(np.recarray)),
    "object array": (np.array([[1, "a"]], object), np.array([[1], ["a"]], object).T),
    "blocks": (frame(), frame().copy()),
    "blocks of one type": (
        pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}),
        pd.DataFrame([[1.0, 3.0], [2.0, 4.0]], columns=["a", "b"]),
    ),
    "gaps": (pd.array([1, None], dtype="Int64"), pd.array([1, 5], dtype="Int64")[[0, 0]]),
    "rings": (ring([1, 2]), ring([1, 2, 1, 2])),
    "loops": (looped(1), [1, looped(1)]),
    "sparse": (
        sparse.csr_matrix(np.eye(3)),
        sparse.csr_matrix((np.ones(3), [0, 1, 2], [0, 1, 2, 3])),
    ),
    "partial": (functools.partial(max, 1), functools.partial(max, 1)),
}
EQUAL["gaps"][1][1] = None


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_fingerprints_of_one_content_are_equal(one, other):
    assert fingerprint(one) is not None
    assert fingerprint(one) == fingerprint(other)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec=None), max_size=3)
    | st.binary(max_size=3)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=2), inner, max_size=3)
        | st.frozensets(SCALARS, max_size=4)
    ),
    max_leaves=12,
)


def canonical(value):
    """Plain reference: the content of a tree as text."""
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{kind}({','.join(map(canonical, value))})"
    if isinstance(value, dict):
        return f"{kind}({','.join(canonical(k) + ':' + canonical(v) for k, v in value.items())})"
    if isinstance(value, frozenset):
        return f"{kind}({','.join(sorted(map(canonical, value)))})"
    if isinstance(value, complex):
        return f"{kind}({value.real!r},{value.imag!r})"
    return f"{kind}({value!r})"


@given(TREES, TREES)
def test_fingerprints_are_equal_where_the_content_is(one, other):
    assert (canonical(one) == canonical(other)) == (fingerprint(one) == fingerprint(other))


@given(TREES)
def test_fingerprint_does_not_depend_on_which_parts_are_one_object(tree):
    apart = [tree, copy.deepcopy(tree), [2j]]
    assert fingerprint([tree, tree, [2j]]) == fingerprint(apart)


@given(st.lists(SCALARS, max_size=5), st.lists(SCALARS, max_size=5))
def test_fingerprint_of_plain_lists_agrees_with_the_slow_path(one, other):
    # A list in the list keeps it off the fast path.
    slow = fingerprint([*one, []]) == fingerprint([*other, []])
    assert slow == (fingerprint(one) == fingerprint(other))


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=7), st.integers(1, 3))
def test_fingerprint_of_a_ring_is_that_of_what_one_meets_along_it(labels, turns):
    assert fingerprint(ring(labels)) == fingerprint(ring(labels * turns))


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=6), st.lists(st.sampled_from("ab"), min_size=1, max_size=6))
def test_fingerprint_of_rings_differs_where_the_labels_do(one, other):
    length = math.lcm(len(one), len(other))
    is_same = one * (length // len(one)) == other * (length // len(other))
    assert is_same == (fingerprint(ring(one)) == fingerprint(ring(other)))


# fingerprint: functions and classes


@pytest.fixture(params=["text", "code"])
def define(request, monkeypatch):
    """A function that runs a cell in a notebook of its own, and returns the fingerprint of what it calls ``it``."""
    numbers = itertools.count()

    def run(source):
        name = f"cell {next(numbers)}"
        if request.param == "text":  # as IPython keeps it
            lines = source.splitlines(keepends=True)
            monkeypatch.setitem(linecache.cache, name, (len(source), None, lines, name))
        return defined(source, name)

    return run


def defined(source, name="cell"):
    namespace = {"__name__": "cell"}
    exec(compile(source, name, "exec", dont_inherit=True), namespace)
    digest = fingerprint(namespace["it"], namespace)
    assert digest is not None
    return digest


IT = "def it(x, y=1, *, z=2):\n    total = helper(x) + y * K\n    return [total, 'text', {1, 2}]\n"
HELPERS = "K = 3\ndef helper(x): return deeper(x) + 1\ndef deeper(x): return x ** 2\n"
LOCAL_CLASS = "def it():\n    class A:\n        a: int = 7\n        def f(self): self.b = self.c = 1\n    return A\n"
CLASS = """class it:
    'Text.'
    k = 1
    def __init__(self, x): self.x, self.y = x, K
    @property
    def p(self): return helper(self.x)
    @staticmethod
    def s(): return it
    @classmethod
    def c(cls): return cls(1)
"""
DECORATED = "import contextlib, functools\n@functools.lru_cache\ndef it(x): return it(x - K)\n"
DATACLASS = "from dataclasses import dataclass\n@dataclass\nclass it:\n    x: int = K\n    y: str = 'a'\n"
WHOLE = HELPERS + IT

SAME_CODE = {
    "comments": (WHOLE, WHOLE.replace("\n", "  # why\n")),
    "position": (WHOLE, "\n" * 300 + WHOLE),
    "blank lines": (WHOLE, WHOLE.replace("    return", "\n\n    # next\n    return")),
    "order of definitions": (WHOLE, IT + HELPERS),
    "name": (WHOLE, WHOLE.replace("def it", "def other") + "it = other"),
    "value the same": (WHOLE, WHOLE.replace("K = 3", "K = 1 + 2")),
    "something else": (WHOLE, WHOLE + "unread = 1"),
    "position of a class in it": (LOCAL_CLASS, "\n" * 300 + LOCAL_CLASS),
    "comments in a class": (HELPERS + CLASS, "\n" * 9 + HELPERS + CLASS.replace("\n    @", "\n\n    # why\n    @")),
    "order of methods": (
        "class it:\n    def f(self): pass\n    def g(self): pass",
        "class it:\n    def g(self): pass\n    def f(self): pass",
    ),
    "calls of a cached function": ("K = 3\n" + DECORATED, "K = 3\n" + DECORATED + "K = 9\nit.cache_info()\nK = 3"),
    "position of a dataclass": ("K = 3\n" + DATACLASS, "\n\nK = 3\n" + DATACLASS),
}

OTHER_CODE = {
    "constant": (WHOLE, WHOLE.replace("'text'", "'texts'")),
    "type of a constant": (WHOLE, WHOLE.replace("y=1", "y=1.0")),
    "constant in a set": (WHOLE, WHOLE.replace("{1, 2}", "{1, 3}")),
    "operator": (WHOLE, WHOLE.replace("y * K", "y - K")),
    "name that it calls": (WHOLE, WHOLE.replace("= helper(x)", "= deeper(x)")),
    "default": (WHOLE, WHOLE.replace("y=1", "y=2")),
    "keyword default": (WHOLE, WHOLE.replace("z=2", "z=3")),
    "name of an argument": (WHOLE, WHOLE.replace("z=2", "w=2")),
    "kind of an argument": (WHOLE, WHOLE.replace("*, z", "z")),
    "global": (WHOLE, WHOLE.replace("K = 3", "K = 4")),
    "global that is gone": (WHOLE, WHOLE + "del K"),
    "constant of its helper": (WHOLE, WHOLE.replace("+ 1\n", "+ 2\n")),
    "constant of its helper's helper": (WHOLE, WHOLE.replace("x ** 2", "x ** 3")),
    "attribute of a class in it": (LOCAL_CLASS, LOCAL_CLASS.replace("7", "8")),
    "attribute of a function": (WHOLE, WHOLE + "it.note = 1"),
    "closure": ("def f(a):\n    return lambda: a\nit = f(1)", "def f(a):\n    return lambda: a\nit = f(2)"),
    "closure not yet bound": (
        "def f():\n    if 0: a = 1\n    return lambda: a\nit = f()",
        "def f():\n    if 1: a = 1\n    return lambda: a\nit = f()",
    ),
    "inner function": ("it = lambda: lambda: [1]", "it = lambda: lambda: [2]"),
    "generator": ("def it(): return 1", "def it(): yield 1"),
    "exception": (
        "def it():\n    try: f()\n    except ValueError: g()",
        "def it():\n    try: f()\n    except TypeError: g()",
    ),
    "extent of a try": (
        "def it():\n    try:\n        a()\n        b()\n    except E: c()",
        "def it():\n    a()\n    try:\n        b()\n    except E: c()",
    ),
    "installed function": ("from math import sin as it", "from math import cos as it"),
    "attribute of a class": (HELPERS + CLASS, HELPERS + CLASS.replace("k = 1", "k = 2")),
    "method": (HELPERS + CLASS, HELPERS + CLASS.replace("cls(1)", "cls(2)")),
    "property": (HELPERS + CLASS, HELPERS + CLASS.replace("helper(self.x)", "helper(self.y)")),
    "global of a method": (HELPERS + CLASS, HELPERS.replace("K = 3", "K = 4") + CLASS),
    "kind of a method": (HELPERS + CLASS, HELPERS + CLASS.replace("@classmethod", "@staticmethod")),
    "base": ("class it(list): pass", "class it(dict): pass"),
    "metaclass": ("class it: pass", "import abc\nclass it(abc.ABC): pass"),
    "base of the notebook": (
        "class A:\n    a = 1\nclass it(A): pass",
        "class A:\n    a = 2\nclass it(A): pass",
    ),
    "instance of a class": (HELPERS + CLASS + "it = it(1)", HELPERS + CLASS + "it = it(2)"),
    "class of an instance": (HELPERS + CLASS + "it = it(1)", HELPERS + CLASS.replace("k = 1", "k = 2") + "it = it(1)"),
    "bound method": (HELPERS + CLASS + "it = it(1).c", HELPERS + CLASS + "it = it(1).__init__"),
    "slots": ("class it:\n    __slots__ = ('a',)", "class it:\n    __slots__ = ('b',)"),
    "cached function": ("K = 3\n" + DECORATED, "K = 4\n" + DECORATED),
    "cached body": ("K = 3\n" + DECORATED, "K = 3\n" + DECORATED.replace("x -", "x +")),
    "context manager": (
        "import contextlib\n@contextlib.contextmanager\ndef it(): yield 1",
        "import contextlib\n@contextlib.contextmanager\ndef it(): yield 2",
    ),
    "wrapped": (
        "import functools, numpy\n@functools.wraps(numpy.sum)\ndef it(x): return 1",
        "import functools, numpy\n@functools.wraps(numpy.sum)\ndef it(x): return 2",
    ),
    "partial": (
        HELPERS + "from functools import partial\nit = partial(helper, 1)",
        HELPERS.replace("2", "3") + "from functools import partial\nit = partial(helper, 1)",
    ),
    "vectorized": (
        "import numpy\nit = numpy.vectorize(lambda x: x)",
        "import numpy\nit = numpy.vectorize(lambda x: -x)",
    ),
    "default of a dataclass": ("K = 3\n" + DATACLASS, "K = 4\n" + DATACLASS),
    "field of a dataclass": ("K = 3\n" + DATACLASS, "K = 3\n" + DATACLASS.replace("y:", "z:")),
    "enum": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\nit = E.A",
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 3\nit = E.A",
    ),
    "named tuple": (
        "from collections import namedtuple\nit = namedtuple('P', 'a b')",
        "from collections import namedtuple\nit = namedtuple('P', 'a c')",
    ),
    "mutual recursion": (
        "def it(x): return f(x)\ndef f(x): return g(x)\ndef g(x): return it(x) + 1",
        "def it(x): return f(x)\ndef f(x): return g(x)\ndef g(x): return it(x) + 2",
    ),
    "classes that know each other": (
        "class A:\n    def f(self): return it()\nclass it:\n    def f(self): return A().x + 1",
        "class A:\n    def f(self): return it()\nclass it:\n    def f(self): return A().x + 2",
    ),
    "function in a container": ("it = {'f': [lambda x: x + [1]]}", "it = {'f': [lambda x: x + [2]]}"),
    "lambda in a model": (
        "from sklearn.preprocessing import FunctionTransformer as F\nit = F(lambda x: x + [1])",
        "from sklearn.preprocessing import FunctionTransformer as F\nit = F(lambda x: x + [2])",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME_CODE.values(), ids=SAME_CODE)
def test_fingerprint_of_code_stays_where_nothing_but_its_looks_changes(define, one, other):
    assert define(one) == define(other)


@pytest.mark.parametrize(("one", "other"), OTHER_CODE.values(), ids=OTHER_CODE)
def test_fingerprint_of_code_changes_with(define, one, other):
    assert define(one) == define(one)
    assert define(one) != define(other)


def test_fingerprint_says_where_the_version_of_python_counts(define, request):
    python = f"/3.{sys.version_info.minor}" if request.node.callspec.params["define"] == "code" else ""
    assert define(WHOLE).partition(":")[0] == f"2{python}"


@pytest.mark.parametrize("define", ["text"], indirect=True)
@pytest.mark.parametrize("looks", [("(x, y=1", "(x: int, y: 'any'=1"), ("    total", "    'What it is.'\n    total")])
def test_annotations_and_docstrings_are_looks_too_where_the_text_is_known(define, looks):
    assert define(WHOLE) == define(WHOLE.replace(*looks))


@pytest.mark.parametrize("define", ["text"], indirect=True)
def test_functions_that_stand_in_one_line_are_told_apart(define):
    told = {define(f"f, g = (lambda x: x + 1), (lambda x: x - 1)\nit = {name}") for name in "fg"}
    assert len(told) == 2


def test_fingerprint_of_a_function_does_not_follow_what_the_cell_binds():
    namespace = {"__name__": "cell"}
    exec("def it(x): return x * lr * decay", namespace)
    told = []
    for values in [{"decay": 1}, {"lr": 0.1}, {"lr": 0.2}, {"decay": 2}]:
        namespace.update(values)
        told.append(fingerprints(namespace, ["it"], bound={"lr"})["it"])
    assert told[0] == told[1] == told[2] != told[3]


def test_fingerprint_follows_globals_of_the_notebook_only():
    module = {"__name__": "somewhere"}
    exec("K = 1\ndef it(): return K", module)
    before = fingerprint(module["it"]), fingerprint(module["it"], {}), fingerprint(module["it"], module)
    module["K"] = 2
    after = fingerprint(module["it"]), fingerprint(module["it"], {}), fingerprint(module["it"], module)
    assert [b == a for b, a in zip(before, after, strict=True)] == [True, True, False]


def test_fingerprint_of_a_function_that_reads_what_cannot_be_told():
    namespace = {"__name__": "cell", "lock": threading.Lock(), "get_ipython": threading.Lock()}
    exec("def f(): return lock\ndef g(): return get_ipython()", namespace)
    assert fingerprint(namespace["f"], namespace) is None
    assert fingerprint(namespace["g"], namespace) is not None


# fingerprint: what cannot be told, and what stays as it is


class Hostile:
    def __reduce_ex__(self, protocol):
        raise KeyError("no")


class Endless:
    def __reduce_ex__(self, protocol):
        return list, (), None, itertools.count()


class Bottomless:
    def __reduce_ex__(self, protocol):
        return Bottomless, (Bottomless(),)


class Curious:
    def __getattr__(self, name):
        raise ValueError(name)


UNTOLD = {
    "generator": lambda: (i for i in range(3)),
    "map over a generator": lambda: map(len, (i for i in range(3))),
    "lock": threading.Lock,
    "event": threading.Event,
    "thread": threading.Thread,
    "deep inside": lambda: {"a": [Point(threading.Lock())]},
    "weak reference": lambda: weakref.ref(Point),
    "weak dictionary": weakref.WeakKeyDictionary,
    "memory view": lambda: memoryview(b"a"),
    "frame": sys._getframe,
    "hostile": Hostile,
    "endless": Endless,
    "bottomless": Bottomless,
    "array too large": lambda: np.zeros(256 * 2**20 + 1, np.uint8),
    "arrays too large": lambda: [np.zeros(96 * 2**20 + i, np.uint8) for i in range(3)],
    "broadcast too large": lambda: np.broadcast_to(1.0, (10**6, 10**6)),
    "bytes too large": lambda: bytes(256 * 2**20 + 1),
    "text too large": lambda: ["a" * (256 * 2**20 + 1)],
    "list too large": lambda: [0] * (2**24 + 1),
    "set too large": lambda: set(range(1_000_001)),
    "dict too large": lambda: dict.fromkeys(range(2**23 + 1)),
    "index too large": lambda: pd.Index(np.broadcast_to(1.0, 2**25 + 1)),
    "too many parts": lambda: [[]] * 1_000_001,
    "figure": Figure,
    "frompyfunc": lambda: np.frompyfunc(lambda x: x, 1, 1),
}


@pytest.mark.parametrize("make", UNTOLD.values(), ids=UNTOLD)
def test_fingerprint_is_none_for(make):
    assert fingerprint(make()) is None


def test_fingerprint_is_none_for_files_and_sockets(tmp_path):
    with open(tmp_path / "a", "w") as file, socket.socket() as plug:
        assert [fingerprint(value) for value in (file, plug, {"deep": [file]})] == [None] * 3


def test_fingerprint_of_an_object_that_answers_no_question():
    assert fingerprint(Curious()) == fingerprint(Curious())


def test_fingerprint_of_a_deep_value():
    def nested(depth, core):
        for _ in range(depth):
            core = (core,)
        return core

    told = [fingerprint(nested(20_000, 1j)), fingerprint(nested(20_000, 2j)), fingerprint(nested(20_001, 1j))]
    assert len({*told, None}) == 4


def test_fingerprint_of_what_is_many_times_itself():
    def doubled(core):
        for _ in range(100):
            core = [core, core]
        return core

    assert None is not fingerprint(doubled(1j)) != fingerprint(doubled(2j))


def test_fingerprint_of_a_tangle_is_told():
    points = [Point(i) for i in range(300)]
    for point in points:
        point.y = [points[(point.x * k + 1) % 300] for k in range(5)]
    before = fingerprint(points[0])
    points[299].x = -1
    assert None is not before != fingerprint(points[0])


def test_fingerprint_does_not_advance_iterators():
    values = [
        iter([1, 2]),
        zip([1], [2], strict=True),
        map(str, [1]),
        itertools.cycle([1, 2]),
        io.StringIO("ab"),
        iter({1: 2}),
    ]
    for value in values:
        fingerprint(value)
    assert [v.read(1) if isinstance(v, io.StringIO) else next(v) for v in values] == [1, (1, 2), "1", 1, "a", 1]


def test_fingerprint_leaves_a_generator_alone():
    generator = (i for i in range(3))
    assert fingerprint([generator]) is None
    assert list(generator) == [0, 1, 2]


def test_fingerprint_changes_nothing():
    point, cached, data = Point(1), Cached(3, 4), frame()
    main = dict(vars(sys.modules["__main__"]))
    before = copy.deepcopy(vars(point)), dict(vars(cached)), data.copy()
    for value in (point, cached, data, Point, Record("a", [1])):
        assert fingerprint(value) is not None
    assert (vars(point), vars(cached)) == before[:2]
    pd.testing.assert_frame_equal(data, before[2])
    assert main == vars(sys.modules["__main__"])


def test_fingerprint_keeps_nothing_alive():
    point = Point([1j])
    watcher = weakref.ref(point)
    fingerprint(point)
    del point
    gc.collect()
    assert watcher() is None


LOOKS = {
    "cached property": (lambda: Cached(3, 4), lambda value: value.norm),
    "frame": (
        frame,
        lambda value: (str(value), value.describe(), value.values, value.isna().sum(), value.index.is_unique),
    ),
    "masked integers": (
        lambda: pd.array([1, None], dtype="Int64"),
        lambda value: (value.dtype.numpy_dtype, str(value)),
    ),
    "dtype": (pd.Int64Dtype, lambda value: (value.numpy_dtype, value.kind)),
    "masked array": (lambda: np.ma.masked_array([1, 2], [True, False]), lambda value: (value.fill_value, value.sum())),
    "sparse": (lambda: sparse.csr_matrix(np.eye(3)), lambda value: (value.has_sorted_indices, value @ value)),
    "annotations": (lambda: type("A", (), {"a": 1}), lambda value: value.__annotations__),
    "copy of a slotted": (lambda: Slotted(1), copy.copy),
    "subclass hook": (lambda: abc.ABCMeta("A", (), {}), lambda value: issubclass(int, value)),
}


@pytest.mark.parametrize(("make", "look"), LOOKS.values(), ids=LOOKS)
def test_fingerprint_is_the_same_after_looking_at(make, look):
    value = make()
    before = fingerprint(value)
    look(value)
    assert None is not before == fingerprint(value)


IN_PLACE = {
    "list": (lambda: [1], lambda value: value.append(2)),
    "inner list": (lambda: {"a": [1]}, lambda value: value["a"].append(2)),
    "array": (lambda: np.zeros(3), lambda value: value.__setitem__(0, 1)),
    "view of an array": (lambda: np.zeros((3, 3))[::2], lambda value: value.base.__setitem__((0, 0), 1)),
    "frame": (frame, lambda value: value.__setitem__("new", 1)),
    "cell of a frame": (frame, lambda value: value.__setitem__("i", [1, 2, 4])),
    "generator": (lambda: np.random.default_rng(0), lambda value: value.random()),
    "attribute": (lambda: Point(1), lambda value: setattr(value, "x", 2)),
    "function": (lambda: lambda: 1, lambda value: setattr(value, "calls", 2)),
    "model": (LinearRegression, lambda value: value.fit([[1], [2]], [1, 2])),
    "model trained on": (
        lambda: SGDRegressor(random_state=0).partial_fit([[1], [2]], [1, 2]),
        lambda value: value.partial_fit([[1], [2]], [1, 2]),
    ),
    "file in memory": (lambda: io.StringIO("ab"), lambda value: value.read(1)),
}


@pytest.mark.parametrize(("make", "change"), IN_PLACE.values(), ids=IN_PLACE)
def test_changed_names_what_was_changed_in_place(make, change):
    namespace = {"same": [1], "it": make(), "lock": threading.Lock()}
    before = fingerprints(namespace, namespace)
    change(namespace["it"])
    assert changed(before, fingerprints(namespace, namespace)) == ("it",)


# fingerprints and changed


def test_fingerprints_only_of_names_that_are_the_users():
    user = dict.fromkeys(["x", "_x", "_private", "__x", "In2", "_i_", "_1a", "i1"], 1)
    ipython = dict.fromkeys(
        [
            "In",
            "Out",
            "get_ipython",
            "exit",
            "quit",
            "_",
            "__",
            "___",
            "_i",
            "_ii",
            "_iii",
            "_1",
            "_i12",
            "_ih",
            "_oh",
            "_dh",
            "_exit_code",
            "__name__",
            "__builtins__",
            "__vsc_ipynb_file__",
        ]
    )
    namespace = user | ipython
    assert list(user) == list(fingerprints(namespace, [*namespace, "len", "missing"]))


def test_fingerprints_are_in_the_order_asked_for_and_keep_the_unknown():
    told = fingerprints({"a": 1, "b": threading.Lock(), "c": 1}, ["c", "b", "a"])
    assert list(told) == ["c", "b", "a"]
    assert (told["b"], told["a"]) == (None, told["c"])


def test_fingerprints_share_one_budget():
    arrays = {name: np.full(100 * 2**20, i, np.uint8) for i, name in enumerate("abc")}
    # The clock stands still: this is of the bytes, whatever time they take.
    known = told(arrays, "abc", clock=lambda: 0.0).fingerprints
    assert [name for name in known if known[name] is None] == ["c"]
    # What comes first is told, and what did not fit takes nothing from what comes after it.
    small = {**arrays, "d": 1}
    known = told(small, "cbad", clock=lambda: 0.0).fingerprints
    assert [name for name in known if known[name] is None] == ["a"]


class CountedMatrix(sparse.csr_matrix):
    copies = 0

    def tocoo(self, copy=True):
        CountedMatrix.copies += 1
        return super().tocoo(copy)


def test_fingerprint_copies_no_sparse_matrix_that_is_too_large():
    matrix = CountedMatrix(([1.0], ([0], [0])), shape=(1, 1))
    assert fingerprint(matrix)
    assert CountedMatrix.copies == 1
    size = 2**25
    matrix.data, matrix.indices = np.broadcast_to(1.0, size), np.broadcast_to(np.int32(0), size)
    matrix.indptr = np.array([0, size])
    assert fingerprint(matrix) is None
    assert CountedMatrix.copies == 1


class CountedFrame(pd.DataFrame):
    copies = 0

    def to_numpy(self, *args, **options):
        CountedFrame.copies += 1
        return super().to_numpy(*args, **options)


def test_fingerprint_copies_no_frame_that_is_too_large():
    assert fingerprint(CountedFrame({"a": [1.0], "b": [2.0]}))
    assert CountedFrame.copies == 1
    column = pd.Series(np.broadcast_to(1.0, 2**24), copy=False)
    assert fingerprint(CountedFrame(dict.fromkeys("abc", column), copy=False)) is None
    assert CountedFrame.copies == 1


class OnDevice:
    """An array of another library: to be pickled, it is copied to the host."""

    copies = 0

    def __init__(self, values):
        self.values = values

    @property
    def nbytes(self):
        return self.values.nbytes

    def __reduce_ex__(self, protocol):
        OnDevice.copies += 1
        return OnDevice, (self.values,)


def test_fingerprint_fetches_no_array_that_is_too_large_from_a_device():
    assert fingerprint(OnDevice(np.arange(2))) != fingerprint(OnDevice(np.arange(3)))
    assert OnDevice.copies == 2
    assert fingerprint(OnDevice(np.broadcast_to(1.0, 2**26))) is None
    assert OnDevice.copies == 2


# Time


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Slow:
    """A large model, which takes long to be packed."""

    asked = 0

    def __init__(self, clock):
        self.clock = clock

    def __reduce_ex__(self, protocol):
        Slow.asked += 1
        self.clock.seconds += 3.0
        return Slow, ()


def test_a_class_that_takes_all_the_time_is_asked_once():
    for _ in range(2):
        clock = Clock()
        values = {"a": 1, "b": Slow(clock), "c": Slow(clock)}
        known = told(values, "abc", clock=clock).fingerprints
        assert [name for name in known if known[name] is None] == ["b", "c"]
    assert Slow.asked == 1


class Step:
    def __init__(self, clock):
        self.clock = clock

    def __reduce_ex__(self, protocol):
        self.clock.seconds += 0.02
        return Step, ()


def test_fingerprint_looks_at_the_clock_between_the_items_of_an_object():
    clock = Clock()

    class Fed:
        def __reduce_ex__(self, protocol):
            return list, (), None, (Step(clock).__reduce_ex__(4) for _ in itertools.count())

    assert told({"a": Fed()}, "a", clock=clock).fingerprints == {"a": None}
    assert clock.seconds < 2.1


def test_what_takes_too_long_leaves_time_to_the_others():
    clock = Clock()
    values = {"long": [Step(clock) for _ in range(1000)], "short": [Step(clock) for _ in range(30)]}
    known = told(values, ["long", "short"], clock=clock).fingerprints
    assert [name for name in known if known[name] is None] == ["long"]
    assert clock.seconds < 2.1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_fingerprint_of_a_large_array_does_not_depend_on_how_it_lies_in_memory(order):
    array = np.arange(3 * 500 * 301.0).reshape(3, 500, 301)
    array[1, ::7] = np.nan
    back = np.argsort(order)
    lies_otherwise = np.ascontiguousarray(array.transpose(order)).transpose(back)
    assert fingerprint(lies_otherwise) == fingerprint(array)
    assert fingerprint(np.repeat(array, 2, axis=2)[..., ::2]) == fingerprint(array)


CHANGED = [
    ({}, {}, ()),
    ({"a": "2:1"}, {"a": "2:1"}, ()),
    ({"a": "2:1"}, {"a": "2:2"}, ("a",)),
    ({"a": "2:1"}, {}, ()),
    ({}, {"a": "2:1"}, ()),
    ({"a": None}, {"a": "2:1"}, ()),
    ({"a": "2:1"}, {"a": None}, ()),
    ({"b": "2:1", "c": "2:1", "a": "2:1"}, {"a": "2:2", "b": "2:2", "c": "2:1"}, ("b", "a")),
    ({"a": "2/3.11:1"}, {"a": "2/3.11:2"}, ("a",)),
    ({"a": "2/3.11:1"}, {"a": "2:2"}, ("a",)),
    # Another version of Python, or of jtune: only that nothing changed can be seen.
    ({"a": "2/3.11:1"}, {"a": "2/3.12:2"}, ()),
    ({"a": "1"}, {"a": "2:2"}, ()),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGED)
def test_changed(before, after, expected):
    assert expected == changed(before, after)


# In other processes


def run_python(source, *options, hash_seed="0"):
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, *options, "-c", textwrap.dedent(source)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_fingerprint_loads_no_library():
    run_python(
        """
        import sys
        from jtune.trials.fingerprint import fingerprint, fingerprints
        before = set(sys.modules)
        class A: pass
        assert fingerprints({"a": [1, A(), len], "b": lambda: 1}, ["a", "b"])
        assert not {"numpy", "pandas", "joblib", "IPython", "sklearn"} & set(sys.modules)
        assert set(sys.modules) == before, set(sys.modules) - before
        """
    )


NOTEBOOK = """
import abc, collections, contextlib, dataclasses, datetime, enum, functools, random, re, typing
import numpy as np, pandas as pd, scipy.sparse, scipy.stats
from random import randint, random as uniform
from numpy.random import rand
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

K = 3
number, text, nothing, flag = 0.1, "text", None, True
words = {"u", "v", "w", "x", ("y", 1), frozenset("abc")}
nested = {"words": [words, {"a", "b", "c"}], "numbers": (1, 2.0, {3j, 4j})}
array, objects = np.linspace(0, 1, 100), np.array([1, "a", {"p", "q"}], object)
records = np.array([(1, 2.0)], [("a", "i1"), ("b", "f8")])
def deeper(x): return x * K
def helper(x): return deeper(x) + 1
def function(x, y=[1, {"a", "b"}], *, z={"q", "r"}):
    def inner(w): return w + x
    class Local:
        a: int = 1
        def m(self): self.zz = 1; self.yy = 2; self.xx = 3; return np.sin(self.a)
    return [inner(helper(q)) for q in x if q in {"u", "v", "w"}]
double = lambda v: v + function(v)
@functools.lru_cache
def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
@contextlib.contextmanager
def context(): yield K
class Plain:
    tags = {"a", "b", "c"}
    def __init__(self): self.s = {"x", "y"}; self.a = np.arange(3); self.me = self
    @property
    def p(self): return helper(1)
    @classmethod
    def make(cls): return cls()
class Child(Plain):
    def __init__(self): super().__init__(); self.q = 1; self.b = 2; self.c = 3
@dataclasses.dataclass
class Data:
    x: int = 1
    y: list = dataclasses.field(default_factory=list)
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
    @abc.abstractmethod
    def size(self): ...
class Typed(typing.NamedTuple):
    a: int
    b: str = "x"
class Words(set): pass
class Model(ClassifierMixin, BaseEstimator):
    def __init__(self, a=1): self.a = a
    def fit(self, X, y): self.classes_ = np.unique(y); return self
    def predict(self, X): return X
class Scale(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None): return self
    def transform(self, X): return X * K
plain, child, data, red, typed, some = Plain(), Child(), Data(), Colour.RED, Typed(1), Words("abc")
method, partial, date = child.make, functools.partial(function, 1), datetime.datetime(2020, 1, 1)
rng, state, seeded = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
frame = pd.DataFrame({
    "i": [1, 2, 3], "f": [1.0, np.nan, 2.0], "s": ["a", None, "b"], "c": pd.Categorical(["u", "v", "u"]),
    "t": pd.date_range("2020", periods=3), "z": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
    "n": pd.array([1, None, 3], dtype="Int64"), "o": [1, "a", (2,)], "p": pd.period_range("2020", periods=3),
})
series, index = frame["s"], frame.set_index(["i", "s"]).index
matrix, normal = scipy.sparse.csr_matrix(np.eye(3)), scipy.stats.norm(0, 1)
X = np.random.RandomState(0).rand(60, 4)
y = (X[:, 0] > 0.5).astype(int)
models = {
    "svc": SVC(), "forest": RandomForestClassifier(5, random_state=0), "neighbours": KNeighborsClassifier(),
    "boost": GradientBoostingClassifier(n_estimators=3, random_state=0), "mine": Model(), "ridge": Ridge(),
    "hist": HistGradientBoostingClassifier(max_iter=3, random_state=0), "gp": GaussianProcessRegressor(optimizer=None),
    "pipe": make_pipeline(StandardScaler(), Scale(), FunctionTransformer(lambda a: a * K), LogisticRegression()),
    "columns": make_pipeline(ColumnTransformer([("a", StandardScaler(), [0, 1])]), LogisticRegression()),
}
models = {name: model.fit(X, y) for name, model in models.items()}
globals().update({f"model_{name}": model for name, model in models.items()})
tfidf = TfidfVectorizer().fit(["a cat sat", "the dog"])
"""

TELL = """
import json
from jtune.trials.fingerprint import fingerprints
mine = fingerprints(globals(), list(globals()))
print(json.dumps(mine))
"""

READ_K = {
    *[
        "K",
        "deeper",
        "helper",
        "function",
        "double",
        "context",
        "Plain",
        "Child",
        "plain",
        "child",
        "method",
        "partial",
    ],
    *["Scale", "model_pipe", "models"],
}


@pytest.fixture(scope="module")
def notebook():
    return json.loads(run_python(NOTEBOOK + TELL, hash_seed="1"))


def test_fingerprints_of_a_notebook_are_all_known(notebook):
    assert [name for name, digest in notebook.items() if digest is None] == []
    assert {"K", "frame", "model_forest", "Data", "fibonacci", "rand"} <= notebook.keys()


def test_fingerprints_of_a_notebook_are_the_same_in_another_process(notebook):
    moved = "# Moved, with comments.\n\n\n" + NOTEBOOK.replace("\ndef ", "\n# Why.\n\ndef ")
    again = json.loads(run_python(moved + TELL, hash_seed="2"))
    assert [name for name in notebook if notebook[name] != again[name]] == []


def test_fingerprints_of_a_notebook_differ_where_a_helpers_helper_reads_another_value(notebook):
    other = json.loads(run_python(NOTEBOOK.replace("K = 3", "K = 4") + TELL, hash_seed="3"))
    assert set(changed(notebook, other)) == READ_K


def test_fingerprints_in_ipython(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    out = run_python(
        """
        import json
        from IPython.core.interactiveshell import InteractiveShell
        from jtune.trials.fingerprint import fingerprints
        shell = InteractiveShell.instance()
        fresh = [name for name in fingerprints(shell.user_ns, list(shell.user_ns)) if name != "open"]
        for cell in ["K = 1", "def f(x): return x * K", "class A:\\n    def g(self): return f(self)", "a = A(); 1 + 1"]:
            assert shell.run_cell(cell, store_history=True).success
        names = ["f", "A", "a", "K", "Out", "_", "get_ipython"]
        before = fingerprints(shell.user_ns, names)
        shell.run_cell("K = 2", store_history=True)
        after = fingerprints(shell.user_ns, names)
        shell.run_cell("K = 1", store_history=True)
        again = fingerprints(shell.user_ns, names)
        shell.history_manager.end_session()
        print(json.dumps([fresh, [n for n in before if before[n] != after[n]], before == again, list(before)]))
        """
    )
    assert json.loads(out.splitlines()[-1]) == [[], ["f", "A", "a", "K"], True, ["f", "A", "a", "K"]]


def test_fingerprint_of_a_tensor_is_that_of_its_elements(monkeypatch):
    class Tensor:
        """As much of torch's as is asked; a pickle of it holds an address."""

        dtype, requires_grad = "torch.float64", False

        def __init__(self, values):
            self.values, self.is_on_host = np.asarray(values), False

        def element_size(self):
            return self.values.itemsize

        def nelement(self):
            return self.values.size

        def detach(self):
            return self

        def cpu(self):
            self.is_on_host = True
            return self

        def numpy(self):
            return self.values

        def __reduce_ex__(self, protocol):
            return Tensor, (id(self),)

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(Tensor=Tensor))
    one, same, other = Tensor([1.0, 2.0]), Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)
    assert one.is_on_host
    large = Tensor(np.broadcast_to(1.0, (10**5, 10**5)))
    assert fingerprint(large) is None
    assert not large.is_on_host


@pytest.mark.parametrize(
    ("module", "name"), [("dask.delayed", "Delayed"), ("xarray.backends.file_manager", "FileManager")]
)
def test_what_holds_a_number_of_this_process_cannot_be_told(monkeypatch, module, name):
    base = type(name, (), {})
    monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{name: base}))
    value = type("Sub", (base,), {})()
    value.key = uuid.uuid4().hex
    assert fingerprint([value]) is None


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="new in NumPy 2.0")
def test_fingerprint_of_an_array_of_strings_is_not_of_addresses():
    def make(*words):
        return np.array(words, np.dtypes.StringDType())

    long = "a" * 100
    assert fingerprint(make(long, "b")) == fingerprint(make("".join(["a"] * 100), "b"))
    assert fingerprint(make(long, "b")) != fingerprint(make(long[:-1] + "c", "b"))
