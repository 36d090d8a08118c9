"""An answer's content, drawn part by part, for as long as Streamlit draws it."""

from collections.abc import Sequence

import streamlit as st

from playground.core.answer.content import Block
from playground.core.answer.outline import Part, outline
from playground.core.text.blocks import Block as Drawn
from playground.core.text.blocks import calm, whole
from playground.ui.widgets.markdown import plain


def show_content(blocks: Sequence[Block]) -> None:
    """Draw all of an answer, in order."""
    for part in outline(blocks):
        if part.kind == "text":
            show_blocks(whole(part.body))
            _show_notes(part)
        else:
            _show_part(part)


def show_rest(blocks: Sequence[Block]) -> None:
    """Draw what an answer holds beside the texts that are streamed into places of their own."""
    for part in outline(blocks):
        if part.kind == "json":
            _show_part(part)
        else:
            _show_notes(part)


def _show_part(part: Part) -> None:
    if part.is_open:
        st.caption(plain(part.head))
        _show_json(part)
    else:
        with st.expander(plain(part.head)):
            if part.kind == "thinking":
                show_blocks(whole(part.body))
            else:
                _show_json(part)
    _show_notes(part)


def _show_json(part: Part) -> None:
    st.code(calm(part.body), language="json", wrap_lines=True)


def _show_notes(part: Part) -> None:
    if part.notes:
        st.caption("  \n".join(plain(note) for note in part.notes))


def show_blocks(found: list[Drawn]) -> None:
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
