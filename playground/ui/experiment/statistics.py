"""The statistics of an experiment: how much repeats differ, a ladder's result."""

import streamlit as st

from playground.core.experiment.ladder import agreement
from playground.core.experiment.matrix import MAX_SHOWN, Answers, Matrix
from playground.core.statistics.answer_statistics import AnswerStatistics, answer_statistics
from playground.core.statistics.setting_statistics import (
    NUMBER_NAMES,
    SettingStatistics,
    numbers_of,
)
from playground.core.text.one_line import one_line
from playground.ui.experiment import starting
from playground.ui.experiment.plots import show_plots
from playground.ui.session import experiment_state as chosen
from playground.ui.widgets import formats
from playground.ui.widgets.fields import choose_number
from playground.ui.widgets.markdown import plain

FEW_REPEATS = 6
MAX_LISTED = 10


def show_ladder() -> None:
    """Say which is the smallest model that passes, and how far the largest agrees."""
    opened = chosen.opened()
    ladder = opened.underway.result if opened and opened.underway else None
    matrix = starting.matrix()
    if ladder is None or matrix is None:
        return
    st.markdown(f":material/stairs: **{plain(ladder.sentence)}**")
    share = _agreement(matrix, ladder.model)
    if share is not None:
        st.caption(f"It agrees with the largest model on {100 * share:.0f} % of the cells.")


def _agreement(matrix: Matrix, model: str | None) -> float | None:
    ladder = matrix.experiment.ladder
    if model is None or not ladder or model == ladder[-1]:
        return None
    pairs = []
    settings = matrix.grid.settings
    for at, setting in enumerate(settings):
        # Only settings that differ in nothing but the model say anything about the model.
        largest = [("model", ladder[-1]) if axis[0] == "model" else axis for axis in setting.swept]
        if setting.request.params.model != model:
            continue
        for largest_at, against in enumerate(settings):
            if against.letter == setting.letter and list(against.swept) == largest:
                pairs += _pairs(matrix, at, largest_at)
    return agreement(pairs)


def _pairs(matrix: Matrix, at: int, largest_at: int) -> list[tuple[bool | None, bool | None]]:
    pairs = []
    for case, keys in enumerate(matrix.keys):
        both = zip(matrix.ids(at, case), matrix.ids(largest_at, case), strict=True)
        cells = [(matrix.cells.get(a), matrix.cells.get(b)) for a, b in both]
        pairs += [(a.passed(keys), b.passed(keys)) for a, b in cells if a and b]
    return pairs


def show_statistics(matrix: Matrix, heads: list[SettingStatistics]) -> None:
    """Offer the statistics; computed and drawn only while their expander is open."""
    place = st.expander(
        "Statistics", icon=":material/bar_chart:", key="experiment_statistics", on_change="rerun"
    )
    if not place.open or not matrix.cells:
        return
    with place:
        # It reads every answer of up to 10,000 cells from the log: only on demand.
        answers = starting.answers(matrix.run_ids(range(len(matrix.grid.cases))))
        if matrix.grid.repeats > 1:
            _show_repeats(matrix, answers)
        _show_spreads(matrix, heads)
        show_plots(matrix, heads, answers)


def _show_repeats(matrix: Matrix, answers: Answers) -> None:
    case = 0
    if len(matrix.grid.cases) > 1:
        number = choose_number("Repeats of case", len(matrix.grid.cases), key="statistics_case")
        if number is None:
            return
        case = number - 1
    if matrix.grid.repeats < FEW_REPEATS:
        st.caption(f"{matrix.grid.repeats} repeats say little about how much answers vary.")
    rows = _statistics(matrix, case, answers)
    st.dataframe(
        [_row(name, statistics) for name, statistics in rows],
        hide_index=True,
        key="repeat_table",
    )
    for name, statistics in rows:
        st.caption(f"**{plain(name)}** {plain(statistics.sentence)}")
        if len(statistics.distinct) > 1:
            listed = [
                {"Times": distinct.count, "Answer": one_line(distinct.text, MAX_SHOWN)}
                for distinct in statistics.distinct[:MAX_LISTED]
            ]
            st.dataframe(listed, hide_index=True)


def _statistics(matrix: Matrix, case: int, answers: Answers) -> list[tuple[str, AnswerStatistics]]:
    statistics = []
    for number, setting in enumerate(matrix.grid.settings):
        cells = [cell for cell in matrix.at(number, case) if cell.is_answered]
        texts = [answers.get(cell.run_id, "") for cell in cells]
        statistics.append((setting.name, answer_statistics(texts)))
    return statistics


def _row(name: str, statistics: AnswerStatistics) -> dict[str, object]:
    words = statistics.words
    return {
        "Setting": name,
        "Answers": statistics.count,
        "Distinct": len(statistics.distinct),
        "Similarity": _number(statistics.similarity),
        "distinct-1": _number(statistics.distinct_1),
        "distinct-2": _number(statistics.distinct_2),
        "Differ after": "never"
        if statistics.diverge_at is None
        else f"{statistics.diverge_at:,} characters",
        "Words": f"{words.mean:.0f} ({words.least:.0f}–{words.most:.0f})"
        if words
        else formats.NOTHING,
    }


def _number(value: float | None) -> str:
    return formats.NOTHING if value is None else f"{value:.2f}"


def _show_spreads(matrix: Matrix, heads: list[SettingStatistics]) -> None:
    st.caption("Over all cases: mean ± standard deviation, and the 95th percentile.")
    rows = [
        {"Setting": setting.name, **dict(zip(NUMBER_NAMES, numbers_of(head), strict=True))}
        for setting, head in zip(matrix.grid.settings, heads, strict=True)
    ]
    st.dataframe(rows, hide_index=True, key="spread_table")
