"""Any two answers of the page word by word, the pinned one on the left."""

import streamlit as st

from playground.core.answer.content import as_text
from playground.ui.session import answers_state as band
from playground.ui.widgets.word_diff import show_diff

BASELINE = "baseline"


def offer_compare(runs: band.Runs, names: dict[str, str], *, is_hidden: bool) -> None:
    """Offer the differences between two answers that have ended. `names` say what the page
    calls them, other names while it is hidden whose they are."""
    pinned = band.baseline()
    found: dict[str, tuple[str, str]] = {}
    if pinned is not None:
        found[BASELINE] = (pinned.name, pinned.text)
    for letter, name in names.items():
        run = runs[letter]
        if run.blocks and not run.is_live and (pinned is None or run.id != pinned.run_id):
            found[letter] = (name, as_text(run.blocks))
    if len(found) < 2:
        return
    place = st.expander(
        "Compare", expanded=band.is_comparing(), icon=":material/compare_arrows:",
        key=band.COMPARE, on_change=band.open_compare,
    )  # fmt: skip
    if place.open:
        with place:
            _show(found, "_hidden" if is_hidden else "")


def _show(found: dict[str, tuple[str, str]], suffix: str) -> None:
    options = list(found)
    # A browser goes on showing the name that was chosen: other names, other controls.
    keys = [f"{key}{suffix}" for key in (band.LEFT, band.RIGHT)]
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_choice"):
        left = _choose("Compare", keys[0], options, 0, found)
        right = _choose("with", keys[1], options, 1, found)
        if BASELINE in found:
            st.button(
                "Unpin", key="unpin_baseline", icon=":material/keep_off:", type="tertiary",
                help="Let go of the baseline.", on_click=band.unpin,
            )  # fmt: skip
    if left == right:
        st.caption("Choose two different ones.")
        return
    (one, before), (other, after) = found[left], found[right]
    show_diff(before, after, (one, other))


def _choose(
    label: str, key: str, options: list[str], index: int, found: dict[str, tuple[str, str]]
) -> str:
    chosen = st.selectbox(
        label, options, index, key=key, width=220,
        format_func=lambda option: found[option][0] if option in found else option,
    )  # fmt: skip
    return str(chosen) if chosen in found else options[index]
