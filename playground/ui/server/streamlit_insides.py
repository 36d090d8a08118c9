"""All uses of private parts of Streamlit and uvicorn.

Each one first checks that the parts it needs exist. If not, in an untested version, a warning is
logged, and the app works without them: slower, or with less protection.
"""

import asyncio
import importlib
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, partial, wraps
from pathlib import Path
from types import FrameType
from typing import Final, Protocol, cast

import click
import streamlit as st

CLOSED_WITHIN_S: Final = 5
"""How long the server waits for browsers to disconnect when it shuts down."""
ALLOWED_MESSAGES: Final = frozenset(
    {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "set_run_on_save"}
)
"""The messages that this app's pages send. The others clear all visitors' caches, start `git` or
write files."""
ALLOWED_OPERATIONS: Final = frozenset({"deferred_file", "dataframe_chunk"})
PRELOADED: Final = ("DataFrame", "StreamlitSyntaxHighlighter")
FAST_RERUNS: Final = "runner.fastReruns"
SHUTDOWN_TIMEOUT: Final = "timeout_graceful_shutdown"
LONGEST_MESSAGE: Final = "ws_max_size"

UploadSizes = Mapping[str, Mapping[str, int]]
"""The bytes of each uploaded file, by its page and its id."""


def _internal(module: str, *names: str) -> object | None:
    """A private part by its module and names; None, and a warning, if it does not exist."""
    try:
        part: object = importlib.import_module(module)
        for name in names:
            part = getattr(part, name)
    except (ImportError, AttributeError):
        _warn_missing(".".join((module, *names)))
        return None
    return part


# Cached to warn once: some parts are looked up for every message.
@cache
def _warn_missing(place: str) -> None:
    logging.getLogger(__name__).warning(
        "This version of Streamlit or uvicorn has no %s. The app works without it.", place
    )


# Callbacks that no other message interrupts.
# Once another message arrives, Streamlit stops a script at its next access to the session, even in
# a callback (streamlit/streamlit#10578), and starts the next script concurrently: runs would be
# sent, and paid for, but never shown, or sent twice; half of an edit would be lost.

