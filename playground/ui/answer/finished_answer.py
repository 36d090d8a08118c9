"""An answer that has ended: in the log, in a comparison, in a cell of an experiment. Drawn by the
same code as a live one."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from playground.core.answer.content import Block
from playground.core.rendering import allowed
from playground.ui.answer.patches import answer_patches, change_patches
from playground.ui.answer.scripts import read
from playground.ui.widgets.markdown import plain

SCRIPT = (
    read("dom.js", "guard.js", "blocks.js")
    + """
export default ({ data, parentElement }) => {
  const root = parentElement.querySelector(".pg-read");
  root.replaceChildren();
  const blocks = new Blocks(root, readList(JSON.parse(data.allowed).tags));
  for (const patch of data.texts) blocks.draw(patch);
  root.onclick = copyCode;
};
"""
)


STYLE = read("../../core/rendering/style.css", "blocks.css")


def show_answer(key: str, blocks: Sequence[Block], why_none: str = "There is no answer.") -> None:
    """Draw an answer. `key` is unique on the page; `why_none` is shown if there is no block."""
    if not blocks:
        st.caption(plain(why_none))
        return
    _mount(key, answer_patches(blocks))


def show_changes(
    key: str, before: Sequence[Block], after: Sequence[Block], names: tuple[str, str]
) -> None:
    """Draw the later of two answers, with the differences marked. `names` are the two's."""
    if not before or not after:
        st.caption("One of the two runs has no answer.")
        return
    patches, words = change_patches(before, after)
    only = " and ".join(f"only in {plain(name)}" for name in names)
    st.caption(f"{words} Red and struck through, or green: {only}.")
    _mount(key, patches)


def _mount(key: str, patches: list[list[Any]]) -> None:
    mount = st.components.v2.component(
        "answer", html='<div class="pg-read"></div>', css=STYLE, js=SCRIPT
    )
    # The browser checks every tag once more, against the same list (guard.js).
    mount(key=f"read_{key}", data={"texts": patches, "allowed": allowed.as_json()})
