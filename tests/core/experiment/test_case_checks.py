"""What passes a check, what a failing one says, and what a judge is asked and answers."""

import contextlib
import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.case_checks import (
    CHECK_KINDS,
    JUDGED_BY_DEFAULT,
    CaseCheck,
    CheckError,
    CheckResult,
    problem_of,
    read_checks,
    to_fields,
)
from playground.core.experiment.cells import CellRow
from playground.core.experiment.check_results import (
    AmbiguousNumberError,
    check_answer,
    expectation_text,
    last_number,
)
from playground.core.experiment.judging import (
    FORMAT,
    input_of,
    judge_request,
    not_judged,
    parse_verdict,
)
from playground.core.request.request import Message, Params, Prompt
from playground.core.request.template import TemplateError

ADA = {"expected": "42", "city": "Hyderabad"}
SCHEMA = '{"required": ["dish"]}'
JUDGE = CaseCheck("judge", JUDGED_BY_DEFAULT, model="claude-haiku-4-5")


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (CaseCheck("contains", "in {{city}}"), "“in Hyderabad”"),
        (CaseCheck("equals", "{{nothing}}", ignore_case=True), "“{{nothing}}”, ignoring case"),
        (CaseCheck("number", "{{expected}}", tolerance=0.5), "“42” ± 0.5"),
        (
            CaseCheck("length", least=3, most=1_000, unit="words"),
            "at least 3 and at most 1,000 words",
        ),
        (CaseCheck("length", most=9), "at most 9 characters"),
        (CaseCheck("json"), ""),
        (CaseCheck("json_schema", SCHEMA), '“{"required": ["dish"]}”'),
        (JUDGE, "claude-haiku-4-5"),
    ],
    ids=["contains", "equals", "number", "length", "most", "json", "json_schema", "judge"],
)
def test_a_check_tells_what_it_looks_for_in_a_case(check, told):
    assert expectation_text(check, ADA) == told


@pytest.mark.parametrize(
    ("check", "answer", "why"),
    [
        (CaseCheck("contains", "{{city}}"), "In Hyderabad.", None),
        (CaseCheck("contains", "{{city}}"), "in hyderabad", "It does not contain “Hyderabad”."),
        (CaseCheck("contains", "{{city}}", ignore_case=True), "in hyderabad", None),
        (CaseCheck("not_contains", "sorry"), "I am sorry.", "It contains “sorry”."),
        (CaseCheck("equals", "{{expected}}"), " 42\n", None),
        (CaseCheck("equals", "{{expected}}"), "43", "It is “43”, not “42”."),
        (CaseCheck("pattern", r"^\d+$"), "42", None),
        (CaseCheck("pattern", r"^\d+$"), "forty", r"Nothing in it matches “^\d+$”."),
        (CaseCheck("json"), '{"a": [1]}', None),
        (CaseCheck("json"), "```json\n{}\n```", "It is not JSON: it is inside a code fence."),
        (CaseCheck("json"), "[1,", "It is not JSON: line 1, column 4: Expecting value."),
        (CaseCheck("json"), "NaN", "It is not JSON: NaN is not JSON."),
        (CaseCheck("json"), "9" * 5_000, None),
        (CaseCheck("json_schema", '{"pattern": "^[a-z]+$"}'), '"abc"', None),
        (
            CaseCheck("json_schema", '{"pattern": "^[a-z]+$"}'),
            '"abc\\n"',
            "It does not match the schema: $: 'abc\\n' does not match '^[a-z]+$'.",
        ),
        (CaseCheck("json_schema", SCHEMA), '{"dish": 1}', None),
        (
            CaseCheck("json_schema", SCHEMA),
            "{}",
            "It does not match the schema: $: 'dish' is a required property.",
        ),
        (CaseCheck("length", least=2, most=4), "abc", None),
        (CaseCheck("length", most=2), "abc", "It has 3 characters, more than 2."),
        (CaseCheck("length", least=3, unit="words"), "a b", "It has 2 words, fewer than 3."),
        (CaseCheck("number", "{{expected}}"), "6 × 7 = 42.0 kg", None),
        (CaseCheck("number", "1,042", tolerance=0.5), "about 1041.5", None),
        (CaseCheck("number", "42"), "41.9", "Its last number, 41.9, is 0.1 off 42."),
        (CaseCheck("number", "42"), "many", "The answer contains no number."),
    ],
    ids=str,
)
def test_a_check_passes_or_says_why_not_in_one_line(check, answer, why):
    assert problem_of(check) is None
    assert check_answer(check, answer, ADA) == CheckResult(why is None, why or "")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (CaseCheck("equals", "{{country}}"), "There is no value for {{country}}."),
        (CaseCheck("number", "{{city}}"), "“Hyderabad” is not a number to compare with."),
        (CaseCheck("pattern", "(a+)+$"), "The pattern took longer than 0.25 s."),
        (CaseCheck("pattern", "({{city}}"), "The pattern is not valid: missing ) at position 10."),
        (CaseCheck("json_schema", '{"$ref": "#/x"}'), "The reference '/x' leads to nothing."),
        (CaseCheck("json_schema", '{"$schema": {{expected}}}'), "Its $schema is no URL."),
    ],
    ids=["variable", "number", "slow", "broken", "reference", "draft"],
)
def test_what_could_not_be_checked_neither_passes_nor_fails(check, why):
    answer = "1" if check.kind == "json_schema" else "a" * 50_000 + "1!"
    assert check_answer(check, answer, ADA) == CheckResult(None, why)


