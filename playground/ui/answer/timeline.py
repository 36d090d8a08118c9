"""The retry timeline of one run, to scale, with a countdown and words; and Run again.

Streamlit has nothing that draws spans or counts down, so this is a component of its own;
texts reach it as data and the page as text, never as markup.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from playground.core.answer.events import Attempt
from playground.core.answer.timeline import Doing, has_timeline, lines, read_attempts, spans
from playground.ui.runs import running
from playground.ui.session import variant_state
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

HTML = """
<div class="timeline">
  <p class="countdown" role="timer"></p>
  <div class="bar" role="img"></div>
  <ol></ol>
</div>
"""

CSS = """
.timeline { font-family: var(--st-font); font-size: 0.875em; color: var(--st-text-color); }
p { margin: 0 0 0.4em; font-weight: 600; }
p:empty { display: none; }
.bar { position: relative; height: 0.75em; margin-bottom: 0.4em; }
.bar div { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 2px;
  box-sizing: border-box; border-right: 1px solid var(--st-background-color); }
.bar .wait { top: 40%; bottom: 40%; background: var(--st-gray-color); opacity: 0.6; }
.failed { --tone: var(--st-red-color); }
.answered { --tone: var(--st-green-color); }
.stopped { --tone: var(--st-gray-color); }
.bar .attempt { background: var(--tone); }
.bar .under-way { background: var(--st-blue-color); animation: breathe 1.2s infinite alternate; }
.bar .done { right: auto; min-width: 0; border: 0; top: 0; bottom: 0;
  background: var(--st-orange-color); }
.bar .waiting { opacity: 1; background: var(--st-border-color); }
@keyframes breathe { to { opacity: 0.4; } }
@media (prefers-reduced-motion: reduce) { .bar .under-way { animation: none; } }
ol { list-style: none; margin: 0; padding: 0; }
li { margin: 0 0 0.3em; padding-left: 0.6em; border-left: 3px solid var(--tone);
  overflow-wrap: anywhere; }
li span { display: block; }
li .why, li .message { opacity: 0.75; }
li .message { font-family: var(--st-code-font); white-space: pre-wrap; }
"""

JS = """
const add = (parent, tag, name, text) => {
  const made = parent.appendChild(document.createElement(tag));
  made.className = name;
  made.textContent = text || "";
  return made;
};
export default ({ data, parentElement }) => {
  const root = parentElement.querySelector(".timeline");
  const [countdown, bar, list] = root.children;
  clearInterval(root.clock);
  bar.replaceChildren();
  list.replaceChildren();
  bar.setAttribute("aria-label", data.spans.map(span => span.label).join("; "));
  const drawn = data.spans.map(span => {
    const part = add(bar, "div", `${span.kind} ${span.outcome.replace(" ", "-")}`);
    part.title = span.label;
    return part;
  });
  for (const line of data.lines) {
    const row = add(list, "li", line.outcome);
    add(row, "span", "facts", `${line.number} · ${line.facts}`);
    if (line.why) add(row, "span", "why", line.why);
    if (line.message) add(row, "span", "message", line.message);
  }
  const last = drawn.at(-1), waits = data.left_s !== null;
  const shade = waits && last ? add(last, "div", "done") : null;
  const began = performance.now();
  const tick = () => {
    const passed_s = (performance.now() - began) / 1000;
    // Only an attempt under way grows; everything before it shrinks as time goes by.
    const scale = data.is_growing ? data.total_s / (data.total_s + passed_s) : 1;
    data.spans.forEach((span, index) => {
      drawn[index].style.left = `${100 * span.start * scale}%`;
      drawn[index].style.width = `${100 * span.width * scale}%`;
    });
    if (data.is_growing) last.style.width = `${100 - parseFloat(last.style.left)}%`;
    if (!waits) return;
    const left_s = Math.max(0, data.left_s - passed_s);
    if (shade) shade.style.width = `${100 * (1 - left_s / Math.max(data.wait_s, left_s, 0.001))}%`;
    countdown.textContent = `${data.next}, next try in ${Math.ceil(left_s)} s: ${data.reason}`;
    if (!left_s) clearInterval(root.clock);
  };
  countdown.textContent = "";
  if (waits || data.is_growing) root.clock = setInterval(tick, 100);
  tick();
  return () => clearInterval(root.clock);
};
"""


def stage(runs: Iterable[Any]) -> int:
    """A number that changes whenever an attempt after a failed one, or a wait, begins."""
    return sum(
        len(run.attempts) + run.attempt_number for run in runs if run.is_live and run.attempts
    )


def show_timeline(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run, read by its attributes)
    """Draw a run's timeline if anything of it failed.

    Drawn with the page, not with the polled fragment, in which it would travel at each
    paint: the browser itself counts down and lets the attempt under way grow.
    """
    # Read once: the engine may add to them meanwhile.
    attempts, next_try_s = run.attempts, run.next_try_s
    if not has_timeline(attempts):
        return
    doing: Doing | None = None
    if run.is_live:
        doing = "waiting" if next_try_s is not None else "trying"
    data = _data(attempts, run.duration_s, doing)
    if doing == "waiting":
        data["left_s"] = max(0.0, next_try_s - time.monotonic())
        data["next"] = f"Attempt {len(attempts) + 1} of {run.plan.policy.attempts}"
        data["reason"] = run.failure.label if run.failure else ""
    _mount(f"timeline_{letter}", data)


def show_logged_timeline(attempts_json: str, duration_s: float | None, name: str = "log") -> None:
    """Draw the attempts of a row of the log, with what the server said."""
    attempts = read_attempts(formats.parsed(attempts_json, list[Any]()))
    if not attempts:
        st.caption("Nothing was sent.")
        return
    _mount(f"timeline_{name}", _data(attempts, duration_s, None, with_messages=True))


def offer_again(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run)
    """After an answer that did not come whole: the same request as a new run."""
    if run.status not in ("failed", "interrupted", "stopped"):
        return
    planned = running.planned_again(letter)
    why_not = planned.why_not if planned else None
    if why_not:
        st.caption(f":orange[:material/block:] {plain(f'Not again: {why_not}')}", width="stretch")
    st.button(
        "Run again",
        key=variant_state.field("again", letter),
        icon=":material/replay:",
        type="tertiary",
        help="The same request, as a new run of the log.",
        disabled=planned is None or why_not is not None,
        on_click=running.run_again,
        args=(letter,),
    )


def _data(
    attempts: Sequence[Attempt],
    until_s: float | None,
    doing: Doing | None,
    *,
    with_messages: bool = False,
) -> dict[str, Any]:
    kept = {} if with_messages else {"message": ""}
    total_s = sum(attempt.duration_s + (attempt.wait_s or 0.0) for attempt in attempts)
    return {
        "spans": [asdict(span) for span in spans(attempts, until_s, doing)],
        "lines": [asdict(line) | kept for line in lines(attempts, until_s, doing)],
        "total_s": max(total_s, until_s or 0.0),
        "is_growing": doing == "trying",
        "left_s": None,
        "wait_s": attempts[-1].wait_s,
        "next": "",
        "reason": "",
    }


def _mount(key: str, data: dict[str, Any]) -> None:
    mount = st.components.v2.component("timeline", html=HTML, css=CSS, js=JS)
    mount(key=key, data=data)
