"""The smallest model that does the job: which rung of a ladder to try next, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

RungState = Literal["open", "passed", "failed"]


@dataclass(frozen=True, slots=True)
class Rung:
    """How a model has done so far on `cases` cells. `passed` and `failed` are counts; what
    could not be decided counts as failed. `cost_usd` is None where a cost is unknown."""

    model: str
    cases: int
    passed: int = 0
    failed: int = 0
    cost_usd: Decimal | None = Decimal(0)

    @property
    def is_finished(self) -> bool:
        return self.passed + self.failed >= self.cases

    def state(self, least_share: float = 1.0) -> RungState:
        """Whether enough passed; failed as soon as enough no longer can."""
        if (self.cases - self.failed) / self.cases < least_share:
            return "failed"
        return "passed" if self.is_finished else "open"


@dataclass(frozen=True, slots=True)
class Step:
    """Run a model: to see whether it does the job, or only to compare with it."""

    model: str
    purpose: Literal["climb", "compare"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the ladder came to. `model` is the smallest that does the job, None: none does.
    `cost_multiple` is how much more the largest costs, where both costs are known."""

    model: str | None
    sentence: str
    cost_multiple: float | None = None


def next_step(
    ladder: Sequence[str],
    rungs: Sequence[Rung],
    *,
    least_share: float = 1.0,
    compares: bool = True,
) -> Step | None:
    """What to run now, given the rungs run so far; None: it is over.

    With `compares` the largest model is run as well once a smaller one has passed.
    """
    known = {rung.model: rung for rung in rungs}
    for model in ladder:
        rung = known.get(model)
        state = rung.state(least_share) if rung else "open"
        if state == "open":
            return Step(model, "climb")
        if state == "passed":
            largest = known.get(ladder[-1])
            is_compared = largest is not None and largest.is_finished
            return Step(ladder[-1], "compare") if compares and not is_compared else None
    return None


def found(ladder: Sequence[str], rungs: Sequence[Rung], *, least_share: float = 1.0) -> Found:
    """The result, once there is no next step."""
    known = {rung.model: rung for rung in rungs}
    tried = [known[model] for model in ladder if model in known]
    smallest = next((rung for rung in tried if rung.state(least_share) == "passed"), None)
    if smallest is None:
        return Found(None, "No model of the ladder passes the checks.")
    largest = known.get(ladder[-1])
    if largest is smallest:
        return Found(smallest.model, f"Only the largest, {smallest.model}, passes the checks.")
    multiple = _multiple(smallest, largest) if largest and largest.is_finished else None
    sentence = f"{smallest.model} is the smallest that passes the checks."
    if multiple is not None and largest is not None:
        sentence = f"{sentence[:-1]}; {largest.model} costs {multiple:.1f} times as much."
    return Found(smallest.model, sentence, multiple)


def agreement(pairs: Sequence[tuple[bool | None, bool | None]]) -> float | None:
    """The share of cells on which two models agree, of those that both decide."""
    decided = [one == other for one, other in pairs if one is not None and other is not None]
    return sum(decided) / len(decided) if decided else None


def _multiple(smallest: Rung, largest: Rung) -> float | None:
    if not smallest.cost_usd or largest.cost_usd is None:
        return None
    return float((largest.cost_usd / largest.cases) / (smallest.cost_usd / smallest.cases))
