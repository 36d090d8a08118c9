"""The session's money: its budget as typed, since when spending counts, and counted tokens."""

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime

import streamlit as st

from playground.core.answer.failures import Failure
from playground.core.money.budget import Budget
from playground.core.money.dollars import LARGEST_USD
from playground.core.text.number_text import number_text, read_number, rule

BUDGET_SESSION, BUDGET_DAY = "budget_session_usd", "budget_day_usd"
BUDGET_PART = "budget_part"
"""The part of the page that says what is left."""
BUDGET_RULES = {
    BUDGET_SESSION: rule("The budget per session", "0", str(LARGEST_USD)),
    BUDGET_DAY: rule("The budget per day", "0", str(LARGEST_USD)),
}
COUNT_TOKENS = "count_tokens"
# Each text that is counted is an entry of its own, and a session may go on for days.
MAX_COUNTS = 60
Count = Future[int | Failure]


def initialise() -> None:
    """No budget, nothing counted; the session begins now."""
    state = st.session_state
    state["since"] = datetime.now(UTC)
    state[BUDGET_SESSION] = state[BUDGET_DAY] = ""
    state["is_budget_loaded"] = state["is_budget_in_sight"] = False
    state["counts"] = {}


def since() -> datetime:
    """When this page was opened."""
    opened_at: datetime = st.session_state["since"]
    # If the clock was set back, spending from now on would precede the session, and not count.
    st.session_state["since"] = opened_at = min(opened_at, datetime.now(UTC))
    return opened_at


def budget() -> Budget:
    """The visitor's own budget. Raises ValueError while a field holds no amount."""
    session, day = map(read_number, budget_texts(), BUDGET_RULES.values())
    return Budget(session, day)


def budget_texts() -> tuple[str, ...]:
    """The texts in the fields of the budget."""
    return tuple(str(st.session_state[key] or "") for key in BUDGET_RULES)


def is_budget_loaded() -> bool:
    """Whether the budget of an earlier visit was looked for."""
    return bool(st.session_state["is_budget_loaded"])


def is_budget_in_sight() -> bool:
    """Whether the page has drawn the budget."""
    return bool(st.session_state["is_budget_in_sight"])


def set_budget_in_sight(*, is_in_sight: bool) -> None:
    st.session_state["is_budget_in_sight"] = is_in_sight


def load_budget(budget: Budget) -> None:
    """Set the budget of an earlier visit."""
    state = st.session_state
    state["is_budget_loaded"] = True
    for key, usd in ((BUDGET_SESSION, budget.session_usd), (BUDGET_DAY, budget.day_usd)):
        state[key] = number_text(usd)


def requested_counts() -> Mapping[str, Count]:
    """Every requested count, by the key of what is counted."""
    counts_by_key: Mapping[str, Count] = st.session_state["counts"]
    return counts_by_key


def set_count(key: str, answer: Count) -> None:
    counts = {**st.session_state["counts"], key: answer}
    st.session_state["counts"] = dict(list(counts.items())[-MAX_COUNTS:])


def set_count_problem(problem: str | None) -> None:
    """Why the last press of Count tokens did not request all counts."""
    st.session_state["count_problem"] = problem


def count_problem() -> str | None:
    problem: str | None = st.session_state.get("count_problem")
    return problem


def counts() -> dict[str, int]:
    """Input tokens, by the key of what was counted."""
    done = {key: answer.result() for key, answer in requested_counts().items() if answer.done()}
    return {key: tokens for key, tokens in done.items() if isinstance(tokens, int)}
