"""Who may use the key of the app's owner, and how much: closed unless opened on purpose."""

from datetime import UTC, datetime

import pytest

from playground.core.visitors.access import (
    NO_CAPS,
    Caps,
    access,
    login_problem,
    variants_problem,
)
from playground.settings import read_settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLAIMS = {
    "is_logged_in": True,
    "email": "Ada@Example.com",
    "email_verified": True,
    "exp": NOW.timestamp() + 60,
}
SHARED = {"PLAYGROUND_SHARE_KEY": "true"}
BUDGET = {"PLAYGROUND_BUDGET_DAY_USD": "5"}
PASSCODE = {"PLAYGROUND_PASSCODE": "correct horse"}
LOGIN = {"PLAYGROUND_ALLOWED_EMAILS": "ada@example.com"}
CLOSED = "PLAYGROUND_PASSCODE, with PLAYGROUND_ALLOWED_EMAILS, or with PLAYGROUND_SHARE_KEY"


@pytest.mark.parametrize("kind", ["key", "server"])
@pytest.mark.parametrize(
    ("settings", "has_passed", "is_used", "said"),
    [
        ({}, False, False, CLOSED),
        ({}, True, False, CLOSED),
        (BUDGET, True, False, CLOSED),
        ({"PLAYGROUND_SHARE_KEY": "false"} | BUDGET, True, False, CLOSED),
        (SHARED, True, False, "its owner sets with PLAYGROUND_BUDGET_DAY_USD"),
        (SHARED | {"PLAYGROUND_BUDGET_SESSION_USD": "1"}, True, False, "BUDGET_DAY_USD"),
        (SHARED | BUDGET, False, True, "within a budget for all visitors"),
        (PASSCODE, False, False, "Enter it"),
        (PASSCODE, True, True, "is used."),
        (PASSCODE | SHARED | BUDGET, False, False, "Enter it"),
        (LOGIN, False, False, "Enter it"),
        (LOGIN, True, True, "is used."),
        (LOGIN | SHARED | BUDGET, False, False, "Enter it"),
    ],
)
def test_a_visitor_from_elsewhere_uses_it_only_where_that_was_opened(
    kind, settings, has_passed, is_used, said
):
    owners = {"ANTHROPIC_API_KEY": "k"}
    if kind == "server":
        owners["ANTHROPIC_BASE_URL"] = "http://llm.example"
    read = read_settings(owners | settings, {})
    lacks = None if has_passed else "Enter it."
    found = access(kind, read.gate, is_local=False, closed_because=lacks)
    assert found.is_allowed is is_used
    assert said in found.sentence
    assert kind in found.sentence
    # Whoever sits at the machine itself can change the settings.
    assert access(kind, read.gate, is_local=True, closed_because="Enter it.").is_allowed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"email": "someone@example.org"}, None),
        ({"is_logged_in": False}, "Log in"),
        ({"is_logged_in": "yes"}, "Log in"),
        ({"exp": NOW.timestamp()}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": None}, "how long"),
        ({"exp": True}, "how long"),
        ({"exp": "tomorrow"}, "how long"),
        ({"email": None}, "verify"),
        ({"email_verified": False}, "verify"),
        ({"email_verified": "true"}, "verify"),
        ({"email": "eve@example.com"}, "list"),
        ({"email": "eve@example.com.evil.example"}, "list"),
        ({"email": "eve@sub.example.org"}, "list"),
        ({"email": "@example.org@evil.example"}, "list"),
        ({"email": ""}, "list"),
        # No address at all, though it spells a domain of the list.
        ({"email": "example.org"}, "list"),
        ({"email": "@example.org"}, "list"),
    ],
)
def test_a_login_opens_only_while_it_is_valid_and_on_the_list(changes, said):
    allowed = frozenset({"ada@example.com", "@example.org"})
    problem = login_problem(CLAIMS | changes, allowed, NOW)
    assert (problem is None) == (said is None)
    assert said is None or said in problem


def test_nobody_is_on_an_empty_list():
    assert login_problem(CLAIMS, frozenset(), NOW) is not None
    assert login_problem({}, frozenset({"@example.com"}), NOW) == "Log in to use it."


CAPS = Caps(max_tokens=4096, prompt_chars=1000, variants=2)


def test_who_is_capped():
    assert CAPS.for_visitor(is_local=False, is_owners=True) == CAPS
    assert CAPS.for_visitor(is_local=False, is_owners=False) == Caps(prompt_chars=1000)
    assert CAPS.for_visitor(is_local=True, is_owners=True) == NO_CAPS


def test_more_variants_than_allowed_are_refused():
    assert variants_problem(2, CAPS) is None
    assert "2 variants" in variants_problem(3, CAPS)
    assert variants_problem(6, NO_CAPS) is None


def test_a_letter_that_only_looks_like_one_of_the_list_is_another():
    allowed = read_settings({"PLAYGROUND_ALLOWED_EMAILS": "Maker@Kite.example"}, {}).allowed_emails
    for own in ("maker@kite.example", "MAKER@KITE.EXAMPLE"):
        assert login_problem(CLAIMS | {"email": own}, allowed, NOW) is None
    # The Kelvin sign, whose lower case is a k.
    for foreign in ("ma\u212aer@kite.example", "maker@\u212aite.example"):
        assert "list" in login_problem(CLAIMS | {"email": foreign}, allowed, NOW)
