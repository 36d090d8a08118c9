"""The server is told to end while answers stream: nothing of them is lost, and the log says
who stopped them."""

import contextlib
import signal
import sqlite3

import pytest
from browser.driving import PATIENCE_S, App, Screen, expect

WHY = "Stopped by the server, which was shut down or restarted."
QUESTION = (
    "SELECT status, error_message, cost_kind, answer FROM runs JOIN texts USING (visitor, run_id) "
    "ORDER BY run_id"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_server_that_is_told_to_end_keeps_what_had_come(browser, api, tmp_path, number):
    server = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k"}
    more = {"PLAYGROUND_MAX_RUNS": "1", "PLAYGROUND_SERVER_PRICE": "1/1"}
    app = App(tmp_path, server | more)
    context = browser.new_context()
    try:
        screen = Screen(context, app).open()
        api.plays = ["slow-20-5000"]
        screen.run()
        expect(screen.answer()).to_contain_text("word5")
        app.process.send_signal(number)
        app.process.wait(PATIENCE_S)
    finally:
        context.close()
        app.close()
    with contextlib.closing(sqlite3.connect(app.log_file)) as log:
        streaming, queued = log.execute(QUESTION).fetchall()
    assert streaming[:3] == ("stopped", WHY, "at least")
    assert streaming[3].startswith("word0 word1 word2 word3 word4 word5")
    assert queued == ("stopped", WHY, "exact", "")
    assert len(api.posts) == 1
