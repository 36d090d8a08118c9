"""The answers, side by side, while they stream and after.

Runs live in the engine; this page only looks at them, on the browser's clock.
"""

import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.blocks import Block, streaming, whole
from playground.core.failures import Failure
from playground.core.plan import Plan
from playground.ui import formats, state, variant_state
from playground.ui.money import spent_of
from playground.ui.plain import plain
from playground.ui.services import is_here, services
from playground.ui.variants import CARD_WIDTH

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
PACES_BY_SIZE = ((30_000, 0.1), (80_000, 0.2), (160_000, 0.3))
SLOWEST_BY_SIZE_S = 0.4
PACES_BY_PAGES = ((5, 0.1), (20, 0.4))
SLOWEST_BY_PAGES_S = 1.2
"""One process paints some fifty times a second; asked for more it paints nothing at all,
since a run that begins before the last one was sent takes its place."""

BRING_INTO_VIEW = """
export default ({ data }) => {
  const before = window.playgroundPress;
  window.playgroundPress = data.press;
  if (before === undefined || before === data.press) return;
  const band = document.querySelector(".st-key-answers_band");
  if (band && band.getBoundingClientRect().top > 0.7 * window.innerHeight)
    band.scrollIntoView({ behavior: "smooth", block: "start" });
}
"""


@dataclass(frozen=True, slots=True)
class Phase:
    """What of the runs the whole page depends on: how many are over or have thought
    aloud, and the pace of painting while one is not over."""

    over: int
    thinking: int
    interval_s: float | None


def phase() -> Phase:
    """The phase now. Taken before the page is drawn, so that no change falls between."""
    runs = state.runs().values()
    over = sum(run.is_over for run in runs)
    thinking = sum(bool(run.thinking) for run in runs)
    size = sum(len(run.text) + len(run.thinking) for run in runs)
    return Phase(over, thinking, _pace_s(size) if over < len(runs) else None)


def _pace_s(size: int) -> float:
    """Seconds between paints: more for long answers, since each paint costs what is on the
    screen, and more the more pages share the process."""
    pages = services().engine.live_owners
    by_size = next((s for limit, s in PACES_BY_SIZE if size < limit), SLOWEST_BY_SIZE_S)
    by_pages = next((s for limit, s in PACES_BY_PAGES if pages <= limit), SLOWEST_BY_PAGES_S)
    return max(by_size, by_pages)


@dataclass(frozen=True, slots=True)
class Card:
    """The places of one answer's card that change while its run is live."""

    status: DeltaGenerator
    thinking: DeltaGenerator | None
    answer: DeltaGenerator
    metrics: DeltaGenerator


def show_answers(drawn_in: Phase) -> None:
    """Draw the band of answers; while one is live, what changes is painted again and again.

    Only that: each element that a fragment draws travels at each of its runs.
    """
    _bring_into_view()
    with st.expander("Answers", expanded=True, icon=":material/forum:", key="answers_band"):
        runs = state.runs()
        if not runs:
            st.caption("Press Run: each variant's answer streams into a column of its own.")
            return
        cards = {}
        with st.grid(len(runs), min_column_width=CARD_WIDTH, key="answers_grid") as grid:
            for letter, run in runs.items():
                with grid.cell(), st.container(border=True, key=f"card_{letter}"):
                    cards[letter] = _lay_out(letter, run)
        st.fragment(_paint, run_every=drawn_in.interval_s)(cards, drawn_in, count())


def _lay_out(letter: str, run: Any) -> Card:  # noqa: ANN401 (a Run, read by its attributes)
    plan: Plan = run.plan
    demo = " :violet-badge[demo]" if plan.connection.kind == "demo" else ""
    st.markdown(
        f":{variant_state.COLOURS[letter]}-badge[{letter}] :gray[{plain(_asked(plan))}]{demo}"
    )
    card = Card(
        status=st.container(key=f"status_{letter}"),
        thinking=st.expander("Thinking", key=f"thought_{letter}") if run.thinking else None,
        answer=st.container(key=f"answer_{letter}"),
        metrics=st.container(key=f"metrics_{letter}"),
    )
    failure = run.failure
    if failure and run.status in ("failed", "interrupted"):
        _show_failure(failure)
    if run.text and not run.is_live:
        _offer_exact_text(letter, run.text)
    return card


def _shown(cards: dict[str, Card]) -> list[tuple[Any, Card]]:
    """Each run with its card; a run that began after the cards were laid out has none yet."""
    return [(run, cards[letter]) for letter, run in state.runs().items() if letter in cards]


