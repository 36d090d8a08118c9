"""A Messages API on loopback that does what the model's name says, and remembers requests.

Real sockets, so that what a client does to its connection can be seen: the server knows
when each one was closed.
"""

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from itertools import count

EOL = "\r\n"


@dataclass
class Seen:
    """One request as it arrived; `closed_s` is when its connection was gone."""

    method: str
    path: str
    headers: dict
    body: bytes
    at_s: float = field(default_factory=time.monotonic)
    closed_s: float | None = None

    @property
    def json(self):
        return json.loads(self.body)


def sse(kind, **data):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def start(model="m", input_tokens=10):
    usage = {"input_tokens": input_tokens, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": model}
    return sse("message_start", message={**message, "usage": usage})


def block():
    return sse("content_block_start", index=0, content_block={"type": "text", "text": ""})


def delta(text):
    return sse("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def end(output_tokens=5, stop_reason="end_turn"):
    stop = {"stop_reason": stop_reason, "stop_sequence": None}
    usage = {"output_tokens": output_tokens}
    return (
        sse("content_block_stop", index=0)
        + sse("message_delta", delta=stop, usage=usage)
        + sse("message_stop")
    )


def answer(text="Hello"):
    return start() + block() + delta(text) + end()


def error(kind, message, **more):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **more}})


class FakeApi:
    """`texts` maps a model id to the answer it streams; other behaviour goes by name:

    `status-NNN`, `silent` (no headers), `headers-only`, `stalls` (some text, then
    nothing), `drops`, `resets`, `truncates`, `slow-N-M` (M deltas, N a second), `endless-N`
    (N deltas a second until `finish`: however slow a machine is, it looks at a stream).
    `plays` holds such names for the coming requests, in order, whatever model they ask for.
    """

    def __init__(self, *, keeps_alive=False):
        """`keeps_alive`: a connection serves one request after the other, as the real API's do;
        then no hang-up is noticed."""
        self._keeps_alive = keeps_alive
        self.seen: list[Seen] = []
        self.texts = {}
        self.handler = None
        self.plays = []
        self._is_finishing = threading.Event()
        self._is_closing = False
        self._writers, self._serving = [], set()
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._main, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(5)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self):
        return [seen for seen in self.seen if seen.method == "POST"]

    def forget(self):
        """Be as at the start: nothing seen, nothing to say."""
        self.seen, self.plays = [], []
        self.texts, self.handler = {}, None
        self._is_finishing.clear()

    def finish(self):
        """Let endless answers end."""
        self._is_finishing.set()

    def call(self, function):
        """Call something in the server's own thread."""
        self._loop.call_soon_threadsafe(function)

    def close(self):
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _main(self, ready):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    async def _close(self):
        self._is_closing = True
        # asyncio's own task of a connection that it just accepted may neither be cancelled nor
        # meet a closed server: it alone holds the socket, and would leave it open.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks & self._serving:
                task.cancel()
            await asyncio.wait(tasks)
        self._server.close()
        for writer in self._writers:
            # Closed alone it would wait for a client that reads no more.
            writer.transport.abort()
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader, writer):
        self._writers.append(writer)
        if self._is_closing:
            return
        self._serving.add(asyncio.current_task())
        try:
            while (seen := await self._request(reader)) is not None:
                self.seen.append(seen)
                if self._keeps_alive:
                    await self._answer(seen, writer)
                    continue
                watcher = asyncio.create_task(self._watch(reader, seen))
                try:
                    await self._answer(seen, writer)
                except ConnectionError:
                    seen.closed_s = seen.closed_s or time.monotonic()
                    raise
                finally:
                    watcher.cancel()
                break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            if not self._keeps_alive:  # Else it only waited for the next request.
                raise
        finally:
            writer.close()

    async def _request(self, reader):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.strip().split(EOL)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ")
        return Seen(method, path, headers, body)

    async def _watch(self, reader, seen):
        """Nothing follows a request until it is answered, so end-of-file is a hang-up."""
        if not await reader.read(1):
            seen.closed_s = time.monotonic()

    async def _answer(self, seen, writer):
        if seen.method == "GET":
            models = [{"id": name, "type": "model"} for name in self.texts]
            page = {"data": models, "has_more": False, "first_id": None, "last_id": None}
            return await self._reply(writer, 200, "application/json", json.dumps(page))
        model = self.plays.pop(0) if self.plays else seen.json["model"]
        if self.handler is not None:
            return await self.handler(self, seen, writer)
        if model.startswith("status-"):
            status = int(model.removeprefix("status-"))
            kind = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}
            text = error(kind.get(status, "api_error"), f"status {status}")
            return await self._reply(writer, status, "application/json", text)
        if model == "silent":
            return await self._forever(seen)
        await self.open(writer)
        return await self._stream(model, seen, writer)

    async def _stream(self, model, seen, writer):
        if model == "headers-only":
            return await self._forever(seen)
        await self.send(writer, start(model) + block())
        if model.startswith(("slow-", "endless-")):
            _, rate, *most = model.split("-")
            for number in range(int(most[0])) if most else count():
                await self.send(writer, delta(f"word{number} "))
                await asyncio.sleep(1 / int(rate))
                if seen.closed_s:
                    return None
                if not most and self._is_finishing.is_set():
                    break
        else:
            await self.send(writer, delta(self.texts.get(model, "Hello there")))
        if model == "stalls":
            return await self._forever(seen)
        if model == "resets":
            writer.transport.abort()
            return None
        if model == "drops":
            writer.close()
            return None
        if model != "truncates":
            await self.send(writer, end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return None

    async def _forever(self, seen):
        while seen.closed_s is None:
            await asyncio.sleep(0.005)

    async def open(self, writer, status=200, kind="text/event-stream", headers=()):
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", "request-id: req_fake"]
        connection = "keep-alive" if self._keeps_alive else "close"
        lines += [*headers, f"connection: {connection}", "transfer-encoding: chunked", "", ""]
        writer.write(EOL.join(lines).encode("utf-8", "surrogateescape"))
        await writer.drain()

    async def send(self, writer, data):
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()

    async def _reply(self, writer, status, kind, text, headers=()):
        await self.open(writer, status, kind, headers)
        await self.send(writer, text.encode())
        writer.write(b"0\r\n\r\n")
        await writer.drain()
