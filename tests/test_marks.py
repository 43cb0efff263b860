"""The tune language: every case that the editor's implementation reads too, and text that no one foresaw."""

import json
import re
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jtune.errors import CellError
from jtune.language.cell import Cell
from jtune.language.domains import ChoiceDomain, IntDomain
from jtune.language.grammar import MarkError
from jtune.language.marks import (
    ParameterMark,
    has_mark,
    is_prose,
    read_comment,
    read_domain,
    read_expressions,
)

CASES = json.loads((Path(__file__).parent / "data" / "grammar_cases.json").read_text(encoding="utf-8"))
GRAMMAR = json.loads(files("jtune.language").joinpath("grammar.json").read_text(encoding="utf-8"))
MISTAKES = [case for case in CASES if "errors" in case]
quick = settings(deadline=None)


def outcome(read, error, *arguments):
    """Return what is read, or the error of that kind."""
    try:
        return read(*arguments)
    except error as caught:
        return caught


def named(cases):
    return [pytest.param(case, id=case["about"]) for case in cases]


def as_json(value):
    """Return a value as the cases have it."""
    return {"tuple": [as_json(element) for element in value]} if isinstance(value, tuple) else value


def domain_as_json(domain):
    if isinstance(domain, ChoiceDomain):
        return {"kind": "choice", "choices": [as_json(choice) for choice in domain.choices]}
    kind = "int" if isinstance(domain, IntDomain) else "float"
    return {"kind": kind, "low": domain.low, "high": domain.high, "log": domain.log, "step": domain.step}


def cell_as_json(cell):
    return {
        "parameters": [
            {
                "name": parameter.name,
                "literal": as_json(parameter.literal),
                "domain": domain_as_json(parameter.domain),
                "condition": parameter.condition and parameter.condition.text,
                "span": list(span),
            }
            for parameter, span in zip(cell.space, cell.spans, strict=True)
        ],
        "inferred": list(cell.inferred),
        "objectives": [{"direction": goal.direction, "label": goal.label} for goal in cell.objectives],
        "reports": [list(expressions) for expressions in cell.reports],
        "report_directions": list(cell.report_directions),
    }


@pytest.mark.parametrize("case", named(case for case in CASES if "errors" not in case))
def test_cell_is_read_as_the_case_says(case):
    expected = {key: case[key] for key in ("parameters", "inferred", "objectives", "reports")}
    expected["report_directions"] = case.get("report_directions", [None] * len(case["reports"]))
    # As text: in Python 1 == 1.0 == True.
    assert json.dumps(expected) == json.dumps(cell_as_json(Cell(case["cell"])))


@pytest.mark.parametrize("case", named(MISTAKES))
def test_mistakes_are_all_found_where_the_case_says(case):
    with pytest.raises(CellError) as caught:
        Cell(case["cell"])
    problems = caught.value.problems
    lines = re.split(r"\r?\n", case["cell"])
    assert [(e["line"], e["start"]) for e in case["errors"]] == [(p.line, p.start) for p in problems]
    assert [lines[error["line"] - 1] for error in case["errors"]] == [problem.text for problem in problems]
    for error, problem in zip(case["errors"], problems, strict=True):
        assert error["message_has"] in problem.message


def test_cases_are_many_and_half_of_them_mistakes():
    assert len(CASES) >= 150
    assert len(MISTAKES) * 2 >= len(CASES)
    assert len(CASES) == len({case["about"] for case in CASES}) == len({case["cell"] for case in CASES})


WRITTEN = re.compile(
    r"; (?:for example )?write (# tune\b.*?)(?:, or .*)?$|; write (\[.*\]|[^ #]+\.\.\S+(?: log)?(?: step \S+)?)$"
)


@pytest.mark.parametrize("case", named(MISTAKES))
def test_what_a_message_says_to_type_is_read(case):
    with pytest.raises(CellError) as caught:
        Cell(case["cell"])
    for problem in caught.value.problems:
        if found := WRITTEN.search(problem.message):
            suggested = found[1] or f"# tune: {found[2]}"
            assert re.search(r"DOMAIN|EXPR|LOW|\.\.\.|\[a, b", suggested) or read_comment(suggested)


HINTS = [rule["when"] for slips in GRAMMAR["slips"].values() for rule in slips["rules"]]


def expanded(source):
    return re.sub(r"<([a-z_]+)>", lambda found: f"(?:{expanded(GRAMMAR['patterns'][found[1]])})", source)


@pytest.mark.parametrize("source", [*GRAMMAR["patterns"].values(), *HINTS])
def test_grammar_has_only_what_python_and_javascript_share(source):
    pattern = expanded(source)
    re.compile(pattern)
    outside_classes = re.sub(r"\[(?:\\.|[^\]\\])*\]", "[]", pattern)
    assert {group[:3] for group in re.findall(r"\(\?..", outside_classes)} <= {"(?:", "(?=", "(?!"}
    # No possessive quantifier, no reference back, and only escapes that JavaScript's flag u allows.
    assert not re.search(r"(?:[*+?]|\})\+", outside_classes)
    assert set(re.findall(r"\\(.)", pattern)) <= set(r"t\.[]{}()|*xu")
    # No class that is empty or, in JavaScript, a set of sets.
    assert not re.search(r"\[\^?\]|\[\[|&&|--", pattern)


def test_grammar_has_only_entries_that_are_used():
    language = files("jtune.language")
    sources = [
        language.joinpath(name).read_text(encoding="utf-8") for name in ("marks.py", "slips.py", "conditions.py")
    ]
    used = {name for text in [*GRAMMAR["patterns"].values(), *HINTS] for name in re.findall(r"<([a-z_]+)>", text)}
    used |= {name for source in sources for name in re.findall(r"[\"']([a-z_]+)[\"']", source)}
    assert GRAMMAR["patterns"].keys() | GRAMMAR["slips"].keys() <= used


