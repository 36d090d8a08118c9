"""What a page's socket lets through to Streamlit: whose, what, how much and how often."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from playground.ui.server.page_sockets import (
    MAX_BYTES,
    MAX_PAGES_EACH,
    MAX_STRANGERS_BYTES,
    PAGES_PACE,
    SOCKET_HEADER,
    PageSockets,
    address_of,
    is_closed,
)

real_sleep = asyncio.sleep
RERUN = BackMsg()
RERUN.rerun_script.query_string = "a"
TIMER = BackMsg()
TIMER.rerun_script.is_auto_rerun = True
FILE = BackMsg()
FILE.backend_operation_request.deferred_file.file_id = "x"
SKILLS = BackMsg()
SKILLS.backend_operation_request.install_skills.SetInParent()
LATE_CLEAR = RERUN.SerializeToString() + BackMsg(clear_cache=True).SerializeToString()


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


class Streamlit:
    """What stands behind the middleware, and notes what came that far."""

    def __init__(self):
        self.heard, self.scopes, self.told = [], [], []
        self.clock = Clock()
        self.sockets = PageSockets(self._serve, self.clock, self._sleep)

    async def _sleep(self, seconds):
        self.clock.now_s += seconds

    async def _serve(self, scope, receive, send):
        self.scopes.append(scope)
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            else:
                self.heard.append(message["bytes"])
        await send({"type": "websocket.send", "bytes": b"late"})

    def serve(self, *said, host="app.example", ip="192.0.2.7", headers=()):
        coming = [{"type": "websocket.connect"}]
        for each in said:
            data = each.SerializeToString() if isinstance(each, BackMsg) else each
            name = "text" if isinstance(data, str) else "bytes"
            coming.append({"type": "websocket.receive", name: data})
        coming.append({"type": "websocket.disconnect", "code": 1001})

        async def receive():
            return coming.pop(0)

        async def send(message):
            self.told.append(message)

        scope = {
            "type": "websocket", "path": "/_stcore/stream", "client": (ip, 1),
            "headers": [(b"host", host.encode()), *headers],
        }  # fmt: skip
        return self.sockets(scope, receive, send)

    @property
    def closed(self):
        return [each["code"] for each in self.told if each["type"] == "websocket.close"]


@pytest.fixture
def streamlit():
    return Streamlit()


@pytest.mark.parametrize(
    "said",
    [
        BackMsg(clear_cache=True), BackMsg(load_git_info=True), SKILLS, LATE_CLEAR, BackMsg(),
        BackMsg(debug_shutdown_runtime=True), BackMsg(debug_disconnect_websocket=True),
    ],
    ids=range(7),
)  # fmt: skip
def test_what_no_page_of_this_app_says_has_no_effect(streamlit, said):
    asyncio.run(streamlit.serve(said, RERUN))
    assert streamlit.heard == [RERUN.SerializeToString()]
    assert streamlit.closed == []


@pytest.mark.parametrize(
    "said",
    [RERUN, TIMER, FILE, BackMsg(stop_script=True), BackMsg(app_heartbeat=True)],
    ids=range(5),
)
def test_what_they_say_arrives(streamlit, said):
    asyncio.run(streamlit.serve(said))
    assert streamlit.heard == [said.SerializeToString()]


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"x" * (MAX_STRANGERS_BYTES + 1), 1009), (b"\xff" * 9, 1002), ("text", 1003)],
    ids=["large", "nonsense", "text"],
)
def test_what_is_no_message_ends_the_connection_and_nothing_is_said_afterwards(
    streamlit, said, code
):
    asyncio.run(streamlit.serve(said, RERUN))
    assert streamlit.heard == []
    assert streamlit.closed == [code]
    assert streamlit.told[-1]["type"] == "websocket.close"


def test_whoever_sits_at_this_machine_may_send_as_much_as_the_page_lets_one_type(streamlit):
    long = BackMsg()
    long.rerun_script.query_string = "x" * (MAX_BYTES - 1000)
    asyncio.run(streamlit.serve(long, host="localhost:8501", ip="127.0.0.1"))
    assert len(streamlit.heard) == 1


def test_a_page_that_says_too_much_is_delayed_and_loses_nothing_but_its_timers(streamlit):
    count = 3 * PAGES_PACE.burst
    began_s = streamlit.clock.now_s
    asyncio.run(streamlit.serve(*[RERUN] * count))
    assert len(streamlit.heard) == count
    assert streamlit.clock.now_s - began_s >= 1.9 * PAGES_PACE.burst / PAGES_PACE.per_s
    streamlit.heard.clear()
    streamlit.clock.now_s += 1000
    asyncio.run(streamlit.serve(*[TIMER] * count))
    assert len(streamlit.heard) < PAGES_PACE.burst


def test_an_ordinary_page_is_never_delayed(streamlit):
    began_s = streamlit.clock.now_s
    asyncio.run(streamlit.serve(*[RERUN] * (PAGES_PACE.burst - 1)))
    assert streamlit.clock.now_s == began_s


@pytest.mark.parametrize("said", [RERUN, TIMER], ids=["rerun", "timer"])
def test_what_one_page_says_without_an_end_makes_no_other_wait_for_long(streamlit, said):
    """Each page has one message on its way at most, so only so many stand before another's."""

    async def play():
        await streamlit.serve(*[said] * 5000)
        began_s = streamlit.clock.now_s
        await streamlit.serve(RERUN, ip="192.0.2.8")
        assert streamlit.clock.now_s - began_s < 1

    asyncio.run(play())


