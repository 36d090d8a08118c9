"""Three visitors do everything that a log can be asked, on both databases, beside rows that
none takes, deletions and restarts: nobody ever finds a row, a number or a dollar of another,
and none is lost, doubled, late for another's sake or back after its deletion.

A few hundred steps; with `STORE_STEPS=10000` as many on each of them.
"""

import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog
from playground.store.writing.processes import Boot

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VISITORS = ("local", "visitor-1", "visitor-11")
WHO = st.sampled_from(VISITORS)
NUMBER = st.integers(0, 7)
STEPS = 250
WANTED = int(os.environ.get("STORE_STEPS", "200"))
REFUSED = st.sampled_from(
    [
        {"input_tokens": 2**70},
        {"cost_usd": Decimal("1e30")},
        {"press": 2**80},
        {"cost_usd": Decimal("NaN")},
        {"model": None},
    ]
)
"""Whatever is in such a row, neither database takes it."""
CAP = Budget(day_usd=Decimal(1000))
taken = []


class Visitors(RuleBasedStateMachine):
    """Keeps for each visitor what they recorded. Ids are often those of another's run.

    `runs` is what is seen, `written` what was in the database when it was last looked at,
    `perhaps` the versions recorded since that newer ones replaced before anybody looked (the
    writer may have been quicker, or not), and `refused` the ids whose newest version no
    database takes.
    """

    def __init__(self, server=None):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.folder.name) / 'runs.db'}"
        if server is not None:
            self.url = server.url(server.new_schema())

    @initialize()
    def begin(self):
        self.open_log()
        self.runs = {who: {} for who in VISITORS}
        self.texts = {who: {} for who in VISITORS}
        self.written = {who: {} for who in VISITORS}
        self.perhaps = {who: {} for who in VISITORS}
        self.refused = {who: set() for who in VISITORS}
        self.reserved = dict.fromkeys(VISITORS, 0)

    def open_log(self):
        self.log = RunLog(
            self.url, clock=lambda: NOON, boot=Boot(), retry_every_s=60, saved_within_s=60
        )
        for who in VISITORS:
            self.log.open_pages.open(who)

    def see_what_is_written(self, who):
        """Of a visitor all whose rows were just written, but for those that are refused."""
        for run_id in set(self.written[who]) - set(self.runs[who]):
            del self.written[who][run_id]
        for run_id, run in self.runs[who].items():
            if run_id not in self.refused[who]:
                self.written[who][run_id] = run, self.texts[who][run_id]
                self.perhaps[who].pop(run_id, None)

    def replace(self, who, run, texts):
        """This version is seen from now on; the one before may have been written, or not."""
        run_id = run.run_id
        if run_id in self.runs[who] and run_id not in self.refused[who]:
            earlier = self.runs[who][run_id], self.texts[who][run_id]
            self.perhaps[who].setdefault(run_id, []).append(earlier)
        self.runs[who][run_id], self.texts[who][run_id] = run, texts

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
        self.replace(who, run, texts)
        self.refused[who].discard(run_id)

    @rule(who=WHO, number=NUMBER, what=REFUSED)
    def record_what_is_refused(self, who, number, what):
        taken.append("refused")
        run_id = f"{number:016x}"
        run = replace(
            RunRow(
                run_id=run_id, visitor=who, started_at=NOON + timedelta(hours=number), press=1,
                variant="A", connection="Demo", model="m", params_json="{}", status="done",
            ),
            **what,
        )  # fmt: skip
        texts = RunTexts(run_id=run_id, request_json="{}", answer=f"{who} is refused")
        self.log.record(run, texts, only_on_page=None if who == "local" else who)
        # Seen as it is, whatever it says; its numbers are no number to add up.
        self.replace(who, run, texts)
        self.refused[who].add(run_id)

    @rule(who=WHO, doubts=st.integers(0, 3))
    def delete_all(self, who, doubts):
        if doubts:
            return
        taken.append("delete")
        self.log.delete_all(who)
        self.runs[who], self.texts[who], self.refused[who] = {}, {}, set()
        self.written[who], self.perhaps[who] = {}, {}

    @rule(who=WHO, number=NUMBER)
    def delete_one(self, who, number):
        taken.append("delete one")
        run_id = f"{number:016x}"
        assert self.log.history.delete(who, [run_id]) is None
        if run_id in self.runs[who]:
            del self.runs[who][run_id], self.texts[who][run_id]
            self.refused[who].discard(run_id)
            self.written[who].pop(run_id, None)
            self.perhaps[who].pop(run_id, None)

    @rule()
    def write(self):
        taken.append("write")
        assert self.log.flush(60) == (not any(self.refused.values()))
        for who in VISITORS:
            self.see_what_is_written(who)
            told = self.log.warning_to(who)
            count = len(self.refused[who])
            rows = "1 row" if count == 1 else f"{count} rows"
            assert (told or "").startswith(f"The database rejects {rows} (" if count else "")
            assert count or told is None

    @rule(who=WHO)
    def wait_for_ones_own(self, who):
        taken.append("own")
        ids = set(self.runs[who])
        assert self.log.flush_runs(who, ids, 60) == ids - self.refused[who]

    @rule(doubts=st.integers(0, 3))
    def restart(self, doubts):
        if doubts:
            return
        taken.append("restart")
        self.log.close(60)
        for who in VISITORS:
            self.see_what_is_written(who)
        self.open_log()
        for who in VISITORS:
            for run_id, versions in self.perhaps[who].items():
                found = self.log.get(who, run_id)
                for run, texts in versions:
                    if found is not None and found[0] == run:
                        self.written[who][run_id] = run, texts
            # What is refused is gone with the memory that it was kept in, and said to be.
            self.runs[who] = {each: run for each, (run, _) in self.written[who].items()}
            self.texts[who] = {
                # Those that were only on a page went with it.
                each: texts if who == "local" else RunTexts(run_id=each)
                for each, (_, texts) in self.written[who].items()
            }
            self.written[who] = {
                each: (run, self.texts[who][each]) for each, run in self.runs[who].items()
            }
            self.refused[who], self.perhaps[who] = set(), {}
            assert self.log.page(who, limit=20).rows == tuple(
                self.runs[who][each] for each in sorted(self.runs[who], reverse=True)
            )

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
        if self.refused[who]:
            return
        own = list(self.runs[who].values())
        whole, late = self.log.totals_since(who, None, since)
        assert whole == self.log.totals(who)
        assert self.log.count(who) == whole.runs == len(own)
        assert whole.spent_usd == sum((run.cost_usd for run in own), Decimal(0))
        assert late.input_tokens == sum(run.input_tokens for run in own if run.started_at >= since)

    @rule(who=WHO, cents=st.integers(0, 99), is_owners=st.booleans())
    def spend(self, who, cents, is_owners):
        taken.append("budgets")
        payer = "owner" if is_owners else who
        spender = Spender(who, payer, NOON)
        run_id = f"reserved {sum(each == 'budgets' for each in taken)}"
        wanted = Reservation(run_id, who, payer, NOON + timedelta(days=40), Decimal(cents) / 100)
        assert self.log.budgets.reserve([wanted], ()) is None
        self.reserved[who] += wanted.usd
        # A day that no run of the log belongs to.
        caps = windows(CAP, Budget(), spender, wanted.started_at)
        [balance] = self.log.budgets.balances(caps)
        assert balance.held_usd == self.reserved[who]

    @rule(who=WHO, cents=st.integers(1, 99))
    def keep_a_budget(self, who, cents):
        taken.append("budget")
        own = Budget(day_usd=Decimal(cents))
        assert self.log.budgets.save(who, own) is None
        assert self.log.budgets.load(who) == own

    def teardown(self):
        if hasattr(self, "log"):
            self.log.close()
        self.folder.cleanup()


@pytest.mark.parametrize(
    ("database", "share"), [("sqlite", 1), ("postgres", 2)], indirect=["database"]
)
def test_three_visitors_find_no_foreign_row_and_lose_none(database, share, request, caplog):
    server = request.getfixturevalue("postgres") if database == "postgres" else None
    wanted = WANTED if "STORE_STEPS" in os.environ else WANTED // share
    taken.clear()
    run_state_machine_as_test(
        lambda: Visitors(server),
        settings=settings(
            max_examples=max(3, wanted // 80),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    caplog.clear()
    assert len(taken) >= wanted
