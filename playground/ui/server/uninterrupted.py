"""Callbacks and changes of the session that no other message cuts in two.

Streamlit ends a script at its next touch of the session once another message has come, in a
callback too (streamlit/streamlit#10578), and begins the next one beside it: the runs of a
press would have been sent, and paid for, but never shown, or sent twice; half of an edit would
be lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from streamlit import config
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)
BESIDE = "runner.fastReruns"


@contextmanager
def whole() -> Iterator[None]:
    """What the block does to the session is done to its end; then the message has its turn."""
    token = _is_whole.set(True)
    try:
        yield
    finally:
        _is_whole.reset(token)


def let_callbacks_end() -> None:
    """From now on no callback is interrupted. May be called again and again."""
    # A script of its own for each message would run beside a callback. Community Cloud turns
    # this on whatever the config file says.
    if config.get_option(BESIDE):
        config.set_option(BESIDE, False)
    # Not by identity: after an edit of this file the functions are others.
    if hasattr(ScriptRequests.on_scriptrunner_yield, "__wrapped__"):
        return
    interrupted = ScriptRequests.on_scriptrunner_yield

    @wraps(interrupted)
    def unless_whole(requests: ScriptRequests) -> ScriptRequest | None:
        return None if _is_whole.get() else interrupted(requests)

    ScriptRequests.on_scriptrunner_yield = unless_whole  # type: ignore[assignment,method-assign]
    # From before the first callback on: a click that is not even looked at would be lost.
    heard = whole()(SafeSessionState.on_script_will_rerun)
    SafeSessionState.on_script_will_rerun = heard  # type: ignore[method-assign]
