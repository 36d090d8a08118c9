"""Who a visitor is, whether they may use the key, or the server, of the app's owner, and how large
their requests may be. What is not opened on purpose stays closed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LOCAL = "local"
"""The one visitor at the machine that the app runs on."""
TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_token(text: str) -> bool:
    """Whether a text has the shape of a browser's token: `TOKEN_BYTES` in base64."""
    return _TOKEN.fullmatch(text) is not None


def visitor_of(*held: str) -> str:
    """A visitor's name in the log; nobody who reads it there can pass for that visitor."""
    # With NUL between the parts, "ab" and "c" are not the same visitor as "a" and "bc".
    return f"visitor-{hashlib.sha256(chr(0).join(held).encode()).hexdigest()[:32]}"


Gate = Literal["login", "passcode", "budget", "shared without a budget", "closed"]
"""What the owner put before the key for visitors from elsewhere."""

OPENERS = (
    "Its owner can open it with PLAYGROUND_PASSCODE, with PLAYGROUND_ALLOWED_EMAILS, or "
    "with PLAYGROUND_SHARE_KEY and PLAYGROUND_BUDGET_DAY_USD together."
)
NOT_LOGGED_IN = "Log in to use it."


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the owner's key is used, and what to say about that."""

    is_allowed: bool
    sentence: str = ""


def access(what: str, gate: Gate, *, is_local: bool, closed_because: str | None) -> Access:
    """Whether a visitor may use the owner's `what`, a key or a server. `closed_because` is
    what a visitor lacks to pass the gate, None once it is passed; it matters to a login and a
    passcode only."""
    if is_local:
        return Access(True)
    if gate == "closed":
        return Access(False, f"This app's {what} is not for visitors. {OPENERS}")
    if gate == "shared without a budget":
        needed = (
            "PLAYGROUND_SHARE_KEY needs a limit, which its owner sets with "
            "PLAYGROUND_BUDGET_DAY_USD."
        )
        return Access(False, f"This app's {what} is not for visitors yet. {needed}")
    if gate == "budget":
        return Access(True, f"The owner's {what} is used, within a budget for all visitors.")
    if closed_because is None:
        return Access(True, f"The owner's {what} is used.")
    return Access(
        False, f"This app's {what} is only for people its owner lets in. {closed_because}"
    )


def login_problem(
    claims: Mapping[str, object], allowed: frozenset[str], now: datetime
) -> str | None:
    """Why a login does not open the gate. `claims` are the identity token's, whose expiry
    Streamlit does not check; `allowed` holds addresses and `@domains` in lower case."""
    if claims.get("is_logged_in") is not True:
        return NOT_LOGGED_IN
    expires_s = claims.get("exp")
    if isinstance(expires_s, bool) or not isinstance(expires_s, int | float):
        return "This login does not say how long it is valid."
    # Written so that an expiry of NaN counts as passed.
    if not now.timestamp() < expires_s:
        return "Your login has expired. Log in again."
    email = claims.get("email")
    # Some providers let anybody claim an address: unverified it may be somebody else's.
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return "This login does not verify an e-mail address."
    # Only what follows the last @ is the domain: a quoted local part may hold another.
    address = email_in_lower_case(email.strip())
    name, at, domain = address.rpartition("@")
    if not (name and at) or not {address, f"@{domain}"} & allowed:
        return "This account is not on its owner's list."
    return None


def email_in_lower_case(text: str) -> str:
    """An address as addresses are compared: letters that only look like one of ASCII in lower case
    (the Kelvin sign) stay what they are, or somebody else's address would be taken for it."""
    return "".join(
        letter if letter.lower().isascii() and not letter.isascii() else letter.lower()
        for letter in text
    )


@dataclass(frozen=True, slots=True)
class Caps:
    """None: no limit of this app's. A visitor at this machine has none; one who brings a key only
    that on a prompt."""

    max_tokens: int | None = None
    prompt_chars: int | None = None
    variants: int | None = None

    def for_visitor(self, *, is_local: bool, is_owners: bool) -> "Caps":
        """The caps on a visitor; `is_owners`: at the owner's expense."""
        if is_local:
            return NO_CAPS
        return self if is_owners else Caps(prompt_chars=self.prompt_chars)


NO_CAPS = Caps()


def variants_problem(count: int, caps: Caps) -> str | None:
    """Why so many variants are too many."""
    if caps.variants is None or count <= caps.variants:
        return None
    noun = "variant" if caps.variants == 1 else "variants"
    return f"Not started: this app lets visitors run {caps.variants} {noun} at once."
