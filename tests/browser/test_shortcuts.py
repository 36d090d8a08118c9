"""A key pressed in a dialog or a popover is that one's: it runs, stops and undoes nothing else."""

import pytest
from browser.driving import expect

from playground.core.editor.page_state import PageState, Variant
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import encode

KEYS = (
    "Control+Enter", "Meta+Enter", "Alt+Enter", "Control+z", "Control+y", "Control+Shift+z",
    "Meta+z", "Control+Alt+u", "Control+Alt+y",
)  # fmt: skip
EDITOR = ("library", "import", "share", "code_A", "as_sent_A", "versions_A")
ANSWERS = ("sent_A", "save_answers", "all_votes")
LOG = ("log_filters", "export_log", "log_housekeeping", "save_run")
SIDEBAR = ("safety", "delete_history", "download_history")
EXPERIMENT = ("import_cases", "export_cases", "rendered", "my_experiments", "experiment_report")
FOLDED = {"safety": "About", "delete_history": "History", "download_history": "History"}
IN_POPOVER = ("code_A", "as_sent_A", "versions_A")
LISTS = ("model_A", "connection", "sample", "log_sort")
FIELDS = "textarea, input:not([type=file]):not([type=checkbox]):not([type=radio])"
# With a dialog in front the page itself takes no click.
IN_FRONT = "[role=dialog], [role=listbox], #root[inert]"
SHARED = PageState(
    Prompt("Be terse.", (Message("user", "A prompt that came by link"),)),
    (Variant("A", Params("claude-haiku-4-5", 77, 0.4)),),
)


@pytest.fixture(scope="module")
def prepared(open_for_all, app, shared_api):
    """One page with two runs, votes, an edit undone, a saved prompt and an experiment."""
    shared_api.forget()
    screen = open_for_all(app)
    for temperature in ("0.3", "0.4"):
        screen.write("temperature_A", temperature)
        shared_api.forget()
        screen.run()
        screen.await_posts(shared_api, 2)  # Until then the answers before are over.
        screen.await_end()
        screen.click("vote_A")
        expect(screen.at("vote_take_back")).to_be_visible()
    screen.select_row(0)
    open_(screen, "library")
    screen.write("library_name", "Saved")
    screen.click("library_save")
    close(screen)
    show_pane(screen, "Experiment")
    screen.click("run_experiment")
    screen.page.get_by_text("2 of 2 done").first.wait_for()
    screen.settle()
    for words in ("First", "Second"):
        screen.write("system_prompt", words)
        expect(screen.button("undo")).to_be_enabled()
    screen.click("undo")
    expect(screen.at("system_prompt").locator("textarea")).to_have_value("First")
    expect(screen.button("redo")).to_be_enabled()
    return screen


@pytest.fixture
def page(prepared):
    """That page, with Run on it."""
    show_pane(prepared, "Answers")
    return prepared


def show_pane(screen, name):
    screen.at("right_pane").get_by_text(name).click()
    screen.settle()


def open_(screen, key):
    """Click what opens a dialog or a popover, and wait for it."""
    if key in EXPERIMENT:
        show_pane(screen, "Experiment")
    if key in FOLDED:
        screen.unfold(FOLDED[key])
    if key in IN_POPOVER:
        screen.show_more()
    screen.at(key).locator("button").first.click()
    return front_of(screen)


def front_of(screen):
    screen.settle()
    found = screen.page.locator("[role=dialog]").last
    expect(found).to_be_visible()
    return found


def press_everything(screen, front):
    """Each key in each field of what is in front, then with the focus in none of them."""
    for at in range(min(front.locator(FIELDS).count(), 4)):
        field = front.locator(FIELDS).nth(at)
        if not field.is_editable():
            continue
        for key in ("Enter", *KEYS):
            field.press(key)
    screen.page.evaluate("() => document.activeElement.blur()")
    for key in (*KEYS, "Enter"):
        screen.page.keyboard.press(key)
    screen.settle()


