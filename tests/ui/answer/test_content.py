"""Content blocks on the page: in the card, in the log's detail, and on a saved page."""

import json
from datetime import UTC, datetime

from ui.driving import answer, drawn, press_run, read_answers

from playground.core.saved_pages.answers_page import share_page
from playground.core.sharing.shared_run import shared_run, to_json
from playground.ui.session.services import services

TOOL = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"const": "Reykjavik"}}},
}
FORCED = json.dumps({"tools": [TOOL], "tool_choice": {"type": "any"}})
CALL = '{\n  "city": "Reykjavik"\n}'


def called(page):
    """A page whose first variant is made to call a tool, after a press of Run."""
    page.session_state["more_A"] = True
    page.run()
    page.text_area(key="extra_json_A").set_value(FORCED).run()
    return press_run(page)


def test_a_tool_call_is_shown_kept_found_and_passed_on(page):
    called(page)
    assert not page.exception
    [call] = [block for block in answer(page).blocks.values() if block.kind == "open"]
    assert call.text == CALL
    assert call.title.startswith("Tool use · get_weather")
    run = page.session_state["runs"]["A"]
    assert "continue" in answer(page).tools
    log = services().log
    assert log.flush(5)
    row, texts = log.get("local", run.id)
    assert texts.blocks == run.blocks
    page.session_state["opened_run"] = run.id
    page.run()
    assert not page.exception
    assert CALL in "".join(read_answers(page))
    assert "continue_run" in {button.key for button in page.button}
    shared = shared_run(row, texts)
    saved = share_page([shared], datetime(2026, 11, 29, tzinfo=UTC))
    assert "get_weather" in saved
    assert "Reykjavik" in saved
    assert "There is no answer" not in saved
    [passed_on] = json.loads(to_json([shared], datetime(2026, 11, 29, tzinfo=UTC)))["runs"]
    assert "Reykjavik" in passed_on["blocks_json"]
    assert "get_weather" in drawn(page)
