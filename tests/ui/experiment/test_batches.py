"""A grid submitted as a batch from the page: followed, fetched, paid once, lost by nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx2
import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, ask, drawn, finish, open_band, paste, show_answers, unfold, words

from playground.claude.demo.transport import DemoTransport
from playground.claude.sending import Clients
from playground.core.experiment.matrix import error_of
from playground.core.money.budget import Budget, Spender, reserved_usd, windows
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.visitors.access import Caps, visitor_of
from playground.ui.experiment import batches, opening, submitting
from playground.ui.runs import running
from playground.ui.session.services import Services, reset_services, services

CASES = "country,expected\nPeru,Lima\nKenya,Nairobi"
KEY = "sk-ant-batch-secret-key"
BATCH_S = 1000
CONNECTIONS = {"demo": DEMO, "claude": CLAUDE}
ADA, EVE = "a" * 43, "e" * 43


class Api(httpx2.AsyncBaseTransport):
    """The demo, answering for the network too, on a clock of its own: its batches outlive the
    app's process."""

    def __init__(self):
        self.later = timedelta()
        self.asked = []
        self.keys = []
        self.loses_replies = self.is_locked = False
        self.after_29_days = None
        self.forget()

    def forget(self):
        self.demo = DemoTransport(pause_s=0, now=self.now, batch_s=BATCH_S)

    def now(self):
        return datetime.now(UTC) + self.later

    async def handle_async_request(self, request):
        self.asked.append((request.method, request.url.path))
        self.keys.append(request.headers.get("authorization"))
        if self.is_locked:
            return httpx2.Response(401, json={"error": {"type": "authentication_error"}})
        if self.after_29_days is not None and request.url.path.endswith("/results"):
            return httpx2.Response(self.after_29_days, json={"error": {"type": "gone"}})
        answer = await self.demo.handle_async_request(request)
        if self.after_29_days is not None:
            described = json.loads(await answer.aread())
            answer = httpx2.Response(200, json=described | {"archived_at": "2026-12-29T12:00:00Z"})
        if self.loses_replies and request.method == "POST":
            raise httpx2.ReadTimeout("gone", request=request)
        return httpx2.Response(403, json={}) if self.loses_replies else answer

    @property
    def submitted(self):
        return self.asked.count(("POST", "/v1/messages/batches"))

    @property
    def single(self):
        return self.asked.count(("POST", "/v1/messages"))


@pytest.fixture
def api(monkeypatch):
    found = Api()

    def clients(self):
        self._clients = self._clients or Clients(transport=found, demo=found)
        return self._clients

    monkeypatch.setattr(Services, "_shared_clients", clients)
    monkeypatch.setattr("playground.claude.batch.batches.SEARCH_WAITS_S", (0.0,))
    return found


def opened_band(text="Capital of {{country}}?", cases=CASES):
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    return paste(open_band(ask(page, text)), cases)


def shown(page):
    return page.session_state["experiment_opened"]


def futures(page):
    """What the page waits for, or has waited for."""
    now = shown(page)
    found = [now.submitting, now.loading, now.idle, *now.requests.values()]
    return [each for each in found if each is not None]


def settle(page):
    """Draw the page until it was drawn after the end of all that it waits for."""
    known = None
    while (found := futures(page)) != known:
        for each in found:
            each.result(20)
        known = found
        page.run()
    return page


def submit(page):
    page.button(key="submit_experiment").click().run()
    return settle(page)


def submissions(page, visitor="local"):
    return services().log.batches.list_submissions(
        visitor, experiment_id=shown(page).underway.origin.experiment_id
    )


def look_now(page):
    """Have the page look at its batches at once, and not after some seconds."""
    batching = services().batching
    for each in submissions(page):
        batching.stop(each)
    page.run()
    for each in submissions(page):
        following = batching.follow(each, CONNECTIONS[each.connection_kind], KEY)
        while following.poll is None and not following.is_over:
            page.run()
        if following.poll and following.poll.wait_s is None:
            following.work.result(20)
    return settle(page)


def pass_time(page, api, seconds=BATCH_S):
    api.later += timedelta(seconds=seconds)
    return look_now(page)


def said(page):
    return words(page).replace("\\", "")


def progress(page):
    return page.get("progress")[0].proto.text


def button(page, start):
    [found] = [each for each in page.button if each.key and each.key.startswith(start)]
    return found


def keys(page):
    return {each.key for each in page.button}


def press(page, start):
    button(page, start).click().run()
    return settle(page)


def restart():
    """The app ends, and begins anew on the same database."""
    services().close()
    reset_services()


def open_mine(page):
    page.session_state["my_experiments"] = True
    page.run()
    return settle(press(page, "open_experiment_"))


