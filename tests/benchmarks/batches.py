"""What taking in the results of a large batch costs: time and memory.

    PYTHONPATH=tests python -m tests.benchmarks.batches

A stand-in for the network answers with as many results of a few thousand characters; they
are read, priced, and written into a log in a file. Target: 10,000 in 30 s, 100 MB on top.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2
from scripted import REQUEST

from playground.batches.interfaces import SubmissionItem
from playground.batches.submitting import BatchService
from playground.claude.batch.batches import BatchApi
from playground.claude.batch.results import results
from playground.claude.sending import Clients
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import new_run_ids
from playground.experiments.claims import Claims
from playground.store.log import RunLog

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Lines(httpx2.AsyncByteStream):
    """The results, made one at a time as they are read."""

    def __init__(self, ids: list[str], characters: int) -> None:
        self._ids, self._text = ids, "word " * (characters // 5)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for custom_id in self._ids:
            message = {
                "type": "message",
                "content": [{"type": "text", "text": self._text}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 100, "output_tokens": len(self._text) // 4},
            }
            row = {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}
            yield json.dumps(row).encode() + b"\n"


class Api(httpx2.AsyncBaseTransport):
    """A batch that has always ended."""

    def __init__(self, ids: list[str], characters: int) -> None:
        self._ids, self._characters = ids, characters

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/results"):
            return httpx2.Response(200, stream=Lines(self._ids, self._characters))
        await request.aread()
        counts = {"processing": 0, "succeeded": len(self._ids)}
        moment = NOON.isoformat()
        body = {"id": "b1", "processing_status": "ended", "request_counts": counts}
        return httpx2.Response(200, json=body | {"created_at": moment, "ended_at": moment})


class Admitted:
    """Money is no matter here."""

    def take(self, wanted: Sequence[SubmissionItem]) -> None:
        """Admit these."""

    def give_back(self, wanted: Sequence[SubmissionItem]) -> None:
        """Nothing was reserved."""


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def whole_way(log: RunLog, ids: list[str], characters: int) -> dict[str, object]:
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOON), Variant("A", REQUEST))
    api = BatchApi(Clients(transport=Api(ids, characters)))

    async def calls():
        return api, partial(results, api)

    batching = BatchService(asyncio.ensure_future, log, log.batches, calls, Claims(log.claims))
    wanted = [SubmissionItem(run_id, planned) for run_id in ids]
    began_s, before_mb = time.perf_counter(), peak_mb()
    submitting = batching.submit("ada", "sk-benchmark", wanted, Admitted())
    [submission] = (await submitting).submissions
    submitted_s, between_mb = time.perf_counter(), peak_mb()
    following = batching.follow(submission, CLAUDE, "sk-benchmark")
    await following.work
    ended_s = time.perf_counter()
    await api.clients.close()
    assert following.submission.is_collected, following.problem
    return {
        "results": len(ids),
        "submitting, s": round(submitted_s - began_s, 1),
        "submitting, MB on top": round(between_mb - before_mb),
        "taking in, s": round(ended_s - submitted_s, 1),
        "taking in, MB on top": round(peak_mb() - between_mb),
    }


def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = RunLog(f"sqlite:///{Path(folder)}/runs.db", clock=lambda: datetime.now(UTC))
        found = asyncio.run(whole_way(log, new_run_ids(options.results), options.characters))
        assert log.count("ada") == options.results
        log.close()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--characters", type=int, default=4_000)
    measure(parser.parse_args())
