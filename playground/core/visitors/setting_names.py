"""The names of all settings, and what to say of a name that only looks like one."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from playground.core.text.key_shapes import masked

SECTION: Final = "playground"
PREFIX: Final = "PLAYGROUND_"
PAIR: Final = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
NAMES: Final = (
    *PAIR,
    "PLAYGROUND_ALLOWED_EMAILS",
    "PLAYGROUND_BUDGET_DAY_USD",
    "PLAYGROUND_BUDGET_SESSION_USD",
    "PLAYGROUND_BUDGET_VISITOR_DAY_USD",
    "PLAYGROUND_LOG",
    "PLAYGROUND_MAX_PROMPT_CHARS",
    "PLAYGROUND_MAX_RUNS",
    "PLAYGROUND_MAX_RUNS_PER_VISITOR",
    "PLAYGROUND_MAX_TOKENS",
    "PLAYGROUND_MAX_VARIANTS",
    "PLAYGROUND_MAX_WAITING",
    "PLAYGROUND_PAGE_GONE_S",
    "PLAYGROUND_PASSCODE",
    "PLAYGROUND_SERVER_PRICE",
    "PLAYGROUND_SHARE_KEY",
)
_LONGEST: Final = 60
_ALIKE: Final = 0.7


def misspelt(environ: Mapping[str, str], secrets: Mapping[str, object]) -> tuple[str, ...]:
    """A sentence for each name that nothing reads: never what it is set to."""
    names = [*environ, *secrets]
    unknown = [name for name in names if name.upper().startswith(PREFIX) and name not in NAMES]
    section = secrets.get(SECTION)
    # In the app's own section each name is meant for it.
    inner = section if isinstance(section, Mapping) else {}
    unknown += [str(name) for name in inner if name not in NAMES]
    return tuple(map(_sentence, dict.fromkeys(unknown)))


def _sentence(name: str) -> str:
    # A key may have been pasted where a name belongs.
    shown = masked(name)
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    full_names = {setting.removeprefix(PREFIX): setting for setting in NAMES}
    # Cut first: difflib's time grows with the square of the length.
    near = get_close_matches(name[:_LONGEST].upper().removeprefix(PREFIX), full_names, 1, _ALIKE)
    return f"{shown} is not a setting" + (f"; did you mean {full_names[near[0]]}?" if near else ".")