_is_uninterrupted: ContextVar[bool] = ContextVar("is_whole", default=False)
ON_YIELD: Final = (
    "streamlit.runtime.scriptrunner_utils.script_requests",
    "ScriptRequests",
    "on_scriptrunner_yield",
)
ON_RERUN: Final = (
    "streamlit.runtime.state.safe_session_state",
    "SafeSessionState",
    "on_script_will_rerun",
)
ON_CALLBACKS: Final = (
    "streamlit.runtime.state.session_state",
    "SessionState",
    "_call_callbacks",
)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the block finish before another message stops this script."""
    token = _is_uninterrupted.set(True)
    try:
        yield
    finally:
        _is_uninterrupted.reset(token)


def protect_callbacks() -> None:
    """From now on no callback is interrupted. Idempotent."""
    _run_one_script_at_a_time()
    interrupted, original = _internal(*ON_YIELD), _internal(*ON_RERUN)
    # Not by identity: when this file is edited, Streamlit reloads it, with new functions.
    if not callable(interrupted) or not callable(original) or hasattr(interrupted, "__wrapped__"):
        return

    @wraps(interrupted)
    def unless_whole(requests: object) -> object:
        return None if _is_uninterrupted.get() else interrupted(requests)

    _patch(ON_YIELD, unless_whole)
    # Starts before the first callback: a click whose callback does not start would be lost.
    _patch(ON_RERUN, uninterrupted()(_one_message_at_a_time(original)))
    _keep_messages_apart()


def _run_one_script_at_a_time() -> None:
    # With fast reruns a new script runs concurrently with a callback. Community Cloud enables them
    # whatever the config file says.
    set_option = _internal("streamlit.config", "set_option")
    try:
        if st.get_option(FAST_RERUNS) and callable(set_option):
            set_option(FAST_RERUNS, False)
    except RuntimeError:
        _warn_missing(FAST_RERUNS)


def call_before_callbacks(prepare: Callable[[], object]) -> None:
    """From now on call this once a message's values are in the session, before the callbacks that
    read them. Idempotent."""
    original = _internal(*ON_CALLBACKS)
    if not callable(original) or hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def prepared(*args: object, **kwargs: object) -> object:
        prepare()
        return original(*args, **kwargs)

    _patch(ON_CALLBACKS, prepared)


def _patch(place: tuple[str, str, str], value: object) -> None:
    module, name, method = place
    setattr(_internal(module, name), method, value)


# Messages that arrive together.
# While a script runs, Streamlit merges the messages that arrive into one: the values of the newest
# and the clicks of all. After a click on Run, a text typed since would be sent; of two clicks the
# newer one's callback would be called first. Here what is merged stays a list of messages, and the
# callbacks are called message by message, before the one script run that draws the result.

ON_REQUEST: Final = (
    "streamlit.runtime.scriptrunner_utils.script_requests",
    "ScriptRequests",
    "_request_rerun_locked",
)
WIDGET_STATES: Final = ("streamlit.proto.WidgetStates_pb2", "WidgetStates")
END_OF_MESSAGE: Final = secrets.token_hex()
"""The id of the pseudo-widget between two messages. Secret: a forged message that contains many
thousands would hold the server up."""
REPLAYED: Final = "replay_trigger_states"
MAX_MESSAGES: Final = 20
"""How many messages are kept apart: a page can send faster than its scripts run."""
TRIGGERS: Final = (
    "trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value",
)  # fmt: skip


class _WidgetState(Protocol):
    id: str

    def WhichOneof(self, group: str) -> str | None: ...


class _Widgets(Protocol):
    def __iter__(self) -> Iterator[_WidgetState]: ...
    def add(self, *, id: str) -> object: ...
    def extend(self, states: Sequence[_WidgetState]) -> None: ...


class _WidgetStates(Protocol):
    widgets: _Widgets


_Message = list[_WidgetState]


def _keep_messages_apart() -> None:
    merge = _internal(*ON_REQUEST)
    if not callable(merge) or not callable(_internal(*WIDGET_STATES)):
        return

    @wraps(merge)
    def merge_apart(requests: object, new: object) -> object:
        pending, newest = _pending_states(requests), getattr(new, "widget_states", None)
        is_taken = merge(requests, new)
        messages = _with_message(_split(pending), newest) if pending and newest else []
        if 1 < len(messages) <= MAX_MESSAGES:
            rerun = requests._rerun_data  # type: ignore[attr-defined]
            joined = replace(rerun, widget_states=_joined(messages))
            requests._rerun_data = joined  # type: ignore[attr-defined]
        return is_taken

    _patch(ON_REQUEST, merge_apart)


def _pending_states(requests: object) -> _WidgetStates | None:
    """The values of the message that waits for the script to end, if there is one."""
    is_pending = getattr(getattr(requests, "_state", None), "name", "") == "RERUN"
    pending = getattr(requests, "_rerun_data", None) if is_pending else None
    return getattr(pending, "widget_states", None)


def _split(states: _WidgetStates) -> list[_Message]:
    messages: list[_Message] = [[]]
    for state in states.widgets:
        if state.id == END_OF_MESSAGE:
            messages.append([])
        else:
            messages[-1].append(state)
    return messages


def _with_message(messages: list[_Message], newest: _WidgetStates) -> list[_Message]:
    """Add what is new in a message. Its other values were sent before the page has shown what the
    earlier messages do, such as Undo: they must not revert that."""
    known = {state.id: state for message in messages for state in message}
    new = [
        state
        for state in newest.widgets
        if _is_active_trigger(state) or known.get(state.id) != state
    ]
    if any(map(_is_active_trigger, messages[-1])):
        return [*messages, new]
    return [*messages[:-1], list({state.id: state for state in (*messages[-1], *new)}.values())]


def _is_active_trigger(state: _WidgetState) -> bool:
    kind = state.WhichOneof("value")
    if kind not in TRIGGERS:
        return False
    value: object = getattr(state, kind)
    fields = getattr(value, "ListFields", None)
    return bool(fields() if callable(fields) else value)


def _joined(messages: Sequence[_Message]) -> _WidgetStates:
    joined = cast("Callable[[], _WidgetStates]", _internal(*WIDGET_STATES))()
    for number, message in enumerate(messages):
        if number:
            joined.widgets.add(id=END_OF_MESSAGE)
        joined.widgets.extend(message)
    return joined


def _one_message_at_a_time(original: Callable[..., object]) -> Callable[..., object]:
    """Have the callbacks of messages that arrived together called one message after another."""

    @wraps(original)
    def one_by_one(state: object, fresh: _WidgetStates | None, **options: object) -> object:
        messages = _split(fresh) if fresh else []
        if len(messages) < 2:
            return original(state, fresh, **options)
        for message in messages[:-1]:
            original(state, _joined([message]))
        # Their callbacks have been called; the script sees them as clicked.
        replayed = [
            trigger for message in messages[:-1] for trigger in filter(_is_active_trigger, message)
        ]
        if given := cast("_WidgetStates | None", options.get(REPLAYED)):
            replayed.extend(given.widgets)
        return original(state, _joined(messages[-1:]), **{**options, REPLAYED: _joined([replayed])})

    return one_by_one


# Widgets that look up their value without copying the session.
# Each text field and each list copies the whole session to look up one value in it
# (streamlit/elements/widgets/selectbox.py): with 110 values a fifth of a page's script run.

WHOLE_SESSION: Final = (
    "streamlit.runtime.state.safe_session_state",
    "SafeSessionState",
    "filtered_state",
)


class _Session(Mapping[str, object]):
    """Looks up single values in the session, and copies it only to iterate over all."""

    def __init__(
        self, state: Mapping[str, object], copy: Callable[[], Mapping[str, object]]
    ) -> None:
        self._state, self._copy = state, copy

    def __getitem__(self, key: str) -> object:
        return self._state[key]

    def __contains__(self, key: object) -> bool:
        return key in self._state

    def __iter__(self) -> Iterator[str]:
        return iter(self._copy())

    def __len__(self) -> int:
        return len(self._copy())

    def __repr__(self) -> str:
        return repr(self._copy())


def avoid_session_copies() -> None:
    """From now on no widget copies the session. Idempotent."""
    copied = _internal(*WHOLE_SESSION)
    copy = copied.fget if isinstance(copied, property) else None
    if copy is None or hasattr(copy, "__wrapped__"):
        return

    @wraps(copy)
    def session(state: Mapping[str, object]) -> _Session:
        return _Session(state, partial(copy, state))

    _patch(WHOLE_SESSION, property(session))


STACK: Final = "streamlit.delta_generator_singletons"


def reset_containers() -> None:
    """Draw outside of any container. A thread that goes on from a fragment to the whole page would
    otherwise draw it into the fragment's container, such as the sidebar."""
    put, value = (
        _internal(STACK, "context_dg_stack", "set"),
        _internal(STACK, "get_default_dg_stack_value"),
    )
    if callable(put) and callable(value):
        put(value())


