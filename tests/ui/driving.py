"""The page as Streamlit's own harness drives it: press, wait for the runs, read."""

import json
import time
from pathlib import Path

from ui.told import Told

from playground.ui.answer.patches import AnswerUpdates

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"


def finish(page, limit_s=30):
    """Wait until no run is live, then draw the page once more."""
    assert all(run.wait(limit_s) for run in page.session_state["runs"].values())
    return page.run()


def words(page):
    """What Streamlit has drawn as text, and what the cards of the answers say."""
    drawn = [element.value for element in [*page.markdown, *page.caption]]
    return "\n".join([*drawn, *(line for card in answers(page) for line in card.lines)])


def blocks(node):
    """A part of the page and all parts within it."""
    yield node
    for child in getattr(node, "children", {}).values():
        yield from blocks(child)


def block(node, key):
    """The part of this key."""
    found = (b for b in blocks(node) if str(getattr(b.proto, "id", "")).endswith(f"-{key}"))
    return next(found)


def press_run(page):
    page.button(key="run_all").click().run()
    return finish(page)


def open_more(page, letters="AB"):
    """Open the popovers of these variants."""
    for letter in letters:
        page.session_state[f"more_{letter}"] = True
    return page.run()


def unfold(page, *parts):
    """Open these parts of the sidebar."""
    for part in parts:
        page.session_state[part] = True
    return page.run()


def click_more(page, key):
    """Press a button of a variant's popover; the key ends with its letter."""
    return open_more(page, key[-1]).button(key=key).click().run()


def open_link(page, text):
    """What the browser's listener makes the server do; the harness has no browser."""
    from playground.ui.sharing import link_state

    page.session_state["link"], page.session_state["answered_link"] = text, ""
    page.session_state["dialog"] = link_state.DIALOG
    page.run()
    assert not page.exception
    return page


def open_band(page):
    page.session_state["right_pane"] = "experiment"
    return page.run()


def show_answers(page):
    """The answers again in the right pane, and with them Run."""
    page.session_state["right_pane"] = "answers"
    return page.run()


def ask(page, text="Capital of {{country}}?"):
    page.text_area(key="message_0_text").set_value(text)
    return page.run()


def paste(page, text):
    page.session_state["import_cases"] = True
    page.run()
    page.text_area(key="pasted_cases").set_value(text)
    return page.button(key="use_pasted_cases").click().run()


def drawn(page):
    """Whatever stands on the page."""
    tables = "".join(table.value.to_csv() for table in page.dataframe)
    texts = [*page.code, *page.text_area, *page.markdown, *page.caption]
    whole = "".join(str(element) for element in [*page.main, *page.sidebar])
    cards = "".join(card.words() + card.answer for card in answers(page))
    return whole + tables + cards + "".join(str(element.value) for element in texts)


def answers(page):
    """The cards of the answers as a browser that opens the page now is told of them."""
    told = Told()
    if "fed_page" in page.session_state:
        listen(told, page.session_state["fed_page"].view)
    return told.cards


def listen(told, view, limit_s=10):
    """Have all told that there is now; what takes its time has it when nothing runs."""
    telling, give_up_s = AnswerUpdates(), time.monotonic() + limit_s
    while (news := telling.next_message(view)) is not None or telling.has_more:
        if news is not None:
            told.take(news)
        elif any(run.is_live for run in view.runs.values()):
            return
        assert time.monotonic() < give_up_s, "there is always more to tell"


def answer(page, letter="A"):
    """One card, by what the page calls it."""
    return next(card for card in answers(page) if card.name == letter)


def click_card(page, what, letter="A"):
    """Press a button of a card, as the browser's script does, and draw the page."""
    assert answer(page, letter).tools.get(what) is False, f"{what} is not offered, or off"
    trigger(page, "act", [what, letter])
    return page.run()


def trigger(page, event, value):
    """Say something to the page as the script of the answers' component does."""
    [mount] = [each.proto for each in page.get("bidi_component") if is_answers(each.proto)]
    states = page._tree.get_widget_states()
    state = states.widgets.add()
    state.id = f"$$STREAMLIT_INTERNAL_KEY_{mount.id}__events"
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return page._run(states)


def is_answers(mount, name="answers"):
    return mount.component_name.split(".")[-1] == name


def read_answers(page):
    """The answers that are drawn elsewhere than on cards: in the log, in a cell."""
    mounts = [each.proto for each in page.get("bidi_component")]
    found = [json.loads(m.json) for m in mounts if m.component_name.split(".")[-1] == "answer"]
    return [Told.read(each["texts"]) for each in found]
