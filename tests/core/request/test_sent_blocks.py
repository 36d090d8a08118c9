"""Only blocks of an answer go back as they came."""

import json

import pytest

from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.request.request_fields import (
    FieldsError,
    request_from_fields,
    request_to_fields,
)
from playground.core.request.sent_blocks import (
    BlocksError,
    block_summary,
    read_blocks,
    write_blocks,
)

BLOCKS = [
    {"type": "thinking", "thinking": "Hm", "signature": "sig"},
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "<b>é"}},
    {"type": "of_2027", "x": [1.5, None]},
]


def test_what_is_written_is_read_and_named():
    assert read_blocks(write_blocks(BLOCKS)) == BLOCKS
    assert block_summary(write_blocks(BLOCKS)) == (
        "3 blocks of an answer, sent as they came: thinking, server_tool_use web_search, of_2027"
    )
    assert block_summary('[{"type": "x", "name": 7}]') == "1 block of an answer, sent as it came: x"


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[]", "[7]", '["x"]', "[{}]", '[{"type": 7}]', "[" * 200, "null",
     '[{"type": "image", "source": {"type": "url", "url": "https://x.example"}}]',
     '[{"type": "text", "text": "x"}, {"type": "tool_result"}]', '[{"type": "document"}]',
     json.dumps([{"type": "text"}] * 1_001), '[{"type": "x", "n": 1e400}]',
     '[{"type": "x", "n": "\\ud83d"}]', '[{"type": "x", "n": -Infinity}]',
     '[{"type": "x", "n": NaN}]'],
)  # fmt: skip
def test_anything_else_is_refused_wherever_it_comes_from(text):
    with pytest.raises(BlocksError):
        read_blocks(text)
    request = Request(Prompt("", (Message("assistant", "x", text or "x"),)), Params("m", 1))
    with pytest.raises(FieldsError):
        request_from_fields(request_to_fields(request))


def test_only_the_assistant_has_them_and_a_message_without_is_written_as_ever():
    held = Message("assistant", "", write_blocks(BLOCKS))
    request = Request(Prompt("", (Message("user", ""), held)), Params("m", 1))
    fields = request_to_fields(request)
    assert request_from_fields(fields) == request
    assert fields["messages"][0] == {"role": "user", "text": ""}
    fields["messages"][1]["role"] = "user"
    with pytest.raises(FieldsError, match="Only an assistant message"):
        request_from_fields(fields)


@pytest.mark.parametrize(
    "more",
    [{"role": "assistant"}, {"role": "system"}, {"result_of": 7}, {"result_of": "\ud83d"},
     {"blocks_json": write_blocks(BLOCKS)}],
)  # fmt: skip
def test_only_a_text_of_the_users_is_the_result_of_a_tool(more):
    given = {"role": "user", "text": "9 °C", "result_of": "t"}
    fields = {"system": "", "messages": [given], "params": {"model": "m", "max_tokens": 1}}
    request = request_from_fields(fields)
    assert request.prompt.messages == (Message("user", "9 °C", result_of="t"),)
    assert request_to_fields(request)["messages"] == [given]
    fields["messages"] = [given | more]
    with pytest.raises(FieldsError):
        request_from_fields(fields)
