"""Settings of the server, read once from the environment and Streamlit's secrets.

A setting in the environment wins over one in the secrets. Nothing is written back.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from playground.core.money.budget import Budget
from playground.core.money.dollars import amount
from playground.core.request.connection import CLAUDE, CLAUDE_API_URL, DEMO, Connection, FlatPrice
from playground.core.visitors.access import Caps, Gate, email_in_lower_case
from playground.core.visitors.passcode import LONGEST, SHORTEST, length
from playground.core.visitors.setting_names import NAMES, PAIR, SECTION, unused_names

DEFAULT_LOG_URL = "sqlite:///data/runs.db"
# What browsers send by themselves: https://www.iana.org/assignments/http-fields, client hints,
# and Streamlit's own page. A list of what proxies add would never be complete.
BROWSERS_OWN = re.compile(
    r"""accept(-[a-z-]+)? | sec-[a-z0-9-]+ | if-[a-z-]+ | content-(length|type|encoding|language)
    | host | connection | keep-alive | upgrade | upgrade-insecure-requests | user-agent | origin
    | referer | cookie | cache-control | pragma | priority | te | range | expect | date | dnt
    | transfer-encoding | authorization | purpose | save-data | device-memory | dpr | downlink
    | ect | rtt | width | viewport-width | x-requested-with | x-xsrftoken
    | x-playground-socket""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# A star or a bracket in it would be compared as it is, and let nobody in.
ADDRESS = re.compile(r"[\w.!#$%&'+/=?^`{|}~-]*@[\w-]+(\.[\w-]+)+")
LONGEST_REPEATED = 7
"""A passcode has at least eight characters, so that none is ever repeated."""
LARGEST_COUNT = 1_000_000_000
LARGEST_PRICE_USD = 1_000_000
WORDS = {"1": True, "true": True, "yes": True, "on": True}
WORDS |= {"": False, "0": False, "false": False, "no": False, "off": False}
VISITORS_PART = 5
"""Unless it is set, one visitor may spend a fifth of what all may spend in a day."""


class SettingsError(ValueError):
    """A setting that cannot be used; the text names it and says what is expected."""


def _repeated(text: str) -> str:
    """What was set, or only its length where it may be a key or password in the wrong place."""
    return repr(text) if len(text) <= LONGEST_REPEATED else f"{len(text):,} characters"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server's owner decided. `key` is the owner's and goes only to `owner`."""

    owner: Connection | None = None
    key: str = field(default="", repr=False)
    key_is_from: str = ""
    shares_key: bool = False
    allowed_emails: frozenset[str] = frozenset()
    passcode: str = field(default="", repr=False)
    log_url: str = field(default=DEFAULT_LOG_URL, repr=False)
    has_database: bool = False
    max_runs: int = 32
    max_runs_per_visitor: int = 8
    max_waiting: int = 200
    page_gone_s: int = 25
    caps: Caps = field(default_factory=lambda: Caps(4096, 200_000, 6))
    budget: Budget = field(default_factory=Budget)
    unused: tuple[str, ...] = ()
    """A sentence for each name or value that was set and is not used, and why."""

    @property
    def gate(self) -> Gate:
        """What stands before the owner's key for visitors from elsewhere."""
        if self.allowed_emails:
            return "login"
        if self.passcode:
            return "passcode"
        if self.shares_key:
            return "shared without a budget" if self.budget.day_usd is None else "budget"
        return "closed"

    def keeps_texts(self, *, is_local: bool) -> bool:
        """Whether a visitor's texts may go into the database: those of strangers only into
        one that the owner chose."""
        return is_local or self.has_database

    @property
    def connections(self) -> tuple[Connection, ...]:
        """What a visitor can choose from; the Claude API always takes the visitor's own key."""
        if self.owner and self.owner.kind == "server":
            return (DEMO, self.owner, CLAUDE)
        return (DEMO, CLAUDE)


