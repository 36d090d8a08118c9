"""Many visitors at once: `python -m tests.benchmarks.visitors --visitors 50`.

Each is a WebSocket client that speaks Streamlit's protocol as the browser does (it keeps the
cache of messages), joins the feed, presses Run and reads what is painted. The models stream
from a server in a process of its own.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import random
import re
import time
from collections import Counter

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks.app import App, percentile
from tests.fake_api import FakeApi

FIRST_PAINT_S, RSS_MB = 0.5, 350
OLDEST_MESSAGE = 30
"""As in .streamlit/config.toml: script runs until an unused message is forgotten."""
TRIGGER = "$$STREAMLIT_INTERNAL_KEY_{}__events"
"""The widget of a component's triggers (streamlit, components/v2/bidi_component/main.py)."""
WORD = re.compile(r"word\d+")
CONTEXT = {"timezone": "UTC", "locale": "en-US", "color_scheme": "light"}


class Visitor:
    """One open page; use it as an async context manager."""

    def __init__(self, app):
        self._app = app
        self._cache = {}
        self._age = 0
        self._fragments = []
        self._script = ""
        self.buttons = {}
        self.told = Counter()
        self.statuses = {}
        self.errors = []
        self.finished = asyncio.Event()
        self.paints_s = []
        self.bytes = 0
        self.script_runs = Counter()

    async def __aenter__(self):
        self._socket = await websockets.connect(
            f"{self._app.url.replace('http', 'ws')}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],
            origin=self._app.url,
            max_size=None,
            proxy=None,
        )
        self._listener = asyncio.create_task(self._listen())
        self._feed = self._fed = None
        await self.rerun()
        if self._feed:
            self._fed = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_):
        tasks = [task for task in (self._listener, self._fed) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close()

    async def rerun(self, trigger=None):
        """Run the whole script and wait until it has finished."""
        self.finished.clear()
        await self._send(trigger=trigger)
        finished = asyncio.create_task(self.finished.wait())
        await asyncio.wait([finished, self._listener], return_when=asyncio.FIRST_COMPLETED)
        finished.cancel()
        assert not self._listener.done(), self.errors

    async def press_run(self):
        """Press Run; the time at which the click was sent."""
        self.told.clear()
        self.statuses.clear()
        self.paints_s.clear()
        self.script_runs.clear()
        clicked_s = time.perf_counter()
        trigger, fragment_id = self.buttons["run_all"]
        await self._send(trigger, fragment_id=fragment_id)
        return clicked_s

    def is_complete(self, last):
        """Whether both answers have come to their last word and are done."""
        return self.told[last] == 2 and [*self.statuses.values()].count("done") == 2

    async def _follow(self):
        """What the page's component does: take texts, and have parts of the page drawn anew."""
        url = f"{self._app.url.replace('http', 'ws')}/feed"
        with contextlib.suppress(websockets.ConnectionClosed):
            async with websockets.connect(url, origin=self._app.url, proxy=None) as socket:
                await socket.send(self._feed[2])
                async for data in socket:
                    self.bytes += len(data)
                    news = json.loads(data)
                    for *_, patches in news.get("texts", ()):
                        self._read(patches)
                    for card, said in news.get("fields", {}).items():
                        self._note(card, said)
                    if changed := news.get("changed"):
                        await self._change(changed)

    def _read(self, patches):
        for _, _, html in patches:
            self.told.update(WORD.findall(html))
            self.paints_s.append(time.perf_counter())

    def _note(self, card, said):
        status = self.statuses[card] = said.get("status", self.statuses.get(card))
        if status in ("failed", "interrupted"):
            self.errors.append(f"{status}: {said.get('detail')}")

    async def _change(self, changed):
        """Tell the script that a run is over, as the component's trigger does."""
        said = json.dumps([{"event": "changed", "value": changed}])
        fragment_id, component, _ = self._feed
        await self._send(TRIGGER.format(component), said, fragment_id)

    async def _send(self, trigger="", said="", fragment_id=""):
        message = BackMsg()
        state = message.rerun_script
        state.page_script_hash, state.fragment_id = self._script, fragment_id
        state.cached_message_hashes.extend(self._cache)
        for name, value in {**CONTEXT, "url": self._app.url}.items():
            setattr(state.context_info, name, value)
        if trigger:
            value = {"json_trigger_value": said} if said else {"trigger_value": True}
            state.widget_states.widgets.add(id=trigger, **value)
        await self._socket.send(message.SerializeToString())

    async def _listen(self):
        try:
            async for data in self._socket:
                self.bytes += len(data)
                message = ForwardMsg.FromString(data)
                self._take(message)
        except websockets.ConnectionClosed as error:
            self.errors.append(f"closed: {error}")
        except Exception as error:
            self.errors.append(f"client: {error!r}")
            raise

    def _take(self, message):
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message, _, fragment_id = self._cache[message.ref_hash]
            self._cache[message.hash] = (message, self._age, fragment_id)
            kind = message.WhichOneof("type")
        elif message.metadata.cacheable:
            self._cache[message.hash] = (message, self._age, message.delta.fragment_id)
        match kind:
            case "delta":
                self._draw(message.delta)
            case "new_session":
                self._script = message.new_session.page_script_hash
                self._fragments = list(message.metadata.run.fragment_ids)
            case "script_finished":
                self._finish(message.script_finished)

    def _draw(self, delta):
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            data = json.loads(element.bidi_component.json or "{}")
            if token := data.get("token"):
                self._feed = delta.fragment_id, element.bidi_component.id, token
        elif kind == "button":
            key = element.button.id.rsplit("-", 1)[-1]
            self.buttons[key] = element.button.id, delta.fragment_id
        elif kind == "exception" or (kind == "alert" and element.alert.format == 1):
            self.errors.append(f"{kind}: {str(element)[:200]}")

    def _finish(self, status):
        self.script_runs[ForwardMsg.ScriptFinishedStatus.Name(status)] += 1
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("the script broke")
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._age += 1
        for key, (_, used, fragment_id) in list(self._cache.items()):
            if self._fragments and fragment_id not in self._fragments:
                continue
            if self._age - used > OLDEST_MESSAGE:
                del self._cache[key]
        if status != ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self.finished.set()


def serve(pipe, plays):
    """The streaming server, in a process of its own."""
    api = FakeApi()
    api.plays = plays
    pipe.send(api.url)
    pipe.recv()


async def run_once(visitor, tokens, limit_s, pause_s=0.0):
    """Press Run and look on until both answers are complete: seconds to the first paint and
    to the end, and the longest pause between two paints."""
    await asyncio.sleep(pause_s)
    clicked_s = await visitor.press_run()
    last = f"word{tokens - 1}"
    while not visitor.is_complete(last):
        if time.perf_counter() > clicked_s + limit_s:
            visitor.errors.append(f"not complete after {limit_s:.0f} s")
        if visitor.errors:
            break
        await asyncio.sleep(0.05)
    paints_s = visitor.paints_s or [time.perf_counter()]
    gaps_s = [b - a for a, b in itertools.pairwise(paints_s)]
    return paints_s[0] - clicked_s, time.perf_counter() - clicked_s, max(gaps_s, default=0)


async def measure(app, options):
    async with Visitor(app) as first:  # The first imports are not what is measured.
        await asyncio.sleep(5)
        await run_once(first, options.tokens, options.limit)
    async with contextlib.AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(Visitor(app)) for _ in range(options.visitors)]
        await asyncio.sleep(8)  # Each page reads the account's models and is drawn again.
        cpu_s, began_s = app.cpu_s(), time.perf_counter()
        runs = [
            run_once(visitor, options.tokens, options.limit, random.uniform(0, options.within))
            for visitor in visitors
        ]
        found = await asyncio.gather(*runs)
        cpu = (app.cpu_s() - cpu_s) / (time.perf_counter() - began_s)
        errors = [error for visitor in visitors for error in visitor.errors]
    firsts_s, ends_s, gaps_s = zip(*found, strict=True)

    def p50_p95(values):
        return [round(percentile(values, share), 2) for share in (0.5, 0.95)]

    return {
        "visitors": options.visitors,
        "first paint p50 s": p50_p95(firsts_s)[0],
        "first paint p95 s": [p50_p95(firsts_s)[1], f"<= {FIRST_PAINT_S}"],
        "longest pause between paints p50, p95 s": p50_p95(gaps_s),
        "both answers complete p50, p95 s": p50_p95(ends_s),
        "ideal s": options.tokens / options.rate,
        "script runs": sum((visitor.script_runs for visitor in visitors), Counter()),
        "errors": [len(errors), "0", *sorted(set(errors))[:3]],
        "RSS peak MB": [round(app.status("VmHWM") / 1024), f"< {RSS_MB}"],
        "app CPU % of a core": round(100 * cpu),
        "MB to the browsers": round(sum(visitor.bytes for visitor in visitors) / 1e6, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=300)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--limit", type=float, default=60, help="seconds to wait for an answer")
    parser.add_argument("--within", type=float, default=1.0, help="seconds for all to press Run")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    plays = [f"slow-{options.rate}-{options.tokens}"] * (2 * options.visitors + 2)
    server = multiprocessing.Process(target=serve, args=(there, plays), daemon=True)
    server.start()
    most = str(2 * options.visitors)
    environ = {"ANTHROPIC_BASE_URL": here.recv(), "ANTHROPIC_API_KEY": "k"}
    # All come from this machine, so they are one visitor to the app.
    names = ("MAX_RUNS", "MAX_RUNS_PER_VISITOR", "MAX_WAITING")
    max_runs = {f"PLAYGROUND_{name}": most for name in names}
    with App(**max_runs, **environ) as app:
        result = asyncio.run(measure(app, options))
    here.send("stop")
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
