"""The end of an answer on its way, as the feed's socket brings it, beneath its Markdown."""

from pathlib import Path

import streamlit as st

from playground.ui.editor.variants import CARD_WIDTH
from playground.ui.server.page_sockets import most_bytes
from playground.ui.server.streamlit_insides import parts_to_preload

LATER = parts_to_preload()
"""In a list Streamlit would look for a table, and import pandas for it, a third of a second,
while the first page is waited for."""
FOLDER = Path(__file__).parents[1] / "server"
SCRIPTS = ("typed_text.js", "shortcuts.js", "feed_client.js")
HUB = "".join((FOLDER / name).read_text("utf-8") for name in SCRIPTS)
STYLE = (
    """
.playground-tail { white-space: pre-wrap; overflow-wrap: anywhere; margin-top: 1rem; }
.playground-tail:is(.first, :empty) { margin-top: 0; }
:is(.playground-tail, .playground-stopped) strong { font-weight: 600; }
.playground-line { min-height: 1lh; }
.playground-ahead { display: grid; gap: 1rem; width: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, WIDTHpx), 1fr)); }
.playground-ahead > div { border: 1px solid color-mix(in srgb, currentcolor 20%, transparent);
  border-radius: 0.5rem; padding: 1rem; min-width: 0; }
.playground-head { display: flex; align-items: center; gap: 0.3rem; height: 3.9rem; }
.playground-head > span:last-child, .playground-head + strong { opacity: 0.7; }
.playground-head ~ div { margin-top: 1.5rem; }
/* Of the last press all but the band's head is over. */
.playground-over > :not(.playground-kept) { display: none; }
.playground-item { display: list-item; padding-left: 0.3em; }
.playground-item + .playground-item { margin-top: 0.2em; }
.playground-tail.next-item { margin-top: 0.2rem; }
.playground-stopped { opacity: 0.7; line-height: 1.6; }
.playground-stopped ~ div { display: none; }
.playground-note { position: fixed; inset: auto 0 1rem; margin: 0 auto;
  width: fit-content; max-width: 90vw; z-index: 1000000; padding: 0.75rem 1rem;
  border-radius: 0.5rem; background: #9c1f1f; color: white; font: 1rem sans-serif; }
/* As Streamlit's code, whose variables are known within its own elements only. */
.playground-tail.code { position: relative; width: 100%; margin-top: -1rem; padding: 0 1rem 1rem;
  border-radius: 0 0 0.5rem 0.5rem; background: var(--code);
  font: 0.875rem / 1.6 "Source Code Pro", monospace; }
/* In the dark an open popover's own label would be all but black. */
[data-testid="stPopoverButton"][aria-expanded="true"] { color: inherit; }
/* The one style sheet of the page: on a phone, which has no keys, the toolbar is one row. */
@media (max-width: 640px) {
  .st-key-toolbar kbd { display: none; }
  :is(.st-key-undo, .st-key-redo) [data-testid="stMarkdownContainer"] {
    position: absolute; clip-path: inset(50%); }
}
"""
).replace("WIDTHpx", f"{CARD_WIDTH}px")


def show_hub(token: str, press: int) -> None:
    """Mount the page's end of the feed; where it stands is run again when the feed says so.

    The class says of which press of Run the cards have been drawn: a new one is brought into
    view, and until it is there the hub draws its answers itself.
    """
    mount = st.components.v2.component("feed", js=HUB, css=STYLE, isolate_styles=False)
    # Without a key: every widget of a script run looks at the state of all that have one.
    data = {"token": token, "later": LATER, "most_bytes": most_bytes()}
    with st.container(key=f"press_{press}"):
        mount(data=data, height=1, on_changed_change=lambda: None)


def show_tail(of: str, start: int, *, is_code: bool) -> None:
    """Mark where a text goes on, from `start`, counted in UTF-16 units: what has come of it
    beyond that is drawn there by the hub.

    In a class, which the page has at once: a component is told its data later than it draws
    the text before, and until then the same words would be there twice.
    """
    with st.container(key=f"rest_{of}_{start}_{'code' if is_code else 'prose'}"):
        st.empty()
