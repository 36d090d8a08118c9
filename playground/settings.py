"""Settings of the server, read once from the environment and Streamlit's secrets.

A setting in the environment wins over one in the secrets. Nothing is written back.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from playground.core.budget import Budget, amount
from playground.core.connection import CLAUDE, CLAUDE_API_URL, DEMO, Connection, FlatPrice

DEFAULT_LOG_URL = "sqlite:///data/runs.db"
SECTION = "playground"
PAIR = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server's owner decided. `key` is the owner's and goes only to `owner`."""

    owner: Connection | None = None
    key: str = field(default="", repr=False)
    shares_key: bool = False
    log_url: str = field(default=DEFAULT_LOG_URL, repr=False)
    most_runs: int = 32
    most_runs_per_visitor: int = 8
    budget: Budget = field(default_factory=Budget)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """What a visitor can choose from; the Claude API always takes a key of his own."""
        if self.owner and self.owner.kind == "server":
            return (DEMO, self.owner, CLAUDE)
        return (DEMO, CLAUDE)


def read_settings(environ: Mapping[str, str], secrets: Mapping[str, object]) -> Settings:
    """Settings from the environment and the secrets; raises `SettingsError`."""
    section = secrets.get(SECTION)
    values: dict[str, object] = {}
    for source in (secrets, section if isinstance(section, Mapping) else {}, environ):
        texts = {k: v for k, v in source.items() if isinstance(v, str | int | float)}
        found = {name: value for name, value in texts.items() if str(value).strip()}
        if found.keys() & set(PAIR):
            # A key goes to the address that stands beside it, never to another one.
            values = {name: value for name, value in values.items() if name not in PAIR}
        values |= found

    def text(name: str, default: str = "") -> str:
        return str(values.get(name, default)).strip()

    key = text("ANTHROPIC_API_KEY")
    return Settings(
        owner=_owner(text("ANTHROPIC_BASE_URL"), text("PLAYGROUND_SERVER_PRICE"), bool(key)),
        key=key,
        shares_key=text("PLAYGROUND_SHARE_KEY").lower() in ("1", "true", "yes"),
        log_url=text("PLAYGROUND_LOG", DEFAULT_LOG_URL),
        most_runs=_count("PLAYGROUND_MAX_RUNS", text("PLAYGROUND_MAX_RUNS", "32")),
        most_runs_per_visitor=_count(
            "PLAYGROUND_MAX_RUNS_PER_VISITOR", text("PLAYGROUND_MAX_RUNS_PER_VISITOR", "8")
        ),
        budget=Budget(
            session_usd=_amount("PLAYGROUND_BUDGET_SESSION_USD", values),
            day_usd=_amount("PLAYGROUND_BUDGET_DAY_USD", values),
        ),
    )


def _owner(base_url: str, price: str, has_key: bool) -> Connection | None:
    """The connection that the owner's key belongs to."""
    url = base_url.rstrip("/").removesuffix("/v1")
    if not url or url.lower() == CLAUDE_API_URL:
        return CLAUDE if has_key else None
    expected = "ANTHROPIC_BASE_URL must be an address such as http://localhost:11434"
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError(expected) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(expected)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(expected + ", without a password or anything after it")
    return Connection("server", parts.netloc, url, _flat_price(price))


def _flat_price(text: str) -> FlatPrice | None:
    if not text:
        return None
    expected = "PLAYGROUND_SERVER_PRICE must be two prices a million tokens, such as 0.5/1.5"
    try:
        input_usd, output_usd = (Decimal(part.strip()) for part in text.split("/"))
    except (InvalidOperation, ValueError):
        raise SettingsError(expected) from None
    if not (input_usd.is_finite() and output_usd.is_finite()) or min(input_usd, output_usd) < 0:
        raise SettingsError(expected)
    return FlatPrice(input_usd, output_usd)


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} must be a whole number from 1, not {text[:20]!r}")
    return int(text)


def _amount(name: str, values: Mapping[str, object]) -> Decimal | None:
    try:
        return amount(str(values.get(name, "")))
    except ValueError:
        expected = f"{name} must be an amount of dollars up to 1,000,000, such as 2.50"
        raise SettingsError(expected) from None


def is_this_machine(host: str, ip_address: str | None) -> bool:
    """Whether a visitor sits at this very machine.

    What his browser claims (the Host header) is not enough, the socket must be local too;
    and a local socket is not enough, for a proxy on this machine has one as well.
    """
    if not host and ip_address is None:
        return True  # No browser at all: every one sends a Host.
    name = urlsplit(f"//{host}").hostname or ""
    is_named = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
    return is_named and (ip_address is None or _is_loopback(ip_address))


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
