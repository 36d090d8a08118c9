"""A connection to PostgreSQL that is given up where the server says nothing any more. Apart from
the rest, for its driver takes longer to import than a log in a file takes to open."""

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Answer = TypeVar("Answer")


class BoundedConnection(psycopg.Connection[Any]):
    """Closes itself once nothing has moved for `max_s`. A server or a proxy that hangs, or whose
    disk does, keeps up the connection all the same: no timeout of the network ends that wait."""

    max_s = 60.0

    def wait(
        self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None
    ) -> Answer:
        return super().wait(self._bounded(gen), interval, timeout)

    def _bounded(self, gen: PQGen[Answer]) -> PQGen[Answer]:
        moved_s = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                # The driver looks several times a second, and brings 0 where nothing has moved.
                ready = yield wanted
                if ready:
                    moved_s = time.monotonic()
                elif time.monotonic() - moved_s > self.max_s:
                    # Of what is under way nobody knows how it ends: the next would read its reply.
                    self.close()
                    raise psycopg.OperationalError("the server has fallen silent")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
