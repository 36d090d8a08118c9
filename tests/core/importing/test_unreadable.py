"""What is pasted is read or named for what it is, and which kinds can be read is said."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.matrix import Matrix
from playground.core.experiment.results_file import to_json_lines
from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request
from playground.core.importing.unreadable import READABLE
from playground.core.log.history import LoggedRun
from playground.core.log.run_file import line_of
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import Variant
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.snippets.snippets import snippets
from playground.core.wire.wire import model_on, wire
from tests.core.importing.snippets_of_people import HAIKU, KEY, user

HI = (Message("user", "Hi"),)
BODY: dict[str, Any] = {"model": HAIKU, "max_tokens": 9, "messages": [user("Hi")]}
PYTHON = (
    'client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])'
)
CURL = f"curl https://api.anthropic.com/v1/messages -d '{json.dumps(BODY)}'"


def names(found: Imported) -> list[str]:
    return [each.name for each in found.left_out]


NAMED = {
    "TypeScript": """
import Anthropic from "@anthropic-ai/sdk";
const client = new Anthropic();
const message = await client.messages.create({
  model: "claude-haiku-4-5",
  max_tokens: 9,
  messages: [{ role: "user", content: "Hi" }],
});
""",
    "JavaScript": """
const Anthropic = require('@anthropic-ai/sdk');
const anthropic = new Anthropic({ apiKey: 'x' });
async function main() { await anthropic.messages.create({ model: 'm', max_tokens: 9 }); }
""",
    "JavaScript, ": 'fetch("https://api.anthropic.com/v1/messages", { method: "POST", body })',
    "YAML": "model: claude-haiku-4-5\nmax_tokens: 9\nmessages:\n  - role: user\n    content: Hi\n",
    "YAML ": "---\nprompts:\n  - Hi\n",
    "YAML, ": "- role: user\n  content: Hi\n",
    "Go": """
package main

import "github.com/anthropics/anthropic-sdk-go"

func main() {
	client := anthropic.NewClient()
	message, err := client.Messages.New(context.TODO(), anthropic.MessageNewParams{MaxTokens: 9})
}
""",
    "Go ": "message, err := client.Messages.New(ctx, anthropic.MessageNewParams{})",
    "Java": """
import com.anthropic.client.AnthropicClient;

public class Main {
    public static void main(String[] args) {
        MessageCreateParams params = MessageCreateParams.builder().maxTokens(9L).build();
    }
}
""",
    "Java ": 'MessageCreateParams params = X.builder()\n    .addUserMessage("Hi")\n'
    "    .build();",
    "C#": """
using Anthropic;
using Anthropic.Models.Messages;

AnthropicClient client = new();
var message = await client.Messages.Create(new() { MaxTokens = 9 });
Console.WriteLine(message);
""",
    "Ruby": """
require "anthropic"

