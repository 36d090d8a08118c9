"""Nothing but Run starts a request: no widget, no reload, no link."""

import pytest
from benchmarks.log import fill
from browser.driving import expect

ROWS = 60
"""More than the log shows at once."""


@pytest.fixture(scope="module")
def page(open_for_all, start_app, shared_api, tmp_path_factory):
    """One page for all controls, with older runs in its log."""
    log = f"sqlite:///{tmp_path_factory.mktemp('log') / 'runs.db'}"
    fill(log, ROWS, 200, visitor="local")
    server = {"ANTHROPIC_BASE_URL": shared_api.url, "ANTHROPIC_API_KEY": "k"}
    return open_for_all(start_app({**server, "PLAYGROUND_LOG": log}))


@pytest.fixture
def screen(page, api):
    """The page as the test before left it, and the Messages API's memory empty."""
    return page


def test_run_starts_requests_and_no_control_of_an_answer_or_of_the_log(screen, api):
    screen.run()
    screen.await_end()
    assert len(api.posts) == 2
    for what in ("copy", "pin", "focus", "pin", "focus"):
        screen.click(f"{what}_A")
    screen.click("sent_A")
    screen.close_dialog()
    screen.click("log_older")
    screen.click("log_newer")
    screen.select_row(0)
    expect(screen.at("log_detail")).to_be_visible()
    for tab in ("Plain text", "Request", "Attempts", "Cost"):
        screen.at("log_detail").get_by_role("tab", name=tab).click()
    screen.settle()
    assert len(api.posts) == 2, "those of Run, and no other"


def test_no_control_of_the_prompt_starts_a_request(screen, api):
    screen.write("system_prompt", "Another")
    screen.write("message_0_text", "Another question")
    screen.click("add_message")
    screen.write("message_1_text", "An answer")
    screen.choose("message_1_role", "User")
    screen.click("move_1_0")
    screen.click("move_0_1")
    screen.click("remove_message_1")
    for pane in ("Experiment", "Answers"):
        screen.at("right_pane").get_by_text(pane).click()
        screen.settle()
    assert api.posts == []


def test_no_control_of_the_variants_starts_a_request(screen, api):
    screen.choose("model_A", "some-other-model")
    expect(screen.at("model_A").locator("input")).to_have_value("some-other-model")
    screen.write("temperature_A", "0.7")
    screen.write("max_tokens_A", "40")
    screen.write("max_tokens_A", "4O")
    screen.show_more("B")
    screen.choose("effort_B", "low")
    screen.choose("thinking_B", "Off")
    screen.write("stops_B", "END")
    screen.write("system_B", "Be brief.")
    screen.page.keyboard.press("Escape")
    screen.click("add_variant")
    screen.remove_variant("A")
    assert api.posts == []


def test_no_control_of_the_sidebar_starts_a_request(screen, api):
    screen.choose("sample", "Structured")
    expect(screen.at("system_prompt").locator("textarea")).to_have_value(
        "Reply with one JSON object and nothing else. Keys: dish, minutes, vegetarian."
    )
    screen.click("undo_sample")
    screen.unfold("Retries")
    for key, value in (("attempts", "2"), ("base_wait_s", "3"), ("deadline_s", "30")):
        screen.write(key, value)
    screen.unfold("About")
    screen.choose("connection", "Claude API")
    screen.write("api_key", "not a key")
    screen.choose("connection", "127.0.0.1")
    assert api.posts == []


def test_opening_a_link_starts_no_request(visit, app, api):
    visit(app, "?run=1&run_all=true&prompt=hello&autorun=yes#run")
    assert api.posts == []


def test_neither_a_reload_nor_a_second_page_starts_a_request(visit, app, api):
    first = visit(app)
    first.run()
    first.await_end()
    first.reload()
    expect(first.button("run_all")).to_be_enabled()
    visit(app)
    tries = "x-stainless-retry-count"
    sent = [(post.json["temperature"], post.headers[tries]) for post in api.posts]
    assert sorted(sent) == [(0.2, "0"), (1.0, "0")]
