"""A grid before it runs: what is sent for each cell, what is wrong, and the most it can cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from playground.core.answer.events import Usage
from playground.core.batch.batch import why_no_batches
from playground.core.batch.batch_split import BatchRequest, problem_of
from playground.core.batch.submission import worst_case_in_batch
from playground.core.experiment.case_checks import (
    NO_TEXT,
    CaseCheck,
    CheckError,
    check_key,
    checks_of,
    lacks_text,
)
from playground.core.experiment.cases import Cases
from playground.core.experiment.grid import Grid, Setting, filled, require_size, sent_key
from playground.core.experiment.judging import judge_request
from playground.core.money import pricing
from playground.core.money.pricing import Unbounded
from playground.core.request.template import TemplateError
from playground.core.runs.run_plan import Plan, RunContext, Variant, plan
from playground.core.text.listed import listed

MAX_NOTES: Final = 100


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a setting, or about one of its cases. An error keeps those cells from
    being sent; the rest of the grid can run."""

    severity: Literal["error", "warning"]
    setting: int | None
    case: int | None
    text: str


@dataclass(frozen=True, slots=True)
class GridPlan:
    """The grid and what follows from it. `calls` can cost at most `worst_case_usd`; those of
    judges besides about `judges_usd`. Dollars are None where a price is unknown.

    `in_batch_usd`: the most that each call costs in a batch, by what is sent; what no batch
    takes is not there, and `not_in_batch` says why of the first such call."""

    grid: Grid
    calls: int
    judgements: int
    worst_case_usd: Decimal | None
    judges_usd: Decimal | None
    notes: tuple[Note, ...]
    in_batch_usd: Mapping[str, Decimal | None]
    not_in_batch: str = ""

    def batch_of(self, cell_ids: Iterable[str]) -> "BatchBound":
        """What a batch of these cells would be."""
        # A cell's id is what is sent for it, and the number of its repeat.
        keys = (cell_id.rpartition("-")[0] for cell_id in cell_ids)
        sent = [key for key in keys if key in self.in_batch_usd]
        return BatchBound(len(sent), _total((self.in_batch_usd[key] for key in sent), 1))


@dataclass(frozen=True, slots=True)
class BatchBound:
    """How many calls a batch would hold, and the most they can cost in dollars. None:
    unknown."""

    calls: int
    worst_case_usd: Decimal | None


def plan_grid(
    settings: tuple[Setting, ...],
    cases: Cases,
    repeats: int,
    checks: tuple[CaseCheck, ...],
    context: RunContext,
) -> GridPlan:
    """Work out every cell before any is sent. Raises `GridError` for too many of them.

    It takes a tenth of a millisecond for each setting and case: not for each rerun of a page.
    """
    require_size(len(settings), len(cases), repeats)
    builder = _PlanBuilder(context)
    # Cases outside: a case's own checks are JSON, which is read once for all settings.
    for case in range(len(cases)):
        values = cases.values(case)
        judges = builder.judges(case, checks, values)
        for number, setting in enumerate(settings):
            builder.add(number, case, setting, values, judges)
    grid = Grid(settings, cases, repeats, builder.sent)
    return GridPlan(
        grid=grid,
        calls=len(builder.worst_usd) * repeats,
        judgements=len(builder.judges_usd) * repeats,
        worst_case_usd=_total(builder.worst_usd.values(), repeats),
        judges_usd=_total(builder.judges_usd.values(), repeats),
        notes=tuple([*builder.notes, *_duplicates_note(grid)][:MAX_NOTES]),
        in_batch_usd=builder.in_batch_usd,
        not_in_batch=builder.not_in_batch,
    )


def plan_cell(setting: Setting, values: Mapping[str, str], context: RunContext) -> Plan:
    """The plan of one cell, as if its setting were a variant. Raises `TemplateError`."""
    return plan(context, Variant(setting.letter, filled(setting.request, values)))


