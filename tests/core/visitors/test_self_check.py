"""The self-check judges what was found, and says what would mend it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from playground.core.visitors.self_check import Observed, findings, is_sound

SAFE = Observed(
    address="127.0.0.1",
    allowed_hosts=("localhost",),
    error_details="none",
    sends_telemetry=False,
    has_agent_api=False,
    checks_origins=True,
    prints_requests=False,
    key_is_from="secrets",
    has_owner=True,
    gate="passcode",
    can_log_in=False,
    day_usd=Decimal("2.50"),
    log_place="sqlite:///runs.db",
    log_problem=None,
    stores_texts=False,
    headers_missing=(),
    unused=(),
)


def finding(name, **changes):
    return next(f for f in findings(replace(SAFE, **changes)) if f.name == name)


def test_a_safe_server_is_all_good():
    found = findings(SAFE)
    assert {each.verdict for each in found} == {"good"}
    assert not any(each.remedy for each in found)
    assert is_sound(found)
    assert len({each.name for each in found}) == len(found) == 15


@pytest.mark.parametrize(
    ("name", "changes", "remedy"),
    [
        ("Allowed hosts", {"allowed_hosts": ()}, "server.allowedHosts"),
        ("Headers", {"headers_missing": ("Content-Security-Policy",)}, "streamlit run"),
        ("Error details", {"error_details": "full"}, "client.showErrorDetails"),
        ("Error details", {"error_details": "type"}, "client.showErrorDetails"),
        ("Side doors", {"has_agent_api": True}, "server.enableAgentApi"),
        ("Side doors", {"checks_origins": False}, "server.enableXsrfProtection"),
        ("Allowed hosts", {"allowed_hosts": ("localhost", "*.com")}, "server.allowedHosts"),
        ("Allowed hosts", {"allowed_hosts": ("*",)}, "server.allowedHosts"),
        ("Allowed hosts", {"allowed_hosts": ("*.co.uk",)}, "server.allowedHosts"),
        ("Allowed hosts", {"allowed_hosts": ("*.nip.io",)}, "server.allowedHosts"),
        # Names that no browser sends, so that all who come are refused.
        ("Allowed hosts", {"allowed_hosts": ("https://a.example",)}, "without scheme"),
        ("Allowed hosts", {"allowed_hosts": ("localhost", "a.example:8501")}, "port"),
        ("Allowed hosts", {"allowed_hosts": ("a.example/app",)}, "path"),
        ("Allowed hosts", {"allowed_hosts": ("[::1]",)}, "bracket"),
        ("Allowed hosts", {"allowed_hosts": ("m\u00fcnchen.example",)}, "ASCII"),
        ("Allowed hosts", {"allowed_hosts": ("a.example b.example",)}, "each name"),
        ("Allowed hosts", {"allowed_hosts": ("a.example",), "hosts_from_elsewhere": True},
         "STREAMLIT_SERVER_ALLOWED_HOSTS"),
        ("Error details", {"links_errors": True}, "client.showErrorLinks"),
        ("Side doors", {"trusts_headers": True}, "server.trustedUserHeaders"),
        ("Side doors", {"publishes_visitors": True}, "server.unsafeMetricsUserAttributes"),
        ("Side doors", {"cors_origins": ("https://evil.example",)}, "server.corsAllowedOrigins"),
        ("Side doors", {"cors_origins": ("*",)}, "server.corsAllowedOrigins"),
        ("Side doors", {"cors_origins": ("http://[half",)}, "server.corsAllowedOrigins"),
        ("Debug output", {"prints_requests": True}, "ANTHROPIC_LOG"),
        ("Debug output", {"writes_tls_keys": True}, "SSLKEYLOGFILE"),
        ("Debug output", {"prints_crashes": True}, "logger.enableRich"),
        ("Debug output", {"prints_messages": True}, "logger.level"),
        ("Data export", {"offers_data_export": True}, "client.disableDataExport"),
        ("Secrets file", {"secrets_problems": ("It is in git.",)}, "git rm --cached"),
        ("Key", {"key_problem": "It has two lines."}, "ANTHROPIC_API_KEY"),
        ("Key", {"server_url": "http://models.example"}, "https"),
        ("Key", {"server_url": "http://10.0.0.7:8000"}, "https"),
        ("Budget", {"has_server_price": False}, "PLAYGROUND_SERVER_PRICE"),
        ("Budget", {"has_server_price": False, "day_usd": None, "has_budget": True},
         "PLAYGROUND_SERVER_PRICE"),
        ("Settings", {"unused": ("PLAYGROUND_LOGS is not a setting.",)}, "README"),
        ("Log", {"log_problem": "The log is not saved: the disk is full."}, "PLAYGROUND_LOG"),
    ],
)  # fmt: skip
def test_what_must_be_mended_fails_the_check_and_names_the_setting(name, changes, remedy):
    assert finding(name, **changes).verdict == "bad"
    assert remedy in finding(name, **changes).remedy
    assert not is_sound(findings(replace(SAFE, **changes)))


@pytest.mark.parametrize(
    ("name", "changes", "remedy"),
    [
        ("Address", {"address": ""}, "--server.address localhost"),
        ("Address", {"address": "0.0.0.0"}, "--server.address localhost"),
        ("Telemetry", {"sends_telemetry": True}, "browser.gatherUsageStats"),
        ("Gate", {"gate": "shared without a budget"}, "PLAYGROUND_BUDGET_DAY_USD"),
        ("Gate", {"gate": "login"}, "streamlit[auth]"),
        ("Budget", {"day_usd": None}, "PLAYGROUND_BUDGET_DAY_USD"),
        ("Log", {"is_log_in_memory": True}, "PLAYGROUND_LOG"),
    ],
)
def test_what_an_owner_should_know_is_a_note_and_passes(name, changes, remedy):
    assert finding(name, **changes).verdict == "note"
    assert remedy in finding(name, **changes).remedy
    assert is_sound(findings(replace(SAFE, **changes)))


@pytest.mark.parametrize(
    "changes",
    [{"has_owner": False, "key_is_from": ""}, {"gate": "closed"}],
    ids=["no key", "closed"],
)
def test_where_strangers_spend_nothing_no_budget_is_missed(changes):
    assert finding("Budget", day_usd=None, **changes).verdict == "good"
    assert finding("Gate", **changes).verdict == "good"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Allowed hosts", {"allowed_hosts": ("localhost", "*.streamlit.app", "::1", "127.0.0.1"),
                           "hosts_from_elsewhere": True}),
        ("Allowed hosts", {"allowed_hosts": ("prompts.example.com", "*.example.com")}),
        ("Side doors", {"cors_origins": ("http://localhost:3000", "http://127.0.0.1")}),
        ("Side doors", {"cors_origins": ("https://a.example",), "allowed_hosts": ("a.example",)}),
        ("Side doors", {"cors_origins": ("https://a.example",), "allowed_hosts": ("A.Example",)}),
        ("Allowed hosts", {"allowed_hosts": ("Prompts.Example.com.", "xn--mnchen-3ya.example")}),
        ("Key", {"server_url": "http://localhost:11434"}),
        ("Key", {"server_url": "http://[::1]:11434"}),
        ("Key", {"server_url": "https://models.example"}),
        ("Key", {"server_url": "http://models.example", "key_is_from": ""}),
        ("Budget", {"has_server_price": False, "day_usd": None, "gate": "closed"}),
    ],
)  # fmt: skip
def test_what_is_as_it_should_be_is_good(name, changes):
    assert finding(name, **changes).verdict == "good"


def test_several_side_doors_are_all_named():
    found = finding("Side doors", checks_origins=False, has_agent_api=True, cors_origins=("x.y",))
    assert "agent" in found.sentence
    assert "x.y" in found.sentence
    assert "enableXsrfProtection" in found.remedy


def test_strangers_learn_nothing_of_addresses_keys_and_files():
    public = {each.name for each in findings(SAFE) if each.is_public}
    assert public == {"Headers", "Error details", "Telemetry", "Debug output", "Texts"}


def test_the_headers_that_lack_are_named():
    assert "nosniff" in finding("Headers", headers_missing=("nosniff", "x")).sentence
