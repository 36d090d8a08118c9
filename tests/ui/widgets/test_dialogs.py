"""A dialog that was left stays closed, and one that was opened at once afterwards open."""

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import _coalesce_widget_states
from ui.driving import blocks, open_link

from playground.core.editor.page_state import PageState, Variant
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import encode

EVENT = 2
"""Of a page's roots: where dialogs are."""
LINKED = PageState(Prompt("", (Message("user", "By link"),)), (Variant("A", Params("m", 7, None)),))


def leave(page):
    """The message of a browser whose visitor leaves the dialog."""
    message = WidgetStates()
    event = page._tree.children[EVENT]
    dialog = next(block.proto for block in blocks(event) if block.type == "dialog")
    message.widgets.add(id=dialog.id, trigger_value=True)
    return message


def click(page, key):
    """The message of a browser whose visitor clicks a button."""
    message = WidgetStates()
    message.widgets.add(id=page.button(key=key).proto.id, trigger_value=True)
    return message


def send(page, first, second):
    """Both messages came while the script was busy: Streamlit makes them one."""
    page._run(_coalesce_widget_states(first, second))
    assert not page.exception
    return page.session_state["dialog"]


def test_a_dialog_that_is_left_is_closed(page):
    page.button(key="import").click().run()
    assert page.session_state["dialog"] == "import"
    assert send(page, None, leave(page)) is None


def test_a_dialog_opened_at_once_after_another_was_left_stays_open(page):
    page.button(key="import").click().run()
    assert send(page, leave(page), click(page, "share")) == "share"


def test_the_same_dialog_opened_at_once_after_it_was_left_stays_open(page):
    page.button(key="import").click().run()
    assert send(page, leave(page), click(page, "import")) == "import"


def test_a_dialog_opened_at_once_after_a_link_was_refused_stays_open(page):
    open_link(page, encode(LINKED))
    assert send(page, leave(page), click(page, "share")) == "share"
    assert page.session_state["link"] == ""
