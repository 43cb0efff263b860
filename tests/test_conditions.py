"""Conditions: what is one, what is said of what is none, and where they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jtune.errors import ConditionError
from jtune.language.conditions import Condition
from jtune.language.grammar import MarkError


def outcome(read, error, *arguments):
    """Return what is read, or the error of that kind."""
    try:
        return read(*arguments)
    except error as caught:
        return caught


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("layers >= 2", {"layers": 2}, True),
        ("layers >= 2", {"layers": 1}, False),
        ("layers>=-2", {"layers": 1}, True),
        ("kernel == 'rbf'", {"kernel": "rbf"}, True),
        ("kernel in ('rbf', \"poly\")", {"kernel": "poly"}, True),
        ("kernel not in ['rbf', 'poly',]", {"kernel": "poly"}, False),
        ("a in []", {"a": 2}, False),
        ("a is None", {"a": None}, True),
        ("a is not True", {"a": True}, False),
        ("a is not True", {"a": 1}, True),
        ("not a", {"a": False}, True),
        ("not not a == 1", {"a": 1}, True),
        ("a and b or not c", {"a": 1, "b": 0, "c": 0}, True),
        ("1 <= a < b != c", {"a": 1, "b": 2, "c": 3}, True),
        ("not (a or b) and (c or (a))", {"a": 0, "b": 0, "c": 3}, True),
        ("SVC.C > SVR.C", {"SVC.C": 2.0, "SVR.C": 1.0}, True),
        ("a.b.c", {"a.b.c": 1}, True),
        ("  a  ", {"a": 1}, True),
        ("größe > 1", {"größe": 2}, True),
        ("ﬁt > 1", {"fit": 2}, True),
        ("a == (1, 2)", {"a": (1, 2)}, True),
        ("a != ()", {"a": (1,)}, True),
        ("a > .5 and a < 1_0. and a != 1e-3", {"a": 2}, True),
        ("a == '\\x41\\d'", {"a": "A\\d"}, True),
    ],
)
def test_condition_holds_for_values(text, values, expected):
    condition = Condition(text)
    assert expected is condition.holds(values)
    assert sorted(values) == sorted(condition.names)


CALCULATES = "it does not calculate; compare a parameter with a number: layers >= 2"


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("f(2)", 1, "a condition cannot go on with '('; it calls no function; compare a parameter: layers >= 2"),
        ("a > 1 and a.b() > 1", 13, "it calls no function"),
        ("a[0]", 1, "a condition cannot go on with '['; it takes no element; compare a parameter: layers >= 2"),
        ("'x'.join", 3, "a condition cannot go on with '.'; it reads no attribute; compare a parameter: layers >= 2"),
        ("a ** 2 > 1", 2, f"a condition cannot go on with '**'; {CALCULATES}"),
        ("a // 2", 2, CALCULATES),
        ("a << 2", 2, CALCULATES),
        ("a + b > 1", 2, CALCULATES),
        ("2 > a % 2", 6, CALCULATES),
        ("a -1", 2, CALCULATES),
        ("-a > 1", 0, f"a condition compares parameters and literals, not '-'; {CALCULATES}"),
        ("~a", 0, CALCULATES),
        ("a => 1", 2, "a condition cannot go on with '=>'; write >="),
        ("a ≤ 1", 2, "a condition cannot go on with '≤'; write <="),
        ("a≤1", 0, "a condition compares parameters and literals, not 'a≤1'; write for example: if layers >= 2"),
        ("a <> 1", 2, "write !="),
        ("a = 1", 2, "a condition cannot go on with '='; write =="),
        ("a === 1", 2, "write =="),
        ("a && b", 2, "write and"),
        ("a || b", 2, "write or"),
        ("a OR b", 2, "write or"),
        ("!a", 0, "write not"),
        ("a > 1 if b", 6, "a condition cannot go on with 'if'; write and between two conditions"),
        ("a > 1 log", 6, "a condition cannot go on with 'log'; write it before if"),
        ("a; b", 1, "a condition cannot go on with ';'; write for example: if layers >= 2"),
        ("a)", 1, "a condition cannot go on with ')'"),
        ("a == b c", 7, "a condition cannot go on with 'c'"),
        ("a == r'b'", 6, "a condition cannot go on with \"'b'\""),
        ("a and\0", 5, "a condition compares parameters and literals, not '\\x00'"),
        ("\ud800", 0, "a condition compares parameters and literals, not '\\ud800'"),
        ("a is 5", 5, "is asks for None, True or False, not '5'; write == or != instead"),
        ("a is not b", 9, "is asks for None, True or False, not 'b'; write == or != instead"),
        ("a in b", 5, "behind in stand choices in brackets, not 'b'; write for example: if kernel in ["),
        ("a in {1, 2}", 5, "behind in stand choices in brackets, not '{1,'"),
        ("a in ('b')", 5, "parentheses around one value are no choices; write it in square brackets"),
        (
            "a == [1, 2]",
            5,
            "a condition compares parameters and literals, not '['; choices stand behind in: kernel in [",
        ),
        ("[*a]", 0, "choices stand behind in"),
        ("{1: 2}", 0, "choices stand in square brackets behind in: kernel in ["),
        ("a in [*b]", 6, CALCULATES),
        ("a and or b", 6, "a condition compares parameters and literals, not 'or'; write for example: if layers >= 2"),
        ("class > 1", 0, "not 'class'; rename the parameter: # tune NAME: DOMAIN"),
        ("a.class > 1", 1, "a condition cannot go on with '.'"),
        ("lambda: 1", 0, "a condition compares parameters and literals, not 'lambda'; write for example"),
        ("(x := 1)", 3, "a condition cannot go on with ':='"),
        ("a == f'{a}'", 6, "a condition cannot go on with \"'{a}'\""),
        ("a > 007", 4, "write numbers without leading zeros"),
        ("a > 0x1F", 4, "a condition compares parameters and literals, not '0x1F'"),
        ("a > 1j", 4, "a condition compares parameters and literals, not '1j'"),
        ("a > 1e999", 4, "a number must be finite; write a smaller one"),
        (f"a > {'9' * 5000}", 4, "a number must be finite; write a smaller one"),
        ("a == '\\N{DASH}'", 5, "not \"'\\\\N{DASH}'\"; write its odd character without a backslash"),
        ("a == '\\x1'", 5, "write its odd character without a backslash"),
        ("a == 'b", 5, 'a condition compares parameters and literals, not "\'b"'),
        ("a >", 3, "the condition stops short; write for example: if layers >= 2"),
        ("a in [1, 2", 10, "the condition stops short"),
        ("(a and (b)", 10, "the condition stops short"),
        ("", 0, "the condition stops short"),
        ("(" * 500, 20, "brackets stand too deep in brackets; write a simpler condition"),
    ],
)
def test_what_is_no_condition_is_told_with_its_place(text, start, expected):
    with pytest.raises(MarkError) as caught:
        Condition(text)
    assert start == caught.value.start
    assert expected in str(caught.value)


words = st.sampled_from(
    ["a", "b.c", "1", "-2.5", "007", "'x'", '"\\d"', "None", "True", "(", ")", "[", "]", ",", "<", ">=", "==", "=", "in",
     "not", "is", "and", "or", "if", "+", " ", "  ", ".", "class", "é", "≥", "\\"]
)  # fmt: skip


@given(st.text(max_size=30) | st.text("ab.()[]'\"=<>!+-*/ 01notandi", max_size=30) | st.lists(words).map("".join))
def test_condition_is_read_or_refused_with_a_place(text):
    condition = outcome(Condition, MarkError, text)
    if isinstance(condition, MarkError):
        assert 0 <= condition.start <= len(text)
        return
    # Each is an expression of Python, and of a wider language.
    assert text == condition.text
    assert condition == Condition(text, is_stored=True)


operands = st.sampled_from(["a", "b", "1", "-0.5", "'x'", '"y z"', "None", "True", "(1, 'x')", "()"])
operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
comparisons = (
    operands
    | st.tuples(operands, operators, operands).map(" ".join)
    | st.tuples(operands, operators, operands, operators, operands).map(" ".join)
    | st.tuples(operands, st.sampled_from([" in ", " not in "]), st.lists(operands, max_size=3)).map(
        lambda parts: f"{parts[0]}{parts[1]}[{', '.join(parts[2])}]"
    )
    | st.tuples(st.sampled_from("ab"), st.sampled_from([" is None", " is not True"])).map("".join)
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        inner.map(lambda text: f"not {text}")
        | inner.map(lambda text: f"({text})")
        | st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
    ),
    max_leaves=6,
)


@given(conditions, st.tuples(*[st.sampled_from([1, 0.5, "x", None, True, (1, "x")])] * 2))
def test_what_the_language_can_say_is_what_python_says(text, values):
    named = dict(zip("ab", values, strict=True))
    held = outcome(Condition(text).holds, ConditionError, named)
    expected = outcome(lambda: bool(eval(text, {}, named)), TypeError)
    assert held is expected or (isinstance(held, ConditionError) and isinstance(expected, TypeError))


def test_values_without_an_order_are_named():
    with pytest.raises(
        ConditionError, match="the condition a > b fails where a = 1, b = 'x': values of different kinds"
    ):
        Condition("a > b").holds({"a": 1, "b": "x", "c": 3})


def test_names_come_in_the_order_of_the_text():
    assert Condition("not (c > a) and b.d and a").names == ("c", "a", "b.d")


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("-a + 2 * b // 3 - b % 2 / +a > 0", {"a": 1, "b": 9}, True),
        ("a in {1, 2}", {"a": 2}, True),
        ("a in b", {"a": 2, "b": (1, 2)}, True),
    ],
)
def test_a_stored_condition_may_calculate(text, values, expected):
    with pytest.raises(MarkError):
        Condition(text)
    assert expected is Condition(text, is_stored=True).holds(values)


@pytest.mark.parametrize(
    "text",
    ["f(2)", "a.b() > 1", "__import__('os')", "a[0]", "'x'.join", "(1).real.imag", "lambda: 1", "[x for x in a]",
     "(x := 1)", "a if b else c", "f'{a}'", "{1: 2}", "[*a]", "a ** 2 > 1", "~a", "a = 1", "", "(" * 500,
     "-" * 100_000 + "a"],
)  # fmt: skip
def test_a_stored_condition_runs_no_code(text):
    with pytest.raises(MarkError, match="is no condition"):
        Condition(text, is_stored=True)


def test_condition_equals_another_of_the_same_text():
    assert Condition("a > 1") == Condition("a > 1") != Condition("a > 2")
    assert repr(Condition("a > 1")) == "Condition(text='a > 1', names=('a',))"
