"""What a stranger sends to the real server, over its sockets and by HTTP: whatever it is,
others' runs go on, the passcode's lock holds and nothing leaks."""

import asyncio
import contextlib
import http.client
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websockets
from browser.driving import ROOT, App, until
from fake_api import FakeApi
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from playground.core.visitors.passcode import MAX_WRONG

TIMES, PAGES = 200, 4
ELSEWHERE = {"X-Forwarded-For": "192.0.2.66"}
PASSCODE = "correct horse battery"
PATIENCE_S = 180
MAX_MORE_FILES, MAX_MORE_MB = 5 + 2 * 3 * PAGES, 100
"""Streamlit holds three files for each page until it forgets it, a second after it has gone."""
# A minute of the app's own would be over before a busy machine has sent everything.
LONG_LOCK = "from playground.core.visitors import passcode\npasscode.WITHIN_S = 86_400.0\n"


@pytest.fixture(scope="module")
def api():
    api = FakeApi()
    yield api
    api.close()


@pytest.fixture(scope="module")
def guarded(api, tmp_path_factory):
    """An app whose owner's key stands behind a passcode, which is locked for a day."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(LONG_LOCK, "utf-8")
    settings = {
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))),
        "ANTHROPIC_BASE_URL": api.url,
        "ANTHROPIC_API_KEY": "sk-ant-of-the-owner",
        "PLAYGROUND_PASSCODE": PASSCODE,
        "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1",
    }
    app = App(tmp_path_factory.mktemp("app"), settings)
    app.connection = urlsplit(api.url).netloc
    yield app
    assert app.close() is None, "the app ended by itself: " + app.output()


class Visitor:
    """A page as its socket sees it."""

    def __init__(self, app, socket):
        self.app, self.socket = app, socket
        self.widgets, self.texts, self.session = {}, [], ""

    async def send(self, message):
        await self.socket.send(message.SerializeToString())

    async def rerun(self, **values):
        """Run the script, with what was entered under some keys, and wait for its end."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        for key, value in values.items():
            widget = message.rerun_script.widget_states.widgets.add(id=self.widgets[key])
            if value is True:
                widget.trigger_value = True
            else:
                widget.string_value = value
        await self.send(message)
        self.texts = []
        async with asyncio.timeout(PATIENCE_S):
            while await self.hear() != "script_finished":
                pass

    async def answers(self):
        """Whether a sign of life is answered within a second: a script that starts drops it."""
        await self.send(BackMsg(app_heartbeat=True))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                while await self.hear() != "heartbeat_ack":
                    pass
                return True
        return False

    async def hear(self):
        message = ForwardMsg.FromString(await self.socket.recv())
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
        text = str(message)
        self.texts.append(text)
        for found in re.finditer(r'id: "(\$\$ID-\w+-(\w+))"', text):
            self.widgets[found[2]] = found[1]
        return kind

    def sees(self, words):
        return any(words in text for text in self.texts)


@contextlib.asynccontextmanager
async def visit(app, headers=ELSEWHERE):
    url = f"ws://{app.host}/_stcore/stream"
    async with websockets.connect(
        url,
        origin=app.url,
        subprotocols=["streamlit", "none"],
        additional_headers=headers,
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE_S,
    ) as socket:
        visitor = Visitor(app, socket)
        await visitor.rerun()
        yield visitor


OPERATION = "backend_operation_request"
OPERATIONS = BackMsg.DESCRIPTOR.fields_by_name[OPERATION].message_type.oneofs_by_name["payload"]
KINDS = [
    *(field.name for field in BackMsg.DESCRIPTOR.fields if field.name != OPERATION),
    *(f"{OPERATION}.{field.name}" for field in OPERATIONS.fields),
]


def message_of(kind, visitor):
    """A message of one type, as harmful as it can be."""
    message = BackMsg()
    name, _, operation = kind.partition(".")
    if name == "file_urls_request":
        message.file_urls_request.file_names.extend(["a"] * 100)
        message.file_urls_request.session_id = visitor.session
    elif operation:
        message.backend_operation_request.session_id = visitor.session
        getattr(message.backend_operation_request, operation).SetInParent()
    elif BackMsg.DESCRIPTOR.fields_by_name[name].message_type:
        getattr(message, name).SetInParent()
    else:
        setattr(message, name, True)
    return message


