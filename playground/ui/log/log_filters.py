"""The search field above the log, its filters, and what the found runs add up to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

import streamlit as st

from playground.core.log.history import ORDERS, Choices, DayCost, Filter
from playground.core.text.refusal import Refusal
from playground.core.text.search_words import MAX_QUERY, MAX_READ, has_signs
from playground.ui.log import log_state
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.fields import day_field, number_field
from playground.ui.widgets.markdown import plain

MAX_DAYS = 92
"""Beyond it the chart shows months."""
DELETED = "(deleted)"


def choose(visitor: str) -> Filter:
    """Draw the controls; return the filter that they make."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="log_tools"):
        st.text_input(
            "Search the log",
            key=log_state.SEARCH,
            type="search",
            max_chars=MAX_QUERY,
            placeholder="Words of prompts and answers",
            icon=":material/search:",
            label_visibility="collapsed",
            on_change=log_state.go_to_first_page,
            help="Finds runs with all these words. Use quotes for a phrase; the last word can be "
            "unfinished. Punctuation counts if you type it: C++, $5, a@b.c.",
        )
        chosen, problem = log_state.chosen()
        # Names are another question to the database, and only a chosen experiment needs one.
        experiments = _experiments(visitor) if chosen.experiment_id else {}
        chips = _chips(chosen, experiments)
        filters = st.popover(
            # Of another name it would be another one, and close at the first choice.
            "Filters",
            icon=":material/filter_list:",
            key=log_state.FILTERS,
            on_change="rerun",
        )
        st.selectbox(
            "Sort",
            ORDERS,
            key=log_state.SORT,
            format_func=str.capitalize,
            label_visibility="collapsed",
            width=170,
            on_change=log_state.go_to_first_page,
        )
    # Only while it is open: what can be chosen is read from the log.
    if filters.open:
        with filters:
            _edit(services().log.history.choices(visitor), _experiments(visitor))
    if problem:
        st.caption(f":orange[:material/warning:] {plain(problem)}")
    _show_chips(chips)
    return chosen


def _experiments(visitor: str) -> dict[str, str]:
    """What the visitor's experiments are called, by their id, the newest first."""
    rows = services().log.experiments.list_experiments(visitor)
    if isinstance(rows, Refusal):
        return {}
    # With the second: of two options that read the same only one could be chosen.
    return {row.experiment_id: f"{row.name} · {row.created_at:%d %b %Y %H:%M:%S}" for row in rows}


def _edit(choices: Choices, experiments: Mapping[str, str]) -> None:
    """The filter, one control a part."""
    st.toggle(
        "Starred only",
        key=log_state.STARRED,
        persist_state="session",
        on_change=log_state.go_to_first_page,
    )
    # A pair a row: on a phone they stand beneath each other.
    left, right = st.columns(2)
    with left:
        _choose("Status", log_state.STATUSES, choices.statuses)
    with right:
        _choose("Model", log_state.MODELS, choices.models)
    left, right = st.columns(2)
    with left:
        _choose("Variant", log_state.VARIANTS, choices.variants)
    with right:
        _choose("Tag", log_state.TAGS, choices.tags)
    left, right = st.columns(2)
    with left:
        _choose_day("From day (UTC)", log_state.FROM_DAY)
    with right:
        _choose_day("To day", log_state.TO_DAY)
    left, right = st.columns(2)
    with left:
        _enter_cost("Cost from, $", log_state.FROM_USD)
    with right:
        _enter_cost("Cost to, $", log_state.TO_USD)
    if len(choices.connections) > 1 or log_state.value_of(log_state.CONNECTIONS):
        _choose("Connection", log_state.CONNECTIONS, choices.connections)
    if experiments or log_state.value_of(log_state.EXPERIMENT):
        _choose_experiment(experiments)


def _choose_day(label: str, key: str) -> None:
    day_field(
        label,
        log_state.DAY_RULES[key],
        key=key,
        persist_state="session",
        on_change=log_state.go_to_first_page,
    )


def _enter_cost(label: str, key: str) -> None:
    number_field(
        label,
        log_state.COST_RULES[key],
        key=key,
        persist_state="session",
        on_change=log_state.go_to_first_page,
    )


def _choose(label: str, key: str, options: Iterable[str]) -> None:
    # A choice that no run has any more must not vanish from its own control.
    known = list(dict.fromkeys([*options, *log_state.value_of(key)]))
    st.multiselect(
        label,
        known,
        key=key,
        placeholder="Any",
        persist_state="session",
        on_change=log_state.go_to_first_page,
    )


def _choose_experiment(names: Mapping[str, str]) -> None:
    chosen = log_state.value_of(log_state.EXPERIMENT)
    st.selectbox(
        "Experiment",
        list(dict.fromkeys([*names, *filter(None, [chosen])])),
        index=None,
        key=log_state.EXPERIMENT,
        format_func=lambda experiment_id: names.get(experiment_id, DELETED),
        placeholder="Any",
        persist_state="session",
        on_change=log_state.go_to_first_page,
    )


Chip = tuple[str, tuple[str, ...]]


