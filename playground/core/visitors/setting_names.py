"""The names of all settings, and what to say of one that is misspelt or in the wrong place."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from playground.core.text.key_shapes import masked

SECTION: Final = "playground"
PREFIX: Final = "PLAYGROUND_"
PAIR: Final = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
NAMES: Final = (
    *PAIR, "PLAYGROUND_ALLOWED_EMAILS", "PLAYGROUND_BUDGET_DAY_USD",
    "PLAYGROUND_BUDGET_SESSION_USD", "PLAYGROUND_BUDGET_VISITOR_DAY_USD", "PLAYGROUND_LOG",
    "PLAYGROUND_MAX_PROMPT_CHARS", "PLAYGROUND_MAX_RUNS", "PLAYGROUND_MAX_RUNS_PER_VISITOR",
    "PLAYGROUND_MAX_TOKENS", "PLAYGROUND_MAX_VARIANTS", "PLAYGROUND_MAX_WAITING",
    "PLAYGROUND_PAGE_GONE_S", "PLAYGROUND_PASSCODE", "PLAYGROUND_SERVER_PRICE",
    "PLAYGROUND_SHARE_KEY",
)  # fmt: skip
_LONGEST: Final = 60
_ALIKE: Final = 0.7
_TYPING_ERROR: Final = 0.9
"""The SDK's ANTHROPIC_AWS_API_KEY, which is none, is as much as 0.895 like the key's name."""


def unused_names(environ: Mapping[str, str], secrets: Mapping[str, object]) -> tuple[str, ...]:
    """A sentence for each setting that is not read, without its value."""
    section = secrets.get(SECTION)
    unknown = [name for name in environ if name not in NAMES and _is_meant(name, PREFIX)]
    unknown += [name for name in secrets if name not in NAMES and _is_meant_in_secrets(name)]
    # In the app's own section each name is meant for it.
    inner = section if isinstance(section, Mapping) else {}
    unknown += [str(name) for name in inner if name not in NAMES]
    misspelt = map(_misspelt, dict.fromkeys(unknown))
    return (*misspelt, *dict.fromkeys((*_wrong_sections(secrets), *_misplaced(secrets))))


def _is_meant(name: str, *prefixes: str) -> bool:
    """Whether a name that need not be this app's is a setting's, or was to be one."""
    plain = _plain(name)
    # Cut first: difflib's time grows with the square of the length.
    return plain.startswith(prefixes) or bool(
        get_close_matches(plain[:_LONGEST], NAMES, 1, _TYPING_ERROR)
    )


def _is_meant_in_secrets(name: str) -> bool:
    # The secrets are this app's alone; in the environment the SDK has variables of its own.
    return _is_meant(name, PREFIX, "ANTHROPIC_")


def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _wrong_sections(secrets: Mapping[str, object]) -> Iterator[str]:
    if not isinstance(secrets.get(SECTION, {}), Mapping):
        yield f"{SECTION} in the secrets is not a section. Begin it with a line [{SECTION}]."
    for name, value in secrets.items():
        if _is_wrong_section(name, value):
            yield f"[{_shown(name)}] is not read; did you mean [{SECTION}]?"


def _is_wrong_section(name: str, value: object) -> bool:
    is_alike = bool(get_close_matches(name[:_LONGEST].lower(), [SECTION], 1, _TYPING_ERROR))
    return name != SECTION and is_alike and bool(_tables(value))


def _misplaced(table: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[str]:
    """A sentence for each setting in a section that is not this app's."""
    for key, value in table.items():
        name = str(key)
        if path not in ((), (SECTION,)) and _is_meant_in_secrets(name):
            where = _shown(".".join(path))
            yield f"{_shown(name)} in [{where}] is not read; put it into [{SECTION}]."
        if path or not _is_wrong_section(name, value):
            for inner in _tables(value):
                yield from _misplaced(inner, (*path, name))


def _tables(value: object) -> list[Mapping[str, object]]:
    values = value if isinstance(value, list | tuple) else [value]
    return [table for table in values if isinstance(table, Mapping)]


def _shown(name: str) -> str:
    # A key may have been pasted where a name belongs.
    shown = masked(name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _misspelt(name: str) -> str:
    # Without the prefix, or all that have it would be alike.
    full_names = {setting.removeprefix(PREFIX): setting for setting in NAMES}
    full_names |= {setting: setting for setting in NAMES}
    plain = _plain(name[:_LONGEST]).removeprefix(PREFIX)
    near = get_close_matches(plain, full_names, 1, _ALIKE)
    meant = f"; did you mean {full_names[near[0]]}?" if near else "."
    return f"{_shown(name)} is not a setting{meant}"
