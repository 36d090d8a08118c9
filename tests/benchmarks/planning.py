"""What 17 KB of extra JSON add to the time of planning: `python -m tests.benchmarks.planning`.

Both sides in turns in one process: one plan, and a grid of 100 cells. The first plan of new
extra JSON parses it; it is measured apart.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Sweep
from playground.core.experiment.grid_plan import plan_grid
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan

TARGET = 1.5
BYTES = 17_000
CONTEXT = RunContext(
    CLAUDE, RetryPolicy(), (), datetime.now(UTC), key_holder="owner", is_stranger=True,
    has_budget=True,
)  # fmt: skip


def extra_json() -> str:
    """Definitions of tools, as people paste them."""
    city = {"type": "string", "description": "The city, such as Chennai"}
    schema = {"type": "object", "properties": {"city": city}, "required": ["city"]}
    tools: list[dict[str, object]] = []
    while len(text := json.dumps({"tools": tools}, indent=2)) < BYTES:
        name = f"weather_{len(tools)}"
        tools.append({"name": name, "description": "Tells the weather.", "input_schema": schema})
    return text


def request(extra: str) -> Request:
    prompt = Prompt("Be brief.", (Message("user", "What is the weather in {{city}}?"),))
    return Request(prompt, Params("claude-sonnet-4-6", 300, temperature=0.2, extra_json=extra))


def one(asked: Request) -> None:
    plan(CONTEXT, Variant("A", asked))


def grid(asked: Request) -> None:
    """Ten settings of ten cases."""
    cases = Cases(("city",), tuple((f"City {number}",) for number in range(10)))
    sweeps = (Sweep("max_tokens", tuple(range(100, 1_100, 100))),)
    definition = Experiment("", (Variant("A", asked),), sweeps, cases)
    planned = plan_grid(definition.settings, cases, 1, (), CONTEXT)
    assert planned.calls == 100


def timed(work: Callable[[Request], None], asked: Request, times: int) -> float:
    began_s = time.perf_counter()
    for _ in range(times):
        work(asked)
    return (time.perf_counter() - began_s) / times


def compare(
    name: str, work: Callable[[Request], None], extra: str, times: int, rounds: int
) -> float:
    """The median of what the extra JSON multiplies the time by, a pair a round."""
    without, with_it = request(""), request(extra)
    pairs = [(timed(work, without, times), timed(work, with_it, times)) for _ in range(rounds)]
    before_s, after_s = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(after / before for before, after in pairs)
    print(f"{name}: {before_s * 1e3:.3f} ms, with it {after_s * 1e3:.3f} ms: {ratio:.2f} times")
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=41)
    rounds = parser.parse_args().rounds
    extra = extra_json()
    print(f"{len(extra):,} characters of extra JSON")
    firsts = [timed(one, replace(request(extra)), 1) for _ in range(rounds)]
    print(f"The first plan, which parses it: {statistics.median(firsts) * 1e3:.3f} ms")
    ratios = [compare("One plan", one, extra, 50, rounds)]
    ratios.append(compare("A grid of 100 cells", grid, extra, 1, rounds))
    print(f"At most {TARGET}: {'yes' if max(ratios) <= TARGET else 'NO'}")


if __name__ == "__main__":
    main()
