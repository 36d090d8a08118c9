"""Whatever leans on the insides of Streamlit and uvicorn, and nothing else does.

Each piece looks first whether what it needs is there. Where it is not, in a version that nobody
has tried, a line in the server's output says so, and the app goes on: slower, or with less care.
"""

import asyncio
import importlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial, wraps
from pathlib import Path
from types import FrameType
from typing import Final, cast

import click
import streamlit as st

CLOSED_WITHIN_S: Final = 5
"""How long the server waits for browsers to hang up when it ends."""
USED: Final = frozenset(
    {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "set_run_on_save"}
)
"""What this app's pages say. The others clear the caches of all visitors, start `git` or
write files."""
USED_OPERATIONS: Final = frozenset({"deferred_file", "dataframe_chunk"})
PARTS: Final = ("DataFrame", "StreamlitSyntaxHighlighter")
BESIDE: Final = "runner.fastReruns"
PATIENCE: Final = "timeout_graceful_shutdown"

Held = Mapping[str, Mapping[str, int]]
"""The bytes of each uploaded file, by its page and its id."""


def _part(module: str, *names: str) -> object | None:
    """A part of the insides by the place where it stands; None, and a note, if it is not there."""
    try:
        part: object = importlib.import_module(module)
        for name in names:
            part = getattr(part, name)
    except (ImportError, AttributeError):
        _note(".".join((module, *names)))
        return None
    return part


# Once for each piece: some are looked for at every message.
@cache
def _note(place: str) -> None:
    logging.getLogger(__name__).warning(
        "This version of Streamlit or uvicorn has no %s: the app goes on without.", place
    )


# A callback that no other message cuts in two.
# Streamlit ends a script at its next touch of the session once another message has come, in a
# callback too (streamlit/streamlit#10578), and begins the next one beside it: the runs of a
# press would have been sent, and paid for, but never shown, or sent twice; half of an edit would
# be lost.

_is_whole: ContextVar[bool] = ContextVar("is_whole", default=False)
YIELDING: Final = (
    "streamlit.runtime.scriptrunner_utils.script_requests",
    "ScriptRequests",
    "on_scriptrunner_yield",
)
HEARING: Final = (
    "streamlit.runtime.state.safe_session_state",
    "SafeSessionState",
    "on_script_will_rerun",
)


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
    _run_one_script_at_a_time()
    interrupted, original = _part(*YIELDING), _part(*HEARING)
    # Not by identity: after an edit of this file the functions are others.
    if not callable(interrupted) or not callable(original) or hasattr(interrupted, "__wrapped__"):
        return

    @wraps(interrupted)
    def unless_whole(requests: object) -> object:
        return None if _is_whole.get() else interrupted(requests)

    _put(YIELDING, unless_whole)
    # From before the first callback on: a click that is not even looked at would be lost.
    _put(HEARING, whole()(original))


def _run_one_script_at_a_time() -> None:
    # A script of its own for each message would run beside a callback. Community Cloud turns
    # this on whatever the config file says.
    set_option = _part("streamlit.config", "set_option")
    try:
        if st.get_option(BESIDE) and callable(set_option):
            set_option(BESIDE, False)
    except RuntimeError:
        _note(BESIDE)


def _put(place: tuple[str, str, str], value: object) -> None:
    module, name, method = place
    setattr(_part(module, name), method, value)


# A field that looks up its own value, without a copy of the session.
# Each text field and each list asks for a copy of the whole session to look for one value in it
# (streamlit/elements/widgets/selectbox.py): with 110 values a fifth of a page's script run.

WHOLE_SESSION: Final = (
    "streamlit.runtime.state.safe_session_state",
    "SafeSessionState",
    "filtered_state",
)


class _Session(Mapping[str, object]):
    """Looks up single values in the session, and copies it only for a caller that reads all."""

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


def look_up_single_values() -> None:
    """From now on no field copies the session. May be called again and again."""
    copied = _part(*WHOLE_SESSION)
    copy = copied.fget if isinstance(copied, property) else None
    if copy is None or hasattr(copy, "__wrapped__"):
        return

    @wraps(copy)
    def session(state: Mapping[str, object]) -> _Session:
        return _Session(state, partial(copy, state))

    _put(WHOLE_SESSION, property(session))


STACK: Final = "streamlit.delta_generator_singletons"


def draw_at_the_root() -> None:
    """Begin a page outside of any container. A thread that has just run a fragment, and goes on
    with the page, would draw it within that fragment's container, such as the sidebar."""
    put, value = _part(STACK, "context_dg_stack", "set"), _part(STACK, "get_default_dg_stack_value")
    if callable(put) and callable(value):
        put(value())


def leave_if_unwanted() -> None:
    """End this script where its page has a message for the next one. Streamlit does that at
    each touch of the session, so this is one. A script that goes on is only drawn in vain."""
    st.session_state.get("owner")


# What a page's socket brings.


@dataclass(frozen=True, slots=True)
class PageMessage:
    """`is_timer`: sent by the page by itself. `is_used`: of a kind that this app's pages send."""

    is_timer: bool
    is_used: bool