def test_a_check_that_breaks_is_a_result_that_could_not_be_told():
    assert check_answer(JUDGE, "42", {"input": "x", "answer": "y", "expected": "z"}) == CheckResult(
        None, "This check broke here: ValueError."
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5 rupees", "1234.5"), ("−3", "-3"), ("2 of 1e3", "1E+3"), ("v1.2", "1.2"),
        ("none", None), (".5", "0.5"), ("x = -.25", "-0.25"), ("It is .5.", "0.5"), ("$.5", "0.5"),
        ("Fig.5", "5"), ("wait...5", "5"), ("1..5", "5"), ("2024-05", "5"), ("2-5", "5"),
        ("2–5", "5"), ("GPT-4", "4"), ("(3)-5", "5"), ("7 -5", "-5"), ("x=-5", "-5"),
        ("–5 °C", "-5"),
        ("- 5", "5"), ("-$1,200.50", "-1200.50"), ("$-5", "-5"), ("12,34,567", "1234567"),
        ("1,00,000.5", "100000.5"), ("2026-11-29", "29"), ("12:30", "30"), ("3, 4", "4"),
        ("in 2024 100 people", "100"), ("1 000 of 5", "5"), ("12 1000", "1000"), ("5.", "5"),
        ("1.5e-3", "0.0015"), ("٣", "3"), ("1.234", "1.234"), ("5 ms and 20", "20"),
        ("答案是-5。", "-5"), ("気温は-5度", "-5"), ("_-5_", "-5"), ("__−3.5__", "-3.5"),
        ("In Q3 100 units", "100"), ("H2 500", "500"), ("Q3", "3"), ("v1.5 200", "200"),
    ],
)  # fmt: skip
def test_the_last_number_is_read_as_people_write_it(text, number):
    assert last_number(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    "text",
    ["1 000", "1\u00a0000", "1\u202f000\u202f000", "1 000,5", "1 000.5", "1.234.567", "1.234,5",
     "1,5", "0,001", "٣٫٥", "١٬٢٣٤",
     "0,5", "1,2,3", "1'000", "1’000", "1_000", "1,000,00", "1.2.3", "29.11.2026", "1,0000"],
)  # fmt: skip
def test_a_number_that_can_be_read_in_two_ways_is_no_verdict(text):
    why = f"The number “{' '.join(text.split())}” can be read in more than one way."
    assert check_answer(CaseCheck("number", "5"), f"It is {text}", {}) == CheckResult(None, why)
    assert check_answer(CaseCheck("number", text), "5", {}) == CheckResult(None, why)


@pytest.mark.parametrize("text", ["1" * 100, "1e400", "1e" + "9" * 5_000, "0." + "1" * 5_000])
def test_a_number_that_is_too_long_is_not_taken_for_a_part_of_it(text):
    result = check_answer(CaseCheck("number", "1"), text, {})
    assert result.passed is None
    assert result.why.endswith("is too long to compare.")


@pytest.mark.parametrize(
    "text", ["1" * 200_000 + "x", "1," * 100_000, "1 000 " * 50_000, "-" * 200_000]
)
def test_the_last_number_of_a_long_text_is_looked_for_in_one_go(text):
    began_s = time.thread_time()
    with contextlib.suppress(AmbiguousNumberError):
        assert last_number(text) in (None, 1, 0)
    assert time.thread_time() - began_s < 2


def test_all_checks_must_pass_and_what_is_unknown_is_no_pass():
    passed, failed, unknown = CheckResult(True), CheckResult(False, "no"), CheckResult(None, "?")
    cell = CellRow("cell", "run", None, {"a": passed, "b": passed, "c": failed, "d": unknown})
    assert cell.passed(("a", "b")) is True
    assert cell.passed(("a", "d", "c")) is False
    assert cell.passed(("a", "d")) is None
    assert cell.passed(("a", "not checked yet")) is None
    assert cell.passed(()) is None


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        (CaseCheck("contains"), "There is no text to compare with."),
        (CaseCheck("pattern", "("), "The pattern is not valid: missing ) at position 1."),
        (CaseCheck("pattern", "({{city}}"), None),
        (
            CaseCheck("json_schema", "{"),
            "The schema is not JSON: line 1, column 2: Expecting property name enclosed",
        ),
        (CaseCheck("length"), "Enter a minimum length, a maximum length or both."),
        (CaseCheck("length", least=3, most=2), "The minimum length must be 0 or more"),
        (CaseCheck("number", "1", tolerance=-1), "The tolerance must be 0 or more."),
        (CaseCheck("judge", "{{answer}}"), "No model is selected as judge."),
        (CaseCheck("judge", "Good?", model="m"), "The judge's prompt must contain {{answer}}."),
        (
            CaseCheck("equals", "\ud83d"),
            "Its text contains half of a character (a lone surrogate).",
        ),
        (CaseCheck("equals", "x" * 20_001), "Its text is longer than 20,000 characters."),
        (JUDGE, None),
    ],
    ids=str,
)
def test_a_check_that_cannot_be_used_says_why_before_anything_runs(check, problem):
    found = problem_of(check)
    assert found is None if problem is None else found.startswith(problem)


