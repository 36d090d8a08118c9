"""Measures Stop, from the click to `stopped` painted: `python -m tests.benchmarks.stop`.

A real browser, the real app, and a Messages API on loopback; forty times in each phase.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from tests.browser.driving import FLAGS, App, Screen, chromium, expect
from tests.fake_api import FakeApi

TARGET_MS = 300
# Phase: what the server does, the letter that is watched, the status it must have.
PHASES = {
    "queued": ("slow-50-2000", "B", "queued"),
    "connecting": ("silent", "A", "connecting"),
    "before the first token": ("headers-only", "A", "connecting"),
    "mid-stream": ("slow-50-2000", "A", "streaming"),
    "back-off": ("status-529", "A", "waiting"),
}

# Takes the time in the page from the mouse's click to the paint of a status word.
STOPWATCH = """([selector, word]) => {
    window.stopwatch = new Promise(resolve => {
        let clicked = null;
        const look = () => {
            const status = document.querySelector(selector);
            if (clicked === null || !status || !status.innerText.startsWith(word)) return;
            observer.disconnect();
            requestAnimationFrame(() => resolve(performance.now() - clicked));
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, {subtree: true, childList: true, characterData: true});
        document.addEventListener(
            "click", event => { clicked = event.timeStamp; look(); }, {capture: true, once: true});
    });
}"""


def time_stop(screen: Screen, letter: str) -> float:
    """Click Stop: milliseconds until `stopped` is painted."""
    screen.page.evaluate(STOPWATCH, [f".st-key-status_{letter}", "stopped"])
    screen.stop()
    return float(screen.page.evaluate("() => window.stopwatch"))


def stops(screen: Screen, api: FakeApi, phase: str, count: int) -> Iterator[float]:
    """Milliseconds of each Stop in a phase."""
    behaviour, letter, status = PHASES[phase]
    for _ in range(count):
        api.forget()
        api.plays = [behaviour] * 20
        screen.run()
        screen.await_status(status, letter)
        screen.await_posts(api, 1 if phase == "queued" else 2)
        yield time_stop(screen, letter)
        expect(screen.button("run_all")).to_be_enabled()


def measure(browser: object, phase: str, count: int) -> list[float]:
    """All Stops of a phase, in an app and a page of their own."""
    api = FakeApi()
    runs = "1" if phase == "queued" else "32"
    server = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k", "PLAYGROUND_MAX_RUNS": runs}
    with tempfile.TemporaryDirectory() as folder:
        app = App(folder, server)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        try:
            screen = Screen(context, app).open()
            for _ in stops(screen, api, phase, 2):
                continue  # The first runs import the SDK.
            return list(stops(screen, api, phase, count))
        finally:
            context.close()
            app.close()
            api.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--phase", choices=PHASES, action="append")
    options = parser.parse_args()
    print(f"{'phase':24} {'p50':>6} {'p99':>6} {'max':>6}  ms, {options.count} stops each")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for phase in options.phase or PHASES:
            found = measure(browser, phase, options.count)
            p99 = statistics.quantiles(found, n=100, method="inclusive")[98]
            verdict = "" if p99 <= TARGET_MS else f"  above {TARGET_MS}"
            print(
                f"{phase:24} {statistics.median(found):6.0f} {p99:6.0f} {max(found):6.0f}{verdict}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
