"""Patterns and JSON schemas of visitors: they check, they say why, and never hang."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.json_schema import (
    LONGEST_S,
    SchemaError,
    json_problem,
    mismatch,
    read_json,
    schema_problem,
)
from playground.core.experiment.patterns import PatternError, is_found, pattern_problem

DISH = json.dumps(
    {
        "type": "object",
        "required": ["dish", "minutes"],
        "properties": {
            "dish": {"type": "string", "pattern": r"^\p{L}+$"},
            "minutes": {"$ref": "#/$defs/positive"},
            "tags": {"type": "array", "uniqueItems": True},
        },
        "additionalProperties": False,
        "$defs": {"positive": {"type": "integer", "minimum": 1}},
    }
)
HOSTILE = [r"(a+)+$", "(?:a|a)*b", "(a*)*b{2}", r"(.*)*x", r"(?:(?=(a+))a)*b"]


def test_a_pattern_is_looked_for_anywhere():
    assert is_found(r"\d{4}-\d{2}", "on 2026-11-24")
    assert is_found("DOSA", "crisp dosa", ignore_case=True)
    assert not is_found("DOSA", "crisp dosa")


@pytest.mark.parametrize("pattern", HOSTILE)
def test_a_hostile_pattern_ends_within_a_moment(pattern):
    began_s = time.monotonic()
    with contextlib.suppress(PatternError):
        assert is_found(pattern, "a" * 40_000 + "!") in (True, False)
    assert time.monotonic() - began_s < 3


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "the pattern is not valid: missing ) at position 1"),
        ("((a{1000}){1000}){1000}", "the pattern's counts multiply to more than 20,000"),
        ("a(?R)?b", "the pattern calls itself, which is not supported"),
        ("(" * 450 + ")" * 450, "the pattern is nested too deeply"),
        ("x" * 1_001, "the pattern is longer than 1,000 characters"),
        ("(?:ab){10001}", "the pattern's counts multiply to more than 20,000"),
        (r"\[(a{1000}){21}]", "the pattern's counts multiply to more than 20,000"),
        ("(?#[)(a{1000}){1000}", "the pattern's counts multiply to more than 20,000"),
        ("a{99999999999999999999}", "the pattern's counts multiply to more than 20,000"),
        ("(a{1000}){1000}?", "the pattern's counts multiply to more than 20,000"),
        ("(?x)#[\n(a{1000}){1000}#]", "the pattern's counts multiply to more than 20,000"),
        ("(?x)a(?R)?", "the pattern calls itself, which is not supported"),
        (r"(?P<a>x)(?P>a)", "the pattern calls itself, which is not supported"),
        ("(?V1)a", "the pattern is not valid: VERSION0 and VERSION1 flags are mutually"),
    ],
    ids=str,
)
def test_a_pattern_that_cannot_be_used_says_why(pattern, problem):
    assert (pattern_problem(pattern) or "").startswith(problem)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[\w.]{1,64}@[\w.]{1,255}$", "ada@example.com"),
        (r'\{"total": 25000\}', '{"total": 25000}'),
        ("[{]2026-11-29", "{2026-11-29"),
        (r"[\]{]90000", "{90000"),
        ("[]{]90000", "]90000"),
        ("[[:alpha:]{]90000", "{90000"),
        (r"\(?555\)?-1234", "(555)-1234"),
        (r"[(?R]+1", "(R1"),
        (r"\(?R", "(R"),
        ("{90000", "{90000"),
        ("(?x) a b # [", "ab"),
        ("^a{1000}b{1000}c{1000}$", "a" * 1000 + "b" * 1000 + "c" * 1000),
        ("^.{1,30000}$", "a" * 30_000),
    ],
    ids=str,
)
def test_a_valid_pattern_is_not_refused(pattern, text):
    assert pattern_problem(pattern) is None
    assert is_found(pattern, text)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"dish": "dosa", "minutes": 20, "tags": [1, True, {}, []]}, None),
        ({"dish": "dosa"}, "$: 'minutes' is a required property"),
        ({"dish": "dosa", "minutes": 0}, "$.minutes: 0 is less than the minimum of 1"),
        ({"dish": "d 1", "minutes": 1}, r"$.dish: 'd 1' does not match '^\\p{L}+$'"),
        (
            {"dish": "a", "minutes": 1, "tags": [{"a": 1}, 2, {"a": 1.0}]},
            "$.tags: an item is in the list twice",
        ),
        ([], "$: [] is not of type 'object'"),
    ],
    ids=str,
)
def test_an_answer_that_does_not_match_says_where_and_how(answer, why):
    assert mismatch(DISH, answer) == why


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("", "it is empty"),
        (
            "{",
            "the schema is not JSON: line 1, column 2: "
            "Expecting property name enclosed in double quotes",
        ),
        ("[]", "it must be an object: {…}"),
        ('{"type": "objekt"}', "$.type: 'objekt' is not valid under any of the given schemas"),
        ('{"pattern": "("}', "the pattern is not valid: missing ) at position 1"),
        ('{"patternProperties": {"a": {}}}', "patternProperties is not supported"),
        ('{"a":' * 70 + "1" + "}" * 70, "it is nested more than 60 levels deep"),
        ('{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}]}', None),
    ],
    ids=["empty", "no-json", "list", "type", "pattern", "pattern-properties", "deep", "draft-7"],
)
def test_a_schema_that_cannot_be_used_says_why(schema, problem):
    assert schema_problem(schema) == problem


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "object", "properties": {"a": {"$ref": "#/type"}}}, {"a": 1}, "'#/type' leads"),
        ({"required": ["a"], "properties": {"a": {"$ref": "#/required"}}}, {"a": 1}, "not a schem"),
        ({"properties": {"a": {"$ref": "#/properties/b"}}}, {"a": 1}, "leads to nothing"),
        ({"$ref": "#/examples/0", "examples": [{"required": 5}]}, {}, "5 is not of type 'array'"),
        ({"$ref": "#/examples/0", "examples": [{"pattern": "("}]}, "a", "pattern is not valid"),
        ({"$dynamicRef": "#/examples/0", "examples": [{"multipleOf": 0}]}, 5, "0 is less than or"),
        ({"$ref": "#/x", "x": {"patternProperties": {}}}, {}, "patternProperties is not supported"),
        ({"$schema": 5}, {}, r"its \$schema is no URL"),
        ({"$schema": []}, {}, r"its \$schema is no URL"),
        ({"$schema": "http://["}, {}, r"its \$schema is no URL"),
        ({"items": {"$schema": "http://["}}, [1], r"its \$schema is no URL"),
        ({"$id": "http://["}, {}, r"its \$id is no URL"),
        ({"items": {"$id": "http://["}}, [1], r"its \$id is no URL"),
        ({"$ref": "http://["}, {}, r"its \$ref is no URL"),
        ({"multipleOf": float("1e308")}, 5, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_mistake_in_a_schema_is_one_error_wherever_it_is_seen(schema, value, problem):
    text = json.dumps(schema)
    if problem is None:
        assert schema_problem(text) is None
        return
    with pytest.raises(SchemaError, match=problem):
        mismatch(text, value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"examples": [{"pattern": "(unclosed"}], "type": "object"}, {}),
        ({"enum": [{"pattern": "("}]}, {"pattern": "("}),
        ({"const": {"patternProperties": {"(": 1}}}, {"patternProperties": {"(": 1}}),
        ({"default": {"$ref": "#/nothing", "$schema": 5}}, 1),
        ({"properties": {"patternProperties": {"type": "string"}}}, {"patternProperties": "a"}),
        ({"properties": {"pattern": True, "$ref": True}}, {"pattern": "(", "$ref": 1}),
        ({"$ref": "#/parts/all/X", "parts": {"all": {"X": {"type": "null"}}}}, None),
    ],
    ids=str,
)  # fmt: skip
def test_what_stands_where_no_schema_does_is_data(schema, value):
    text = json.dumps(schema)
    assert schema_problem(text) is None
    assert mismatch(text, value) is None


HOSTILE_TEXT = "a" * 40 + "b"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"anyOf": [{"pattern": "^(a|aa)+$"}, True]}}, ["a" * 27 + "b"] * 60),
        (
            {"items": {"$schema": "https://json-schema.org/draft/2020-12/schema",
                       "anyOf": [{"pattern": "^(a|aa)+$"}, True]}},
            [HOSTILE_TEXT] * 60,
        ),
        (
            {"unevaluatedProperties": False, "$dynamicRef": "#/examples/0",
             "examples": [{"if": True, "then": {"patternProperties": {"^(a|aa)+$": {}}}}]},
            {HOSTILE_TEXT: 1},
        ),
        (
            {"$schema": "http://json-schema.org/draft-03/schema#",
             "extends": {"properties": {"a": {"pattern": "^(a|aa)+$"}}}},
            {"a": HOSTILE_TEXT},
        ),
        (
            {"$ref": "#/$defs/d0", "$defs": {
                **{f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)},
                "d30": {"type": "number"}}},
            "x" * 490_000,
        ),
    ],
    ids=["patterns", "of a draft of its own", "in data", "draft 3", "long messages"],
)  # fmt: skip
def test_a_whole_check_ends_within_its_time(schema, value):
    began_s = time.thread_time()
    with contextlib.suppress(SchemaError):
        assert mismatch(json.dumps(schema), value) != ""
    assert time.thread_time() - began_s < 2 * LONGEST_S + 0.5


def test_the_time_of_a_check_counts_all_its_keywords():
    moments_s = iter(range(1_000))
    with pytest.raises(SchemaError, match="the check took longer than 1 s"):
        mismatch('{"type": "object"}', {}, clock=lambda: next(moments_s) / 2)


@pytest.mark.parametrize(
    ("factor", "number", "is_multiple"),
    [
        *[("0.01", text, True) for text in ("19.99", "4.35", "0.07", "1e22", "-0.030", "5", "0")],
        *[("0.01", text, False) for text in ("19.999", "0.010000000000000000001")],
        ("0.1", "0.3", True),
        ("1e-300", "1e300", True),
        ("3", "9" * 900, True),
        ("2", "3", False),
    ],
)
@pytest.mark.parametrize("keyword", ["multipleOf", "divisibleBy"])
def test_a_multiple_is_one_of_the_numbers_as_written(keyword, factor, number, is_multiple):
    draft = "draft-03" if keyword == "divisibleBy" else "draft-07"
    schema = f'{{"$schema": "http://json-schema.org/{draft}/schema#", "{keyword}": {factor}}}'
    why = None if is_multiple else f"$: {number} is not a multiple of {factor}"
    assert mismatch(schema, read_json(number)) == why


def test_every_amount_in_cents_is_a_multiple_of_a_cent():
    amounts = [f"{cents // 100}.{cents % 100:02}" for cents in range(3_000)]
    schema = '{"items": {"multipleOf": 0.01}}'
    assert mismatch(schema, read_json(f"[{','.join(amounts)}]")) is None


@pytest.mark.parametrize(
    ("number", "is_integer"),
    [("1.0", True), ("1e2", True), ("1.00000000000000000000001", False), ("1.5", False)],
)
def test_a_number_is_whole_as_it_is_written(number, is_integer):
    assert (mismatch('{"type": "integer"}', read_json(number)) is None) == is_integer


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("9" * 5_000, "a number in the answer has 5,000 characters"),
        ("0." + "1" * 5_000, "a number in the answer has 5,002 characters"),
        ("[-1e400]", "a number in the answer, -1e400, is beyond those compared here"),
        ("1E-400", "a number in the answer, 1E-400, is beyond those compared here"),
        ("0e999", None),
    ],
    ids=lambda text: text and text[:20],
)
def test_a_number_that_cannot_be_compared_is_json_all_the_same(text, problem):
    assert json_problem(text) is None
    if problem is None:
        assert read_json(text) == 0
        return
    with pytest.raises(SchemaError) as caught:
        read_json(text)
    assert str(caught.value) == problem


def test_no_problem_gives_python_advice():
    assert json_problem("\ufeff{}") == "it begins with a byte order mark (U+FEFF)"
    assert json_problem("[" * 100_000) == "it is nested too deeply"


def test_half_a_character_in_the_name_of_a_property_can_be_shown():
    why = mismatch('{"additionalProperties": {"type": "null"}}', read_json('{"\\ud83d": 1}'))
    assert why == "$['\\ud83d']: 1 is not of type 'null'"


def test_nothing_is_fetched_for_a_reference():
    with pytest.raises(SchemaError, match=r"the reference 'http:"):
        mismatch('{"$ref": "http://127.0.0.1:9/x"}', 1)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {
            "$ref": "#/$defs/d0",
            "$defs": {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}
            | {"d30": False},
        },
    ],
    ids=["itself", "doubling"],
)
def test_references_without_end_are_given_up(schema):
    # On a busy machine the time can be over before the steps are.
    with pytest.raises(SchemaError, match=r"the schema asks for too much|took longer than 1 s"):
        mismatch(json.dumps(schema), 1)


def test_a_list_of_unsortable_items_is_compared_at_once():
    items = [{"number": number} for number in range(20_000)]
    assert mismatch('{"uniqueItems": true}', [*items, None]) is None


@given(st.text('{}[]",:1 \\anult', max_size=30))
def test_whatever_is_read_as_json_is_json_or_one_error(text):
    try:
        value = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            read_json(text)
    else:
        assert read_json(text) == value


@pytest.mark.parametrize(
    "schema", ['{"not": {"$ref": "#"}}', '{"if": {"$ref": "#"}}', '{"contains": {"$ref": "#"}}']
)
def test_a_check_that_goes_on_for_ever_ends_wherever_the_stack_would_overflow(schema):
    answer = read_json("[" * 300 + "]" * 300)

    def checked_beneath(frames):
        if frames:
            checked_beneath(frames - 1)
        else:
            mismatch(schema, answer)

    for frames in range(12):
        with pytest.raises(SchemaError, match="the schema asks for too much"):
            checked_beneath(frames)
