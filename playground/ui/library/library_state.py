"""This visitor's prompt library: in the log's database, or only in the session if visitors' texts
may not be stored."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from playground.core.editor.page_state import PageStateError
from playground.core.library.prompt_library import (
    PromptVersion,
    SavedPrompt,
    clean_name,
    first_version,
    with_version,
)
from playground.core.text.refusal import Refusal
from playground.ui.session import editor_state, state
from playground.ui.session.services import services
from playground.ui.visitors.privacy import keeps_texts

LIBRARY, SAVE_NAME, SAVE_NOTE, SAVE = "library", "library_name", "library_note", "library_save"
SEARCH, CHOSEN, VERSION, OTHER = "library_search", "library_of", "library_at", "library_with"
RENAMING = "rename_prompt"
RENAME, NEW_NAME, DELETE, UNDELETE = (
    "library_rename",
    "library_new_name",
    "library_delete",
    "library_undelete",
)


def prompts() -> tuple[SavedPrompt, ...]:
    """All prompts by name; none, and a problem, where the library can't be reached."""
    if not keeps_texts():
        return tuple(st.session_state.get("session_library", ()))
    saved = services().log.prompts.list_prompts(state.visitor())
    if isinstance(saved, Refusal):
        st.session_state["library_problem"] = saved.sentence
        return ()
    return saved


def pop_problem() -> str | None:
    """The problem with the last click, once."""
    problem: str | None = st.session_state.pop("library_problem", None)
    return problem


def save() -> None:
    """Save the contents of the editor: as a new prompt, or as a new version of this name's."""
    session = st.session_state
    name = clean_name(session.get(SAVE_NAME) or "")
    if not name:
        session["library_problem"] = "Enter a name."
        return
    try:
        version = first_version(
            editor_state.page(), session.get(SAVE_NOTE) or "", datetime.now(UTC)
        )
    except PageStateError as error:
        session["library_problem"] = str(error)
        return
    # Case-insensitive: names that differ in case alone would be confused.
    same = [prompt for prompt in prompts() if prompt.name.casefold() == name.casefold()]
    prompt_id = same[0].prompt_id if same else secrets.token_urlsafe(12)
    if same:
        _add_version(same[0], version)
    else:
        _save(SavedPrompt(prompt_id, name, (version,)))
    session[CHOSEN], session[SAVE_NOTE] = prompt_id, ""


def add_all(found: tuple[SavedPrompt, ...]) -> None:
    """Add the prompts of a file; a name that is taken gets a number."""
    taken = {saved.name.casefold() for saved in prompts()}
    for prompt in found:
        name, number = prompt.name, 1
        while name.casefold() in taken:
            number += 1
            # Cut, so that the number has room within the longest name.
            name = clean_name(f"{prompt.name[:90]} ({number})")
        taken.add(name.casefold())
        # The prompts of a file come without an id.
        _save(replace(prompt, prompt_id=secrets.token_urlsafe(12), name=name))


def new_name(prompt: SavedPrompt) -> str:
    """The key of the field for this prompt's new name."""
    return f"{NEW_NAME}_{prompt.prompt_id}"


def rename(prompt: SavedPrompt) -> None:
    # It would cover the renamed prompt.
    state.close_popover(RENAMING)
    name = clean_name(st.session_state.get(new_name(prompt)) or "")
    if not name or name == prompt.name:
        return
    # Selected again: a browser identifies the selection by its label, and would show the old one.
    st.session_state[CHOSEN] = prompt.prompt_id
    if keeps_texts():
        _set_problem(services().log.prompts.rename(state.visitor(), prompt.prompt_id, name))
    else:
        _save(replace(prompt, name=name))


def _is_chosen(prompt: SavedPrompt) -> bool:
    """Whether this is still the chosen prompt: what was chosen last comes with the click."""
    if st.session_state.get(CHOSEN) == prompt.prompt_id:
        return True
    st.session_state["library_problem"] = "Nothing was done, because the choice had changed."
    return False


def version_field(prompt: SavedPrompt) -> str:
    """The key of the field for a prompt's version. It is named for the newest: another prompt, or a
    version more, begins at its newest."""
    return f"{VERSION}_{prompt.prompt_id}_{max(version.number for version in prompt.versions)}"


def delete(prompt: SavedPrompt) -> None:
    """Delete it; until the next one is, it can be brought back."""
    if not _is_chosen(prompt):
        return
    session = st.session_state
    if keeps_texts():
        _set_problem(services().log.prompts.delete(state.visitor(), prompt.prompt_id))
    else:
        prompts_of_session = session.get("session_library", ())
        session["session_library"] = [
            other for other in prompts_of_session if other.prompt_id != prompt.prompt_id
        ]
    session["library_deleted"] = prompt
    session[CHOSEN] = None


def deleted() -> SavedPrompt | None:
    """The prompt that was deleted last."""
    prompt: SavedPrompt | None = st.session_state.get("library_deleted")
    return prompt


def undelete() -> None:
    prompt = st.session_state.pop("library_deleted", None)
    if prompt is not None:
        _save(prompt)
        st.session_state[CHOSEN] = prompt.prompt_id


def restore(prompt: SavedPrompt) -> None:
    """Replace the contents of the editor by the chosen version."""
    if not _is_chosen(prompt):
        return
    by_number = {version.number: version for version in prompt.versions}
    number: int = st.session_state.get(version_field(prompt), 0)
    try:
        editor_state.replace_page(by_number.get(number, prompt.versions[-1]).page(), "Library")
    except PageStateError as error:
        st.session_state["library_problem"] = str(error)
        return
    st.session_state[SAVE_NAME] = prompt.name
    state.close_dialog()


def _save(prompt: SavedPrompt) -> None:
    if keeps_texts():
        _set_problem(services().log.prompts.save(state.visitor(), prompt))
        return
    prompts_of_session = [other for other in prompts() if other.prompt_id != prompt.prompt_id]
    prompts_of_session.append(prompt)
    st.session_state["session_library"] = sorted(
        prompts_of_session, key=lambda other: other.name.casefold()
    )


def _add_version(prompt: SavedPrompt, version: PromptVersion) -> None:
    if keeps_texts():
        _set_problem(services().log.prompts.add_version(state.visitor(), prompt.prompt_id, version))
    else:
        _save(with_version(prompt, version))


def _set_problem(refusal: Refusal | None) -> None:
    if refusal is not None:
        st.session_state["library_problem"] = refusal.sentence
