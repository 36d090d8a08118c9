"""Whose page may ask: exactly the app's own, by scheme, name and port."""

import asyncio
import tomllib
from pathlib import Path

import pytest
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from playground.ui.server.allowed_hosts import KnownHosts, host_of, is_known, is_own_page
from playground.ui.server.security_headers import HEADERS, SafeHeaders

ROOT = Path(__file__).parents[3]
LOCAL = "localhost:8641"
CLOUD = "mine.streamlit.app"


def scope_of(host, origin=None, scheme="http", **headers):
    given = {"host": host, "origin": origin} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": scheme,
        "headers": [(n.encode(), v.encode()) for n, v in given.items() if v is not None],
        "client": ("127.0.0.1", 1),
    }  # fmt: skip


@pytest.fixture
def option():
    """Sets options of Streamlit, and takes them back."""
    before = {}

    def set_(name, value):
        before.setdefault(name, config.get_option(name))
        config.set_option(name, value)

    yield set_
    for name, value in before.items():
        config.set_option(name, value)


@pytest.fixture(autouse=True)
def names(option):
    names = ["localhost", "127.0.0.1", "::1", "*.streamlit.app", "app.example"]
    option("server.allowedHosts", names)


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize(
    "host", [LOCAL, "127.0.0.1:8641", "[::1]:8641", "localhost", "a.streamlit.app"]
)
def test_a_page_may_ask_the_very_address_that_it_came_from(host, scheme):
    assert is_own_page(scope_of(host, f"http://{host}", scheme))
    assert is_own_page(scope_of(host, scheme=scheme))


@pytest.mark.parametrize(
    "listed",
    ["App.Example", "app.example.", " app.example ", "*.Example", "*", "[::1]", "::1",
     "team.example", "*.app.example", "xapp.example", "", "*.", "localhost"],
)  # fmt: skip
@pytest.mark.parametrize(
    "host",
    ["app.example", "APP.example:8501", "app.example.", "[::1]:8501", "localhost.:8501",
     "evil-app.example", "", "."],
)  # fmt: skip
def test_a_list_of_hosts_is_read_as_streamlit_reads_it(option, listed, host):
    option("server.allowedHosts", [listed])
    # But for the brackets of an IPv6 address, which Streamlit takes for part of the name.
    asked = is_known(host_of({"host": host}))
    expected = is_host_allowed(host) or (listed, host) == ("[::1]", "[::1]:8501")
    assert asked is (expected and host not in ("", "."))


@pytest.mark.parametrize(
    ("listed", "is_answered"),
    [(("app.example",), True), ("app.example", False), ("*", False), (5, False), ([5], False)],
)
def test_what_is_no_list_of_texts_names_nobody(option, listed, is_answered):
    # Options and variables come as tuples.
    option("server.allowedHosts", listed)
    assert is_known("app.example") is is_answered


def test_the_names_of_the_apps_own_list_are_answered_by_streamlit_too(option):
    file = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    option("server.allowedHosts", file["server"]["allowedHosts"])
    for host in (LOCAL, "127.0.0.1:8641", "[::1]:8641", CLOUD):
        assert is_host_allowed(host)
        assert is_own_page(scope_of(host, f"http://{host}", "ws"))


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8641", "http://127.0.0.1:9999", "http://localhost:3000",
        "http://localhost", "https://localhost:8641", "http://[::1]:8641", "ws://localhost:8641",
        "http://LOCALHOST.evil:8641", "http://localhost:86410", "http://localhost.:8641",
        "http://x.localhost:8641", "https://mine.streamlit.app", "https://app.example",
        "http://a@localhost:8641", "http://localhost:8641/", "http://localhost:8641?x",
        "http://localhost:8641#x", "http://localhost:8641 http://evil.example",
        "file://", "null", "", "localhost:8641", "//localhost:8641", "http://", "http://[",
        "chrome-extension://localhost:8641", "http://localhost:abc", "http://0.0.0.0:8641",
    ],
)  # fmt: skip
def test_a_page_of_another_origin_may_not_however_near(origin):
    assert not is_own_page(scope_of(LOCAL, origin))