def read_page_message(data: bytes) -> PageMessage | None:
    """What a page said; None if it is no message. Where the format is not known, all pass."""
    back_msg = _part("streamlit.proto.BackMsg_pb2", "BackMsg")
    unreadable = _part("google.protobuf.message", "DecodeError")
    if back_msg is None or unreadable is None:
        return PageMessage(is_timer=False, is_used=True)
    try:
        message = back_msg.FromString(data)  # type: ignore[attr-defined]
    except cast("type[Exception]", unreadable):
        return None
    kind = message.WhichOneof("type")
    is_used = kind in USED
    if kind == "backend_operation_request":
        is_used = message.backend_operation_request.WhichOneof("payload") in USED_OPERATIONS
    return PageMessage(is_timer=bool(message.rerun_script.is_auto_rerun), is_used=is_used)


def uploaded_files() -> Held | None:
    """The uploads in memory now; they go when their page's session ends. None: not known."""
    try:
        storage = st.runtime.get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
        return {
            page: {file: len(upload.data) for file, upload in list(files.items())}
            for page, files in list(storage.items())
        }
    except AttributeError:
        _note("runtime.uploaded_file_mgr.file_storage")
        return None


# What a browser loads in advance.


def parts_to_preload(folder: Path = Path(st.__file__).parent) -> tuple[str, ...]:
    """Parts of Streamlit's page that a browser takes half a second for: it would at the first
    code or table, in the middle of the answers. Those that are not found come when needed."""
    places = [sorted(folder.glob(f"static/static/js/{part}.*.js")) for part in PARTS]
    for part, files in zip(PARTS, places, strict=True):
        if not files:
            _note(f"static/js/{part}")
    return tuple(f"static/js/{file.name}" for files in places for file in files)


def import_emojis() -> None:
    """Import the list of emojis that a page's icon may be, a tenth of a second, in advance."""
    _part("streamlit.emojis")


# Who prints the text of a crash.


def crash_loggers() -> tuple[str, ...]:
    """The loggers that print what a script, a callback, a route or a task did not catch.

    Streamlit prints first and calls `on_script_error` (of `st.App`) afterwards: that can keep
    nothing out of the output (streamlit/error_util.py, `handle_user_script_exception`).
    """
    logger = _part("streamlit.error_util", "_LOGGER")
    own = (logger.name,) if isinstance(logger, logging.Logger) else ()
    return (*own, "uvicorn.error", "asyncio")


# How the server sends, and how it ends.


def send_at_once(loop: asyncio.AbstractEventLoop) -> None:
    """Let nothing that the server writes wait until what it wrote before is confirmed."""
    # asyncio sees to it where a socket says that it is TCP, which Streamlit's own does not. The
    # second piece of anything would wait until the first is confirmed, which browsers put off
    # for 40 ms (https://github.com/Kludex/uvicorn/issues/3149).
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
        _note("loop.create_server")


def close_at_once(close: Callable[[], object]) -> None:
    """When the server is told to end, call `close` at once, in a thread, beside the rest.

    uvicorn ends the app once every connection is closed, and a browser that sleeps closes
    none: by then the process may have been killed. Without it the app's end is late.
    """
    closing = _Closing(close)
    # Python lets the main thread alone set signal handlers.
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        config: object = getattr(getattr(before, "__self__", None), "config", None)
        if not callable(before) or not hasattr(config, PATIENCE):
            _note(f"Server.config.{PATIENCE}")
            return
        # Unset, uvicorn waits for every browser without end.
        setattr(config, PATIENCE, getattr(config, PATIENCE) or CLOSED_WITHIN_S)
        signal.signal(number, partial(closing.hear, before))


class _Closing:
    """The end of the app, begun once, whatever signals come."""

    def __init__(self, close: Callable[[], object]) -> None:
        self._close = close
        self._may_begin, self._has_ended = threading.Lock(), threading.Event()

    def hear(
        self,
        before: Callable[[int, FrameType | None], object],
        number: int,
        frame: FrameType | None,
    ) -> None:
        """A signal has come; `before` is what uvicorn does about it."""
        # A signal handler interrupts the main thread: if it waited here for a lock which that
        # thread holds, both would wait for ever.
        if self._may_begin.acquire(blocking=False):
            threading.Thread(target=self._work, name="close", daemon=True).start()
        # At a second signal uvicorn ends the process at once, with what is still being written.
        elif not self._has_ended.is_set():
            return
        before(number, frame)

    def _work(self) -> None:
        try:
            self._close()
        finally:
            self._has_ended.set()


# What `streamlit run` would be configured with.


def configure(options: Sequence[str]) -> None:
    """Configure Streamlit as `streamlit run` would: files, STREAMLIT_ variables, options.

    Raises `click.ClickException` for an option or a variable that it would refuse. Where that
    cannot be asked, the files and variables alone are read.
    """
    run, load = (
        _part("streamlit.web.cli", "main_run"),
        _part("streamlit.web.bootstrap", "load_config_options"),
    )
    if not hasattr(run, "make_context") or not callable(load):
        return
    context = run.make_context("run", ["streamlit_app.py", *options])
    # `streamlit run` passes on its options alone; these two are the command's arguments.
    own = {name: value for name, value in context.params.items() if name not in ("target", "args")}
    try:
        load(own)
    except SystemExit:
        # Of a level that it does not know Streamlit says so in its output, and ends the process.
        raise click.ClickException("logger.level is none that Streamlit knows.") from None


def print_errors_only() -> None:
    """Streamlit prints no warnings from now on."""
    set_log_level = _part("streamlit.logger", "set_log_level")
    if callable(set_log_level):
        set_log_level("error")


def where_defined(option: str) -> str:
    """Where an option of Streamlit's was set: a file, an option, a variable; empty if unknown."""
    find = _part("streamlit.config", "get_where_defined")
    return str(find(option)) if callable(find) else ""
