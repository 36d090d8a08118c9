"""The retry timeline of one run, to scale, with a countdown and words.

Its data reaches the page as text, never as markup; the browser itself counts down and lets the
attempt under way grow (`timeline.js`).
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from playground.core.answer.events import Attempt
from playground.core.answer.timeline import RunPhase, has_timeline, lines, read_attempts, spans
from playground.core.runs.run_view import RunView
from playground.ui.answer.scripts import read
from playground.ui.widgets import formats

SCRIPT = (
    read("dom.js", "timeline.js")
    + """
export default ({ data, parentElement }) => {
  const root = parentElement.querySelector(".timeline");
  drawTimeline(root, data);
  return () => drawTimeline(root, null);
};
"""
)


def live_timeline(run: RunView) -> dict[str, Any] | None:
    """The timeline of a run of which anything failed; `left_s` are the seconds until the next
    attempt, when it waits for that."""
    # Read once: the engine may add to them meanwhile.
    attempts, next_attempt_s = run.attempts, run.next_attempt_s
    if not has_timeline(attempts):
        return None
    if not run.is_live:
        # The card shows beneath the timeline what happened last: it is not repeated.
        said = run.failure.happened if run.failure else ""
        return _data(attempts, run.duration_s, None, said=said)
    if next_attempt_s is None:
        return _data(attempts, run.duration_s, "trying")
    return _data(attempts, run.duration_s, "waiting") | {
        # It may have passed since it was read: the engine goes on meanwhile.
        "left_s": max(0.0, next_attempt_s - time.monotonic()),
        "next": f"Attempt {len(attempts) + 1} of {run.plan.policy.attempts}",
        "reason": run.failure.label if run.failure else "",
    }


def show_logged_timeline(attempts_json: str, duration_s: float | None, name: str = "log") -> None:
    """Draw the attempts of a row of the log, with the server's error messages."""
    attempts = read_attempts(formats.parsed(attempts_json, list[Any]()))
    if not attempts:
        st.caption("Nothing was sent.")
        return
    mount = st.components.v2.component(
        "timeline", html='<div class="timeline"></div>', css=read("timeline.css"), js=SCRIPT
    )
    mount(
        key=f"timeline_{name}", data=_data(attempts, duration_s, None, with_messages=True)
    )  # fmt: skip


def _data(
    attempts: Sequence[Attempt],
    until_s: float | None,
    doing: RunPhase | None,
    *,
    said: str = "",
    with_messages: bool = False,
) -> dict[str, Any]:
    overrides = {} if with_messages else {"message": ""}
    total_s = sum(attempt.duration_s + (attempt.wait_s or 0.0) for attempt in attempts)
    return {
        "spans": [asdict(span) for span in spans(attempts, until_s, doing)],
        "lines": [asdict(line) | overrides for line in lines(attempts, until_s, doing, shown=said)],
        "total_s": max(total_s, until_s or 0.0),
        "is_growing": doing == "trying",
        "left_s": None,
        "wait_s": attempts[-1].wait_s,
        "next": "",
        "reason": "",
    }
