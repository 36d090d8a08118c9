"""The demo calls a tool that it is made to call, and fills a schema that it is given."""

import json
import random
from dataclasses import replace

import jsonschema
import pytest
from demo_runs import DOSA, run_on_demo

from playground.claude.demo.filling import filled
from playground.core.answer.content import TextBlock, ToolUseBlock

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
TOOLS = [
    {"name": "get_time", "input_schema": {"type": "object", "properties": {}}},
    {"name": "get_weather", "description": "The weather.", "input_schema": WEATHER},
]
SCHEMAS = [
    {}, WEATHER, {"type": "string", "format": "date"}, {"type": ["null", "number"]},
    {"type": "array", "items": WEATHER, "minItems": 2, "maxItems": 3}, {"const": 7},
    {"type": "number", "maximum": -3}, {"type": "string", "minLength": 40, "maxLength": 50},
    {"anyOf": [{"type": "boolean"}, {"type": "null"}]}, {"type": "null"},
    {"$defs": {"x": {"enum": [1, 2]}}, "type": "object",
     "properties": {"a": {"$ref": "#/$defs/x"}}, "required": ["a"]},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=repr)
def test_what_is_filled_is_of_its_schema(schema):
    for seed in range(20):
        found = filled(schema, random.Random(seed), lambda: "some words")
        jsonschema.validate(found, schema)
        assert found == filled(schema, random.Random(seed), lambda: "some words")


@pytest.mark.parametrize(
    "schema",
    [7, {"$ref": "#"}, {"$ref": "#/x/y"}, {"$ref": "https://example.org"}, {"anyOf": [7]},
     {"type": "of_2027"}, {"type": "array", "minItems": 10**9}, {"enum": []},
     {"type": "object", "properties": {"a": {"$ref": "#"}}}],
    ids=repr,
)  # fmt: skip
def test_a_schema_that_cannot_be_followed_is_filled_with_something_small(schema):
    assert len(json.dumps(filled(schema, random.Random(1), lambda: "x"))) < 20_000


def run_with(max_tokens=300, **extra):
    params = replace(DOSA.params, max_tokens=max_tokens, extra_json=json.dumps(extra))
    return run_on_demo(replace(DOSA, params=params))


def test_a_forced_tool_is_called_with_an_input_of_its_schema():
    choice = {"type": "tool", "name": "get_weather"}
    run = run_with(tools=TOOLS, tool_choice=choice)
    assert (run.status, run.stop_reason) == ("done", "tool_use")
    [call] = run.blocks
    assert isinstance(call, ToolUseBlock)
    assert call.name == "get_weather"
    jsonschema.validate(json.loads(call.input_json), WEATHER)
    [call] = run_with(tools=TOOLS, tool_choice={"type": "any"}).blocks
    assert (call.name, json.loads(call.input_json)) == ("get_time", {})


def test_a_tool_that_may_be_called_need_not_be():
    run = run_with(tools=TOOLS, tool_choice={"type": "auto"})
    assert [type(block) for block in run.blocks] == [TextBlock]


def test_a_call_is_cut_at_max_tokens():
    choice = {"type": "tool", "name": "get_weather"}
    run = run_with(5, tools=TOOLS, tool_choice=choice)
    assert run.stop_reason == "max_tokens"
    [call] = run.blocks
    with pytest.raises(ValueError, match="line 1"):
        json.loads(call.input_json)


def test_an_answer_in_json_is_of_its_schema():
    shape = {"type": "json_schema", "schema": WEATHER}
    run = run_with(output_config={"format": shape})
    assert run.stop_reason == "end_turn"
    jsonschema.validate(json.loads(run.text), WEATHER)