anthropic = Anthropic::Client.new
message = anthropic.messages.create(
  max_tokens: 9,
  messages: [{role: "user", content: "Hi"}],
  model: :"claude-haiku-4-5"
)
puts(message.content)
""",
    "Ruby ": 'client.messages.create(model: "m", max_tokens: 9, messages: [])',
    "PHP": "<?php\n$client = new Client(apiKey: 'x');\n$client->messages->create(maxTokens: 9);",
    "PHP ": "$message = $client->messages->create(\n  maxTokens: 9,\n  model: 'm',\n);",
    "Kotlin": 'fun main() {\n    val client = AnthropicOkHttpClient.fromEnv()\n}',
    "Rust": 'use anthropic::Client;\n\nasync fn main() {\n    let client = Client::new();\n}',
    "Swift": "import Foundation\nlet client = AnthropicClient()\n",
    "PowerShell": '$body = @{ model = "m" }\nInvoke-RestMethod -Uri x -Body $body',
    "ant": "ant messages create \\\n  --model claude-opus-4-6 \\\n"
    "  --message '{role: user, content: \"Hi\"}'",
    "ant ": "$ ant messages create --transform content < request.yaml",
    "command line": "claude -p 'Hi' --model sonnet",
    "command line ": "http POST https://api.anthropic.com/v1/messages model=m",
    "command line, ": "aws bedrock-runtime invoke-model --model-id anthropic.claude-v2",
    "HTML": "<!DOCTYPE html>\n<html></html>",
    "XML": "<prompt>Hi</prompt>",
    "TOML": '[request]\nmodel = "m"\n',
    "environment": "ANTHROPIC_API_KEY=x\nMODEL=claude-haiku-4-5\n",
    "SQL": "SELECT * FROM runs;",
    "events": 'event: message_start\ndata: {"type": "message_start"}\n',
    "JavaScript in one line": "await a.messages.create({model: 'a', max_tokens: 9, messages: []})",
    "C# ": "var parameters = new MessageCreateParams\n{\n    MaxTokens = 1024,\n};",
    "Java, ": "Message message = client.messages().create(params);",
    "YAML of a tool": "prompts:\n  - file://prompt.txt\nproviders:\n  - anthropic\n",
    "ant, ": "ANTHROPIC_API_KEY=x ant messages create --model m",
    "Dart": "import 'package:http/http.dart' as http;",
    "Perl": "use strict;\nmy $agent = LWP::UserAgent->new;",
    "Dockerfile": "FROM python:3.11\nRUN pip install anthropic\n",
    "object of Python": "{'model': 'm', 'max_tokens': 5, 'messages': []}",
    "object of Python or JavaScript": "{model: 'm', messages: [{role: 'user', content: 'Hi'}]}",
    "plain text": "You are a helpful assistant.\nAnswer in French.",
    "plain text ": "Summarize this text in three sentences for me, please",
    "an answer": json.dumps({"type": "message", "role": "assistant", "content": []}),
    "an answer ": json.dumps({"choices": [], "usage": {}, "object": "chat.completion"}),
    "an error": json.dumps({"type": "error", "error": {"type": "overloaded_error"}}),
    "Gemini": json.dumps({"contents": [{"parts": [{"text": "Hi"}]}]}),
    "Converse": json.dumps({"modelId": "m", "messages": [
        {"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 9}}),
    "text-completion": json.dumps({"model": "m", "prompt": "\n\nHuman: Hi"}),
    "a tool": json.dumps({"name": "f", "input_schema": {"type": "object"}}),
    "Postman": json.dumps({"info": {"name": "x"}, "item": []}),
    "OpenAPI": json.dumps({"openapi": "3.1.0", "paths": {}}),
    "schema": json.dumps({"type": "object", "properties": {}}),
    "notebook in R": json.dumps({"cells": [], "nbformat": 4,
        "metadata": {"language_info": {"name": "R"}}}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_cannot_be_read_is_named_and_what_can_be_is_said(name: str) -> None:
    with pytest.raises(ImportingError) as caught:
        read_request(NAMED[name])
    named = name.split(" in one")[0].split(" of a ")[0].strip(" ,").lower()
    assert named in str(caught.value).lower()
    assert READABLE in str(caught.value)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("import anthropic\nclient = anthropic.Anthropic(\n", "error in line"),
        ("import anthropic\nclient = anthropic.Anthropic()\n", "no call of messages.create"),
        ("client.messages.create(model=", "error in line"),
        ("def ask(\n    messages: list\n):\n    pass\n", "no call of messages.create"),
        ("GET /v1/models HTTP/1.1\nHost: x\n\n", "sends a GET"),
        ('[{"q": "a", "expected": "b"}]', "Experiment"),
        ('{"log": {"version": "1.2", "entries": []}}', "HAR"),
    ],
)
def test_what_is_of_a_kind_that_can_be_read_says_what_it_lacks(text: str, part: str) -> None:
    with pytest.raises(ImportingError, match=part):
        read_request(text)


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Ask\n", "```python\nbroken(\n```"]},
        {"cell_type": "code", "source": "%pip install anthropic\n!ls"},
        {"cell_type": "code", "source": ["%%bash\n", "echo 'hi"]},
        {"cell_type": "code", "source": ["import anthropic\n", "MODEL = 'm'"], "outputs": []},
        {"cell_type": "code", "source": PYTHON.replace('"m"', "MODEL")},
    ],
    "metadata": {"language_info": {"name": "python"}, "kernelspec": {"name": "python3"}},
    "nbformat": 4,
}
HTTP = f"""\
POST /v1/messages HTTP/1.1
Host: api.anthropic.com
x-api-key: {KEY}
anthropic-version: 2023-06-01
Content-Type: application/json

{json.dumps(BODY, indent=2)}
"""
REST_CLIENT = f"""\
# Ask
POST https://api.anthropic.com/v1/messages
x-api-key: {{{{key}}}}

{json.dumps(BODY)}

