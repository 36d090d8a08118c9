"""The loop of editing, running, reading and comparing, on one screen and without scrolling."""

import pytest
from browser.driving import expect, until

SIZES = {"small": (1280, 800), "large": (1920, 1080)}
SMALL = {"width": 1280, "height": 800}
MESSAGE, TEMPERATURE = ".st-key-message_0_text textarea", ".st-key-temperature_{} input"
SEEN = """selector => {
    const box = document.querySelector(selector).getBoundingClientRect();
    let [top, bottom, left, right] = [box.top, box.bottom, box.left, box.right];
    for (let each = document.querySelector(selector); each; each = each.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(each);
        if (overflowX === "visible" && overflowY === "visible") continue;
        const clip = each.getBoundingClientRect();
        [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
        [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
    }
    const bar = document.querySelector(".stBottom"), inBar = bar.querySelector(selector);
    const end = inBar ? innerHeight : bar.getBoundingClientRect().top;
    return right > left ? Math.min(bottom, end) - Math.max(top, 0) : 0;
}"""
"""How many pixels of an element's height are in the window and not under something else."""
WATCH = """() => {
    window.places = () => Object.fromEntries(
        ["system_prompt", "message_0_text", "model_A", "temperature_A", "max_tokens_A", "model_B",
         "temperature_B", "add_variant", "run_all", "stop_all", "log_head", "right_pane",
         "show_connection"].map(key => {
            const { x, y } = document.querySelector(`.st-key-${key}`).getBoundingClientRect();
            return [key, [x, y]];
        }));
    const first = window.places();
    window.moved = {};
    window.scrolled = 0;
    window.addEventListener("scroll", ({ target }) => {
        const top = (target.scrollingElement ?? target).scrollTop;
        window.scrolled = Math.max(window.scrolled, top);
    }, { capture: true });
    const look = () => {
        for (const [key, [x, y]] of Object.entries(window.places())) {
            const far = Math.max(Math.abs(x - first[key][0]), Math.abs(y - first[key][1]));
            window.moved[key] = Math.max(window.moved[key] ?? 0, far);
        }
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.fixture(scope="module")
def screen(open_for_all, app):
    """One page for those tests that leave it as they found it, but for an answer."""
    return open_for_all(app)


def seen(screen, selector):
    return screen.page.evaluate(SEEN, selector)


def is_all_in_sight(screen, *, answers):
    """What the loop needs is in the window."""
    assert seen(screen, MESSAGE) >= 40
    for letter in "AB":
        assert seen(screen, TEMPERATURE.format(letter)) >= 20
        if answers:
            assert seen(screen, f".st-key-card_{letter}") >= 120
            assert seen(screen, f".st-key-answer_{letter}") > 0
    assert seen(screen, ".st-key-run_all button") >= 30
    assert seen(screen, ".st-key-log_head h2") >= 15
    return True


@pytest.fixture(params=SIZES)
def wide(request, visit, app, api):
    width, height = SIZES[request.param]
    return visit(app, viewport={"width": width, "height": height})


def test_the_loop_needs_no_scrolling_and_nothing_moves(wide, api):
    api.plays = ["endless-40"] * 2 + ["slow-200-60"] * 2
    page = wide.page
    assert is_all_in_sight(wide, answers=False)
    page.evaluate(WATCH)
    page.locator(MESSAGE).fill("Two tips for crisp dosa.")
    page.keyboard.press("Control+Enter")
    wide.await_status("streaming")
    assert is_all_in_sight(wide, answers=True)
    api.finish()
    wide.await_end()
    assert is_all_in_sight(wide, answers=True)
    page.locator(TEMPERATURE.format("A")).fill("0.7")
    page.keyboard.press("Control+Enter")
    wide.await_posts(api, 4)
    wide.await_end()
    assert is_all_in_sight(wide, answers=True)
    assert len(api.posts) == 4
    assert page.evaluate("window.scrolled") == 0
    moved = page.evaluate("window.moved")
    assert {key: far for key, far in moved.items() if far > 2} == {}
    assert wide.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_twice_the_size_and_on_a_phone_all_stands_in_one_column(visit, app, api, scheme):
    for width, height in ((640, 400), (400, 800)):
        screen = visit(app, viewport={"width": width, "height": height}, color_scheme=scheme)
        tops = [
            screen.at(key).bounding_box()["y"]
            for key in ("message_0_text", "variant_A", "answers_band", "log")
        ]
        assert tops == sorted(tops)
        assert seen(screen, ".st-key-run_all button") >= 30
        screen.run()
        screen.await_end()
        until(lambda s=screen: seen(s, ".st-key-card_A") > 60, what="the answers in view")
        main = "document.querySelector('[data-testid=stMain]')"
        assert screen.page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")


def test_the_connections_badge_opens_the_sidebar(visit, app):
    screen = visit(app)
    sidebar = screen.page.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    screen.click("show_connection")
    expect(sidebar).not_to_have_attribute("data-collapsed", "true")
    expect(screen.at("connection")).to_be_in_viewport()


def test_an_experiment_takes_the_place_of_the_answers_and_its_button_that_of_run(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    before = screen.at("log_head").bounding_box()["y"]
    screen.at("right_pane").get_by_text("Experiment").click()
    screen.settle()
    expect(screen.at("run_experiment")).to_be_visible()
    expect(screen.at("run_all")).to_have_count(0)
    expect(screen.at("answer_A")).to_be_hidden()
    assert abs(screen.at("log_head").bounding_box()["y"] - before) <= 2
    screen.at("right_pane").get_by_text("Answers").click()
    screen.settle()
    expect(screen.at("answer_A")).to_be_visible()
    assert screen.errors == []


def test_run_that_cannot_run_says_why_on_itself_and_is_not_bright(screen):
    run, words = screen.button("run_all"), screen.at("message_0_text").locator("textarea")
    brightness = "it => getComputedStyle(it).backgroundColor"
    bright = run.evaluate(brightness)
    before = words.input_value()
    screen.write("message_0_text", "")
    expect(run).to_contain_text("Message 1 is empty")
    screen.page.mouse.move(0, 0)
    assert run.evaluate(brightness) != bright
    screen.write("message_0_text", before)
    screen.page.mouse.move(0, 0)
    screen.meanwhile(lambda: run.evaluate(brightness) == bright, what="a bright Run")


def test_a_reason_why_run_cannot_run_leaves_stop_where_it_is(screen):
    before = screen.at("stop_all").bounding_box()
    screen.write("temperature_A", "as hot as it gets in here")
    expect(screen.button("run_all")).to_contain_text("as hot as it gets")
    screen.settle()
    assert screen.at("stop_all").bounding_box() == before
    screen.write("temperature_A", "0.2")


def test_a_dialog_that_a_variants_popover_opens_is_covered_by_nothing(screen):
    body = screen.page.get_by_test_id("stPopoverBody")
    for key in ("code_A", "as_sent_A", "versions_A"):
        screen.show_more()
        screen.click(key)
        expect(screen.page.get_by_role("dialog")).to_be_visible()
        expect(body).to_have_count(0)
        screen.close_dialog()
    expect(screen.at("tools_A")).to_have_count(0)
    assert screen.errors == []


def test_a_search_that_leaves_no_run_keeps_its_field_where_it_is(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    search = screen.at("log_search")
    screen.page.locator(".st-key-log_head h2 a").click()
    screen.meanwhile(lambda: search.bounding_box()["y"] < 200, what="the log in view")
    before = search.bounding_box()["y"]
    screen.write("log_search", "nothing-has-this-word")
    expect(screen.at("log")).to_contain_text("Nothing matches.")
    screen.settle()
    assert abs(search.bounding_box()["y"] - before) <= 2
    screen.write("log_search", "")
    screen.page.locator(".st-key-log_head h2 a").click()
    screen.meanwhile(lambda: search.bounding_box()["y"] > 400, what="the answers in view")


def test_every_button_of_the_page_has_a_name_that_a_person_would_say(screen):
    screen.click("add_message")
    for name in (
        "Move message 1 down", "Remove message 2", "Add message", "More of variant B", "Undo",
    ):  # fmt: skip
        expect(screen.page.get_by_role("button", name=name, exact=True).first).to_be_attached()
    screen.click("undo")


def test_one_click_on_a_card_marks_what_differs_from_the_press_before(screen, api):
    for count in (2, 4):
        api.plays = ["ok"] * 2
        screen.run()
        screen.await_posts(api, count)
        screen.await_end()
    screen.button("changes_A").click()
    said = screen.page.locator("p.st-key-changes_A")
    expect(said).to_contain_text("The same words.")
    expect(said.get_by_label("Against")).to_have_value("before")
    said.get_by_label("Against").select_option("B")
    expect(screen.page.locator("p.st-key-changes_B")).to_be_empty()
    screen.button("changes_A").click()
    expect(said).to_be_empty()
    assert screen.errors == []


def test_earlier_presses_come_back_into_the_cards_without_moving_them_also_after_a_reload(
    visit, app, api
):
    # With a database of its own: the draft says whose runs the page finds again.
    screen = visit(app, viewport={"width": 1280, "height": 800}, locale="en-US")
    api.plays = ["ok", "ok", "slow-1-1", "slow-1-1"]
    screen.run()
    screen.await_end()
    before = screen.at("card_A").bounding_box()
    first = screen.answer().inner_text()
    screen.run()
    screen.await_posts(api, 4)
    screen.await_end()
    second = screen.answer().inner_text()
    assert first != second
    strip = screen.at("run_strip")
    strip.get_by_text("1", exact=True).click()
    expect(screen.answer()).to_have_text(first, use_inner_text=True)
    assert screen.at("card_A").bounding_box()["y"] == before["y"]
    screen.settle()
    screen.reload()
    expect(strip).to_contain_text("Run 2")
    expect(screen.answer()).to_have_text(second, use_inner_text=True)


def test_the_bar_says_how_far_each_run_is_and_the_way_into_lessons_goes(visit, app, api):
    screen = visit(app)
    api.plays = ["slow-20-20000"] * 2
    expect(screen.at("lesson_start")).to_be_visible()
    screen.run()
    expect(screen.at("bar")).to_contain_text("A streaming · B streaming")
    expect(screen.at("lesson_start")).to_have_count(0)
    screen.stop()
    screen.await_end()
    expect(screen.at("bar")).not_to_contain_text("A stopped")


def test_a_chosen_lesson_closes_the_menu_and_stands_above_the_prompt(screen):
    screen.open_lesson(2)
    expect(screen.page.get_by_role("menu")).to_have_count(0)
    expect(screen.at("lesson")).to_contain_text("Lesson 2 of")
    screen.settle()
    expect(screen.page.get_by_role("menu")).to_have_count(0)
    assert screen.errors == []


def test_a_wide_card_folds_the_editor_away_and_brings_it_back(screen, api):
    api.plays = ["ok"] * 2
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    narrow = screen.at("card_B").bounding_box()["width"]
    screen.button("focus_B").click()
    expect(screen.at("system_prompt")).to_be_hidden()
    assert screen.at("card_B").bounding_box()["width"] > 2 * narrow
    screen.at("right_pane").get_by_text("Experiment").click()
    expect(screen.at("system_prompt")).to_be_visible()
    screen.at("right_pane").get_by_text("Answers").click()
    screen.settle()
    screen.button("focus_B").click()
    expect(screen.at("system_prompt")).to_be_visible()
    assert screen.errors == []


CUT_OFF = """() => [...document.querySelectorAll(".stMain *")].filter(each =>
    each.clientHeight && each.scrollHeight > each.clientHeight + 1
    && !["visible", "clip"].includes(getComputedStyle(each).overflowY)
    && !each.closest(".st-key-log, .pg-spoken")).map(each => each.className || each.tagName)"""


def test_on_paper_prompt_and_answers_are_whole_and_nothing_can_be_pressed(visit, app, api):
    # In a context of its own: all pages of one would be paper.
    screen = visit(app, color_scheme="light")
    api.texts = {"essay": "A paragraph of some length.\n\n" * 90}
    api.plays = ["essay"] * 2
    screen.write("message_0_text", "line\n" * 40 + "the last")
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    assert screen.page.evaluate(CUT_OFF) != []
    screen.page.emulate_media(media="print")
    screen.meanwhile(lambda: screen.page.evaluate(CUT_OFF) == [], what="all of it on paper")
    expect(screen.button("run_all")).to_be_hidden()
    expect(screen.button("library")).to_be_hidden()
    beneath = screen.at("log_head").bounding_box()["y"]
    for letter in "AB":
        card = screen.at(f"card_{letter}").bounding_box()
        assert card["y"] + card["height"] <= beneath


def test_streamlits_own_menu_opens_beneath_the_header(screen):
    screen.page.get_by_test_id("stMainMenu").click(timeout=20_000)
    expect(screen.page.get_by_text("Print").first).to_be_visible()
    screen.page.keyboard.press("Escape")


def test_a_row_of_the_log_that_is_clicked_opens_where_one_looks(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.select_row(0)
    expect(screen.at("log_detail")).to_be_in_viewport()
    screen.meanwhile(
        lambda: seen(screen, ".st-key-log_detail") > 150, what="the opened row in the window"
    )
    at_first = seen(screen, ".st-key-log_detail")
    screen.page.evaluate(
        "() => document.querySelector('.st-key-log_detail').append(Object.assign("
        "document.createElement('p'), { style: 'height: 120px; flex: none' }))"
    )
    screen.meanwhile(
        lambda: seen(screen, ".st-key-log_detail") > at_first + 100,
        what="what came later in the window",
    )


def test_the_way_to_bring_a_deleted_run_back_is_in_sight(visit, app, api):
    screen = visit(app, viewport=SMALL)
    for presses in (1, 2, 3, 4, 5):
        screen.run()
        screen.await_posts(api, 2 * presses)
        screen.await_end()
    screen.page.locator(".st-key-log_head h2 a").click()
    screen.select_row(0)
    screen.at("log_detail").get_by_role("tab", name="Attempts").click()
    screen.settle()
    screen.click("delete_run")
    expect(screen.at("log_undo_button")).to_be_visible()
    screen.settle()
    assert seen(screen, ".st-key-log_undo_button") > 20


def test_a_click_or_a_key_on_the_logs_head_leads_to_the_log_and_back(screen, api):
    while int(screen.at("log_head").inner_text().split()[1]) < 8:
        screen.run()
        screen.await_end()
    head, address = screen.at("log_head"), screen.page.url
    link = screen.page.get_by_role("link", name="Log", exact=True)
    main = screen.page.get_by_test_id("stMain")
    main.evaluate("it => it.scrollTo(0, 0)")

    def press(key):
        link.focus()
        screen.page.keyboard.press(key)

    for act in (
        lambda: head.click(position={"x": 300, "y": 20}),
        lambda: press("Enter"),
        lambda: press(" "),
    ):
        act()
        expect(screen.at("log").get_by_test_id("stDataFrame")).to_be_in_viewport(ratio=0.9)
        assert head.bounding_box()["y"] < 400
        act()
        screen.meanwhile(lambda: main.evaluate("it => it.scrollTop") == 0, what="the page's top")
    assert screen.page.url == address
    assert head.evaluate("it => getComputedStyle(it).cursor") == "pointer"
    assert screen.errors == []


def test_a_run_that_is_put_into_the_editor_is_looked_at_there_and_its_panel_stays(visit, app, api):
    screen = visit(app)
    screen.run()
    screen.await_end()
    screen.remove_variant("B")
    screen.page.get_by_test_id("stMain").evaluate("it => it.scrollTo(0, 9999)")
    screen.select_row(0)
    expect(screen.at("log_detail")).to_contain_text(" B ")
    tab = screen.at("log_detail").get_by_role("tab", name="Request")
    tab.click()
    above = """() => document.querySelector(".st-key-log [data-testid=stDataFrame]")
        .getBoundingClientRect().top
        - document.querySelector(".st-key-log").getBoundingClientRect().top"""
    before = screen.page.evaluate(above)
    screen.button("edit_run").click()
    expect(screen.at("model_B")).to_have_count(1)
    expect(screen.at("system_prompt")).to_be_in_viewport()
    expect(screen.at("placed")).to_be_in_viewport()
    expect(screen.at("placed")).to_contain_text("B is in the editor as variant B")
    screen.settle()
    assert screen.page.evaluate(above) == before
    expect(tab).to_have_attribute("aria-selected", "true")
    screen.click("placed_undo")
    expect(screen.at("model_B")).to_have_count(0)
    screen.click("undo")
    expect(screen.at("model_B")).to_be_visible()
    assert screen.errors == []


@pytest.mark.parametrize(("width", "height"), [(400, 850), (1280, 600)])
def test_the_message_that_continue_adds_comes_into_view(visit, app, api, width, height):
    screen = visit(app, viewport={"width": width, "height": height})
    screen.run()
    screen.await_end()
    screen.button("continue_A").click()
    expect(screen.at("message_2_text").locator("textarea")).to_be_in_viewport(ratio=1)


def test_a_page_with_nothing_in_front_takes_clicks_and_one_with_a_dialog_does_not(screen):
    is_inert = "() => document.querySelector('#root').inert"
    screen.button("library").click()
    expect(screen.page.get_by_role("dialog")).to_be_visible()
    for _ in range(4):
        screen.settle()
    assert screen.page.evaluate(is_inert)
    screen.close_dialog()
    screen.page.wait_for_function("() => !document.querySelector('#root').inert")
    screen.page.evaluate("() => { document.querySelector('#root').inert = true; }")
    screen.page.wait_for_function("() => !document.querySelector('#root').inert")


def test_what_to_do_after_the_last_retry_is_in_sight(visit, app, api):
    screen = visit(app, viewport=SMALL)
    screen.unfold("Retries")
    screen.write("base_wait_s", "0")
    screen.page.get_by_test_id("stSidebar").hover()
    screen.page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    api.plays = ["status-529"] * 8
    screen.run()
    screen.await_status("failed")
    screen.await_end()
    expect(screen.at("timeline_A").locator("li")).to_have_count(4)
    advice = screen.at("outcome_A").get_by_text("Next", exact=True)
    assert advice.bounding_box()["height"] > 10
    assert seen(screen, ".st-key-outcome_A .pg-line") >= 15
    # An id that is cut is whole where it is pointed at.
    request_id = screen.at("timeline_A").locator(".id").first
    assert request_id.get_attribute("title") in request_id.text_content()
    assert screen.page.evaluate("document.querySelector('.st-key-right').scrollTop") == 0


def test_the_longest_lesson_leaves_its_variants_in_sight(visit, app):
    screen = visit(app, viewport=SMALL)
    screen.open_lesson(6)
    expect(screen.at("lesson")).to_contain_text("Lesson 6 of")
    screen.settle()
    for letter in "ABC":
        assert seen(screen, TEMPERATURE.format(letter)) >= 20


def test_a_long_prompt_leaves_the_variants_in_sight(visit, app):
    screen = visit(app, viewport=SMALL)
    screen.write("message_0_text", "One line of many.\n" * 60)
    assert seen(screen, MESSAGE) >= 200
    for letter in "AB":
        assert seen(screen, TEMPERATURE.format(letter)) >= 20


def test_beside_the_open_sidebar_neither_a_models_name_nor_a_press_is_cut(visit, app, api):
    screen = visit(app, viewport=SMALL)
    screen.show_sidebar()
    for presses in (1, 2, 3, 4, 5):
        screen.run()
        screen.await_posts(api, 2 * presses)
        screen.await_end()
    for letter in "AB":
        name = screen.at(f"model_{letter}").locator("input")
        assert name.evaluate("name => name.scrollWidth <= name.clientWidth")
    ends = [screen.at("run_strip"), screen.at("run_strip").locator("button").last]
    strip, oldest = (place.bounding_box() for place in ends)
    assert oldest["x"] + oldest["width"] <= strip["x"] + strip["width"] + 1
    # What is told for a while stays in the header's one line.
    screen.select_row(0)
    screen.click("edit_run")
    for width in (1280, 1160, 1060):
        screen.page.set_viewport_size({"width": width, "height": 800})
        screen.settle()
        header, told, tools = (
            screen.at(key).bounding_box() for key in ("header", "placed", "toolbar")
        )
        assert header["height"] < 60, width
        assert told["x"] + told["width"] <= tools["x"]
        assert tools["x"] + tools["width"] <= header["x"] + header["width"]
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth")
    for width in (1010, 905):
        screen.page.set_viewport_size({"width": width, "height": 800})
        screen.settle()
        right, last = (
            place.bounding_box()
            for place in (screen.at("right"), screen.at("right_pane").locator("button").last)
        )
        assert last["x"] + last["width"] <= right["x"] + right["width"], width


def test_what_the_logs_table_offers_lies_on_nothing(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    table = screen.at("log").get_by_test_id("stDataFrame").first
    table.hover(position={"x": 160, "y": 90})
    offered = table.get_by_test_id("stElementToolbar")
    expect(offered).to_be_visible()
    fields, rows = screen.at("log_tools").bounding_box(), table.bounding_box()
    top = offered.bounding_box()["y"]
    assert top > fields["y"] + fields["height"]
    assert top >= rows["y"] + rows["height"]


def test_leaving_the_message_by_a_key_covers_nothing_of_it(visit, app):
    screen = visit(app, viewport=SMALL)
    screen.page.mouse.move(700, 300)
    screen.write("message_0_text", "What was typed is read once more.")
    expect(screen.button("count_tokens")).to_be_focused()
    screen.settle()
    expect(screen.page.get_by_test_id("stTooltipContent")).to_have_count(0)


def test_what_stands_beneath_one_another_begins_at_one_line(visit, app):
    screen = visit(app, viewport=SMALL)
    for keys in (("system_prompt", "log_head", "run_all"), ("model_A", "model_B")):
        lefts = [screen.at(key).bounding_box()["x"] for key in keys]
        assert max(lefts) - min(lefts) < 0.5
    screen.show_sidebar()
    heading = screen.page.get_by_role("heading", name="Prompt playground")
    beneath = screen.at("system_prompt").bounding_box()
    assert abs(heading.bounding_box()["x"] - beneath["x"]) < 0.5


def test_a_paragraph_of_the_prompt_runs_as_its_first_letter_does(screen):
    style = "field => [getComputedStyle(field).unicodeBidi, getComputedStyle(field).textAlign]"
    for field in ("system_prompt", "message_0_text"):
        found = screen.at(field).locator("textarea").evaluate(style)
        assert found == ["plaintext", "start"]


def test_the_popover_of_the_lowest_variant_has_room(visit, app):
    screen, height = visit(app, viewport=SMALL), SMALL["height"]
    screen.variants(6)
    body = screen.page.get_by_test_id("stPopoverBody")
    for letter in "AF":
        screen.show_more(letter)
        screen.meanwhile(lambda: body.bounding_box()["height"] >= 0.44 * height, what="its height")
        box = body.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        screen.page.keyboard.press("Escape")
        expect(body).to_have_count(0)


def test_one_filter_of_the_log_after_another_is_chosen_without_opening_them_anew(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.page.locator(".st-key-log_head h2 a").click()
    filters = screen.at("log").get_by_role("button", name="Filters")
    filters.click()
    for label in ("From day (UTC)", "To day"):
        day = screen.page.get_by_label(label, exact=True)
        day.fill("2026-01-02")
        day.press("Enter")
        screen.settle()
    expect(screen.at("log_chips")).to_contain_text("from 2026-01-02 to 2026-01-02")
    screen.page.keyboard.press("Escape")
    screen.at("log_chips").get_by_text("Clear").click()
    screen.settle()
    screen.page.locator(".st-key-log_head h2 a").click()


def test_what_can_be_copied_of_a_dialog_shows_its_button_unasked(screen):
    screen.show_more()
    screen.click("code_A")
    copy = screen.page.get_by_role("dialog").get_by_role("button", name="Copy to clipboard").first
    screen.page.mouse.move(0, 0)
    expect(copy).to_be_visible()
    opacity = """it => {
        let all = 1;
        for (; it; it = it.parentElement) all *= getComputedStyle(it).opacity;
        return all;
    }"""
    screen.meanwhile(lambda: copy.evaluate(opacity) == 1, what="a copy button in sight")
    screen.close_dialog()


def test_the_tab_key_skips_what_is_in_the_closed_sidebar(visit, app):
    screen = visit(app)
    inside = """() => Boolean(document.activeElement.closest("[data-testid=stSidebar]"))"""
    names = []
    for _ in range(6):
        screen.page.keyboard.press("Tab")
        assert not screen.page.evaluate(inside)
        names.append(screen.page.evaluate("() => document.activeElement.ariaLabel || ''"))
    assert len(set(names)) > 2, names
    screen.show_sidebar()
    screen.at("connection").locator("input").focus()
    assert screen.page.evaluate(inside)


def test_the_numbers_of_an_answer_are_smaller_than_the_answer(visit, app, api):
    screen = visit(app)
    screen.run()
    screen.await_end()
    sizes = screen.page.evaluate(
        """() => [".pg-numbers", ".st-key-answer_A p"].map(
            place => getComputedStyle(document.querySelector(place)).fontSize)"""
    )
    assert sizes == ["14px", "16px"]


def test_on_a_phone_copy_stands_above_the_code(visit, app, api):
    api.texts = {"claude-sonnet-4-6": f"```python\n{'x' * 90}\n```\n\n```\n{'y' * 90}\n```"}
    phone = {"width": 400, "height": 800}
    screen = visit(app, viewport=phone, has_touch=True, is_mobile=True)
    screen.run()
    screen.await_end()
    places = screen.answer("A").evaluate(
        """answer => [...answer.querySelectorAll("figure.code")].map(code => [
            code.querySelector(".copy").getBoundingClientRect().bottom,
            code.querySelector("pre").getBoundingClientRect().top
                + parseFloat(getComputedStyle(code.querySelector("pre")).paddingTop)])"""
    )
    assert len(places) == 2
    assert all(bottom <= top for bottom, top in places), places
