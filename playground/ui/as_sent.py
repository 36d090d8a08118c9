"""What goes over the wire, before a run, after it and in the log: the same view each time."""

from dataclasses import replace
from typing import Any

import streamlit as st

from playground.core.exchange import Exchange, Sent, differences, from_json
from playground.core.plan import Plan
from playground.core.raw_events import RawEvents
from playground.core.wire import Decision, State
from playground.ui import formats, running, state
from playground.ui.plain import plain
from playground.ui.services import services

BUILD_S = 20.0
"""The first request waits until the SDK is imported."""
MOST_COLOURED = 50_000
"""Characters that the browser still colours without a pause."""
MOST_SHOWN = 300
PARTS = ("Request", "Response", "Raw events")
MARKS: dict[State, str] = {
    "sent": ":green[:material/check:]",
    "default": ":gray[:material/remove:]",
    "unavailable": ":orange[:material/block:]",
}


def offer_preview(plan: Plan) -> None:
    """A button that shows the request which Run would send for this variant."""
    st.button(
        "As sent",
        key=f"as_sent_{plan.letter}",
        icon=":material/output:",
        type="tertiary",
        help="The exact request, before it is sent.",
        on_click=state.open_as_sent,
        args=(plan.letter,),
    )
    # Kept open by the session: a run that ends meanwhile draws the whole page anew.
    if state.as_sent() == plan.letter:
        title = f"As sent · {plan.letter}"
        st.dialog(title, width="large", on_dismiss=state.close_as_sent)(_preview)(plan)


def _preview(plan: Plan) -> None:
    key = running.key_for(plan.connection)
    building = services().preview(plan, key or _stand_in(plan))
    try:
        with st.spinner("Building the request…"):
            # By what it has, not by its class: an edit of the app gives the class a twin.
            sent: Any = building.result(BUILD_S)
    except TimeoutError:
        st.caption("It is not built yet. Close this and try again.")
        return
    if not hasattr(sent, "body"):
        st.caption(plain(sent.sentence))
        return
    if plan.connection.kind == "claude" and not key:
        st.caption("There is no key yet: … stands where it will be.")
    name = f"preview_{plan.letter}"
    left, right = st.columns([3, 2])
    with left:
        _show_request(sent, name)
    with right:
        _show_differences(differences(plan.request, plan.wire))


def _stand_in(plan: Plan) -> str:
    return "no-key-yet" if plan.connection.kind == "claude" else ""


def offer_record(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run, read by its attributes)
    """What this run sent and received, once something went out."""
    if run.began_s is None:
        return
    place = st.popover(
        "As sent", type="tertiary", icon=":material/output:", key=f"sent_{letter}",
        on_change="rerun",
    )  # fmt: skip
    if place.open:
        with place:
            st.fragment(_show_record)(letter, run)


def _show_record(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run)
    if not run.exchanges:
        st.caption("Nothing has gone out.")
        return
    name = f"sent_{letter}"
    part = _choose_part(name, PARTS)
    exchange = _choose_attempt(name, run.exchanges)
    if part == "Raw events":
        _show_raw(run.raw, exchange.number, is_live=run.is_live)
    else:
        _show_part(part, exchange, differences(run.plan.request, run.plan.wire), name)


def show_recorded(request_json: str) -> None:
    """The same from the log."""
    recorded = from_json(request_json)
    if recorded is None:
        st.caption("The headers that the playground chose, without the key, and the body.")
        st.code(request_json, language="json", wrap_lines=True)
        return
    part = _choose_part("logged", PARTS[:2])
    exchange = _choose_attempt("logged", recorded.exchanges)
    _show_part(part, exchange, recorded.decisions, "logged")


def _choose_part(name: str, parts: tuple[str, ...]) -> str:
    chosen = st.segmented_control(
        "Part", parts, default=parts[0], required=True, key=f"{name}_part",
        label_visibility="collapsed",
    )  # fmt: skip
    return chosen or parts[0]


def _choose_attempt(name: str, exchanges: tuple[Exchange, ...]) -> Exchange:
    """The last attempt, or the one chosen where there are several."""
    if len(exchanges) == 1:
        return exchanges[0]
    by_number = {exchange.number: exchange for exchange in exchanges}
    chosen = st.segmented_control(
        "Attempt", list(by_number), default=exchanges[-1].number, required=True,
        # Another attempt, another control: it shows the newest until someone chooses.
        key=f"{name}_attempt_of_{len(exchanges)}",
    )  # fmt: skip
    return by_number.get(chosen or 0, exchanges[-1])


def _show_part(part: str, exchange: Exchange, decisions: tuple[Decision, ...], name: str) -> None:
    if part == "Response":
        _show_response(exchange)
        return
    _show_request(exchange.sent, name)
    _show_differences(decisions)


def _show_request(sent: Sent, name: str) -> None:
    st.code(_head(sent), language=None, wrap_lines=True)
    is_indented = st.toggle("Indented", key=f"{name}_indented")
    if is_indented:
        st.caption("Re-indented for reading. It goes out on one line.")
        body = formats.indented(sent.body)
    else:
        st.caption(f"The body, byte for byte: {len(sent.body.encode()):,} bytes.")
        body = sent.body
    language = "json" if is_indented and len(body) < MOST_COLOURED else None
    st.code(body, language=language, wrap_lines=True, height=300)


def _head(sent: Sent) -> str:
    """Request line and headers. How a key ends is shown to whose key it is."""
    is_theirs = running.is_local() or state.visitor_key().endswith(sent.key_end)
    return (sent if is_theirs else replace(sent, key_end="")).head()


def _show_differences(decisions: tuple[Decision, ...]) -> None:
    st.markdown("**What differs from the form, and why**")
    for each in decisions:
        st.markdown(f"{MARKS.get(each.state, '')} **{plain(each.parameter)}** · {plain(each.why)}")


def _show_response(exchange: Exchange) -> None:
    received = exchange.received
    if received is None:
        st.caption("No response was received.")
        return
    lines = [f"{name}: {value}" for name, value in received.headers]
    st.code("\n".join([f"HTTP {received.http_status}", *lines]), language=None, wrap_lines=True)
    st.caption("The headers that matter: ids, rate limits, waits.")


def _show_raw(raw: RawEvents, attempt: int, *, is_live: bool) -> None:
    kept = raw.read()
    events = [event for event in kept.events if event.attempt == attempt]
    if not events:
        st.caption("None yet." if is_live else "None.")
        return
    lines = [f"{event.at_s:8.3f} s  {event.name}  {event.data}" for event in events]
    left_out = f" {kept.left_out:,} older ones were left out." if kept.left_out else ""
    shown = f"the newest {MOST_SHOWN} of " if len(lines) > MOST_SHOWN else ""
    st.caption(f"Seconds since the start, name, data: {shown}{len(lines):,}.{left_out}")
    st.code("\n".join(lines[-MOST_SHOWN:]), language=None, wrap_lines=True, height=300)
