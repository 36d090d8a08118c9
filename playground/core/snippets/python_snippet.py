"""A call as Python: with the retry policy spelled out, and as short as the SDK allows."""

from collections.abc import Mapping

from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import SERVED_DEMO_URL, Connection
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.body_refusals import fills_cache

# What Black and Ruff allow by default, so that what is copied is not laid out anew.
WIDTH = 88
LONGEST_ANSWER_S = 3600
"""How long an answer in one piece is waited for. Unless a call names a time, the SDKs refuse one
whose answer could take more than ten minutes; for their longest they reckon an hour."""
NAMED = frozenset(
    {
        "cache_control",
        "container",
        "diagnostics",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "system",
        "thinking",
        "tool_choice",
        "tools",
        "user_profile_id",
        "workspace_id",
    }
)
"""What the SDK's `messages.stream` takes by name; temperature and others it does not."""
HEADERS = frozenset({"user_profile_id", "workspace_id"})
"""Of these, what the SDKs make headers of: in a body they are other fields."""

_SHORT = """\
{imports}

{client}
with {call} as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
"""

_SHORT_WHOLE = """\
{imports}

{client}
message = {call}
{printed}
"""
_PRINTED = """\
for block in message.content:
    if block.type == "text":
        print(block.text)"""
_NO_ANSWER = "print(message.usage)"
"""No answer is asked for, only that the prompt is cached."""

# Indented for the place in `_WITH_POLICY` that it fills.
_STREAM = """\
with client.messages.stream(**REQUEST) as stream:
            for event in stream:
                # A block that nobody sees, such as hidden thinking, is paid for too.
                has_begun = bool(stream.current_message_snapshot.content)
                if event.type == "text":
                    print(event.text, end="", flush=True)
            message = stream.get_final_message()"""
_FILLING = "message = client.messages.create(**REQUEST)"
_WHOLE = f"""\
{_FILLING}
        texts = (block.text for block in message.content if block.type == "text")
        print(*texts, sep="")"""

_WITH_POLICY = '''\
{imports}

ATTEMPTS, BASE_WAIT_S, DEADLINE_S = {attempts}, {base_wait_s}, {deadline_s}
REQUEST = {request}


def may_pass(error):
    """429, 5xx and lost connections may pass; 400, 401 or a spend limit will not."""
    if not isinstance(error, anthropic.APIStatusError):
        return isinstance(error, (anthropic.APIConnectionError, httpx2.TransportError))
    if "spend_limit" in str(error.error_code):
        return False
    if error.response.headers.get("x-should-retry", "").lower() == "false":
        return False
    if error.status_code == 200:  # An error inside a stream that had begun.
        return error.type != "invalid_request_error"
    return error.status_code in (408, 429) or error.status_code >= 500


def until_s(date):
    return email.utils.mktime_tz(email.utils.parsedate_tz(date)) - time.time()


def asked_s(headers):
    """How long the server asks to wait: in milliseconds, in seconds or until a date."""
    for name, seconds in (
        ("retry-after-ms", lambda value: float(value) / 1000),
        ("retry-after", float),
        ("retry-after", until_s),
    ):
        try:
            wait_s = seconds(headers[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if 0 <= wait_s < math.inf:
            # A longer wait than a year is none: some servers write the moment itself.
            return wait_s if wait_s <= 366 * 86_400 else 0.0
    return 0.0


def next_wait_s(error, attempt, elapsed_s, has_begun):
    """Seconds until the next attempt; None: never, least of all once it has begun."""
    if has_begun or attempt >= ATTEMPTS or not may_pass(error):
        return None
    wait_s = BASE_WAIT_S * 2 ** (attempt - 1) * (1 + random.random())
    response = getattr(error, "response", None)
    if response is not None:
        wait_s = max(wait_s, asked_s(response.headers))
    return wait_s if elapsed_s + wait_s <= DEADLINE_S else None


{client}
began_s = time.monotonic()
for attempt in range(1, ATTEMPTS + 1):
    has_begun = False
    {counted}try:
        {answered}
        break
    except (anthropic.APIError, httpx2.TransportError) as error:
        wait_s = next_wait_s(error, attempt, time.monotonic() - began_s, has_begun)
        if wait_s is None:
            raise
        print(f"Attempt {{attempt}}: {{error}}. Next in {{wait_s:.1f}} s.", file=sys.stderr)
        time.sleep(wait_s)

if message.stop_reason is None:
    raise RuntimeError("The stream ended before the answer did.")
print(f"\\n{{message.stop_reason}}, {{message.usage.output_tokens}} tokens", file=sys.stderr)
'''

_COUNTED = """\
# The demo lets the first attempts fail, and counts them by this header.
    REQUEST["extra_headers"]["x-stainless-retry-count"] = str(attempt - 1)
    """


def short(body: JsonObject, headers: Mapping[str, str], connection: Connection) -> str:
    """About ten lines; the SDK's own retries, which nobody sees."""
    sources = {
        name: literal(value, 1, len(name) + 2) for name, value in _arguments(body, headers).items()
    }
    is_streamed = body.get("stream") is True
    method = "stream" if is_streamed else "create"
    return (_SHORT if is_streamed else _SHORT_WHOLE).format(
        imports=_imports(connection),
        client=_client(connection, {}),
        call=_call(f"client.messages.{method}", sources),
        printed=_NO_ANSWER if fills_cache(body) else _PRINTED,
    )


