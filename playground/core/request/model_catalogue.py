"""Every Claude model this project knows, one line each, as checked on `CHECKED_ON`.

Sources: the models overview, deprecations, effort, thinking, mid-conversation system messages
and migration pages of platform.claude.com, and the SDK's own list of deprecated models. The
account's own list (`models.list`) is merged over this table and wins; anything else a person
types is an unknown model, which is allowed.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final, Literal
from unicodedata import category

# The log's indexes hold the model, and PostgreSQL refuses an entry of more than 2,704 bytes
# (SQLSTATE 54000): such a run could not be logged.
LONGEST_ID: Final = 200
MODEL_ID: Final = f"A model id is one line of at most {LONGEST_ID} characters."
CHECKED_ON = date(2026, 11, 29)

Line = Literal["fable", "mythos", "opus", "sonnet", "haiku", "other"]
Lifecycle = Literal["active", "legacy", "deprecated", "limited", "retired", "unknown"]
ThinkingDefault = Literal["on", "off", "always"]

NO_EFFORT: tuple[str, ...] = ()
EFFORT_3 = ("low", "medium", "high")
EFFORT_4 = ("low", "medium", "high", "max")
EFFORT_5 = ("low", "medium", "high", "xhigh", "max")

BUDGET = frozenset({"enabled", "disabled"})
BOTH = frozenset({"adaptive", "enabled", "disabled"})
ADAPTIVE = frozenset({"adaptive", "disabled"})
ALWAYS = frozenset({"adaptive"})
BETWEEN_TOOLS = frozenset({"adaptive", "between_tools"})


@dataclass(frozen=True, slots=True)
class Model:
    """What one model is and takes.

    `thinking_off_up_to` is the highest effort at which thinking can still be turned off.
    That limits `between_tools` as well: it thinks between tool calls alone.
    `takes_sampling` means a temperature from 0 to 1 under API version 2023-06-01 with
    thinking off; under 2026-10-21 no model takes one. `takes_one_of_two`: temperature or
    top_p, not both. `takes_system_turns`: messages of the role system within the
    conversation. `takes_forced_tools`: it can be made to call a tool. `takes_inference_geo`:
    it can be tied to a region. `takes_fast`: it answers at `speed: fast`. `retires_on` is an
    announced date, the first day without the model.
    `is_known` is false for a model id that only its user has heard of.
    """

    id: str
    name: str
    line: Line
    released: date
    context_tokens: int
    max_output_tokens: int
    lifecycle: Lifecycle = "active"
    retires_on: date | None = None
    takes_sampling: bool = False
    takes_one_of_two: bool = False
    efforts: tuple[str, ...] = EFFORT_5
    default_effort: str | None = "high"
    thinking_types: frozenset[str] = ALWAYS
    thinking_default: ThinkingDefault = "always"
    thinking_off_up_to: str | None = None
    takes_prefill: bool = False
    takes_system_turns: bool = False
    takes_forced_tools: bool = True
    takes_inference_geo: bool = True
    takes_fast: bool = False
    aliases: tuple[str, ...] = ()
    is_known: bool = True

    def is_retired(self, today: date) -> bool:
        """Whether the API answers "not found" by then."""
        return self.retires_on is not None and today >= self.retires_on


# By generation; what a model has otherwise stands in its own line.
_current = partial(
    Model, context_tokens=1_000_000, max_output_tokens=128_000, takes_system_turns=True
)
_of_4_6 = partial(
    Model, context_tokens=1_000_000, max_output_tokens=128_000, takes_sampling=True,
    efforts=EFFORT_4, thinking_types=BOTH, thinking_default="off",
)  # fmt: skip
_of_4_5 = partial(
    Model, context_tokens=200_000, max_output_tokens=64_000, takes_sampling=True,
    takes_one_of_two=True, efforts=NO_EFFORT, default_effort=None, thinking_types=BUDGET,
    thinking_default="off", takes_prefill=True, takes_inference_geo=False,
)  # fmt: skip

# fmt: off
CATALOGUE: tuple[Model, ...] = (
    _current("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", date(2026, 10, 7), thinking_types=ADAPTIVE,
             thinking_default="on", default_effort="medium", thinking_off_up_to="high", takes_one_of_two=True),
    _current("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", date(2026, 9, 28), thinking_types=BETWEEN_TOOLS,
             thinking_default="on", thinking_off_up_to="high", takes_forced_tools=False),
    _current("claude-opus-5-5", "Claude Opus 5.5", "opus", date(2026, 9, 22), default_effort="medium",
             takes_forced_tools=False, takes_fast=True),
    _current("claude-fable-5-2", "Claude Fable 5.2", "fable", date(2026, 11, 9), takes_forced_tools=False,
             takes_fast=True),
    _current("claude-mythos-5-2", "Claude Mythos 5.2", "mythos", date(2026, 11, 9), lifecycle="limited",
             takes_forced_tools=False, takes_fast=True),
    _current("claude-fable-5-1", "Claude Fable 5.1", "fable", date(2026, 9, 1), takes_forced_tools=False),
    _current("claude-mythos-5-1", "Claude Mythos 5.1", "mythos", date(2026, 9, 1), lifecycle="limited",
             takes_forced_tools=False),
    _current("claude-opus-5", "Claude Opus 5", "opus", date(2026, 7, 24), thinking_types=ADAPTIVE,
             thinking_default="on", thinking_off_up_to="high", takes_fast=True),
    _current("claude-sonnet-5", "Claude Sonnet 5", "sonnet", date(2026, 6, 30), thinking_types=ADAPTIVE,
             thinking_default="on", takes_system_turns=False),
    _current("claude-fable-5", "Claude Fable 5", "fable", date(2026, 6, 9), lifecycle="legacy"),
    _current("claude-mythos-5", "Claude Mythos 5", "mythos", date(2026, 6, 9), lifecycle="limited"),
    # Its fast answers ended on 2026-11-30.
    _current("claude-opus-4-8", "Claude Opus 4.8", "opus", date(2026, 5, 28), lifecycle="legacy",
             thinking_types=ADAPTIVE, thinking_default="off"),
    _current("claude-opus-4-7", "Claude Opus 4.7", "opus", date(2026, 4, 16), lifecycle="legacy",
             thinking_types=ADAPTIVE, thinking_default="off", takes_system_turns=False),
    _of_4_6("claude-sonnet-4-6", "Claude Sonnet 4.6", "sonnet", date(2026, 2, 17), lifecycle="legacy"),
    _of_4_6("claude-opus-4-6", "Claude Opus 4.6", "opus", date(2026, 2, 5), lifecycle="legacy"),
    _of_4_5("claude-haiku-4-5", "Claude Haiku 4.5", "haiku", date(2025, 10, 15),
            aliases=("claude-haiku-4-5-20251001",)),
    _of_4_5("claude-opus-4-5", "Claude Opus 4.5", "opus", date(2025, 11, 24), lifecycle="deprecated",
            retires_on=date(2027, 1, 22), efforts=EFFORT_3, default_effort="high", takes_one_of_two=False,
            aliases=("claude-opus-4-5-20251101",)),
    _of_4_5("claude-sonnet-4-5", "Claude Sonnet 4.5", "sonnet", date(2025, 9, 29), lifecycle="deprecated",
            retires_on=date(2026, 11, 30), aliases=("claude-sonnet-4-5-20250929",)),
)
# fmt: on

_BY_ID = {key: model for model in CATALOGUE for key in (model.id, *model.aliases)}


def is_model_id(text: str) -> bool:
    """Whether a text can be a model's id: `MODEL_ID` says what it must be. An empty one is
    that of a model which is still to be chosen."""
    # Controls, line breaks, and halves of a surrogate pair, which UTF-8 cannot write.
    return len(text) <= LONGEST_ID and not any(
        category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in text
    )


def find(model_id: str) -> Model | None:
    """The catalogue's entry for an id or a dated id, or None."""
    return _BY_ID.get(model_id)


