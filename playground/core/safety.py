"""The self-check: what was found out about this server, judged for an app that strangers use."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from playground.core.access import Gate

Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the self-check. `remedy` says what would mend it; only what concerns a
    visitor himself is shown to strangers (`is_public`)."""

    name: str
    verdict: Verdict
    sentence: str
    remedy: str = ""
    is_public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was looked at. `log_problem` and `headers_missing` are what the checks that ran
    came back with."""

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
    misspelt: tuple[str, ...]


def findings(seen: Observed) -> tuple[Finding, ...]:
    """One finding for each thing that was looked at, in the order to read them in."""
    return (
        _address(seen),
        _hosts(seen),
        _headers(seen),
        _error_details(seen),
        _telemetry(seen),
        _side_doors(seen),
        _printing(seen),
        _key(seen),
        _gate(seen),
        _budget(seen),
        _texts(seen),
        _log(seen),
        _names(seen),
    )


def is_sound(found: tuple[Finding, ...]) -> bool:
    """Whether nothing has to be mended."""
    return all(finding.verdict != "bad" for finding in found)


def _address(seen: Observed) -> Finding:
    if seen.address in ("localhost", "127.0.0.1", "::1"):
        return Finding("Address", "good", f"Listens on {seen.address}: this machine only.")
    where = f"on {seen.address}" if seen.address else "on every network of this machine"
    remedy = "For yourself alone start with --server.address localhost."
    return Finding("Address", "note", f"Listens {where}: others may open the page.", remedy)


def _hosts(seen: Observed) -> Finding:
    if seen.allowed_hosts:
        names = ", ".join(seen.allowed_hosts)
        return Finding("Allowed hosts", "good", f"Answers only as {names}.")
    remedy = "List the app's names in server.allowedHosts."
    return Finding("Allowed hosts", "bad", "Answers under any name (DNS rebinding).", remedy)


def _headers(seen: Observed) -> Finding:
    if not seen.headers_missing:
        sentence = "A page can load nothing from another host."
        return Finding("Headers", "good", sentence, is_public=True)
    missing = ", ".join(seen.headers_missing)
    remedy = "Start the app with `streamlit run streamlit_app.py`. Answers are guarded without."
    return Finding("Headers", "bad", f"Not sent: {missing}.", remedy, is_public=True)


def _error_details(seen: Observed) -> Finding:
    if seen.error_details == "none":
        return Finding("Error details", "good", "An error shows no details.", is_public=True)
    remedy = 'Set client.showErrorDetails = "none".'
    sentence = "An error may show a prompt or a path."
    return Finding("Error details", "bad", sentence, remedy, is_public=True)


def _telemetry(seen: Observed) -> Finding:
    if not seen.sends_telemetry:
        return Finding("Telemetry", "good", "Streamlit's is off.", is_public=True)
    remedy = "Set browser.gatherUsageStats = false; Community Cloud always turns it on."
    sentence = "Streamlit counts visits; prompts and keys are not part of it."
    return Finding("Telemetry", "note", sentence, remedy, is_public=True)


def _side_doors(seen: Observed) -> Finding:
    name = "Side doors"
    if seen.has_agent_api:
        return Finding(name, "bad", "The agent API is on.", "Set server.enableAgentApi = false.")
    if not seen.checks_origins:
        remedy = "Leave server.enableCORS and server.enableXsrfProtection on."
        return Finding(name, "bad", "Streamlit does not check where requests come from.", remedy)
    return Finding(name, "good", "No agent API; requests from other sites are refused.")


def _printing(seen: Observed) -> Finding:
    if not seen.prints_requests:
        return Finding("Debug output", "good", "Prompts are not printed.", is_public=True)
    remedy = "Unset ANTHROPIC_LOG."
    return Finding("Debug output", "bad", "The SDK prints every prompt.", remedy, is_public=True)


def _key(seen: Observed) -> Finding:
    if seen.key_is_from:
        return Finding("Key", "good", f"The owner's, from the {seen.key_is_from}; never shown.")
    return Finding("Key", "good", "None: visitors bring their own or use the demo.")


def _gate(seen: Observed) -> Finding:
    if not seen.has_owner:
        return Finding("Gate", "good", "Not needed: there is no key or server to guard.")
    match seen.gate:
        case "closed":
            return Finding("Gate", "good", "Closed: only this machine is let through.")
        case "shared without a budget":
            remedy = "Set PLAYGROUND_BUDGET_DAY_USD."
            return Finding("Gate", "note", "Closed: sharing the key needs a budget.", remedy)
        case "budget":
            return Finding("Gate", "good", "Open to everyone, within the day's budget.")
        case "passcode":
            return Finding("Gate", "good", "A passcode, five tries a minute.")
        case "login":
            if seen.can_log_in:
                return Finding("Gate", "good", "A login with a list of who may.")
            remedy = "Install streamlit[auth] and set up [auth] in the secrets."
            return Finding("Gate", "note", "Closed: the login is not set up.", remedy)


def _budget(seen: Observed) -> Finding:
    is_open = seen.has_owner and seen.gate in ("budget", "passcode", "login")
    if seen.day_usd is not None:
        return Finding("Budget", "good", f"At most ${seen.day_usd} a day.")
    if not is_open:
        return Finding("Budget", "good", "Not needed: strangers can't spend the owner's money.")
    remedy = "Set PLAYGROUND_BUDGET_DAY_USD, and a spend limit at the provider."
    return Finding("Budget", "note", "Whoever passes the gate can spend without limit.", remedy)


def _texts(seen: Observed) -> Finding:
    sentence = "Prompts and answers of strangers are never stored."
    if seen.stores_texts:
        sentence = "Prompts and answers of strangers are stored in the owner's database."
    return Finding("Texts", "good", sentence, is_public=True)


def _log(seen: Observed) -> Finding:
    if seen.log_problem is None:
        return Finding("Log", "good", f"{seen.log_place} can be written and is intact.")
    return Finding("Log", "bad", seen.log_problem, "Runs go on; see PLAYGROUND_LOG.")


def _names(seen: Observed) -> Finding:
    if not seen.misspelt:
        return Finding("Settings", "good", "Each name that is set is one of a setting.")
    remedy = "The README lists them all."
    return Finding("Settings", "bad", " ".join(seen.misspelt), remedy)
