"""Import: a pasted or uploaded request is shown for what it is, then put into the editor."""

from collections.abc import Sequence

import streamlit as st

from playground.core.editor.page_state import PageState, Variant
from playground.core.importing.answers_file import read_runs
from playground.core.importing.import_result import (
    Imported,
    ImportingError,
    LeftOut,
)
from playground.core.importing.read_any import read_page, read_request
from playground.core.library.prompt_library import LibraryError, SavedPrompt, library_from_json
from playground.ui.library import library_state
from playground.ui.session import editor_state, state
from playground.ui.sharing.page_contents import show_contents
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.markdown import plain

IMPORT, IMPORT_TEXT, IMPORT_FILE = "import", "import_text", "import_file"
PUT, ADD = "put_import", "add_import"
MAX_SHOWN = 1_000
MAX_LINES = 30
MAX_FILE_BYTES = 8_000_000
"""A file of answers has as much, and a text that is read as a request at most half of it."""
LIBRARY_SAYS_SO = 40
"""Characters at the beginning of a file in which a library names itself."""
SHAPES = (
    "JSON for the Messages API or OpenAI's, Python, curl, a notebook, an HTTP request, a "
    "HAR file, Markdown containing one of these, or a file saved here."
)
FILES = ("json", "jsonl", "py", "ipynb", "sh", "http", "har", "md", "ts", "txt")


def offer_import() -> None:
    """A button that opens the dialog."""
    offer_dialog(IMPORT, "Import", ":material/input:", "Import a request", _show)


def _show() -> None:
    if state.dialog() != IMPORT:
        st.rerun()  # It was put into the editor: a click in a dialog draws the dialog alone.
    st.text_area(
        "Paste it here",
        key=IMPORT_TEXT,
        height=160,
        placeholder=SHAPES,
        help="The text is read, never run. A key in it is not kept.",
    )
    st.file_uploader(
        "or choose a file", FILES, key=IMPORT_FILE, max_upload_size=MAX_FILE_BYTES // 1_000_000
    )
    if problem := state.pop_dialog_problem():
        st.warning(problem, icon=":material/block:")
    try:
        text = _text()
        if not text.strip():
            return
        if '"library"' in text[:LIBRARY_SAYS_SO]:
            _offer_library(text, library_from_json(text))
            return
        page = read_page(text)
        if page is not None:
            _show_page("A page of this playground", page)
            _offer(text, page)
            return
        answers = read_runs(text)
        if answers is not None:
            _show_page("The prompt and variants of some answers", answers.page)
            _show_left_out(answers.left_out)
            _offer(text, answers.page)
            return
        imported = read_request(text)
    except (ImportingError, LibraryError) as error:
        st.error(plain(str(error)), icon=":material/block:")
        return
    _show_imported(imported)
    _offer(text, imported)


def _text() -> str:
    """What is pasted, or in the file. Raises `ImportingError`."""
    pasted, file = st.session_state.get(IMPORT_TEXT), st.session_state.get(IMPORT_FILE)
    return pasted or (_text_of(file.getvalue()) if file else "")


def _is_still(text: str) -> bool:
    """Whether this is still what is to be imported: what was typed last comes with the click, and
    its reader has not seen yet what will be left out of it."""
    try:
        is_same = _text() == text
    except ImportingError:
        is_same = False
    if not is_same:
        state.set_dialog_problem(
            "Nothing was imported, because the text had changed. Look at it first."
        )
    return is_same


def _text_of(content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise ImportingError("This file is too large.")
    try:
        # Some editors begin a file with a mark, which no reader of JSON takes.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportingError("This file is not UTF-8 text.") from None


def _offer(text: str, contents: Imported | PageState) -> None:
    st.button(
        "Put into the editor",
        key=PUT,
        type="primary",
        icon=":material/edit_note:",
        help="Replaces the prompt and the variants; Undo brings them back.",
        on_click=_put,
        args=(text, contents),
    )


def _put(text: str, contents: Imported | PageState) -> None:
    if not _is_still(text):
        return
    # Not by `isinstance`: when the app is edited, Streamlit reloads the class.
    if hasattr(contents, "request"):
        editor_state.replace_request(contents.request, "Import")
    else:
        editor_state.replace_page(contents, "Import")
    state.close_dialog()


def _offer_library(text: str, prompts: tuple[SavedPrompt, ...]) -> None:
    names = ", ".join(prompt.name for prompt in prompts)
    st.markdown(f"**A library of {len(prompts)}**  \n{plain(names[:MAX_SHOWN])}")
    st.button(
        "Add to my library",
        key=ADD,
        type="primary",
        icon=":material/bookmark_add:",
        on_click=_add,
        args=(text, prompts),
    )


def _add(text: str, prompts: tuple[SavedPrompt, ...]) -> None:
    if not _is_still(text):
        return
    library_state.add_all(prompts)
    state.open_dialog(library_state.LIBRARY)


def _show_page(name: str, page: PageState) -> None:
    st.markdown(f"**{plain(name)}**")
    show_contents(page)


def _show_imported(imported: Imported) -> None:
    _show_page(
        imported.source,
        PageState(imported.request.prompt, (Variant("A", imported.request.params),)),
    )
    if imported.as_extra:
        names = ", ".join(imported.as_extra)
        # Cut: whoever wrote the file chose these names, and how many there are.
        st.caption(
            f"Sent as extra JSON, because there is no control for it: {plain(names[:MAX_SHOWN])}."
        )
    _show_left_out(imported.left_out)


def _show_left_out(left_out: Sequence[LeftOut]) -> None:
    if left_out:
        st.markdown("**What changes**")
        lines = [f"- {plain(part.name)}: {plain(part.why)}" for part in left_out]
        more = len(lines) - MAX_LINES
        st.markdown("\n".join([*lines[:MAX_LINES], *([f"- and {more} more"] if more > 0 else [])]))
