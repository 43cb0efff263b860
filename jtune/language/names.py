"""The names of compiled code: those that a cell reads from its namespace, those that it binds, modules it imports."""

from __future__ import annotations

import dis
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from inspect import CO_OPTIMIZED
from types import CodeType

_STORES = frozenset({"STORE_NAME", "STORE_GLOBAL"})
_DELETES = frozenset({"DELETE_NAME", "DELETE_GLOBAL"})
_LOADS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})


def names_read(code: CodeType) -> tuple[str, ...]:
    """Names that a cell may read from its namespace before it binds them itself.

    Parameters
    ----------
    code : CodeType
        A compiled cell, or a function's code, whose global names are told in the same way.

    Returns
    -------
    tuple of str
        In order of first use, names of builtins included. Class bodies and comprehensions count where they stand. A
        function may be called at any time, so what it reads counts only where the cell itself never binds the name.

    Notes
    -----
    The order is that of the instructions, where a comprehension may come before what it runs over. Whichever branches
    are taken, ``if a: x = 1`` binds ``x`` for all that follows. From Python 3.11 on the body of an ``except`` clause
    comes after everything else. What ``from m import *`` binds cannot be told.
    """
    names = _Names()
    names.visit(code, _Scope(is_class=False, is_later=False))
    return tuple(name for name, is_at_once in names.reads.items() if is_at_once or name not in names.bound)


def names_bound(code: CodeType) -> frozenset[str]:
    """Names that a cell may bind, rebind or delete in its namespace, by its functions too."""
    names = _Names()
    names.visit(code, _Scope(is_class=False, is_later=False))
    return frozenset(names.bound | names.bound_later | names.deleted)


def modules_imported(code: CodeType) -> tuple[str, ...]:
    """Names of the modules that a cell's, or a function's, own import statements name.

    What follows ``from a import`` counts as ``a.b``, which need not be a module. Relative imports are left out.
    """
    steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    found: list[str] = []
    for before, step in itertools.pairwise(steps):
        if step.opname == "IMPORT_NAME":
            parts = step.argval.split(".")
            names = before.argval or ()  # those after "from ... import"
            packages = [".".join(parts[: end + 1]) for end in range(len(parts))]
            found += [step.argval, *(f"{step.argval}.{name}" for name in names)] if names else packages
        elif isinstance(step.argval, CodeType):
            found += modules_imported(step.argval)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Scope:
    """What a name means in one code object."""

    is_class: bool
    is_later: bool  # the body of a function, which runs when it is called
    # Bound in this scope so far: attributes of a class, or globals that a function binds before it reads them.
    own: set[str] = field(default_factory=set)
    in_class: Collection[str] = ()  # attributes of the class around an annotation scope

    def inside(self, code: CodeType) -> _Scope:
        """Return the scope of ``code``, which is nested in this one."""
        # Of nested code only class bodies keep their names in a dict.
        is_class = not code.co_flags & CO_OPTIMIZED
        # Comprehensions and type parameters: <listcomp>, <generic parameters of f>.
        is_inline = code.co_name.startswith("<") and code.co_name != "<lambda>"
        # Every class body reads __name__ to set __module__.
        own = {"__name__"} if is_class else self.own if is_inline and not self.is_class else set()
        in_class = self.own if self.is_class else self.in_class
        return _Scope(is_class, self.is_later or not (is_class or is_inline), own, in_class)

    def has(self, name: str, operation: str) -> bool:
        """Tell whether ``operation`` finds ``name`` in the scope itself."""
        if operation == "LOAD_FROM_DICT_OR_GLOBALS":
            return name in self.in_class
        return name in self.own and not (self.is_class and operation.endswith("_GLOBAL"))


@dataclass
class _Names:
    """The names of a cell, gathered in the order of its instructions."""

    bound: set[str] = field(default_factory=set)
    bound_later: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    # In order of first use; False for names that only functions read.
    reads: dict[str, bool] = field(default_factory=dict)

    def visit(self, code: CodeType, scope: _Scope) -> None:
        for step in dis.get_instructions(code):
            if isinstance(step.argval, CodeType):
                self.visit(step.argval, scope.inside(step.argval))
            elif step.opname == "SETUP_ANNOTATIONS":
                self._store("__annotations__", "STORE_NAME", scope)
            elif step.opname in _STORES:
                self._store(step.argval, step.opname, scope)
            elif step.opname in _LOADS:
                self._load(step.argval, step.opname, scope)
            elif step.opname in _DELETES and not scope.has(step.argval, step.opname):
                self._load(step.argval, step.opname, scope)
                self.deleted.add(step.argval)

    def _store(self, name: str, operation: str, scope: _Scope) -> None:
        if scope.is_class and operation == "STORE_NAME":
            scope.own.add(name)
        elif scope.is_later:
            scope.own.add(name)
            self.bound_later.add(name)
        else:
            self.bound.add(name)

    def _load(self, name: str, operation: str, scope: _Scope) -> None:
        if scope.has(name, operation):
            return
        if scope.is_later or name not in self.bound:
            self.reads[name] = self.reads.get(name, False) or not scope.is_later
