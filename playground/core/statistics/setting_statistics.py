"""What the cells of one setting add up to: the head of its column."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from playground.core.money.pricing import CostKind
from playground.core.statistics.intervals import Distribution, Rate, distribution, how_sure, rate

NO_NUMBER = "–"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a finished cell is known by. `passed` is None where its checks could not tell, or
    where there are none; the numbers are None where the run has none."""

    is_error: bool
    passed: bool | None
    cost_usd: Decimal | None = None
    ttft_s: float | None = None
    duration_s: float | None = None
    output_tokens: int | None = None
    cost_kind: CostKind = "exact"


@dataclass(frozen=True, slots=True)
class SettingStatistics:
    """The head of a column. A cell in error has not passed; `undecided` ones are not in the
    rate `passed`; `unpriced` cells have an unknown cost, and are not in `cost_usd`.
    The costs of `simulated` cells are the demo's, those of `at_least` and `at_most` ones bounds."""

    count: int
    errors: int
    passed: Rate | None
    undecided: int
    unpriced: int
    simulated: int
    cost_usd: Distribution | None
    ttft_s: Distribution | None
    duration_s: Distribution | None
    output_tokens: Distribution | None
    at_least: int = 0
    at_most: int = 0

    @property
    def caution(self) -> str | None:
        """Why the pass rate says little, where it does."""
        return how_sure(self.passed, "answer", "pass rate") if self.passed else None

    @property
    def pass_words(self) -> str | None:
        """The pass rate with its interval; counts instead where some are undecided, since a
        share would hide them. None where there are no checks."""
        if self.undecided:
            decided = f"{self.passed.count} of {self.passed.of}, " if self.passed else ""
            return f"{decided}{self.undecided:,} undecided"
        if self.passed is None:
            return None
        low, high = self.passed.interval.low, self.passed.interval.high
        return f"{100 * self.passed.share:.0f} % ({100 * low:.0f}–{100 * high:.0f} %)"

    @property
    def cost_words(self) -> str | None:
        """The mean cost of a cell, marked where it is a bound, or not money that anybody pays."""
        if self.cost_usd is None:
            return None
        # Six decimals: a short answer of a small model costs some hundred-thousandths of a dollar.
        return f"${self.cost_usd.mean:.6f}{kind_words([self])}"


NUMBER_NAMES = ("Passed", "Cost", "First token", "Duration", "Tokens out")


def numbers_of(head: SettingStatistics) -> tuple[str, ...]:
    """A text for each of `NUMBER_NAMES`: mean ± standard deviation, and the 95th percentile."""
    return (
        head.pass_words or NO_NUMBER,
        _in_words(head.cost_usd, "${:.6f}") + kind_words([head]),
        _in_words(head.ttft_s, "{:.2f} s"),
        _in_words(head.duration_s, "{:.2f} s"),
        _in_words(head.output_tokens, "{:.0f}"),
    )


def _in_words(numbers: Distribution | None, form: str) -> str:
    if numbers is None:
        return NO_NUMBER
    deviation = "" if numbers.sd is None else f" ± {form.format(numbers.sd)}"
    return f"{form.format(numbers.mean)}{deviation}, p95 {form.format(numbers.p95)}"


def kind_words(heads: Sequence[SettingStatistics]) -> str:
    """What follows on the costs of some settings: how far they are simulated, or bounds."""
    return simulated_words(heads) + _bound_words(heads)


def simulated_words(heads: Sequence[SettingStatistics]) -> str:
    """How far the costs of some settings are simulated; empty: not at all."""
    simulated = sum(head.simulated for head in heads)
    if not simulated:
        return ""
    priced = sum(head.count - head.unpriced for head in heads)
    return " simulated" if simulated == priced else " partly simulated"


def _bound_words(heads: Sequence[SettingStatistics]) -> str:
    at_least, at_most = any(head.at_least for head in heads), any(head.at_most for head in heads)
    if at_least and at_most:
        return " (with bounds)"
    return " (at least)" if at_least else " (at most)" if at_most else ""


def setting_statistics(cells: Sequence[Measured], *, has_checks: bool) -> SettingStatistics:
    """The statistics of one setting's finished cells."""
    # Times and tokens are those of answers: an error comes at once, and would make a setting fast.
    answered = [cell for cell in cells if not cell.is_error]
    passed = sum(cell.passed is True for cell in cells)
    # An error counts against the rate: left out, a setting that mostly fails could be the best.
    decided = [cell for cell in cells if cell.is_error or cell.passed is not None]
    # Costs are those of all cells: an answer that breaks off is an error, and billed.
    costs = [cell.cost_usd for cell in cells if cell.cost_usd is not None]
    kinds = Counter(cell.cost_kind for cell in cells if cell.cost_usd is not None)
    return SettingStatistics(
        count=len(cells),
        errors=len(cells) - len(answered),
        passed=rate(passed, len(decided)) if has_checks else None,
        undecided=len(cells) - len(decided) if has_checks else 0,
        unpriced=len(cells) - len(costs),
        simulated=kinds["simulated"],
        cost_usd=distribution([float(usd) for usd in costs]),
        ttft_s=_known(cell.ttft_s for cell in answered),
        duration_s=_known(cell.duration_s for cell in answered),
        output_tokens=_known(cell.output_tokens for cell in answered),
        at_least=kinds["at least"],
        at_most=kinds["at most"],
    )


def _known(values: Iterable[float | None]) -> Distribution | None:
    return distribution([value for value in values if value is not None])
