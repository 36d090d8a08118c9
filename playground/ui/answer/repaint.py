"""How far the page's runs have come, and how often they are painted meanwhile."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from playground.ui.answer.timeline import stage
from playground.ui.server.feed import FEW_PAGES
from playground.ui.session import state
from playground.ui.session.answers_state import drawn_whole, set_drawn_whole
from playground.ui.session.services import services

MOST_MADE_WHOLE = 40_000
"""Characters of answers on their way that become Markdown at once when they are over: of six
long ones that end together the browser would make nothing else for seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between paints up to so many characters on the page, and up to so many pages
    in the process: each paint costs what is on the screen, and takes from the others."""

    by_size: tuple[tuple[float, float], ...]
    by_pages: tuple[tuple[float, float], ...]

    def size_step(self, size: int) -> int:
        return next(step for step, (most, _) in enumerate(self.by_size) if size <= most)

    def interval_s(self, size: int, pages: int) -> float:
        by_pages = next(s for most, s in self.by_pages if pages <= most)
        return max(self.by_size[self.size_step(size)][1], by_pages)


# The feed brings the text: a paint turns it into Markdown.
FED = Pace(((20_000, 0.5), (60_000, 1.0), (inf, 2.0)), ((3, 0.5), (10, 1.5), (25, 4.0), (inf, 8.0)))
# One process paints some fifty times a second; asked for more it paints nothing at all,
# since a run that begins before the last one was sent takes its place.
POLLED = Pace(
    ((30_000, 0.1), (80_000, 0.2), (160_000, 0.3), (inf, 0.4)), ((5, 0.1), (20, 0.4), (inf, 1.2))
)


@dataclass(frozen=True, slots=True)
class Phase:
    """What of the runs the whole page depends on: how many are over or have thought
    aloud, how far retries have come, whether their texts come by themselves, and the pace
    of painting meanwhile."""

    over: int
    thinking: int
    retries: int
    is_fed: bool
    size_step: int = 0
    # Other pages come and go: that alone is no reason to draw this one anew.
    interval_s: float | None = field(default=None, compare=False)
    is_crowded: bool = field(default=False, compare=False)

    def outdates(self, drawn_in: "Phase") -> bool:
        """Whether a page that was drawn in that phase is to be drawn anew: among many pages
        not for the end of one run of several, nor for a text that has grown long."""
        if self.is_crowded:
            drawn_in = replace(drawn_in, over=self.over, size_step=self.size_step)
        return self != drawn_in


def next_phase() -> Phase:
    """The phase now, with one more step made towards drawing whole what is over. Taken before
    anything is drawn, so that no change falls between."""
    runs = tuple(state.runs().values())
    whole = made_whole(runs, drawn_whole())
    set_drawn_whole(whole)
    is_fed, pages = state.fed_page().is_fed, services().engine.live_owners
    return phase_of(runs, is_fed=is_fed, pages=pages, whole=len(whole))


def made_whole(runs: Sequence[Any], before: Collection[str]) -> frozenset[str]:
    """The ids of the runs to be drawn whole, when those were before: one more that is over,
    or several that are short."""
    kept = made = frozenset(run.id for run in runs if run.id in before)
    size = 0
    for run in runs:
        if run.is_over and run.id not in kept:
            size += len(run.text) + len(run.thinking)
            if size > MOST_MADE_WHOLE and made != kept:
                break
            made |= {run.id}
    return made


def phase_of(runs: Sequence[Any], *, is_fed: bool, pages: int, whole: int) -> Phase:
    """The phase of these runs, so many of them drawn whole, where so many pages have live
    ones."""
    over = sum(run.is_over for run in runs)
    thinking = sum(bool(run.thinking) for run in runs)
    is_over = over == len(runs)
    if is_over and (whole == over or not is_fed):
        return Phase(over, thinking, stage(runs), is_fed=False)
    pace = FED if is_fed else POLLED
    # What is over is painted once, be it long or short.
    size = 0 if is_over else sum(len(run.text) + len(run.thinking) for run in runs)
    interval_s = pace.interval_s(size, pages)
    step = pace.size_step(size)
    is_crowded = pages > FEW_PAGES and not is_over  # Run comes back with the last end.
    return Phase(over, thinking, stage(runs), is_fed, step, interval_s, is_crowded)
