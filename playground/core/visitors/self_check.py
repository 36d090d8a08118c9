"""The self-check: what was found out about this server, judged for an app that strangers use."""

import re
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

from playground.core.visitors.access import Gate

Verdict = Literal["good", "note", "bad"]
_SECOND_LEVEL: Final = frozenset(("ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"))
"""Beneath a country's domain these are open to everybody: co.uk, com.au, …"""
_BY_ADDRESS: Final = frozenset(("nip.io", "sslip.io", "xip.io", "localtest.me", "lvh.me"))
"""A name under these points to whatever address it spells, also to this machine."""
_NAME: Final = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the self-check. `remedy` says what would mend it; only what concerns a
    visitor in person is shown to strangers (`is_public`)."""

    name: str
    verdict: Verdict
    sentence: str
    remedy: str = ""
    # No, unless it is said: addresses, keys and files would tell a stranger where to attack.
    is_public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was looked at. `log_problem` and `headers_missing` are the results of checks that
    ran."""

    address: str
    allowed_hosts: tuple[str, ...]
    error_details: str
    sends_telemetry: bool
    has_agent_api: bool
    checks_origins: bool
    prints_requests: bool
    key_is_from: str
    has_owner: bool
    gate: Gate
    can_log_in: bool
    day_usd: Decimal | None
    log_place: str
    log_problem: str | None
    stores_texts: bool
    headers_missing: tuple[str, ...]
    unused: tuple[str, ...]
    hosts_from_elsewhere: bool = False
    """Whether the allowed hosts are set outside the app's own configuration file."""
    cors_origins: tuple[str, ...] = ()
    trusts_headers: bool = False
    """Whether a header says who a visitor is, whatever they logged in as."""
    publishes_visitors: bool = False
    """Whether the open page of metrics tells who the visitors are."""
    links_errors: bool = False
    prints_crashes: bool = False
    prints_messages: bool = False
    writes_tls_keys: bool = False
    """Whether TLS session keys are written to a file, whose readers could decrypt all traffic."""
    offers_data_export: bool = False
    key_problem: str | None = None
    server_url: str = ""
    """Where the key goes, if not to the Claude API."""
    has_server_price: bool = True
    has_budget: bool = False
    secrets_problems: tuple[str, ...] = ()
    is_log_in_memory: bool = False


def findings(seen: Observed) -> tuple[Finding, ...]:
    """One finding for each thing that was looked at, in the order to read them in."""
    judges = (
        _address, _hosts, _headers, _error_details, _telemetry, _side_doors, _printing,
        _data_export, _secrets, _key, _gate, _budget, _texts, _log, _names,
    )  # fmt: skip
    return tuple(judge(seen) for judge in judges)


def is_sound(judged: tuple[Finding, ...]) -> bool:
    """Whether nothing has to be mended."""
    return all(finding.verdict != "bad" for finding in judged)


def _address(seen: Observed) -> Finding:
    if seen.address in ("localhost", "127.0.0.1", "::1"):
        return Finding("Address", "good", f"Listens on {seen.address}: this machine only.")
    # An empty address is Streamlit's default: it then listens on all interfaces.
    where = f"on {seen.address}" if seen.address else "on every network of this machine"
    remedy = "For yourself alone start with --server.address localhost."
    return Finding("Address", "note", f"Listens {where}: others may open the page.", remedy)


def _hosts(seen: Observed) -> Finding:
    name, hosts = "Allowed hosts", seen.allowed_hosts
    remedy = "List the app's names in server.allowedHosts."
    if not hosts:
        return Finding(name, "bad", "Answers under any name (DNS rebinding).", remedy)
    if wide := [host for host in hosts if _is_wide(host)]:
        sentence = f"Anyone can get a name such as {', '.join(wide)} (DNS rebinding)."
        return Finding(name, "bad", sentence, "List the app's own names in server.allowedHosts.")
    if odd := [host for host in hosts if not _can_be_asked(host)]:
        sentence = f"No browser uses the name {', '.join(odd)}."
        remedy = (
            "Write each name without scheme, port, path or brackets, in ASCII (xn--mnchen-3ya.de)."
        )
        return Finding(name, "bad", sentence, remedy)
    foreign = [host for host in hosts if not _is_of_this_app(host)]
    if seen.hosts_from_elsewhere and foreign:
        sentence = f"Answers as {', '.join(foreign)}, which .streamlit/config.toml does not list."
        remedy = "Unset STREAMLIT_SERVER_ALLOWED_HOSTS, or list the names in that file."
        return Finding(name, "bad", sentence, remedy)
    return Finding(name, "good", f"Answers only as {', '.join(hosts)}.")


