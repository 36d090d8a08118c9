"""With a piece of Streamlit's or uvicorn's insides missing the app goes on, and says so."""

import asyncio
import signal
import sys
import threading

import pytest
import streamlit as st
import uvicorn
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, press_run

from playground.ui.app import doctor
from playground.ui.server import streamlit_insides as insides
from playground.ui.server.crashes import log_type_and_place_only
from playground.ui.server.uploads import Uploads

CLEAR = BackMsg(clear_cache=True).SerializeToString()


@pytest.fixture
def told(caplog):
    """The notes in the server's output."""
    insides._warn_missing.cache_clear()
    yield lambda: [record.getMessage() for record in caplog.records]
    insides._warn_missing.cache_clear()


def test_callbacks_work_where_they_cannot_be_protected(monkeypatch, told):
    insides.protect_callbacks()
    alone = ScriptRequests.on_scriptrunner_yield.__wrapped__
    monkeypatch.setattr(ScriptRequests, "on_scriptrunner_yield", alone)
    monkeypatch.setattr(insides, "ON_YIELD", (*insides.ON_YIELD[:2], "renamed"))
    insides.protect_callbacks()
    assert ScriptRequests.on_scriptrunner_yield is alone
    page = AppTest.from_file(SCRIPT, default_timeout=120).run()
    press_run(page)
    assert [run.status for run in page.session_state["runs"].values()] == ["done", "done"]
    assert "ScriptRequests.renamed" in "".join(told())


def test_no_field_copies_the_session_to_find_its_own_value(monkeypatch):
    page = AppTest.from_file(SCRIPT, default_timeout=120).run()
    copies = []
    copied = SessionState.filtered_state.fget
    monkeypatch.setattr(
        SessionState, "filtered_state", property(lambda state: copies.append(1) or copied(state))
    )
    page.run()
    assert copies == []
    names = set(page.session_state.keys())
    assert {"temperature_A", "system_prompt", "runs"} <= names
    assert copies == [1]


def test_a_session_is_the_same_looked_up_and_copied():
    insides.avoid_session_copies()
    state = SafeSessionState(SessionState(), lambda: None)
    state["text"], state["none"] = "One", None
    whole = SafeSessionState.filtered_state.fget.__wrapped__(state)
    session = state.filtered_state
    assert (dict(session), len(session), repr(session)) == (whole, 2, repr(whole))
    assert [session["text"], session["none"], "none" in session] == ["One", None, True]
    assert "missing" not in session
    with pytest.raises(KeyError):
        session["missing"]


def test_fields_keep_their_values_where_the_session_is_copied(monkeypatch, told):
    insides.avoid_session_copies()
    alone = property(SafeSessionState.filtered_state.fget.__wrapped__)
    monkeypatch.setattr(SafeSessionState, "filtered_state", alone)
    place = (*insides.WHOLE_SESSION[:2], "renamed")
    monkeypatch.setattr(insides, "WHOLE_SESSION", place)
    page = AppTest.from_file(SCRIPT, default_timeout=120).run()
    assert SafeSessionState.filtered_state is alone
    page.text_input(key="temperature_A").input("0.25").run()
    assert page.text_input(key="temperature_A").value == "0.25"
    assert not page.exception
    assert "SafeSessionState.renamed" in "".join(told())


def test_messages_pass_where_their_format_is_not_known(monkeypatch, told):
    assert not insides.read_page_message(CLEAR).is_allowed
    monkeypatch.setitem(sys.modules, "streamlit.proto.BackMsg_pb2", None)
    assert insides.read_page_message(CLEAR).is_allowed
    assert insides.read_page_message(b"\xff" * 9).is_allowed
    assert len(told()) == 1, "said once"


def test_uploads_pass_where_nobody_knows_what_is_in_memory(monkeypatch, told):
    monkeypatch.setattr(st.runtime, "get_instance", object)
    kept = []

    async def keep(scope, receive, send):
        kept.append(scope["path"])

    scope = {
        "type": "http", "method": "PUT", "path": "/_stcore/upload_file/page/file",
        "client": ("192.0.2.7", 1),
        "headers": [(b"host", b"app.example"), (b"content-length", b"9")],
    }  # fmt: skip
    asyncio.run(Uploads(keep)(scope, None, None))
    assert len(kept) == 1
    assert "file_storage" in told()[0]


