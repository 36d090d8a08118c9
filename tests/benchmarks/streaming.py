"""How soon, how cheaply and how long the page shows what a server streams.

    python -m tests.benchmarks.streaming --columns 4 --tokens 1000 --rate 100

Measures paint delay (the server has the text -> it is in the DOM), bytes to the browser,
CPU of the app, the lag of typing, and the last painted character against the bare SDK
reading as many streams of the same server.
"""

import argparse
import asyncio
import json
import multiprocessing
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

from tests.benchmarks.app import CHROMIUM_ARGS, App, percentile
from tests.fake_api import FakeApi, block, delta, end, start

SENTENCE = "the batter rests while a hot pan is wiped with half an onion and oil again"
WORDS = SENTENCE.split()
MARK_EVERY = 8
WATCH = """() => {
  window.seen = {}; window.lags = [];
  const look = (node) => {
    const element = node.nodeType === 1 ? node : node.parentElement;
    const host = element?.closest('[class*="st-key-answer_"]');
    if (!host) return;
    const letter = host.className.match(/st-key-answer_(\\w)/)[1];
    for (const m of node.textContent.matchAll(/§(\\d+)§/g)) {
      const key = letter + m[1];
      if (!(key in window.seen)) window.seen[key] = Date.now();
    }
  };
  new MutationObserver((all) => requestAnimationFrame(() => all.forEach((m) => {
    look(m.target); m.addedNodes.forEach(look);
  }))).observe(document.body, {childList: true, subtree: true, characterData: true});
  document.addEventListener('keydown', (e) => requestAnimationFrame(() =>
    requestAnimationFrame(() => window.lags.push(performance.now() - e.timeStamp))), true);
}"""


def text(index):
    """Token `index` of an answer with headings, lists, bold words and a quarter of code."""
    mark = f"§{index}§ " if index % MARK_EVERY == 0 else ""
    place = index % 120
    frame = {0: "\n\n## Step\n\n", 30: "\n\n- one\n- ", 60: "\n\n```python\n", 90: "\n```\n\n"}
    if place in (70, 80):
        return "\n" + mark
    return frame.get(place, "") + mark + WORDS[index % len(WORDS)] + " "


def serve(pipe):
    """The streaming server, in a process of its own."""
    made = {}

    async def handler(api, seen, writer):
        _, rate, count = seen.json["model"].split("-")
        letter = seen.json["messages"][0]["content"][-1:]
        await api.open(writer)
        await api.send(writer, start() + block())
        began_s = time.monotonic()
        for index in range(int(count)):
            pause_s = began_s + index / int(rate) - time.monotonic()
            if pause_s > 0:
                await asyncio.sleep(pause_s)
            if index % MARK_EVERY == 0:
                made.setdefault(index, {})[letter + str(len(made.get(index, {})))] = time.time()
            await api.send(writer, delta(text(index)))
        await api.send(writer, end(int(count)))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    api = FakeApi()
    api.handler = handler
    pipe.send(api.url)
    while pipe.recv() == "times":
        pipe.send({index: sorted(times.values()) for index, times in made.items()})
        made.clear()


def raw(url, columns, rate, tokens):
    """Wall seconds in which the bare SDK reads the same streams."""
    code = f"""
import asyncio, time, anthropic
async def main():
    client = anthropic.AsyncAnthropic(api_key="k", base_url={url!r}, max_retries=0)
    async def one():
        stream = await client.messages.create(model="bench-{rate}-{tokens}", max_tokens=9999,
            messages=[{{"role": "user", "content": "hi"}}], stream=True)
        async for _ in stream: pass
    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range({columns})))
    print(time.monotonic() - began)
asyncio.run(main())
"""
    return float(subprocess.check_output([sys.executable, "-c", code]))


def measure(options):
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    url = here.recv()
    raw_s = raw(url, options.columns, options.rate, options.tokens)
    here.send("times")
    here.recv()
    environ = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}
    with App(**environ) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        down = [0]
        page.on("websocket", lambda ws: ws.on("framereceived", lambda data: count(down, data)))
        page.goto(app.url)
        page.wait_for_selector(".st-key-run_all button:enabled")
        page.wait_for_timeout(5000)  # The first imports are not what is measured.
        prepare(page, options, f"bench-{options.rate}-{options.tokens}")
        page.evaluate(WATCH)
        down[0], cpu_s = 0, app.cpu_s()
        page.click(".st-key-run_all button")
        began = time.time()
        typing(page, options)
        last = (options.tokens - 1) // MARK_EVERY * MARK_EVERY
        limit_ms = 1000 * (3 * options.tokens / options.rate + 30)
        letters = "ABCDEF"[: options.columns]
        for letter in letters:
            page.wait_for_function(f"() => '{letter}{last}' in window.seen", timeout=limit_ms)
        used_s = app.cpu_s() - cpu_s
        seen, lags = page.evaluate("() => [window.seen, window.lags]")
        received = down[0]
        browser.close()
    here.send("times")
    made = here.recv()
    here.send("stop")
    report(options, seen, made, lags, received, used_s, raw_s, began)


def count(total, data):
    total[0] += len(data)


def prepare(page, options, model):
    for _ in range(options.columns - 2):
        before = page.locator('[class*="st-key-variant_"]').count()
        page.click(".st-key-add_variant button")
        page.wait_for_function(
            f"() => document.querySelectorAll('[class*=\"st-key-variant_\"]').length > {before}"
        )
    for letter in "ABCDEF"[: options.columns]:
        field = page.locator(f".st-key-model_{letter} input")
        field.click()
        field.fill(model)
        page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        ".getAttribute('data-test-script-state') === 'notRunning'"
    )


def typing(page, options):
    """Type now and then into the prompt while the answers stream."""
    page.click(".st-key-system_prompt textarea")
    for _ in range(int(options.tokens / options.rate)):
        page.keyboard.type("a")
        page.wait_for_timeout(950)


def report(options, seen, made, lags, received, used_s, raw_s, began):
    delays = []
    for index, times in made.items():
        shown = sorted(at for key, at in seen.items() if key[1:] == str(index))
        delays += [s - 1000 * m for s, m in zip(shown, times, strict=False)]
    last_s = max(seen.values()) / 1000 - began
    result = {
        "columns": options.columns,
        "tokens": options.tokens,
        "rate": options.rate,
        "wall against the raw SDK": round(last_s / raw_s, 3),
        "raw SDK s": round(raw_s, 2),
        "delay median ms": round(percentile(delays, 0.5)),
        "delay p95 ms": round(percentile(delays, 0.95)),
        "MB to the browser": round(received / 1e6, 2),
        "app CPU s": round(used_s, 1),
        "typing lag worst ms": round(max(lags, default=0)),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    measure(parser.parse_args())
