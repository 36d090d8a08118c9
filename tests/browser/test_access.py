"""The page for those who hear it, who see little, or who use no mouse."""

import re
from itertools import pairwise

import pytest
from browser.driving import expect

SERIOUS = ("serious", "critical")
STREAMLITS = {"scrollable-region-focusable"}
"""Its `st.code` scrolls without a place for the focus."""
EVERYTHING = (
    "# Head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1  # one\n```\n\n"
    "[a link](https://example.org) and $x^2$\n\n- [ ] to do\n- [x] done\n"
)
BODY = "document.activeElement === document.body"
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter(each => each.checkVisibility()).map(each => each.tagName + " " + each.textContent)"""


@pytest.fixture(scope="module")
def faults():
    """What axe finds on a page, but for what is Streamlit's own."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def look(screen):
        screen.settle()
        # A button under the mouse is on its way to another colour.
        screen.page.mouse.move(0, 0)
        found = axe.run(screen.page, options={"resultTypes": ["violations"]}).response
        return [
            (each["id"], node["html"][:120])
            for each in found["violations"]
            if each["impact"] in SERIOUS and each["id"] not in STREAMLITS
            for node in each["nodes"]
        ]

    return look


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, app, api, faults, scheme):
    screen = visit(
        app, viewport={"width": 1280, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    assert faults(screen) == []
    for opener in ("more_A", "lessons"):
        screen.click(opener)
        assert faults(screen) == []
        screen.page.keyboard.press("Escape")
    api.texts = {"everything": EVERYTHING}
    api.plays = ["endless-20", "endless-20", "everything", "status-401"]
    screen.run()
    screen.await_status("streaming")
    assert faults(screen) == []
    api.finish()
    screen.await_end()
    screen.run()
    screen.await_posts(api, 4)
    screen.await_end()
    # Either of the two requests may have arrived first and been answered.
    screen.page.get_by_role("button", name=re.compile("^Show what changed")).click()
    screen.select_row(0)
    assert faults(screen) == []
    for opener in ("library", "import", "share"):
        screen.click(opener)
        assert faults(screen) == []
        screen.close_dialog()
    screen.write("max_tokens_A", "4O")
    assert faults(screen) == []
    screen.at("right_pane").get_by_text("Experiment").click()
    assert faults(screen) == []
    screen.show_sidebar()
    assert faults(screen) == []
    screen.page.set_viewport_size({"width": 400, "height": 800})
    assert faults(screen) == []


def test_headings_stand_in_order_and_one_live_region_says_how_runs_ended(screen, api):
    api.plays = ["ok", "status-401"]
    screen.run()
    screen.await_end()
    found = screen.page.evaluate(HEADINGS)
    assert found[0] == "H1 Prompt playground"
    levels = [int(each[1]) for each in found]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    said = screen.page.locator(".pg-spoken[role=status]")
    expect(said).to_have_text(re.compile("A done, B failed: 401|A failed: 401.*, B done"))
    screen.reload()
    expect(screen.status("B")).to_have_text(re.compile("done|failed"))
    # Nothing has ended just now.
    expect(said).to_have_text("")


def test_pressing_run_leaves_the_focus_in_the_bar_and_brings_it_back(screen, api):
    api.plays = ["slow-20-20000"] * 2
    screen.button("run_all").focus()
    screen.page.keyboard.press("Enter")
    screen.await_status("streaming")
    expect(screen.at("run")).to_be_focused()
    screen.page.keyboard.press("Tab")
    expect(screen.button("stop_all")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.await_end()
    expect(screen.at("bar")).to_be_focused()
    screen.page.keyboard.press("Tab")
    expect(screen.button("run_all")).to_be_focused()


def test_the_focus_stays_near_what_was_removed_or_closed(screen, api):
    page = screen.page
    screen.click("add_variant")
    screen.button("more_C").focus()
    page.keyboard.press("Enter")
    screen.button("remove_variant_C").focus()
    page.keyboard.press("Enter")
    expect(screen.at("variant_C")).to_have_count(0)
    screen.settle()
    expect(screen.at("variants")).to_be_focused()
    screen.button("more_B").focus()
    page.keyboard.press("Enter")
    expect(screen.at("tools_B")).to_be_visible()
    page.keyboard.press("Escape")
    expect(screen.at("tools_B")).not_to_be_visible()
    screen.settle()
    expect(screen.button("more_B")).to_be_focused()
    screen.button("library").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    screen.settle()
    screen.close_dialog()
    assert not page.evaluate(BODY)
    screen.button("lessons").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(screen.at("lesson")).to_be_visible()
    screen.settle()
    expect(screen.button("lessons")).to_be_focused()
