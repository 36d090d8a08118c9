"""The key appears nowhere, whatever goes wrong: page, frames, output, log."""

import json

import pytest
from browser.driving import expect, free_port
from fake_api import answer, block, delta, end, error, sse, start

OWNERS = "sk-ant-canary-OWNER-51c2f8a07e9d"
TYPED = "sk-ant-canary-TYPED-93b1d46c20af"
PROMPT = "canary-prompt-7d20e9"
CANARIES = (OWNERS, TYPED)
STATUSES = (400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529)
TYPED_IN = "() => [...document.querySelectorAll('input, textarea')].map(e => e.value).join(' ')"
PLAYS = ("drops", "resets", "truncates")
SPENT = {"error_code": "enforced_spend_limit_reached"}


def reply(status, kind, text, headers=()):
    async def send(api, seen, writer):
        await api._reply(writer, status, kind, text, headers)

    return send


def stream(*events, headers=()):
    async def send(api, seen, writer):
        await api.open(writer, headers=headers)
        for event in events:
            await api.send(writer, event)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    return send


async def abort(api, seen, writer):
    writer.transport.abort()


async def bad_http(api, seen, writer):
    writer.write(f"HTTP/1.1 {OWNERS} {OWNERS}\r\n{OWNERS}\r\n\r\n".encode())
    writer.close()


def failing(kind, message, **more):
    return reply(400, "application/json", error(kind, message, **more))


def echo(place):
    """What a server can do with the key that it was sent."""
    said = f"Invalid x-api-key: {OWNERS} (Authorization: Bearer {OWNERS})"
    body = error("authentication_error", said)
    refusal = sse("message_delta", delta={"stop_reason": "refusal"}, usage={"output_tokens": 1})
    begun = start() + block() + delta("Hi")
    return {
        "message": reply(401, "application/json", body),
        "cut message": failing("invalid_request_error", "x" * 1_970 + OWNERS),
        "type": failing(OWNERS, "no"),
        "code": failing("rate_limit_error", "no", details={"error_code": OWNERS}),
        "request id": reply(500, "application/json", body, [f"request-id: {OWNERS}"]),
        "header": reply(529, "application/json", body, [f"{OWNERS}: {OWNERS}", "retry-after: 9"]),
        "retry after": reply(429, "application/json", body, [f"retry-after: {OWNERS}"]),
        "malformed body": reply(500, "application/json", body[:-9]),
        "plain body": reply(400, "text/plain", said),
        "error text": reply(400, "application/json", json.dumps({"error": said})),
        "page": reply(200, "text/html", f"<h1>{said}</h1>"),
        "error page": reply(502, "text/html", f"<h1>{said}</h1>"),
        "redirect": reply(307, "text/plain", "", [f"location: http://127.0.0.1:1/{OWNERS}"]),
        "event": stream(begun, sse("error", error={"type": "overloaded_error", "message": said})),
        "event type": stream(begun, sse("error", error={"type": OWNERS, "message": "no"})),
        "first event": stream(sse("error", error={"type": "api_error", "message": said})),
        "event's request id": stream(sse("error", error={"message": "no"}, request_id=OWNERS)),
        "unknown event": stream(start(), sse(OWNERS, note=OWNERS), refusal, sse("message_stop")),
        "id of a stream cut short": stream(start(), headers=[f"request-id: {OWNERS}"]),
        "id of an answer": stream(answer(), headers=[f"request-id: {OWNERS}"]),
        "stop reason": stream(begun, end(stop_reason=OWNERS)),
        "garbage": stream(begun, f"data: {{{OWNERS}\n\n".encode()),
        "not an object": stream(f'data: ["{OWNERS}"]\n\n'.encode()),
        "not UTF-8": stream(b"data: \xff\xfe" + OWNERS.encode() + b"\n\n"),
        "status line": bad_http,
        "spend limit": failing("rate_limit_error", said, details=SPENT),
        "refusal": stream(start(), refusal, sse("message_stop")),
        "empty stream": stream(),
        "empty body": reply(200, "application/json", ""),
        "usage": stream(sse("message_start", message={"usage": {"speed": OWNERS}}), answer()),
        "abort": abort,
    }[place]


ECHOES = (
    "message", "cut message", "type", "code", "request id", "header", "retry after",
    "malformed body", "plain body", "error text", "page", "error page", "redirect", "event",
    "event type", "first event", "event's request id", "unknown event",
    "id of a stream cut short", "id of an answer", "stop reason", "garbage", "not an object",
    "not UTF-8", "status line", "spend limit", "refusal", "empty stream", "empty body", "usage",
    "abort",
)  # fmt: skip
FAILURES = [*(f"status-{status}" for status in STATUSES), *PLAYS, *ECHOES]
BATCHES = [FAILURES[at : at + 6] for at in range(0, len(FAILURES), 6)]


