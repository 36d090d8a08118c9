"""What one press of Run decided for one variant, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from playground.core import counting, pricing
from playground.core.caps import NO_CAPS, Caps, cap_problems
from playground.core.catalogue import Model
from playground.core.checks import problems, unlisted
from playground.core.connection import Connection
from playground.core.problem import Problem
from playground.core.request import Request
from playground.core.retry import RetryPolicy
from playground.core.wire import Wire, model_id_of, model_on, wire


@dataclass(frozen=True, slots=True)
class Plan:
    """A request with everything that follows from it. Holds no key."""

    press: int
    letter: str
    request: Request
    connection: Connection
    model: Model
    wire: Wire
    policy: RetryPolicy
    problems: tuple[Problem, ...]
    worst_case_usd: Decimal | None
    counted_tokens: int | None = None

    @property
    def can_run(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def asked(self) -> str:
        """The model and how it is asked, in a few words."""
        sent = self.wire.parameters()
        parts = [self.model.name]
        # The extra JSON can put anything into their places.
        temperature, config = sent.get("temperature"), sent.get("output_config")
        if isinstance(temperature, int | float):
            parts.append(f"temperature {temperature:g}")
        if isinstance(config, dict) and "effort" in config:
            parts.append(f"effort {config['effort']}")
        return " · ".join(parts)


def plan(
    press: int,
    letter: str,
    request: Request,
    connection: Connection,
    policy: RetryPolicy,
    models: tuple[Model, ...],
    now: datetime,
    counts: Mapping[str, int] | None = None,
    caps: Caps = NO_CAPS,
) -> Plan:
    """Work out what would go out, what is wrong with it and what it can cost. `counts`
    holds the API's own counts of input tokens, by what was counted."""
    model = model_on(connection, model_id_of(request.params), models)
    sent = wire(request, model, connection)
    counted = (counts or {}).get(counting.count_key(sent, connection))
    return Plan(
        press=press,
        letter=letter,
        request=request,
        connection=connection,
        model=model,
        wire=sent,
        policy=policy,
        problems=(
            *cap_problems(request, sent.body, caps),
            *problems(request, model, now.date(), sent.decisions),
            *([] if connection.kind == "server" else unlisted(model, models)),
        ),
        worst_case_usd=pricing.worst_case(request, connection, now, counted),
        counted_tokens=counted,
    )
