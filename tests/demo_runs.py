"""Runs on the demo, as the page starts them, on a clock that only sleeping moves."""

import asyncio
import random
from dataclasses import replace

from scripted import NOW, Sleeps

from playground.claude.demo.language_model import language_model
from playground.claude.demo.transport import DemoTransport
from playground.claude.sending import Clients, Timing, send
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run

DOSA = Request(
    Prompt("", (Message("user", "Give me three tips for crisp dosa."),)),
    Params("claude-sonnet-4-6", 300),
)
SILENCE_S = 0.5
"""Real seconds: what ends a stalled stream is the network's timeout."""


def run_on_demo(request=DOSA, scenario="none", *, policy=None, seed=1, pause_s=0.02):
    """One run to its end, folded as the engine folds it."""
    clock = Sleeps()
    clock.now_s = 1_000.0
    timing = Timing(clock.sleep, lambda: clock.now_s, lambda: NOW, lambda: 0.0)
    connection = replace(DEMO, scenario=scenario)
    planned = plan(RunContext(connection, policy or RetryPolicy(), (), NOW), Variant("A", request))
    run = Run("o", "v", planned)
    run.began_s = clock.now_s
    language_model()  # Its training is no silence of the stream's.

    async def drive():
        demo = DemoTransport(pause_s=pause_s, sleep=clock.sleep, rng=random.Random(seed))
        silence_s = SILENCE_S if scenario == "stalled" else None
        clients = Clients(demo=demo, read_timeout_s=silence_s)
        async for event in send(clients, connection, "", planned.wire, planned.policy, timing):
            run.fold(event, clock.now_s)
        await clients.close()

    asyncio.run(drive())
    return run
