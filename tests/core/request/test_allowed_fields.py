"""What strangers may send with the owner's key, and what a refusal says."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from playground.core.answer.retry import RetryPolicy
from playground.core.request.allowed_fields import first_not_allowed
from playground.core.request.connection import CLAUDE, Connection
from playground.core.request.extra_json import quoted
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
STRANGER = RunContext(CLAUDE, RetryPolicy(), (), NOW, key_holder="owner", is_stranger=True)
URL = {"type": "url", "url": "https://x.example/a.pdf"}
TEXT = {"type": "text", "text": "Hi"}


def content(*blocks):
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def result(*blocks):
    return {"type": "tool_result", "tool_use_id": "t", "content": list(blocks)}


def planned(extra, context=STRANGER):
    params = Params("claude-sonnet-5-5", 300, extra_json=json.dumps(extra))
    return plan(context, Variant("A", Request(Prompt("", (Message("user", "Hi"),)), params)))


@pytest.mark.parametrize(
    ("extra", "place"),
    [
        ({"tools": [{"type": "web_search_20250305", "max_uses": 100}]}, "tools[0].type"),
        ({"tools": [{"type": "code_execution_20260521"}]}, "tools[0].type"),
        ({"tools": [{"name": "t", "allowed_callers": ["direct"]}]}, "tools[0].allowed_callers"),
        ({"tools": [{"name": "t"}, {"type": "bash_20250124"}]}, "tools[1].type"),
        ({"tools": [{"type": ["custom"]}]}, "tools[0].type"),
        ({"tools": {"type": "custom"}}, "tools"),
        ({"mcp_servers": [URL]}, "mcp_servers"),
        ({"container": "container_1"}, "container"),
        ({"speed": "fast"}, "speed"),
        ({"fallbacks": []}, "fallbacks"),
        ({"fallbacks": None}, "fallbacks"),
        ({"service_tier": "priority"}, "service_tier"),
        ({"inference_geo": "us"}, "inference_geo"),
        ({"diagnostics": {"previous_message_id": "msg_1"}}, "diagnostics"),
        ({"betas": ["mcp-client-2025-11-20"]}, "betas"),
        ({"anthropic-beta": "x"}, "anthropic-beta"),
        ({"extra_headers": {"anthropic-beta": "x"}}, "extra_headers"),
        ({"user_profile_id": "p"}, "user_profile_id"),
        ({"workspace_id": "w"}, "workspace_id"),
        ({"context_management": {}}, "context_management"),
        ({"": 1}, ""),
        ({"output_config": {"task_budget": 1}}, "output_config.task_budget"),
        ({"thinking": {"type": "adaptive", "block_binding": {}}}, "thinking.block_binding"),
        (content({"type": "image", "source": URL}), "messages[0].content[0].source.type"),
        (content(TEXT, {"type": "document", "source": URL}), "messages[0].content[1].source.type"),
        (
            content({"type": "document", "source": {"type": "file", "file_id": "f"}}),
            "messages[0].content[0].source.type",
        ),
        (
            content({"type": "image", "source": {"type": "base64", "url": "https://x.example"}}),
            "messages[0].content[0].source.url",
        ),
        (content(result({"type": "image", "source": URL})),
         "messages[0].content[0].content[0].source.type"),
        (
            content(
                {
                    "type": "document",
                    "source": {"type": "content", "content": [{"type": "image", "source": URL}]},
                }
            ),
            "messages[0].content[0].source.content[0].source.type",
        ),
        (content({"type": "container_upload"}), "messages[0].content[0].type"),
        (content({"type": "server_tool_use"}), "messages[0].content[0].type"),
        (content({"type": "mcp_tool_use"}), "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": "x", "cache": 1}]}, "messages[0].cache"),
        ({"system": [{"type": "image", "source": URL}]}, "system[0].type"),
        ({"metadata": {"user_id": {"a": 1}}}, "metadata.user_id"),
        ({"temperature": {"url": "https://x.example"}}, "temperature"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_with_its_name_and_a_way_out(extra, place):
    assert first_not_allowed(extra) == place
    found = planned(extra)
    assert found.why_not == (
        f"{quoted(place)} in the extra JSON is not sent with the key of this app's owner. "
        "Remove it, or enter a key of your own."
    )
    assert not found.can_count
    server = Connection("server", "s", "http://s")
    assert planned(extra, replace(STRANGER, connection=server)).why_not.endswith(". Remove it.")


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ({"type": "container_upload", "file_id": "f"}, "type"),
        ({"type": "mcp_tool_use", "id": "m"}, "type"),
        ({"type": "web_fetch_tool_result", "content": {"type": "document", "source": URL}}, "type"),
        ({"type": "text", "text": "Hi", "new": 1}, "new"),
    ],
)
def test_blocks_of_an_answer_are_kept_to_the_list_as_well(block, place):
    def planned(context, *blocks):
        turns = Message("user", "Hi"), Message("assistant", "", json.dumps(blocks))
        result = Message("user", "9 °C", result_of="t")
        prompt = Prompt("", (*turns, result, Message("user", "Go on")))
        return plan(context, Variant("A", Request(prompt, Params("claude-sonnet-5-5", 300))))

    known = (
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "Hi", "citations": None},
        {
            "type": "tool_use",
            "id": "t",
            "name": "n",
            "input": {"type": "image", "source": URL},
            "caller": {"type": "direct"},
            "toolset_name": None,
        },
    )
    assert planned(STRANGER, *known).why_not is None
    assert planned(STRANGER, *known, block).why_not == (
        f"`messages[1].content[3].{place}` of a message's blocks is not sent with the key of this "
        "app's owner. Remove it, or enter a key of your own."
    )
    assert planned(replace(STRANGER, is_stranger=False), *known, block).why_not is None


@pytest.mark.parametrize(
    "context",
    [
        replace(STRANGER, is_stranger=False),
        replace(STRANGER, key_holder="visitor"),
        replace(STRANGER, key_holder="nobody"),
    ],
    ids=["at this machine", "a key of their own", "no key"],
)
def test_the_list_binds_nobody_else(context):
    assert planned({"container": "c", "speed": "fast"}, context).can_run


@pytest.mark.parametrize(
    "extra",
    [
        {"tools": [{"name": "t", "description": "d", "input_schema": {"$ref": "https://x"}}]},
        {"tools": [{"type": "custom", "strict": True}], "tool_choice": {"type": "any"}},
        {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"a": 1}}}},
        {"system": [TEXT | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        content({"type": "image", "source": {"type": "base64", "media_type": "m", "data": "d"}}),
        content({"type": "document", "source": {"type": "text", "data": "d"}, "title": "t"}),
        content(result(TEXT), TEXT),
        content({"type": "tool_use", "id": "t", "name": "n", "input": {"a": [1]}}),
        {"service_tier": "standard_only", "speed": None, "metadata": {"user_id": "7"}},
        {"stop_sequences": ["x"], "temperature": 1, "thinking": {"type": "disabled"}},
    ],
)  # fmt: skip
def test_what_is_on_the_list_goes_out(extra):
    assert first_not_allowed(extra) is None
    assert planned(extra).can_run


@pytest.mark.parametrize(
    "params",
    [
        Params("claude-haiku-4-5", 9, 0.5, 0.5, 5, stop_sequences=("x",), cache="1h"),
        Params("claude-opus-4-6", 9, thinking="adaptive", effort="low", service_tier="auto"),
        Params("claude-haiku-4-5", 9_000, thinking="budget", thinking_budget_tokens=1024),
    ],
)
def test_every_field_of_the_form_is_on_the_list(params):
    request = Request(Prompt("Be brief.", (Message("user", "Hi"),)), params)
    found = plan(STRANGER, Variant("A", request))
    assert found.can_run
    assert first_not_allowed(found.wire.body) is None
