"""The smallest model that does the job: which rung of a ladder to try next, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

RungState = Literal["open", "passed", "failed", "undecided"]


@dataclass(frozen=True, slots=True)
class Rung:
    """How a model has done so far on `cases` cells: so many of them `passed`, `failed`, or are
    `undecided`, for want of a verdict. `cost_usd` is None where a cost is unknown."""

    model: str
    cases: int
    passed: int = 0
    failed: int = 0
    undecided: int = 0
    cost_usd: Decimal | None = Decimal(0)

    @property
    def finished(self) -> int:
        return self.passed + self.failed + self.undecided

    @property
    def is_finished(self) -> bool:
        return self.finished >= self.cases

    def state(self, least_share: float = 1.0) -> RungState:
        """Whether enough passed; failed as soon as enough no longer can."""
        if (self.cases - self.failed) / self.cases < least_share:
            return "failed"
        if not self.is_finished:
            return "open"
        return "passed" if self.passed / self.cases >= least_share else "undecided"


@dataclass(frozen=True, slots=True)
class LadderResult:
    """What the ladder came to. `model` is the smallest that does the job, as far as that was
    decided; None: none does."""

    model: str | None
    sentence: str


def next_model(
    ladder: Sequence[str], rungs: Sequence[Rung], *, least_share: float = 1.0
) -> str | None:
    """What to run now, given the rungs run so far; None: it is over. Once a smaller model has
    passed, the largest is run as well, to be compared."""
    by_model = {rung.model: rung for rung in rungs}
    for model in ladder:
        rung = by_model.get(model)
        state = rung.state(least_share) if rung else "open"
        if state == "open":
            return model
        # What failed or is undecided is passed over: the next model may do the job.
        if state == "passed":
            largest = by_model.get(ladder[-1])
            is_compared = largest is not None and largest.is_finished
            return None if is_compared else ladder[-1]
    return None


def ladder_result(
    ladder: Sequence[str], rungs: Sequence[Rung], *, least_share: float = 1.0
) -> LadderResult:
    """The result, once there is no next step."""
    by_model = {rung.model: rung for rung in rungs}
    tried = [by_model[model] for model in ladder if model in by_model]
    smallest = next((rung for rung in tried if rung.state(least_share) == "passed"), None)
    below = tried if smallest is None else tried[: tried.index(smallest)]
    undecided = [rung for rung in below if rung.state(least_share) == "undecided"]
    passes = "is known to pass" if undecided else "passes"
    without = f" Undecided: {_in_words(undecided)}." if undecided else ""
    if smallest is None:
        return LadderResult(None, f"No model of the ladder {passes} the checks.{without}")
    largest = by_model.get(ladder[-1])
    if largest is smallest:
        only = f"Only the largest, {smallest.model}, {passes} the checks.{without}"
        return LadderResult(smallest.model, only)
    multiple = _multiple(smallest, largest) if largest and largest.is_finished else None
    sentence = f"{smallest.model} is the smallest that {passes} the checks."
    if multiple is not None and largest is not None:
        sentence = f"{sentence[:-1]}; {largest.model} costs {multiple:.1f} times as much."
    return LadderResult(smallest.model, f"{sentence}{without}")


def agreement(pairs: Sequence[tuple[bool | None, bool | None]]) -> float | None:
    """The share of cells on which two models agree, of those that both decide."""
    decided = [one == other for one, other in pairs if one is not None and other is not None]
    return sum(decided) / len(decided) if decided else None


def _in_words(undecided: Sequence[Rung]) -> str:
    """Such as: haiku, 2 of 4 cells without a verdict."""
    first, *others = undecided
    text = f"{first.model}, {first.undecided:,} of {first.cases:,} cells without a verdict"
    more = [f"{rung.model}, {rung.undecided:,} of {rung.cases:,}" for rung in others]
    return "; ".join([text, *more])


def _multiple(smallest: Rung, largest: Rung) -> float | None:
    # A cost of zero has no multiple.
    if not smallest.cost_usd or largest.cost_usd is None:
        return None
    # Per cell: what would be sent twice is run once, so rungs may differ in size.
    return float((largest.cost_usd / largest.cases) / (smallest.cost_usd / smallest.cases))
