"""The text of code, which is the same in every version of Python."""

import ast
import hashlib

import pytest

from jtune.language.canonical import canonical

# What one version of Python or another has changed the tree, or the text of the tree, of.
CODE = """
@decorated(1, *a, **{'k': None, **b})
async def f(a, /, b: int = 0xFFFF, *c, d=None, e, **g) -> None:
    async with open(a) as x, y:
        return [await z async for z in x if z]
class A(B, metaclass=M):
    x: int
    def g(self): 'Doc\\n  string'; nonlocal_ = lambda *a, k=1: (yield)
def empty(): ...
u'u', b'b', 1.5, 1e999, 2j, True, ..., 'é𝒳', 'a' "b", -1
f"a{x=}b", f"{x:}", f"{x:>{y}}", "a" f"{x}" "b", f"{x!r:%Y-%m}", f"a{{b}}{x}", f"{x:{ {} }}", f"{x:a{y}b{z}}", f"", f"{x}" f"{y}"
f'{x["k"]}', f"{x!s:{'>'}{10}}"
match x:
    case {'a': [1, *_], **rest} | A(b=None) if rest: pass
    case None | -1 | 'x': pass
try: pass
except (A, B) as e: raise C from e
else: a[1:2, ::3], (b.c), *d = e = x if y else not z
finally: del a, b[0]
for i, in x: continue
else: global_ = {**a} | {1: 2} if 1 < i <= 3 != 4 else {i for i in x if i if not i}
from .. import a as b, c
import d.e
print(x := 1, end='')
"""


def test_a_text_of_code_is_the_same_whatever_the_version():
    # As Python 3.10, 3.11, 3.12 and 3.13 made it.
    text = canonical(ast.parse(CODE))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "6cfd33752e4ff973"


def node(code):
    return ast.parse(code).body[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        # Python 3.12 has type parameters, and left empty text in f-strings; 3.13 leaves empty fields out.
        (lambda tree: setattr(tree, "type_params", []), "def f(): pass"),
        (lambda tree: tree.value.values[0].format_spec.values.append(ast.Constant("")), "f'{x:>{y}}'"),
        (lambda tree: tree.value.values[0].format_spec.values.insert(0, ast.Constant("")), "f'{x:{y}}'"),
        (lambda tree: tree.value.values.__setitem__(slice(1), [ast.Constant("a"), ast.Constant("b")]), "f'ab{x}'"),
        (lambda tree: tree.value.values[0].__dict__.update(format_spec=None), "f'{x:}'"),
        (lambda tree: tree.value.__dict__.update(kind="u"), "'a'"),
        (lambda tree: tree.value.__dict__.pop("keywords"), "f(x)"),
    ],
)
def test_a_text_of_code_when_the_version_makes_another_tree(change, code):
    changed = node(code)
    change(changed)
    assert canonical(node(code)) == canonical(changed)


DIFFERENT = ["1", "1.0", "True", "'1'", "None", "...", "x", "'x'", "[None]", "[]", "()", "{}", "{**x}", "{None: x}", "f''",
             "''", "f'{x}'", "f'{x!r}'", "f'{x:a}'", "f'{x:{a}}'", "f'x'", "1j", "b'1'", "-1", "0x10", "f(a=x)", "f(x)",
             "lambda: x", "lambda x: x", "lambda *, x: x", "lambda *, x=None: x", "(yield)", "(yield None)", "x[:]", "x[None]"]  # fmt: skip


def test_a_text_of_code_when_the_code_differs():
    assert len({canonical(node(code)) for code in DIFFERENT}) == len(DIFFERENT)


def test_a_text_of_code_has_the_longest_of_integers():
    assert canonical(node("0x" + "f" * 9000)) != canonical(node("0x" + "f" * 9001))
