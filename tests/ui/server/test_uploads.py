"""What is uploaded is bounded for a page, for an address and for all strangers."""

import asyncio

import pytest

from playground.ui.server.uploads import (
    MAX_ADDRESS_BYTES,
    MAX_ALL_BYTES,
    MAX_BYTES,
    MAX_FILES,
    MB,
    Uploads,
)

LARGEST = 5 * MB


class Server:
    """Streamlit's route, which keeps what it is sent."""

    def __init__(self):
        self.held, self.may_end = {}, None
        self.uploads = Uploads(self._keep, lambda: self.held)

    async def _keep(self, scope, receive, send):
        if self.may_end is not None:
            await self.may_end.wait()
        *_, page, file = scope["path"].split("/")
        if scope["method"] == "PUT":
            headers = dict(scope["headers"])
            self.held.setdefault(page, {})[file] = int(headers[b"content-length"])
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def put(self, page, file, size=LARGEST, ip="192.0.2.7", method="PUT", host="app.example"):
        said = []

        async def send(message):
            said.append(message)

        headers = [(b"host", host.encode())]
        if size is not None:
            headers.append((b"content-length", str(size).encode()))
        path = f"/_stcore/upload_file/{page}/{file}"
        scope = {
            "type": "http", "method": method, "path": path, "headers": headers, "client": (ip, 1)
        }  # fmt: skip
        await self.uploads(scope, None, send)
        return said[0]["status"]

    def statuses(self, *uploads):
        async def all_():
            return [await self.put(*upload) for upload in uploads]

        return asyncio.run(all_())

    @property
    def total(self):
        return sum(sum(files.values()) for files in self.held.values())


@pytest.fixture
def server():
    return Server()


def test_sixty_files_of_one_page_are_not_all_kept(server):
    found = server.statuses(*(("page", f"file {n}") for n in range(60)))
    assert found == [204] * 4 + [413] * 56
    assert server.total <= MAX_BYTES


def test_nor_are_many_small_ones(server):
    found = server.statuses(*(("page", f"file {n}", 10) for n in range(60)))
    assert found.count(204) == MAX_FILES


def test_a_file_that_replaces_another_and_one_after_a_deletion_are_taken(server):
    assert server.statuses(*[("page", "file")] * 20) == [204] * 20
    server.statuses(*(("page", f"file {n}") for n in range(10)))
    del server.held["page"]["file 0"]
    assert server.statuses(("page", "new")) == [204]


def test_nobody_fills_the_room_of_all_alone_and_what_a_session_held_is_free_when_it_ends(server):
    many = [(f"page {n}", f"file {m}") for n in range(50) for m in range(4)]
    server.statuses(*many)
    assert server.total <= MAX_ADDRESS_BYTES
    assert server.statuses(("other", "file", LARGEST, "192.0.2.8")) == [204]
    server.statuses(*((*each, LARGEST, f"192.0.2.{n}") for n, each in enumerate(many)))
    assert server.total <= MAX_ALL_BYTES
    assert server.statuses(("late", "file", LARGEST, "198.51.100.1")) == [413]
    server.held.clear()
    assert server.statuses(("late", "file", LARGEST, "198.51.100.1")) == [204]


def test_strangers_take_no_room_from_whoever_sits_at_this_machine(server):
    many = [(f"page {n}", "file", LARGEST, f"192.0.2.{n}") for n in range(100)]
    assert server.statuses(*many)[-1] == 413
    own = ("own", "file", LARGEST, "127.0.0.1", "PUT", "localhost:8501")
    assert server.statuses(own) == [204]


def test_what_is_on_its_way_counts(server):
    async def play():
        server.may_end = asyncio.Event()
        coming = [asyncio.create_task(server.put("page", f"file {n}")) for n in range(60)]
        await asyncio.sleep(0)
        server.may_end.set()
        return await asyncio.gather(*coming)

    assert asyncio.run(play()).count(204) == 4


def test_a_file_of_unknown_length_is_refused_and_other_requests_pass(server):
    assert server.statuses(("page", "file", None)) == [411]
    assert server.statuses(("page", "file", None, "192.0.2.7", "DELETE")) == [204]
