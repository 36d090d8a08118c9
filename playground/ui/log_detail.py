"""One run of the log in full: its answer, its request, its attempts, its cost."""

from typing import Any

import streamlit as st

from playground.core.blocks import whole
from playground.core.rows import LIVE, RunRow, RunTexts
from playground.ui import formats, money, state
from playground.ui.answers import show_blocks
from playground.ui.plain import plain


def show_detail(row: RunRow, texts: RunTexts) -> None:
    """Draw what the table has no room for."""
    with st.container(border=True, key="log_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            head = f"Run {row.press} {row.variant} · {row.model}"
            st.markdown(f"**{plain(head)}**", width="stretch")
            st.button("Close", key="close_run", type="tertiary", on_click=state.close_run)
        if row.status in LIVE:
            st.caption("On its way: its text, attempts and cost are written when it ends.")
            return
        if row.error_message:
            st.code(row.error_message, language=None, wrap_lines=True)
        answer, exact, request, attempts, cost = st.tabs(
            ["Answer", "Exact text", "Request", "Attempts", "Cost"]
        )
        with answer:
            if texts.thinking:
                with st.expander("Thinking"):
                    show_blocks(whole(texts.thinking))
            show_blocks(whole(texts.answer))
            if not texts.answer:
                st.caption("There is no answer.")
        with exact:
            st.code(texts.answer, language=None, wrap_lines=True)
        with request:
            st.caption("The headers that the playground chose, without the key, and the body.")
            st.code(texts.request_json, language="json", wrap_lines=True)
        with attempts:
            _show_attempts(texts.attempts_json)
        with cost:
            _show_cost(row, texts.attempts_json)


def _show_attempts(attempts_json: str) -> None:
    rows = [
        {
            "Attempt": attempt.get("number"),
            "Start": formats.seconds(attempt.get("start_s")),
            "Duration": formats.seconds(attempt.get("duration_s")),
            "HTTP": str(attempt.get("http_status") or formats.NOTHING),
            "Failure": (attempt.get("kind") or formats.NOTHING).replace("_", " "),
            "Message": attempt.get("message"),
            "Waited then": formats.seconds(attempt.get("wait_s")),
            "Billed": attempt.get("billed") or "yes",
            "Request id": attempt.get("request_id") or formats.NOTHING,
            "Why": attempt.get("why"),
        }
        for attempt in formats.parsed(attempts_json, list[Any]())
        if isinstance(attempt, dict)
    ]
    if rows:
        st.dataframe(rows, hide_index=True)
    else:
        st.caption("Nothing was sent.")


def _show_cost(row: RunRow, attempts_json: str) -> None:
    money.show_cost(row, formats.parsed(attempts_json, list[Any]()))
    if row.unit_prices_json:
        prices = formats.parsed(row.unit_prices_json, dict[str, str]())
        source = prices.pop("source", formats.NOTHING)
        shown = [
            {"Tokens": name.removesuffix("_usd").replace("_", " "), "$ a million": value}
            for name, value in prices.items()
            if name != "web_search_usd"
        ]
        st.dataframe(shown, hide_index=True, width="content")
        st.caption(plain(f"Prices from {source}, as they were when the run ended."))
