"""The places in which runs wait: how many there are, and how many a visitor may take."""

from playground.core.request.connection import Connection
from playground.core.visitors.access import LOCAL

SHARE_OF_QUEUE = 4
"""One visitor may fill no more than this part of the places to wait in."""


def uses_demo_lane(visitor: str, connection: Connection) -> bool:
    """Whether a run is a stranger's on the demo: nobody's money or machine waits for it."""
    return visitor != LOCAL and connection.kind == "demo"


def demo_lane_size(most: int) -> int:
    """How many places strangers' demo runs have beside `most` for all others."""
    return max(1, most // 2)


def queue_problem(visitor: str, count: int, own: int, all_: int, most: int) -> str | None:
    """Why `count` more runs may not wait, where `all_` do, `own` of them this visitor's."""
    if all_ + count > most:
        return f"Not started: {all_:,} of {most:,} places in the queue are taken. Try again soon."
    # At least one: a short queue would otherwise let no stranger in at all.
    share = max(1, most // SHARE_OF_QUEUE)
    if visitor != LOCAL and own + count > share:
        return f"Not started: {own:,} of your {share:,} places in the queue are taken."
    return None
