"""Patterns and JSON schemas of visitors: they check, they say why, and never hang."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.json_schema import SchemaError, mismatch, read_json, schema_problem
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
        (r"^[\w.]{1,64}@[\w.]{1,255}$", None),
    ],
    ids=["broken", "counts", "recursion", "depth", "length", "good"],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern, problem):
    assert pattern_problem(pattern) == problem


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"dish": "dosa", "minutes": 20, "tags": [1, True, {}, []]}, None),
        ({"dish": "dosa"}, "$: 'minutes' is a required property"),
        ({"dish": "dosa", "minutes": 0}, "$.minutes: 0 is less than the minimum of 1"),
        ({"dish": "d 1", "minutes": 1}, r"$.dish: 'd 1' does not match '^\\p{L}+$'"),
        (
            {"dish": "a", "minutes": 1, "tags": [{"a": 1}, 2, {"a": 1.0}]},
            "$.tags: an item stands in the list twice",
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
            "the schema is no JSON: line 1, column 2: "
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


def test_nothing_is_fetched_for_a_reference():
    with pytest.raises(SchemaError, match=r"nothing is at the reference 'http:"):
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
    with pytest.raises(SchemaError, match="the schema asks for too much"):
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
