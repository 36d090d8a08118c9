"""How large a visitor's requests may be, what they may hold, and how many runs may wait.

A visitor at this machine has no caps but the queue's; one who brings a key only
that on a prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from playground.core.checks.allowed_fields import ALLOWED
from playground.core.checks.problems import Problem, setting
from playground.core.request.connection import Connection
from playground.core.request.extra_json import quoted
from playground.core.request.request import Request
from playground.core.visitors.access import LOCAL
from playground.core.wire.wire import Wire

SHARE_OF_QUEUE = 4
"""One visitor may fill no more than this part of the places to wait in."""


@dataclass(frozen=True, slots=True)
class Caps:
    """None: no limit of this app's."""

    max_tokens: int | None = None
    prompt_chars: int | None = None
    variants: int | None = None

    def for_visitor(self, *, is_local: bool, is_owners: bool) -> "Caps":
        """The caps on a visitor; `is_owners`: at the owner's expense."""
        if is_local:
            return NO_CAPS
        return self if is_owners else Caps(prompt_chars=self.prompt_chars)


NO_CAPS = Caps()


def cap_problems(request: Request, body: Mapping[str, object], caps: Caps) -> list[Problem]:
    """Why a request is too large; `body` is what would be sent."""
    problems = []
    if caps.prompt_chars is not None:
        params, prompt = request.params, request.prompt
        # Whatever is written counts: else a text would pass the cap as extra JSON.
        texts = (prompt.system, params.extra_json, *params.stop_sequences)
        size = sum(map(len, texts)) + sum(len(message.whole) for message in prompt.messages)
        if size > caps.prompt_chars:
            text = f"The prompt has {size:,} characters. This app takes {caps.prompt_chars:,}."
            problems.append(Problem("error", text))
    if caps.max_tokens is not None:
        max_tokens = body.get("max_tokens")
        # Whatever else the extra JSON makes of it could mean any number to a server.
        if not isinstance(max_tokens, int) or max_tokens > caps.max_tokens:
            most = caps.max_tokens
            is_typed = max_tokens == request.params.max_tokens
            fix = setting("cap_max_tokens", f"Use {most:,}", max_tokens=most) if is_typed else None
            text = f"This app lets visitors ask for {most:,} max_tokens at most."
            problems.append(Problem("error", text, fix))
    return problems


def field_problems(wire: Wire, connection: Connection) -> list[Problem]:
    """What strangers do not send with the owner's key: fields that are not on the list."""
    place = wire.extra.not_allowed
    if place is None:
        # Beneath these names the form itself writes nothing that is not on the list.
        place = next((name for name in wire.body if name not in ALLOWED.known), None)
    if place is None:
        return []
    refusal = f"{quoted(place)} in the extra JSON is not sent with the key of this app's owner"
    instead = ", or enter a key of your own" if connection.kind == "claude" else ""
    return [Problem("error", f"{refusal}: take it out{instead}.")]


def variants_problem(count: int, caps: Caps) -> str | None:
    """Why so many variants are too many."""
    if caps.variants is None or count <= caps.variants:
        return None
    noun = "variant" if caps.variants == 1 else "variants"
    return f"Not started: this app lets visitors run {caps.variants} {noun} at once."


def is_spare(visitor: str, connection: Connection) -> bool:
    """Whether a run is a stranger's on the demo: nobody's money or machine waits for it."""
    return visitor != LOCAL and connection.kind == "demo"


def share_of_spare(most: int) -> int:
    """How many places strangers' demo runs have beside `most` for all others."""
    return max(1, most // 2)


def queue_problem(visitor: str, count: int, own: int, all_: int, most: int) -> str | None:
    """Why `count` more runs may not wait, where `all_` do, `own` of them this visitor's."""
    if all_ + count > most:
        return f"Not started: {all_:,} of {most:,} places to wait in are taken. Try again soon."
    # At least one: a short queue would otherwise let no stranger in at all.
    share = max(1, most // SHARE_OF_QUEUE)
    if visitor != LOCAL and own + count > share:
        return f"Not started: {own:,} of your {share:,} places to wait in are taken."
    return None
