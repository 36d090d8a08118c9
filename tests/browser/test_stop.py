"""Stop, from the click of the mouse to `stopped` on the screen, whatever the run is doing.

How long it takes: `python -m tests.benchmarks.stop`.
"""

import pytest
from browser.driving import expect

# What the server does, the status it leads to, and whether a connection is open then.
PHASES = {
    "connecting": ("silent", "connecting", True),
    "before the first token": ("headers-only", "connecting", True),
    "mid-stream": ("slow-50-2000", "streaming", True),
    "back-off": ("status-529", "waiting", False),
}


@pytest.fixture
def lone_run_app(start_app, shared_api):
    server = {"ANTHROPIC_BASE_URL": shared_api.url, "ANTHROPIC_API_KEY": "k"}
    return start_app({**server, "PLAYGROUND_MAX_RUNS": "1"})


@pytest.fixture(scope="module")
def patient(open_for_all, app):
    """A page that waits long between attempts, shared by the phases."""
    screen = open_for_all(app)
    screen.unfold("Retries")
    screen.write("base_wait_s", "20")
    return screen


@pytest.mark.parametrize("phase", PHASES)
def test_stop_shows_on_the_screen_and_hangs_up_on_the_server(patient, api, phase):
    screen = patient
    behaviour, status, is_open = PHASES[phase]
    api.plays = [behaviour] * 2
    screen.run()
    screen.await_status(status)
    screen.await_posts(api, 2)
    screen.stop()
    screen.await_status("stopped")
    screen.await_end()
    if is_open:
        screen.await_hang_up(api.posts)
    assert len(api.posts) == 2, "nothing is tried again after Stop"
    expect(screen.button("run_all")).to_be_enabled()


def test_stop_reaches_a_run_that_is_still_in_the_queue(visit, lone_run_app, api):
    screen = visit(lone_run_app)
    api.plays = ["slow-50-2000"] * 2
    screen.run()
    screen.await_status("streaming", "A")
    screen.await_status("queued · 1st in line", "B")
    screen.stop()
    screen.await_status("stopped")
    screen.await_end()
    screen.await_hang_up(api.posts)
    assert len(api.posts) == 1, "the queued run was never sent"


def test_escape_stops_too_and_keeps_what_was_streamed(screen, api):
    api.plays = ["slow-50-2000"] * 2
    screen.run()
    screen.await_status("streaming")
    expect(screen.answer()).to_contain_text("word5")
    screen.page.keyboard.press("Escape")
    screen.await_status("stopped")
    screen.await_end()
    expect(screen.answer()).to_contain_text("word5")
    expect(screen.at("metrics_A")).to_contain_text("cost")
