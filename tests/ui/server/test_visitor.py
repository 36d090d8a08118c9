"""The cookie that knows a browser again: who gets one, and which values are one."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from playground.ui.server.visitor import COOKIE, SECURE_COOKIE, VisitorCookie, token_of

TOKEN, OTHER = "a" * 43, "b" * 43
STRANGER = {"host": "demo.example", "accept": "text/html,*/*;q=0.8"}


async def _page(scope, receive, send):
    headers = [(b"cache-control", b"no-cache"), (b"etag", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"page"})


def answer(headers, ip="192.0.2.7", **scope):
    """The headers of the answer to a request."""
    sent = []

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    whole = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
        "headers": raw, "client": (ip, 1) if ip else None, "server": ("127.0.0.1", 8501),
    } | scope  # fmt: skip
    asyncio.run(VisitorCookie(_page, lambda: TOKEN)(whole, None, send))
    assert sent[1]["body"] == b"page"
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_browser_from_elsewhere_gets_a_token_that_no_script_and_no_cache_can_pass_on():
    headers = answer(STRANGER)
    cookie = SimpleCookie(headers["set-cookie"])[COOKIE]
    assert cookie.value == TOKEN
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("scope", "headers"),
    [
        ({"scheme": "https"}, {}),
        ({}, {"x-forwarded-proto": "https"}),
        ({}, {"x-forwarded-proto": "HTTPS"}),
        ({}, {"x-forwarded-proto": "https, https"}),
    ],
    ids=["tls", "proxy", "capitals", "two proxies"],
)
def test_by_https_it_is_secure_and_only_this_host_can_set_it(scope, headers):
    cookie = SimpleCookie(answer(STRANGER | headers, **scope)["set-cookie"])[SECURE_COOKIE]
    assert cookie["secure"]
    # A plain one could have been planted by a neighbouring host.
    planted = answer(STRANGER | headers | {"cookie": f"{COOKIE}={OTHER}"}, **scope)
    assert SECURE_COOKIE in planted["set-cookie"]


@pytest.mark.parametrize(
    "value", ["", "x", OTHER + "x", OTHER[1:], '"quoted"', "a" * 60_000, OTHER[1:] + "\xff", "=;;="]
)
def test_a_value_of_another_shape_is_replaced(value):
    assert COOKIE in answer(STRANGER | {"cookie": f"{COOKIE}={value}; theme=dark"})["set-cookie"]


def test_a_good_one_is_left_alone():
    headers = answer(STRANGER | {"cookie": f"theme=dark; {COOKIE}={OTHER}"})
    assert "set-cookie" not in headers
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("headers", "ip", "scope"),
    [
        ({"host": "localhost:8501"}, "127.0.0.1", {}),
        ({"accept": "*/*"}, "192.0.2.7", {}),
        ({}, "192.0.2.7", {"method": "POST"}),
    ],
    ids=["local", "no page", "post"],
)
def test_others_get_none(headers, ip, scope):
    assert "set-cookie" not in answer(STRANGER | headers, ip, **scope)


@pytest.mark.parametrize(
    ("headers", "ip"),
    [({"host": "localhost", "x-forwarded-for": "192.0.2.7"}, "127.0.0.1"), ({}, None)],
    ids=["proxy", "no address"],
)
def test_behind_a_proxy_nobody_is_local(headers, ip):
    assert "set-cookie" in answer(STRANGER | headers, ip)


def test_the_cookie_that_none_else_can_set_is_believed_first():
    assert token_of({COOKIE: TOKEN, SECURE_COOKIE: OTHER}) == OTHER
    assert token_of({COOKIE: TOKEN, SECURE_COOKIE: "forged"}) == TOKEN
    assert token_of({COOKIE: TOKEN + "x"}) is None
    assert token_of({}) is None