def read_settings(environ: Mapping[str, str], secrets: Mapping[str, object]) -> Settings:
    """Settings from the environment and the secrets; raises `SettingsError`."""
    sources = _sources(environ, secrets)
    values, left_out = _merged(sources)

    def text(name: str, default: str = "") -> str:
        return values.get(name, default)

    key = text("ANTHROPIC_API_KEY")
    max_waiting = _count("PLAYGROUND_MAX_WAITING", values, 200)
    price = _flat_price(text("PLAYGROUND_SERVER_PRICE"))
    owner = _owner(text("ANTHROPIC_BASE_URL"), price, bool(key))
    settings = Settings(
        owner=owner,
        key=key,
        key_is_from=_key_is_from(sources) if key else "",
        shares_key=_shares(text("PLAYGROUND_SHARE_KEY")),
        allowed_emails=_allowed(text("PLAYGROUND_ALLOWED_EMAILS")),
        passcode=_passcode(text("PLAYGROUND_PASSCODE")),
        log_url=text("PLAYGROUND_LOG", DEFAULT_LOG_URL),
        has_database="PLAYGROUND_LOG" in values,
        max_runs=_count("PLAYGROUND_MAX_RUNS", values, 32),
        max_runs_per_visitor=_count("PLAYGROUND_MAX_RUNS_PER_VISITOR", values, 8),
        max_waiting=max_waiting,
        page_gone_s=_count("PLAYGROUND_PAGE_GONE_S", values, 25),
        caps=Caps(
            max_tokens=_count("PLAYGROUND_MAX_TOKENS", values, 4096),
            prompt_chars=_count("PLAYGROUND_MAX_PROMPT_CHARS", values, 200_000),
            variants=_count("PLAYGROUND_MAX_VARIANTS", values, 6),
        ),
        budget=_budget(values),
        unused=(*unused_names(environ, secrets), *left_out, *_idle(values, owner)),
    )
    if settings.allowed_emails and settings.passcode:
        # Either alone would do for a visitor: the weaker one would decide.
        raise SettingsError("Set PLAYGROUND_ALLOWED_EMAILS or PLAYGROUND_PASSCODE, not both")
    return settings


def _sources(
    environ: Mapping[str, str], secrets: Mapping[str, object]
) -> dict[str, dict[str, str]]:
    """What is set in each place, by the place's name, and nothing that is empty; a later one
    wins."""
    section = secrets.get(SECTION)
    at_top = _texts(secrets)
    real = _texts(environ)
    return {
        "the secrets": at_top,
        f"[{SECTION}]": _texts(section if isinstance(section, Mapping) else {}),
        # Streamlit copies what stands at the top of the secrets into the environment.
        "the environment": {name: text for name, text in real.items() if at_top.get(name) != text},
    }


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    texts = {name: _text(name, values[name]) for name in NAMES if name in values}
    return {name: text for name, text in texts.items() if text}


