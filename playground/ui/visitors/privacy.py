"""What is stored of this visitor, and who can see it."""

import streamlit as st

from playground.ui.server.visitor import has_cookie, is_local
from playground.ui.session.services import services


def keeps_texts() -> bool:
    """Whether this visitor's texts may be stored; otherwise they stay in the session."""
    return services().settings.keeps_texts(is_local=is_local())


def is_known_again() -> bool:
    """Whether this visitor is recognised after a reload, and so finds what is stored."""
    return is_local() or has_cookie() or st.user.get("is_logged_in") is True


def what_is_kept() -> str:
    """A privacy notice of one or two sentences."""
    if is_local():
        return (
            "Your runs and their texts are stored in this app's log. Anyone who uses the "
            "app on this machine can read them."
        )
    who = "Other visitors see none of it; the app's owner can."
    if keeps_texts():
        sentence = f"Your runs are stored in the owner's database, prompts and answers too. {who}"
    else:
        sentence = (
            "Your prompts and answers are kept only while this page is open. Only the "
            f"model, numbers and cost of each run are stored. {who}"
        )
    return sentence if has_cookie() else f"{sentence} A reload starts a new history."
