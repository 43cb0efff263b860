"""The user's own modules: which they are, and the text of them that is loaded.

A module is the user's own when its file lies neither in the standard library nor among installed packages; one that is
installed in editable mode lies in the user's folder. What runs is the text that was imported or loaded again last,
which need not be the text on disk. Python does not keep it, so the texts are noted soon after they are loaded, which
`note_loaded` does after each cell.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.machinery import SOURCE_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from jtune.language.canonical import canonical, without_docstrings
from jtune.trials.files import Mentions, mentions_in

_INSTALLED = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages"))
_MAIN = ("__main__", "__mp_main__")
# A shared library or a pickle of a model that is larger is no module that one edits.
_MAX_BYTES = 64 * 2**20


class Text:
    """What a module's file held at one time.

    Parameters
    ----------
    path : Path
    stamp : tuple of (int, int)
        The file's time of change, in nanoseconds, and its size.
    content : bytes
        Of a shared library and the like, a digest.
    """

    def __init__(self, path: Path, stamp: tuple[int, int], content: bytes) -> None:
        self.path, self.stamp, self.content = path, stamp, content

    @functools.cached_property
    def summary(self) -> Summary:
        """What the code is without its comments and docstrings, and what it imports."""
        if self.path.suffix not in SOURCE_SUFFIXES:
            return Summary(_digest(self.content), (), Mentions())
        try:
            tree = without_docstrings(ast.parse(self.content))
            return Summary(_digest(canonical(tree).encode()), tuple(_imports(tree)), mentions_in(tree))
        except (SyntaxError, ValueError, RecursionError):
            return Summary(None, (), Mentions())


class Summary(NamedTuple):
    """A text in short.

    Parameters
    ----------
    digest : str or None
        None where the text is broken.
    imports : tuple of (int, str)
        Names in its import statements, each with the number of dots before it. What follows ``from a import`` counts as
        a name of ``a``, and need not be a module.
    mentions : Mentions
        Of files.
    """

    digest: str | None
    imports: tuple[tuple[int, str], ...]
    mentions: Mentions


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _imports(tree: ast.AST) -> dict[tuple[int, str], None]:
    found: dict[tuple[int, str], None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(((0, prefix), None) for alias in node.names for prefix in prefixes(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names = [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
            found.update(((node.level, name), None) for name in [base, *names])
    return found


class Followed(NamedTuple):
    """What is known of modules that a cell runs.

    Parameters
    ----------
    fingerprints : dict of str to (str or None)
        By a short path such as ``"package/module.py"``; None where the content cannot be told.
    edited : dict of str to int
        The time of the edit of those whose file was edited since it was loaded.
    mentions : list of Mentions
        Of files, in each.
    """

    fingerprints: dict[str, str | None]
    edited: dict[str, int]
    mentions: list[Mentions]


class _Module(NamedTuple):
    """One of the user's modules, loaded or not; ``text`` is what runs, if it is known."""

    name: str
    path: Path
    text: Text | None
    edited_ns: int | None
    package: str
    attributes: tuple[str, ...]

    @property
    def key(self) -> str:
        parents = self.package if self.path.stem == "__init__" else self.name.rpartition(".")[0]
        return "/".join([*filter(None, parents.split(".")), self.path.name])


# By path, what was read last; by name, how a module was loaded (a reload makes another spec) and the text of then.
_read_last: dict[Path, Text] = {}
_loaded: dict[str, tuple[object, Text | None]] = {}
_seen: dict[str, object] = {}


def note_loaded(since_ns: int | None = None) -> None:
    """Note the texts of the user's modules that were imported, or loaded again, since this was called before.

    Parameters
    ----------
    since_ns : int, optional
        When the running cell began (`time.time_ns`). A file that was edited later may have been so after it was loaded,
        so its functions are compared with those in memory.
    """
    for name, module in list(sys.modules.items()):
        spec = _attribute(module, "__spec__")
        if _seen.get(name, module) is spec:
            continue
        _seen[name] = spec
        path = _own_path(name, module)
        if path is not None:
            before = _read_last.get(path)
            text = _read(path)
            if text is not None and since_ns is not None and text.stamp[0] > since_ns:
                text = next((t for t in (text, before) if t is not None and _holds(module, t)), None)
            _loaded[name] = spec, text


