"""One answer's card: what is drawn once, and the places of what changes while it streams."""

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.answer.content import as_text, left_out
from playground.core.money.bill import searches
from playground.core.runs.run_plan import Plan
from playground.core.text.blocks import calm
from playground.engine.run_rows import cost_of
from playground.ui.answer.outcome import show_outcome, silence
from playground.ui.answer.timeline import offer_again, show_timeline
from playground.ui.library import lessons_state
from playground.ui.money.money import spent_of
from playground.ui.session import answers_state as band
from playground.ui.session import variant_state
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain
from playground.ui.wire import as_sent

STATUS_COLOURS = {
    "queued": "gray",
    "connecting": "blue",
    "waiting": "orange",
    "streaming": "blue",
    "done": "green",
    "stopped": "gray",
    "failed": "red",
    "interrupted": "red",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one text of a run is drawn: what is settled, and the rest from the feed."""

    name: str
    settled: DeltaGenerator
    tail: DeltaGenerator


@dataclass(frozen=True, slots=True)
class Card:
    """The places of one answer's card that change while its run is live."""

    status: DeltaGenerator
    texts: tuple[Place, ...]
    rest: DeltaGenerator
    metrics: DeltaGenerator
    is_hidden: bool


def lay_out(
    letter: str,
    run: Any,  # noqa: ANN401 (a Run, read by its attributes)
    hidden_as: str | None,
    has_others: bool,
    focused: str | None,
) -> Card:
    """Draw a card without what `Card` has places for. With `hidden_as`, a name for the time
    being, nothing tells which variant's it is."""
    is_hidden = hidden_as is not None
    _show_head(letter, run, hidden_as, has_others, focused)
    status = st.container(key=f"status_{letter}")
    texts = []
    if not is_hidden:
        show_timeline(letter, run)
        if run.thinking:
            with st.expander("Thinking", key=f"thought_{letter}"):
                texts.append(_place_of("thinking"))
    with st.container(key=f"answer_{letter}"):
        texts.append(_place_of("text"))
        rest = st.container()
    metrics = st.container(key=f"metrics_{letter}")
    if not is_hidden:
        show_outcome(letter, run)
    with st.container(horizontal=True, key=f"card_tools_{letter}"):
        if run.blocks and not run.is_live:
            _offer_exact_text(letter, as_text(run.blocks))
        if not is_hidden:
            as_sent.offer_record(letter, run)
            _offer_promotion(letter, run)
            offer_again(letter, run)
    return Card(status, tuple(texts), rest, metrics, is_hidden)


def _place_of(name: str) -> Place:
    # Without a gap, which an end that is still or again empty would have as well.
    with st.container(gap=None):
        return Place(name, st.container(), st.container())


def show_progress(card: Card, run: Any) -> None:  # noqa: ANN401 (a Run)
    """Draw how far a run has come, and its numbers."""
    detail = "" if card.is_hidden else detail_of(run)
    card.status.markdown(f":{STATUS_COLOURS[run.status]}[**{run.status}**] {plain(detail)}")
    if card.is_hidden:
        card.metrics.caption("Hidden until you vote.")
        return
    reason = None if run.is_live else plain(cost_of(run)[0].explained)
    card.metrics.caption(metrics_of(run), help=reason)


def _show_head(
    letter: str,
    run: Any,  # noqa: ANN401 (a Run)
    hidden_as: str | None,
    has_others: bool,
    focused: str | None,
) -> None:
    plan: Plan = run.plan
    demo = " :violet-badge[demo]" if plan.connection.kind == "demo" else ""
    colour = variant_state.COLOURS[letter]
    head = f":{colour}-badge[{letter}] :gray[{plain(plan.asked)}]"
    with st.container(
        horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall",
        key=f"card_head_{letter}",
    ):  # fmt: skip
        st.markdown((f":gray-badge[{hidden_as}]" if hidden_as else head) + demo, width="stretch")
        if (run.blocks or run.is_live) and not hidden_as:
            _offer_pin(letter, run)
        if has_others:
            is_focused = letter == focused
            st.button(
                ":material/close_fullscreen:" if is_focused else ":material/open_in_full:",
                key=f"focus_{letter}", type="tertiary",
                help="Back beside the others" if is_focused else "Full width",
                on_click=band.focus, args=(None if is_focused else letter,),
            )  # fmt: skip


def _offer_pin(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run)
    pinned = band.baseline()
    is_pinned = pinned is not None and pinned.run_id == run.id
    st.button(
        ":material/keep_off:" if is_pinned else ":material/keep:",
        key=f"pin_{letter}", type="tertiary",
        help="Let go of this baseline" if is_pinned
        else "Pin as the baseline: later answers are compared with it",
        on_click=band.unpin if is_pinned else band.pin, args=() if is_pinned else (run,),
        # Its place is taken from the start: the head may wrap, and the answer would move.
        disabled=run.is_live,
    )  # fmt: skip


def _offer_promotion(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run)
    if run.is_live or not run.text:
        return
    first = variant_state.variants()[0]
    goes_on = f"The conversation goes on from this answer; its parameters become variant {first}'s."
    st.button(
        "Continue", key=f"continue_{letter}", icon=":material/reply:", type="tertiary",
        help=f"{goes_on} {left_out(run.blocks)}".rstrip(),
        on_click=lessons_state.promote_run, args=(run.plan.request, run.text),
    )  # fmt: skip


def _offer_exact_text(letter: str, text: str) -> None:
    exact = st.popover(
        "Exact text", type="tertiary", icon=":material/content_copy:", key=f"exact_{letter}",
        on_change="rerun",
    )  # fmt: skip
    if exact.open:
        with exact:
            st.caption("Character by character as received. Copy with the icon at the corner.")
            shown = calm(text)
            if shown != text:
                st.caption("Piles of more than twelve combining marks are cut short here.")
            st.code(shown, language=None, wrap_lines=True, height=300)


def detail_of(run: Any) -> str:  # noqa: ANN401 (a Run)
    """What is going on, or why it ended, in a few words."""
    if run.status == "queued":
        return f"· {formats.ordinal(run.ahead + 1)} in line"
    if run.status in ("connecting", "streaming") and run.attempt_number > 1:
        return f"· attempt {run.attempt_number} of {run.plan.policy.attempts}{silence(run)}"
    if run.status in ("connecting", "streaming"):
        return silence(run).lstrip()
    if run.status == "done" and run.stop_reason == "max_tokens":
        return "· cut at max_tokens"
    if run.status == "done" and run.stop_reason == "refusal":
        return "· refused"
    return ""


def metrics_of(run: Any) -> str:  # noqa: ANN401 (a Run)
    """One quiet line: times, tokens, cost, stop reason."""
    parts = []
    if run.ttft_s is not None:
        parts.append(f"TTFT {formats.seconds(run.ttft_s)}")
    if run.duration_s is not None:
        parts.append(formats.seconds(run.duration_s))
    usage = run.usage
    if usage is not None:
        spoken_s = (run.duration_s or 0) - (run.ttft_s or 0)
        written = (run.last_usage or usage).output_tokens
        if run.status == "done" and spoken_s >= 0.1 and written > 1:
            parts.append(f"{written / spoken_s:.0f} tok/s")
        out = "" if run.is_live else f" · {usage.output_tokens:,} out"
        parts.append(f"{usage.prompt_tokens:,} in{out}")
        if usage.thinking_tokens:
            parts.append(f"{usage.thinking_tokens:,} of them thinking")
    if not run.is_live:
        searched = searches(usage, cost_of(run)[1]) if usage else ""
        parts += [plain(each) for each in (searched, spent_of(run)) if each]
    if run.stop_reason:
        stop = f"{run.stop_reason} {run.stop_sequence or ''}"
        parts.append(plain(stop))
    return " · ".join(parts) or formats.NOTHING
