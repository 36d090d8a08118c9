"""Whatever a model writes, the page answers a click within three seconds where it is alone.

All texts take minutes where little else has time: by hand, with HEAVY=all.
"""

import asyncio
import os
import time

import pytest
from browser.driving import IS_ALONE, expect
from browser.heavy import HEAVY, OF_EACH_KIND
from fake_api import block, delta, end, start

ANSWERS_WITHIN_S = 3.0 if IS_ALONE else 10.0
"""What it stands against took half a minute."""
PIECES = 8
TOGETHER = 4
NAMES = list(HEAVY) if os.environ.get("HEAVY") == "all" else OF_EACH_KIND
PRESSES = [NAMES[at : at + TOGETHER] for at in range(0, len(NAMES), TOGETHER)]


@pytest.fixture(scope="module")
def four(open_for_all, app):
    """A page with four variants, which the presses share."""
    screen = open_for_all(app)
    screen.variants(TOGETHER)
    return screen


def clicked_s(screen):
    """Seconds until the page has done what a click asks for."""
    retry = screen.page.locator(".st-key-retry details")
    was_open = retry.get_attribute("open") is not None
    began_s = time.monotonic()
    retry.locator("summary").click(timeout=30_000)
    expect(screen.at("attempts")).to_be_visible(visible=not was_open, timeout=30_000)
    return time.monotonic() - began_s


@pytest.mark.parametrize("names", PRESSES, ids=" + ".join)
def test_the_page_answers_while_heavy_texts_stream_and_after(four, api, names):
    todo = [HEAVY[name] for name in names]
    goes_on = asyncio.Event()

    async def stream(api, seen, writer):
        text = todo.pop()
        await api.open(writer)
        await api.send(writer, start() + block())
        size = len(text) // PIECES + 1
        for at in range(0, len(text), size):
            await api.send(writer, delta(text[at : at + size]))
            await asyncio.sleep(0.1)
        await goes_on.wait()
        await api.send(writer, delta("\n\nthe end") + end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    api.handler = stream
    four.run()
    four.await_posts(api, TOGETHER)
    four.await_status("streaming", "ABCD")
    live_s = clicked_s(four)
    api.call(goes_on.set)
    four.await_end("ABCD", timeout_s=60)
    over_s = clicked_s(four)
    print(f"{names}: {live_s:.2f} s streaming, {over_s:.2f} s after")
    assert live_s < ANSWERS_WITHIN_S
    assert over_s < ANSWERS_WITHIN_S
    assert four.errors == []