async def say(app, kind):
    """Say the same thing 200 times on four pages, and wait until the last was heard."""
    # From an address of its own: what one may say a second is not what is tested here.
    address = {"X-Forwarded-For": f"198.51.100.{KINDS.index(kind)}"}

    async def on_one_page():
        async with visit(app, address) as visitor:
            for _ in range(TIMES // PAGES):
                await visitor.send(message_of(kind, visitor))
            async with asyncio.timeout(PATIENCE_S):
                while not await visitor.answers():
                    pass

    await asyncio.gather(*(on_one_page() for _ in range(PAGES)))


async def _drain(socket):
    with contextlib.suppress(websockets.ConnectionClosed):
        async for _ in socket:
            pass


def files(app):
    return len(os.listdir(f"/proc/{app.process.pid}/fd"))


def memory_mb(app):
    pages = int(Path(f"/proc/{app.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_every_message_sent_200_times_changes_nothing_for_others(guarded, api):
    api.plays = ["slow-20-20000"] * 2

    async def play():
        async with visit(guarded, headers={}) as owner, visit(guarded) as guesser:
            await owner.rerun(run_all=True)
            await asyncio.to_thread(until, lambda: len(api.posts) == 2, PATIENCE_S, "the runs")
            # A socket that nobody reads answers no ping: the page would be gone within a minute.
            reading = asyncio.create_task(_drain(owner.socket))
            await guesser.rerun(connection=guarded.connection)
            for number in range(MAX_WRONG):
                await guess(guesser, f"wrong passcode {number}")
                assert guesser.sees("That is not the passcode.")
            await say(guarded, "rerun_script")  # What is loaded once and kept is there now.
            before = files(guarded), memory_mb(guarded)
            for kind in KINDS:
                await say(guarded, kind)
                for given in (f"wrong after {kind}", PASSCODE):
                    await guess(guesser, given)
                    assert guesser.sees("Too many wrong passcodes"), kind
                await asyncio.to_thread(
                    until,
                    lambda: files(guarded) <= before[0] + MAX_MORE_FILES,
                    PATIENCE_S,
                    f"closed files after {kind}",
                )
                assert memory_mb(guarded) < before[1] + MAX_MORE_MB, kind
                assert not any(post.closed_s for post in api.posts), kind
            reading.cancel()

    asyncio.run(play())


async def guess(visitor, passcode):
    await visitor.rerun(connection=visitor.app.connection, passcode=passcode)


def test_sixty_uploads_of_a_page_are_not_all_kept(guarded):
    async def play():
        async with visit(guarded) as visitor:
            before_mb = memory_mb(guarded)
            statuses = await asyncio.to_thread(_upload, guarded, visitor.session)
            return statuses, memory_mb(guarded) - before_mb

    statuses, more_mb = asyncio.run(play())
    assert statuses.count(204) == 4
    assert set(statuses) == {204, 413}
    assert more_mb < 60


def _upload(app, session):
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=PATIENCE_S)
    connection.request("GET", "/_stcore/health", headers=ELSEWHERE)
    reply = connection.getresponse()
    reply.read()
    token = re.search(r"_streamlit_xsrf=([^;]+)", str(reply.headers))[1]
    line = b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"
    body = line + b"x" * 4_900_000 + b"\r\n--x--\r\n"
    found = []
    for number in range(60):
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
        }
        path = f"/_stcore/upload_file/{session}/file{number}"
        connection.request("PUT", path, body, ELSEWHERE | headers)
        reply = connection.getresponse()
        reply.read()
        found.append(reply.status)
    connection.close()
    return found


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"x" * 24_000_000, 1009), (b"\xff" * 100, 1002), ("text", 1003)],
    ids=["large", "nonsense", "text"],
)
def test_a_frame_that_no_page_sends_ends_its_own_connection_alone(guarded, frame, code):
    async def play():
        async with visit(guarded) as visitor, visit(guarded) as other:
            with contextlib.suppress(websockets.ConnectionClosed):
                await visitor.socket.send(frame)
                async with asyncio.timeout(PATIENCE_S):
                    await _drain(visitor.socket)
            await visitor.socket.wait_closed()
            assert visitor.socket.close_code == code
            await other.rerun()

    before = len(guarded.output())
    asyncio.run(play())
    assert "Traceback" not in guarded.output()[before:]


@pytest.mark.parametrize("path", ["feed", "_stcore/stream"])
def test_no_message_is_in_memory_before_it_is_known_who_may_send_one_so_long(guarded, path):
    """Twenty sockets of one address, each with 24 MB in one frame."""

    async def send():
        async with websockets.connect(
            f"ws://{guarded.host}/{path}",
            origin=guarded.url,
            subprotocols=["streamlit", "none"] if path != "feed" else None,
            additional_headers={"X-Forwarded-For": "192.0.2.9"},
            compression=None,
            proxy=None,
        ) as socket:
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send(b"x" * 24_000_000)
                await _drain(socket)
            await socket.wait_closed()
            return socket.close_code

    async def play():
        most, sending = memory_mb(guarded), asyncio.gather(*(send() for _ in range(20)))
        while not sending.done():
            most = max(most, memory_mb(guarded))
            await asyncio.sleep(0.02)
        return set(await sending), most

    before_mb, output = memory_mb(guarded), len(guarded.output())
    codes, top_mb = asyncio.run(play())
    assert codes <= {1006, 1009, 4408}
    assert top_mb - before_mb < 200
    assert "Traceback" not in guarded.output()[output:]


def test_whoever_sits_at_this_machine_sends_what_no_stranger_may(guarded):
    async def play():
        async with visit(guarded, headers={}) as visitor:
            message = BackMsg()
            message.rerun_script.query_string = "x" * 20_000_000
            await visitor.send(message)
            async with asyncio.timeout(PATIENCE_S):
                while await visitor.hear() != "script_finished":
                    pass

    asyncio.run(play())