def unknown(model_id: str) -> Model:
    """A model nobody described: generous limits, so that its own server decides."""
    return Model(
        id=model_id,
        name=model_id,
        line="other",
        context_tokens=1_000_000,
        max_output_tokens=1_000_000,
        released=date.min,
        lifecycle="unknown",
        default_effort=None,
        thinking_types=BOTH | BETWEEN_TOOLS,
        thinking_default="off",
        takes_prefill=True,
        takes_system_turns=True,
        takes_fast=True,
        is_known=False,
    )


def merge(live: tuple[Model, ...]) -> tuple[Model, ...]:
    """The models an account really has, each with what the catalogue knows of it.

    `live` holds what `models.list` says. Its limits, lifecycle and thinking types win;
    sampling and prefill, which the API does not report, come from the catalogue or,
    for a model it lacks, from the thinking types: only models that take a thinking
    budget take a temperature, and only those without adaptive thinking a prefill.
    """
    return tuple(_merged(model) for model in live)


def _merged(live: Model) -> Model:
    known = find(live.id)
    base = known or unknown(live.id)
    takes_budget = "enabled" in live.thinking_types
    takes_prefill = takes_budget and "adaptive" not in live.thinking_types
    return replace(
        base,
        id=live.id,
        name=live.name,
        context_tokens=live.context_tokens or base.context_tokens,
        max_output_tokens=live.max_output_tokens or base.max_output_tokens,
        lifecycle=base.lifecycle if live.lifecycle == "unknown" else live.lifecycle,
        retires_on=live.retires_on or base.retires_on,
        # A list without capabilities, as servers that imitate the API send, says nothing of
        # efforts; one that has them means it when it names none.
        efforts=live.efforts
        if known is None and live.thinking_types
        else live.efforts or base.efforts,
        thinking_types=live.thinking_types or base.thinking_types,
        takes_sampling=known.takes_sampling if known else takes_budget,
        takes_prefill=known.takes_prefill if known else takes_prefill or not live.thinking_types,
        takes_system_turns=known.takes_system_turns if known else True,
    )