def test_a_grid_is_submitted_followed_and_its_answers_stand_in_the_matrix(api):
    page = opened_band()
    page.button(key="add_check").click().run()
    label = page.button(key="submit_experiment").label.replace("\\", "")
    assert label.startswith("Submit as a batch · simulated, at most $")
    assert "As a batch: 4 calls at half the price, answered within 24 hours." in said(page)
    page = submit(page)
    assert not page.exception
    assert (api.submitted, api.single, services().log.count("local")) == (1, 0, 0)
    assert "Batch of 4 calls :blue-badge[processing] · 4 processing · submitted" in said(page)
    assert progress(page) == "0 of 4 done · 4 in a batch"
    assert ":blue-badge[in a batch]" in said(page)
    # The same once more would be paid for twice.
    for key in ("run_experiment", "submit_experiment"):
        assert page.button(key=key).disabled
    assert "resume_experiment" not in keys(page)
    page = pass_time(page, api)
    assert not page.exception
    assert progress(page) == "4 of 4 done"
    [taken_in] = submissions(page)
    at = taken_in.submitted_at
    assert f"ended] · 4 succeeded · submitted {at:%H:%M} UTC" in said(page)
    line = batches._line(taken_in, at + timedelta(days=1))
    assert line.endswith(f"submitted {at:%d %b %H:%M} UTC")
    assert not page.button(key="submit_experiment").disabled
    matrix = page.session_state["experiment_opened"].matrix[1]
    assert {cell.run.connection for cell in matrix.cells.values()} == {"Demo · batch"}
    assert all(len(cell.results) == 1 for cell in matrix.cells.values())
    assert services().log.totals("local").simulated_usd > 0
    assert services().log.totals("local").spent_usd == 0
    assert (api.submitted, api.single, services().log.count("local")) == (1, 0, 4)
    for key in ("experiment_statistics", "experiment_report"):
        page.session_state[key] = True
    page.session_state["matrix_cell"] = (0, 1)
    page.run()
    assert not page.exception
    assert "Capital of Kenya?" in [each.value for each in page.code]
    assert "Over all cases: mean" in said(page)
    # The log has what belongs to this experiment, and nothing else.
    page = show_answers(page)
    page.button(key="run_all").click().run()
    page = finish(page)
    page.session_state["log_filters"] = True
    page.run()
    [label] = page.selectbox(key="log_experiment").options
    assert label.startswith("Capital of {{country}}? · ")
    page.selectbox(key="log_experiment").select(shown(page).underway.origin.experiment_id).run()
    assert "**4** runs found" in said(page)
    [log] = [each.value for each in page.dataframe if "Answer or error" in each.value]
    named = {name.partition(" · ")[2] for name in log["Run"]}
    assert named == {"case 1", "case 2"}
    page.button(key="without_log_experiment").click().run()
    assert "runs found" not in said(page)


def test_a_restart_in_the_middle_loses_nothing_and_pays_nothing_twice(api):
    submit(opened_band())
    restart()
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    page = open_band(page)
    page.session_state["my_experiments"] = True
    page.run()
    assert button(page, "open_experiment_").label.endswith("4 cells · in a batch")
    page = press(page, "open_experiment_")
    assert progress(page) == "0 of 4 done · 4 in a batch"
    # It could be forgotten only together with what is paid for.
    page.session_state["my_experiments"] = True
    page.run()
    page = press(page, "delete_experiment_")
    assert "with its 4 cells?" in said(page)
    assert len(services().log.experiments.list_experiments("local")) == 1
    page = press(page, "keep_experiment_")
    page = press(press(page, "delete_experiment_"), "confirm_delete_")
    assert opening.IN_BATCH in said(page)
    page = pass_time(page, api)
    assert not page.exception
    assert progress(page) == "4 of 4 done"
    assert (api.submitted, api.single, services().log.count("local")) == (1, 0, 4)
    # Once more, when all is there: nothing is asked again.
    asked = len(api.asked)
    restart()
    page = open_mine(open_band(AppTest.from_file(SCRIPT, default_timeout=30).run()))
    assert progress(page) == "4 of 4 done"
    assert len(api.asked) == asked


def with_key(page, budget=""):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input(KEY).run()
    unfold(page, "budget").text_input(key="budget_day_usd").input(budget)
    return page.run()


def balance():
    now = datetime.now(UTC)
    spender = Spender("local", "local", now)
    caps = windows(Budget(day_usd=Decimal(1)), Budget(), spender, now)
    [found] = services().log.budgets.balances(caps)
    return found