def with_policy(
    body: JsonObject,
    headers: Mapping[str, str],
    connection: Connection,
    policy: RetryPolicy,
) -> str:
    """The playground's own way: no retry inside the SDK, each one decided and told here."""
    whole = _FILLING if fills_cache(body) else _WHOLE
    return _WITH_POLICY.format(
        # A stream that breaks off raises httpx2's own errors, which are none of the SDK's.
        imports=_imports(connection, ("email.utils", "math", "random", "sys", "time"), ("httpx2",)),
        attempts=policy.attempts,
        base_wait_s=policy.base_wait_s,
        deadline_s=policy.deadline_s,
        request=literal(_arguments(body, headers)),
        # The SDK tries three times by itself: each attempt counted here would be three.
        client=_client(connection, {"max_retries": "0"}),
        answered=_STREAM if body.get("stream") is True else whole,
        counted=_COUNTED if connection.has_scenario else "",
    )


def literal(value: object, depth: int = 0, beside: int = 0) -> str:
    """A JSON value as Python source; what does not fit into a line gets one an entry.

    `beside`: how many characters share its first line.
    """
    flat = _flat(value)
    if flat is not None and len(flat) + 4 * depth + beside <= WIDTH:
        return flat
    inner, outer = "    " * (depth + 1), "    " * depth
    if isinstance(value, Mapping):
        keys = {_quoted(key): item for key, item in value.items()}
        entries = [
            f"{key}: {literal(item, depth + 1, len(key) + 3)}," for key, item in keys.items()
        ]
        return "{\n" + "".join(f"{inner}{entry}\n" for entry in entries) + outer + "}"
    if isinstance(value, list | tuple):
        entries = [f"{literal(item, depth + 1, 1)}," for item in value]
        return "[\n" + "".join(f"{inner}{entry}\n" for entry in entries) + outer + "]"
    if isinstance(value, str) and len(lines := value.splitlines(keepends=True)) > 1:
        return "(\n" + "".join(f"{inner}{_quoted(line)}\n" for line in lines) + outer + ")"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _flat(value: object) -> str | None:
    """A value in one line, or None where a text of several lines is in it."""
    if isinstance(value, str):
        return None if len(value.splitlines()) > 1 else _quoted(value)
    if isinstance(value, Mapping):
        pairs = [(_quoted(key), _flat(item)) for key, item in value.items()]
        texts = [f"{key}: {item}" for key, item in pairs if item is not None]
        return "{" + ", ".join(texts) + "}" if len(texts) == len(pairs) else None
    if isinstance(value, list | tuple):
        entries = [_flat(item) for item in value]
        texts = [item for item in entries if item is not None]
        return "[" + ", ".join(texts) + "]" if len(texts) == len(entries) else None
    return repr(value)


def _quoted(text: str) -> str:
    """`repr`, in double quotes wherever that takes no escape."""
    source = repr(text)
    if source[0] == "'" and '"' not in source:
        return f'"{source[1:-1]}"'
    return source


def _arguments(body: JsonObject, headers: Mapping[str, str]) -> dict[str, Json]:
    """The arguments of `messages.stream`, which itself asks for a stream, or of `create`."""
    names = [name for name in body if name in NAMED - HEADERS and _fits(name, body[name])]
    named = {name: body[name] for name in names}
    rest = {name: value for name, value in body.items() if name not in named}
    if "model" in rest:
        # The SDK asks for one by name, and sends that of the extra body.
        named = {"model": "", **named}
    own: dict[str, Json] = {"extra_headers": dict(headers)}
    if rest.get("stream") is True:
        del rest["stream"]
    elif not fills_cache(body):
        own["timeout"] = LONGEST_ANSWER_S
    return named | own | ({"extra_body": rest} if rest else {})


def _fits(name: str, value: Json) -> bool:
    """Whether the SDK can look into an argument, as it does before it sends anything."""
    if name == "thinking":
        return isinstance(value, Mapping) and "type" in value
    return name != "model" or isinstance(value, str)


def _imports(
    connection: Connection, standard: tuple[str, ...] = (), installed: tuple[str, ...] = ()
) -> str:
    first = sorted((*standard, *(("os",) if connection.kind == "server" else ())))
    groups = [first, ["anthropic", *installed]]
    return "\n\n".join("\n".join(f"import {name}" for name in group) for group in groups if group)


def _client(connection: Connection, arguments: dict[str, str]) -> str:
    if connection.kind == "demo":
        comment = "# The demo, not Claude: for the Claude API leave out base_url and api_key.\n"
        address = {"base_url": _quoted(SERVED_DEMO_URL), "api_key": '"demo"'}
        return f"{comment}client = {_call('anthropic.Anthropic', address | arguments)}"
    if connection.kind == "claude":
        comment = "# The key is read from the environment: ANTHROPIC_API_KEY.\n"
        return f"{comment}client = {_call('anthropic.Anthropic', arguments)}"
    # The SDK sends only Authorization, and some servers look for x-api-key.
    server = {
        "base_url": _quoted(connection.base_url),
        "api_key": "key",
        "default_headers": '{"x-api-key": key}',
    }
    # Local servers want no key, but the SDK sends nothing without one: it raises a TypeError.
    key = 'key = os.environ.get("ANTHROPIC_API_KEY", "none")\n'
    return f"{key}client = {_call('anthropic.Anthropic', server | arguments)}"


def _call(function: str, sources: Mapping[str, str]) -> str:
    """A call with named arguments, in one line if it fits."""
    arguments = [f"{name}={source}" for name, source in sources.items()]
    flat = f"{function}({', '.join(arguments)})"
    if len(flat) <= WIDTH - 9 and "\n" not in flat:
        return flat
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