def stop_if_superseded() -> None:
    """Stop this script if its page has sent a message for the next one: nobody would see what it
    draws. Streamlit checks that at each access to the session, so this makes one."""
    st.session_state.get("owner")


# Messages of a page's socket.


@dataclass(frozen=True, slots=True)
class PageMessage:
    """`is_timer`: sent by a timer. `is_allowed`: of a kind that this app's pages send."""

    is_timer: bool
    is_allowed: bool


def read_page_message(data: bytes) -> PageMessage | None:
    """Parse a page's message; None if it is malformed. Without a parser all are allowed."""
    back_msg = _internal("streamlit.proto.BackMsg_pb2", "BackMsg")
    unreadable = _internal("google.protobuf.message", "DecodeError")
    if back_msg is None or unreadable is None:
        return PageMessage(is_timer=False, is_allowed=True)
    try:
        message = back_msg.FromString(data)  # type: ignore[attr-defined]
    except cast("type[Exception]", unreadable):
        return None
    kind = message.WhichOneof("type")
    is_allowed = kind in ALLOWED_MESSAGES
    if kind == "backend_operation_request":
        is_allowed = message.backend_operation_request.WhichOneof("payload") in ALLOWED_OPERATIONS
    return PageMessage(is_timer=bool(message.rerun_script.is_auto_rerun), is_allowed=is_allowed)


