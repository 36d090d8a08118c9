"""Which parameters survive for a model under each API version, as a table of words."""

from collections.abc import Callable
from dataclasses import dataclass

from playground.core.request.model_catalogue import Model
from playground.core.request.request import CURRENT_VERSION, EFFORTS, SAMPLING_VERSION
from playground.core.wire.body_refusals import Target, Unavailable, prefill_refusal
from playground.core.wire.wire import (
    MIN_TOP_P_THINKING,
    ONLY_VALUE,
    SAMPLING,
    THINKING_TYPES,
    effort_refusal,
    sampling_refusal,
    thinking_refusal,
)

VERSIONS = (SAMPLING_VERSION, CURRENT_VERSION)
SENT, UNKNOWN = "sent", "not known"
_ALWAYS = "max_tokens, stop_sequences, cache_control, service_tier"
_PROBE = 0.5
"""A value that is no model's default."""


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, and what each of `VERSIONS` does with it."""

    parameter: str
    cells: tuple[str, ...]


def version_table(model: Model, *, is_foreign: bool) -> tuple[Row, ...]:
    """What becomes of each parameter of a model under each version."""
    targets = [Target(model, version, is_foreign) for version in VERSIONS]

    def row(parameter: str, cell: Callable[[Target], str]) -> Row:
        return Row(parameter, tuple(cell(target) for target in targets))

    return (
        *(row(name, lambda to, name=name: _sampling(name, to)) for name in SAMPLING),  # type: ignore[misc]
        row("effort", _effort),
        *(
            row(f"thinking: {name}", lambda to, kind=kind: _thinking(kind, to))  # type: ignore[misc]
            for name, kind in THINKING_TYPES.items()
        ),
        row("prefill", _prefill),
        row(_ALWAYS, lambda _: SENT),
    )


def _answer(refusal: Unavailable | None, otherwise: str = SENT) -> str:
    if refusal is None:
        return otherwise
    return f"refused: “{refusal.text}”" if refusal.text else "refused (error text not confirmed)"


def _sampling(name: str, target: Target) -> str:
    model = target.model
    if target.is_foreign:
        return SENT
    if target.version == SAMPLING_VERSION and not model.is_known:
        return UNKNOWN
    refusal = sampling_refusal(name, _PROBE, target, thinks=False)
    if refusal and target.version == SAMPLING_VERSION and name in ONLY_VALUE:
        return f"default only ({ONLY_VALUE[name]:g}), otherwise {_answer(refusal)}"
    return _answer(refusal, _taken(name, model))


def _taken(name: str, model: Model) -> str:
    """How a model that samples takes a parameter."""
    if name == "temperature":
        return "sent, from 0 to 1, with thinking off"
    if name == "top_k":
        return "sent, with thinking off"
    beside = ", not beside temperature" if model.takes_one_of_two else ""
    return f"sent{beside}; from {MIN_TOP_P_THINKING} while it thinks"


def _effort(target: Target) -> str:
    levels = target.model.efforts
    return f"sent: {', '.join(levels)}" if levels else _answer(effort_refusal(EFFORTS[0], target))


def _thinking(kind: str, target: Target) -> str:
    if not target.model.is_known:
        return SENT if target.is_foreign else UNKNOWN
    highest = target.model.thinking_off_up_to
    is_limited = kind in ("disabled", "between_tools") and highest is not None
    taken = f"sent, up to effort {highest}" if is_limited else SENT
    return _answer(thinking_refusal(kind, None, target), taken)


def _prefill(target: Target) -> str:
    if not target.model.is_known:
        return SENT if target.is_foreign else UNKNOWN
    taken = "sent, with thinking off"
    return _answer(prefill_refusal("", target, thinks=False), taken)
