"""No text of a model or a server makes the browser ask another host for anything."""

import asyncio
import contextlib
import json
import os
import socketserver
import threading

import pytest
from browser.driving import Screen, expect
from browser.hostile import Hostile
from fake_api import block, delta, end, error, sse, start

SEED = 20261123
ANSWERS = 6
DOCUMENTS = 90
# Ten thousand take a minute and a half: by hand, with HOSTILE_DOCUMENTS=10000.
PRESSES = -(-int(os.environ.get("HOSTILE_DOCUMENTS", "2160")) // (ANSWERS * DOCUMENTS))
PIECES = 12


class Beacon:
    """A port that counts who connects to it."""

    def __init__(self):
        self.hits = 0
        beacon = self

        class Count(socketserver.StreamRequestHandler):
            def handle(self):
                beacon.hits += 1
                self.rfile.readline()
                self.wfile.write(b"HTTP/1.0 404 Not found\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Count)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def beacon():
    with contextlib.closing(Beacon()) as found:
        yield found


@pytest.fixture(scope="module")
def urls(beacon):
    return beacon.url, beacon.url.replace("127.0.0.1", "localhost"), "http://beacon.invalid"


@pytest.fixture(scope="module")
def six(browser, app):
    """A page with six variants, which the presses share."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    screen = Screen(context, app).open()
    screen.variants(ANSWERS)
    yield screen
    context.close()


def pieces(text):
    size = len(text) // PIECES + 1
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("press", range(PRESSES))
def test_no_answer_loads_anything_neither_while_it_streams_nor_after(six, api, beacon, urls, press):
    hostile = Hostile(SEED + press, urls)
    texts = [f"{hostile.answer(DOCUMENTS)}\n\nEND-{n}" for n in range(ANSWERS)]
    todo = [*texts]

    async def stream(api, seen, writer):
        await api.open(writer)
        await api.send(writer, start() + block())
        for piece in pieces(todo.pop()):
            await api.send(writer, delta(piece))
            await asyncio.sleep(0.1)
        await api.send(writer, end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    api.handler = stream
    six.run()
    six.await_posts(api, ANSWERS)
    six.await_end("ABCDEF")
    six.await_status("done", "ABCDEF")
    for number in range(ANSWERS):
        expect(six.at("answers_band")).to_contain_text(f"END-{number}")
    assert todo == []
    assert six.page.locator("img[src^=http]:visible").count() == 0
    assert six.elsewhere == []
    assert six.refused == [], "the guard lets nothing through for the policy to refuse"
    assert beacon.hits == 0


def test_no_thinking_and_no_words_of_a_server_load_anything(visit, app, api, beacon, urls):
    hostile = Hostile(SEED - 1, urls)
    text = "\n\n".join(hostile.document() for _ in range(60))
    image = f"![x]({beacon.url}/words.png)"
    thought = {"type": "thinking", "thinking": text}
    refused = {"stop_reason": "refusal", "stop_details": {"explanation": image}}
    replies = [
        start() + sse("content_block_start", index=0, content_block=thought) + block(),
        delta("x") + sse("message_delta", delta=refused, usage={}) + sse("message_stop"),
    ]
    todo = [lambda: b"".join(replies), lambda: error(image, text + image)]

    async def say(api, seen, writer):
        said = todo.pop(0)()
        if isinstance(said, str):
            return await api._reply(writer, 400, "application/json", said)
        await api.open(writer, headers=[f"request-id: {image}"])
        await api.send(writer, said)
        writer.write(b"0\r\n\r\n")
        return await writer.drain()

    api.texts = {image: "", f"claude-{image}": ""}
    api.handler = say
    screen = visit(app)
    screen.choose("model_B", image)
    screen.run()
    screen.await_end()
    screen.unfold("Thinking")
    screen.select_row(0)
    expect(screen.at("log_detail")).to_be_visible()
    screen.select_row(0)
    screen.select_row(1)
    expect(screen.at("log_detail")).to_be_visible()
    assert screen.page.locator("img[src^=http]").count() == 0
    assert beacon.hits == 0


def test_the_beacon_is_hit_where_markdown_is_unguarded(browser, start_app, beacon, tmp_path):
    """The control: the tests above can fail."""
    before = beacon.hits
    script = tmp_path / "unguarded.py"
    text = json.dumps(f"![x]({beacon.url}/control.png)")
    script.write_text(f"import streamlit as st\nst.markdown({text})\n", "utf-8")
    context = browser.new_context()
    try:
        screen = Screen(context, start_app(script=script))
        screen.page.goto(screen.app.url)
        screen.meanwhile(lambda: beacon.hits > before and screen.elsewhere, "a hit")
        assert all("control.png" in url for url in screen.elsewhere)
    finally:
        context.close()