def uploaded_files() -> UploadSizes | None:
    """The uploads in memory, which are freed when their page's session ends. None: not known."""
    try:
        storage = st.runtime.get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
        return {
            page: {file: len(upload.data) for file, upload in list(files.items())}
            for page, files in list(storage.items())
        }
    except AttributeError:
        _warn_missing("runtime.uploaded_file_mgr.file_storage")
        return None


def limit_messages(max_bytes: int) -> None:
    """From now on the server reads no longer message from a new socket, unless its
    `set_longest_message` says otherwise. To be called before `close_on_signal`."""
    config = _uvicorn_config(signal.SIGTERM)
    if hasattr(config, LONGEST_MESSAGE):
        # For a socket, the first frame can come together with its handshake, before anybody can
        # tell whose it is.
        setattr(config, LONGEST_MESSAGE, max_bytes)
    else:
        _warn_missing(f"Config.{LONGEST_MESSAGE}")


def set_longest_message(receive: object, max_bytes: int) -> None:
    """From now on the server reads no longer message from this socket: it refuses one by its
    frame's head, before it is in memory. `receive` is the socket's, as the server made it."""
    protocol = getattr(receive, "__self__", None)
    # As uvicorn 0.44 and later have it, and as those before do.
    places = ((getattr(protocol, "conn", None), "max_message_size"), (protocol, "max_size"))
    for holder, name in places:
        if hasattr(holder, name):
            setattr(holder, name, max_bytes)
            return
    _warn_missing("protocol.conn.max_message_size")


# Preloading.


def parts_to_preload(folder: Path = Path(st.__file__).parent) -> tuple[str, ...]:
    """Parts of Streamlit's page that take a browser half a second to load, which it would do at the
    first code or table amid the answers. Those that are not found are loaded when needed."""
    places = [sorted(folder.glob(f"static/static/js/{part}.*.js")) for part in PRELOADED]
    for part, files in zip(PRELOADED, places, strict=True):
        if not files:
            _warn_missing(f"static/js/{part}")
    return tuple(f"static/js/{file.name}" for files in places for file in files)


def import_emojis() -> None:
    """Import the list of emojis for page icons in advance: it takes a tenth of a second."""
    _internal("streamlit.emojis")


# Loggers of crashes.


def crash_loggers() -> tuple[str, ...]:
    """The loggers of uncaught exceptions of scripts, callbacks, routes and tasks.

    `on_script_error` (of `st.App`) is no alternative: Streamlit logs before it calls that
    (streamlit/error_util.py, `handle_user_script_exception`).
    """
    logger = _internal("streamlit.error_util", "_LOGGER")
    own = (logger.name,) if isinstance(logger, logging.Logger) else ()
    return (*own, "uvicorn.error", "asyncio")


# Sending and shutdown.


