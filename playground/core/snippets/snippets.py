"""A call as code to take away, from the same `Wire` that is sent. No key is ever in it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE_API_URL, SERVED_DEMO_URL, Connection
from playground.core.snippets import python_snippet
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.body_refusals import fills_cache
from playground.core.wire.wire import Wire

LONGEST_ARGUMENT = 100_000
"""Linux starts no program with an argument of 131,072 bytes or more."""
READING_ORDER = ("model", "max_tokens", "system", "messages")

_TYPESCRIPT = """\
import Anthropic from "@anthropic-ai/sdk";

{client}
{notes}const body = {body} as unknown as Anthropic.MessageCreateParams{kind};
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
# Unless a call names a time, this SDK too refuses one that could take more than ten minutes.
_WHOLE = f"""\
const timeout = {1000 * python_snippet.LONGEST_ANSWER_S};
const message = await client.messages.create(body, {{ headers, timeout }});
for (const block of message.content) {{
  if (block.type === "text") {{
    console.log(block.text);
  }}
}}"""
_FILLING = """\
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
_PROTOTYPE = re.compile(r'^( *)"__proto__":', re.MULTILINE)
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_MIN_WITH_EXPONENT = 1e21
_MAX_LISTED, _MAX_DIGITS = 5, 40
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
    unseen = "The SDK itself retries twice, silently."
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
        return "Calls the demo; start `python -m playground.claude.demo` in this project first."
    return "The key comes from `ANTHROPIC_API_KEY`."


def _elsewhere(connection: Connection) -> str:
    """What makes a call of the real API out of one of the demo, where no comment can say it."""
    if connection.kind != "demo":
        return ""
    return f" For Claude: `{CLAUDE_API_URL}` and your own key."


def _reordered(body: JsonObject) -> JsonObject:
    """The same body with its fields in the order that the documentation has them."""
    # Only these: a model writes its answer in the order of a schema's keys.
    first = {name: body[name] for name in READING_ORDER if name in body}
    return {**first, **body}


def _url(connection: Connection) -> str:
    served = {"demo": SERVED_DEMO_URL, "claude": CLAUDE_API_URL}
    return served.get(connection.kind, connection.base_url.rstrip("/"))


def _curl(body: JsonObject, headers: Mapping[str, str], connection: Connection) -> str:
    address = f"{_url(connection)}/v1/messages"
    # curl would make several requests of brackets and braces, each of them paid for.
    globoff = " --globoff" if re.search(r"[\[\]{}]", address) else ""
    own = [shlex.quote(f"{name}: {value}") for name, value in headers.items()]
    keys = [f'"{line}"' for line in _KEYS[connection.kind]]
    data = json_source(body)
    quoted = shlex.quote(data)
    is_short = len(data.encode()) < LONGEST_ARGUMENT
    return " \\\n  ".join(
        (
            # Without these curl buffers the stream, and exits with 0 on an error of the API.
            f"curl --no-buffer --fail-with-body{globoff} {shlex.quote(address)}",
            *(f"--header {line}" for line in (*own, "'content-type: application/json'", *keys)),
            f"--data {quoted}" if is_short else f"--data @- <<< {quoted}",
        )
    )


def _typescript(body: JsonObject, headers: Mapping[str, str], connection: Connection) -> str:
    client = _TYPESCRIPT_CLIENTS[connection.kind].format(url=json_source(_url(connection)))
    is_streamed = body.get("stream") is True
    whole = _FILLING if fills_cache(body) else _WHOLE
    return _TYPESCRIPT.format(
        client=client,
        notes="".join(f"// {note}\n" for note in _altered(body)),
        # As a plain name it would set the object's prototype, and not be sent.
        body=_PROTOTYPE.sub(r'\1["__proto__"]:', json_source(body)),
        headers=json_source(dict(headers)),
        kind="Streaming" if is_streamed else "NonStreaming",
        answer=_STREAMED if is_streamed else whole,
    )


def _altered(body: JsonObject) -> Iterator[str]:
    """A sentence for each kind of thing that JavaScript or its SDK sends in another way."""
    numbers, names = [], []
    headers = sorted(python_snippet.HEADERS & body.keys())
    for value in _values(body):
        if isinstance(value, Mapping):
            # It has these first, in the order of numbers, however they are written.
            indices = sorted(filter(_is_index, value), key=int)
            if indices != list(value)[: len(indices)]:
                names += indices
        elif type(value) in (int, float) and (text := _in_javascript(value)) != json.dumps(value):
            numbers.append(f"{_short(json.dumps(value))} as {text}")
    if numbers:
        yield f"JavaScript sends some numbers in its own way: {_first_of(numbers)}."
    if names:
        yield f"JavaScript puts names that are numbers first: {_first_of(names)}."
    if refused := [name for name in ("messages", "tools") if _is_refused(name, body.get(name))]:
        yield f"The SDK refuses to send what is no list of objects here: {_first_of(refused)}."
    if headers:
        yield f"The SDK sends these as headers, not in the body: {_first_of(headers)}."


def _is_refused(name: str, value: Json) -> bool:
    """Whether the SDK stops at a field that it goes through before it sends anything."""
    if isinstance(value, list):
        return name == "messages" and None in value
    # What JavaScript takes for false it leaves alone; an empty object is none of that.
    return isinstance(value, Mapping) or (bool(value) and not isinstance(value, str))


def _is_index(name: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(name) is not None and int(name) < 2**32 - 1


def _values(value: Json) -> Iterator[Json]:
    """A value and all that is in it."""
    yield value
    inner = value.values() if isinstance(value, Mapping) else value
    for each in inner if isinstance(value, Mapping | list | tuple) else ():
        yield from _values(each)


def _in_javascript(number: float) -> str:
    """What JavaScript makes of a number, as JSON."""
    try:
        double = float(number)
    except OverflowError:
        return "null"
    if double.is_integer() and abs(double) < _MIN_WITH_EXPONENT:
        # Its shortest digits with zeros behind them; a zero loses its sign.
        return str(int(Decimal(repr(double))))
    return repr(double)


def _first_of(texts: Sequence[str]) -> str:
    """The first of them, with an ellipsis for others."""
    distinct = list(dict.fromkeys(texts))
    return ", ".join([*distinct[:_MAX_LISTED], *(["…"] if distinct[_MAX_LISTED:] else [])])


def _short(text: str) -> str:
    return text if len(text) <= _MAX_DIGITS else f"{text[:_MAX_DIGITS]}…"
