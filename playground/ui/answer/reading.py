"""An answer that has ended, to be read: in the log, in a comparison, in a cell of an experiment.
Drawn by the same code as one on its way."""

from collections.abc import Sequence

import streamlit as st

from playground.core.answer.content import Block
from playground.core.rendering import allowed
from playground.ui.answer.scripts import read
from playground.ui.answer.telling import whole_answer

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


def show_answer(key: str, blocks: Sequence[Block]) -> None:
    """Draw an answer. `key` tells it apart from the others on the page."""
    if not blocks:
        st.caption("There is no answer.")
        return
    mount = st.components.v2.component(
        "answer", html='<div class="pg-read"></div>', css=STYLE, js=SCRIPT
    )
    mount(key=f"read_{key}", data={"texts": whole_answer(blocks), "allowed": allowed.as_json()})
