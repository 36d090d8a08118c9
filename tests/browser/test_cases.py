"""The table of cases: what is typed into it stays, however soon it is typed."""

import pytest
from browser.driving import expect


@pytest.fixture
def table(visit, app, api):
    """Just opened: nothing is waited for."""
    screen = visit(app, viewport={"width": 1280, "height": 800})
    screen.write("message_0_text", "What is the capital of {{country}} in {{year}}?")
    screen.at("right_pane").get_by_text("Experiment").click()
    return screen


def cell(screen, column, case):
    return screen.page.get_by_label(f"{column}, case {case}", exact=True)


def type_(screen, text):
    """As quickly as a person can't."""
    screen.page.keyboard.type(text)


def sent(api):
    return sorted(post.json["messages"][0]["content"] for post in api.posts)


def test_what_is_typed_at_once_after_opening_and_in_new_rows_is_run(table, api):
    cell(table, "country", 1).click()
    press = table.page.keyboard.press
    for text in ("France", "2020", "Paris"):
        type_(table, text)
        press("Tab")
    press("Tab")  # Past the button that removes the row.
    for text in ("India", "2021"):
        type_(table, text)
        press("Tab")
    cell(table, "country", 3).click()
    type_(table, "Peru")
    press("Tab")
    type_(table, "1999")
    table.button("run_experiment").click()
    table.await_posts(api, 6)
    places = ("France in 2020", "India in 2021", "Peru in 1999")
    assert sent(api)[::2] == [f"What is the capital of {place}?" for place in places]
    assert cell(table, "expected", 1).input_value() == "Paris"
    assert table.errors == []


def test_the_table_grows_with_its_rows_and_a_removed_row_is_gone(table):
    box = table.at("cases").locator(".pg-cases")
    cell(table, "country", 1).click()
    before = box.bounding_box()["height"]
    for name in ("France", "India", "Peru"):
        type_(table, name)
        table.page.keyboard.press("Enter")
    expect(cell(table, "country", 4)).to_be_focused()
    assert box.bounding_box()["height"] > before + 60
    table.page.get_by_label("Remove case 2").click()
    expect(cell(table, "country", 2)).to_have_value("Peru")
    expect(cell(table, "country", 2)).to_be_focused()
    table.settle()
    table.at("right_pane").get_by_text("Answers").click()
    table.settle()
    table.at("right_pane").get_by_text("Experiment").click()
    expect(cell(table, "country", 1)).to_have_value("France")
    expect(cell(table, "country", 2)).to_have_value("Peru")


def test_a_new_column_comes_while_a_cell_is_typed_into(table):
    cell(table, "country", 1).click()
    type_(table, "Fra")
    table.page.evaluate(
        """() => {
            const area = document.querySelector(".st-key-message_0_text textarea");
            const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");
            set.call(area, "{{country}} {{town}}");
            area.dispatchEvent(new Event("input", { bubbles: true }));
            area.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
        }"""
    )
    expect(cell(table, "town", 1)).to_be_visible()
    expect(cell(table, "country", 1)).to_be_focused()
    type_(table, "nce")
    expect(cell(table, "country", 1)).to_have_value("France")
    table.page.keyboard.press("Tab")
    table.settle()
    expect(table.button("run_experiment")).to_contain_text("Run 2 calls")


def test_cells_of_a_spreadsheet_fill_as_many_cells(table):
    cell(table, "country", 1).click()
    table.page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "France\\t2020\\nIndia\\t2021\\n");
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true });
            document.activeElement.dispatchEvent(event);
        }"""
    )
    expect(cell(table, "year", 2)).to_have_value("2021")
    table.settle()
    expect(table.button("run_experiment")).to_contain_text("Run 4 calls")