@pytest.mark.parametrize(
    ("host", "origin", "headers", "is_own"),
    [
        ("app.example", "https://app.example", {}, True),
        ("app.example", "https://app.example", {"x_forwarded_proto": "https"}, True),
        ("app.example", "http://app.example", {"x_forwarded_proto": "https"}, False),
        ("app.example", "https://app.example:8443", {"x_forwarded_proto": "https"}, False),
        ("app.example:443", "https://app.example", {"x_forwarded_proto": "https"}, True),
        # What some proxies say of a socket, some of a chain, and what says nothing.
        ("app.example", "https://app.example", {"x_forwarded_proto": "wss"}, True),
        ("app.example", "http://app.example", {"x_forwarded_proto": "wss"}, False),
        ("app.example", "http://app.example", {"x_forwarded_proto": "WS"}, True),
        ("app.example", "https://app.example", {"x_forwarded_proto": "ws"}, False),
        ("app.example", "https://app.example", {"x_forwarded_proto": "http, https"}, True),
        ("app.example", "https://app.example", {"x_forwarded_proto": "on"}, True),
        ("app.example", "https://evil.example", {"x_forwarded_proto": "wss"}, False),
        ("127.0.0.1:8501", "https://app.example", {}, False),
        ("127.0.0.1:8501", "https://app.example", {"x_forwarded_host": "app.example"}, False),
        ("127.0.0.1:8501", "https://app.example",
         {"x_forwarded_host": "app.example", "x_forwarded_proto": "https"}, True),
        ("127.0.0.1:8501", "https://evil.example",
         {"x_forwarded_host": "evil.example", "x_forwarded_proto": "https"}, False),
        ("127.0.0.1:8501", "https://app.example",
         {"x_forwarded_host": "evil.example, app.example", "x_forwarded_proto": "https"}, True),
        ("127.0.0.1:8501", "https://a.streamlit.app",
         {"x_forwarded_host": "b.streamlit.app", "x_forwarded_proto": "https"}, False),
        ("a.streamlit.app", "https://b.streamlit.app", {}, False),
    ],
)  # fmt: skip
def test_behind_a_proxy_the_origin_is_what_the_proxy_was_asked_under(host, origin, headers, is_own):
    if not is_own and "x_forwarded_proto" not in headers and "x_forwarded_host" in headers:
        headers = headers | {"x_forwarded_proto": "http"}
    assert is_own_page(scope_of(host, origin, **headers)) is is_own


def test_an_origin_that_the_owner_lists_may_ask_and_no_other_port_of_it(option):
    option("server.corsAllowedOrigins", ["https://portal.example:8443"])
    assert is_own_page(scope_of(LOCAL, "https://portal.example:8443"))
    assert not is_own_page(scope_of(LOCAL, "https://portal.example"))
    assert not is_own_page(scope_of(LOCAL, "http://portal.example:8443"))
    option("server.corsAllowedOrigins", [" https://Portal.example:8443/ "])
    assert is_own_page(scope_of(LOCAL, "https://portal.example:8443"))
    assert not is_own_page(scope_of(LOCAL, "https://portal.example"))


def test_of_a_header_in_two_lines_the_proxys_own_is_the_last():
    scope = scope_of("app.example", "https://app.example", x_forwarded_proto="http")
    assert not is_own_page(scope)
    scope["headers"].append((b"x-forwarded-proto", b"https"))
    assert is_own_page(scope)


def told(app, scope):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, None, send))
    return sent[0]["status"], {n.decode(): v.decode() for n, v in sent[0]["headers"]}


async def _page(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def test_a_foreign_page_is_refused_by_http_too():
    assert told(KnownHosts(_page), scope_of(LOCAL, f"http://{LOCAL}"))[0] == 200
    assert told(KnownHosts(_page), scope_of(LOCAL, "http://localhost:3000"))[0] == 403


@pytest.mark.parametrize(
    ("host", "headers", "framers"),
    [
        (LOCAL, {}, "'self'"),
        ("app.example", {"x_forwarded_proto": "https"}, "'self'"),
        ("streamlit.app.evil.example", {}, "'self'"),
        (CLOUD, {}, "'self' https://*.streamlit.app https://share.streamlit.io"),
        (
            "127.0.0.1:8501",
            {"x_forwarded_host": CLOUD},
            "'self' https://*.streamlit.app https://share.streamlit.io",
        ),
    ],
)
def test_only_where_community_cloud_serves_it_its_pages_may_frame_the_app(host, headers, framers):
    _, found = told(SafeHeaders(_page), scope_of(host, **headers))
    policy = found["content-security-policy"]
    assert policy.endswith(f"; frame-ancestors {framers}")
    start = HEADERS["Content-Security-Policy"].partition("; frame-ancestors")[0]
    assert policy.startswith(start)
