"""Only blocks of an answer go back as they came."""

import json

import pytest

from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.request.request_fields import (
    FieldsError,
    request_from_fields,
    request_to_fields,
)
from playground.core.request.sent_blocks import BlocksError, named, read_blocks, write_blocks

BLOCKS = [
    {"type": "thinking", "thinking": "Hm", "signature": "sig"},
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "<b>é"}},
    {"type": "of_2027", "x": [1.5, None]},
]


def test_what_is_written_is_read_and_named():
    assert read_blocks(write_blocks(BLOCKS)) == BLOCKS
    assert named(write_blocks(BLOCKS)) == (
        "3 blocks of an answer, sent as they came: thinking, server_tool_use web_search, of_2027"
    )
    assert named('[{"type": "x", "name": 7}]') == "1 block of an answer, sent as they came: x"


@pytest.mark.parametrize(
    "text",
    ["", "{", "{}", "[]", "[7]", '["x"]', "[{}]", '[{"type": 7}]', "[" * 200, "null",
     '[{"type": "image", "source": {"type": "url", "url": "https://x.example"}}]',
     '[{"type": "text", "text": "x"}, {"type": "tool_result"}]', '[{"type": "document"}]',
     json.dumps([{"type": "text"}] * 1_001)],
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
    with pytest.raises(FieldsError, match="Only the assistant"):
        request_from_fields(fields)
