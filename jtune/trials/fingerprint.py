"""Fingerprints: the content of a cell's inputs in a few characters, the same in every process.

By them a study knows whether it may continue, and a search whether the cell changes its inputs in place.

A fingerprint is that of the graph of a value: each object is unfolded, by its type, into parts; the parts that are
plain scalars become bytes, the others are objects again, each unfolded once. Graphs without cycles are hashed from the
leaves up; what remains is told apart by colour refinement, so a fingerprint depends neither on addresses, nor on where
a cycle was entered, nor on which equal parts happen to be one object.
"""

from __future__ import annotations

import abc
import contextlib
import copyreg
import dis
import functools
import hashlib
import itertools
import marshal
import math
import re
import struct
import sys
import time
import types
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from types import CodeType
from typing import Any, NamedTuple, TypeAlias

from jtune.language.names import modules_imported, names_read
from jtune.quiet import quiet
from jtune.trials.definitions import definition_of
from jtune.trials.files import Mentions

# IPython puts these into every user namespace: the history, the last results and its own helpers.
_IPYTHON_NAME = re.compile(r"In|Out|get_ipython|exit|quit|_+|_i{1,3}|_i?\d+|_[iod]h|__\w+__|_exit_code")
# For all inputs of a cell together: more cannot be told. So many bytes take a third of a second.
_MAX_BYTES = 256 * 2**20
_MAX_PARTS = 1_000_000
_MAX_SECONDS = 2.0
# Large values are looked at piece by piece, and the clock between two pieces.
_PIECE_BYTES = 2**20
_PIECE_ITEMS = 2**16
# No item of a container takes less, so that the number of items tells whether they can be afforded.
_LEAST_BYTES = 16
# What takes longer than this waits, so that it uses up no time that others need.
_SHORT_SECONDS = 0.05
# Classes of which one object took all the time there was to say what it is pickled as: they are not asked again.
_SLOW_CLASSES: weakref.WeakSet[type] = weakref.WeakSet()
_NAN = float("nan")
# In front of each fingerprint; the second where the compiled code counts. jtune 0.1.0 wrote neither.
_FORMAT = "2"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def fingerprint(
    value: object,
    namespace: Mapping[str, Any] | None = None,
    *,
    bound: Collection[str] = (),
) -> str | None:
    """A short digest of the content of a value, the same in every process.

    Parameters
    ----------
    value : object
        It is neither changed nor, if it is an iterator, advanced.
    namespace : mapping, optional
        The notebook's namespace. Functions and classes that live there, or in ``__main__``, are told by their code,
        defaults, closures and the globals that they read; those of modules by their name.
    bound : collection of str
        Names that the cell binds itself (see `jtune.language.names.names_bound`): where a function reads one of these
        it reads the trial's value, so the present one is not followed.

    Returns
    -------
    str or None
        ``"2:"`` and 32 hexadecimal digits, or ``"2/3.11:"`` where the version of Python counts: the compiled code
        of a function whose source is not known, and some kinds of classes. None where the content cannot be told,
        see `told`.
    """
    return _Reading({} if namespace is None else namespace, bound).of({"": value})[""]


class Told(NamedTuple):
    """Fingerprints, and what was met on the way.

    Parameters
    ----------
    fingerprints : dict of str to (str or None)
    modules : tuple of str
        Names of modules that the values are, come from or import; of these only the names are in the fingerprints.
    mentions : tuple of Mentions
        Of files, in functions of the notebook.
    """

    fingerprints: dict[str, str | None]
    modules: tuple[str, ...]
    mentions: tuple[Mentions, ...]


