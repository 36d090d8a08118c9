"""Many streams at once are read in larger pieces, and lose nothing by it."""

import asyncio

import httpx2
import pytest

from playground.claude.pacing import PAUSES_S, Pacing
from playground.claude.stream_limits import BoundedClient

TEXT = b'event: content_block_delta\ndata: {"n": %d}\n\n'
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}


class Pieces(httpx2.AsyncByteStream):
    """Pieces that come from the network so many at a time."""

    def __init__(self, pieces, together=1):
        self.pieces, self.together = pieces, together
        self.is_closed = False

    async def __aiter__(self):
        for number, piece in enumerate(self.pieces):
            if number % self.together == 0:
                await asyncio.sleep(0)
            yield piece

    async def aclose(self):
        self.is_closed = True


class Naps(list):
    """Every pause asked for; none is waited. On their clock each look takes `step_s`."""

    step_s = 60.0
    now_s = 0.0

    async def __call__(self, pause_s):
        self.append(pause_s)
        await asyncio.sleep(0)

    def monotonic_s(self):
        self.now_s += self.step_s
        return self.now_s


@pytest.fixture
def naps():
    return Naps()


def client(pacing, pieces, headers=EVENT_STREAM):
    def respond(_):
        return httpx2.Response(200, headers=headers, stream=pieces)

    return BoundedClient(pacing, transport=httpx2.MockTransport(respond))


def read(naps, count, pieces, headers=EVENT_STREAM, together=1):
    """What `count` streams of these pieces, read side by side, bring."""

    async def main():
        pacing = Pacing(naps, naps.monotonic_s)
        one = client(pacing, Pieces(pieces, together), headers)
        found = await asyncio.gather(*(one.get("https://server.example") for _ in range(count)))
        return {each.content for each in found}, pacing.pause_s(60)

    return asyncio.run(main())


def streamed(naps, pieces, together):
    """The pieces in which five streams at once go on."""

    async def main():
        one = client(Pacing(naps, naps.monotonic_s), Pieces(pieces, together))

        async def parts():
            async with one.stream("GET", "https://server.example") as response:
                return [piece async for piece in response.aiter_raw()]

        return await asyncio.gather(*(parts() for _ in range(5)))

    return asyncio.run(main())


def test_up_to_four_streams_are_read_as_they_come(naps):
    read(naps, 4, [TEXT % 1, TEXT % 2])
    assert naps == []


@pytest.mark.parametrize(("count", "pause_s"), [(5, PAUSES_S[1][1]), (40, PAUSES_S[2][1])])
def test_more_streams_pause_between_their_pieces_and_lose_nothing(naps, count, pause_s):
    pieces = [TEXT % n for n in range(3)]
    found, afterwards_s = read(naps, count, pieces)
    assert found == {b"".join(pieces)}
    assert max(naps) == pause_s
    assert afterwards_s == 0, "streams that ended count no more"


def test_a_short_answer_is_late_by_a_small_share_of_its_time_at_most(naps):
    naps.step_s = 0.001
    read(naps, 40, [TEXT % n for n in range(9)])
    assert 0 < max(naps) <= 0.1 * naps.now_s < PAUSES_S[2][1]


def test_pieces_that_came_together_go_on_together(naps):
    pieces = [TEXT % n for n in range(12)]
    batches = [b"".join(pieces[at : at + 4]) for at in (0, 4, 8)]
    assert streamed(naps, pieces, together=4) == [batches] * 5
    assert len(naps) == 5 * 2, "one pause for each read but the one that brought the first text"


def test_nothing_pauses_before_the_first_text(naps):
    read(naps, 5, [b"event: message_start\n\n", b"event: ping\n\n"])
    assert naps == []


def test_what_is_no_stream_is_not_touched(naps):
    read(naps, 40, [b"{", TEXT % 1, b"}"], {"content-type": "application/json"})
    assert naps == []


def test_closing_early_closes_the_stream_below_and_counts_it_no_more(naps):
    async def main():
        pacing, pieces = Pacing(naps, naps.monotonic_s), Pieces([TEXT % 1] * 9)
        async with client(pacing, pieces).stream("GET", "https://server.example") as opened:
            await anext(opened.aiter_raw())
            with pacing, pacing, pacing, pacing:
                busy_s = pacing.pause_s(60)
        return busy_s, pacing.pause_s(60), pieces.is_closed

    assert asyncio.run(main()) == (PAUSES_S[1][1], 0, True)


def test_what_came_before_a_connection_broke_goes_on_before_the_error(naps):
    class Broken(Pieces):
        async def __aiter__(self):
            async for piece in super().__aiter__():
                yield piece
            raise httpx2.ReadError("reset")

    async def into(found):
        pieces = Broken([TEXT % n for n in range(3)])
        async with client(Pacing(naps), pieces).stream("GET", "https://a.example") as opened:
            async for piece in opened.aiter_raw():
                found.append(piece)

    found = []
    with pytest.raises(httpx2.ReadError):
        asyncio.run(into(found))
    assert b"".join(found) == b"".join(TEXT % n for n in range(3))
