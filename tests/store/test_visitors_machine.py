"""Three visitors do everything that a log can be asked, a thousand times: nobody ever finds
a row, a number or a dollar that is not his."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from playground.core.budget import Budget, Reservation, Spender, windows
from playground.core.rows import RunRow, RunTexts
from playground.store.boots import Boot
from playground.store.log import RunLog

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VISITORS = ("local", "visitor-1", "visitor-11")
WHO = st.sampled_from(VISITORS)
NUMBER = st.integers(0, 7)
STEPS = 250
CAP = Budget(day_usd=Decimal(1000))
taken = []


class Visitors(RuleBasedStateMachine):
    """Keeps for each visitor what he recorded. Ids are often those of another's run."""

    @initialize()
    def open_log(self):
        self.log = RunLog("sqlite://", clock=lambda: NOON, boot=Boot(), retry_every_s=60)
        self.runs = {who: {} for who in VISITORS}
        self.texts = {who: {} for who in VISITORS}
        self.reserved = dict.fromkeys(VISITORS, 0)
        for who in VISITORS:
            self.log.open_pages.open(who)

    @rule(who=WHO, number=NUMBER, cents=st.integers(0, 99))
    def record(self, who, number, cents):
        taken.append("record")
        run_id = f"{number:016x}"
        run = RunRow(
            run_id=run_id, visitor=who, started_at=NOON + timedelta(hours=number), press=1,
            variant="A", connection="Demo", model=f"model of {who}", params_json="{}",
            status="done", cost_usd=Decimal(cents) / 100, cost_kind="exact", input_tokens=cents,
        )  # fmt: skip
        texts = RunTexts(run_id=run_id, request_json="{}", answer=f"{who} {cents}")
        self.log.record(run, texts, only_on_page=None if who == "local" else who)
        self.runs[who][run_id], self.texts[who][run_id] = run, texts

    @rule(who=WHO, doubts=st.integers(0, 3))
    def delete_all(self, who, doubts):
        if doubts:
            return
        taken.append("delete")
        self.log.delete_all(who)
        self.runs[who], self.texts[who] = {}, {}

    @rule()
    def write(self):
        taken.append("write")
        assert self.log.flush(10)

    @rule(who=WHO, edge=NUMBER, limit=st.integers(1, 20), is_older=st.booleans())
    def turn_pages(self, who, edge, limit, is_older):
        taken.append("page")
        run_id = f"{edge:016x}"
        side = {"before": run_id} if is_older else {"after": run_id}
        own = sorted(
            (each for each in self.runs[who] if (each < run_id if is_older else each > run_id)),
            reverse=is_older,
        )[:limit]
        found = self.log.page(who, **side, limit=limit).rows
        assert found == tuple(self.runs[who][each] for each in sorted(own, reverse=True))

    @rule(who=WHO, number=NUMBER)
    def get(self, who, number):
        taken.append("get")
        run_id = f"{number:016x}"
        found = self.log.get(who, run_id)
        if run_id not in self.runs[who]:
            assert found is None
        else:
            assert found == (self.runs[who][run_id], self.texts[who][run_id])

    @rule(who=WHO, hours=NUMBER)
    def add_up(self, who, hours):
        taken.append("totals")
        since = NOON + timedelta(hours=hours)
        own = list(self.runs[who].values())
        whole, late = self.log.totals_since(who, None, since)
        assert whole == self.log.totals(who)
        assert self.log.count(who) == whole.runs == len(own)
        assert whole.spent_usd == sum((run.cost_usd for run in own), Decimal(0))
        assert late.input_tokens == sum(run.input_tokens for run in own if run.started_at >= since)

    @rule(who=WHO, cents=st.integers(0, 99), is_owners=st.booleans())
    def spend(self, who, cents, is_owners):
        taken.append("ledger")
        payer = "owner" if is_owners else who
        spender = Spender(who, payer, NOON)
        run_id = f"reserved {sum(each == 'ledger' for each in taken)}"
        wanted = Reservation(run_id, who, payer, NOON + timedelta(days=40), Decimal(cents) / 100)
        assert self.log.ledger.reserve([wanted], ()) is None
        self.reserved[who] += wanted.usd
        # A day that no run of the log belongs to.
        caps = windows(CAP, Budget(), spender, wanted.started_at)
        [standing] = self.log.ledger.standings(caps)
        assert standing.held_usd == self.reserved[who]

    @rule(who=WHO, cents=st.integers(1, 99))
    def keep_a_budget(self, who, cents):
        taken.append("budget")
        own = Budget(day_usd=Decimal(cents))
        assert self.log.ledger.keep_budget(who, own) is None
        assert self.log.ledger.budget_of(who) == own

    def teardown(self):
        if hasattr(self, "log"):
            self.log.close()


def test_three_visitors_and_a_thousand_steps_find_no_foreign_row():
    taken.clear()
    run_state_machine_as_test(
        Visitors,
        settings=settings(
            max_examples=12,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert len(taken) >= 1000