def told(
    namespace: Mapping[str, Any],
    names: Iterable[str],
    *,
    bound: Collection[str] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Told:
    """Fingerprints of those ``names`` that the namespace holds, IPython's own left out.

    Together they take about two seconds, 256 MiB and a million parts; what goes beyond cannot be told. Sizes are asked
    for before anything is copied, and a clock is looked at between two steps. One step, asking an object what it is
    pickled as, cannot be cut short: a class that takes all the time for it is not asked again in this process. Files,
    locks, generators, connections and what holds one cannot be told either.

    Parameters
    ----------
    namespace : mapping
        The notebook's namespace.
    names : iterable of str
        What the cell reads, see `jtune.language.names.names_read`.
    bound : collection of str
        What the cell binds, see `fingerprint`.
    clock : callable
        Seconds that pass.

    Returns
    -------
    Told
        The fingerprints are in the order of ``names``.
    """
    reading = _Reading(namespace, bound, clock)
    values = {n: namespace[n] for n in names if n in namespace and not _IPYTHON_NAME.fullmatch(n)}
    return Told(reading.of(values), tuple(reading.modules), tuple(reading.mentions))


def fingerprints(
    namespace: Mapping[str, Any], names: Iterable[str], *, bound: Collection[str] = ()
) -> dict[str, str | None]:
    """Return only the fingerprints of `told`."""
    return told(namespace, names, bound=bound).fingerprints


def changed(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> tuple[str, ...]:
    """Names whose content is known before and after, and differs; in the order of ``before``."""
    return tuple(
        name for name, was in before.items() if _differ(was, after.get(name)) and not obstacle(was, after[name])
    )


def obstacle(before: str | None, after: str | None) -> str:
    """Say why two fingerprints tell nothing about whether the content is the same; empty where they do tell."""
    if before is None or after is None or not _differ(before, after):
        return ""
    (form, python), (now, python_now) = (_made_by(each) for each in (before, after))
    if form != now:
        return "an older jtune noted it in another way" if form < now else "a newer jtune noted it in another way"
    return f"Python was {python} then, and is {python_now}" if python and python_now and python != python_now else ""


def _differ(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before.rpartition(":")[2] != after.rpartition(":")[2]


def _made_by(told: str) -> tuple[str, str]:
    """Return a fingerprint's form, empty before version 0.2, and the version of Python it depends on, if any."""
    form, _, python = told.rpartition(":")[0].partition("/")
    return form, python


class _UntoldError(Exception):
    """The content of a value cannot be told."""


class _LateError(_UntoldError):
    """A value takes longer than it may."""


class _Reading:
    """What the fingerprints of one cell share: the notebook, the modules that are met, and one budget.

    Parameters
    ----------
    namespace : mapping
        The notebook's namespace.
    bound : collection of str
        Global names that are not followed.
    clock : callable
        Seconds that pass.
    """

    def __init__(
        self, namespace: Mapping[str, Any], bound: Collection[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.namespace, self.bound = namespace, frozenset(bound)
        self.modules: dict[str, None] = {}
        self.mentions: dict[Mentions, None] = {}
        self._bytes_left, self._parts_left = _MAX_BYTES, _MAX_PARTS
        self.clock = clock
        self._end = clock() + _MAX_SECONDS
        self._deadline = self._end

    def of(self, values: Mapping[str, object]) -> dict[str, str | None]:
        """Return the fingerprints of values; those that take long wait for the others, and share what time is left."""
        found: dict[str, str | None] = dict.fromkeys(values)
        late = []
        for name, value in values.items():
            try:
                found[name] = self._read(value, _SHORT_SECONDS)
            except _LateError:
                late.append(name)
        for n_left, name in zip(range(len(late), 0, -1), late, strict=True):
            with contextlib.suppress(_LateError):
                found[name] = self._read(values[name], (self._end - self.clock()) / n_left)
        return found

    def _read(self, value: object, seconds: float) -> str | None:
        self._deadline = min(self._end, self.clock() + seconds)
        left = self._bytes_left, self._parts_left
        try:
            # Reducing some objects (itertools) warns that this will go away.
            with quiet():
                return _Reader(self).read(value)
        except _LateError:
            self._bytes_left, self._parts_left = left
            raise
        except Exception:
            # Whatever a foreign __reduce__ or __getattr__ raises, the answer is that the content cannot be told.
            self._bytes_left, self._parts_left = left
            return None

    def spend(self, size: int) -> None:
        """Give up where so many bytes are too many; called before these are looked at."""
        self.afford(size)
        self._bytes_left -= size

    def count(self, parts: int) -> None:
        """Give up where so many parts are too many; called before these are looked at."""
        self.afford(parts=parts)
        self._parts_left -= parts

    def afford(self, size: int = 0, *, parts: int = 0) -> None:
        """Give up where a copy would have too many bytes or parts; what the copy holds is spent later."""
        self.check_clock()
        if size > self._bytes_left or parts > self._parts_left:
            raise _UntoldError("too large")

    def check_clock(self) -> None:
        """Give up where the time is over."""
        if self.clock() > self._deadline:
            raise _LateError


class _Shape(NamedTuple):
    """A value unfolded by one level."""

    tag: str
    parts: Sequence[object] = ()
    is_ordered: bool = True


class _Node(NamedTuple):
    """A shape whose parts are tokens (of scalars) or numbers of other nodes."""

    tag: bytes
    parts: list[bytes | int]
    is_ordered: bool

    def token(self, tokens: Sequence[bytes]) -> bytes:
        parts = [part if isinstance(part, bytes) else tokens[part] for part in self.parts]
        return _digest(self.tag, parts if self.is_ordered else sorted(parts))


def _digest(tag: bytes, tokens: Iterable[bytes]) -> bytes:
    # Every token after its length, else two neighbours could trade bytes. No token of a scalar starts with "#".
    text = b"".join([b"%d:%b" % (len(token), token) for token in (tag, *tokens)])
    return b"#" + hashlib.blake2b(text, digest_size=16).digest()


class _Reader:
    """Turns one value into a graph of nodes, within bounds, and hashes that."""

    def __init__(self, reading: _Reading) -> None:
        self.reading = reading
        self.spend, self.afford, self.count = reading.spend, reading.afford, reading.count
        self.check_clock = reading.check_clock
        self.depends_on_python = False
        # The values are kept, so that an id stays that of one object while this reads.
        self._values: list[object] = []
        self._numbers: dict[int, int] = {}
        self._rows: dict[type, _Row] = {}
        self._caches: dict[type, frozenset[str]] = {}

    def read(self, value: object) -> str:
        """Return the fingerprint of ``value``."""
        self.check_clock()
        token = self._part(value)
        if isinstance(token, int):
            token = self._hash(list(self._nodes()))
        python = f"/{_PYTHON}" if self.depends_on_python else ""
        return f"{_FORMAT}{python}:{hashlib.blake2b(token, digest_size=16).hexdigest()}"

    def _nodes(self) -> Iterator[_Node]:
        for value in self._values:  # which grows while this goes on
            shape = self._unfold(value)
            self.count(1 + len(shape.parts))
            parts = [self._part(part) for part in shape.parts]
            yield _Node(shape.tag.encode(), parts, shape.is_ordered)

    def _part(self, value: object) -> bytes | int:
        """Return the token of a scalar, else the number of the node that ``value`` is or will be."""
        scalar = _SCALARS.get(type(value))
        if scalar is not None:
            self.spend(sys.getsizeof(value))
            return scalar(value)
        number = self._numbers.setdefault(id(value), len(self._values))
        if number == len(self._values):
            self._values.append(value)
        return number

    def _unfold(self, value: object) -> _Shape:
        kind = type(value)
        row = self._rows.get(kind)
        if row is None:
            row = self._rows[kind] = _row_of(kind)
        return row(self, value)

    def _hash(self, nodes: list[_Node]) -> bytes:
        """Return the token of node 0."""
        tokens = [b""] * len(nodes)
        users: list[list[int]] = [[] for _ in nodes]
        missing = [0] * len(nodes)
        for number, node in enumerate(nodes):
            for part in node.parts:
                if isinstance(part, int):
                    users[part].append(number)
                    missing[number] += 1
        ready = [number for number, count in enumerate(missing) if not count]
        for number in ready:  # which grows while this goes on
            self.check_clock()
            tokens[number] = nodes[number].token(tokens)
            for user in users[number]:
                missing[user] -= 1
                if not missing[user]:
                    ready.append(user)
        cyclic = [number for number, count in enumerate(missing) if count]
        return self._hash_cyclic(nodes, tokens, cyclic) if cyclic else tokens[0]

    def _hash_cyclic(self, nodes: list[_Node], tokens: list[bytes], cyclic: Sequence[int]) -> bytes:
        """Return the token of node 0, which is one of those in or above a cycle.

        Colour refinement: every round tells nodes apart by what the last one told of their parts. When a round tells
        no more than the one before, nodes of one colour have the same content however far one looks, and the set of
        colours describes the whole.
        """
        count, colours = 0, {b""}
        while len(colours) > count:
            count = len(colours)
            self.count(len(cyclic))
            fresh = [nodes[number].token(tokens) for number in cyclic]
            for number, token in zip(cyclic, fresh, strict=True):
                tokens[number] = token
            colours = set(fresh)
        return _digest(b"cyclic", [tokens[0], *sorted(colours)])

    def plain_digest(self, values: Sequence[object] | set[Any] | frozenset[Any]) -> bytes | None:
        """Return a digest where all ``values`` are scalars, else None. Many times faster than one by one."""
        self.afford(_LEAST_BYTES * len(values))
        digest = hashlib.blake2b(digest_size=16)
        for piece in _pieces(values):
            kinds = set(map(type, piece))
            if not kinds <= _PLAIN:
                return None
            self.spend(sum(map(sys.getsizeof, piece)))
            plain = list(piece)
            if float in kinds:
                plain = [_NAN if value != value else value for value in plain]  # noqa: PLR0124
            # Version 2 of the format writes each value by itself; later ones refer back to objects seen before.
            digest.update(marshal.dumps(plain, 2))
        return digest.digest()

    def listed(self, items: Iterable[Any]) -> list[Any]:
        """Return the items of an iterator, which may not end."""
        listed: list[Any] = []
        for item in items:
            self.check_clock()
            if len(listed) == _MAX_PARTS:
                raise _UntoldError("too many items")
            listed.append(item)
        return listed

    def meet(self, module: object) -> None:
        """Note the name of a module, whose content the fingerprint does not have."""
        if isinstance(module, str):
            self.reading.modules[module] = None

    def lives_in_notebook(self, function_globals: Mapping[str, Any]) -> bool:
        """Tell whether a function with these globals was defined in the notebook."""
        return function_globals is self.reading.namespace or function_globals.get("__name__") == "__main__"

    def installed_name(self, value: Any) -> str | None:
        """Return ``"module:path"`` where a module holds this very object, else None; the module is met."""
        notebook = ("__main__", self.reading.namespace.get("__name__"))
        # A method that a module offers as a function, like random.random, only knows its object's class.
        owner = type(getattr(value, "__self__", None))
        for module in (getattr(value, "__module__", None), owner.__module__):
            for path in (getattr(value, "__qualname__", None), getattr(value, "__name__", None)):
                if module not in notebook and _is_at(module, path, value):
                    self.meet(module)
                    return f"{module}:{path}"
        return None

    def globals_of(self, function: types.FunctionType) -> list[object]:
        """Return names and values of the notebook's globals that ``function`` reads; the modules it needs are met."""
        known = function.__globals__
        if not self.lives_in_notebook(known):
            self.meet(known.get("__name__"))
            return []
        for module in modules_imported(function.__code__):
            self.meet(module)
        names = [name for name in names_read(function.__code__) if not _IPYTHON_NAME.fullmatch(name)]
        # What the cell binds is there after its first run only, so neither its value nor its presence counts.
        followed = [name for name in names if name not in self.reading.bound and name in known]
        # Their order in the code depends on the version of Python.
        return [part for name in sorted(followed) for part in (name, known[name])]

    def cached_attributes(self, kind: type) -> frozenset[str]:
        """Return names of attributes that hold what was computed from the others."""
        if kind not in self._caches:
            cached = {
                name
                for base in kind.__mro__
                for name, value in vars(base).items()
                if isinstance(value, functools.cached_property)
            }
            if {base.__module__.partition(".")[0] for base in kind.__mro__} & {"pandas", "sklearn"}:
                cached |= _LIBRARY_CACHES
            self._caches[kind] = frozenset(cached)
        return self._caches[kind]


def _pieces(values: Collection[Any]) -> Iterable[Collection[Any]]:
    """Return the items of a container, so many at a time that a piece takes a moment."""
    if len(values) <= _PIECE_ITEMS:
        return (values,)
    rest = iter(values)
    return iter(lambda: list(itertools.islice(rest, _PIECE_ITEMS)), [])


def _is_at(module: object, path: object, value: object) -> bool:
    """Tell whether ``value`` is what a loaded module holds under a dotted path."""
    found: object = sys.modules.get(module) if isinstance(module, str) else None
    if found is None or not isinstance(path, str):
        return False
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is value or (found is not None and _is_like(found, value))


def _is_like(found: object, value: object) -> bool:
    """Tell whether a function or class is as good as the one that took its place when its module was loaded again.

    ``%autoreload`` gives it the new one's code; after ``importlib.reload`` it has an equal one where no line moved.
    """
    kind = type(value)
    if type(found) is not kind:
        return False
    if kind in _HELD:
        return all(_is_same_part(getattr(found, name), getattr(value, name)) for name in _HELD[kind])
    if not isinstance(value, type) or not isinstance(found, type):
        return False
    mine, its = ({**dict(enumerate(each.__bases__)), **_attributes(each)} for each in (value, found))
    return mine.keys() == its.keys() and all(_is_same_part(its[name], mine[name]) for name in mine)


def _is_same_part(found: object, value: object) -> bool:
    if found is value or _is_like(found, value):
        return True
    try:
        return type(found) is type(value) and bool(found == value)
    except Exception:
        return False


_HELD: dict[type, tuple[str, ...]] = {
    types.FunctionType: ("__code__", "__defaults__", "__kwdefaults__", "__closure__"),
    property: ("fget", "fset", "fdel"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
}


_Row: TypeAlias = Callable[[_Reader, Any], _Shape]


def _unless_installed(row: _Row) -> _Row:
    """Tell what an installed module offers by its name alone, the rest by ``row``."""

    @functools.wraps(row)
    def named(reader: _Reader, value: Any) -> _Shape:
        name = reader.installed_name(value)
        return row(reader, value) if name is None else _Shape("installed", [name])

    return named


def _by_attributes(tag: str, *names: str) -> _Row:
    return lambda _, value: _Shape(tag, [getattr(value, name) for name in names])


def _sequence(reader: _Reader, value: Sequence[object]) -> _Shape:
    plain = reader.plain_digest(value)
    return _Shape(type(value).__name__, value if plain is None else [plain])


def _set(reader: _Reader, value: set[Any] | frozenset[Any]) -> _Shape:
    reader.afford(parts=len(value))  # before they are sorted, in one step
    tag = type(value).__name__
    if set(map(type, value)) in ({str}, {int}):
        return _Shape(tag, [sorted(value)])
    return _Shape(tag, list(value), is_ordered=False)


def _mapping(reader: _Reader, value: Mapping[object, object]) -> _Shape:
    return _Shape(type(value).__name__, _entries(reader, value))


def _entries(reader: _Reader, value: Mapping[object, object]) -> list[object]:
    """Return two parts, the keys and the values, in their order."""
    reader.afford(2 * _LEAST_BYTES * len(value))
    halves = list(value), list(value.values())
    return [reader.plain_digest(half) or half for half in halves]


def _set_subclass(reader: _Reader, value: set[Any] | frozenset[Any]) -> _Shape:
    reader.afford(parts=len(value))
    # A pickle would have its items in whatever order they lie.
    return _Shape("set subclass", [type(value), getattr(value, "__dict__", None), frozenset(value)])


# What the interpreter keeps in a class for itself; some of it holds line numbers, addresses or caches.
_NO_ATTRIBUTES = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotations_cache__",
        "__slotnames__",
        "_abc_impl",
        "__doc__",
    }
)
_IS_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made at run time, as opposed to a static type of C


@_unless_installed
def _class(reader: _Reader, value: type) -> _Shape:
    if not value.__flags__ & _IS_HEAP_TYPE:
        # Such as "function", whose name leads nowhere but is unique.
        return _Shape("installed", [f"{value.__module__}:{value.__qualname__}"])
    reader.meet(value.__module__)
    # Enumerations and the like hold what their metaclass makes for itself.
    reader.depends_on_python |= type(value) not in (type, abc.ABCMeta)
    return _Shape("class", [type(value), value.__bases__, value.__name__, _attributes(value)])


def _attributes(value: type) -> dict[str, object]:
    return {
        name: attribute
        for name, attribute in sorted(vars(value).items())
        # Only asking a class for its annotations gives it empty ones.
        if name not in _NO_ATTRIBUTES and not (name == "__annotations__" and not attribute)
    }


@_unless_installed
def _function(reader: _Reader, value: types.FunctionType) -> _Shape:
    definition = definition_of(value.__code__)
    if definition:
        reader.reading.mentions[definition.mentions] = None
    # The names of the variables in the closure tell which is which.
    code = (definition.text, value.__code__.co_freevars) if definition else value.__code__
    parts = [code, value.__defaults__, value.__kwdefaults__, value.__closure__]
    return _Shape("function", [*parts, vars(value), reader.globals_of(value)])


def _cell(_: _Reader, value: types.CellType) -> _Shape:
    try:
        return _Shape("cell", [value.cell_contents])
    except ValueError:  # a variable that is not bound yet
        return _Shape("cell")


# No name, file or line: two functions that do the same have one fingerprint.
_CODE_ATTRIBUTES = (
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
)


def _code(reader: _Reader, value: CodeType) -> _Shape:
    reader.depends_on_python = True
    parts = [getattr(value, name) for name in _CODE_ATTRIBUTES]
    # Python 3.10 has no table of exceptions, but instructions.
    parts.append(getattr(value, "co_exceptiontable", b""))
    is_class = not value.co_flags & CO_OPTIMIZED
    return _Shape("code", [*parts, *(_class_body(value) if is_class else (value.co_code, value.co_consts))])


def _class_body(code: CodeType) -> list[object]:
    """Return the instructions of a class body, without what Python 3.13 and later let it say of its source."""
    steps = list(dis.get_instructions(code))
    following = [*(step.argval for step in steps[1:]), None]
    return [
        (step.opname, step.argval)
        for step, name in zip(steps, following, strict=True)
        if name not in ("__firstlineno__", "__static_attributes__")
    ]


def _instance(reader: _Reader, value: Any) -> _Shape:
    """Unfold as for a pickle: the class, what it is made with, its state and its items."""
    kind = type(value)
    wrapped = getattr(value, "__dict__", {}).get("__wrapped__")
    if isinstance(wrapped, types.FunctionType) and reader.installed_name(kind):
        # What functools.cache or a compiler made of a function; a pickle of it would be a name or an address.
        return _wrapper(reader, value)
    reduced = _reduced(reader, value)
    if isinstance(reduced, str):
        return _global(reader, value, reduced)
    call, args, state, items, pairs, setter = (*reduced, *(None,) * 6)[:6]
    parts = [call, len(args), *args]
    parts += ["state", *_state(reader, kind, state)]
    if items is not None:
        parts += ["items", reader.listed(items)]
    if pairs is not None:
        parts += ["pairs", *_entries(reader, dict(reader.listed(pairs)))]
    return _Shape("instance", [*parts, setter])


def _reduced(reader: _Reader, value: Any) -> Any:
    """Return what an object says it is pickled as."""
    kind = type(value)
    if kind in _SLOW_CLASSES:
        raise _UntoldError(f"a {kind.__name__} takes long to say what it is")
    reader.afford(_size_of(value))
    clock = reader.reading.clock
    start = clock()
    reduce = copyreg.dispatch_table.get(kind)
    try:
        return reduce(value) if reduce else value.__reduce_ex__(4)
    finally:
        if clock() - start > _MAX_SECONDS:
            _SLOW_CLASSES.add(kind)


def _size_of(value: Any) -> int:
    """Return how many bytes an object holds, as far as its class tells: to be pickled, they are copied to the host."""
    kind = type(value)
    size = 0
    if isinstance(kind.__sizeof__, types.MethodDescriptorType):  # of C, so that it takes no time
        size = sys.getsizeof(value)
    if hasattr(kind, "__dask_graph__"):  # its size is that of what it would compute
        return size
    for name in ("nbytes", "estimated_size"):  # of arrays in any library, of frames in polars
        if hasattr(kind, name):
            answer = getattr(value, name)
            size = max(size, int(answer() if callable(answer) else answer))
    return size


# What is computed on first use in pandas' arrays and dtypes; an address in scikit-learn's vectorizers.
_LIBRARY_CACHES = frozenset({"_cache", "_stop_words_id"})


def _state(reader: _Reader, kind: type, state: Any) -> list[object]:
    """Return the parts of an instance's state: attributes by their names, without those that are caches."""
    if type(state) is tuple and len(state) == 2:  # attributes, and those with slots
        return [part for half in state for part in _state(reader, kind, half)]
    if type(state) is not dict or not all(type(name) is str for name in state):
        return [] if state is None else [state]
    cached = reader.cached_attributes(kind)
    kept = {name: state[name] for name in sorted(state) if name not in cached}
    return _entries(reader, kept) if kept else []


@_unless_installed
def _wrapper(_: _Reader, value: Any) -> _Shape:
    return _Shape("wrapper", [type(value), value.__wrapped__])


def _module(reader: _Reader, value: types.ModuleType) -> _Shape:
    reader.meet(value.__name__)
    return _Shape("module", [value.__name__])


def _global(reader: _Reader, value: object, name: str) -> _Shape:
    """Unfold what reduces to a global name, like ``numpy.sin``, if some module does hold it there."""
    module = getattr(value, "__module__", None)
    # Looked up without getattr, which would make lazy modules load.
    holders = (vars(each).get(name) for each in list(sys.modules.values()) if hasattr(each, "__dict__"))
    if not _is_at(module, name, value) and not any(held is value for held in holders):
        raise _UntoldError(f"no module holds {name}")
    reader.meet(module)
    return _Shape("global", [module, name])


def _array(reader: _Reader, value: Any) -> _Shape:
    kind = value.dtype.kind
    if value.dtype.names is not None:  # field by field, as there is padding between them
        content: list[object] = [value[name] for name in value.dtype.names]
    else:
        reader.spend(value.nbytes)
        content = [_elements(reader, value) if kind in "OT" else _buffer_digest(reader, value)]
    return _Shape("ndarray", [str(value.dtype), value.shape, *content])


def _elements(reader: _Reader, array: Any) -> list[object]:
    reader.afford(_LEAST_BYTES * array.size)
    return array.ravel().tolist()  # type: ignore[no-any-return]


def _buffer_digest(reader: _Reader, array: Any) -> bytes:
    """Return a digest of the elements in C order, all NaN being one."""
    np = sys.modules["numpy"]
    digest = hashlib.sha256(usedforsecurity=False)  # for which most processors have instructions
    flags = ["external_loop", "buffered", "zerosize_ok"]
    size = _PIECE_BYTES // (array.dtype.itemsize or 1) or 1
    for piece in np.nditer(array, flags, [["readonly", "contig"]], order="C", buffersize=size):
        reader.check_clock()
        digest.update(_without_garbage(piece).view(np.uint8))
    return digest.digest()


def _without_garbage(flat: Any) -> Any:
    """Return elements such that equal ones have equal bytes, all NaN being one."""
    np = sys.modules["numpy"]
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.char == "g":  # of its 16 bytes some are garbage; two doubles hold the mantissa
        mantissa, exponent = np.frexp(flat)
        high = mantissa.astype(float)
        flat = np.stack([high, (mantissa - high).astype(float), exponent.astype(float)])
    if flat.dtype.kind == "f":
        is_nan = np.isnan(flat)
        if is_nan.any():
            flat = flat.copy()
            flat[is_nan] = _NAN
    return flat


def _masked_array(reader: _Reader, value: Any) -> _Shape:
    reader.afford(value.nbytes)
    # The fill value is left out, as the array makes one up when it is asked.
    np = sys.modules["numpy"]
    return _Shape("masked array", [type(value), value.data, np.ma.getmaskarray(value)])


def _numpy_scalar(_: _Reader, value: Any) -> _Shape:
    plain = value.item()
    if type(plain) in _SCALARS:
        return _Shape("numpy scalar", [str(value.dtype), plain])
    return _Shape("numpy scalar", [sys.modules["numpy"].asarray(value)])


def _random_state(reader: _Reader, value: Any) -> _Shape:
    # The one behind numpy.random, which unseeded models hold, is no more their own than the module is.
    is_of_numpy = value is getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
    return _Shape("installed", ["numpy.random"]) if is_of_numpy else _instance(reader, value)


def _sparse(reader: _Reader, value: Any) -> _Shape:
    reader.afford(value.nnz * (value.dtype.itemsize + 8))  # a row and a column have four bytes or more each
    if value.format == "dok":  # which is a dict
        reader.afford(parts=value.nnz)
    # Coordinates and values: the other attributes cache whether these are sorted.
    entries = value.tocoo()
    return _Shape("sparse", [type(value), value.shape, entries.row, entries.col, entries.data])


def _tensor(reader: _Reader, value: Any) -> _Shape:
    reader.afford(value.element_size() * value.nelement())  # before it comes from a device to the host
    # A pickle of a tensor holds an address.
    content = value.detach().cpu().numpy()
    return _Shape("tensor", [type(value), str(value.dtype), value.requires_grad, content])


def _untold(_: _Reader, value: object) -> _Shape:
    # Figures, widgets, delayed calls and files of data sets hold numbers that differ from process to process.
    raise _UntoldError(f"a {type(value).__name__} has no stable content")


def _frame(reader: _Reader, value: Any) -> _Shape:
    # Column by column: how pandas groups them into blocks changes by only looking at a frame.
    first, *others = set(value.dtypes) or {None}
    if not others and isinstance(first, sys.modules["numpy"].dtype):
        reader.afford(value.size * first.itemsize)
        columns: list[object] = [value.to_numpy()]
    else:
        reader.count(20 * value.shape[1])
        reader.afford(int(value.memory_usage(index=False).sum()))
        columns = [_column(reader, value.iloc[:, i]) for i in range(value.shape[1])]
    return _Shape("frame", [type(value), value.index, value.columns, value.attrs, columns])


def _series(reader: _Reader, value: Any) -> _Shape:
    content = _column(reader, value)
    return _Shape("series", [type(value), value.index, value.name, value.attrs, content])


def _index(reader: _Reader, value: Any) -> _Shape:
    content: list[object]
    if hasattr(value, "levels"):
        content = [list(value.levels), list(value.codes)]
    elif isinstance(value, sys.modules["pandas"].RangeIndex):  # which has no elements before one asks for them
        content = [value.start, len(value), value.step]
    else:
        content = [_column(reader, value)]
    return _Shape("index", [type(value), list(value.names), *content])


def _extension_array(reader: _Reader, value: Any) -> _Shape:
    return _Shape("extension array", [_column(reader, sys.modules["pandas"].Series(value))])


def _column(reader: _Reader, column: Any) -> list[object]:
    """Return the content of a Series or an Index, without what pandas caches in its arrays."""
    dtype = column.dtype
    reader.afford(column.nbytes)
    if hasattr(dtype, "categories"):
        values = column.array
        return [values.categories, values.ordered, values.codes]
    if hasattr(dtype, "tz"):
        return [str(dtype), column.to_numpy(f"datetime64[{dtype.unit}]")]
    if isinstance(dtype, sys.modules["numpy"].dtype):
        return [column.to_numpy()]
    return [str(dtype), *_objects(reader, column.array)]


def _objects(reader: _Reader, array: Any) -> Iterator[object]:
    """Yield strings, integers with gaps and the like, as objects; what stands in the gaps is arbitrary."""
    for start in range(0, len(array), _PIECE_ITEMS):
        piece = array[start : start + _PIECE_ITEMS].to_numpy(object, na_value=None).tolist()
        yield reader.plain_digest(piece) or piece


def _float_token(value: float) -> bytes:
    return b"f" + struct.pack("<d", _NAN if math.isnan(value) else value)


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"none",
    type(Ellipsis): lambda _: b"ellipsis",
    type(NotImplemented): lambda _: b"not implemented",
    bool: lambda value: b"true" if value else b"false",
    int: lambda value: b"i%x" % value,
    float: _float_token,
    complex: lambda value: b"c" + _float_token(value.real) + _float_token(value.imag),
    str: lambda value: b"s" + value.encode("utf-8", "surrogatepass"),
    bytes: lambda value: b"b" + value,
    bytearray: lambda value: b"a" + value,
}
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})

# By the very type: a subclass may hold more, which a pickle tells.
_ROWS: dict[type, _Row] = {
    list: _sequence,
    tuple: _sequence,
    set: _set,
    frozenset: _set,
    dict: _mapping,
    types.MappingProxyType: _mapping,
    range: _by_attributes("range", "start", "stop", "step"),
    slice: _by_attributes("slice", "start", "stop", "step"),
    property: _by_attributes("property", "fget", "fset", "fdel"),
    staticmethod: _by_attributes("staticmethod", "__func__"),
    classmethod: _by_attributes("classmethod", "__func__"),
    functools.cached_property: _by_attributes("cached_property", "func"),
    types.MethodType: _unless_installed(_by_attributes("method", "__self__", "__func__")),
    types.BuiltinMethodType: _unless_installed(_by_attributes("builtin", "__self__", "__name__")),
    types.FunctionType: _function,
    types.CellType: _cell,
    CodeType: _code,
}

# By a class of a module that may be loaded, and whether subclasses count.
_LIBRARY_ROWS: tuple[tuple[str, str, bool, _Row], ...] = (
    ("numpy", "ndarray", False, _array),
    ("numpy", "memmap", False, _array),
    ("numpy", "recarray", False, _array),
    ("numpy.ma", "MaskedArray", True, _masked_array),
    ("numpy", "generic", True, _numpy_scalar),
    ("numpy.random", "RandomState", True, _random_state),
    ("pandas", "DataFrame", True, _frame),
    ("pandas", "Series", True, _series),
    ("pandas", "Index", True, _index),
    ("pandas.api.extensions", "ExtensionArray", True, _extension_array),
    ("scipy.sparse", "spmatrix", True, _sparse),
    ("scipy.sparse", "sparray", True, _sparse),
    ("torch", "Tensor", True, _tensor),
    ("matplotlib.artist", "Artist", True, _untold),
    ("traitlets", "HasTraits", True, _untold),
    ("dask.delayed", "Delayed", True, _untold),
    ("xarray.backends.file_manager", "FileManager", True, _untold),
)


def _row_of(kind: type) -> _Row:
    """Return how values of a type are unfolded."""
    if kind in _ROWS:
        return _ROWS[kind]
    if issubclass(kind, type):
        return _class
    if issubclass(kind, types.ModuleType):  # the modules that load lazily are of subclasses
        return _module
    if issubclass(kind, (set, frozenset)):
        return _set_subclass
    for module, name, has_subclasses, row in _LIBRARY_ROWS:
        # Where a library was never loaded, no value can be of its classes.
        known = getattr(sys.modules.get(module), name, None)
        if known is kind or (has_subclasses and known is not None and issubclass(kind, known)):
            return row
    return _instance