def test_scripts_that_strangers_ask_for_are_bounded_for_all_addresses_together(streamlit):
    began_s, count = streamlit.clock.now_s, 3000

    async def play():
        for number in range(count // 50):
            await streamlit.serve(*[RERUN] * 49, ip=f"192.0.2.{number}")

    asyncio.run(play())
    assert len(streamlit.heard) == count // 50 * 49
    # What the server's loop can take beside all else: measured with 30 addresses on two cores.
    assert (count - 300) / (streamlit.clock.now_s - began_s) <= 41


def test_whoever_sits_at_this_machine_waits_behind_no_stranger(streamlit):
    paces = streamlit.sockets._paces
    for number in range(2000):
        paces.wait_s(f"192.0.2.{number}", streamlit.clock.now_s)
    began_s = streamlit.clock.now_s
    asyncio.run(streamlit.serve(RERUN, host="localhost:8501", ip="127.0.0.1"))
    assert streamlit.clock.now_s == began_s
    asyncio.run(streamlit.serve(RERUN))
    assert streamlit.clock.now_s > began_s


def staying(streamlit):
    """Let pages stay until the event that comes back is set."""
    may_end = asyncio.Event()

    async def stay(scope, receive, send):
        await receive()
        await may_end.wait()

    streamlit.sockets._app = stay
    return may_end


def test_one_address_has_only_so_many_pages_and_holds_up_no_other(streamlit):
    async def play():
        may_end = staying(streamlit)
        pages = [asyncio.create_task(streamlit.serve()) for _ in range(MAX_PAGES_EACH)]
        for _ in range(5):
            await real_sleep(0)
        await streamlit.serve()
        assert streamlit.closed == [1008]
        other = asyncio.create_task(streamlit.serve(ip="192.0.2.8"))
        await real_sleep(0)
        may_end.set()
        await asyncio.gather(*pages, other)
        await streamlit.serve()
        assert streamlit.closed == [1008]

    asyncio.run(play())


def test_each_socket_has_a_name_of_its_own_that_nobody_brings_along(streamlit):
    own = SOCKET_HEADER.encode()
    asyncio.run(streamlit.serve(headers=[(own, b"mine"), (own.title(), b"mine")]))
    [scope] = streamlit.scopes
    [name] = [value.decode() for key, value in scope["headers"] if key.lower() == own]
    assert name != "mine"
    assert is_closed(name)
    assert not is_closed("")


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], "10.0.0.1 "),
        ([(b"x-forwarded-for", b"1.1.1.1, 2.2.2.2")], "10.0.0.1 2.2.2.2"),
        ([(b"forwarded", b"for=1.1.1.1, for=2.2.2.2")], "10.0.0.1 for=2.2.2.2"),
        ([(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2")], "10.0.0.1 2.2.2.2"),
        ([(b"x-forwarded-for", b"2.2.2.2:4711")], "10.0.0.1 2.2.2.2"),
        ([(b"x-forwarded-for", b"::ffff:2.2.2.2")], "10.0.0.1 2.2.2.2"),
        ([(b"x-forwarded-for", b"[2001:db8:1:2:3::4]:4711")], "10.0.0.1 2001:db8:1:2::/64"),
        ([(b"forwarded", b'for=1.1.1.1,For="2.2.2.2:1";by=x')], "10.0.0.1 for=2.2.2.2"),
        ([(b"forwarded", b'for="[2001:db8:1:2::9]"')], "10.0.0.1 for=2001:db8:1:2::/64"),
        ([(b"forwarded", b"for=_hidden;proto=https")], "10.0.0.1 for=_hidden"),
        ([(b"x-forwarded-for", b"x" * 9000)], f"10.0.0.1 {'x' * 200}"),
        ([(b"x-forwarded-for", b"]:[")], "10.0.0.1 ]:["),
    ],
)
def test_behind_a_proxy_an_address_is_the_one_that_the_proxy_added(headers, address):
    scope = {"headers": [(b"host", b"app.example"), *headers], "client": ("10.0.0.1", 1)}
    assert address_of(scope) == address


@pytest.mark.parametrize(
    "ip", ["192.0.2.7", "8.8.8.8", "2001:db8::1", "::ffff:8.8.8.8", "172.32.0.1", "11.0.0.1"]
)
@pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded"])
def test_who_comes_from_a_public_address_is_one_whatever_the_header_says(ip, name):
    def address(n):
        headers = [(b"host", b"app.example"), (name, b"for=10.9.8.%d" % n)]
        return address_of({"headers": headers, "client": (ip, n)})

    assert len({address(n) for n in range(9)}) == 1


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "172.17.0.1", "192.168.1.1",
     "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1%eth0", "testclient"],
)  # fmt: skip
def test_behind_a_proxy_of_ones_own_or_of_the_host_each_visitor_has_an_address(ip):
    def address(n):
        headers = [(b"host", b"app.example"), (b"x-forwarded-for", b"8.8.8.%d" % n)]
        return address_of({"headers": headers, "client": (ip, 1)})

    assert len({address(n) for n in range(9)}) == 9


def test_behind_a_proxy_on_a_socket_of_the_file_system_each_visitor_has_an_address():
    headers = [(b"host", b"app.example"), (b"x-forwarded-for", b"8.8.8.8")]
    assert address_of({"headers": headers, "client": None}) == "unknown 8.8.8.8"


def test_all_addresses_of_one_ipv6_network_are_one():
    host = [(b"host", b"app.example")]
    ips = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    one, same, other = (address_of({"headers": host, "client": (ip, 1)}) for ip in ips)
    assert one == same != other


def test_one_client_without_a_proxy_has_only_so_many_pages_whatever_it_says(streamlit):
    async def play():
        may_end = staying(streamlit)
        pages = [
            asyncio.create_task(streamlit.serve(headers=[(b"x-forwarded-for", b"1.1.1.%d" % n)]))
            for n in range(MAX_PAGES_EACH + 20)
        ]
        other = asyncio.create_task(streamlit.serve(ip="192.0.2.8"))
        for _ in range(5):
            await real_sleep(0)
        assert streamlit.closed == [1008] * 20
        may_end.set()
        await asyncio.gather(*pages, other)
        assert streamlit.closed == [1008] * 20

    asyncio.run(play())
