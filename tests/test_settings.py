"""What the server's owner may set, and what is said about a setting that can't be used."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from starlette.datastructures import Headers

from playground import settings as settings_module
from playground.core.money.budget import Budget
from playground.core.request.connection import CLAUDE, key_problem
from playground.core.visitors.access import Caps
from playground.core.visitors.setting_names import NAMES, unused_names
from playground.settings import (
    SettingsError,
    is_local_visit,
    is_this_machine,
    read_settings,
)


def test_without_any_setting_there_is_the_demo_and_the_claude_api():
    settings = read_settings({}, {})
    assert [each.kind for each in settings.connections] == ["demo", "claude"]
    assert settings.owner is None
    assert settings.key == ""


def test_the_environment_wins_over_the_secrets():
    settings = read_settings(
        {"ANTHROPIC_API_KEY": " from-env\n"}, {"playground": {"ANTHROPIC_API_KEY": "from-file"}}
    )
    assert settings.key == "from-env"
    assert settings.owner is CLAUDE


@pytest.mark.parametrize(
    "secrets", [{"ANTHROPIC_API_KEY": "k"}, {"playground": {"ANTHROPIC_API_KEY": "k"}}]
)
def test_a_key_may_stand_in_the_secrets(secrets):
    assert read_settings({}, secrets).key == "k"


def test_a_key_goes_to_the_address_beside_it_and_to_no_other():
    secrets = {
        "playground": {"ANTHROPIC_BASE_URL": "https://llm.example", "ANTHROPIC_API_KEY": "s"}
    }
    settings = read_settings({"ANTHROPIC_API_KEY": "shell"}, secrets)
    assert (settings.owner, settings.key) == (CLAUDE, "shell")
    settings = read_settings({"ANTHROPIC_BASE_URL": "http://localhost:1"}, secrets)
    assert (settings.owner.kind, settings.key) == ("server", "")


KEY, URL = {"ANTHROPIC_API_KEY": "k"}, {"ANTHROPIC_BASE_URL": "http://localhost:11434"}
CLAUDES_URL = {"ANTHROPIC_BASE_URL": "https://api.anthropic.com"}


@pytest.mark.parametrize(
    ("environ", "secrets", "left_out", "other"),
    [
        (KEY, {"playground": URL}, "ANTHROPIC_BASE_URL in [playground]", KEY),
        (KEY, URL, "ANTHROPIC_BASE_URL in the secrets", KEY),
        (KEY, {"playground": URL | {"ANTHROPIC_API_KEY": "x"}}, "ANTHROPIC_BASE_URL in [pl", KEY),
        (URL, {"playground": KEY}, "ANTHROPIC_API_KEY in [playground]", URL),
        (CLAUDES_URL, {"playground": KEY}, "ANTHROPIC_API_KEY in [playground]", CLAUDES_URL),
        ({}, KEY | {"playground": URL}, "ANTHROPIC_API_KEY in the secrets", URL),
        (KEY, KEY | {"playground": URL}, "ANTHROPIC_API_KEY in the secrets", URL),
    ],
)
def test_half_of_key_and_address_that_is_left_out_is_told(environ, secrets, left_out, other):
    [said] = read_settings(environ, secrets).unused
    assert said.startswith(left_out)
    assert f"is not used: {next(iter(other))} is set in " in said


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        (KEY | URL, {"playground": KEY}),
        (KEY, {"playground": KEY}),
        (KEY | URL, {"playground": CLAUDES_URL | KEY}),
        ({"ANTHROPIC_API_KEY": " "}, {"playground": KEY | URL}),
        (URL, KEY | {"playground": KEY | URL} | URL),
        (KEY, KEY | URL),
    ],
)
def test_a_setting_that_is_replaced_by_itself_is_not_told(environ, secrets):
    assert read_settings(environ, secrets).unused == ()


def test_the_price_of_one_server_is_not_taken_for_another_ones():
    price = {"PLAYGROUND_SERVER_PRICE": "0/0"}
    settings = read_settings({"ANTHROPIC_BASE_URL": "http://paid.example"}, URL | price)
    assert settings.owner.flat_price is None
    [said] = settings.unused
    assert said.startswith("PLAYGROUND_SERVER_PRICE in the secrets is not used")
    own = {"playground": CLAUDES_URL | price}
    for environ, secrets in ((URL, URL | price), (URL, price), (URL | price, own)):
        settings = read_settings(environ, secrets)
        assert (settings.owner.flat_price is None, settings.unused) == (False, ())


def test_a_key_does_not_show_in_the_settings_text():
    assert "sk-secret" not in repr(read_settings({"ANTHROPIC_API_KEY": "sk-secret"}, {}))


def test_a_base_url_makes_a_server_and_takes_the_key_along():
    settings = read_settings(
        {
            "ANTHROPIC_BASE_URL": "http://localhost:11434/",
            "ANTHROPIC_API_KEY": "k",
            "PLAYGROUND_SERVER_PRICE": "0.5/1.5",
        },
        {},
    )
    assert settings.owner.base_url == "http://localhost:11434"
    assert settings.owner.label == "localhost:11434"
    assert settings.owner.flat_price.output_usd == Decimal("1.5")
    assert [each.kind for each in settings.connections] == ["demo", "server", "claude"]


@pytest.mark.parametrize("tail", ["/v1/", "", ":443", ".", ":443/v1"])
def test_the_claude_apis_own_address_is_not_another_server(tail):
    url = {"ANTHROPIC_BASE_URL": f"https://API.anthropic.com{tail}", "ANTHROPIC_API_KEY": "k"}
    assert read_settings(url, {}).owner is CLAUDE


def test_a_price_without_another_server_is_read_all_the_same_and_told():
    with pytest.raises(SettingsError, match="PLAYGROUND_SERVER_PRICE must be two prices"):
        read_settings({"PLAYGROUND_SERVER_PRICE": "nonsense"}, {})
    for environ in ({}, KEY, KEY | CLAUDES_URL):
        [said] = read_settings(environ | {"PLAYGROUND_SERVER_PRICE": "1/2"}, {}).unused
        assert said.startswith("PLAYGROUND_SERVER_PRICE is not used: ANTHROPIC_BASE_URL names no")


def test_a_key_that_is_shared_with_all_beside_a_gate_is_told_to_be_not():
    gate = {"PLAYGROUND_PASSCODE": "correct horse", "PLAYGROUND_SHARE_KEY": "true"}
    settings = read_settings(gate, {})
    assert settings.gate == "passcode"
    told = "PLAYGROUND_SHARE_KEY is not used: PLAYGROUND_PASSCODE decides who is let in."
    assert settings.unused == (told,)
    assert read_settings(gate | {"PLAYGROUND_SHARE_KEY": "no"}, {}).unused == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_BASE_URL", "localhost:11434"),
        ("ANTHROPIC_BASE_URL", "http://user:password@host"),
        ("ANTHROPIC_BASE_URL", "http://[x"),
        ("ANTHROPIC_BASE_URL", "http://host/?token=password@"),
        ("PLAYGROUND_MAX_RUNS", "0"),
        ("PLAYGROUND_MAX_RUNS_PER_VISITOR", "many"),
        ("PLAYGROUND_SERVER_PRICE", "cheap"),
        ("PLAYGROUND_SERVER_PRICE", "1/-1"),
        ("PLAYGROUND_BUDGET_SESSION_USD", "-1"),
        ("PLAYGROUND_BUDGET_DAY_USD", "lots"),
        ("PLAYGROUND_BUDGET_DAY_USD", "1e9"),
        ("PLAYGROUND_BUDGET_VISITOR_DAY_USD", "a little"),
        ("PLAYGROUND_PASSCODE", "short"),
        ("PLAYGROUND_ALLOWED_EMAILS", "ada@"),
        ("PLAYGROUND_ALLOWED_EMAILS", "*"),
        ("PLAYGROUND_ALLOWED_EMAILS", "ada@example.com, a@b@example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "*@example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "*.example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "@*.example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", '["ada@example.com"]'),
        ("PLAYGROUND_ALLOWED_EMAILS", "'ada@example.com'"),
        ("PLAYGROUND_ALLOWED_EMAILS", "Ada <ada@example.com>"),
        ("PLAYGROUND_ALLOWED_EMAILS", "<ada@example.com>"),
        ("PLAYGROUND_ALLOWED_EMAILS", "mailto:ada@example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "https://example.com"),
        ("PLAYGROUND_ALLOWED_EMAILS", "ada@example.com."),
        ("PLAYGROUND_ALLOWED_EMAILS", ".example.com"),
        ("ANTHROPIC_BASE_URL", "http://localhost:11434/v1/messages"),
        ("ANTHROPIC_BASE_URL", "http://localhost:11434/v1/chat/completions/"),
        ("ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1/messages"),
        ("PLAYGROUND_ALLOWED_EMAILS", ","),
        ("PLAYGROUND_MAX_TOKENS", "-1"),
        ("PLAYGROUND_MAX_PROMPT_CHARS", "1e5"),
        ("PLAYGROUND_MAX_VARIANTS", "0"),
        ("PLAYGROUND_MAX_WAITING", "none"),
        ("PLAYGROUND_PAGE_GONE_S", "0"),
        ("PLAYGROUND_MAX_RUNS", "9" * 5_000),
        ("PLAYGROUND_MAX_RUNS", "1000000001"),
        ("PLAYGROUND_SERVER_PRICE", "1e999999/1"),
        ("PLAYGROUND_PASSCODE", "x" * 201),
        ("PLAYGROUND_PASSCODE", "\U0001f511" * 101),
        ("PLAYGROUND_PASSCODE", "two lines\nof it"),
        ("PLAYGROUND_SHARE_KEY", "ture"),
        ("ANTHROPIC_BASE_URL", "http://host:99999"),
        ("ANTHROPIC_BASE_URL", "http://ho\nst"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name, value):
    environ = {"ANTHROPIC_BASE_URL": "http://localhost:1"} | {name: value}
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings(environ, {})
    assert "password@" not in str(caught.value)


def test_the_owner_sets_a_budget_in_dollars():
    environ = {"PLAYGROUND_BUDGET_SESSION_USD": "0.50"}
    secrets = {"playground": {"PLAYGROUND_BUDGET_DAY_USD": 2.5}}
    assert read_settings(environ, secrets).budget == Budget(
        Decimal("0.5"), Decimal("2.5"), Decimal("0.5")
    )
    assert read_settings({}, {}).budget == Budget()


@pytest.mark.parametrize(
    ("host", "ip_address", "is_local"),
    [
        ("localhost:8501", None, True),
        ("127.0.0.1:8501", "::ffff:127.0.0.1", True),
        ("[::1]:8501", "::1", True),
        ("localhost:8501", "192.0.2.7", False),
        ("app.streamlit.app", None, False),
        ("evil.example", "127.0.0.1", False),
        ("", None, True),
        ("", "192.0.2.7", False),
    ],
)
def test_only_someone_at_this_very_machine_is_local(host, ip_address, is_local):
    assert is_this_machine(host, ip_address) is is_local


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ANTHROPIC_API_KEY"])
@pytest.mark.parametrize(
    "value", ["sk-ant-api03-0123456789abcdef", "0123456789abcdef0123456789abcdef", "hunter2hunter2"]
)
def test_a_key_or_password_in_the_wrong_setting_is_not_repeated(name, value):
    for environ, secrets in (({name: value}, {}), ({}, {"playground": {name: value}})):
        try:
            settings = read_settings(environ, secrets)
            said = repr(replace(settings, allowed_emails=frozenset(), owner=None))
        except SettingsError as error:
            said = str(error)
        assert not any(value[start : start + 8] in said for start in range(len(value) - 7))


def test_a_key_where_a_name_should_be_is_not_repeated():
    [said] = unused_names({}, {"playground": {"sk-ant-api03-0123456789abcdef": "x"}})
    assert "0123" not in said


def test_what_is_short_is_repeated_to_be_found():
    with pytest.raises(SettingsError, match=r"PLAYGROUND_MAX_RUNS .* not 'many'"):
        read_settings({"PLAYGROUND_MAX_RUNS": "many"}, {})


@pytest.mark.parametrize(
    "key",
    ["", "two\nlines", "with space", "schlüssel", "sk-ant-\x7f", '"sk-ant-api03-x"', "'sk-ant-x'",
     '"sk-other"', "`abc`", "<your-key>", "ANTHROPIC_API_KEY=sk-ant-x", "anthropic_api_key=k",
     "x-api-key:k", '"api_key":"k"', "OPENAI_API_KEY=sk-x", "sk-ant-x,", 'sk-ant-x"',
     "Bearer:sk-ant-x",
     "ANTHROPIC_AUTH_TOKEN=k", "sk-ant-api03-...", '""'],
)  # fmt: skip
def test_what_cannot_be_a_key_is_said_without_repeating_it(key):
    problem = key_problem(key)
    assert problem
    assert not key or key not in problem


@pytest.mark.parametrize(
    "key",
    ["sk-ant-api03-abc_DEF-123", "sk-1234", "lm-studio", "ollama", "a'b", "YWJjZA==", "x=y:z;",
     "hunter2}", "key/with.dots+and~more", "none"],
)  # fmt: skip
def test_an_ordinary_key_has_no_problem(key):
    assert key_problem(key) is None


def test_a_passcode_that_cannot_be_used_is_not_repeated_and_a_good_one_not_shown():
    with pytest.raises(SettingsError) as caught:
        read_settings({"PLAYGROUND_PASSCODE": "hunter2"}, {})
    assert "hunter2" not in str(caught.value)
    settings = read_settings({}, {"playground": {"PLAYGROUND_PASSCODE": 12345678}})
    assert (settings.gate, settings.passcode) == ("passcode", "12345678")
    assert "12345678" not in repr(settings)


@pytest.mark.parametrize(
    "value",
    [
        "Ada@Example.com, example.org",
        ["ada@example.com", "@example.org"],
        ["ada@example.com, ", ["EXAMPLE.org"]],
        "@EXAMPLE.ORG;ada@example.com,",
    ],
)
def test_the_list_of_addresses_and_domains_may_be_text_or_a_list(value):
    settings = read_settings({}, {"playground": {"PLAYGROUND_ALLOWED_EMAILS": value}})
    assert settings.allowed_emails == {"ada@example.com", "@example.org"}
    assert settings.gate == "login"


def test_of_two_gates_the_weaker_would_decide():
    environ = {"PLAYGROUND_ALLOWED_EMAILS": "example.org", "PLAYGROUND_PASSCODE": "correct horse"}
    with pytest.raises(SettingsError, match="not both"):
        read_settings(environ, {})


def test_strangers_are_capped_without_any_setting():
    settings = read_settings({}, {})
    assert settings.caps == Caps(max_tokens=4096, prompt_chars=200_000, variants=6)
    assert settings.max_waiting == 200
    environ = {
        "PLAYGROUND_MAX_TOKENS": "100",
        "PLAYGROUND_MAX_PROMPT_CHARS": "200",
        "PLAYGROUND_MAX_VARIANTS": "3",
        "PLAYGROUND_MAX_WAITING": "4",
        "PLAYGROUND_BUDGET_DAY_USD": "5",
        "PLAYGROUND_BUDGET_VISITOR_DAY_USD": "0.25",
    }
    settings = read_settings(environ, {})
    assert (settings.caps, settings.max_waiting) == (Caps(100, 200, 3), 4)
    assert settings.budget.visitor_day_usd == Decimal("0.25")


def test_texts_of_strangers_are_stored_only_where_a_database_was_chosen():
    assert not read_settings({}, {}).keeps_texts(is_local=False)
    assert read_settings({}, {}).keeps_texts(is_local=True)
    chosen = read_settings({"PLAYGROUND_LOG": "sqlite:///data/runs.db"}, {})
    assert chosen.keeps_texts(is_local=False)


# Of reverse proxies, tunnels, load balancers and content delivery networks.
ADDED_ON_THE_WAY = """
    forwarded via x-forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port
    x-forwarded-server x-forwarded-by x-forwarded-prefix x-forwarded-scheme x-forwarded-ssl
    x-forwarded-client-cert x-forwarded-user x-forwarded-email x-real-ip x-real-port
    x-original-forwarded-for x-original-host x-original-proto x-original-url x-original-uri
    x-rewrite-url x-client-ip x-cluster-client-ip x-remote-ip x-remote-addr x-originating-ip
    x-proxyuser-ip x-host x-scheme x-request-id x-correlation-id client-ip remote-addr
    proxy-client-ip wl-proxy-client-ip proxy-connection proxy-authorization front-end-https
    cf-connecting-ip cf-connecting-ipv6 cf-ipcountry cf-ray cf-visitor cf-worker cdn-loop
    true-client-ip fastly-client-ip fastly-ff fastly-ssl x-varnish x-timer fly-client-ip
    fly-forwarded-port fly-region x-envoy-external-address x-envoy-internal
    x-envoy-expected-rq-timeout-ms x-appengine-user-ip x-appengine-country
    x-google-apps-metadata x-cloud-trace-context x-amzn-trace-id x-amz-cf-id
    cloudfront-viewer-address x-azure-clientip x-azure-socketip x-azure-fdid x-arr-log-id
    x-arr-ssl x-ms-forwarded-client-ip disguised-host was-default-hostname x-vercel-id
    x-vercel-forwarded-for x-nf-client-connection-ip x-nf-request-id do-connecting-ip
    x-sucuri-clientip incap-client-ip akamai-origin-hop x-akamai-config-log-detail
    ali-cdn-real-ip x-cdn-src-ip tailscale-user-login tailscale-user-name
    x-goog-authenticated-user-email x-ngrok-forwarded-for x-replit-user-id x-coder-proxy
    x-github-request-id x-traefik-router x-b3-traceid traceparent tracestate x-ssl-cert
    ssl-client-verify x-webauth-user remote-user x-tunnel-authorization x-new-proxy-of-tomorrow
