"""The budget in the sidebar: how much may be spent, and how much of it is left."""

import streamlit as st

from playground.core.money.budget import OWNER, Balance, Budget
from playground.core.money.dollars import in_all_digits, in_dollars
from playground.core.text.refusal import Refusal
from playground.ui.runs import running, spending
from playground.ui.server.script_queue import in_turn
from playground.ui.server.visitor import is_local
from playground.ui.session import money_state, state
from playground.ui.session.services import services
from playground.ui.widgets.fields import number_field
from playground.ui.widgets.markdown import plain


def edit_budget() -> None:
    """Draw the fields and, for each limit, what is spent, reserved and left."""
    _load()
    # Drawn only while it is visible: each widget slows down every script run.
    budget = st.expander("Budget", icon=":material/savings:", key="budget", on_change="rerun")
    money_state.set_budget_in_sight(is_in_sight=bool(budget.open))
    if not budget.open:
        return
    with budget:
        _enter(
            "Per session, $", money_state.BUDGET_SESSION, "Counts from when this page was opened."
        )
        _enter(
            "Per day, $",
            money_state.BUDGET_DAY,
            "A UTC day; a run belongs to the day on which it starts. Where a cost is not "
            "known exactly, the worst case counts.",
        )
        _show_owners(spending.owner_budget(running.spender(running.connection())))
        # A part of its own, drawn again whenever a run ends: the fields above it must not be.
        st.fragment(in_turn(_show_balances), key=money_state.BUDGET_PART)()


def _load() -> None:
    # Once a session: later it would replace what is being typed.
    if money_state.is_budget_loaded():
        return
    saved: Budget | Refusal = Budget()
    if is_local():
        saved = services().log.budgets.load(state.visitor())
    money_state.load_budget(saved if isinstance(saved, Budget) else Budget())


def _enter(label: str, key: str, words: str) -> None:
    rule = money_state.BUDGET_RULES[key]
    number_field(
        label, rule, key=key, placeholder="No limit", help=words, on_change=_save,
        persist_state="session",
    )  # fmt: skip


def _save() -> None:
    """Store the budget of a visitor at this machine; others set one on each visit."""
    try:
        own = money_state.budget()
    # Not while a field is no amount: the next visit gets the last valid budget.
    except ValueError:
        return
    if is_local():
        services().log.budgets.save(state.visitor(), own)


def _show_owners(owners: Budget) -> None:
    limits = [
        f"{in_all_digits(usd)} a {name}"
        for usd, name in ((owners.session_usd, "session"), (owners.day_usd, "day"))
        if usd is not None
    ]
    if limits:
        st.caption(plain(f"The owner of this app allows {' and '.join(limits)}."))


def _show_balances() -> None:
    connection = running.connection()
    balances = spending.balances(running.spender(connection))
    if balances is spending.NOT_AN_AMOUNT:
        st.error("Enter dollars, such as 0.50, or leave it empty.", icon=":material/block:")
    elif isinstance(balances, Refusal):
        st.error(plain(balances.sentence), icon=":material/block:")
    elif not balances:
        st.caption("The most a run can cost is reserved before it starts. Empty: no limit.")
    else:
        for balance in balances:
            st.caption(_line(balance))
        if connection.kind == "demo":
            st.caption("The demo is free and uses none of the budget.")


def _line(balance: Balance) -> str:
    window = balance.window
    name = "Session" if window.name == "session" else "Today"
    if window.who == OWNER:
        name = "Today, all visitors"
    elif window.scope == "share":
        name = "Today, you"
    left, used, reserved = map(in_dollars, (balance.left_usd, balance.used_usd, balance.held_usd))
    return f"{name}: **{plain(left)} left** · {plain(f'{used} spent · {reserved} reserved')}"
