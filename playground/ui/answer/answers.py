"""The answers, side by side, while they stream and after.

Runs live in the engine; this page only looks at them, on the browser's clock.
"""

from collections.abc import Sequence
from itertools import count
from random import Random, SystemRandom
from typing import Any

import streamlit as st

from playground.core.text.blocks import Block, settled, streaming, whole
from playground.engine.run_rows import logged
from playground.ui.answer.answer_card import Card, Place, lay_out, show_progress
from playground.ui.answer.answer_compare import offer_compare
from playground.ui.answer.content_parts import show_blocks, show_rest
from playground.ui.answer.live_text import show_hub, show_tail
from playground.ui.answer.repaint import Phase, next_phase
from playground.ui.answer.voting import offer_blind, offer_vote
from playground.ui.editor.variants import CARD_WIDTH
from playground.ui.server.feed import source
from playground.ui.server.script_queue import in_later_turn, next_can_wait
from playground.ui.session import answers_state as band
from playground.ui.session import state, variant_state
from playground.ui.session.services import is_here
from playground.ui.sharing.share_answers import offer_answers

LONGEST_DRAWN = 40_000
"""Characters on the page that the feed's text is turned into Markdown up to while it comes:
the browser renders all of it anew at each paint, and typing would lag."""


def show_answers(drawn_in: Phase, chance: Random | None = None) -> None:
    """Draw the band of answers; while one is live, what changes is painted again and again.
    `chance` is what shuffles the cards for a blind vote.

    Only that: each element that a fragment draws travels at each of its runs.
    """
    with st.expander("Answers", expanded=True, icon=":material/forum:", key="answers_band"):
        runs = state.runs()
        # In a place of its own: a fragment is known by where it stands, and the feed may ask
        # for it just when the first answers come.
        with st.container():
            _show_head(runs)
            cards = _show_cards(runs, chance or SystemRandom()) if runs else {}
        paint = st.fragment(_paint, run_every=drawn_in.interval_s)
        paint(cards, drawn_in, state.next_press() - 1, count())


def _show_head(runs: band.Runs) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="answers_head"):
        if not runs:
            st.caption(
                "Press Run: each variant's answer streams into a column of its own.",
                width="stretch",
            )
        if max(len(runs), len(variant_state.variants())) > 1:
            offer_blind()
        if runs and not band.is_hidden(runs):
            # Its place is taken from the start: the answers would move when they end.
            offer_answers(
                "save_answers", lambda: [logged(run) for run in runs.values()],
                is_ready=not any(run.is_live for run in runs.values()),
            )  # fmt: skip


def _show_cards(runs: band.Runs, chance: Random) -> dict[str, Card]:
    """Draw the cards with what can be done with several of them; the focused one comes first."""
    is_hidden = band.is_hidden(runs)
    order = band.ordered(runs, chance)
    names = {letter: str(at) if is_hidden else letter for at, letter in enumerate(order, 1)}
    focused = band.focused(runs)
    placed: Sequence[str] = sorted(order, key=lambda letter: letter != focused)
    cards = {}
    columns = len(runs) - bool(focused)
    with st.grid(columns, min_column_width=CARD_WIDTH, key="answers_grid") as grid:
        for letter in placed:
            span = grid.cell(column_span="all" if letter == focused else 1)
            with span, st.container(border=True, key=f"card_{letter}"):
                hidden_as = names[letter] if is_hidden else None
                cards[letter] = lay_out(letter, runs[letter], hidden_as, len(runs) > 1, focused)
    offer_vote(runs, names)
    offer_compare(runs, names, is_hidden=is_hidden)
    return cards


def _shown(cards: dict[str, Card]) -> list[tuple[Any, Card]]:
    """Each run with its card; a run that began after the cards were laid out has none yet."""
    return [(run, cards[letter]) for letter, run in state.runs().items() if letter in cards]


@in_later_turn
def _paint(cards: dict[str, Card], drawn_in: Phase, press: int, draws: "count[int]") -> None:
    # A page that dropped out and came back may only ever run this fragment again.
    is_here(state.owner(), state.fed_page())
    show_hub(state.fed_page().token, press)
    # Before the texts are read: what arrives in between is drawn by the next run.
    now = next_phase() if next(draws) else drawn_in
    whole_ids = band.drawn_whole()
    for run, card in _shown(cards):
        show_progress(card, run)
        with card.rest:
            # A fragment may only ever fill places that it wrote to when first drawn.
            st.empty()
            show_rest(run.blocks)
        for place in card.texts:
            if drawn_in.is_fed:
                _fill_fed(place, run, LONGEST_DRAWN // len(cards), is_whole=run.id in whole_ids)
            else:
                _fill(place, run)
    # Also what stands outside changes: Run and Stop, the log, the pace. Never in the first
    # draw: the browser might miss what this script run sent to its widgets.
    if now.outdates(drawn_in):
        next_can_wait()
        st.rerun()


def _fill(place: Place, run: Any) -> None:  # noqa: ANN401 (a Run)
    """Draw all of a text."""
    text: str = getattr(run, place.name)
    _draw(place, streaming(text) if run.is_live else whole(text))
    with place.tail:
        # In the place of what the feed was to draw: a browser that is told of the next run
        # just then may keep that, and the last words would be there twice.
        st.empty()


def _fill_fed(place: Place, run: Any, most_drawn: int, *, is_whole: bool) -> None:  # noqa: ANN401
    """Draw at most so much of a text while the feed brings the rest, or all of it."""
    text: str = getattr(run, place.name)
    if is_whole:
        _mark_rest(place, run, text, is_code=False)
        _draw(place, whole(text))
        return
    found = settled(text[:most_drawn])
    beginning = text[: found.end]
    _mark_rest(place, run, beginning, is_code=found.is_code and len(text) < most_drawn)
    _draw(place, streaming(beginning))


def _draw(place: Place, found: list[Block]) -> None:
    with place.settled:
        show_blocks(found)
        if not found:
            # A fragment may only ever fill places that it wrote to when first drawn.
            st.empty()


def _mark_rest(place: Place, run: Any, beginning: str, *, is_code: bool) -> None:  # noqa: ANN401
    with place.tail:
        start = len(beginning.encode("utf-16-le")) // 2
        show_tail(source(run, place.name), start, is_code=is_code)
