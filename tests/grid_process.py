"""One experiment on the app's own engine, log and clients, as a process that can be killed:
`python grid_process.py URL LOG CELLS`. Each line tells cells that are safe in the log."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import plan_grid
from playground.core.request.connection import Connection, FlatPrice
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import Origin
from playground.settings import Settings
from playground.ui.session.services import Services

ASKS = Request(Prompt("", (Message("user", "Case {{number}}"),)), Params("m", 10))
PRICE = FlatPrice(Decimal(1), Decimal(1))


def services_at(url, log_url, max_runs=8):
    server = Connection("server", "Server", url, PRICE)
    owned = Settings(owner=server, key="k", log_url=log_url, has_database=True)
    return Services(replace(owned, max_runs=max_runs, max_runs_per_visitor=max_runs))


def underway_on(services, cells, at_once=4, telling=lambda dependencies: dependencies):
    """An experiment of so many cases, on the connection of these services."""
    rows = tuple((str(number),) for number in range(cells))
    definition = Experiment("", (Variant("A", ASKS),), (), Cases(("number",), rows))
    definition = replace(definition, at_once=at_once)
    around = RunContext(services.settings.owner, RetryPolicy(), (), datetime.now(UTC))
    planned = plan_grid(definition.settings, definition.cases, 1, (), around)
    dependencies = services.dependencies("k", lambda runs: [None] * len(runs))
    return ExperimentRun(
        Origin("1", "ada", "page", 1), definition, planned, around, telling(dependencies)
    )


class _Telling:
    def __init__(self, log):
        self._log = log

    def __getattr__(self, name):
        return getattr(self._log.experiments, name)

    def save_checks(self, visitor, experiment_id, done):
        refused = self._log.experiments.save_checks(visitor, experiment_id, done)
        assert refused is None
        assert self._log.flush(10)
        print(len(done), flush=True)


def main(url, log_url, cells):
    services = services_at(url, log_url)
    underway = underway_on(
        services,
        int(cells),
        telling=lambda dependencies: replace(dependencies, store=_Telling(services.log)),
    )
    underway.start().result(60)
    progress = underway.progress
    assert services.log.flush(10)
    said = {
        "done": progress.done, "spent": str(progress.spent_usd), "state": progress.state,
        "is_exact": not progress.inexact, "why": progress.why,
    }  # fmt: skip
    print(json.dumps(said), flush=True)
    services.engine.close()
    services.log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
