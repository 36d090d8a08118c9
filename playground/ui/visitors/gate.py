"""The gate before the owner's key: who may use it, and the field or button that opens it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec

import streamlit as st
from streamlit.errors import StreamlitAPIException, StreamlitSecretNotFoundError

from playground.core.visitors.access import Access, access, login_problem
from playground.core.visitors.passcode import LONGEST
from playground.ui.server.visitor import is_local
from playground.ui.session.services import services
from playground.ui.visitors import gate_state
from playground.ui.widgets.markdown import plain

NO_LOGIN = "Login is not set up: it needs Authlib (streamlit[auth]) and [auth] in the secrets."


def owners_access() -> Access:
    """Whether this visitor may use the owner's key or server, and why."""
    settings = services().settings
    if settings.owner is None:
        return Access(False)
    what = "server" if settings.owner.kind == "server" else "key"
    lacks = None if is_local() else _lacks()
    return access(what, settings.gate, is_local=is_local(), closed_because=lacks)


def _lacks() -> str | None:
    """What this visitor still needs to pass the gate."""
    settings = services().settings
    if settings.gate == "login":
        if not _providers():
            return NO_LOGIN
        return login_problem(st.user.to_dict(), settings.allowed_emails, datetime.now(UTC))
    return None if gate_state.has_passed() else "Enter the passcode to use it."


def show_gate() -> None:
    """Show whether the owner's key is used, and the field or button that unlocks it."""
    verdict = owners_access()
    if not verdict.sentence:
        return
    icon = ":material/key:" if verdict.is_allowed else ":material/lock:"
    st.caption(f"{icon} {plain(verdict.sentence)}")
    gate = services().settings.gate
    if verdict.is_allowed:
        return
    if gate == "passcode":
        _ask_passcode()
    elif gate == "login":
        for provider in _providers():
            name = "" if provider == "default" else f" with {provider}"
            if st.button(f"Log in{name}", key=f"{gate_state.LOG_IN}_{provider}"):
                _log_in(provider)


def _ask_passcode() -> None:
    st.text_input(
        "Passcode",
        type="password",
        key=gate_state.PASSCODE,
        autocomplete="off",
        max_chars=LONGEST,
        on_change=gate_state.enter_passcode,
    )
    problem = gate_state.passcode_problem()
    if problem:
        st.error(problem, icon=":material/lock:")


def _log_in(provider: str) -> None:
    try:
        st.login(provider)
    except StreamlitAPIException:
        st.error("This login is not set up completely in the secrets.", icon=":material/lock:")


# Streamlit brings Authlib only with its extra `auth`; whether it is there never changes.
@cache
def _has_authlib() -> bool:
    return find_spec("authlib") is not None


def can_log_in() -> bool:
    """Whether a login is set up."""
    return bool(_providers())


def _providers() -> list[str]:
    """The logins that can be offered, by their names in the secrets."""
    if not _has_authlib():
        return []
    try:
        section: object = st.secrets.get("auth")
    except StreamlitSecretNotFoundError:
        return []
    if not isinstance(section, Mapping):
        return []
    named = [
        name
        for name, value in section.items()
        # Options of the login library stand among the providers in the secrets.
        if isinstance(value, Mapping) and name != "client_kwargs"
    ]
    return ["default", *named] if "client_id" in section else named
