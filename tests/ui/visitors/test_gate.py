"""The owner's key and strangers, on the page: closed, opened on purpose, and capped."""

import contextlib
from datetime import UTC, datetime

import pytest
from fake_api import FakeApi
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, click_more, finish, unfold, words

from playground.ui.session import request_state

OWNERS, PASSCODE = "owners-key-51c2f8", "correct horse"


@pytest.fixture
def api():
    with contextlib.closing(FakeApi()) as found:
        yield found


@pytest.fixture
def owner(monkeypatch, api, come_from):
    """An owner with their own server, whose visitors come from elsewhere."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", OWNERS)
    monkeypatch.setenv("PLAYGROUND_SERVER_PRICE", "10/10")
    come_from(playground_visitor="a" * 43)
    return monkeypatch


def opened(user=None):
    page = AppTest.from_file(SCRIPT, default_timeout=30)
    page.user = user or {}
    page.run()
    page.selectbox(key="connection").select("server").run()
    return page


def said(page):
    return words(page).replace("\\", "")


def pressed(page):
    page.button(key="run_all").click().run()
    return finish(page) if page.session_state["runs"] else page


def test_a_stranger_does_not_use_it_until_a_setting_opens_it(owner, api):
    page = pressed(opened())
    assert page.session_state["runs"] == {}
    assert api.posts == []
    assert "This app's server is not for visitors" in said(page)
    assert "PLAYGROUND_PASSCODE" in said(page)
    assert page.selectbox(key="connection").options[0] == "Demo"


def test_the_right_passcode_opens_it_for_this_session_and_leaves_the_page(owner, api):
    owner.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    page = opened()
    assert "Enter the passcode" in said(page)
    page.text_input(key="passcode").input("guess").run()
    assert "not the passcode" in page.error[0].value
    assert page.text_input(key="passcode").value == ""
    assert pressed(page).session_state["runs"] == {}
    page.text_input(key="passcode").input(f" {PASSCODE} ").run()
    assert not page.exception
    assert PASSCODE not in repr(page.session_state)
    pressed(page)
    assert len(api.posts) == 2
    assert OWNERS in str(api.posts[0].headers)
    # Another session has not entered it.
    other = opened()
    assert pressed(other).session_state["runs"] == {}
    for _ in range(4):
        other.text_input(key="passcode").input("guess").run()
    other.text_input(key="passcode").input(PASSCODE).run()
    assert "Wait a minute" in other.error[0].value


def test_what_is_entered_after_the_right_passcode_takes_nothing_back(owner, api):
    owner.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    page = opened()
    field = page.text_input(key="passcode")
    field.input(PASSCODE).run()
    for _ in range(6):
        # As a slow page sends it: the field is gone by then.
        field.input("guess").run()
        assert not page.exception
    pressed(page)
    assert len(api.posts) == 2
    # Nor was it a guess that locks others out.
    other = opened()
    other.text_input(key="passcode").input(PASSCODE).run()
    assert not other.error


def test_a_login_without_authlib_or_its_section_opens_nothing(owner, api):
    owner.setenv("PLAYGROUND_ALLOWED_EMAILS", "ada@example.com")
    claims = {
        "is_logged_in": True, "email": "ada@example.com", "email_verified": True,
        "exp": datetime.now(UTC).timestamp() + 60,
    }  # fmt: skip
    page = pressed(opened(claims))
    assert page.session_state["runs"] == {}
    assert api.posts == []
    assert "Login is not set up" in said(page)


def test_a_login_on_the_list_opens_it_until_it_expires(owner, api):
    from playground.ui.visitors import gate

    owner.setenv("PLAYGROUND_ALLOWED_EMAILS", "ada@example.com")
    owner.setattr(gate, "_providers", lambda: ["default"])
    claims = {
        "is_logged_in": True, "email": "ada@example.com", "email_verified": True,
        "exp": datetime.now(UTC).timestamp() + 60,
    }  # fmt: skip
    page = opened()
    assert "Log in to use it" in said(page)
    assert [button for button in page.button if button.label == "Log in"]
    page = pressed(opened(claims))
    assert len(api.posts) == 2
    page.user = claims | {"exp": 0}
    page.button(key="run_all").click().run()
    assert "expired" in said(page)
    assert len(api.posts) == 2


def test_a_day_budget_opens_it_and_caps_what_one_visitor_spends(owner, api, come_from):
    owner.setenv("PLAYGROUND_SHARE_KEY", "true")
    assert pressed(opened()).session_state["runs"] == {}
    api.forget()
    _restart(owner, PLAYGROUND_BUDGET_DAY_USD="0.1", PLAYGROUND_BUDGET_VISITOR_DAY_USD="0.02")
    page = unfold(opened(), "budget")
    assert "within a budget for all visitors" in said(page)
    assert "Today, you: **$0.02" in said(page)
    pressed(page)
    assert len(api.posts) == 2
    for letter in "AB":
        page.text_input(key=f"max_tokens_{letter}").set_value("1000")
    # Together with the press: the button was not yet disabled.
    page.button(key="run_all").click().run()
    assert "of your $0.02 for today are left" in said(page)
    assert page.button(key="run_all").disabled
    assert len(api.posts) == 2
    # At the machine itself only the day counts.
    come_from("localhost")
    assert "Today, you" not in said(opened())


def test_caps_stand_beneath_the_prompt_and_hold_where_a_run_starts(owner, api):
    owner.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    owner.setenv("PLAYGROUND_MAX_TOKENS", "200")
    owner.setenv("PLAYGROUND_MAX_PROMPT_CHARS", "100")
    owner.setenv("PLAYGROUND_MAX_VARIANTS", "2")
    page = opened()
    page.text_area(key="system_prompt").input("")
    page.text_input(key="passcode").input(PASSCODE).run()
    _press_with(page, message_0_text="x" * 101, max_tokens_A="201")
    assert "The prompt has 101 characters" in said(page)
    assert "200 max_tokens at most" in said(page)
    page.text_area(key="message_0_text").input("Hi").run()
    for fix in [each for each in page.button if each.key.startswith("fix_cap_max_tokens")]:
        fix.click()
    page.run()
    third = {f"{name}_C": page.session_state[f"{name}_A"] for name in request_state._BLANK}
    _press_with(page, **third, variants=["A", "B", "C"])
    assert "visitors run 2 variants at once" in said(page)
    click_more(page, "remove_variant_C")
    assert api.posts == []
    pressed(page)
    assert len(api.posts) == 2
    _press_with(page, max_tokens_A="202")
    assert len(api.posts) == 2


def test_what_finds_no_place_in_the_queue_does_not_start(owner, api):
    owner.setenv("PLAYGROUND_PASSCODE", PASSCODE)
    owner.setenv("PLAYGROUND_MAX_WAITING", "1")
    page = opened()
    page.text_input(key="passcode").input(PASSCODE).run()
    assert "0 of 1 places in the queue are taken" in said(page)
    assert page.button(key="run_all").disabled
    click_more(page, "remove_variant_B")
    pressed(page)
    assert len(api.posts) == 1


def test_a_key_of_ones_own_is_not_capped_but_in_size(owner, monkeypatch):
    owner.setenv("PLAYGROUND_MAX_TOKENS", "200")
    owner.setenv("PLAYGROUND_MAX_PROMPT_CHARS", "100")
    page = opened()
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-of-my-own").run()
    page.text_area(key="message_0_text").input("x" * 101).run()
    assert "characters. This app accepts 100." in said(page)
    assert "max_tokens at most" not in said(page)
    assert OWNERS not in repr(page.session_state)


def _restart(environ, **settings):
    """The owner changes settings and starts the server anew."""
    from playground.ui.session.services import reset_services, services

    services().close()
    reset_services()
    for name, value in settings.items():
        environ.setenv(name, value)


def _press_with(page, **controls):
    """A press that arrives together with what would have disabled it, and starts nothing."""
    before = page.session_state["runs"]
    for key, value in controls.items():
        page.session_state[key] = value
    page.button(key="run_all").click().run()
    assert not page.exception
    assert page.session_state["runs"] == before


def test_clearing_streamlits_cache_leaves_the_lock_and_the_services_as_they_are():
    import streamlit as st

    from playground.ui.session.services import services

    before = services()
    for now_s in range(5):
        before.passcode.enter("a wrong one", now_s)
    st.cache_resource.clear()
    st.cache_data.clear()
    assert services() is before
    assert services().passcode.enter("a wrong one", 6) == "too often"
