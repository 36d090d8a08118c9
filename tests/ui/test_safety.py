"""`python -m playground doctor` and the page's safety panel."""

import os
import subprocess
import sys
from pathlib import Path

from ui.driving import words

from playground.ui import doctor
from playground.ui.headers import HEADERS

ROOT = Path(__file__).parents[2]
KEY = "sk-ant-canary-of-the-doctor"


def run_doctor(tmp_path, *arguments, **settings):
    """Its exit status, and what it prints by name."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("PLAYGROUND_", "STREAMLIT_"))}
    log = {"PLAYGROUND_LOG": f"sqlite:///{tmp_path}/runs.db", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "playground", *(arguments or ("doctor",))],
        cwd=ROOT,
        env=clean | log | settings,
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
    page.button(key="safety").click().run()
    assert not page.exception
    shown = words(page)
    assert "can be written and is intact" in shown.replace("\\", "")
    assert "goes to the Claude API only" in shown
    # In a test no server answers, so none can have sent a header.
    assert "Not sent" in shown.replace("\\", "")
    page.button(key="check_again").click().run()
    assert not page.exception
