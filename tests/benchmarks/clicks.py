"""How soon a page full of heavy things answers a click.

    PYTHONPATH=tests python -m tests.benchmarks.clicks

Four texts at a time on which a browser chokes, while they stream and when they are over,
against four short ones; then an experiment with 1,000 cells.
"""

import argparse
import statistics
import tempfile
import time

from browser.driving import FLAGS, App, Screen, chromium
from browser.heavy import HEAVY, Pieces, click_retry
from browser.large_experiment import file_of_1_000_cells, open_file
from fake_api import FakeApi
from playwright.sync_api import sync_playwright

TOGETHER = 4
TEXTS_S, CELLS_S = 3.0, 0.3


def timed(work, *args):
    began_s = time.monotonic()
    work(*args)
    return time.monotonic() - began_s


def click_beside(screen, api, texts):
    """Seconds a click takes while these texts stream, and after."""
    pieces = Pieces(texts)
    api.forget()
    api.handler = pieces.stream
    screen.run()
    screen.await_posts(api, TOGETHER)
    screen.await_status("streaming", "ABCD")
    live_s = timed(click_retry, screen)
    api.call(pieces.go_on)
    screen.await_end("ABCD")
    return live_s, timed(click_retry, screen)


def measure_texts(screen, api):
    screen.variants(TOGETHER)
    plain_s = statistics.median(click_beside(screen, api, ["short"] * TOGETHER))
    print(f"a click beside four short texts: {plain_s:.2f} s")
    names = list(HEAVY)
    for at in range(0, len(names), TOGETHER):
        group = names[at : at + TOGETHER]
        found = click_beside(screen, api, [HEAVY[name] for name in group])
        words = ", ".join(f"{s:.2f} s ({s / plain_s:.0f} x)" for s in found)
        verdict = "" if max(found) <= TEXTS_S else f"  above {TEXTS_S} s"
        print(f"{' + '.join(group)}: streaming, after: {words}{verdict}", flush=True)


def measure_cells(screen):
    screen.at("experiment").locator("summary").first.click()
    screen.settle()
    open_file(screen, file_of_1_000_cells())
    answers = {"Failures": "No case matches this filter.", "All": "Select a cell to open"}

    def click(name):
        screen.at("matrix_filter").get_by_text(name).click()
        screen.page.get_by_text(answers[name]).first.wait_for()

    took_s = statistics.median(timed(click, name) for name in [*answers] * 3)
    verdict = "" if took_s <= CELLS_S else f"  above {CELLS_S} s"
    print(f"a click with 1,000 cells: {took_s:.2f} s{verdict}")


def main():
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    api = FakeApi()
    server = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k"}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        app = App(folder, server)
        for measure in (lambda page: measure_texts(page, api), measure_cells):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            measure(Screen(context, app).open())
            context.close()
        app.close()
        browser.close()
    api.close()


if __name__ == "__main__":
    main()
