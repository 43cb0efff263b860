"""The files that code reads by a literal path, and a short digest of each."""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

_Use: TypeAlias = Literal["read", "written", "mentioned"]

# By the last part of a function's name. What neither tells, such as `train("data.csv")`, is found out as it runs.
_WRITES = re.compile(
    r"save|write|Writer|^(to_|dump|export|mkdir|makedirs|touch|unlink|remove|rename|FileHandler$|basicConfig$)"
)
_READS = re.compile(r"read|load|scan|parse|memmap|genfromtxt|^(open$|from)")
_MAKES_PATH = frozenset({"Path", "PurePath", "PosixPath", "WindowsPath", "join", "str", "expanduser", "abspath"})
_WRITING_MODE = re.compile(r"(?=.*[wax+])[rwaxbt+]{1,4}")
# So many bytes in all are read, in a tenth of a second; of larger files the date tells.
_MAX_BYTES = 64 * 2**20


class Mentions(NamedTuple):
    """Literal paths in a text, by use: read, written, or unknown, which may be no path at all."""

    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()


def mentions_in(tree: ast.AST) -> Mentions:
    """Return what looks like a path among the literals of ``tree``: with a dot or a slash, and in one line."""
    reader = _Reader()
    reader.look(tree, "mentioned")
    for name, use in reader.uses:
        for path in reader.names.get(name, ()):
            reader.found[use].add(path)
    return Mentions(*(frozenset(reader.found[use]) for use in ("read", "written", "mentioned")))


class _Reader:
    def __init__(self) -> None:
        self.found: dict[_Use, set[str]] = {"read": set(), "written": set(), "mentioned": set()}
        self.names: dict[str, list[str]] = {}  # paths that are assigned to names
        self.uses: list[tuple[str, _Use]] = []

    def look(self, node: ast.AST, use: _Use) -> None:
        """Look for paths in a node of which the function around it makes a certain use."""
        path = _path(node)
        if path is not None:
            if len(path) < 1000 and path.isprintable() and ("." in path or "/" in path or os.sep in path):
                self.found[use].add(path)
        elif isinstance(node, ast.Name):
            self.uses.append((node.id, use))
        elif isinstance(node, ast.Call):
            inner = _use(node, use)
            for child in ast.iter_child_nodes(node):
                self.look(child, inner)
        elif isinstance(node, ast.Attribute | ast.keyword):
            self.look(node.value, use)
        else:
            if isinstance(node, ast.Assign) and (path := _path(node.value)) is not None:
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.names.setdefault(target.id, []).append(path)
            for child in ast.iter_child_nodes(node):
                self.look(child, "mentioned")


def _path(node: ast.AST) -> str | None:
    """Return the path that an expression of literals is."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        parts = [_path(node.left), _path(node.right)]
    elif isinstance(node, ast.Call) and _name(node) in _MAKES_PATH and node.args and not node.keywords:
        parts = [_path(argument) for argument in node.args]
    else:
        return None
    known = [part for part in parts if part is not None]
    return os.path.join(*known) if len(known) == len(parts) else None


def _name(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _use(call: ast.Call, outer: _Use) -> _Use:
    """Return what a function does with the path that it is given, or that it is a method of."""
    name = _name(call)
    literals = [a.value for a in [*call.args, *(k.value for k in call.keywords)] if isinstance(a, ast.Constant)]
    if name == "open" and any(isinstance(each, str) and _WRITING_MODE.fullmatch(each) for each in literals):
        return "written"
    if _WRITES.search(name):
        return "written"
    return "read" if _READS.search(name) else outer if name in _MAKES_PATH else "mentioned"


class Files:
    """The files among what some texts mention, and what they held when this was made.

    Parameters
    ----------
    mentions : iterable of Mentions
        What one of the texts writes is no input.

    Attributes
    ----------
    fingerprints : dict of str to str
        By path as it is written.
    by_date : list of str
        Those that are too large to be read: their date and size tell.
    """

    def __init__(self, mentions: Iterable[Mentions]) -> None:
        mentions = list(mentions)
        written = {path for each in mentions for path in each.written}
        read = {path for each in mentions for path in each.read}
        paths = sorted({path for each in mentions for path in each.read | each.mentioned} - written)
        stamps = {path: _stamp(path) for path in paths}
        self._stamps = {path: stamp for path, stamp in stamps.items() if stamp is not None}
        self._maybe_written = self._stamps.keys() - read
        self.fingerprints: dict[str, str] = {}
        self.by_date: list[str] = []
        left = _MAX_BYTES
        for path, (time_ns, size) in self._stamps.items():
            digest = _digest(path, (time_ns, size)) if size <= left else None
            if digest is None:
                self.by_date.append(path)
                digest = f"{time_ns} {size}"
            else:
                left -= size
            self.fingerprints[path] = f"2:{digest}"

    def written(self) -> set[str]:
        """Return those that changed since, and of which the texts do not say that they are read."""
        return {path for path in self._maybe_written if _stamp(path) != self._stamps[path]}


_digests: dict[tuple[str, tuple[int, int]], str] = {}


def _stamp(path: str) -> tuple[int, int] | None:
    """Return the date and the size of a file; None where there is none."""
    full = os.path.expanduser(path)
    try:
        status = os.stat(full)
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_size) if os.path.isfile(full) else None


def _digest(path: str, stamp: tuple[int, int]) -> str | None:
    """Return a digest of a file's content, read once as long as it stays; None where it cannot be read."""
    full = os.path.abspath(os.path.expanduser(path))
    if (full, stamp) not in _digests:
        digest = hashlib.blake2b(digest_size=16)
        try:
            with open(full, "rb") as file:
                while chunk := file.read(2**20):
                    digest.update(chunk)
        except OSError:
            return None
        _digests[full, stamp] = digest.hexdigest()
    return _digests[full, stamp]