def _is_wide(host: str) -> bool:
    """Whether names that others own match: those under a whole top-level domain, or under one
    that gives a name to each address."""
    if "*" not in host:
        return False
    labels = host.lower().removeprefix("*").strip(".").split(".")
    is_second_level = len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _SECOND_LEVEL
    return "*" in labels or len(labels) < 2 or is_second_level or ".".join(labels) in _BY_ADDRESS


def _can_be_asked(host: str) -> bool:
    """Whether a browser can send this name, as Streamlit and this app compare it."""
    name = host.strip().lower()
    return _NAME.fullmatch(name) is not None or _is_ip(name)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_of_this_app(host: str) -> bool:
    """Whether a name is this machine's, or of Community Cloud, as the app's own file has it."""
    name = host.lower()
    return is_loopback(name) or name == "streamlit.app" or name.endswith(".streamlit.app")


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this very machine."""
    # A URL puts brackets around an IPv6 address, and any name may end with the root's dot.
    name = host.lower().strip("[]").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _headers(seen: Observed) -> Finding:
    if not seen.headers_missing:
        sentence = "Pages can't load anything from another host."
        return Finding("Headers", "good", sentence, is_public=True)
    missing = ", ".join(seen.headers_missing)
    remedy = (
        "Start the app with `streamlit run streamlit_app.py`. Answers are guarded even "
        "without them."
    )
    return Finding("Headers", "bad", f"Not sent: {missing}.", remedy, is_public=True)


def _error_details(seen: Observed) -> Finding:
    if seen.error_details == "none" and not seen.links_errors:
        return Finding("Error details", "good", "An error shows no details.", is_public=True)
    if seen.error_details == "none":
        remedy = "Set client.showErrorLinks = false."
        sentence = "Errors link to a search engine, with their text."
        return Finding("Error details", "bad", sentence, remedy, is_public=True)
    remedy = 'Set client.showErrorDetails = "none".'
    sentence = "An error may show a prompt or a path."
    return Finding("Error details", "bad", sentence, remedy, is_public=True)


def _telemetry(seen: Observed) -> Finding:
    if not seen.sends_telemetry:
        return Finding("Telemetry", "good", "Streamlit's is off.", is_public=True)
    # A note, for on Community Cloud nothing in the app's configuration can turn it off.
    remedy = "Set browser.gatherUsageStats = false; Community Cloud always turns it on."
    sentence = "Streamlit counts visits, without prompts and keys."
    return Finding("Telemetry", "note", sentence, remedy, is_public=True)


def _side_doors(seen: Observed) -> Finding:
    name = "Side doors"
    problems: list[tuple[str, str]] = []
    if seen.has_agent_api:
        problems.append(("The agent API is on.", "Set server.enableAgentApi = false."))
    if not seen.checks_origins:
        remedy = "Leave server.enableCORS and server.enableXsrfProtection on, developmentMode off."
        problems.append(("Streamlit does not check where requests come from.", remedy))
    if seen.trusts_headers:
        sentence = "A visitor's own header says who they are, also to the login."
        problems.append((sentence, "Empty server.trustedUserHeaders."))
    if seen.publishes_visitors:
        sentence = "/_stcore/metrics tells everyone who the visitors are."
        problems.append((sentence, "Empty server.unsafeMetricsUserAttributes."))
    if foreign := _foreign_origins(seen):
        sentence = f"Pages of {', '.join(foreign)} may send requests to this app."
        problems.append((sentence, "Empty server.corsAllowedOrigins."))
    if problems:
        sentences, remedies = zip(*problems, strict=True)
        return Finding(name, "bad", " ".join(sentences), " ".join(remedies))
    return Finding(
        name, "good", "The agent API is off, and requests from other sites are rejected."
    )


def _foreign_origins(seen: Observed) -> list[str]:
    """The origins among those that may ask the app which are not under one of its names."""
    return [
        origin for origin in seen.cors_origins if not _is_own_origin(origin, seen.allowed_hosts)
    ]


def _is_own_origin(origin: str, hosts: tuple[str, ...]) -> bool:
    try:
        # Without the slashes `urlsplit` takes a host for a path.
        host = urlsplit(origin if "//" in origin else f"//{origin}").hostname or ""
    except ValueError:
        return False
    return is_loopback(host) or host in map(str.lower, hosts)


def _printing(seen: Observed) -> Finding:
    name = "Debug output"
    if seen.prints_requests:
        sentence = "The SDK prints every prompt."
        return Finding(name, "bad", sentence, "Unset ANTHROPIC_LOG.", is_public=True)
    if seen.writes_tls_keys:
        sentence = "TLS keys are written to a file that makes every key and prompt readable."
        return Finding(name, "bad", sentence, "Unset SSLKEYLOGFILE.", is_public=True)
    if seen.prints_messages:
        sentence = "Streamlit may print what visitors type."
        return Finding(name, "bad", sentence, "Set logger.level above debug.", is_public=True)
    if seen.prints_crashes:
        sentence = "A crash prints its text, which can contain a prompt or a key."
        return Finding(name, "bad", sentence, "Set logger.enableRich = false.", is_public=True)
    return Finding(name, "good", "Prompts are not printed.", is_public=True)


def _data_export(seen: Observed) -> Finding:
    if not seen.offers_data_export:
        return Finding(
            "Data export", "good", "Streamlit's CSV export, which leaves formulas active, is off."
        )
    sentence = "Streamlit's CSV export of a table leaves formulas active."
    return Finding("Data export", "bad", sentence, "Set client.disableDataExport = true.")


def _secrets(seen: Observed) -> Finding:
    if seen.secrets_problems:
        remedy = (
            "Make it readable only by its owner (chmod 600), and remove it from git "
            "(git rm --cached)."
        )
        return Finding("Secrets file", "bad", " ".join(seen.secrets_problems), remedy)
    return Finding("Secrets file", "good", "None is readable by others or in git.")


def _key(seen: Observed) -> Finding:
    if not seen.key_is_from:
        return Finding("Key", "good", "None; visitors enter their own or use the demo.")
    if seen.key_problem is not None:
        sentence = f"The one from the {seen.key_is_from} can't be sent. {seen.key_problem}"
        return Finding("Key", "bad", sentence, "Set ANTHROPIC_API_KEY again.")
    if _goes_in_plain(seen.server_url):
        host = urlsplit(seen.server_url).hostname
        sentence = f"It goes to {host} over plain http, so everyone on the way can read it."
        return Finding("Key", "bad", sentence, "Give ANTHROPIC_BASE_URL an https address.")
    return Finding("Key", "good", f"The owner's, from the {seen.key_is_from}; never shown.")


def _goes_in_plain(url: str) -> bool:
    parts = urlsplit(url)
    # What stays on this machine passes no network on which it could be read.
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _gate(seen: Observed) -> Finding:
    if not seen.has_owner:
        return Finding("Gate", "good", "Not needed: there is no key or server to guard.")
    match seen.gate:
        case "closed":
            return Finding("Gate", "good", "Closed: only this machine has access.")
        case "shared without a budget":
            remedy = "Set PLAYGROUND_BUDGET_DAY_USD."
            return Finding("Gate", "note", "Closed: sharing the key needs a budget.", remedy)
        case "budget":
            return Finding("Gate", "good", "Open to everyone, within the day's budget.")
        case "passcode":
            return Finding("Gate", "good", "A passcode, five tries a minute.")
        case "login":
            if seen.can_log_in:
                return Finding("Gate", "good", "A login with a list of allowed people.")
            remedy = "Install streamlit[auth] and set up [auth] in the secrets."
            return Finding("Gate", "note", "Closed: the login is not set up.", remedy)


def _budget(seen: Observed) -> Finding:
    is_open = seen.has_owner and seen.gate in ("budget", "passcode", "login")
    # A budget reserves each run's worst case, and without a price there is none.
    if not seen.has_server_price and (seen.has_budget or seen.day_usd is not None):
        sentence = (
            "Nothing can be sent, because there is a budget but the server's price is unknown."
        )
        return Finding("Budget", "bad", sentence, "Set PLAYGROUND_SERVER_PRICE, such as 0/0.")
    if seen.day_usd is not None:
        return Finding("Budget", "good", f"At most ${seen.day_usd} a day.")
    if not is_open:
        return Finding("Budget", "good", "Not needed: strangers can't spend the owner's money.")
    remedy = "Set PLAYGROUND_BUDGET_DAY_USD, and a spend limit at the provider."
    return Finding("Budget", "note", "Anyone who passes the gate can spend without limit.", remedy)


def _texts(seen: Observed) -> Finding:
    # Good either way: it is the owner's choice, and what matters is that strangers are told.
    sentence = "Prompts and answers of strangers are never stored."
    if seen.stores_texts:
        sentence = "Prompts and answers of strangers are stored in the owner's database."
    return Finding("Texts", "good", sentence, is_public=True)


def _log(seen: Observed) -> Finding:
    if seen.log_problem is None and seen.is_log_in_memory:
        remedy = "Set PLAYGROUND_LOG to a file or a PostgreSQL database."
        return Finding("Log", "note", f"{seen.log_place} is lost when the app ends.", remedy)
    if seen.log_problem is None:
        return Finding("Log", "good", f"{seen.log_place} can be written and is intact.")
    return Finding("Log", "bad", seen.log_problem, "Runs still work; check PLAYGROUND_LOG.")


def _names(seen: Observed) -> Finding:
    if not seen.unused:
        return Finding("Settings", "good", "Every setting found is used.")
    remedy = "The README lists all settings."
    return Finding("Settings", "bad", " ".join(seen.unused), remedy)