def follow(names: Iterable[str]) -> Followed:
    """Return what is known of the user's modules among ``names``, and of those that they import, and so on.

    Parameters
    ----------
    names : iterable of str
        Of modules, loaded or not; those of others and names of no module are passed over.
    """
    note_loaded_in_cell()
    followed = Followed({}, {}, [])
    waiting = list(dict.fromkeys(names))
    known, n_given = set(waiting), len(waiting)
    for number, name in enumerate(waiting):  # which grows while this goes on
        module = _module(name)
        if module is None:
            continue
        followed.fingerprints[module.key] = module.text.summary.digest if module.text else None
        if module.edited_ns is not None:
            followed.edited[module.key] = module.edited_ns
        if module.text is None:
            continue
        followed.mentions.append(module.text.summary.mentions)
        # A package that the cell holds may be asked for any module that it has.
        fresh = dict.fromkeys([*_resolved(module), *(module.attributes if number < n_given else ())])
        waiting += [each for each in fresh if each not in known]
        known |= fresh.keys()
    followed.fingerprints.update((f"module {name}", None) for name in waiting if _is_made_up(name))
    return followed


@functools.cache
def is_own(path: str) -> bool:
    """Tell whether a file is the user's: neither of the standard library, nor of an installed package, nor jtune's."""
    return not (_is_foreign(path) or _is_foreign(os.path.realpath(path)))  # the real path takes long to find


def _is_foreign(path: str) -> bool:
    return path.startswith(_roots()) or any(folder in path for folder in _INSTALLED)


@functools.cache
def _roots() -> tuple[str, ...]:
    folders = [os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(__file__))]
    return tuple(folder + os.sep for each in folders for folder in (each, os.path.realpath(each)))


def _attribute(module: object, name: str) -> Any:
    """Return an attribute without waking what loads lazily."""
    try:
        return object.__getattribute__(module, "__dict__").get(name)
    except AttributeError:  # whatever stands in sys.modules
        return None


def _own_path(name: str, module: object) -> Path | None:
    """Return the file of a module of the user's, else None."""
    spec = _attribute(module, "__spec__")
    path = spec.origin if isinstance(spec, ModuleSpec) and spec.has_location else _attribute(module, "__file__")
    return Path(path) if name not in _MAIN and isinstance(path, str) and is_own(path) else None


def _read(path: Path) -> Text | None:
    """Return what a file holds now."""
    try:
        status = path.stat()
        stamp = status.st_mtime_ns, status.st_size
        known = _read_last.get(path)
        if known is None or known.stamp != stamp:
            if status.st_size > _MAX_BYTES:
                return None
            content = path.read_bytes()
            known = Text(path, stamp, content if path.suffix in SOURCE_SUFFIXES else _digest(content).encode())
            _read_last[path] = known
    except OSError:
        return None
    return known


def _module(name: str) -> _Module | None:
    """Return a module if it is the user's."""
    module = sys.modules.get(name)
    if module is None:
        spec = _spec(name)
        if spec is None or not spec.has_location or spec.origin is None or not is_own(spec.origin):
            return None
        return _Module(name, Path(spec.origin), _read(Path(spec.origin)), None, spec.parent or "", ())
    path = _own_path(name, module)
    if path is None:
        return None
    text, now = _text_of(name, module), _read(path)
    edited_ns = (
        now.stamp[0] if now is not None and text is not None and now.summary.digest != text.summary.digest else None
    )
    package = _attribute(module, "__package__") or name.rpartition(".")[0]
    attributes = [_attribute(value, "__name__") for value in list(vars(module).values()) if type(value) is type(sys)]
    return _Module(name, path, text, edited_ns, package, tuple(attributes))


