"""The plots of an experiment: quality against cost, what temperature does, how long it took."""

from collections.abc import Mapping

import streamlit as st

from playground.core.experiment.grid import short_names
from playground.core.experiment.matrix import Answers, Matrix
from playground.core.report.report import durations, variety
from playground.core.statistics.setting_statistics import SettingStatistics, kind_words

HUES = ("#1c83e1", "#c77700", "#1a9c4b", "#8b5cf6", "#e5484d", "#9a8200")
"""Between light and dark: readable on white and on black."""
Row = dict[str, object]
Spec = Mapping[str, object]
"""Of a part of a chart, as Vega-Lite has it."""

ROOMY: Spec = {"zero": False, "nice": False, "padding": 24}
"""With pixels between the outermost points and the edge, which would cut them."""
FROM_ZERO: Spec = {"zero": True}
# With room beyond 0 and 100 %: the axis would cut a point that lies on its end.
PERCENT: Spec = {"domain": [-5, 105], "nice": False}
TICKS = [0, 20, 40, 60, 80, 100]


def show_plots(matrix: Matrix, heads: list[SettingStatistics], answers: Answers) -> None:
    """Draw those for which there are numbers."""
    names = short_names(matrix.grid.settings)
    quality: list[Row] = [
        {"Setting": name, "cost": of_setting.cost_usd.mean, "passed": 100 * of_setting.passed.share}
        | ({"Undecided": of_setting.undecided} if any(head.undecided for head in heads) else {})
        for name, of_setting in zip(names, heads, strict=True)
        if of_setting.cost_usd and of_setting.passed
    ]
    if quality:
        cost = f"Mean cost of a run{kind_words(heads)} ($)"
        st.caption("Quality against cost")
        _scatter(
            "quality", quality, "Setting",
            x=_number("cost", cost, ROOMY, format="$~r", tickCount=6),
            y=_number("passed", "Passed (%)", PERCENT, values=TICKS),
        )  # fmt: skip
    varied: list[Row] = [
        {"Variant": point.letter, "temperature": point.temperature, "distinct": point.distinct}
        for point in variety(matrix, answers)
    ]
    if varied:
        st.caption("Distinct answers of the repeats against temperature")
        _scatter(
            "distinct", varied, "Variant",
            x=_number("temperature", "Temperature", ROOMY),
            y=_number("distinct", "Distinct answers", FROM_ZERO, tickMinStep=1),
        )  # fmt: skip
    took: list[Row] = [
        {"Setting": name, "seconds": value}
        for number, name in enumerate(names)
        for value in durations(matrix, number)
    ]
    if took:
        st.caption("How long answers took")
        columns = {
            "field": "Setting", "type": "nominal", "sort": None, "title": None,
            "axis": {"labelLimit": 240, "labelAngle": -30},
        }  # fmt: skip
        _scatter("duration", took, "Setting", x=columns, y=_number("seconds", "Seconds", FROM_ZERO))


def _number(field: str, title: str, scale: Spec, **axis: object) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": dict(scale),
        "axis": axis,
    }


def _scatter(name: str, rows: list[Row], group: str, *, x: Spec, y: Spec) -> None:
    """Shapes beside colours, so that colour alone tells nothing; the groups are named at most
    once."""
    # Names of settings begin alike: cut at Vega-Lite's 160 pixels they would read the same.
    legend = {"orient": "bottom", "columns": 1, "labelLimit": 400, "symbolLimit": 20}
    grouping = {
        "field": group,
        "type": "nominal",
        # In the order of the settings: Vega-Lite would sort them by the alphabet.
        "sort": None,
        "title": None,
        "legend": None if x["field"] == group else legend,
    }
    coloured = grouping | {"scale": {"range": list(HUES)}}
    tooltip = [{"field": field} for field in rows[0]]
    spec = {
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 0.8},
        "encoding": {"x": x, "y": y, "color": coloured, "shape": grouping, "tooltip": tooltip},
    }
    st.vega_lite_chart(spec=spec, height=400, key=f"plot_{name}")
