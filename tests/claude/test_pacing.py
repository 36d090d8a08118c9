"""Many streams at once are read in larger pieces, and lose nothing by it."""

import asyncio

import httpx2
import pytest

from playground.claude.pacing import PAUSES_S, Pacing

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


async def response(pacing, stream, headers=EVENT_STREAM):
    found = httpx2.Response(200, headers=headers, stream=stream)
    await pacing(found)
    return found


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


def read(naps, count, pieces, headers=EVENT_STREAM, together=1):
    """What `count` streams of these pieces, read side by side, bring."""

    async def main():
        pacing = Pacing(naps, naps.monotonic_s)
        opened = [await response(pacing, Pieces(pieces, together), headers) for _ in range(count)]
        found = await asyncio.gather(*(each.aread() for each in opened))
        return found, pacing.pause_s(60)

    return asyncio.run(main())


def test_up_to_four_streams_are_read_as_they_come(naps):
    read(naps, 4, [TEXT % 1, TEXT % 2])
    assert naps == []


@pytest.mark.parametrize(("count", "pause_s"), [(5, PAUSES_S[1][1]), (40, PAUSES_S[2][1])])
def test_more_streams_pause_between_their_pieces_and_lose_nothing(naps, count, pause_s):
    pieces = [TEXT % n for n in range(3)]
    found, afterwards_s = read(naps, count, pieces)
    assert set(found) == {b"".join(pieces)}
    assert max(naps) == pause_s
    assert afterwards_s == 0, "streams that ended count no more"


def test_a_short_answer_is_late_by_a_small_share_of_its_time_at_most(naps):
    naps.step_s = 0.001
    read(naps, 40, [TEXT % n for n in range(9)])
    assert 0 < max(naps) <= 0.05 * naps.now_s < PAUSES_S[2][1]


def test_pieces_that_came_together_are_read_without_a_pause_between_them(naps):
    read(naps, 5, [TEXT % n for n in range(12)], together=4)
    assert len(naps) == 5 * 3


def test_nothing_pauses_before_the_first_text(naps):
    read(naps, 5, [b"event: message_start\n\n", b"event: ping\n\n"])
    assert naps == []


def test_what_is_no_stream_is_not_touched(naps):
    read(naps, 40, [b"{", TEXT % 1, b"}"], {"content-type": "application/json"})
    assert naps == []


def test_closing_early_closes_the_stream_below_and_counts_it_no_more(naps):
    async def main():
        pacing, pieces = Pacing(naps, naps.monotonic_s), Pieces([TEXT % 1] * 9)
        opened = await response(pacing, pieces)
        reading = opened.aiter_raw()
        await anext(reading)
        with pacing, pacing, pacing, pacing:
            busy_s = pacing.pause_s(60)
        await reading.aclose()
        await opened.aclose()
        return busy_s, pacing.pause_s(60), pieces.is_closed

    assert asyncio.run(main()) == (PAUSES_S[1][1], 0, True)
