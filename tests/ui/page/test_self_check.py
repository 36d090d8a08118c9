"""`python -m playground doctor` and the page's safety panel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ui.driving import unfold, words

from playground.core.visitors.self_check import findings
from playground.settings import read_settings
from playground.ui.app import doctor
from playground.ui.app.doctor import observe, secrets_problems
from playground.ui.server.security_headers import HEADERS

ROOT = Path(__file__).parents[3]
KEY = "sk-ant-canary-of-the-doctor"


def run_doctor(tmp_path, *arguments, cwd=ROOT, **settings):
    """Its exit status, and what it prints by name."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("PLAYGROUND_", "STREAMLIT_"))}
    log = {"PLAYGROUND_LOG": f"sqlite:///{tmp_path}/runs.db", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "playground", *(arguments or ("doctor",))],
        cwd=cwd,
        env=clean | log | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert KEY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line.partition(":") for line in done.stdout.splitlines()]
    return done.returncode, {head: rest.strip() for head, _, rest in lines}


def test_as_it_comes_the_app_is_sound_and_the_log_was_really_written(tmp_path):
    status, lines = run_doctor(tmp_path, ANTHROPIC_API_KEY=KEY)
    assert status == 0
    assert lines["ok   Key"].startswith("The owner's, from the environment")
    assert lines["ok   Gate"].startswith("Closed")
    assert lines["ok   Headers"]
    assert (tmp_path / "runs.db").stat().st_size > 0


def test_what_is_bad_fails_and_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("no folder")
    status, lines = run_doctor(
        tmp_path,
        ANTHROPIC_LOG="debug",
        PLAYGROUND_LOG=f"sqlite:///{tmp_path}/file/runs.db",
        PLAYGROUND_BUDGTE_DAY_USD="1",
    )
    assert status == 1
    bad = {n: line for n, line in lines.items() if n.startswith("BAD")}
    assert bad.keys() == {"BAD  Debug output", "BAD  Log", "BAD  Settings"}
    told = "PLAYGROUND_BUDGTE_DAY_USD is not a setting; did you mean PLAYGROUND_BUDGET_DAY_USD?"
    assert bad["BAD  Settings"].startswith(told)


def doctor_with_secrets(tmp_path, secrets, **settings):
    """What it prints beside a file of secrets."""
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "secrets.toml").write_bytes(secrets.encode("latin-1"))
    return run_doctor(tmp_path, **settings)


def test_a_setting_beneath_another_section_fails_the_check(tmp_path):
    secrets = f"""[playground]
        ANTHROPIC_API_KEY = "{KEY}"
        [auth]
        client_id = "x"
        PLAYGROUND_BUDGET_DAY_USD = "5" """
    status, lines = doctor_with_secrets(tmp_path, secrets)
    assert status == 1
    told = "PLAYGROUND_BUDGET_DAY_USD in [auth] is not read; put it into [playground]."
    assert lines["BAD  Settings"].startswith(told)


def test_a_setting_that_the_secrets_give_as_a_date_fails_the_check(tmp_path):
    status, lines = doctor_with_secrets(tmp_path, "PLAYGROUND_PASSCODE = 2026-11-29")
    assert status == 1
    assert lines["BAD  Settings"].startswith("PLAYGROUND_PASSCODE must be a text in quotes")


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        (f"[playground]\nANTHROPIC_API_KEY = {KEY}", "not valid TOML (at line 2, column "),
        (f"[{KEY}]\n[{KEY}]", "not valid TOML (at line 2, column "),
        ("PLAYGROUND_PASSCODE = 'schl\xfcssel'", "their file is not text in UTF-8"),
    ],
    ids=["no quotes", "twice", "not UTF-8"],
)
def test_secrets_that_cannot_be_read_are_not_taken_for_none(tmp_path, secrets, told):
    status, lines = doctor_with_secrets(tmp_path, secrets)
    assert status == 1
    assert told in lines["BAD  Settings"]


def test_a_key_from_the_top_of_the_secrets_is_not_said_to_be_the_environments(tmp_path):
    secrets = f'ANTHROPIC_API_KEY = "{KEY}"\n[playground]\nANTHROPIC_BASE_URL = "http://h.example"'
    status, lines = doctor_with_secrets(tmp_path, secrets)
    assert status == 1
    told = "ANTHROPIC_API_KEY in the secrets is not used: ANTHROPIC_BASE_URL is set in [playground]"
    assert lines["BAD  Settings"].startswith(told)


def bad(lines):
    return {name.removeprefix("BAD  ") for name in lines if name.startswith("BAD")}


def test_what_the_environment_sets_for_streamlit_is_seen(tmp_path):
    status, lines = run_doctor(
        tmp_path,
        STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION="false",
        STREAMLIT_SERVER_ENABLE_CORS="false",
        STREAMLIT_CLIENT_SHOW_ERROR_DETAILS="full",
        STREAMLIT_SERVER_ALLOWED_HOSTS="evil.example localhost",
        STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS="https://other.example",
        STREAMLIT_LOGGER_ENABLE_RICH="true",
        STREAMLIT_CLIENT_DISABLE_DATA_EXPORT="false",
    )
    assert status == 1
    assert bad(lines) == {
        *("Allowed hosts", "Error details", "Side doors", "Debug output", "Data export")
    }
    assert "evil.example" in lines["BAD  Allowed hosts"]
    assert "other.example" in lines["BAD  Side doors"]


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-User": "email"}'}, "who they are"),
        ({"STREAMLIT_SERVER_UNSAFE_METRICS_USER_ATTRIBUTES": "email"}, "/_stcore/metrics"),
    ],
    ids=["headers", "metrics"],
)
def test_an_option_that_tells_who_a_visitor_is_is_seen(tmp_path, option, told):
    status, lines = run_doctor(tmp_path, **option)
    assert (status, bad(lines)) == (1, {"Side doors"})
    assert told in lines["BAD  Side doors"]


