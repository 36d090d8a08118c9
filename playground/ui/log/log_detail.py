"""One run of the log in full: its answer, its request, its attempts, its cost."""

import streamlit as st

from playground.core.answer.content import as_text
from playground.core.log.history import Mark
from playground.core.log.logged_request import turns
from playground.core.log.votes import Vote
from playground.core.runs.run_row import LIVE, RunRow, RunTexts
from playground.core.text.json_text import Json
from playground.core.text.number_text import value_text
from playground.ui.answer.finished_answer import show_answer
from playground.ui.answer.timeline import show_logged_timeline
from playground.ui.log.log_actions import offer_actions
from playground.ui.log.log_marks import edit_marks
from playground.ui.money import money
from playground.ui.session import state
from playground.ui.sharing.share_answers import offer_answers
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain
from playground.ui.wire import as_sent

TABS = ("Answer", "Prompt", "Plain text", "Request", "Attempts", "Cost")
VOTES: dict[Vote, str] = {
    "": "",
    "won": " · voted better",
    "lost": " · another was voted better",
    "tied": " · voted a tie",
}


def show_detail(row: RunRow, texts: RunTexts, mark: Mark | None = None, name: str = "log") -> None:
    """Draw the run's details. `name` is that of the table; a run of the log
    itself has a mark."""
    with st.container(border=True, key=f"{name}_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            vote = VOTES[mark.vote] if mark else ""
            at = formats.local_time(row.started_at)
            head = f"Run {row.name} · {row.model} · {at}{vote}"
            st.markdown(f"**{plain(head)}**", width="stretch")
            if mark is not None and row.status not in LIVE and texts.request_json:
                offer_answers("save_run", lambda: [(row, texts)])
            if mark is not None:
                st.button("Close", key="close_run", type="tertiary", on_click=state.close_run)
        if row.status in LIVE:
            st.caption("Still running. Its text, attempts and cost are logged when it ends.")
            return
        if not texts.request_json:
            st.caption("Its texts were kept only while its page was open.")
            _show_cost(row, texts.attempts_json)
            return
        if mark is not None:
            offer_actions(row, texts, mark)
        if row.error_message:
            # As code: whoever answers chooses the words, which as Markdown could load an image.
            st.code(row.error_message, language=None, wrap_lines=True)
        more = [] if mark is None else ["Tags and note"]
        answer, prompt, exact, request, attempts, cost, *marks = st.tabs([*TABS, *more])
        with answer:
            show_answer(name, texts.blocks, row.why_no_text)
        with prompt:
            _show_prompt(row, texts.request_json)
        with exact:
            st.code(as_text(texts.blocks), language=None, wrap_lines=True)
        with request:
            as_sent.show_recorded(texts.request_json, "logged" if name == "log" else name)
        with attempts:
            show_logged_timeline(texts.attempts_json, row.duration_s, name)
        with cost:
            _show_cost(row, texts.attempts_json)
        if mark is not None:
            with marks[0]:
                edit_marks(row, mark)


def _show_prompt(row: RunRow, request_json: str) -> None:
    # As code: Markdown would change what was sent, and could load an image.
    for role, text in turns(request_json):
        st.caption(plain(role.capitalize()))
        st.code(text, language=None, wrap_lines=True)
    sent = formats.parsed(row.params_json, dict[str, Json]())
    parameters = ", ".join(f"{name} {value_text(value)}" for name, value in sent.items())
    st.caption(plain(f"Sent with {parameters}."))


def _show_cost(row: RunRow, attempts_json: str) -> None:
    money.show_cost(row, formats.parsed(attempts_json, list[Json]()))
    if row.unit_prices_json:
        prices = formats.parsed(row.unit_prices_json, dict[str, str]())
        source = prices.pop("source", formats.NOTHING)
        shown = [
            {"Tokens": name.removesuffix("_usd").replace("_", " "), "$ per million": value}
            for name, value in prices.items()
            # A search has a price of its own, which is not for a million tokens.
            if name != "web_search_usd"
        ]
        st.dataframe(shown, hide_index=True, width="content")
        st.caption(plain(f"Prices from {source}, as they were when the run ended."))
