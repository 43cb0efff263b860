"""What marks can belong to, from the syntax tree: named literals, simple statements, loops."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from jtune.language.domains import Value

# What an expression is worth that is none.
NOT_LITERAL: Any = object()


@dataclass(frozen=True)
class Named:
    """A literal that has a name, and where it stands in the Python text."""

    name: str
    qualifier: str | None
    value: Value
    node: ast.expr

    @property
    def full_name(self) -> str:
        return f"{self.qualifier}.{self.name}" if self.qualifier else self.name


@dataclass
class Finder(ast.NodeVisitor):
    """Walks a tree for what marks can belong to: named literals, simple statements, loops."""

    named: list[Named] = field(default_factory=list)
    statements: list[ast.stmt] = field(default_factory=list)
    inner: set[ast.stmt] = field(default_factory=set)
    loops: list[ast.For | ast.While | ast.AsyncFor] = field(default_factory=list)
    _owners: dict[ast.expr, str] = field(default_factory=dict)
    _depth: int = 0

    def find(self, tree: ast.Module) -> Finder:
        """Walk the tree; return self."""
        self.visit(tree)
        self.named.sort(key=lambda named: (named.node.lineno, named.node.col_offset))
        return self

    def visit(self, node: ast.AST) -> None:
        """Note statements and loops, then go on by type."""
        is_bare = isinstance(node, ast.AnnAssign) and node.value is None
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)) and not is_bare:
            self.statements.append(node)
            if self._depth:
                self.inner.add(node)
        elif isinstance(node, (ast.For, ast.While, ast.AsyncFor)):
            self.loops.append(node)
        super().visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._pair(node.targets[0], node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._pair(node.target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._pair(node.target, node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            self._add(keyword.arg, keyword.value, _last_name(node.func))
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._add(key.value, value, self._owners.get(node))
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args, None)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._defaults(node.args, node.name)
        self._visit_inner(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def _visit_inner(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    visit_ClassDef = _visit_inner  # noqa: N815

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Do not look into f-strings: before Python 3.12 their positions are wrong."""

    def _add(self, name: str | None, value: ast.expr, qualifier: str | None) -> None:
        if not name:
            return
        self._owners[value] = name
        literal = literal_of(value)
        if literal is not NOT_LITERAL:
            self.named.append(Named(name, qualifier, literal, value))

    def _pair(self, target: ast.expr, value: ast.expr) -> None:
        """Name what is assigned, and the elements of ``a, b = 1, 2`` one by one."""
        if isinstance(target, (ast.Tuple, ast.List)):
            elements = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            if len(target.elts) == len(elements):
                for one_target, one_value in zip(target.elts, elements, strict=True):
                    self._pair(one_target, one_value)
        elif isinstance(target, ast.Name):
            self._add(target.id, value, None)
        elif isinstance(target, ast.Attribute):
            self._add(target.attr, value, _last_name(target.value))
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            key = target.slice.value
            self._add(key if isinstance(key, str) else None, value, _last_name(target.value))

    def _defaults(self, arguments: ast.arguments, function: str | None) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        first = len(positional) - len(arguments.defaults)
        for argument, value in zip(positional[first:], arguments.defaults, strict=True):
            self._add(argument.arg, value, function)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                self._add(argument.arg, default, function)


def literal_of(node: ast.expr) -> Value:
    """Return the value of a number, string, boolean, None or tuple of these, else :data:`NOT_LITERAL`."""
    if isinstance(node, ast.Constant):
        ok = node.value is None or isinstance(node.value, (bool, int, float, str))
        return node.value if ok else NOT_LITERAL
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = literal_of(node.operand)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Tuple):
        elements = tuple(literal_of(element) for element in node.elts)
        return NOT_LITERAL if NOT_LITERAL in elements else elements
    return NOT_LITERAL


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
