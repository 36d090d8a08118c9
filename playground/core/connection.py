"""Where requests go. A connection never holds a key: keys are passed beside it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CLAUDE_API_URL = "https://api.anthropic.com"

ConnectionKind = Literal["demo", "claude", "server"]


@dataclass(frozen=True, slots=True)
class FlatPrice:
    """What a server's owner says a million tokens cost, in dollars."""

    input_usd: Decimal
    output_usd: Decimal


@dataclass(frozen=True, slots=True)
class Connection:
    """The demo, the Claude API, or another server that speaks the Messages API.

    `scenario` is the fault the demo acts out; it means nothing elsewhere.
    """

    kind: ConnectionKind
    label: str
    base_url: str
    flat_price: FlatPrice | None = None
    scenario: str = "none"


DEMO = Connection("demo", "Demo", "http://demo")
CLAUDE = Connection("claude", "Claude API", CLAUDE_API_URL)
