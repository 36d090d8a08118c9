"""A key pressed in a dialog or a popover is that one's: it runs, stops and undoes nothing else."""

import pytest
from browser.driving import expect

KEYS = (
    "Control+Enter", "Meta+Enter", "Control+Alt+u", "Control+Alt+y", "Control+z",
    "Control+Shift+z", "Control+y", "Alt+Enter",
)  # fmt: skip
IN_EDITOR = ("library", "import", "share", "code_A", "as_sent_A", "versions_A")
IN_ANSWERS = ("exact_A", "sent_A", "save_answers")
IN_LOG = ("log_filters", "export_log", "log_housekeeping")
IN_SIDEBAR = ("safety", "delete_history", "download_history")
IN_EXPERIMENT = (
    "import_cases", "export_cases", "rendered", "experiment_report", "my_experiments",
)  # fmt: skip
FOLDED = {"safety": "About", "delete_history": "History", "download_history": "History"}
FIELDS = "textarea, input:not([type=file]):not([type=checkbox]):not([type=radio])"


@pytest.fixture(scope="module")
def page(open_for_all, app):
    """One page with a run, an undone edit and an experiment, shared by all that opens here."""
    screen = open_for_all(app)
    text = screen.at("system_prompt").locator("textarea")
    for words in ("First", "Second"):
        screen.write("system_prompt", words)
        expect(screen.button("undo")).to_be_enabled()
    screen.click("undo")
    expect(text).to_have_value("First")
    expect(screen.button("redo")).to_be_enabled()
    screen.run()
    screen.await_end()
    return screen


def open_(screen, key):
    """Click what opens a dialog or a popover, and wait for it."""
    screen.at(key).locator("button").first.click()
    screen.settle()
    found = screen.page.locator("[role=dialog]").last
    expect(found).to_be_visible()
    return found


def press_everything(screen, front):
    """Each key with the focus on what is in front, then in each of its fields."""
    for key in KEYS:
        screen.page.keyboard.press(key)
    for at in range(min(front.locator(FIELDS).count(), 4)):
        field = front.locator(FIELDS).nth(at)
        if not field.is_editable():
            continue
        for key in ("Enter", *KEYS):
            field.press(key)
    screen.settle()


def close(screen):
    for _ in range(3):  # A list that a field has opened takes the first.
        if screen.page.locator("[role=dialog]").count():
            screen.page.keyboard.press("Escape")
            screen.settle()
    expect(screen.page.locator("[role=dialog]")).to_have_count(0)


@pytest.mark.parametrize("key", [*IN_EDITOR, *IN_ANSWERS, *IN_LOG, *IN_SIDEBAR])
def test_no_key_in_front_of_the_page_reaches_the_page(page, api, key):
    if key in FOLDED:
        page.unfold(FOLDED[key])
    front = open_(page, key)
    press_everything(page, front)
    close(page)
    assert api.posts == []
    assert page.errors == []
    assert page.at("system_prompt").locator("textarea").input_value() == "First"
    expect(page.button("redo")).to_be_enabled()


@pytest.mark.parametrize("key", IN_EXPERIMENT)
def test_no_key_in_front_of_an_experiment_reaches_the_page(page, api, key):
    if not page.at("run_experiment").count():
        page.at("experiment").locator("summary").first.click()
        page.settle()
    if key == "experiment_report":
        page.click("run_experiment")
        page.page.get_by_text("2 of 2 done").first.wait_for()
        page.settle()
        api.forget()
    front = open_(page, key)
    press_everything(page, front)
    close(page)
    assert api.posts == []
    assert page.errors == []


def test_control_enter_in_an_import_applies_the_text_and_runs_nothing(screen, api):
    """With an empty message behind it this once ended the page's script."""
    screen.write("message_0_text", "")
    front = open_(screen, "import")
    body = '{"model": "claude-sonnet-4-6", "max_tokens": 7, "messages": []}'
    front.locator("textarea").fill(body)
    front.locator("textarea").press("Control+Enter")
    expect(front).to_contain_text("max_tokens")
    screen.settle()
    close(screen)
    assert api.posts == []
    assert screen.errors == []
    expect(screen.at("not_started")).to_have_count(0)


def test_escape_closes_what_is_in_front_and_stops_no_run(screen, api):
    api.plays = ["slow-20-4000"] * 2
    screen.run()
    screen.await_status("streaming")
    for key in ("import", "share"):
        screen.at(key).locator("button").first.click()
        expect(screen.page.locator("[role=dialog]")).to_be_visible()
        screen.page.keyboard.press("Escape")
        expect(screen.page.locator("[role=dialog]")).to_have_count(0)
    field = screen.at("model_A").locator("input")
    field.click()
    expect(screen.page.locator("[role=listbox]")).to_be_visible()
    field.press("Escape")
    expect(screen.page.locator("[role=listbox]")).to_have_count(0)
    screen.await_status("streaming")
    assert not any(post.closed_s for post in api.posts)
    screen.page.keyboard.press("Escape")
    screen.await_status("stopped")


def test_on_the_page_itself_the_shortcuts_still_work(screen, api):
    screen.at("message_0_text").locator("textarea").fill("Typed and not left")
    screen.page.keyboard.press("Control+Enter")
    screen.await_posts(api, 2)
    screen.await_end()
    assert {post.json["messages"][0]["content"] for post in api.posts} == {"Typed and not left"}


def test_why_nothing_started_stands_beside_run_and_covers_nothing(screen, api):
    screen.write("message_0_text", "")
    screen.run()
    line = screen.at("not_started")
    expect(line).to_contain_text("Not started. Message 1 is empty")
    below = line.bounding_box()["y"]
    for key in ("run_all", "stop_all"):
        box = screen.button(key).bounding_box()
        assert below >= box["y"] + box["height"]
    screen.write("message_0_text", "Hi")
    expect(line).to_have_count(0)
    assert api.posts == []