def _paint(cards: dict[str, Card], drawn_in: Phase, draws: "count[int]") -> None:
    # A page that dropped out and came back may only ever run this fragment again.
    is_here(state.owner())
    # Before the texts are read: what arrives in between is drawn by the next run.
    now = phase()
    for run, card in _shown(cards):
        status = f":{STATUS_COLOURS[run.status]}[**{run.status}**]"
        card.status.markdown(f"{status} {plain(_detail(run))}")
        card.metrics.caption(_metrics(run))
        _fill(card.thinking, run.thinking, is_live=run.is_live)
        _fill(card.answer, run.text, is_live=run.is_live)
    # Also what stands outside changes: Run and Stop, the log, the pace. Never in the first
    # draw: the browser might miss what this script run sent to its widgets.
    if next(draws) and now != drawn_in:
        st.rerun()


def _fill(place: DeltaGenerator | None, text: str, *, is_live: bool) -> None:
    if place is None:
        return
    with place:
        if not text:
            st.empty()  # A fragment may only ever fill places that it wrote to when first drawn.
        show_blocks(streaming(text) if is_live else whole(text))


def _bring_into_view() -> None:
    """After a press of Run, scroll to the answers if they are (almost) out of sight."""
    mount = st.components.v2.component("bring_into_view", js=BRING_INTO_VIEW)
    mount(key="bring_into_view", data={"press": state.next_press()}, height=1)


def show_blocks(found: list[Block]) -> None:
    """Draw an answer: prose as Markdown that can load nothing, code as code."""
    for block in found:
        match block.kind:
            case "prose":
                st.markdown(block.text, anchors=False)
            case "code":
                st.code(block.text, language=block.language, wrap_lines=True)
            case "plain":
                st.caption("Shown as plain text: as Markdown it would stall the browser.")
                st.code(block.text, language=None, wrap_lines=True)


def _show_failure(failure: Failure) -> None:
    st.error(f"**{plain(failure.label)}** · {plain(failure.sentence)}", icon=":material/error:")
    if failure.message:
        # The server's own words are never Markdown.
        st.code(failure.message, language=None, wrap_lines=True)


def _offer_exact_text(letter: str, text: str) -> None:
    exact = st.popover(
        "Exact text", type="tertiary", icon=":material/content_copy:", key=f"exact_{letter}",
        on_change="rerun",
    )  # fmt: skip
    if exact.open:
        with exact:
            st.caption("Character by character as received. Copy with the icon at the corner.")
            st.code(text, language=None, wrap_lines=True, height=300)


def _asked(plan: Plan) -> str:
    sent = plan.wire.parameters()
    parts = [plan.model.name]
    if "temperature" in sent:
        parts.append(f"temperature {sent['temperature']:g}")
    if "output_config" in sent:
        parts.append(f"effort {sent['output_config']['effort']}")
    return " · ".join(parts)


def _detail(run: Any) -> str:  # noqa: ANN401 (a Run)
    """What is going on, or why it ended, in a few words."""
    if run.status == "queued":
        return f"· {formats.ordinal(run.ahead + 1)} in line"
    if run.status == "waiting":
        left_s = max(0.0, (run.next_try_s or 0.0) - time.monotonic())
        number, most = len(run.attempts), run.plan.policy.attempts
        return f"· attempt {number} of {most} failed, next try in {left_s:.0f} s: {run.why}"
    if run.status in ("connecting", "streaming") and run.attempt_number > 1:
        return f"· attempt {run.attempt_number} of {run.plan.policy.attempts}"
    if run.status in ("failed", "interrupted"):
        return f"· {run.why}" if run.why else ""
    if run.status == "done" and run.stop_reason == "max_tokens":
        return "· cut at max_tokens"
    if run.status == "done" and run.stop_reason == "refusal":
        return f"· refused{': ' + run.stop_detail if run.stop_detail else ''}"
    return ""


def _metrics(run: Any) -> str:  # noqa: ANN401 (a Run)
    """One quiet line: times, tokens, cost, stop reason."""
    parts = []
    if run.ttft_s is not None:
        parts.append(f"TTFT {formats.seconds(run.ttft_s)}")
    if run.duration_s is not None:
        parts.append(formats.seconds(run.duration_s))
    usage = run.usage
    if usage is not None:
        spoken_s = (run.duration_s or 0) - (run.ttft_s or 0)
        if run.status == "done" and spoken_s >= 0.1 and usage.output_tokens > 1:
            parts.append(f"{usage.output_tokens / spoken_s:.0f} tok/s")
        out = "" if run.is_live else f" · {usage.output_tokens:,} out"
        parts.append(f"{usage.prompt_tokens:,} in{out}")
        if usage.thinking_tokens:
            parts.append(f"{usage.thinking_tokens:,} of them thinking")
    if not run.is_live:
        parts.append(plain(spent_of(run)))
    if run.stop_reason:
        stop = f"{run.stop_reason} {run.stop_sequence or ''}"
        parts.append(plain(stop))
    return " · ".join(parts) or formats.NOTHING
