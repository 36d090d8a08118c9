"""What an import makes of a snippet is what the very snippet sends when it is run.

The snippets are fixed and harmless: Python runs with the installed SDK, curl in a shell, and
both send to a server on this machine that writes down what it got.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anthropic
import pytest

from playground.core.importing.read_any import read_request
from playground.core.request.connection import Connection
from playground.core.wire.wire import model_on, wire

SERVER = Connection("server", "localhost", "http://localhost:11434")


@dataclass
class Recorder:
    """What was posted: the path, the API version and the body."""

    address: str
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            version = self.headers.get("anthropic-version", "")
            recorded.got.append((self.path, version, json.loads(body)))
            answer = b'{"type": "error", "error": {"type": "x", "message": "written down"}}'
            self.send_response(400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorded = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield recorded
        server.shutdown()
        thread.join()


PYTHON = {
    "create": """
import anthropic

client = anthropic.Anthropic()
MODEL = "claude-haiku-4-5"
message = client.messages.create(
    model=MODEL,
    max_tokens=1024,
    system="You are terse." + "\\n" + "No greeting.",
    messages=[{"role": "user", "content": "Why is the sky blue?"}],
)
print(message.content[0].text)
""",
    "a conversation": """
from anthropic import Anthropic

client = Anthropic(max_retries=0)
messages = [{"role": "user", "content": "Hello"}]
messages.append({"role": "assistant", "content": "Hi, who is there?"})
messages.append({"role": "user", "content": "It's me"})
response = client.messages.create(
    model="claude-sonnet-4-6", max_tokens=100, stop_sequences=["END", "\\n\\n"], messages=messages
)
messages.append({"role": "assistant", "content": response.content})
""",
    "a stream": """
import anthropic

LINES = ["one", "two"]
MODEL = "claude-haiku-4-5"
LIMIT = 512

def ask():
    client = anthropic.Anthropic()
    style = "brief"
    prompt = f"Be {style}. " + "\\n".join(LINES)
    with client.messages.stream(
        model=MODEL,
        max_tokens=LIMIT,
        messages=[{"role": "user", "content": prompt}],
        extra_headers={"anthropic-version": "2023-06-01"},
        extra_body={"temperature": 0.25, "top_k": 5},
    ) as stream:
        for text in stream.text_stream:
            print(text)

if __name__ == "__main__":
    ask()
""",
    "async": '''
import asyncio
from anthropic import AsyncAnthropic

SYSTEM = """\\
You plan menus.
One line each."""

async def main() -> None:
    async with AsyncAnthropic() as client:
        params = dict(model="claude-opus-4-6", max_tokens=64)
        params["system"] = SYSTEM
        params["metadata"] = {"user_id": "7"}
        message = await client.messages.create(
            **params,
            thinking={"type": "adaptive"},
            output_config={"effort": "low"},
            messages=[{"role": "user", "content": [{"type": "text", "text": "Monday?"}]}],
            stream=True,
        )
        print(message)

asyncio.run(main())
''',
    "tools": """
import json
import anthropic
from anthropic.types import MessageParam

tools = [
    {
        "name": "get_weather",
        "description": "Weather of a place",
        "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
    }
]
history: list[MessageParam] = []
question = {"type": "text", "text": "Weather in " + "Lima?"}
history.append({"role": "user", "content": [question]})
for attempt in range(3):
    try:
        client = anthropic.Anthropic().with_options(max_retries=0)
        client.messages.create(
            model="claude-haiku-4-5", max_tokens=300, tools=tools, tool_choice={"type": "auto"},
            messages=history,
        )
    except anthropic.RateLimitError:
        continue
""",
    "with_raw_response": """
import anthropic
model: str = "claude-haiku-4-5"
max_tokens = 12
anthropic.Anthropic().messages.with_raw_response.create(
    model=model, max_tokens=max_tokens, system=anthropic.omit,
    messages=[*[{"role": "user", "content": "Hi Hi"}]],
)
""",
}
BODY = """{"model": "claude-haiku-4-5", "max_tokens": 9,
 "messages": [{"role": "user", "content": "SAID"}]}"""
CURL = {
    "inline": (
        r"""curl -sSd 'BODY' -H "content-type: application/json" \
  "$URL/v1/messages" -H 'anthropic-version: 2023-06-01'""",
        r"It'\''s me",
    ),
    "a heredoc": (
        """curl "$URL/v1/messages" -s -H "x-api-key: $KEY" --data @- <<'EOF' | cat
BODY
EOF
echo done""",
        "$5 and `ticks`",
    ),
    "a heredoc that a shell reads": (
        """curl --json @- -s "$URL/v1/messages" <<-EOF
\tBODY
\tEOF""",
        r"a \\\\ and \$5 and 'quotes'",
    ),
    "a pipe": (
        """cat <<E | curl -s -X POST "$URL/v1/messages" -d @-
BODY
E""",
        "Hi",
    ),
    "an answer in a variable": (
        r"""export KEY=none && RESP=$(curl -s --url "$URL/v1/messages" \
  -H "x-api-key: $KEY" --data-raw 'BODY')
echo "$RESP" """,
        "Hi (there)",
    ),
    "an answer in a quoted variable": (
        """RESP="$(curl -s "$URL/v1/messages" -d 'BODY')" """,
        "Hi",
    ),
    "timed, with C quotes": (
        "time curl -s $URL/v1/messages -d $'BODY'",
        r"One\\nIt\'s \u00e9",
    ),
    "pieces that curl joins": (
        """curl -s "$URL/v1/messages" --json '{"model": "claude-haiku-4-5",' --json @- \\
  --json ', "messages": [{"role": "user", "content": "SAID"}]}' <<< '"max_tokens": 9'""",
        "Hi",
    ),
    "here-strings": (
        "curl -s $URL/v1/messages --data-binary @- <<< 'BODY' ; true # a comment",
        "Hi # there",
    ),
}


def imported(text: str) -> tuple[dict[str, Any], str]:
    """The body and the API version that the playground would send for an import."""
    request = read_request(text).request
    sent = wire(request, model_on(SERVER, request.params.model), SERVER)
    return dict(sent.body), request.params.api_version


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the field that the playground always adds, its one block as a text."""
    body = {name: value for name, value in body.items() if name != "stream"}
    for message in body["messages"]:
        if isinstance(message["content"], list):
            (block,) = message["content"]
            message["content"] = block["text"]
    return body


@pytest.mark.parametrize("name", PYTHON)
def test_python_sends_what_its_import_sends(
    name: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.got.clear()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", recorder.address)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    code = compile(PYTHON[name], name, "exec")
    with contextlib.suppress(anthropic.APIStatusError):
        exec(code, {"__name__": "__main__"})
    body, version = imported(PYTHON[name])
    (path, sent_version, sent) = recorder.got[0]
    assert path == "/v1/messages"
    assert plain(body) == plain(sent)
    assert version in ("auto", sent_version)


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"
)
@pytest.mark.parametrize("name", CURL)
def test_curl_sends_what_its_import_sends(name: str, recorder: Recorder) -> None:
    recorder.got.clear()
    command, said = CURL[name]
    snippet = command.replace("BODY", BODY).replace("SAID", said)
    shell = f"URL={recorder.address} KEY=none\n{snippet}"
    subprocess.run(["bash", "-c", shell], capture_output=True, check=True, timeout=20)
    body, version = imported(snippet)
    ((_, sent_version, sent),) = recorder.got
    assert plain(body) == plain(sent)
    assert version == (sent_version or "auto")
    assert [each.name for each in read_request(snippet).left_out] == ["stream"]
