"""Runs wait in places of which nobody takes all."""

import pytest

from playground.core.request.connection import CLAUDE, DEMO
from playground.core.visitors.queue_places import queue_problem, uses_demo_lane


@pytest.mark.parametrize(
    ("count", "own", "all_", "said"),
    [
        (6, 0, 194, None),
        (6, 0, 195, "195 of 200 places"),
        (6, 44, 44, None),
        (6, 45, 45, "45 of your 50 places"),
    ],
)
def test_the_queue_is_bounded_and_nobody_fills_it_alone(count, own, all_, said):
    problem = queue_problem("visitor-1", count, own, all_, 200)
    assert (problem is None) == (said is None)
    assert said is None or said in problem
    # At one's own machine there is nobody to leave places for.
    assert queue_problem("local", 6, 45, 45, 200) is None
    assert queue_problem("local", 6, 195, 195, 200) is not None


def test_only_a_strangers_run_on_the_demo_can_wait_behind_all_others():
    assert uses_demo_lane("visitor-1", DEMO)
    assert not uses_demo_lane("visitor-1", CLAUDE)
    assert not uses_demo_lane("local", DEMO)