def pieces(canary):
    """The key, and each half of it: a part that was cut off is a leak as well."""
    return canary, canary[7:25]


def places(screen):
    return {
        "frames": b"\n".join(screen.frames),
        "page": (screen.page.content() + screen.page.evaluate(TYPED_IN)).encode(),
        "output": screen.app.output().encode(),
        "log": screen.app.log_bytes(),
    }


def leaks(screen, before=None):
    """Where a key stands, and did not `before`."""
    return [
        (place, canary, content[max(0, at - 100) : at + 60])
        for place, content in places(screen).items()
        for canary in CANARIES
        for piece in pieces(canary)
        if content.count(piece.encode()) > (before or {}).get(place, b"").count(piece.encode())
        for at in [content.find(piece.encode())]
    ]


@pytest.fixture(scope="module")
def app(start_app, shared_api):
    """The API's own address is behind a proxy that is not there: no test may reach it."""
    return start_app(
        {
            "ANTHROPIC_BASE_URL": shared_api.url,
            "ANTHROPIC_API_KEY": OWNERS,
            "HTTPS_PROXY": f"http://127.0.0.1:{free_port()}",
        }
    )


@pytest.fixture(scope="module")
def six(open_for_all, app):
    """A page with six variants that try once, shared by the batches."""
    screen = open_for_all(app)
    screen.attempts(1)
    screen.variants(6)
    return screen


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: " ".join(batch)[:60])
def test_no_failure_shows_or_stores_the_owners_key(six, api, batch):
    todo = [*batch]
    known = {"drops": stream(start() + block()), "resets": abort, "truncates": stream(start())}

    async def fail(api, seen, writer):
        assert OWNERS in str(seen.headers), "the key was not even sent"
        name = todo.pop(0) if todo else "status-400"
        if name.startswith("status-"):
            said = error("api_error", f"{name}: {seen.headers}")
            return await reply(int(name[7:]), "application/json", said)(api, seen, writer)
        return await (known.get(name) or echo(name))(api, seen, writer)

    api.handler = fail
    six.frames.clear()
    before = places(six)
    six.run()
    six.await_posts(api, 6)
    six.await_end("ABCDEF")
    assert todo == []
    assert leaks(six, before) == []


def test_no_refused_connection_shows_the_key(visit, start_app):
    owner = {"ANTHROPIC_API_KEY": OWNERS}
    closed = start_app({**owner, "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{free_port()}"})
    screen = visit(closed)
    screen.attempts(1)
    screen.run()
    screen.await_end()
    screen.await_status("failed")
    assert leaks(screen) == []


def test_an_owners_key_with_a_line_break_fails_in_plain_words(visit, start_app, api):
    broken = start_app({"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": f"sk\n{OWNERS}"})
    screen = visit(broken)
    screen.run()
    screen.await_end()
    screen.await_status("failed")
    expect(screen.at("card_A")).to_contain_text("one line of printable ASCII")
    assert api.posts == []
    assert leaks(screen) == []


def test_a_typed_key_is_used_and_shown_nowhere(visit, app):
    screen = visit(app)
    screen.choose("connection", "Claude API")
    screen.write("message_0_text", PROMPT)
    screen.attempts(1)
    screen.write("api_key", TYPED)
    expect(screen.at("forget_key")).to_be_visible()
    screen.run()
    screen.await_end()
    screen.await_status("failed")
    expect(screen.at("card_A")).to_contain_text("could not be reached")
    screen.select_row(0)  # In full, with its request.
    expect(screen.at("log_detail")).to_contain_text("Attempts")
    assert leaks(screen) == []
    # The control: what may be shown and stored is found by the very same search.
    found = {place: PROMPT.encode() in content for place, content in places(screen).items()}
    assert found == {"frames": True, "page": True, "output": False, "log": True}
    screen.click("forget_key")
    assert screen.at("api_key").locator("input").input_value() == ""


def test_a_typed_key_is_taken_when_one_clicks_elsewhere(visit, app):
    screen = visit(app)
    screen.choose("connection", "Claude API")
    screen.at("api_key").locator("input").fill(TYPED)
    screen.at("system_prompt").locator("textarea").click()
    expect(screen.at("forget_key")).to_be_visible()
    expect(screen.at("api_key")).to_have_count(0)
    assert leaks(screen) == []


def test_a_key_that_cannot_be_one_is_refused_in_plain_words(visit, app):
    screen = visit(app)
    screen.choose("connection", "Claude API")
    sidebar = screen.page.get_by_test_id("stSidebar")
    for wrong in (f"{TYPED} x", f"{TYPED}é", f"{TYPED}\u200b", f"ключ{TYPED}"):
        screen.write("api_key", wrong)
        expect(sidebar).to_contain_text("A key is one line of letters")
        expect(screen.at("api_key").locator("input")).to_have_value("")
    assert leaks(screen) == []
