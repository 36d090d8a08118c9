"""The answers, side by side, while they stream and after.

Runs live in the engine; this page only looks at them, on the browser's clock.
"""

from dataclasses import dataclass
from itertools import count
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.blocks import Block, calm, settled, streaming, whole
from playground.core.plan import Plan
from playground.ui import as_sent, formats, state, variant_state
from playground.ui.feed import source
from playground.ui.money import spent_of
from playground.ui.outcome import show_outcome, silence
from playground.ui.phase import Phase, phase
from playground.ui.plain import plain
from playground.ui.services import is_here, logged
from playground.ui.share_answers import offer_answers
from playground.ui.tail import show_hub, show_tail
from playground.ui.timeline import offer_again, show_timeline
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
LONGEST_DRAWN = 40_000
"""Characters on the page that the feed's text is turned into Markdown up to while it comes:
the browser renders all of it anew at each paint, and typing would lag."""


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
    metrics: DeltaGenerator


def show_answers(drawn_in: Phase) -> None:
    """Draw the band of answers; while one is live, what changes is painted again and again.

    Only that: each element that a fragment draws travels at each of its runs.
    """
    with st.expander("Answers", expanded=True, icon=":material/forum:", key="answers_band"):
        runs = state.runs()
        cards = {}
        # In a place of its own: a fragment is known by where it stands, and the feed may ask
        # for it just when the first answers come.
        with st.container():
            if runs:
                with st.grid(len(runs), min_column_width=CARD_WIDTH, key="answers_grid") as grid:
                    for letter, run in runs.items():
                        with grid.cell(), st.container(border=True, key=f"card_{letter}"):
                            cards[letter] = _lay_out(letter, run)
                if not any(run.is_live for run in runs.values()):
                    offer_answers("save_answers", lambda: [logged(run) for run in runs.values()])
            else:
                st.caption("Press Run: each variant's answer streams into a column of its own.")
        st.fragment(_paint, run_every=drawn_in.interval_s)(cards, drawn_in, count())


def _lay_out(letter: str, run: Any) -> Card:  # noqa: ANN401 (a Run, read by its attributes)
    plan: Plan = run.plan
    demo = " :violet-badge[demo]" if plan.connection.kind == "demo" else ""
    colour = variant_state.COLOURS[letter]
    st.markdown(f":{colour}-badge[{letter}] :gray[{plain(_asked(plan))}]{demo}")
    status = st.container(key=f"status_{letter}")
    show_timeline(letter, run)
    texts = []
    if run.thinking:
        with st.expander("Thinking", key=f"thought_{letter}"):
            texts.append(Place("thinking", st.container(), st.container()))
    with st.container(key=f"answer_{letter}"):
        texts.append(Place("text", st.container(), st.container()))
    card = Card(status, tuple(texts), metrics=st.container(key=f"metrics_{letter}"))
    show_outcome(letter, run)
    with st.container(horizontal=True, key=f"card_tools_{letter}"):
        if run.text and not run.is_live:
            _offer_exact_text(letter, run.text)
        as_sent.offer_record(letter, run)
        offer_again(letter, run)
    return card


def _shown(cards: dict[str, Card]) -> list[tuple[Any, Card]]:
    """Each run with its card; a run that began after the cards were laid out has none yet."""
    return [(run, cards[letter]) for letter, run in state.runs().items() if letter in cards]


def _paint(cards: dict[str, Card], drawn_in: Phase, draws: "count[int]") -> None:
    # A page that dropped out and came back may only ever run this fragment again.
    is_here(state.owner())
    show_hub(state.fed_page().token, state.next_press())
    # Before the texts are read: what arrives in between is drawn by the next run.
    now = phase()
    for run, card in _shown(cards):
        status = f":{STATUS_COLOURS[run.status]}[**{run.status}**]"
        card.status.markdown(f"{status} {plain(_detail(run))}")
        card.metrics.caption(_metrics(run))
        for place in card.texts:
            _fill(place, run, LONGEST_DRAWN // len(cards) if drawn_in.is_fed else None)
    # Also what stands outside changes: Run and Stop, the log, the pace. Never in the first
    # draw: the browser might miss what this script run sent to its widgets.
    if next(draws) and now != drawn_in:
        st.rerun()


def _fill(place: Place, run: Any, most_drawn: int | None) -> None:  # noqa: ANN401 (a Run)
    """Draw a text: all of it, or at most so much while the feed brings the rest."""
    text: str = getattr(run, place.name)
    if most_drawn is not None and run.is_live:
        found = settled(text[:most_drawn])
        with place.tail:
            start = len(text[: found.end].encode("utf-16-le")) // 2
            is_code = found.is_code and len(text) < most_drawn
            key = f"tail_{place.name}_{run.plan.letter}"
            show_tail(key, source(run, place.name), start, is_code=is_code)
        text = text[: found.end]
    with place.settled:
        if not text:
            st.empty()  # A fragment may only ever fill places that it wrote to when first drawn.
        show_blocks(streaming(text) if run.is_live else whole(text))


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


def _asked(plan: Plan) -> str:
    sent = plan.wire.parameters()
    parts = [plan.model.name]
    # The extra JSON can put anything into their places.
    temperature, config = sent.get("temperature"), sent.get("output_config")
    if isinstance(temperature, int | float):
        parts.append(f"temperature {temperature:g}")
    if isinstance(config, dict) and "effort" in config:
        parts.append(f"effort {config['effort']}")
    return " · ".join(parts)


def _detail(run: Any) -> str:  # noqa: ANN401 (a Run)
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
