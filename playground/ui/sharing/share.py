"""Share the page as a link or a file, after a preview of its contents."""

import streamlit as st

from playground.core.editor.page_state import PageState, PageStateError, to_json
from playground.core.editor.without_keys import page_without_keys
from playground.core.sharing.links import LinkError, address, encode
from playground.ui.session import editor_state
from playground.ui.sharing.page_contents import show_contents
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.markdown import plain

FILE_NAME = "prompt-playground-page.json"


def offer_share() -> None:
    """A button that shows the link of this page."""
    offer_dialog("share", "Share", ":material/share:", "Share this page", _show)


def _show() -> None:
    typed = editor_state.page()
    page = page_without_keys(typed)
    try:
        content = to_json(page)
    except PageStateError as error:
        st.warning(plain(f"This page can't be shared. {error}"), icon=":material/link_off:")
        return
    # First what is in it, then what copies it.
    show_contents(page)
    if page != typed:
        st.warning("Anything that looks like an API key is masked.", icon=":material/key:")
    _show_link(page)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Save as a file",
            content,
            file_name=FILE_NAME,
            mime="application/json",
            key="share_file",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("Contains the prompt, variants and scenario, never a key, a run or an answer.")


def _show_link(page: PageState) -> None:
    try:
        text = encode(page)
    except LinkError as error:
        st.info(plain(f"{error} Save it as a file instead."), icon=":material/link_off:")
        return
    link = address(st.context.url, text) or f"#s={text}"
    st.code(link, language=None, wrap_lines=True, height=120 if len(link) > 400 else "content")
    st.caption(f"{len(link):,} characters. Anyone with the link can read the prompt.")
