"""The prompt library: save the contents of the editor, compare versions, restore one."""

import streamlit as st

from playground.core.editor.page_state import PageStateError
from playground.core.library.prompt_library import (
    LONGEST_NAME,
    LONGEST_NOTE,
    MAX_BYTES,
    PromptVersion,
    SavedPrompt,
    in_text,
    is_too_long,
    library_to_json,
    matching,
)
from playground.ui.library import library_state
from playground.ui.session import state
from playground.ui.visitors.privacy import keeps_texts
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.markdown import plain
from playground.ui.widgets.word_diff import show_diff

MANY = 8


def offer_library() -> None:
    """A button that opens the dialog."""
    offer_dialog(library_state.LIBRARY, "Library", ":material/bookmarks:", "Prompt library", _show)


def _show() -> None:
    if state.dialog() is None:
        st.rerun()  # Put into the editor: a click in a dialog draws the dialog alone.
    _save()
    prompts = library_state.prompts()
    if problem := library_state.pop_problem():
        st.error(plain(problem), icon=":material/block:")
    if not keeps_texts():
        st.caption("Nothing you write is stored here. The library is gone when you close the page.")
    if removed := library_state.deleted():
        st.button(
            f"Undo: delete {plain(removed.name)}",
            key=library_state.UNDELETE,
            icon=":material/undo:",
            type="tertiary",
            on_click=library_state.undelete,
        )
    if not prompts:
        st.caption(
            "Nothing saved yet. Enter a name above and press Save to save the prompt in the editor."
        )
        return
    _choose(prompts)
    if is_too_long(prompts):
        st.caption(f"The library is larger than the {MAX_BYTES / 1e6:g} MB that an import accepts.")
    st.download_button(
        "Export all as JSON",
        # Written only when it is asked for: it holds every version of every prompt.
        lambda: library_to_json(prompts),
        "prompts.json",
        "application/json",
        key="library_export",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _save() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name",
            # Kept by the session: a dialog draws its fields only while it is open, and Streamlit
            # forgets what it does not draw, with it the name of the prompt that was put back.
            key=library_state.SAVE_NAME,
            max_chars=LONGEST_NAME,
            persist_state="session",
            help="Saving under an existing name adds a version.",
        )
        st.text_input("Note", key=library_state.SAVE_NOTE, max_chars=LONGEST_NOTE)
        st.button(
            "Save",
            key=library_state.SAVE,
            type="primary",
            icon=":material/bookmark_add:",
            on_click=library_state.save,
        )


def _choose(prompts: tuple[SavedPrompt, ...]) -> None:
    matches = list(prompts)
    if len(prompts) > MANY:
        words = st.text_input("Search names, notes and texts", key=library_state.SEARCH)
        matches = matching(prompts, words or "")
    by_id = {prompt.prompt_id: prompt for prompt in matches}
    if not by_id:
        st.caption("No prompt contains these words.")
        return
    chosen = st.selectbox(
        "Saved prompts",
        list(by_id),
        index=None,
        key=library_state.CHOSEN,
        persist_state="session",
        # Streamlit asks for the label of what was chosen before, too, which a search may hide.
        format_func=lambda prompt_id: by_id[prompt_id].name if prompt_id in by_id else "",
        placeholder="Choose one",
    )
    if chosen in by_id:
        _show_prompt(by_id[chosen])


def _show_prompt(prompt: SavedPrompt) -> None:
    by_number = {candidate.number: candidate for candidate in reversed(prompt.versions)}
    numbers = list(by_number)
    left, right = st.columns(2)
    number = left.selectbox(
        "Version",
        numbers,
        key=library_state.version_field(prompt),
        format_func=lambda number: _label(by_number[number]),
    )
    version = by_number[number]
    others = [candidate for candidate in numbers if candidate != number]
    before = [candidate for candidate in others if candidate < number]
    other = right.selectbox(
        "Compare with",
        others,
        index=others.index(before[0]) if before else None,
        # Named for the version: with another one, the version before that is proposed.
        key=f"{library_state.OTHER}_{prompt.prompt_id}_{number}",
        format_func=lambda number: _label(by_number[number]),
        placeholder="Nothing",
    )
    _show_text(version, by_number.get(other) if other is not None else None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Put into the editor",
            key="library_restore",
            type="primary",
            icon=":material/edit_note:",
            on_click=library_state.restore,
            args=(prompt,),
        )
        with st.popover(
            "Rename", icon=":material/edit:", type="tertiary", key=library_state.RENAMING,
            on_change="rerun",
        ):  # fmt: skip
            st.text_input("New name", prompt.name, LONGEST_NAME, key=library_state.new_name(prompt))
            st.button(
                "Rename", key=library_state.RENAME, on_click=library_state.rename, args=(prompt,)
            )
        st.button(
            "Delete",
            key=library_state.DELETE,
            icon=":material/delete:",
            type="tertiary",
            on_click=library_state.delete,
            args=(prompt,),
        )


def _label(version: PromptVersion) -> str:
    note = f" · {version.note}" if version.note else ""
    return f"{version.number} · {version.saved_at:%d %b %H:%M} UTC{note}"


def _show_text(version: PromptVersion, other: PromptVersion | None) -> None:
    try:
        text = in_text(version.page())
        before = in_text(other.page()) if other else text
    # A version that this app cannot read must not keep the others from being looked at.
    except PageStateError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return
    show_diff(before, text)
