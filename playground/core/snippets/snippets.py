"""A call as code to take away, from the same `Wire` that is sent. No key is ever in it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE_API_URL, SERVED_DEMO_URL, Connection
from playground.core.snippets import python_snippet
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.wire import Wire

LONGEST_ARGUMENT = 100_000
"""Linux starts no program with an argument of 131,072 bytes or more."""
READING_ORDER = ("model", "max_tokens", "system", "messages", "role", "type", "content")

_TYPESCRIPT = """\
import Anthropic from "@anthropic-ai/sdk";

{client}
const body = {body} as Anthropic.MessageCreateParams{kind};
const headers = {headers};

{answer}
"""
_STREAMED = """\
const stream = await client.messages.create(body, { headers });
for await (const event of stream) {
  if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
    process.stdout.write(event.delta.text);
  }
}"""
_WHOLE = """\
const message = await client.messages.create(body, { headers });
console.log(message.usage);"""
_TYPESCRIPT_CLIENTS = {
    "demo": """\
// The demo, not Claude: for the Claude API leave out baseURL and apiKey.
const client = new Anthropic({{ baseURL: {url}, apiKey: "demo" }});""",
    "claude": """\
// The key is read from the environment: ANTHROPIC_API_KEY.
const client = new Anthropic();""",
    "server": """\
const key = process.env["ANTHROPIC_API_KEY"] ?? "none";
const client = new Anthropic({{
  baseURL: {url},
  apiKey: key,
  defaultHeaders: {{ "x-api-key": key, authorization: `Bearer ${{key}}` }},
}});""",
}
_KEYS = {
    "demo": ("authorization: Bearer demo",),
    "claude": ("authorization: Bearer $ANTHROPIC_API_KEY",),
    "server": (
        "authorization: Bearer ${ANTHROPIC_API_KEY:-none}",
        "x-api-key: ${ANTHROPIC_API_KEY:-none}",
    ),
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A call in one language. `needs` is one line of Markdown."""

    name: str
    language: str
    code: str
    needs: str


def snippets(wire: Wire, connection: Connection, policy: RetryPolicy) -> tuple[Snippet, ...]:
    """The call in each language; each sends the headers and the body of `wire`."""
    body = _reordered(wire.body)
    headers = dict(wire.headers)
    if connection.has_scenario:
        headers["demo-scenario"] = connection.scenario
    where = _where(connection)
    pip, npm = "`pip install anthropic`", "`npm install @anthropic-ai/sdk`"
    unseen = "The SDK tries again twice, unseen."
    return (
        Snippet(
            "Python",
            "python",
            python_snippet.with_policy(body, headers, connection, policy),
            f"Needs {pip}. Retries as the sidebar says. {where}",
        ),
        Snippet(
            "Python (short)",
            "python",
            python_snippet.short(body, headers, connection),
            f"Needs {pip}. {unseen} {where}",
        ),
        Snippet(
            "curl",
            "bash",
            _curl(body, headers, connection),
            f"For bash or zsh. No retries. {where}{_elsewhere(connection)}",
        ),
        Snippet(
            "TypeScript",
            "typescript",
            _typescript(body, headers, connection),
            f"Needs {npm}. {unseen} {where}",
        ),
        Snippet("JSON", "json", json_source(wire.body), "The body of `POST /v1/messages`."),
    )


def json_source(value: object) -> str:
    """Indented JSON that reads as it is: what nobody would see in it is escaped."""
    source = json.dumps(value, ensure_ascii=False, indent=2)
    if source.replace("\n", "").isprintable():
        return source
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in source)


def _where(connection: Connection) -> str:
    if connection.kind == "demo":
        return "Asks the demo, once `python -m playground.claude.demo` runs in this project."
    return "The key comes from `ANTHROPIC_API_KEY`."


def _elsewhere(connection: Connection) -> str:
    """What makes a call of the real API out of one of the demo, where no comment can say it."""
    if connection.kind != "demo":
        return ""
    return f" For Claude: `{CLAUDE_API_URL}` and your own key."


def _reordered(value: Json) -> Json:
    """The same value with its keys in the order that the documentation has them."""
    if isinstance(value, Mapping):
        last = len(READING_ORDER)
        order = {name: place for place, name in enumerate(READING_ORDER)}
        names = sorted(value, key=lambda name: order.get(name, last))
        return {name: _reordered(value[name]) for name in names}
    if isinstance(value, list | tuple):
        return [_reordered(item) for item in value]
    return value


def _url(connection: Connection) -> str:
    served = {"demo": SERVED_DEMO_URL, "claude": CLAUDE_API_URL}
    return served.get(connection.kind, connection.base_url.rstrip("/"))


def _curl(body: JsonObject, headers: Mapping[str, str], connection: Connection) -> str:
    url = shlex.quote(f"{_url(connection)}/v1/messages")
    own = [shlex.quote(f"{name}: {value}") for name, value in headers.items()]
    keys = [f'"{line}"' for line in _KEYS[connection.kind]]
    data = json_source(body)
    quoted = shlex.quote(data)
    is_short = len(data.encode()) < LONGEST_ARGUMENT
    return " \\\n  ".join(
        (
            # Without these curl buffers the stream, and exits with 0 on an error of the API.
            f"curl --no-buffer --fail-with-body {url}",
            *(f"--header {line}" for line in (*own, "'content-type: application/json'", *keys)),
            f"--data {quoted}" if is_short else f"--data @- <<< {quoted}",
        )
    )


def _typescript(body: JsonObject, headers: Mapping[str, str], connection: Connection) -> str:
    client = _TYPESCRIPT_CLIENTS[connection.kind].format(url=json_source(_url(connection)))
    is_streamed = body.get("stream") is True
    return _TYPESCRIPT.format(
        client=client,
        body=json_source(body),
        headers=json_source(dict(headers)),
        kind="Streaming" if is_streamed else "NonStreaming",
        answer=_STREAMED if is_streamed else _WHOLE,
    )