def _chips(chosen: Filter, experiments: Mapping[str, str]) -> list[Chip]:
    """What each part of the filter says, with the controls that it came from."""
    sets: list[tuple[str, tuple[str, ...], str]] = [
        ("", chosen.statuses, log_state.STATUSES),
        ("", chosen.models, log_state.MODELS),
        ("variant ", chosen.variants, log_state.VARIANTS),
        ("", chosen.connections, log_state.CONNECTIONS),
        ("tag ", chosen.tags, log_state.TAGS),
    ]
    chips: list[Chip] = [
        (f"{before}{' or '.join(wanted)}", (key,)) for before, wanted, key in sets if wanted
    ]
    if chosen.from_day or chosen.to_day:
        chips.append((_span(chosen.from_day, chosen.to_day, str), _DAYS))
    if chosen.from_usd is not None or chosen.to_usd is not None:
        chips.append((_span(chosen.from_usd, chosen.to_usd, formats.money), _COSTS))
    if chosen.is_starred:
        chips.append(("starred", (log_state.STARRED,)))
    if chosen.experiment_id is not None:
        name = experiments.get(chosen.experiment_id, DELETED)
        chips.append((f"experiment {name}", (log_state.EXPERIMENT,)))
    return chips


_DAYS = (log_state.FROM_DAY, log_state.TO_DAY)
_COSTS = (log_state.FROM_USD, log_state.TO_USD)


def _span(start: object, end: object, words: Callable[..., str]) -> str:
    if start is None:
        return f"up to {words(end)}"
    return f"from {words(start)}" + ("" if end is None else f" to {words(end)}")


def _show_chips(chips: Sequence[Chip]) -> None:
    # The search field has a cross of its own.
    if not chips:
        return
    with st.container(horizontal=True, gap="xsmall", key="log_chips"):
        for words, keys in chips:
            st.button(
                plain(words),
                key=f"without_{keys[0]}",
                icon=":material/close:",
                help="Remove this filter",
                on_click=log_state.clear,
                args=keys,
            )
        st.button("Clear", key=log_state.CLEAR, type="tertiary", on_click=log_state.clear)


def show_summary(visitor: str, chosen: Filter) -> None:
    """What was found, in one line."""
    summary = services().log.history.summary(visitor, chosen)
    totals = summary.totals
    parts = [
        _many(totals.runs, "run") + " found",
        _many(totals.errors, "error"),
        f"**{totals.input_tokens:,}** tokens in, **{totals.output_tokens:,}** out",
    ]
    if totals.spent_usd:
        parts.append(f"**{plain(formats.cost(totals.spent))}** spent")
    if totals.simulated_usd:
        parts.append(f"{plain(formats.money(totals.simulated_usd))} simulated")
    if totals.unknown_cost:
        parts.append(f"{totals.unknown_cost:,} of unknown cost")
    st.markdown(" · ".join(parts), help=plain(totals.spent.explained) if totals.spent_usd else None)
    if summary.is_partial:
        if has_signs(chosen.text):
            st.caption(
                f"Too many runs: punctuation was checked only in the newest {MAX_READ:,} with "
                "these words."
            )
        else:
            st.caption("Too many runs: only the newest 10,000 are sorted and added up.")
    indexed = services().log.history.indexed(visitor) if chosen.text else None
    if indexed is not None:
        st.caption(f"Earlier runs are still being made searchable: {100 * indexed:.0f} %.")


def _many(count: int, noun: str) -> str:
    return f"**{count:,}** {noun}" + ("" if count == 1 else "s")


def show_chart(visitor: str, chosen: Filter) -> None:
    """Cost per day and model over what is filtered; drawn only when it is open."""
    chart = st.expander(
        "Cost per day and model", icon=":material/bar_chart:", key="log_chart", on_change="rerun"
    )
    if not chart.open:
        return
    with chart:
        _draw(services().log.history.day_costs(visitor, chosen))


def _draw(costs: tuple[DayCost, ...]) -> None:
    days = [day_cost for day_cost in costs if day_cost.cost_usd]
    if not days:
        st.caption("Nothing has cost anything yet.")
        return
    is_long = days[-1].day - days[0].day > timedelta(days=MAX_DAYS)
    kinds = {day_cost.is_simulated for day_cost in days}
    rows = [
        {
            "Day": str(when),
            "Cost, $": float(sum(day_cost.cost_usd for day_cost in costs_of_bar)),
            "Model": model,
        }
        # `groupby` joins only what stands side by side, so the order goes by the same key.
        for (when, model), costs_of_bar in groupby(
            sorted(days, key=lambda day_cost: _bar(day_cost, is_long, len(kinds) > 1)),
            key=lambda day_cost: _bar(day_cost, is_long, len(kinds) > 1),
        )
    ]
    st.bar_chart(rows, x="Day", y="Cost, $", color="Model", height=320)
    words = ["One bar per month." if is_long else "UTC days."]
    if True in kinds:
        words.append("Demo runs are simulated: nobody pays for them.")
    st.caption(" ".join(words))


def _bar(day_cost: DayCost, is_long: bool, is_mixed: bool) -> tuple[date, str]:
    day = day_cost.day.replace(day=1) if is_long else day_cost.day
    return (
        day,
        f"{day_cost.model} (simulated)" if is_mixed and day_cost.is_simulated else day_cost.model,
    )


def show_nothing(chosen: Filter, *, goes_on: bool) -> None:
    """There is no row to show; `goes_on`: older ones were not looked at yet."""
    if chosen.is_empty:
        st.caption("No runs yet. Every run, retry, error and cent will be listed here.")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="log_nothing"):
        st.caption(
            "No match yet; older runs have not been searched." if goes_on else "Nothing matches."
        )
        st.button(
            "Clear filters", key="log_clear_all", icon=":material/filter_list_off:",
            on_click=log_state.clear,
        )  # fmt: skip
