"""The list of an account's models, as the real API and as sparse servers give it."""

import asyncio
import json

from scripted import Script

from playground.claude.models import list_models
from playground.claude.sending import Clients
from playground.core.request.connection import CLAUDE


def read(*answers, key="sk-test"):
    async def work():
        clients = Clients(transport=Script(*answers))
        listed = await list_models(clients, CLAUDE, key)
        await clients.close()
        return listed

    return asyncio.run(work())


def page(*models):
    body = {"data": models, "has_more": False, "first_id": None, "last_id": None}
    return (200, json.dumps(body).encode(), {"content-type": "application/json"})


def supported(*names):
    return {"supported": True} | {name: {"supported": True} for name in names}


def test_a_full_entry_is_read_whole():
    [model] = read(
        page(
            {
                "type": "model",
                "id": "claude-future-1",
                "display_name": "Claude Future",
                "created_at": "2027-01-02T00:00:00Z",
                "lifecycle": "deprecated",
                "retires_at": "2027-12-31T00:00:00Z",
                "line": "opus",
                "max_input_tokens": 2_000_000,
                "max_tokens": 256_000,
                "capabilities": {
                    "effort": supported("low", "max"),
                    "thinking": {"supported": True, "types": supported("adaptive")},
                },
            }
        )
    )
    assert (model.name, model.context_tokens, model.max_output_tokens) == (
        "Claude Future", 2_000_000, 256_000,
    )  # fmt: skip
    assert model.efforts == ("low", "max")
    assert model.thinking_types == {"adaptive"}
    assert str(model.retires_on) == "2027-12-31"


def test_a_key_that_the_server_echoes_is_masked_wherever_it_stands():
    key = "sk-ant-api03-0123456789abcdef"
    entry = {name: f"a {key} b" for name in ("id", "display_name", "line", "lifecycle")}
    [model] = read(page(entry), key=key)
    assert key not in repr(model)
    assert model.name == "a … b"


def test_a_sparse_entry_is_read_too_and_a_retired_one_left_out():
    models = read(page({"id": "tiny", "object": "model"}, {"id": "old", "lifecycle": "retired"}))
    assert [model.id for model in models] == ["tiny"]


def test_a_refusal_is_a_failure_and_not_an_exception():
    refused = (401, b'{"type":"error","error":{"type":"authentication_error","message":"no"}}')
    assert read(refused).kind == "authentication"
    assert read((200, b"<html>", {"content-type": "text/html"})).kind