def close(screen):
    for _ in range(8):  # A list that a field has opened takes the first.
        screen.settle()  # What was closed may be drawn once more.
        if not screen.page.locator(IN_FRONT).count():
            break
        screen.page.keyboard.press("Escape")
    expect(screen.page.locator(IN_FRONT)).to_have_count(0)


def is_as_it_was(screen, api):
    assert api.posts == []
    assert screen.errors == []
    assert screen.at("system_prompt").locator("textarea").input_value() == "First"
    expect(screen.button("redo")).to_be_enabled()
    return True


@pytest.mark.parametrize("key", [*EDITOR, *ANSWERS, *LOG, *SIDEBAR, *EXPERIMENT])
def test_no_key_in_front_of_the_page_reaches_the_page(page, api, key):
    press_everything(page, open_(page, key))
    close(page)
    assert is_as_it_was(page, api)


@pytest.mark.parametrize("key", LISTS)
def test_no_key_in_an_open_list_reaches_the_page(page, api, key):
    if key in ("connection", "sample"):
        page.show_sidebar()
    field = page.at(key).locator("input").first
    field.focus()
    options = page.page.locator("[role=listbox]")
    for each in KEYS:
        if not options.count():  # Enter, with whatever else, chooses and closes the list.
            field.press("ArrowDown")
            expect(options).to_be_visible()
        page.page.keyboard.press(each)
        page.settle()
    close(page)
    if key == "sample":
        page.click("undo")  # What Enter chose.
        page.page.mouse.move(0, 0)  # The tooltip of Undo would cover the choice of the pane.
    assert is_as_it_was(page, api)


def test_no_key_reaches_the_page_from_a_popover_within_a_dialog(page, api):
    front = open_(page, "library")
    if not page.at("rename_prompt").count():
        page.choose("library_of", "Saved")
    open_(page, "rename_prompt")
    press_everything(page, page.page.locator("[data-testid=stPopoverBody]").last)
    expect(front).to_be_visible()
    close(page)
    assert is_as_it_was(page, api)


def test_no_key_reaches_the_page_from_a_question_within_a_popover(page, api):
    front = open_(page, "my_experiments")
    front.locator("[class*=st-key-delete_experiment_] button").first.click()
    page.settle()
    expect(front).to_contain_text("Deleting can't be undone")
    press_everything(page, front)
    close(page)
    open_(page, "my_experiments")
    front.get_by_text("Keep it").click()
    page.settle()
    close(page)
    assert is_as_it_was(page, api)


def test_no_key_reaches_the_page_from_the_question_about_a_link(page, api):
    page.page.evaluate("hash => { location.hash = hash; }", f"#s={encode(SHARED)}")
    expect(page.at("open_link")).to_be_visible()
    press_everything(page, front_of(page))
    close(page)
    assert is_as_it_was(page, api)


@pytest.mark.parametrize("key", ["import", "log_filters", "download_history", "rendered"])
def test_escape_in_front_of_the_page_stops_no_run(page, api, key):
    api.plays = ["slow-10-9000"] * 2
    page.run()
    page.await_status("streaming")
    front = open_(page, key)
    if front.locator(FIELDS).count():
        front.locator(FIELDS).first.click()
    close(page)
    page.await_status("streaming")
    assert not any(post.closed_s for post in api.posts)
    page.page.keyboard.press("Escape")
    page.await_status("stopped")
    show_pane(page, "Answers")
    page.await_end()
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
        open_(screen, key)
        screen.page.keyboard.press("Escape")
        screen.settle()  # What was closed may be drawn once more.
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
    left = line.bounding_box()["x"]
    for key in ("run_all", "stop_all"):
        box = screen.button(key).bounding_box()
        assert left >= box["x"] + box["width"]
    screen.write("message_0_text", "Hi")
    expect(line).to_have_count(0)
    assert api.posts == []
