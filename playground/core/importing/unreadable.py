"""Recognizes texts that can't be imported, so that the error can say what they are."""

import re
from typing import Final

from playground.core.text.json_text import JsonObject

READABLE: Final = (
    "JSON of the Messages API or of OpenAI's, Python, notebooks, curl, HTTP requests and HAR files "
    "can be read."
)
# The first that fits gives the name, so the order counts: PHP begins like a tag of HTML, and a
# line such as `model: x` stands in many languages that are not YAML.
_KINDS: Final = tuple(
    (name, re.compile(shape, re.MULTILINE))
    for name, shape in (
        ("the events of an answer", r"\A(?:event|data): "),
        ("PHP", r"<\?php|^[ \t]*use \w+\\|\$\w+->|\$\w+ = new \\?\w+"),
        ("HTML or XML", r"\A\s*<[!?a-zA-Z]"),
        ("Go", r"^package \w+[ \t]*$|\banthropic\.New\w*\(|^func \w+\(|\w+(?:, \w+)? := \w+[.(\"]"),
        ("C#", r"^using [\w.]+;|\bnew AnthropicClient\b|\bnamespace \w+|\bConsole\.Write"
                r"|[=(] ?new\(\)|\bvar \w+ = new \w+\s*\{"),
        ("Dart", r"^import 'package:"),
        ("Perl", r"^use strict;|^[ \t]*my [$@%]\w+"),
        ("Lua", r"^[ \t]*local \w+ ="),
        ("Elixir", r"\bdefmodule |^[ \t]*\|> |%\{\w+: |\w+!\("),
        ("a Dockerfile", r"\AFROM \S+"),
        ("Kotlin", r"^[ \t]*(?:suspend )?fun \w+\(|^[ \t]*val \w+(?:: \w+)? = "),
        ("Java", r"^import (?:static )?(?:com|java|org|io)\.[\w.]+;|\bpublic (?:static |final )*"
                 r"(?:class|void)\b|\bSystem\.out\.|\.builder\(\)|OkHttpClient|\.messages\(\)"
                 r"|^[ \t]*[A-Z]\w*(?:<[\w, ]+>)? \w+ = .*;[ \t]*$"),
        ("Swift", r"^import (?:Foundation|SwiftAnthropic|SwiftUI)\b|^[ \t]*let \w+ = try "),
        ("Rust", r"^[ \t]*(?:pub )?(?:async )?fn \w+\(|^use \w+(?:::|;)"
                 r"|^[ \t]*let (?:mut )?\w+ = .*\?;"),
        ("Ruby", r"^[ \t]*require [\"']|\b\w+::Client\b|^[ \t]*puts |\bdo \|\w+\|"
                 r"|\.create\(\s*\w+: "),
        ("R", r"^[ \t]*library\(\w+\)|^[ \t]*\w+ <- "),
        ("PowerShell", r"\bInvoke-(?:RestMethod|WebRequest)\b|^[ \t]*\$\w+ = @[{\"']"),
        ("TypeScript or JavaScript", r"^[ \t]*import .*\bfrom [\"']|\brequire\([\"']|\bnew \w+\("
                 r"|^[ \t]*(?:export )?(?:const|let|var) [\w{\[]|\) ?=> ?[{(]|\bfetch\("
                 r"|\.(?:create|stream|parse)\(\s*\{"),
        ("a call of the ant command", r"^[ \t]*(?:[$>%#] )?(?:\w+=\S+ )*ant [\w:-]+"),
        ("another command line", r"^[ \t]*(?:[$>%#] )?(?:wget|https?|aws|gcloud|claude|llm|"
                 r"openai|npx|ollama|xh|uvx?|docker|python3?|pip) -?[\w./:-]+"),
        ("YAML", r"\A---[ \t]*$|^messages:[ \t]*$|\A[\w-]+:[ \t]*\n[ \t]+(?:- |[\w-]+: )"
                 r"|^[ \t]*-? ?(?:model|system|role|content|max_tokens): "),
        ("TOML", r"\A\s*\[\[?[A-Za-z][\w.]*\]\]?[ \t]*$"),
        ("environment settings", r"\A(?:export )?[A-Z][A-Z0-9_]*=\S+[ \t]*(?:$|\n[A-Z#])"),
        ("SQL", r"\A\s*(?:SELECT|INSERT INTO|CREATE TABLE)\b"),
    )
)  # fmt: skip
_PYTHON: Final = re.compile(
    r"^[ \t]*(?:import \w+(?:\.\w+)*(?: as \w+)?(?:, *\w+(?:\.\w+)*)*[ \t]*$|from [\w.]+ import "
    r"|(?:async )?def \w+\(|print\(|\w+ = [\[{(\"'])"
    r"|\.(?:create|stream|parse)\(\s*(?:\*\*|\)|\w+\s*=)|(?<![\w.])[\w.]+\(\s*\w+ ?= ?[\"'\d\[{]",
    re.MULTILINE,
)
_OBJECT_GIVEN: Final = re.compile(r"\.(?:create|stream|parse)\(\s*\{")
_LOOKED_AT: Final = 20_000
"""Characters at the beginning: what a text is shows there, and each shape is looked for in it."""