def _merged(sources: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values by name, and a sentence for each that belongs to a key or an address which a
    later place replaced."""
    values: dict[str, str] = {}
    places: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for place, texts in sources.items():
        for name, other in tuple(_replaced(values, texts)):
            why = f"{other} is set in {place}; set both in the same place"
            left_out[name] = f"{name} in {places[name]} is not used: {why}."
            del values[name]
        values |= texts
        places |= dict.fromkeys(texts, place)
    return values, tuple(text for name, text in left_out.items() if name not in values)


def _replaced(values: Mapping[str, str], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What must not be used beside these texts, and with which of them."""
    # A key goes to the address that stands beside it, never to another one.
    for name, other in (PAIR, PAIR[::-1]):
        if name in values and name not in texts and other in texts:
            yield name, other
    # Nor is a run counted at the price of another server.
    url, price = "ANTHROPIC_BASE_URL", "PLAYGROUND_SERVER_PRICE"
    if price in values and price not in texts and texts.get(url) not in (None, values.get(url)):
        if url in values:
            yield price, url


def _idle(values: Mapping[str, str], owner: Connection | None) -> Iterator[str]:
    """A sentence for each setting that has no effect beside the others."""
    if "PLAYGROUND_SERVER_PRICE" in values and (owner is None or owner.kind != "server"):
        yield "PLAYGROUND_SERVER_PRICE is not used: ANTHROPIC_BASE_URL names no other server."
    gates = ("PLAYGROUND_ALLOWED_EMAILS", "PLAYGROUND_PASSCODE")
    if _shares(values.get("PLAYGROUND_SHARE_KEY", "")) and (gate := values.keys() & set(gates)):
        yield f"PLAYGROUND_SHARE_KEY is not used: {min(gate)} decides who is let in."


def _key_is_from(sources: Mapping[str, Mapping[str, str]]) -> str:
    return "environment" if "ANTHROPIC_API_KEY" in sources["the environment"] else "secrets"


def _text(name: str, value: object) -> str:
    if name == "PLAYGROUND_ALLOWED_EMAILS" and isinstance(value, list | tuple):
        return ",".join(_text(name, entry) for entry in value)
    if not isinstance(value, str | int | float):
        raise SettingsError(f"{name} must be a text in quotes or a number, not {_kind(value)}")
    try:
        return str(value).strip()
    # Python refuses to print an integer of more than 4,300 digits, which secrets may hold.
    except ValueError:
        return "a number that is too long"


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "a section"
    return "a list" if isinstance(value, list | tuple) else "a date or a time"


def _allowed(text: str) -> frozenset[str]:
    """Addresses and domains, in lower case; a domain begins with its @."""
    allowed = []
    for entry in re.split(r"[\s,;]+", email_in_lower_case(text).strip(" ,;")):
        address = entry if "@" in entry else f"@{entry}"
        if text and not ADDRESS.fullmatch(address):
            expected = "addresses or domains, such as ada@example.com, example.org"
            raise SettingsError(f"PLAYGROUND_ALLOWED_EMAILS must be {expected}")
        allowed.append(address)
    return frozenset(allowed if text else ())


def _shares(text: str) -> bool:
    if text.lower() not in WORDS:
        raise SettingsError(f"PLAYGROUND_SHARE_KEY must be true or false, not {_repeated(text)}")
    return WORDS[text.lower()]


def _passcode(text: str) -> str:
    if text and len(text) < SHORTEST:
        raise SettingsError(f"PLAYGROUND_PASSCODE must have at least {SHORTEST} characters")
    if length(text) > LONGEST or not text.isprintable():
        # It could never be entered.
        expected = f"one line of at most {LONGEST} characters"
        raise SettingsError(f"PLAYGROUND_PASSCODE must be {expected}")
    return text


def _budget(values: Mapping[str, str]) -> Budget:
    day_usd = _amount("PLAYGROUND_BUDGET_DAY_USD", values)
    own_usd = _amount("PLAYGROUND_BUDGET_VISITOR_DAY_USD", values)
    if own_usd is None and day_usd is not None:
        own_usd = day_usd / VISITORS_PART
    return Budget(
        session_usd=_amount("PLAYGROUND_BUDGET_SESSION_USD", values),
        day_usd=day_usd,
        visitor_day_usd=own_usd,
    )


def _owner(base_url: str, price: FlatPrice | None, has_key: bool) -> Connection | None:
    """The connection that the owner's key belongs to."""
    # The SDK appends /v1/messages by itself.
    url = base_url.rstrip("/").removesuffix("/v1")
    if not url or _is_claudes(url):
        return CLAUDE if has_key else None
    expected = "ANTHROPIC_BASE_URL must be an address such as http://localhost:11434"
    try:
        parts = urlsplit(url)
        # `urlsplit` takes anything as a port; only reading it raises.
        has_port = parts.port != 0
    except ValueError:
        raise SettingsError(expected) from None
    is_one_word = url.isprintable() and " " not in url and has_port
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_one_word:
        raise SettingsError(expected)
    # The host is the connection's label, on the page and in the log: no password in it.
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(expected + ", without a password or anything after it")
    if parts.path.lower().endswith(("/messages", "/completions", "/models")):
        raise SettingsError(f"{expected}, without /v1{parts.path[parts.path.rindex('/') :]}")
    return Connection("server", parts.netloc, url, price)


def _is_claudes(url: str) -> bool:
    # The same server under another spelling would be one whose prices are unknown.
    return re.fullmatch(re.escape(CLAUDE_API_URL) + r"\.?(:443)?", url, re.IGNORECASE) is not None


def _flat_price(text: str) -> FlatPrice | None:
    if not text:
        return None
    expected = "PLAYGROUND_SERVER_PRICE must be two prices a million tokens, such as 0.5/1.5"
    try:
        input_usd, output_usd = (Decimal(part.strip()) for part in text.split("/"))
    except (InvalidOperation, ValueError):
        raise SettingsError(expected) from None
    for usd in (input_usd, output_usd):
        if not usd.is_finite() or not 0 <= usd <= LARGEST_PRICE_USD or usd.adjusted() < -9:
            raise SettingsError(expected)
    return FlatPrice(input_usd, output_usd)


def _count(name: str, values: Mapping[str, str], default: int) -> int:
    text = values.get(name, str(default))
    # The length first: `int` raises for more than 4,300 digits.
    count = int(text) if text.isdecimal() and len(text) <= len(str(LARGEST_COUNT)) else 0
    if not 1 <= count <= LARGEST_COUNT:
        raise SettingsError(f"{name} must be a whole number from 1, not {_repeated(text)}")
    return count


def _amount(name: str, values: Mapping[str, str]) -> Decimal | None:
    try:
        return amount(values.get(name, ""))
    except ValueError:
        expected = f"{name} must be an amount of dollars up to 1,000,000, such as 2.50"
        raise SettingsError(expected) from None


def is_local_visit(headers: Mapping[str, str], ip_address: str | None) -> bool:
    """Whether a request came from this very machine, and through no proxy: this opens the
    owner's key. A header that no browser sends by itself was added on the way, by whatever
    name; a request with one is not local."""
    if not all(BROWSERS_OWN.fullmatch(name) for name in headers):
        return False
    return is_this_machine(headers.get("Host") or "", ip_address)


def is_this_machine(host: str, ip_address: str | None) -> bool:
    """Whether a visitor sits at this very machine.

    What the browser claims (the Host header) is not enough, the socket must be local too;
    and a local socket is not enough, for a proxy on this machine has one as well.
    """
    if not host and ip_address is None:
        return True  # No browser at all: every one sends a Host.
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    # Browsers resolve every name under .localhost to this machine (RFC 6761).
    is_named = name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
    return is_named and (ip_address is None or _is_loopback(ip_address))


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # A dual-stack socket reports ::ffff:127.0.0.1, which is not a loopback address as such.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