pieces = st.sampled_from(
    ["# tune", "#tune", "# Tune", "tuned", ":", " ", "\t", "..", "1", "-1", "0.5", "1e-3", "log", "step", "if", "x", "y > 1", ";", ",", "[",
     "]", "(", ")", '"', "'", "\\", "#", "minimize", "maximise", "report", "x, y", "True", "None", "#@param", "{", "}",
     'type:"slider"', "min:0", "max:9", "step:1", "é", "𝒳", "\xa0", "*", "=", "lambda", "not ", "1..9", '["a", 1]']
)  # fmt: skip
texts = st.text(max_size=40) | st.lists(pieces, max_size=14).map("".join)


@quick
@given(
    texts, st.sampled_from(["", "#", "# tune", "# tune:", "# tune: 1..9", "# tune: [", "# x  # tune x:", "#@param "])
)
def test_read_comment_of_any_text_raises_nothing_but_mark_errors(text, start):
    comment = start + text
    assert has_mark(comment) or is_prose(comment)
    marks = outcome(read_comment, MarkError, comment)
    if isinstance(marks, MarkError):
        assert 0 <= marks.start <= len(comment)
        assert str(marks)
        return
    for mark in marks:
        assert 0 <= mark.start <= len(comment)
        if isinstance(mark, ParameterMark) and mark.domain is not None:
            assert comment.startswith(mark.domain, mark.domain_start) or comment.startswith("#@param")
        if isinstance(mark, ParameterMark) and mark.condition is not None:
            assert comment.startswith(mark.condition.text, mark.condition_start)


@quick
@given(
    texts.filter(lambda text: not re.search("[\r\n\0\ud800-\udfff]", text)),
    st.sampled_from(["", " tune", " tune:", " tune: 1..9 "]),
)
@example("tune: 1..9 if " + "not " * 5000 + "x", "")
@example("tune: 1.." + "9" * 5000, "")
@example("tune: 1..9 step " + "9" * 5000, "")
@example("tune: [" + "(" * 500, "")
@example("tune: [" + "9" * 5000 + ", 1]", "")
@example('tune: ["\\d", "\\N{x}"]', "")
def test_cell_with_any_comment_raises_nothing_but_cell_errors(text, start):
    source = f"y = 2  # tune: 1..3\nx = 1  #{start}{text}"
    cell = outcome(Cell, CellError, source)
    if isinstance(cell, CellError):
        assert all(0 <= problem.start <= len(problem.text) for problem in cell.problems)
    else:
        assert source == cell.source_with(cell.space.baseline)


@quick
@given(texts, st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just((1,)))
def test_read_domain_of_any_text_raises_nothing_but_mark_errors(text, literal):
    domain = outcome(read_domain, MarkError, text, literal)
    if isinstance(domain, MarkError):
        assert 0 <= domain.start <= len(text)
    else:
        assert domain.reject(literal) is None
        assert domain == read_domain(str(domain), domain.coerce(literal))


@quick
@given(texts)
def test_read_expressions_of_any_text_raises_nothing_but_value_errors(text):
    expressions = outcome(read_expressions, ValueError, text)
    assert isinstance(expressions, ValueError) or expressions == read_expressions(", ".join(expressions))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss", ("loss",)),
        (" loss , acc ", ("loss", "acc")),
        ("(a, b), [c]", ("(a, b)", "[c]")),
        ("f(a, b)", ("f(a, b)",)),
        ("a if b else c, lambda: d", ("a if b else c", "lambda: d")),
        ("a +\n b,\nc", ("a + b", "c")),
        ("'a, b', \"#\"", ("'a, b'", "'#'")),
        ("é", ("é",)),
    ],
)
def test_read_expressions_when_separated_by_commas(text, expected):
    assert expected == read_expressions(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "a,", "a,,b", "a b", "a; b", "a = 1", "*a", "a), (b", "a], [b", "(yield)", "[(b := 1)]", "(" * 999],
)  # fmt: skip
def test_read_expressions_when_there_are_none(text):
    with pytest.raises(ValueError, match=r"is not a list of Python expressions|would change what the cell does"):
        read_expressions(text)


HEADS = ["", "# tune", "# tune: ", "# tune x: ", "# x ", "# tune: [", "# tune: 1..9 ", "# tune: 1..9 if ", "# tune: report ",
         "#@param ", "#@param {type:'slider',", "#@param {type:'slider',min:1,max:9,"]  # fmt: skip
UNITS = ['"', "'", " ", "\t", ".", "[", "]", "(", "#", ";", ":", "\\", '"a" ', "1", "1.", "1..", "1_", "e1", "a", "a.", " if",
         "if ", " log", " step 1", "# tune", "# tune:", "#tune a", "{", "}", "type:'slider'", "min:1", "step:1 ", ",", "-", "é",
         '"\\', "; ", "1 ", "a-", "a, ", "not ", "1, "]  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_read_comment_of_a_long_run_takes_no_long_time(head):
    for unit in UNITS:
        for tail in ("", "!", '"'):
            comment = head + unit * (10_000 // len(unit)) + tail
            started = time.perf_counter()
            outcome(read_comment, MarkError, comment)
            assert time.perf_counter() - started < 5, (head, unit, tail)


def test_the_editor_is_tested_with_the_messages_that_the_kernel_gives():
    path = Path(__file__).parent.parent / "labextension" / "tests" / "language" / "kernel_messages.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    said = {case["about"]: [p.message for p in outcome(Cell, CellError, case["cell"]).problems] for case in MISTAKES}
    assert said == known, "run labextension/tests/language/kernel_messages.py"
