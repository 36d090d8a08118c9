"""What the real app answers: its headers, and whom it answers at all."""

import http.client
from pathlib import Path

import pytest
from browser.driving import expect

from playground.ui.server.security_headers import HEADERS

# Every kind of thing that an answer makes the page load or start.
ANSWER = (
    "# Title\n\n**bold** $x^2$ :smile: ~~gone~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "```python\nprint(1)\n```\n\n```mermaid\ngraph TD; A-->B;\n```\n\nthe end"
)
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture(scope="module")
def screen(open_for_all, app):
    """One page for all; the last test has it do what is forbidden."""
    return open_for_all(app)


def ask(app, path="/", **headers):
    """The answer to a request under a name of one's choice."""
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=10)
    try:
        connection.putrequest("GET", path, skip_host=True)
        for name, value in ({"Host": f"localhost:{app.port}"} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read(2_000) if reply.status != 101 else b""
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/no-such-file"])
def test_every_answer_carries_the_headers(app, path):
    _, headers, _ = ask(app, path)
    assert {name: headers[name] for name in HEADERS} == dict(HEADERS)


def test_an_answer_with_everything_in_it_is_drawn_under_the_policy(screen, api):
    api.texts, api.plays = {"everything": ANSWER}, ["everything"] * 2
    screen.run()
    screen.await_end()
    expect(screen.answer()).to_contain_text("the end")
    expect(screen.answer().locator("math").first).to_be_visible()
    assert screen.refused == []


def test_charts_copying_dialogs_and_downloads_work_under_the_policy(screen):
    screen.choose("connection", "Demo")
    screen.run()
    screen.await_end()
    screen.unfold("Cost per day and model")
    expect(screen.at("log_chart").locator("canvas, svg.marks").first).to_be_visible()
    screen.click("share")
    shown = screen.page.get_by_test_id("stCode").filter(has_text="#s=1")
    shown.hover()
    shown.get_by_role("button").click()
    copied = screen.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == shown.inner_text()
    with screen.page.expect_download() as coming:
        screen.click("share_file")
    assert b'"variants"' in Path(coming.value.path()).read_bytes()
    screen.close_dialog()
    assert screen.refused == []
    assert screen.errors == []


def test_what_the_policy_forbids_is_not_loaded(screen):
    image = "https://elsewhere.example/?leak"
    screen.page.evaluate("url => { new Image().src = url; }", image)
    screen.meanwhile(lambda: screen.refused, what="the browser's refusal")
    assert image in screen.refused[0]
    assert "img-src" in screen.refused[0]
    screen.elsewhere.remove(image)  # Asked for, and never sent.
    screen.refused.clear()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "192.0.2.1", "", "[bad"])
@pytest.mark.parametrize("path", ["/", "/_stcore/host-config", "/_stcore/metrics"])
def test_under_a_foreign_name_nothing_is_read(app, path, host):
    status, headers, body = ask(app, path, Host=host)
    assert status in (400, 403)
    if status == 403:
        assert b"server.allowedHosts" in body
        assert headers["Content-Security-Policy"]


def test_a_platform_may_probe_under_any_name(app):
    assert ask(app, "/_stcore/health", Host="10.0.0.7:8501")[0] == 200


@pytest.mark.parametrize("path", ["/_stcore/stream", "/feed"])
@pytest.mark.parametrize(
    ("host", "origin", "is_joined"),
    [
        ("localhost", "http://localhost", True),
        ("evil.example", "http://evil.example", False),
        ("localhost", "https://evil.example", False),
        ("localhost", "null", False),
    ],
)
def test_only_a_page_of_this_app_can_join_its_sockets(app, path, host, origin, is_joined):
    at = f":{app.port}" if host == "localhost" else ""
    if origin.endswith("//localhost"):
        origin += at
    status, *_ = ask(app, path, **SOCKET | {"Host": host + at, "Origin": origin})
    assert (status == 101) is is_joined
    assert is_joined or status == 403
