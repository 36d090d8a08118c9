"""Collects the results of a batch in chunks: each is matched by its id and saved once.

Independent of where results come from and where they are saved.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

from playground.core.answer.failures import Failure
from playground.core.batch.batch import BatchResult, CollectionReport

CHUNK = 200
"""Results in memory at once: answers can be long."""

Keep = Callable[[Sequence[BatchResult]], Awaitable[None]]


async def collect_results(
    results: AsyncGenerator[BatchResult | Failure, None],
    wanted: Collection[str],
    keep: Keep,
    *,
    chunk: int = CHUNK,
) -> CollectionReport:
    """Hand each wanted result to `keep` once, in chunks that wait for each other.

    A failure with `undecodable` is one damaged line, any other one ends the results early.
    """
    awaited, damaged = set(wanted), 0
    ended: Failure | None = None
    pending: list[BatchResult] = []
    async with aclosing(results):
        async for result in results:
            if isinstance(result, Failure):
                damaged += result.kind == "undecodable"
                ended = ended if result.kind == "undecodable" else result
            # Any other was never asked for, or has come already.
            elif result.custom_id in awaited:
                awaited.remove(result.custom_id)
                pending.append(result)
            if len(pending) >= chunk:
                await keep(pending)
                pending = []
    if pending:
        await keep(pending)
    return CollectionReport(damaged, len(awaited), ended)