def _text_of(name: str, module: Any) -> Text | None:
    """Return the text that a loaded module has run."""
    spec, text = _loaded.get(name, (None, None))
    path = _own_path(name, module)
    if path is None or name not in _loaded or spec is not _attribute(module, "__spec__"):
        return None
    now = _read(path)
    if now is not None and now is not text and _is_autoreloaded(name, path, now):
        text = now
        _loaded[name] = spec, text
    return text


def _is_autoreloaded(name: str, path: Path, text: Text) -> bool:
    """Tell whether ``%autoreload`` has brought a module up to a text; it may do so without loading the module anew."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    magics = shell.magics_manager.registry.get("AutoreloadMagics") if shell else None
    reloader = getattr(magics, "_reloader", None)
    time_s = text.stamp[0] / 1e9
    brought = getattr(reloader, "modules_mtimes", {}).get(name)
    failed = getattr(reloader, "failed", {}).get(str(path))
    return brought is not None and abs(brought - time_s) < 1e-3 and failed != brought


def _holds(module: object, text: Text) -> bool:
    """Tell whether the functions of a loaded module are those of a text."""
    try:
        codes = set(codes_in(compile(text.content, str(text.path), "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    name = _attribute(module, "__name__")
    members = list(object.__getattribute__(module, "__dict__").values())
    members += [each for kind in members if isinstance(kind, type) for each in vars(kind).values()]
    functions = [each for each in members if type(each) is FunctionType and each.__module__ == name]
    return all(function.__code__ in codes for function in functions)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and those of the functions and classes in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes_in(const)


def _spec(name: str) -> ModuleSpec | None:
    """Find a module that is not loaded, and load none of its packages."""
    folders: Any = None
    spec = None
    for prefix in prefixes(name):
        loaded = sys.modules.get(prefix)
        spec = _attribute(loaded, "__spec__") if loaded is not None else PathFinder.find_spec(prefix, folders)
        if not isinstance(spec, ModuleSpec):
            return None
        if prefix != name:
            folders = spec.submodule_search_locations
            if folders is None or (spec.origin is not None and not is_own(spec.origin)):
                return None
    return spec


def prefixes(name: str) -> list[str]:
    """Return ``["a", "a.b"]`` for ``"a.b"``."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _resolved(module: _Module) -> Iterator[str]:
    """Yield the full names of what a module imports."""
    if module.text is None:
        return
    for level, name in module.text.summary.imports:
        if level:
            parents = module.package.split(".")
            base = parents[: len(parents) - (level - 1)]
            yield ".".join([*base, *filter(None, [name])])
        else:
            yield name


def _is_made_up(name: str) -> bool:
    """Tell whether a loaded module has no file, and neither has anyone installed it."""
    module, top = sys.modules.get(name), name.partition(".")[0]
    if module is None or name in _MAIN or top in sys.stdlib_module_names or _attribute(module, "__path__"):
        return False
    holder = sys.modules.get(top, module)
    return _attribute(module, "__file__") is None and (holder is module or _own_path(top, holder) is not None)


_cell_began_ns = 0


def watch(events: Any) -> None:
    """Note what is loaded now, and after each cell of a shell.

    Parameters
    ----------
    events : IPython.core.events.EventManager
    """
    note_loaded()
    events.register("pre_run_cell", _on_cell_begin)
    events.register("post_run_cell", _on_cell_end)


def note_loaded_in_cell() -> None:
    """Note what the running cell, or what came before it, has loaded."""
    note_loaded(_cell_began_ns or None)


def _on_cell_begin(_: object) -> None:
    global _cell_began_ns  # noqa: PLW0603 (IPython does not tell when a cell began)
    _cell_began_ns = time.time_ns()


def _on_cell_end(_: object) -> None:
    note_loaded_in_cell()
