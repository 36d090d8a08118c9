"""Adding up runs: by status and kind of cost, then all together."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store.databases import ON_BOTH

from playground.core.log.history import Filter
from playground.core.runs.run_row import Totals
from playground.store.sums.totals import Tally, add_up, tally, tally_of

MONEY = st.none() | st.decimals(0, 100, places=12)
TOKENS = st.none() | st.integers(0, 10**6)
ONE = st.builds(
    tally,
    st.sampled_from(["done", "failed", "streaming"]),
    st.sampled_from(["exact", "at most", "simulated", "unknown"]),
    TOKENS,
    TOKENS,
    MONEY,
)


def test_one_run_counts_what_is_known_of_it(row):
    known = row(1, input_tokens=7, output_tokens=3, cost_usd=Decimal("0.5"))
    assert tally_of(known) == Tally("done", "exact", 1, 1, 7, 3, Decimal("0.5"))
    unknown = row(1, status="failed", input_tokens=None, output_tokens=None, cost_usd=None)
    assert tally_of(unknown) == Tally("failed", "exact", 1, 0, 0, 0, Decimal(0))
    endless = row(1, cost_usd=Decimal("NaN"))
    assert tally_of(endless) == Tally("done", "exact", 1, 0, 10, 5, Decimal(0))


def test_what_is_taken_away_is_the_same_below_zero():
    one = Tally("done", "exact", 1, 1, 2, 3, Decimal(4))
    assert one.negative() == Tally("done", "exact", -1, -1, -2, -3, Decimal(-4))


@given(st.lists(ONE), st.lists(ONE))
def test_what_is_added_and_taken_out_again_leaves_no_trace(some, others):
    assert add_up([*others, *some, *(each.negative() for each in some)]) == add_up(others)


def test_each_kind_of_money_has_its_own_sum():
    def of(status, kind, runs, priced, usd):
        return Tally(status, kind, runs, priced, 10, 5, Decimal(usd))

    exact = of("done", "exact", 2, 2, 1)
    assert add_up([exact]) == Totals(runs=2, input_tokens=10, output_tokens=5, spent_usd=Decimal(1))
    for other, changes in (
        (of("failed", "exact", 3, 3, 1), {"runs": 5, "errors": 3, "spent_usd": Decimal(2)}),
        (of("interrupted", "at most", 1, 1, 1),
         {"runs": 3, "errors": 1, "spent_usd": Decimal(2), "at_most": 1,
          "at_most_usd": Decimal(1)}),
        (of("stopped", "at least", 1, 1, 1),
         {"runs": 3, "spent_usd": Decimal(2), "at_least": 1}),
        (of("stopped", "at least", 3, 1, 1),
         {"runs": 5, "spent_usd": Decimal(2), "at_least": 1, "unknown_cost": 2}),
        (of("done", "exact", 3, 2, 1),
         {"runs": 5, "spent_usd": Decimal(2), "unknown_cost": 1}),
        (of("done", "unknown", 4, 0, 0),
         {"runs": 6, "unknown_cost": 4}),
        (of("streaming", "unknown", 4, 0, 0), {"runs": 6}),
        (of("streaming", "exact", 4, 0, 0), {"runs": 6}),
        (of("done", "simulated", 1, 1, 7), {"runs": 3, "simulated_usd": Decimal(7)}),
    ):  # fmt: skip
        same = {"runs": 2, "input_tokens": 20, "output_tokens": 10, "spent_usd": Decimal(1)}
        assert add_up([exact, other]) == Totals(**same | changes), other


@pytest.mark.parametrize(
    ("counts", "usd", "kind"),
    [
        ({}, 5, "exact"),
        ({"at_least": 1}, 5, "at least"),
        ({"unknown_cost": 1}, 5, "at least"),
        ({"at_most": 1, "at_most_usd": Decimal(2)}, 5, "at most"),
        ({"at_least": 1, "at_most": 1, "at_most_usd": Decimal(2)}, 3, "at least"),
    ],
)
def test_a_sum_is_no_more_exact_than_what_was_added(counts, usd, kind):
    spent = Totals(runs=9, spent_usd=Decimal(5), **counts).spent
    assert (spent.usd, spent.kind) == (usd, kind)
    assert spent.why


HUGE = 2**62 + 1


@ON_BOTH
def test_sums_beyond_64_bits_are_exact_also_after_a_restart(open_log, log, row, texts, now):
    usd = Decimal("4611686.018427387905")
    for number in range(1, 5):
        # Models of their own, so that no two are added up as they are written.
        run = row(number, model=f"m{number}", output_tokens=HUGE, cost_usd=usd)
        log.record(run, texts(run))
    assert log.flush(5)
    log.close()
    later = open_log()
    of_all = later.totals("ada"), *later.totals_since("ada", now, now - timedelta(days=1))
    searched = [later.history.summary("ada", Filter(text=text)).totals for text in ("", "hello")]
    dear = later.history.summary("ada", Filter(from_usd=Decimal(0))).totals
    for totals in (*of_all, *searched, dear):
        assert (totals.runs, totals.output_tokens) == (4, 4 * HUGE)
        assert (totals.spent_usd, totals.input_tokens) == (4 * usd, 40)
    assert sum(day.cost_usd for day in later.history.day_costs("ada", Filter())) == 4 * usd
    assert later.warning is None


@ON_BOTH
def test_a_run_whose_sum_does_not_fit_is_refused_and_the_sum_stays_exact(
    open_log, log, row, caplog
):
    for number in range(1, 5):
        log.record(row(number, output_tokens=HUGE))
    log.record(row(1, "bob"))
    assert not log.flush(5)
    caplog.clear()
    assert "rejects 3 rows" in log.warning_to("ada")
    assert log.warning_to("bob") is None
    assert log.totals("ada").output_tokens == 4 * HUGE
    log.close()
    later = open_log()
    assert (later.totals("ada").runs, later.totals("ada").output_tokens) == (1, HUGE)
    assert later.count("bob") == 1
    later.record(row(9, output_tokens=7))
    assert later.flush(5)
    assert later.totals("ada").output_tokens == HUGE + 7
    caplog.clear()
