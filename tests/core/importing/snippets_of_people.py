"""Calls as people write them, the body each sends, and what an import has to list."""

import json
from typing import Any

HAIKU, SONNET, OPUS = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"
KEY = "sk-ant-api03-" + "abcd1234" * 4


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


DOCUMENTED_CURL = rf"""
export ANTHROPIC_API_KEY={KEY}

curl https://api.anthropic.com/v1/messages \
     --header "x-api-key: $ANTHROPIC_API_KEY" \
     --header "anthropic-version: 2023-06-01" \
     --header "content-type: application/json" \
     --data '{{
    "model": "{HAIKU}",
    "max_tokens": 1024,
    "messages": [
        {{"role": "user", "content": "Hello, world, it'\''s me"}}
    ]
}}' | jq .content
"""
HEREDOC_CURL = f"""\
$ curl -sS -X POST "$BASE/v1/messages" -H "x-api-key: {KEY}" -H 'anthropic-beta: files-api' \\
    --max-time 30 -d @- <<'EOF' > answer.json
{{"model": "{SONNET}", "max_tokens": 50, "temperature": 0.2, "stream": true,
 "system": "Be terse; don't greet.", "messages": [{{"role": "user", "content": "Say $5 | done"}}]}}
EOF
echo done
"""
JSON_CURL = (
    f'curl --json="{{\\"model\\": \\"{HAIKU}\\", \\"max_tokens\\": 9, \\"messages\\": '
    '[{\\"role\\": \\"user\\", \\"content\\": \\"Hi\\"}]}" localhost/v1/messages # mine'
)
QUICKSTART = f"""\
import anthropic

client = anthropic.Anthropic(
    # defaults to os.environ.get("ANTHROPIC_API_KEY")
    api_key="{KEY}",
)
message = client.messages.create(
    model="{HAIKU}",
    max_tokens=1000,
    temperature=1,
    system="You are a world-class poet. Respond only with short poems.",
    messages=[
        {{"role": "user", "content": [{{"type": "text", "text": "Why is the ocean salty?"}}]}}
    ],
)
print(message.content)
"""
SCRIPT = f'''\
import anthropic, os

MODEL = "{SONNET}"
STYLE: str = "terse"
SYSTEM = """\\
You are {{x}}.
No greeting."""
DEFAULTS = dict(max_tokens=256, stop_sequences=["END", "\\n\\n"])
history = [{{"role": "user", "content": "My idli are hard."}}]
history.append({{"role": "assistant", "content": "Ferment it " + "longer."}})
history.append({{"role": "user", "content": f"Be {{STYLE}}: how long, {{city}}?"}})

async def main(city):
    client = anthropic.AsyncAnthropic(api_key=os.environ["KEY"])
    async with client.messages.stream(
        model=MODEL, system=SYSTEM, messages=history, timeout=20, **DEFAULTS
    ) as stream:
        print(await stream.get_final_message())
'''
NOTEBOOK = f"""\
!pip install anthropic
r = client.beta.messages.create(
    model="{OPUS}", max_tokens=4_096, betas=["x"],
    thinking={{"type": "enabled", "budget_tokens": 2048}},
    output_config={{"effort": "low"}}, service_tier="standard_only",
    cache_control={{"type": "ephemeral", "ttl": "1h"}},
    metadata={{"user_id": "7"}},
    messages=[
        {{"role": "user", "content": "Plan a menu."}},
        {{"role": "assistant", "content": "1."}},
    ],
    extra_headers={{"anthropic-version": "2026-10-21"}}, extra_body={{"speed": "fast"}},
)
"""
REQUESTS = f"""\
import requests
body = {{"model": "{HAIKU}", "max_tokens": 20, "top_k": 5}}
body["messages"] = [{{"role": "user", "content": "Hi"}}]
requests.post("https://api.anthropic.com/v1/messages", json=body,
    headers={{"x-api-key": key, "anthropic-version": "2023-06-01"}})
"""
ANTHROPIC_JSON = json.dumps(
    {
        "model": OPUS,
        "max_tokens": 2_000_000,
        "tools": [{"name": "get_weather", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto"},
        "messages": [user("Weather?")],
    }
)
OPENAI_JSON = json.dumps(
    {
        "model": "gpt-4.1",
        "messages": [
            {"role": "system", "content": "Be terse."},
            user("Hi"),
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [{"type": "text", "text": "And?"}]},
        ],
        "temperature": 0.3,
        "max_completion_tokens": 99,
        "stop": "END",
        "n": 2,
        "logprobs": True,
        "user": "7",
    }
)
OPENAI_PYTHON = """\
from openai import OpenAI
client = OpenAI()
completion = client.chat.completions.create(
    model="gpt-4o", messages=[{"role": "developer", "content": "Talk like a pirate."},
    {"role": "user", "content": "Ahoy?"}], reasoning_effort="low", max_tokens=64)
"""
SENT: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "the documented curl": (
        DOCUMENTED_CURL,
        {"model": HAIKU, "max_tokens": 1024, "messages": [user("Hello, world, it's me")]},
        ["Key", "stream"],
    ),
    "curl with a heredoc": (
        HEREDOC_CURL,
        {
            "model": SONNET,
            "max_tokens": 50,
            "temperature": 0.2,
            "system": "Be terse; don't greet.",
            "messages": [user("Say $5 | done")],
        },
        ["Key", "Header anthropic-beta"],
    ),
    "curl with --json": (
        JSON_CURL,
        {"model": HAIKU, "max_tokens": 9, "messages": [user("Hi")]},
        ["stream"],
    ),
    "the SDK's quickstart": (
        QUICKSTART,
        {
            "model": HAIKU,
            "max_tokens": 1000,
            "temperature": 1,
            "system": "You are a world-class poet. Respond only with short poems.",
            "messages": [user("Why is the ocean salty?")],
        },
        ["Key", "stream"],
    ),
    "a script with variables": (
        SCRIPT,
        {
            "model": SONNET,
            "max_tokens": 256,
            "stop_sequences": ["END", "\n\n"],
            "system": "You are {x}.\nNo greeting.",
            "messages": [
                user("My idli are hard."),
                {"role": "assistant", "content": "Ferment it longer."},
                user("Be terse: how long, {{city}}?"),
            ],
        },
        ["f-string", "timeout"],
    ),
    "a notebook": (
        NOTEBOOK,
        {
            "model": OPUS,
            "max_tokens": 4096,
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "output_config": {"effort": "low"},
            "service_tier": "standard_only",
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
            "metadata": {"user_id": "7"},
            "speed": "fast",
            "messages": [user("Plan a menu."), {"role": "assistant", "content": "1."}],
        },
        ["betas", "stream"],
    ),
    "a plain POST": (
        REQUESTS,
        {"model": HAIKU, "max_tokens": 20, "top_k": 5, "messages": [user("Hi")]},
        ["stream"],
    ),
    "Anthropic JSON": (ANTHROPIC_JSON, json.loads(ANTHROPIC_JSON), ["stream"]),
    "OpenAI JSON": (
        OPENAI_JSON,
        {
            "model": "gpt-4.1",
            "max_tokens": 99,
            "temperature": 0.3,
            "stop_sequences": ["END"],
            "system": "Be terse.",
            "messages": [user("Hi"), {"role": "assistant", "content": "Hello."}, user("And?")],
        },
        ["n", "logprobs", "user", "stream"],
    ),
    "OpenAI in Python": (
        OPENAI_PYTHON,
        {
            "model": "gpt-4o",
            "max_tokens": 64,
            "output_config": {"effort": "low"},
            "system": "Talk like a pirate.",
            "messages": [user("Ahoy?")],
        },
        ["stream"],
    ),
}