def test_what_the_budget_has_no_room_for_is_not_sent_and_the_rest_is_paid_exactly(api):
    page = with_key(opened_band(), "0.0001")
    assert "simulated" not in page.button(key="submit_experiment").label
    page = submit(page)
    assert "Not started: this run can cost up to" in said(page)
    assert (api.submitted, balance().held_usd, submissions(page)) == (0, 0, ())
    assert progress(page) == "0 of 4 done · 4 left"
    page.text_input(key="budget_day_usd").input("1").run()
    max_usd = shown(page).underway.planned.batch_of(shown(page).underway.planned.grid.places)
    label = page.button(key="submit_rest").label.replace("\\", "")
    assert label.startswith("Or as a batch · at most $")
    page = press(page, "submit_rest")
    assert "Not started" not in said(page)
    assert balance().held_usd == reserved_usd(max_usd.worst_case_usd)
    # The key was in the session alone: after a restart it has to be entered again.
    restart()
    asked = len(api.asked)
    page = open_mine(open_band(AppTest.from_file(SCRIPT, default_timeout=30).run()))
    assert running.NO_KEY in said(page)
    assert (len(api.asked), progress(page)) == (asked, "0 of 4 done · 4 in a batch")
    assert balance().held_usd == reserved_usd(max_usd.worst_case_usd)
    page = pass_time(with_key(page, "1"), api)
    spent_usd = services().log.totals("local").spent_usd
    assert 0 < spent_usd <= max_usd.worst_case_usd
    assert (balance().used_usd, balance().held_usd) == (spent_usd, 0)
    assert shown(page).underway.progress.spent_usd == spent_usd
    assert not page.exception
    assert KEY not in drawn(page)


def test_a_budget_that_is_made_later_knows_of_the_batch_under_way(api):
    page = submit(with_key(opened_band()))
    grid = shown(page).underway.planned
    max_usd = grid.batch_of(grid.grid.places).worst_case_usd
    assert balance().held_usd == reserved_usd(max_usd)
    page = pass_time(page, api)
    spent_usd = services().log.totals("local").spent_usd
    assert (balance().used_usd, balance().held_usd) == (spent_usd, 0)


def test_what_goes_on_does_so_with_the_key_and_the_caps_of_now(api, monkeypatch):
    page = with_key(opened_band())
    api.is_locked = True
    page.button(key="run_experiment").click().run()
    page = settle(page)
    assert progress(page) == "0 of 4 done · 4 failed"
    api.is_locked, right = False, f"{KEY}-the-right-one"
    page.button(key="forget_key").click().run()
    page.text_input(key="api_key").input(right).run()
    page = press(page, "retry_failed")
    assert (progress(page), api.keys[-1]) == ("4 of 4 done", f"Bearer {right}")
    # A visitor without a key of their own goes on at the owner's expense, within the owner's caps.
    page = submit(opened_band())
    page = settle(press(page, "cancel_batch_"))
    page = pass_time(page, api)
    monkeypatch.setattr(running, "caps", lambda _: Caps(max_tokens=1))
    sent = api.submitted, api.single
    page = press(page, "submit_rest")
    assert (api.submitted, api.single) == sent
    assert set(shown(page).underway.unsent) == set(shown(page).underway.planned.grid.places)


def test_errors_are_red_in_place_and_what_was_not_answered_can_be_run(api):
    page = opened_band()
    page.selectbox(key="demo_scenario").select("spoilt_batch").run()
    page = pass_time(submit(page), api)
    assert "1 succeeded · 1 errored · 1 canceled · 1 expired" in said(page)
    assert progress(page) == "1 of 4 done · 2 failed · 1 left"
    matrix = shown(page).matrix[1]
    errors = {error_of(cell) for cell in matrix.cells.values() if not cell.is_answered}
    assert errors == {"⚠ server error", "⚠ expired"}
    assert sum(matrix.has_failed(at, case) for at in range(2) for case in range(2)) == 2
    page = press(page, "resume_experiment")
    assert (api.single, progress(page)) == (1, "2 of 4 done · 2 failed")
    page = press(page, "retry_failed")
    assert (api.single, progress(page)) == (3, "4 of 4 done")
    assert api.submitted == 1


def test_a_canceled_batch_keeps_what_was_answered_and_the_rest_is_run_live(api):
    page = submit(opened_band())
    api.later = timedelta(seconds=BATCH_S * 0.6)
    page = press(page, "cancel_batch_")
    assert "canceling" in said(page)
    page = pass_time(page, api)
    assert progress(page) == "2 of 4 done · 2 left"
    assert ":gray-badge[canceled, 2 left]" in said(page)
    page = press(page, "resume_experiment")
    assert (api.submitted, api.single, progress(page)) == (1, 2, "4 of 4 done")


def test_who_deletes_all_is_told_that_a_batch_is_on_its_way(api):
    page = submit(opened_band())
    unfold(page, "history").button(key="delete_history").click().run()
    assert "deletes **0 runs**" in said(page)
    assert "under way: 1. Their results would be lost" in page.warning[0].value
    page.button(key="really_delete_history").click().run()
    assert services().log.flush(5)
    assert (submissions(page), services().log.experiments.list_experiments("local")) == ((), ())
    page.button(key="delete_history").click().run()
    assert not page.warning