"""


@pytest.mark.parametrize("name", ADDED_ON_THE_WAY.split())
@pytest.mark.parametrize("value", ["127.0.0.1", "localhost", "https", ""])
def test_who_comes_through_a_proxy_is_not_local(name, value):
    for spelt in (name, name.title(), name.upper()):
        headers = Headers({"host": "localhost:8501", spelt: value})
        assert not is_local_visit(headers, "127.0.0.1")
        assert not is_local_visit(headers, None)


PAGE = {
    "host": "localhost:8501", "connection": "keep-alive", "cache-control": "max-age=0",
    "sec-ch-ua": "x", "sec-ch-ua-mobile": "?0", "sec-ch-ua-platform": "Linux", "dnt": "1",
    "upgrade-insecure-requests": "1", "user-agent": "Mozilla/5.0", "accept": "text/html",
    "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-user": "?1",
    "sec-fetch-dest": "document", "accept-encoding": "gzip", "accept-language": "de",
    "cookie": "a=b", "if-none-match": "x", "if-modified-since": "x", "priority": "u=0, i",
    "sec-gpc": "1", "te": "trailers", "referer": "http://localhost:8501/", "sec-purpose": "x",
    "save-data": "on",
}  # fmt: skip
SOCKET = {
    "host": "127.0.0.1:8501", "connection": "Upgrade", "pragma": "no-cache",
    "cache-control": "no-cache", "user-agent": "Mozilla/5.0", "upgrade": "websocket",
    "origin": "http://127.0.0.1:8501", "sec-websocket-version": "13", "accept-encoding": "gzip",
    "accept-language": "en", "cookie": "a=b", "sec-websocket-key": "x",
    "sec-websocket-extensions": "permessage-deflate", "sec-websocket-protocol": "streamlit, x",
}  # fmt: skip


@pytest.mark.parametrize("headers", [PAGE, SOCKET, {"host": "localhost"}])
def test_a_browser_at_this_machine_is_local(headers):
    assert is_local_visit(Headers(headers), "127.0.0.1")
    assert not is_local_visit(Headers(headers), "192.0.2.7")
    assert not is_local_visit(Headers({**headers, "host": "demo.example"}), "127.0.0.1")


def test_a_name_that_is_none_is_not_local():
    assert not is_local_visit(Headers({"host": "["}), "127.0.0.1")


VALUES = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.,/eE+-$ \u0663\u00b2", max_size=8),
    st.from_regex(r"https?://[^/]{0,9}(:[0-9]{0,6})?(/.{0,4})?", fullmatch=True),
    st.from_regex(r"[a-z@.,; ]{0,20}", fullmatch=True),
    st.sampled_from(
        ["true", "no", "NaN", "sNaN/1", "inf", "1/1", "0.5/1e-999", "http://[::1", "@"]
    ),
)
ANY = st.one_of(
    VALUES, st.integers(), st.floats(), st.booleans(), st.none(), st.lists(VALUES, max_size=3)
)


@examples(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    st.dictionaries(st.sampled_from((*NAMES, "auth")), ANY, max_size=3),
    st.one_of(ANY, st.dictionaries(st.sampled_from((*NAMES, "x")), ANY, max_size=4)),
)
@example({}, {"PLAYGROUND_MAX_RUNS": 10**5_000}, None)
def test_any_settings_are_settings_or_one_sentence_that_names_one(environ, secrets, section):
    try:
        found, said = read_settings(environ, secrets | {"playground": section}), ""
    except SettingsError as error:
        found, said = None, str(error)
    if found is None:
        assert any(name in said for name in NAMES)
        assert "\n" not in said
        assert len(said) < 200
    else:
        assert found.gate
        assert found.connections


def test_a_name_that_is_no_setting_is_told_with_the_one_that_is_near():
    environ = {"PLAYGROUND_BUDGTE_DAY_USD": "hush", "PLAYGROUND_LOG": "x", "PATH": "y"}
    secrets = {"Playground_Log": "z", "auth": {}, "playground": {"PASSCODE": "hush", "colour": 1}}
    assert unused_names(environ, secrets) == (
        "PLAYGROUND_BUDGTE_DAY_USD is not a setting; did you mean PLAYGROUND_BUDGET_DAY_USD?",
        "Playground_Log is not a setting; did you mean PLAYGROUND_LOG?",
        "PASSCODE is not a setting; did you mean PLAYGROUND_PASSCODE?",
        "colour is not a setting.",
    )
    assert read_settings({"PLAYGROUND_LOGS": "x"}, {}).unused == (
        "PLAYGROUND_LOGS is not a setting; did you mean PLAYGROUND_LOG?",
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PLAYGROND_PASSCODE", "PLAYGROUND_PASSCODE"),
        ("ANTHROPIC_APIKEY", "ANTHROPIC_API_KEY"),
        ("Anthropic_Api_Key", "ANTHROPIC_API_KEY"),
        ("ANTROPIC_BASE_URL", "ANTHROPIC_BASE_URL"),
        ("PLAYGROUND-LOG", "PLAYGROUND_LOG"),
        ("playground.max.runs", "PLAYGROUND_MAX_RUNS"),
    ],
)
def test_a_typing_error_in_the_prefix_is_told_wherever_the_name_is_set(name, meant):
    said = (f"{name} is not a setting; did you mean {meant}?",)
    assert unused_names({name: "x"}, {}) == unused_names({}, {name: "x"}) == said
    assert unused_names({}, {"playground": {name: "x"}}) == said


@pytest.mark.parametrize(
    "name",
    ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_AWS_API_KEY", "ANTHROPIC_LOG", "OPENAI_API_KEY",
     "ANTHROPIC_VERTEX_BASE_URL", "STREAMLIT_SERVER_PORT", "PLAY"],
)  # fmt: skip
def test_variables_of_other_programs_are_not_taken_for_settings(name):
    assert unused_names({name: "x"}, {}) == ()


AUTH = {"redirect_uri": "x", "cookie_secret": "x", "client_id": "x", "google": {"client_id": "x"}}


@pytest.mark.parametrize(
    ("section", "where"),
    [
        ({"auth": AUTH | {"PLAYGROUND_MAX_TOKENS": "5"}}, "auth"),
        ({"auth": {"google": {"PLAYGROUND_MAX_TOKENS": "5"}}}, "auth.google"),
        ({"playground": {"PLAYGROUND_LOG": {"PLAYGROUND_MAX_TOKENS": 5}}}, "playground"),
        ({"servers": [{"PLAYGROUND_MAX_TOKENS": 5}, {}]}, "servers"),
        ({"sk-ant-api03-0123456789abcdef": {"PLAYGROUND_MAX_TOKENS": 5}}, "sk-ant"),
    ],
)
def test_a_setting_in_a_section_that_is_not_the_apps_is_told_with_its_section(section, where):
    [said] = [text for text in unused_names({}, section) if "MAX_TOKENS" in text]
    assert said.startswith(f"PLAYGROUND_MAX_TOKENS in [{where}")
    assert said.endswith("is not read; put it into [playground].")
    assert "0123" not in said


def test_a_login_in_the_secrets_is_no_misplaced_setting():
    assert unused_names({}, {"auth": AUTH, "connections": {"db": {"url": "x", "log": "y"}}}) == ()


@pytest.mark.parametrize("name", ["Playground", "PLAYGROUND", "playgrounds", "play-ground"])
def test_a_section_whose_name_is_only_like_the_apps_is_told(name):
    secrets = {name: {"ANTHROPIC_API_KEY": "k", "PLAYGROUND_PASSCODE": "correct horse"}}
    said = f"[{name}] is not read; did you mean [playground]?"
    assert read_settings({}, secrets).unused == (said,)


@pytest.mark.parametrize("value", ["oops", 3, [{"PLAYGROUND_MAX_RUNS": 3}]])
def test_the_apps_section_must_be_one(value):
    [said] = read_settings({}, {"playground": value}).unused
    assert said == "playground in the secrets is not a section. Begin it with a line [playground]."


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", [date(2026, 11, 29), time(12), datetime(2026, 1, 1, tzinfo=UTC), {"a": "b"}, [{}]]
)
def test_a_setting_that_is_neither_text_nor_number_is_an_error(name, value):
    for secrets in ({name: value}, {"playground": {name: value}}):
        with pytest.raises(SettingsError, match=f"^{name} must be a text in quotes or a number"):
            read_settings({}, secrets)


def test_only_the_list_of_addresses_may_be_a_list():
    with pytest.raises(SettingsError, match=r"PLAYGROUND_PASSCODE must be .*, not a list"):
        read_settings({}, {"PLAYGROUND_PASSCODE": ["correct", "horse"]})


def test_every_setting_that_is_read_has_its_name_in_the_list():
    source = Path(settings_module.__file__).read_text("utf-8")
    assert set(re.findall(r"(?:PLAYGROUND|ANTHROPIC)_[A-Z_]+", source)) <= set(NAMES)
    assert all(name in source or name == "ANTHROPIC_BASE_URL" for name in NAMES)