def test_parts_that_are_not_found_are_loaded_when_they_are_needed(tmp_path, told):
    assert insides.parts_to_preload(tmp_path) == ()
    assert len(told()) == 2


def test_crashes_of_all_others_are_kept_quiet_where_streamlits_logger_is_not_found(
    monkeypatch, told
):
    monkeypatch.delattr("streamlit.error_util._LOGGER")
    assert insides.crash_loggers() == ("uvicorn.error", "asyncio")
    log_type_and_place_only()
    assert "error_util" in told()[0]


class Fixed:
    """An event loop of which nothing can be replaced."""

    __slots__ = ()

    async def create_server(self):
        return "listening"


def test_a_loop_that_cannot_be_changed_listens_all_the_same(told):
    loop = Fixed()
    insides.disable_nagle(loop)
    assert asyncio.run(loop.create_server()) == "listening"
    assert "create_server" in told()[0]


def test_a_server_that_is_not_known_ends_in_its_own_way(told):
    before = signal.getsignal(signal.SIGTERM)
    insides.close_on_signal(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before
    assert "timeout_graceful_shutdown" in told()[0]


@pytest.fixture
def uvicorns():
    """A server of uvicorn's own whose handlers are set, as while it runs."""
    server = uvicorn.Server(uvicorn.Config(None))
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, server.handle_exit) for number in numbers}
    yield server
    for number, handler in before.items():
        signal.signal(number, handler)


def test_without_a_server_that_can_be_told_messages_are_as_long_as_it_allows(told):
    insides.limit_messages(1_000)
    insides.set_longest_message(lambda: None, 1_000)
    assert "Config.ws_max_size" in "".join(told())
    assert "protocol.conn.max_message_size" in "".join(told())


def test_no_new_socket_takes_a_longer_message_than_is_said(uvicorns):
    insides.limit_messages(1_000)
    assert uvicorns.config.ws_max_size == 1_000


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_cuts_nothing_short_that_is_still_being_recorded(uvicorns, first):
    may_end, closed = threading.Event(), []

    def close():
        assert may_end.wait(30)
        closed.append("once")

    insides.close_on_signal(close)
    for number in (first, signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        signal.raise_signal(number)
    assert uvicorns.should_exit
    assert not uvicorns.force_exit
    [closing] = [thread for thread in threading.enumerate() if thread.name == "close"]
    may_end.set()
    closing.join(30)
    signal.raise_signal(signal.SIGINT)
    assert uvicorns.force_exit, "once all is recorded it may end as fast as it can"
    assert closed == ["once"]


def test_the_doctor_judges_files_and_variables_where_options_cannot_be_read(
    monkeypatch, told, capsys
):
    for name in ("cli", "bootstrap"):
        monkeypatch.setitem(sys.modules, f"streamlit.web.{name}", None)
    monkeypatch.setitem(sys.modules, "streamlit.logger", None)
    assert doctor.main(["doctor", "--server.port", "1"]) in (0, 1)
    assert "Settings: Every setting found is used." in capsys.readouterr().out
    assert len(told()) == 3


def test_the_page_works_without_any_piece(monkeypatch):
    monkeypatch.setattr(insides, "_internal", lambda *place: None)
    page = AppTest.from_file(SCRIPT, default_timeout=120).run()
    press_run(page)
    assert not page.exception
    assert [run.status for run in page.session_state["runs"].values()] == ["done", "done"]
    assert insides.where_defined("server.allowedHosts") == ""


def test_a_page_is_drawn_at_the_root_also_by_a_thread_that_comes_from_a_container():
    def page():
        import streamlit as st

        from playground.ui.server.streamlit_insides import reset_containers

        with st.sidebar:
            reset_containers()
            st.text("at the root")

    app = AppTest.from_function(page).run()
    assert [each.value for each in app.main.text] == ["at the root"]
    assert not app.sidebar.text