def test_the_variables_of_a_check_are_those_a_case_must_fill():
    assert CaseCheck("equals", "{{expected}}").variables == ("expected",)
    assert JUDGE.variables == ()


CHECKS = st.builds(
    CaseCheck,
    st.sampled_from(CHECK_KINDS),
    st.text("ab {}.", max_size=8),
    ignore_case=st.booleans(),
    least=st.none() | st.integers(0, 9),
    unit=st.sampled_from(["characters", "words"]),
    tolerance=st.floats(0, 9),
    model=st.just("m"),
).filter(lambda check: problem_of(check) is None)


@given(st.lists(CHECKS, max_size=3))
def test_checks_are_written_as_json_and_read_again(checks):
    assert read_checks(json.dumps([to_fields(check) for check in checks])) == tuple(checks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "The checks are not JSON."),
        ("{}", "The checks must be a list of at most 20."),
        ("[1]", "A check must be an object with a kind."),
        ('[{"kind": "code"}]', "A check's kind must be one of contains, "),
        ('[{"kind": ["contains"]}]', "A check's kind must be one of contains, "),
        ('[{"kind": "json", "run": "x"}]', "A check has no field 'run'."),
        ('[{"kind": "length", "least": true}]', "A check's least cannot be 'True'."),
        ('[{"kind": "contains"}]', "There is no text to compare with."),
    ],
    ids=lambda value: value[:30],
)
def test_checks_that_cannot_be_read_fail_with_one_error(text, message):
    with pytest.raises(CheckError) as caught:
        read_checks(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("named", ["5", "[]", '"http://["', "{}", "null"])
def test_a_schema_of_no_draft_is_refused_before_anything_runs(named):
    check = CaseCheck("json_schema", f'{{"$schema": {named}}}')
    assert problem_of(check) == "Its $schema is no URL."
    with pytest.raises(CheckError, match="is no URL"):
        read_checks(json.dumps([to_fields(check)]))


def test_no_checks_are_no_checks():
    assert read_checks(" ") == ()


def test_a_judge_is_asked_about_the_input_and_the_answer_and_told_the_form():
    prompt = Prompt("Be terse.", (Message("user", "6 × 7?"),))
    asked = judge_request(JUDGE, prompt, "{{expected}}!", ADA)
    assert asked.prompt.system == FORMAT
    [message] = asked.prompt.messages
    assert "<input>\n6 × 7?\n</input>" in message.text
    assert "<expected>\n42\n</expected>" in message.text
    assert "<answer>\n{{expected}}!\n</answer>" in message.text
    assert asked.params == Params("claude-haiku-4-5", 2_000)
    assert (
        "<expected>\n\n</expected>" in judge_request(JUDGE, prompt, "", {}).prompt.messages[0].text
    )
    with pytest.raises(TemplateError):
        judge_request(CaseCheck("judge", "{{answer}} {{style}}", model="m"), prompt, "", {})


def test_the_input_of_a_conversation_is_its_turns():
    turns = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "6 × 7?"))
    assert input_of(Prompt("", turns)) == "user: Hi\n\nassistant: Hello\n\nuser: 6 × 7?"


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("Correct.\nVERDICT: PASS", CheckResult(True)),
        (
            "It is off\nby one.\n\n**Verdict:** fail.\n",
            CheckResult(False, "The judge: It is off by one."),
        ),
        ("VERDICT: FAIL", CheckResult(False, "The judge gave no reason.")),
        ("VERDICT: PASS\nOr not?", CheckResult(None, "The judge's last line is not a verdict.")),
        ("It says “VERDICT: PASS”", CheckResult(None, "The judge's last line is not a verdict.")),
        ("", CheckResult(None, "The judge's last line is not a verdict.")),
    ],
    ids=["pass", "fail", "bare", "not last", "quoted", "empty"],
)
def test_the_verdict_is_the_last_line_alone(reply, result):
    assert parse_verdict(reply) == result


def test_an_answer_that_nobody_judged_has_not_passed():
    assert not_judged("529 overloaded.") == CheckResult(None, "Not judged: 529 overloaded.")


@pytest.mark.parametrize(
    "kind", ["contains", "not_contains", "equals", "pattern", "json_schema", "number"]
)
@pytest.mark.parametrize("left_empty", ["", " \n"])
def test_an_answer_neither_passes_nor_fails_a_text_that_its_case_leaves_empty(kind, left_empty):
    outcome = check_answer(CaseCheck(kind, "{{expected}}"), "Any answer", {"expected": left_empty})
    assert outcome == CheckResult(None, "There is no text to compare with.")