def test_the_options_of_the_command_line_are_seen_and_win(tmp_path):
    status, lines = run_doctor(
        tmp_path,
        *("doctor", "--server.allowedHosts", "*.com", "--client.showErrorDetails=none"),
        STREAMLIT_CLIENT_SHOW_ERROR_DETAILS="full",
    )
    assert status == 1
    assert bad(lines) == {"Allowed hosts"}


@pytest.mark.parametrize(
    "options",
    [{"STREAMLIT_SERVER_PORT": KEY}, {"STREAMLIT_LOGGER_LEVEL": "trace"}],
    ids=["no port", "no level"],
)
def test_an_option_that_streamlit_refuses_is_one_line(tmp_path, options):
    status, lines = run_doctor(tmp_path, **options)
    assert (status, bad(lines)) == (1, {"Settings"})


@pytest.mark.parametrize("level", ["debug", "DEBUG", "Debug"])
def test_a_level_that_prints_what_is_typed_is_seen_however_it_is_written(tmp_path, level):
    status, lines = run_doctor(tmp_path, STREAMLIT_LOGGER_LEVEL=level)
    assert (status, bad(lines)) == (1, {"Debug output"})


@pytest.mark.parametrize(
    ("server", "names"),
    [
        ('allowedHosts = "*.example.com"', {"Allowed hosts", "Settings"}),
        ("allowedHosts = 5", {"Allowed hosts", "Settings"}),
        ('allowedHosts = ["localhost", 5]', {"Allowed hosts", "Settings"}),
        ('allowedHosts = ["localhost"]\ncorsAllowedOrigins = "http://a.b"', {"Settings"}),
        ('allowedHosts = ["localhost"]\n[global]\ndevelopmentMode = true', {"Side doors"}),
    ],
)
def test_what_a_configuration_file_gives_in_another_type_is_seen(tmp_path, server, names):
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "config.toml").write_text(
        'logger.level = "info"\nlogger.enableRich = false\nclient.showErrorDetails = "none"\n'
        f"client.showErrorLinks = false\nclient.disableDataExport = true\n[server]\n{server}\n"
    )
    status, lines = run_doctor(tmp_path, cwd=tmp_path)
    assert (status, bad(lines)) == (1, names)


def test_a_key_in_the_place_of_another_setting_is_never_printed(tmp_path):
    status, lines = run_doctor(tmp_path, PLAYGROUND_SHARE_KEY=KEY)
    assert status == 1
    assert KEY[:16] not in str(lines)


NEAR = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "http://localhost:11434"}
SEEN = {
    "a key of two lines": ({"ANTHROPIC_API_KEY": f"{KEY}\n{KEY}"}, {"Key"}),
    "plain http": (NEAR | {"ANTHROPIC_BASE_URL": "http://models.example"}, {"Key"}),
    "this machine": (NEAR, set()),
    "https": (NEAR | {"ANTHROPIC_BASE_URL": "https://models.example"}, set()),
    "no price": (NEAR | {"PLAYGROUND_BUDGET_SESSION_USD": "1"}, {"Budget"}),
    "no price, a day": (NEAR | {"PLAYGROUND_BUDGET_DAY_USD": "1"}, {"Budget"}),
    "a price": (
        NEAR | {"PLAYGROUND_SERVER_PRICE": "0/0", "PLAYGROUND_BUDGET_SESSION_USD": "1"},
        set(),
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_settings_that_do_not_go_together_are_seen(tmp_path, name):
    environ, expected = SEEN[name]
    log = {"PLAYGROUND_LOG": f"sqlite:///{tmp_path}/runs.db"}
    seen = observe(read_settings(environ | log, {}))
    found = [each for each in findings(seen) if each.verdict == "bad"]
    assert {each.name for each in found} == expected
    assert KEY not in repr(found)


def test_a_secrets_file_that_others_read_or_that_is_staged_is_seen(tmp_path):
    secrets = tmp_path / "secrets.toml"
    assert list(secrets_problems([secrets])) == []
    secrets.write_text(f'[playground]\nANTHROPIC_API_KEY = "{KEY}"\n')
    secrets.chmod(0o600)
    assert list(secrets_problems([secrets])) == []
    secrets.chmod(0o644)
    assert "every user" in str(list(secrets_problems([secrets])))
    secrets.chmod(0o600)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert list(secrets_problems([secrets])) == []
    subprocess.run(["git", "-C", str(tmp_path), "add", "-f", str(secrets)], check=True)
    assert "in git" in str(list(secrets_problems([secrets])))


def test_a_setting_that_cannot_be_used_and_a_wrong_call_fail_in_one_line(tmp_path):
    status, lines = run_doctor(tmp_path, PLAYGROUND_MAX_RUNS="many")
    assert status == 1
    assert lines["BAD  Settings"].startswith("PLAYGROUND_MAX_RUNS must be")
    assert run_doctor(tmp_path, "surgeon") == (2, {})


def test_a_header_that_does_not_go_out_is_missed(monkeypatch):
    assert doctor.headers_missing() == ()
    monkeypatch.setattr(doctor, "middleware", list)
    assert doctor.headers_missing() == tuple(HEADERS)


def test_the_panel_checks_when_it_is_opened_and_again(page):
    unfold(page, "about").button(key="safety").click().run()
    assert not page.exception
    shown = words(page)
    assert "can be written and is intact" in shown.replace("\\", "")
    assert "goes to the Claude API only" in shown
    # In a test no server answers, so none can have sent a header.
    assert "Not sent" in shown.replace("\\", "")
    page.button(key="check_again").click().run()
    assert not page.exception
