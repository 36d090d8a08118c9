"""Where requests go. A connection never holds a key: keys are passed beside it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CLAUDE_API_URL = "https://api.anthropic.com"
SERVED_DEMO_URL = "http://127.0.0.1:8901"
"""Where `python -m playground.claude.demo` serves the demo; the page's own has no address."""

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

    @property
    def has_scenario(self) -> bool:
        """Whether the demo acts out a fault."""
        return self.kind == "demo" and self.scenario != "none"


DEMO = Connection("demo", "Demo", "http://demo")
CLAUDE = Connection("claude", "Claude API", CLAUDE_API_URL)


_CLAUDES_KEY = re.compile(r"sk-ant-[A-Za-z0-9_-]+")
# Other servers take any text for a key, so only what goes around a whole one is looked for.
_AROUND = re.compile(
    r"""(["'`]).*\1 | <.*> | (ANTHROPIC_\w+|[\w-]*API[_-]?KEY)["'`]?[=:].*""",
    re.IGNORECASE | re.VERBOSE,
)


def key_problem(key: str) -> str | None:
    """Why a key cannot be one, or None. Never repeats the key.

    Checked before a client is built: an exception about a bad header would print it.
    """
    if not key:
        return "There is no key."
    if not all("!" <= letter <= "~" for letter in key):
        return "A key is one line of letters, digits and dashes. This is something else."
    is_wrapped = "sk-ant-" in key and not _CLAUDES_KEY.fullmatch(key)
    if is_wrapped or _AROUND.fullmatch(key):
        return (
            "There is more than the key. Enter the key alone, without quotes or a name before it."
        )
    return None