def disable_nagle(loop: asyncio.AbstractEventLoop) -> None:
    """Set TCP_NODELAY on the server's sockets."""
    # asyncio does so for sockets whose `proto` is TCP, which Streamlit's is not. With Nagle's
    # algorithm a second packet waits for the acknowledgement of the first, which browsers delay by
    # 40 ms (https://github.com/Kludex/uvicorn/issues/3149).
    create_server = loop.create_server

    async def create(*args: object, **options: object) -> object:
        listening = options.get("sock")
        if isinstance(listening, socket.socket) and listening.family in (
            socket.AF_INET,
            socket.AF_INET6,
        ):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await create_server(*args, **options)  # type: ignore[call-overload]

    try:
        loop.create_server = create  # type: ignore[method-assign,assignment]
    except AttributeError:  # A loop that is not written in Python.
        _warn_missing("loop.create_server")


def close_on_signal(close: Callable[[], object]) -> None:
    """On SIGTERM or SIGINT, call `close` at once, in a thread.

    uvicorn ends the app's lifespan only once every connection is closed, which a sleeping browser
    does not do: by then the process may have been killed.
    """
    closing = _Closing(close)
    # Python lets the main thread alone set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before, config = signal.getsignal(number), _uvicorn_config(number)
        if not callable(before) or not hasattr(config, SHUTDOWN_TIMEOUT):
            _warn_missing(f"Server.config.{SHUTDOWN_TIMEOUT}")
            return
        # Unset, uvicorn waits for browsers without a limit.
        setattr(config, SHUTDOWN_TIMEOUT, getattr(config, SHUTDOWN_TIMEOUT) or CLOSED_WITHIN_S)
        signal.signal(number, partial(closing.handle, before))


def _uvicorn_config(number: int) -> object:
    """The configuration of the server whose handler this signal has."""
    return getattr(getattr(signal.getsignal(number), "__self__", None), "config", None)


class _Closing:
    """Closes the app once, however many signals arrive."""

    def __init__(self, close: Callable[[], object]) -> None:
        self._close = close
        self._may_begin, self._has_ended = threading.Lock(), threading.Event()

    def handle(
        self,
        before: Callable[[int, FrameType | None], object],
        number: int,
        frame: FrameType | None,
    ) -> None:
        """Handle a signal; `before` is uvicorn's own handler."""
        # Not blocking: a handler interrupts the main thread, and would wait for ever for a lock
        # that this thread holds.
        if self._may_begin.acquire(blocking=False):
            threading.Thread(target=self._work, name="close", daemon=True).start()
        # On a second signal uvicorn exits at once, which would lose what is still being written.
        elif not self._has_ended.is_set():
            return
        before(number, frame)

    def _work(self) -> None:
        try:
            self._close()
        finally:
            self._has_ended.set()


# Configuration.


def configure(options: Sequence[str]) -> None:
    """Configure Streamlit as `streamlit run` would: files, STREAMLIT_ variables, options.

    Raises `click.ClickException` for an option or a variable that it would refuse. If its command
    is not found, only files and variables are read.
    """
    run, load = (
        _internal("streamlit.web.cli", "main_run"),
        _internal("streamlit.web.bootstrap", "load_config_options"),
    )
    if not hasattr(run, "make_context") or not callable(load):
        return
    context = run.make_context("run", ["streamlit_app.py", *options])
    # `streamlit run` passes on its options alone; these two are the command's arguments.
    own = {name: value for name, value in context.params.items() if name not in ("target", "args")}
    try:
        load(own)
    except SystemExit:
        # For an unknown level Streamlit prints an error and exits.
        raise click.ClickException("logger.level is not a level that Streamlit knows.") from None


def print_errors_only() -> None:
    """Streamlit prints no warnings from now on."""
    set_log_level = _internal("streamlit.logger", "set_log_level")
    if callable(set_log_level):
        set_log_level("error")


def where_defined(option: str) -> str:
    """Where an option of Streamlit's was set: a file, an option, a variable; empty if unknown."""
    find = _internal("streamlit.config", "get_where_defined")
    return str(find(option)) if callable(find) else ""
