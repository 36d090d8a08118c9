"""One experiment submitted as a batch, as a process that can be killed: `python
batch_process.py URL LOG CELLS`. Its first line says that the batch is open, its last what
the experiment came to; begun again on the same log, it goes on."""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import plan_grid
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.request.connection import Connection
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant
from playground.core.text.refusal import Refusal
from playground.experiments.claims import ELSEWHERE
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import Origin
from playground.settings import Settings
from playground.ui.experiment.submitting import CellAdmission, submit_left
from playground.ui.session.services import Services

ASKS = Request(
    Prompt("", (Message("user", "Case {{number}}"),)), Params("claude-haiku-4-5", max_tokens=10)
)
MAX_USD = Decimal("0.01")


def underway_on(services, cells):
    rows = tuple((str(number),) for number in range(cells))
    definition = Experiment("", (Variant("A", ASKS),), (), Cases(("number",), rows))
    around = RunContext(services.settings.owner, RetryPolicy(), (), datetime.now(UTC))
    planned = plan_grid(definition.settings, definition.cases, 1, (), around)
    dependencies = services.dependencies("k", lambda runs: Refusal("Nothing is to be run live."))
    return ExperimentRun(Origin("1", "ada", "page", 1), definition, planned, around, dependencies)


def once_alone(work):
    """What is in the way of it, once no other process is at the experiment."""
    obstacle = ELSEWHERE.sentence
    while obstacle == ELSEWHERE.sentence:
        obstacle = work()
    return obstacle


def main(url, log_url, cells):
    claude = Connection("claude", "Claude API", url)
    services = Services(Settings(owner=claude, key="k", log_url=log_url))
    now = datetime.now(UTC)
    caps = windows(Budget(day_usd=Decimal(1)), Budget(), Spender("ada", "ada", now), now)
    budgets = services.log.budgets

    def reserve(wanted):
        held = [Reservation(each.run_id, "ada", "ada", now, MAX_USD) for each in wanted]
        return budgets.reserve(held, caps) if held else None

    underway = underway_on(services, int(cells))
    admission = CellAdmission(underway.origin, reserve, budgets.release, services.log.experiments)

    def submitted():
        work = submit_left(underway, services.batching, "k", admission)
        return services.engine.call(work).result(30).problem

    assert once_alone(submitted) == ""
    [submission] = services.log.batches.list_submissions("ada", experiment_id="1")
    [balance] = budgets.balances(caps)
    print(json.dumps({"open": len(underway.in_batch), "held": str(balance.held_usd)}), flush=True)
    # Whatever is in a batch is left out: live runs would be refused here, and pause it.
    assert once_alone(lambda: underway.start().result(30) or underway.progress.why) == ""
    assert underway.progress.state == "done"
    services.batching.follow(submission, claude, "k").work.result(60)
    underway.refresh().result(30)
    [balance] = budgets.balances(caps)
    progress = underway.progress
    said = {
        "done": progress.done,
        "spent": str(progress.spent_usd),
        "used": str(balance.used_usd),
        "held": str(balance.held_usd),
    }
    print(json.dumps(said), flush=True)
    services.engine.close()
    services.log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