def kind_of(text: str) -> str | None:
    """The kind of a text, or None where it may be Python."""
    begin = text[:_LOOKED_AT]
    kind = next((name for name, shape in _KINDS if shape.search(begin)), None)
    is_python = _PYTHON.search(begin) is not None
    if kind in _COMMANDS and is_python:
        return None
    return kind if kind is not None or is_python else "plain text"


_COMMANDS: Final = ("a call of the ant command", "another command line", "YAML", "C#", "Go")
"""Lines of these can stand in Python too."""


def is_javascript(text: str) -> bool:
    """Whether a call is given one object and no arguments by name, which Python can parse too."""
    begin = text[:_LOOKED_AT]
    return _OBJECT_GIVEN.search(begin) is not None and _PYTHON.search(begin) is None


def kind_sentence(kind: str) -> str:
    """The error message for a text of this kind."""
    return f"This is {kind}, which can't be imported. {READABLE}"


def json_kind(body: JsonObject) -> str | None:
    """What a JSON object is that is no request of a kind that can be read."""
    names = set(body)
    # A run has a stop reason, as an answer has: our own files come first.
    if {"format", "run_id"} <= names:
        return "a line of a log export"
    if body.get("kind") == "playground experiment":
        return "an experiment (My experiments opens it)"
    if "custom_id" in names and names & {"result", "response"}:
        return "a result of a batch, not a request"
    if {"worksheets", "nbformat"} <= names:
        return "a notebook in an old format (Jupyter saves it in the new one)"
    if body.get("type") == "message" or {"choices", "usage"} <= names or "stop_reason" in names:
        return "an answer of an API, not a request"
    if body.get("type") == "error" or names == {"error"}:
        return "an error of an API, not a request"
    if "contents" in names:
        return "a request of Google's Gemini API"
    # Before messages are looked for, which requests of Converse have as well.
    if names & {"inferenceConfig", "additionalModelRequestFields"} or _is_converse(body):
        return "a request of Amazon Bedrock's Converse API"
    if "messages" in names:
        return None
    # Only now: a request with messages may have fields of these names beside them.
    if names & {"max_tokens_to_sample", "prompt"}:
        return "a request of a text-completion API"
    if "input_schema" in names:
        return "a tool definition"
    if {"info", "item"} <= names:
        return "a Postman collection"
    if names & {"openapi", "swagger"}:
        return "an API description (OpenAPI)"
    if "$schema" in names or {"type", "properties"} <= names:
        return "a JSON schema"
    return None


def _is_converse(body: JsonObject) -> bool:
    """Whether the blocks of its messages are Converse's, which have no type."""
    messages = body.get("messages")
    blocks = [
        block
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for block in message["content"]
    ]
    return bool(blocks) and all(
        isinstance(block, dict) and set(block) == {"text"} for block in blocks
    )
