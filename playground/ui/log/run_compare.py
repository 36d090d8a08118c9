"""Two runs of the log side by side: what differs between them, and their texts."""

import difflib
from collections.abc import Iterator

import streamlit as st

from playground.core.log.logged_request import request_text
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.json_text import Json
from playground.core.text.number_text import value_text
from playground.ui.answer.finished_answer import show_answer, show_changes
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.markdown import plain

COMPARE = "compare_runs"
Run = tuple[RunRow, RunTexts]


def offer_comparison(visitor: str, run_ids: tuple[str, ...]) -> None:
    """A button for the two rows that are selected."""
    if len(run_ids) != 2:
        st.caption(
            f"{len(run_ids)} rows are selected. Select two to compare them, or one to open it."
        )
        return
    runs = [logged for run_id in run_ids if (logged := services().log.get(visitor, run_id))]
    if len(runs) == 2:
        # Ids sort by the time at which their runs began.
        earlier, later = sorted(runs, key=lambda run: run[0].run_id)
        title = plain(" and ".join(_titles(earlier, later)))
        icon = ":material/compare_arrows:"
        offer_dialog(COMPARE, f"Compare {title}", icon, title, _show, earlier, later)


def _titles(earlier: Run, later: Run) -> tuple[str, str]:
    """Distinct titles for the two: runs of two pages can have the same name."""
    rows = earlier[0], later[0]
    first, second = (f"Run {row.name}" for row in rows)
    if first == second:
        first, second = (f"Run {row.name}, {formats.local_time(row.started_at)}" for row in rows)
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _show(earlier: Run, later: Run) -> None:
    titles = _titles(earlier, later)
    _show_values(earlier, later, titles)
    answers, changes, prompts = st.tabs(["Answers", "Answers, word by word", "Prompts"])
    with answers:
        for column, (row, texts), name in zip(
            st.columns(2, border=True),
            (earlier, later),
            titles,
            strict=True,
        ):
            with column:
                st.markdown(f"**{plain(name)}**")
                show_answer(texts.run_id, texts.blocks, row.why_no_text)
    with changes:
        show_changes("changes", earlier[1].blocks, later[1].blocks, titles)
    with prompts:
        _show_lines(request_text(earlier[1].request_json), request_text(later[1].request_json))


def _show_values(earlier: Run, later: Run, titles: tuple[str, str]) -> None:
    before, after = _values(earlier[0]), _values(later[0])
    names = list(dict.fromkeys([*before, *after]))
    rows = [
        {
            "": name,
            titles[0]: before.get(name, "not sent"),
            titles[1]: after.get(name, "not sent"),
        }
        for name in names
        if before.get(name) != after.get(name)
    ]
    same = [name for name in names if before.get(name) == after.get(name)]
    if rows:
        st.dataframe(rows, hide_index=True, width="stretch")
    if same:
        st.caption(plain(f"The same: {', '.join(same)}."))


def _values(row: RunRow) -> dict[str, str]:
    sent: dict[str, Json] = formats.parsed(row.params_json, dict[str, Json]())
    values = {"model": row.model} | {name: value_text(value) for name, value in sent.items()}
    tokens = [row.input_tokens, row.output_tokens]
    counts = [formats.NOTHING if count is None else f"{count:,}" for count in tokens]
    return values | {
        "status": row.status,
        "stop reason": row.stop_reason or formats.NOTHING,
        "cost": formats.cost(row.cost),
        "how the cost is known": row.cost.reason,
        "time to first token": formats.seconds(row.ttft_s),
        "duration": formats.seconds(row.duration_s),
        "tokens in": counts[0],
        "tokens out": counts[1],
        "connection": row.connection,
    }


def _show_lines(before: str, after: str) -> None:
    if before == after:
        st.caption("The prompts are the same.")
        return
    lines = "\n".join(_lines(before, after))
    st.code(
        lines, language="diff", wrap_lines=True, height=400 if len(lines) > 2_000 else "content"
    )


def _lines(before: str, after: str) -> Iterator[str]:
    """The differing lines with their context, without file names."""
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return (line for number, line in enumerate(diff) if number > 1 and not line.startswith("@@"))
