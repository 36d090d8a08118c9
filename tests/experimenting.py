"""Experiments on a scripted API, a real engine and a real store."""

import asyncio
import threading
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from playground.core.answer.events import (
    AttemptFailed,
    Connecting,
    Finished,
    Reported,
    TextDelta,
    Usage,
)
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.check_results import case_keys
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import plan_grid
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal
from playground.engine.loop import Engine
from playground.experiments.claims import Claims
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import Dependencies, Origin

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AROUND = RunContext(CLAUDE, RetryPolicy(), (), NOON)
ASKS = Request(
    Prompt("", (Message("user", "Capital of {{country}}?"),)), Params("claude-haiku-4-5", 100)
)
COUNTRIES = ("India", "France", "Peru", "Kenya", "Japan", "Chile")
CASES = Cases(("country",), tuple((name,) for name in COUNTRIES))
USD = Decimal("0.0006")


def experiment(**changes):
    plain = {"name": "Capitals", "variants": (Variant("A", ASKS),), "cases": CASES, "at_once": 2}
    return Experiment(**plain | changes)


def keys_of(underway, case):
    """What to ask `CellRow.passed` for."""
    return case_keys(underway.planned.grid.cases, case, underway.experiment.checks)


class World:
    """What an experiment is handed. `reply` says what a request is answered with: a text, a
    `Failure`, or None to keep silent. `sent` counts what was asked, `most` how many at once."""

    def __init__(self, log):
        self.log = log
        self.claims = Claims(log.claims)
        self.reply = lambda request: f"About {request.prompt.messages[0].text}"
        self.sent = Counter()
        self.at_once = self.most = 0
        self.changed = threading.Condition()
        self.refusal = None
        self.is_closed = False
        self.engine = Engine(self.record, self.record, max_runs=64, max_runs_per_visitor=64)

    def record(self, run):
        self.log.record(self.row_of(run), RunTexts(run_id=run.id, answer=run.text))

    def row_of(self, run):
        return RunRow(
            run_id=run.id,
            visitor=run.visitor,
            started_at=NOON,
            press=run.plan.press,
            variant=run.plan.letter,
            connection="Claude API",
            model=run.plan.wire.model_id,
            params_json="{}",
            status=run.status,
            error_kind=run.failure.kind if run.failure else None,
            cost_usd=None if run.is_live else USD,
            cost_kind=self.cost_kind(run),
            experiment_id=run.experiment_id,
            cell=run.plan.cell,
        )

    def cost_kind(self, run):
        if run.is_live:
            return "unknown"
        return "at least" if run.status == "stopped" else "exact"

    def admit(self, runs):
        return [None] * len(runs) if self.refusal is None else Refusal(self.refusal)

    def start(self, run, again):
        self.engine.start(run, lambda: self._send(run.plan.request))

    async def _send(self, request):
        with self.changed:
            self.sent[request.prompt.messages[0].text] += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.changed.notify_all()
        try:
            yield Connecting(1)
            reply = self.reply(request)
            if reply is None:
                await asyncio.Event().wait()
            if isinstance(reply, Failure):
                yield AttemptFailed(1, reply, None, "")
                return
            await asyncio.sleep(0)
            yield TextDelta(reply)
            yield Reported(Usage(10, 5, is_complete=True))
            yield Finished("end_turn")
        finally:
            self.at_once -= 1

    def wait_until_sent(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: self.sent.total() >= count, 10)

    def begin(self, definition, experiment_id="0001", visitor="ada"):
        planned = plan_grid(
            definition.settings, definition.cases, definition.repeats, definition.checks, AROUND
        )
        store = self.log.experiments
        dependencies = Dependencies(
            self.engine, self.claims, store, self.admit, self.start, self.row_of
        )
        origin = Origin(experiment_id, visitor, "page", 1)
        return ExperimentRun(origin, definition, planned, AROUND, dependencies)

    def close(self):
        """As a process ends: the engine first, then the log."""
        if not self.is_closed:
            self.is_closed = True
            self.engine.close()
            self.log.close()
