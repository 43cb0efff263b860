"""Write the TypeScript types of the messages that kernel and page send each other.

They are defined in ``jtune/views/messages.py``; what the JupyterLab extension may ask is the functions of
``jtune/requests.py``. A test fails where the written file is not what this would write.
"""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType

from jtune import requests
from jtune.views import messages

TARGET = Path(__file__).parent.parent / "labextension" / "src" / "messages.ts"
WIDTH = 110
NAMES = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "None": "null"}
LISTS, RECORDS = ("list", "Sequence"), ("dict", "Mapping")


def typescript() -> str:
    """Return the whole file."""
    title = "Made from jtune/views/messages.py and jtune/requests.py by tools/messages.py: change it there."
    parts = [f"// {title}", *_declarations(messages), _requests(requests.REQUESTS.values())]
    return "\n\n".join(parts) + "\n"


def _declarations(module: ModuleType) -> Iterator[str]:
    """Return a declaration for each type that a module imports, assigns or defines."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("jtune"):
            for alias in node.names:
                yield _alias(alias.name, [_literal(value) for value in _values(getattr(module, alias.name))])
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield _alias(node.target.id, _members(node.value))
        elif isinstance(node, ast.ClassDef):
            yield _interface(node)


def _values(kind: object) -> list[object]:
    """Return the values that an enumeration or a Literal has."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [member.value for member in kind]
    return [*typing.get_args(kind)]


def _alias(name: str, members: list[str]) -> str:
    line = f"export type {name} = {' | '.join(members)};"
    if len(line) <= WIDTH:
        return line
    return f"export type {name} =\n" + "\n".join(f"  | {member}" for member in members) + ";"


def _interface(node: ast.ClassDef) -> str:
    bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id != "TypedDict"]
    extends = f" extends {', '.join(bases)}" if bases else ""
    mark = "?" if node.keywords else ""  # total=False, the only keyword of a TypedDict
    lines = [*_comment(ast.get_docstring(node), ""), f"export interface {node.name}{extends} {{"]
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            lines += [*_comment(_text(after), "  "), f"  {field.target.id}{mark}: {_type(field.annotation)};"]
    return "\n".join([*lines, "}"])


def _text(node: ast.stmt | None) -> str | None:
    """Return a text that stands alone, as below a field that it explains."""
    constant = node.value if isinstance(node, ast.Expr) else None
    is_text = isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    return inspect.cleandoc(constant.value) if is_text else None


def _comment(text: str | None, indent: str) -> list[str]:
    if text is None:
        return []
    if "\n" not in text:
        return [f"{indent}/** {text} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in text.splitlines()), f"{indent} */"]


def _requests(functions: typing.Iterable[typing.Callable[..., object]]) -> str:
    """Return an interface with a method for each function that the extension may ask for."""
    lines = ["/** What the extension may ask of the kernel. */", "export interface Requests {"]
    for function in functions:
        signature = inspect.signature(function)
        given = ", ".join(f"{name}: {_parsed(each.annotation)}" for name, each in signature.parameters.items())
        first = inspect.cleandoc(str(function.__doc__)).partition("\n")[0]
        lines += [*_comment(first, "  "), f"  {function.__name__}({given}): {_parsed(signature.return_annotation)};"]
    return "\n".join([*lines, "}"])


def _parsed(annotation: str) -> str:
    return _type(ast.parse(annotation, mode="eval").body)


def _members(node: ast.expr) -> list[str]:
    """Return the members of a union, in TypeScript."""
    if isinstance(node, ast.BinOp):
        return [*_members(node.left), *_members(node.right)]
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        given = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Literal":
            return [_literal(ast.literal_eval(value)) for value in given]
        return [_generic(node.value.id, given)]
    name = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
    return [NAMES.get(name, name)]


def _type(node: ast.expr) -> str:
    return " | ".join(_members(node))


def _generic(name: str, given: list[ast.expr]) -> str:
    types = [_type(each) for each in given]
    if name == "tuple":
        return f"[{', '.join(types)}]"
    if name in RECORDS:
        return f"Record<{', '.join(types)}>"
    if name in LISTS:
        return f"({types[0]})[]" if len(_members(given[0])) > 1 else f"{types[0]}[]"
    raise ValueError(f"no TypeScript is known for {name}")


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


if __name__ == "__main__":
    TARGET.write_text(typescript(), "utf-8")