class _PlanBuilder:
    """What is known of a grid so far; costs by what is sent, since that is run once."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.sent: dict[tuple[int, int], str] = {}
        self.worst_usd: dict[str, Decimal | None] = {}
        self.judges_usd: dict[tuple[str, str], Decimal | None] = {}
        self.in_batch_usd: dict[str, Decimal | None] = {}
        self.not_in_batch = why_no_batches(context.connection) or ""
        self._has_batches = not self.not_in_batch
        self.notes: list[Note] = []
        self._swept: set[int] = set()

    def judges(
        self, case: int, checks: tuple[CaseCheck, ...], values: Mapping[str, str]
    ) -> list[CaseCheck]:
        """The checks of a case for which a model is asked. Notes what is wrong with its checks."""
        try:
            all_checks = checks_of(checks, values)
        except CheckError as error:
            self.notes.append(Note("error", None, case, str(error)))
            return []
        for number, check in enumerate(all_checks, 1):
            if lacks_text(check, values):
                self.notes.append(Note("warning", None, case, f"Check {number}: {NO_TEXT}"))
        return [check for check in all_checks if check.kind == "judge"]

    def add(
        self,
        number: int,
        case: int,
        setting: Setting,
        values: Mapping[str, str],
        judges: list[CaseCheck],
    ) -> None:
        try:
            planned = plan_cell(setting, values, self._context)
        except TemplateError as error:
            # Nothing is sent, but the place needs an id that no other has.
            self.sent[number, case] = f"unsent-{number}-{case}"
            self.notes.append(Note("error", number, case, str(error)))
            return
        # What a sweep sets is the same for every case, and said once.
        if number not in self._swept:
            self._swept.add(number)
            self.notes += _of_sweeps(number, setting, planned)
        key = self.sent[number, case] = sent_key(planned.wire, planned.connection)
        errors = [problem.text for problem in planned.problems if problem.severity == "error"]
        if errors:
            self.notes.append(Note("error", number, case, errors[0]))
            return
        self.worst_usd[key] = planned.worst_case_usd
        if self._has_batches:
            self._add_to_batch(key, planned)
        for judge in judges:
            usd = self._judge_usd(planned, judge, number, case)
            self.judges_usd[key, check_key(judge, values)] = usd

    def _add_to_batch(self, key: str, planned: Plan) -> None:
        # Any id will do: a request gets its own when it is submitted.
        why = problem_of(BatchRequest("a", planned.wire))
        if why is None:
            self.in_batch_usd[key] = worst_case_in_batch(planned, self._context.now)
        else:
            self.not_in_batch = self.not_in_batch or why

    def _judge_usd(self, planned: Plan, judge: CaseCheck, number: int, case: int) -> Decimal | None:
        """An estimate: how long the answer will be, in the judge's tokens, nobody knows
        before. What keeps the judge from being asked at all is noted."""
        values = dict.fromkeys(judge.variables, "")
        try:
            # Something must stand for the answer: an empty message can't be sent.
            request = judge_request(judge, planned.request.prompt, "-", values)
        except TemplateError:
            return None
        judgement = plan(self._context, Variant(planned.letter, request))
        errors = [problem.text for problem in judgement.problems if problem.severity == "error"]
        if errors:
            self.notes.append(Note("warning", number, case, f"The judge: {errors[0]}"))
        if isinstance(judgement.bound, Unbounded):
            return None
        tokens = judgement.bound.prompt_tokens + planned.request.params.max_tokens
        usage = Usage(input_tokens=tokens, output_tokens=request.params.max_tokens)
        to, now = self._context.connection, self._context.now
        prices = pricing.unit_prices(judge.model, to, usage, now)
        return prices.cost_of(usage) if prices else None


def _of_sweeps(number: int, setting: Setting, planned: Plan) -> list[Note]:
    """What a sweep sets and is not sent, or is refused."""
    decisions = [planned.wire.decision(parameter) for parameter, _ in setting.swept]
    unsent = [each for each in decisions if each.state != "sent" or each.refusal]
    return [Note("warning", number, None, decision.why) for decision in unsent]


def _duplicates_note(grid: Grid) -> list[Note]:
    """One note about all settings that send identical requests."""
    pairs = [(other, first) for first, *others in grid.identical_settings for other in others]
    if not pairs:
        return []
    letters = [setting.letter for setting in grid.settings]
    copies = sorted({letters[other] for other, _ in pairs})
    originals = {letters[first] for _, first in pairs}
    if len(pairs) > 1 and len(originals) == 1 and sum(map(letters.count, copies)) == len(pairs):
        verb = "sends" if len(copies) == 1 else "send"
        text = f"{listed(copies)} {verb} the same as {originals.pop()}, whatever is swept"
        return [Note("warning", None, None, f"{text}: it is run once.")]
    other, first = pairs[0]
    name, earlier = grid.settings[other].name, grid.settings[first].name
    text = f"“{name}” sends the same as “{earlier}”"
    if len(pairs) > 1:
        summary = f"{len(pairs):,} settings send the same as an earlier one"
        text = f"{summary}, such as “{name}” as “{earlier}”"
    return [Note("warning", other, None, f"{text}: it is run once.")]


def _total(costs: Iterable[Decimal | None], repeats: int) -> Decimal | None:
    total = Decimal(0)
    for usd in costs:
        # A sum without it would pass for a bound.
        if usd is None:
            return None
        total += usd
    return total * repeats
