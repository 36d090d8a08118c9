"""Every button that sends refuses what Run refuses, and says the same."""

import contextlib
import json

import pytest
from fake_api import FakeApi
from scripted import Script
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, answer, click_more, finish, words

from playground.claude.sending import Clients
from playground.ui.session.services import services

PASSCODE = "correct horse"


@pytest.fixture
def api():
    with contextlib.closing(FakeApi()) as found:
        yield found


@pytest.fixture
def page(monkeypatch, api, come_from):
    """A stranger past the passcode of an owner without a budget."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "owners-key-51c2f8")
    monkeypatch.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    monkeypatch.setenv("PLAYGROUND_MAX_TOKENS", "1000")
    come_from(playground_visitor="a" * 43)
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    click_more(page, "remove_variant_B")
    page.selectbox(key="connection").select("server").run()
    page.text_input(key="passcode").input(PASSCODE).run()
    return page


def said(page):
    toasts = [each.value for each in page.toast]
    return "\n".join([words(page), *toasts]).replace("\\", "")


def run_on_the_demo(page, **controls):
    """A run that the demo's visitors may make, however large it is."""
    page.selectbox(key="connection").select("demo").run()
    for name, value in controls.items():
        page.session_state[f"{name}_A"] = value
    page.run()
    page.button(key="run_all").click().run()
    finish(page)
    assert page.session_state["runs"]["A"].is_over
    page.selectbox(key="connection").select("server").run()
    return page


REFUSED = {
    "a cap": ({"max_tokens": "5000"}, "visitors ask for 1,000 max_tokens at most"),
    "a field": (
        {"extra_json": json.dumps({"mcp_servers": [{"type": "url", "url": "https://x.example"}]})},
        "`mcp_servers` in the extra JSON is not sent with the key of this app's owner",
    ),
}
refused = pytest.mark.parametrize(("controls", "why"), REFUSED.values(), ids=REFUSED)


@refused
def test_run_and_count_refuse_it(page, api, controls, why):
    for name, value in controls.items():
        page.session_state[f"{name}_A"] = value
    page.run()
    assert why in said(page)
    assert page.button(key="count_tokens").disabled
    page.button(key="run_all").click().run()
    assert why in said(page)
    assert page.session_state["runs"] == {}
    assert api.posts == []


@refused
def test_run_again_from_the_log_refuses_it(page, api, controls, why):
    run_on_the_demo(page, **controls)
    [(letter, run)] = page.session_state["runs"].items()
    assert services().log.flush(10)
    page.session_state[f"max_tokens_{letter}"] = "100"
    page.session_state[f"extra_json_{letter}"] = ""
    page.session_state["opened_run"] = run.id
    page.run()
    page.button(key="run_run").click().run()
    assert why in said(page)
    assert api.posts == []
    assert page.session_state["runs"]["A"] is run


@refused
def test_run_again_on_a_card_refuses_it_once_the_key_is_the_owners(
    monkeypatch, come_from, controls, why
):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "owners-key-51c2f8")
    monkeypatch.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    monkeypatch.setenv("PLAYGROUND_MAX_TOKENS", "1000")
    come_from(playground_visitor="a" * 43)
    script = Script((400, b'{"type": "error", "error": {"type": "invalid_request_error"}}'))
    services()._clients = Clients(transport=script)
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    click_more(page, "remove_variant_B")
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="passcode").input(PASSCODE).run()
    page.text_input(key="api_key").input("sk-ant-visitors").run()
    for name, value in controls.items():
        page.session_state[f"{name}_A"] = value
    page.run()
    page.button(key="run_all").click().run()
    finish(page)
    # With a key of one's own all of it may be sent, and again.
    sent = [request for request in script.requests if request.method == "POST"]
    assert [request.headers["authorization"] for request in sent] == ["Bearer sk-ant-visitors"]
    assert answer(page).tools["again"] is False
    page.button(key="forget_key").click().run()
    assert answer(page).tools["again"]
    assert why in answer(page).said["blocked"]
    assert len([request for request in script.requests if request.method == "POST"]) == 1


@refused
def test_as_sent_shows_it_and_says_that_run_would_not_send_it(page, api, controls, why):
    for name, value in controls.items():
        page.session_state[f"{name}_A"] = value
    page.run()
    click_more(page, "as_sent_A")
    [caption] = [each.value for each in page.caption if each.value.startswith("Run would not")]
    assert why in caption.replace("\\", "")
    assert any("mcp_servers" in each.value or "5000" in each.value for each in page.code)
    assert api.posts == []


def test_what_is_not_changed_is_not_parsed_again_by_the_next_script_run(page):
    page.session_state["extra_json_A"] = '{"metadata": {"user_id": "7"}}'
    before = page.run().session_state["params_A"]
    assert page.run().session_state["params_A"] is before
    page.session_state["extra_json_A"] = "{}"
    assert page.run().session_state["params_A"].extra.fields == {}
