"""Requests and responses as sent: before a run, after it, and in the log."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import streamlit as st

from playground.core.answer.raw_events import RawEvents
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_view import RunView
from playground.core.text.json_text import indented
from playground.core.wire.exchange import Exchange, SentRequest, differences, from_json
from playground.core.wire.wire import Decision, State
from playground.ui.runs import running
from playground.ui.server.visitor import is_local
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets.dialogs import offer_to_open, show_dialog
from playground.ui.widgets.markdown import plain

ICON = ":material/output:"
BUILD_S = 20.0
"""The first request waits until the SDK is imported."""
MAX_COLOURED = 50_000
"""Characters that the browser still colours without a pause."""
LONG, LONG_LINES = 700, 9
MAX_SHOWN = 300
PARTS = ("Request", "Response", "Raw events")
MARKS: dict[State, str] = {
    "sent": ":green[:material/check:]",
    "default": ":gray[:material/remove:]",
    "unavailable": ":orange[:material/block:]",
}
REFUSED = ":orange[:material/warning:]"


def offer_preview(plan: Plan, popover: str) -> None:
    """A button, in that popover, that shows the request which Run would send for this variant."""
    offer_to_open(f"as_sent_{plan.letter}", "As sent", ICON, popover)


def show_preview(plan: Plan) -> None:
    """The dialog of that button, while it is open."""
    title = f"As sent · {plan.letter}"
    show_dialog(f"as_sent_{plan.letter}", title, _show_preview, plan)


def _show_preview(plan: Plan) -> None:
    if why := plan.why_unreadable:
        st.warning(plain(f"Nothing would be sent. {why}"), icon=":material/block:")
        return
    key = running.key_for(plan.connection)
    # A server of one's own may want no key, and the demo wants none.
    has_no_key = plan.connection.kind == "claude" and not key
    # The SDK cannot build a request without a key.
    building = services().preview(plan, "no-key-yet" if has_no_key else key)
    try:
        with st.spinner("Building the request…"):
            # Not by `isinstance`: when the app is edited, Streamlit reloads the class.
            sent = building.result(BUILD_S)
    except TimeoutError:
        st.caption("The request is not built yet. Close this and try again.")
        return
    if not hasattr(sent, "body"):
        st.caption(plain(sent.sentence))
        return
    if plan.why_not and not has_no_key:
        st.caption(plain(f"Run would not send this: {plan.why_not}"))
    if has_no_key:
        st.caption("There is no key yet; … marks its place.")
    _show_request(
        cast(SentRequest, sent), differences(plan.request, plan.wire), f"preview_{plan.letter}"
    )


def show_record(name: str, run: RunView) -> None:
    """What this run sent and received."""
    if not run.exchanges:
        st.caption("Nothing has been sent.")
        return
    part, exchange = _choose(name, PARTS, run.exchanges)
    if part == "Raw events":
        _show_raw(run.raw, exchange.number, name)
    elif part == "Response":
        _show_response(exchange)
    else:
        _show_request(exchange.sent, differences(run.plan.request, run.plan.wire), name)


def show_recorded(request_json: str, name: str = "logged") -> None:
    """What a run of the log sent and received; the log keeps no raw events. `name` tells its
    controls apart."""
    recorded = from_json(request_json)
    if recorded is None:
        st.caption("The headers that the playground chose, without the key, and the body.")
        st.code(request_json, language="json", wrap_lines=True)
        return
    part, exchange = _choose(name, PARTS[:2], recorded.exchanges)
    if part == "Response":
        _show_response(exchange)
    else:
        _show_request(exchange.sent, recorded.decisions, name)


def _choose(
    name: str, parts: tuple[str, ...], exchanges: Sequence[Exchange]
) -> tuple[str, Exchange]:
    """The part to show, and of which attempt: the last, unless another one is chosen."""
    with st.container(horizontal=True):
        part = st.segmented_control(
            "Part", parts, default=parts[0], required=True, key=f"{name}_part",
            label_visibility="collapsed",
        )  # fmt: skip
        by_number = {exchange.number: exchange for exchange in exchanges}
        number = exchanges[-1].number
        if len(exchanges) > 1:
            number = st.segmented_control(
                "Attempt", list(by_number), default=number, required=True,
                format_func=lambda number: f"Attempt {number}",
                # Keyed by the number of attempts: with a new attempt the control resets to it.
                key=f"{name}_attempt_of_{len(exchanges)}",
                label_visibility="collapsed",
            ) or number  # fmt: skip
    return part or parts[0], by_number[number]


def _show_request(sent: SentRequest, decisions: tuple[Decision, ...], name: str) -> None:
    left, right = st.columns([3, 2])
    with right:
        _show_differences(decisions)
    with left:
        _show_exactly(_head(sent))
        with st.container(horizontal=True, vertical_alignment="center"):
            caption = st.container(width="stretch")
            is_indented = st.toggle("Indented", key=f"{name}_indented")
        if is_indented:
            caption.caption("Indented for reading. It is sent on one line.")
            _show_exactly(indented(sent.body), language="json")
        else:
            caption.caption(f"Byte for byte: {len(sent.body.encode()):,} bytes.")
            _show_exactly(sent.body)


def _show_exactly(text: str, language: str | None = None) -> None:
    """Draw exact text; a long one scrolls, so that what follows stays visible."""
    is_long = len(text) > LONG or text.count("\n") > LONG_LINES
    st.code(
        text,
        language=language if len(text) < MAX_COLOURED else None,
        wrap_lines=True,
        height=240 if is_long else "content",
    )


def _head(sent: SentRequest) -> str:
    """Request line and headers. The end of a key is shown to its owner only."""
    is_theirs = is_local() or state.visitor_key().endswith(sent.key_end)
    return (sent if is_theirs else replace(sent, key_end="")).head()


def _show_differences(decisions: tuple[Decision, ...]) -> None:
    lines = [
        f"{REFUSED if decision.refusal else MARKS[decision.state]} **{plain(decision.parameter)}**"
        f" · {plain(decision.why)}"
        for decision in decisions
        if decision.state != "default"
    ]
    st.markdown("  \n".join(["**How each setting is sent, and why**", *lines]))
    defaults = [decision for decision in decisions if decision.state == "default"]
    if defaults:
        names = ", ".join(decision.parameter for decision in defaults)
        whys = "  \n".join(
            f"**{plain(decision.parameter)}** · {plain(decision.why)}" for decision in defaults
        )
        st.caption(plain(f"Left to the API's defaults: {names}."), help=whys)


def _show_response(exchange: Exchange) -> None:
    received = exchange.received
    if received is None:
        st.caption("No response was received.")
        return
    lines = [f"{name}: {value}" for name, value in received.headers]
    _show_exactly("\n".join([f"HTTP {received.http_status}", *lines]))
    st.caption("The headers that matter: ids, rate limits, waits.")


def _show_raw(raw: RawEvents, attempt: int, name: str) -> None:
    recorded = raw.read()
    events = [event for event in recorded.events if event.attempt == attempt]
    if not events:
        st.caption("None.")
        return
    lines = [f"{event.at_s:8.3f} s  {event.name}  {event.data}" for event in events]
    shown = f"the newest {MAX_SHOWN} of " if len(lines) > MAX_SHOWN else ""
    left_out = f" {recorded.left_out:,} older ones were left out." if recorded.left_out else ""
    st.caption(f"Seconds since the start, name, data: {shown}{len(lines):,}.{left_out}")
    st.code("\n".join(lines[-MAX_SHOWN:]), language=None, wrap_lines=True, height=400)
    if len(lines) > MAX_SHOWN:
        st.download_button(
            f"Save all {len(lines):,}",
            # Joined on download only: the button is redrawn by each script run.
            lambda: "\n".join(lines),
            file_name="raw-events.txt",
            key=f"{name}_save_raw",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