def test_a_batch_that_the_api_has_forgotten_can_be_given_up(api):
    page = submit(opened_band())
    api.forget()
    page = look_now(page)
    page = press(page, "give_up_batch_")
    assert progress(page) == "0 of 4 done · 4 failed"
    assert "not found" in {error_of(c)[2:] for c in shown(page).matrix[1].cells.values()}
    page = press(page, "retry_failed")
    assert (api.submitted, api.single, progress(page)) == (1, 4, "4 of 4 done")


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_batch_whose_29_days_are_over_can_be_given_up(api, status):
    page = submit(opened_band())
    api.after_29_days = status
    page = pass_time(page, api)
    page = press(page, "give_up_batch_")
    assert progress(page) == "0 of 4 done · 4 failed"
    api.after_29_days = None
    assert progress(press(page, "retry_failed")) == "4 of 4 done"


def test_a_submission_whose_reply_was_lost_is_looked_for_and_not_sent_again(api, monkeypatch):
    page = opened_band()
    api.loses_replies = True
    page = submit(page)
    assert "The reply was lost" in said(page)
    assert {"find_batch_", "give_up_batch_"} <= {each[: each.rfind("_") + 1] for each in keys(page)}
    assert progress(page) == "0 of 4 done · 4 in a batch"
    api.loses_replies = False
    page = pass_time(press(page, "find_batch_"), api)
    assert progress(page) == "4 of 4 done"
    assert (api.submitted, api.single) == (1, 0)


def test_a_stranger_sees_and_controls_no_batch_but_his_own(api, come_from):
    come_from(playground_visitor=ADA)
    adas = submit(opened_band())
    ada, eve = visitor_of("browser", ADA), visitor_of("browser", EVE)
    [hers] = submissions(adas, ada)
    come_from(playground_visitor=EVE)
    page = open_band(AppTest.from_file(SCRIPT, default_timeout=30).run())
    page.session_state["my_experiments"] = True
    page.run()
    assert not [each for each in keys(page) if each.startswith(("open_exp", "cancel_"))]
    assert services().log.batches.list_submissions(eve) == ()
    # She knows the id of the experiment, and has it open.
    page = submit(paste(ask(page, "Capital of {{country}}?"), CASES))
    shown(page).underway.origin = replace(
        shown(page).underway.origin, experiment_id=hers.experiment_id
    )
    page.run()
    assert hers.submission_id not in str([*keys(page)])
    assert [each.visitor for each in services().log.batches.list_submissions(ada)] == [ada]


def test_who_is_not_known_again_is_told_to_stay(api, come_from):
    come_from()
    page = opened_band()
    assert batches.NOT_KNOWN_AGAIN in said(page)
    assert said(submit(page)).count(batches.NOT_KNOWN_AGAIN) == 2
    assert batches.KEPT not in said(page)


JUDGE = "Is {{answer}} right?"


def test_a_batch_leaves_out_the_judges_and_says_so_and_they_are_asked_afterwards(api):
    page = opened_band()
    page.button(key="add_check").click().run()
    page.selectbox(key="check_1_kind").select("judge").run()
    assert "{{expected}}" in page.text_area(key="check_1_judge").value
    page.text_area(key="check_1_judge").input("No variable").run()
    assert "Check 1: " in said(page)
    assert "submit_experiment" not in keys(page)
    page.text_input(key="check_1_model").input("claude-sonnet-5").run()
    page.text_area(key="check_1_judge").input(JUDGE).run()
    assert "Judges are left out" in said(page)
    page = pass_time(submit(page), api)
    assert progress(page) == "4 of 4 done · 4 not judged yet"
    assert api.single == 0
    label = page.button(key="resume_experiment").label.replace("\\", "")
    assert label.startswith("Judge 4 answers · up to about $0.")
    page = press(page, "resume_experiment")
    assert (api.single, progress(page)) == (4, "4 of 4 done")
    [check] = shown(page).underway.experiment.checks
    assert (check.kind, check.model, check.text) == ("judge", "claude-sonnet-5", JUDGE)
    assert len(shown(page).underway.planned.grid.places) == 4


def test_where_there_can_be_no_batch_the_button_says_why(api, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    reset_services()
    page = opened_band()
    assert page.button(key="submit_experiment").disabled
    assert "this server may not" in page.button(key="submit_experiment").help


def test_a_ladder_is_no_batch(api):
    page = opened_band()
    page.session_state["experiment_models"] = ["claude-haiku-4-5", "claude-sonnet-5"]
    page.run()
    page.toggle(key="experiment_is_ladder").set_value(True)
    page.button(key="add_check").click().run()
    assert not page.button(key="run_experiment").disabled
    assert page.button(key="submit_experiment").disabled
    assert page.button(key="submit_experiment").help == submitting.LADDER