###
GET https://api.anthropic.com/v1/models
"""
ENTRY = {
    "request": {
        "method": "POST",
        "url": "https://api.anthropic.com/v1/messages",
        "headers": [{"name": ":method", "value": "POST"}, {"name": "x-api-key", "value": KEY}],
        "postData": {"mimeType": "application/json", "text": json.dumps(BODY)},
    }
}
OTHER = {"request": {"method": "GET", "url": "https://example.com", "headers": []}}
PROSE = f"To ask it:\n\n```python\nimport anthropic\n{PYTHON}\n```\n\nDon't forget a key!\n"
READ = {
    "a notebook": (json.dumps(NOTEBOOK), "Notebook"),
    "an HTTP request": (HTTP, "HTTP request"),
    "an HTTP request, CRLF": (HTTP.replace("\n", "\r\n"), "HTTP request"),
    "a file of HTTP requests": (REST_CLIENT, "HTTP request"),
    "a HAR file": (json.dumps({"log": {"entries": [OTHER, ENTRY]}}), "HAR file"),
    "prose around Python": (PROSE, "Python call"),
    "prose around JSON": (f"It is:\n```json\n{json.dumps(BODY)}\n```\nIt's.", "Anthropic request"),
    "prose around curl": (f"Run this:\n\n```bash\n{CURL}\n```\n\nIt isn't hard.\n", "curl command"),
    "a second block": (f"```bash\npip install x\n```\nthen\n~~~\n{PYTHON}\n~~~", "Python call"),
    "an open block": (f"Here you go:\n```python\n{PYTHON}", "Python call"),
    "a block alone": (f"```python\n{PYTHON}\n```", "Python call"),
    "what was typed into Python": (f">>> import anthropic\n>>> {PYTHON}\nMessage(id='1')",
                                   "Python call"),
    "a body inside another": (json.dumps({"request": BODY, "response": {}}), "Anthropic request"),
    "a body as text": (json.dumps({"modelId": "m", "body": json.dumps(BODY)}), "Anthropic request"),
    "a single message": (json.dumps(user("Hi")), "Anthropic request"),
    "lines of requests": ("\n".join([json.dumps(BODY)] * 3), "Anthropic request"),
    "lines of a batch": ("\n".join(json.dumps({"custom_id": str(n), "params": BODY})
                                   for n in range(3)), "Anthropic request"),
    "a list of a batch": (json.dumps([{"custom_id": "1", "params": BODY}]), "Anthropic request"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_request_is_found_in_what_holds_it(name: str) -> None:
    text, source = READ[name]
    found = read_request(text)
    assert found.source == source
    assert found.request.prompt.messages == HI
    assert KEY not in repr(found)


def test_what_else_a_file_holds_is_listed() -> None:
    assert "The text around it" in names(read_request(PROSE))
    assert "response" in names(read_request(READ["a body inside another"][0]))
    assert "Other lines" in names(read_request(READ["lines of requests"][0]))
    assert "Other requests" in names(read_request(REST_CLIENT))
    two = json.dumps({"log": {"entries": [ENTRY, ENTRY]}})
    assert "Other requests" in names(read_request(two))


@pytest.mark.parametrize(
    "connection", [CLAUDE, DEMO, Connection("server", "s", "http://localhost:11434")]
)
def test_the_playgrounds_own_typescript_is_read_back(connection: Connection) -> None:
    extra = '{"tools": [{"zip": 9007199254740993, "__proto__": {"__proto__": ["__proto__"]}}]}'
    params = Params(
        HAIKU, 300, temperature=0.5, stop_sequences=("a'b", "$(x)"), cache="5m", extra_json=extra
    )
    prompt = Prompt('Say "hi",\nplease.', (Message("user", "`ls` as {x};\u2028é"),))
    sent = wire(Request(prompt, params), model_on(connection, HAIKU), connection)
    code = next(
        each.code for each in snippets(sent, connection, RetryPolicy()) if each.name == "TypeScript"
    )
    found = read_request(code)
    assert found.source == "TypeScript"
    again = wire(found.request, model_on(connection, HAIKU), connection)
    assert (again.body, again.headers) == (sent.body, sent.headers)
    assert found.left_out == ()


@pytest.mark.parametrize("number", ["NaN", "1e400"])
def test_a_recorded_request_that_two_readers_read_differently_is_refused(number: str) -> None:
    text = json.dumps({**BODY, "top_p": 1}).replace('"top_p": 1', f'"top_p": {number}')
    entry = {"request": {"method": "POST", "url": "https://x", "postData": {"text": text}}}
    with pytest.raises(ImportingError, match="A request in this file is not readable"):
        read_request(json.dumps({"log": {"entries": [entry]}}))


@pytest.mark.parametrize(
    "text",
    ["\n" * 400_000, "~~~a\n" * 150_000, "```\n" * 150_000, "a: " * 200_000, "<" * 500_000,
     " \n" * 300_000 + "x", "POST " * 100_000, "# \n" * 200_000, "- " * 300_000],
)  # fmt: skip
def test_naming_stays_fast_whatever_is_pasted(text: str) -> None:
    began_s = time.perf_counter()
    with pytest.raises(ImportingError):
        read_request(text)
    assert time.perf_counter() - began_s < 5


def test_files_that_are_saved_here_are_named_for_what_they_are() -> None:
    row = RunRow(
        run_id="1", visitor="ada", started_at=datetime(2026, 11, 30, tzinfo=UTC), press=1,
        variant="A", connection="Demo", model=HAIKU, params_json="{}", status="done",
    )  # fmt: skip
    experiment = Experiment("E", (Variant("A", Request(Prompt("", ()), Params(HAIKU, 9))),))
    matrix = Matrix(experiment, Grid(experiment.settings, experiment.cases, 1, {(0, 0): "k"}), {})
    line = line_of(LoggedRun(row, RunTexts(run_id="1")))
    for text, kind in (
        (line, "a line of a log export"),
        (f"{line}\n{line}\n", "a line of a log export"),
        (to_json_lines(matrix, {}), "an experiment (My experiments opens it)"),
    ):
        with pytest.raises(ImportingError, match=f"^This is {re.escape(kind)}, which can't"):
            read_request(text)


def test_an_http_file_may_have_variables_before_and_a_handler_behind_its_request() -> None:
    body = json.dumps({"model": HAIKU, "max_tokens": 9, "messages": []}, indent=2)
    text = "@key = x\n// first\n\n### ask\nPOST {{base}}/v1/messages\nx-api-key: {{key}}\n\n"
    found = read_request(f"{text}{body}\n\n> {{%\n  client.log(response)\n%}}\n")
    assert (found.source, found.request.params.max_tokens) == ("HTTP request", 9)


@pytest.mark.parametrize("system", ["", [], [{"type": "text", "text": ""}]])
def test_an_empty_system_prompt_is_listed_since_none_is_sent(system: object) -> None:
    body = {"model": HAIKU, "max_tokens": 9, "messages": [], "system": system}
    listed = {part.name: part.why for part in read_request(json.dumps(body)).left_out}
    assert listed["system"] == "It is empty, so none is sent."
    turns = [{"role": "user", "content": "Hi"}]
    openai = json.dumps({"model": "gpt-4o", "messages": turns})
    assert "system" not in {part.name for part in read_request(openai).left_out}


def recorded(data: dict[str, Any]) -> str:
    request = {"method": "POST", "url": "https://api.anthropic.com/v1/messages", "postData": data}
    return json.dumps({"log": {"entries": [{"request": request}]}})


def test_a_body_that_a_har_file_holds_in_base64_is_read() -> None:
    text = base64.b64encode(json.dumps(BODY).encode()).decode()
    found = read_request(recorded({"text": text, "encoding": "base64"}))
    assert (found.source, found.request.prompt.messages) == ("HAR file", HI)


@pytest.mark.parametrize(
    "data",
    [
        {"text": json.dumps(BODY)[:-5]},
        {"params": []},
        {"text": "no base64", "encoding": "base64"},
        {
            "text": base64.b64encode(gzip.compress(json.dumps(BODY).encode())).decode(),
            "encoding": "base64",
        },
    ],
)
def test_a_request_without_its_whole_body_is_not_said_to_be_missing(data: dict[str, Any]) -> None:
    with pytest.raises(ImportingError, match=r"has a request to .* missing, cut or compressed"):
        read_request(recorded(data))


def test_results_of_batches_and_old_notebooks_are_named() -> None:
    result = {"custom_id": "1", "result": {"type": "succeeded", "message": {"content": []}}}
    for text, kind in (
        (json.dumps(result), "a result of a batch"),
        ("\n".join([json.dumps(result)] * 2), "a result of a batch"),
        (json.dumps({"nbformat": 3, "worksheets": [{"cells": []}]}), "a notebook in an old format"),
    ):
        with pytest.raises(ImportingError, match=f"This is {kind}"):
            read_request(text)


def test_python_is_not_called_plain_text_for_two_modules_in_one_import() -> None:
    with pytest.raises(ImportingError, match="This Python has no call"):
        read_request("import json, urllib.request\n\nurllib.request.urlopen(address)\n")
