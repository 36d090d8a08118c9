"""Experiments run to their end, rest, go on, and never pay twice for what is done."""

from dataclasses import replace

import pytest
from experimenting import ASKS, CASES, COUNTRIES, NOON, USD, World, experiment, keys_of

from playground.core.answer.failures import Failure
from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.experiment.case_checks import CaseCheck, CheckResult
from playground.core.experiment.cases import Cases
from playground.core.experiment.cells import StartedCell
from playground.core.experiment.grid import Sweep
from playground.core.money.budget import (
    Budget,
    Reservation,
    Spender,
    reserved_usd,
    windows,
)
from playground.core.request.request import Message, Prompt
from playground.core.runs.run_plan import Variant
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal
from playground.experiments.claims import ELSEWHERE, LOST
from playground.experiments.launching import LEFT
from playground.store.log import RunLog

OVERLOADED = Failure("overloaded", "busy", http_status=529)
JUDGE = CaseCheck("judge", "Judge {{answer}}", model="claude-sonnet-5")


@pytest.fixture
def new_world(tmp_path):
    opened = []

    def build(url=f"sqlite:///{tmp_path}/runs.db"):
        world = World(RunLog(url, clock=lambda: NOON))
        opened.append(world)
        return world

    yield build
    for world in opened:
        world.close()


@pytest.fixture
def world(new_world):
    return new_world("sqlite://")


def question(country):
    return f"Capital of {country}?"


def test_every_cell_is_run_once_and_never_more_at_once_than_wished(world):
    underway = world.begin(experiment(repeats=3, at_once=4))
    assert underway.progress.state == "ready"
    underway.start().result(10)
    assert world.sent == {question(country): 3 for country in COUNTRIES}
    assert 2 <= world.most <= 4
    progress = underway.progress
    assert (progress.state, progress.done, progress.failed, progress.left) == ("done", 18, 0, 0)
    assert (progress.share, progress.left_s, progress.running) == (1.0, 0.0, 0)
    assert (progress.spent_usd, progress.inexact) == (18 * USD, 0)
    assert not underway.is_live
    assert world.log.flush(5)
    assert world.log.count("ada") == 18


def test_settings_that_send_the_same_are_run_once(world):
    definition = experiment(variants=(Variant("A", ASKS), Variant("B", ASKS)))
    underway = world.begin(definition)
    underway.start().result(10)
    assert underway.progress.total == len(COUNTRIES) == world.sent.total()


def test_a_failed_cell_is_finished_until_it_is_to_be_run_again(world):
    world.reply = lambda request: OVERLOADED
    underway = world.begin(experiment())
    underway.start().result(10)
    assert (underway.progress.failed, underway.progress.done) == (6, 0)
    world.reply = lambda request: "Now"
    underway.start().result(10)
    assert world.sent.total() == 6
    underway.retry_failed().result(10)
    assert (underway.progress.failed, underway.progress.done) == (0, 6)
    assert world.sent.total() == 12


def test_a_pause_lets_what_runs_end_and_a_start_goes_on(world):
    def pause_at_the_third(request):
        if world.sent.total() == 3:
            underway.pause()
        return "Text"

    underway = world.begin(experiment(at_once=1))
    world.reply = pause_at_the_third
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", "")
    assert 3 <= underway.progress.done <= 4
    underway.start().result(10)
    assert (underway.progress.state, world.sent.total()) == ("done", 6)


def test_a_stop_cancels_what_runs_and_its_cells_are_run_again_later(world):
    world.reply = lambda request: None
    underway = world.begin(experiment(at_once=3))
    resting = underway.start()
    world.wait_until_sent(3)
    underway.stop().result(10)
    resting.result(10)
    assert (underway.progress.state, underway.progress.left) == ("stopped", 6)
    world.reply = lambda request: "Text"
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.done) == ("done", 6)
    assert sorted(world.sent.values()) == [1, 1, 1, 2, 2, 2]


def spent(underway):
    return underway.progress.spent_usd, not underway.progress.inexact


def test_what_was_stopped_or_run_again_stays_paid_for_also_when_opened_again(world):
    def reply(request):
        return None if request.params.model == JUDGE.model else "Text"

    definition = experiment(at_once=3, checks=(JUDGE,))
    underway = world.begin(definition)
    # Three cells are stopped, then answered, and then the judges of those are stopped.
    for answers, calls in ((lambda request: None, 3), (reply, 9)):
        world.reply = answers
        resting = underway.start()
        world.wait_until_sent(calls)
        underway.stop().result(10)
        resting.result(10)
        assert spent(underway) == (calls * USD, False)
    world.reply = lambda request: OVERLOADED
    underway.start().result(10)
    assert (underway.progress.failed, spent(underway)) == (3, (15 * USD, False))
    underway.retry_failed().result(10)
    assert spent(underway) == (18 * USD, False)
    for _ in range(2):  # from memory, then from the database
        opened, others = world.begin(definition), world.begin(definition, visitor="eve")
        for each in (opened, others):
            assert each.refresh().result(10) is None
        assert (spent(opened), spent(others)) == ((18 * USD, False), (0, True))
        assert world.log.flush(5)


def test_cells_at_work_are_not_left(world):
    world.reply = lambda request: None
    underway = world.begin(experiment(at_once=2))
    resting = underway.start()
    world.wait_until_sent(2)
    underway.pause().result(10)
    progress = underway.progress
    assert (progress.state, progress.running, progress.left) == ("paused", 2, 4)
    underway.stop().result(10)
    resting.result(10)
    assert (underway.progress.running, underway.progress.left) == (0, 6)


def test_a_page_that_is_gone_pauses_its_experiment_and_says_so(world):
    world.reply = lambda request: None
    underway = world.begin(experiment())
    resting = underway.start()
    world.wait_until_sent(2)
    world.engine.stop(list(underway.running.values()))
    resting.result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", LEFT)


def test_a_budget_without_room_pauses_and_later_it_goes_on(world):
    underway = world.begin(experiment())
    world.refusal = "Not started: too dear."
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", "Not started: too dear.")
    assert world.sent.total() == 0
    world.refusal = None
    underway.start().result(10)
    assert underway.progress.done == 6


def test_no_more_cells_are_sent_than_the_budget_has_room_for(world):
    spender = Spender("ada", "ada", NOON)

    def admit_within(usd):
        caps = windows(Budget(session_usd=usd), Budget(), spender, NOON)

        def admit(runs):
            wanted = [
                Reservation(run.id, "ada", "ada", NOON, reserved_usd(run.plan.worst_case_usd))
                for run in runs
            ]
            return world.log.budgets.reserve(wanted, caps) or [None] * len(runs)

        return admit

    world.admit = admit_within(USD * 2)  # the most that a cell can cost is above USD
    underway = world.begin(experiment(at_once=4))
    underway.start().result(10)
    assert underway.progress.state == "paused"
    assert underway.progress.why.startswith("Not started: this run can cost up to $0.000")
    assert world.sent.total() == underway.progress.done == 1
    [balance] = world.log.budgets.balances(
        windows(Budget(session_usd=USD), Budget(), spender, NOON)
    )
    assert (balance.used_usd, balance.held_usd) == (USD, 0)


def test_taken_up_in_another_process_only_the_rest_is_run(new_world):
    first = new_world()
    first.reply = lambda request: OVERLOADED if "Peru" in str(request) else "Text"
    definition = experiment(cases=Cases(CASES.columns, CASES.rows[:4]))
    first.begin(definition).start().result(10)
    first.close()
    second = new_world()
    underway = second.begin(replace(definition, cases=CASES))
    underway.start().result(10)
    assert second.sent == {question("Japan"): 1, question("Chile"): 1}
    assert (underway.progress.done, underway.progress.failed) == (5, 1)
    assert underway.progress.spent_usd == 6 * USD
    stranger = second.begin(definition, visitor="eve")
    stranger.start().result(10)
    assert stranger.progress.done == 4


def test_answers_are_checked_and_the_results_kept(world):
    definition = experiment(
        checks=(CaseCheck("contains", "{{country}}"), CaseCheck("length", most=23))
    )
    underway = world.begin(definition)
    underway.start().result(10)
    passed = {
        COUNTRIES[place.case]: underway.finished[cell_id].passed(keys_of(underway, place.case))
        for cell_id, [place] in underway.planned.grid.places.items()
    }
    assert passed == {country: len(country) <= 5 for country in COUNTRIES}
    again = world.begin(definition)
    again.start().result(10)
    assert world.sent.total() == 6
    kept = {cell_id: cell.results for cell_id, cell in again.finished.items()}
    assert kept == {cell_id: cell.results for cell_id, cell in underway.finished.items()}
    stricter = world.begin(replace(definition, checks=(CaseCheck("not_contains", "Peru"),)))
    stricter.start().result(10)
    assert world.sent.total() == 6
    results = [cell.passed(keys_of(stricter, 0)) for cell in stricter.finished.values()]
    assert sorted(results) == [False, True, True, True, True, True]


def test_a_check_that_cannot_be_done_leaves_the_experiment_whole(new_world):
    schema = '{"type": "object", "properties": {"a": {"$ref": "#/type"}}}'
    definition = experiment(checks=(CaseCheck("json_schema", schema),))
    world = new_world()
    world.reply = lambda request: '{"a": 1}'
    underway = world.begin(definition)
    underway.start().result(20)
    world.close()
    again = new_world().begin(definition)
    assert again.refresh().result(20) is None
    for run in (underway, again):
        assert (run.progress.done, run.progress.left, run.progress.why) == (len(COUNTRIES), 0, "")
        [result] = {result for cell in run.finished.values() for result in cell.results.values()}
        assert result == CheckResult(
            None, "The reference '#/type' leads to something that is not a schema."
        )


def test_a_judge_is_paid_for_and_asked_once(world):
    def reply(request):
        if request.params.model == JUDGE.model:
            text = request.prompt.messages[0].text
            return "Wrong.\nVERDICT: FAIL" if "Peru" in text else "VERDICT: PASS"
        return request.prompt.messages[0].text

    world.reply = reply
    definition = experiment(checks=(JUDGE,))
    underway = world.begin(definition)
    underway.start().result(10)
    assert underway.planned.judgements == 6
    whys = sorted(r.why for cell in underway.finished.values() for r in cell.results.values())
    assert whys == ["", "", "", "", "", "The judge: Wrong."]
    assert underway.progress.spent_usd == 12 * USD
    assert world.log.flush(5)
    places = [f"case {number}" for number in range(1, 7)]
    cells = sorted(row.cell for row in world.log.page("ada", limit=20).rows)
    assert cells == sorted([*places, *(f"{place} · judge" for place in places)])
    again = world.begin(definition)
    again.start().result(10)
    assert world.sent.total() == 12
    assert again.progress.spent_usd == 12 * USD


def test_a_judge_that_fails_leaves_the_cell_undecided_until_another_day(world):
    world.reply = lambda request: OVERLOADED if request.params.model == JUDGE.model else "Text"
    underway = world.begin(experiment(checks=(JUDGE,)))
    underway.start().result(10)
    assert underway.progress.done == 6
    [result] = next(iter(underway.finished.values())).results.values()
    assert result.passed is None
    assert result.why.startswith("Not judged: ")
    world.reply = lambda request: "VERDICT: PASS"
    again = world.begin(experiment(checks=(JUDGE,)))
    again.start().result(10)
    assert all(cell.passed(keys_of(again, 0)) for cell in again.finished.values())
    assert world.sent.total() == 6 + 6 + 6


def test_a_cell_that_cannot_be_sent_is_failed_with_the_reason_and_costs_nothing(world):
    bare = replace(ASKS, prompt=Prompt("", (Message("user", "{{country}}"),)))
    cases = Cases(("country", "note"), (("", "x"), ("India", "y")))
    underway = world.begin(experiment(variants=(Variant("A", bare),), cases=cases))
    underway.start().result(10)
    assert (underway.progress.done, underway.progress.failed) == (1, 1)
    assert len(underway.unsent) == 1
    assert world.sent.total() == 1


def test_a_ladder_stops_at_the_first_model_that_passes(world):
    models = ("claude-haiku-4-5", "claude-sonnet-5", "claude-opus-5")
    good = {"claude-sonnet-5", "claude-opus-5"}
    world.reply = lambda request: "yes" if request.params.model in good else "no"
    definition = experiment(
        sweeps=(Sweep("model", models),), checks=(CaseCheck("contains", "yes"),), is_ladder=True
    )
    underway = world.begin(definition)
    underway.start().result(10)
    assert underway.progress.state == "done"
    assert underway.result.model == "claude-sonnet-5"
    assert "costs 1.0 times as much" in underway.result.sentence
    # Haiku is given up at once: what ran beside its first cell is all it cost.
    assert world.sent.total() <= 6 + 6 + 3
    again = world.begin(definition)
    again.start().result(10)
    assert again.result.model == "claude-sonnet-5"
    assert world.sent.total() <= 6 + 6 + 3


def test_a_ladder_whose_judge_gives_no_verdict_says_that_it_is_undecided(world):
    small, large = "claude-sonnet-5", "claude-opus-5"
    world.reply = lambda request: "Who knows?" if request.params.model == JUDGE.model else "Text"
    definition = experiment(sweeps=(Sweep("model", (small, large)),), checks=(JUDGE,))
    underway = world.begin(replace(definition, is_ladder=True))
    underway.start().result(10)
    assert underway.progress.state == "done"
    assert underway.result.model is None
    assert underway.result.sentence == (
        "No model of the ladder is known to pass the checks. "
        f"Undecided: {small}, 6 of 6 cells without a verdict; {large}, 6 of 6."
    )


def submitted(world, cell_ids, experiment_id="0001"):
    """Some cells as a batch has them that is on its way: the runs they will have."""
    begun = [StartedCell(cell_id, f"run {number}") for number, cell_id in enumerate(cell_ids)]
    assert world.log.experiments.save_starts("ada", experiment_id, begun) is None
    asked = [
        PlannedRequest(custom_id=each.run_id, model="m", params_json="{}", request_json="{}")
        for each in begun
    ]
    submission = Submission(
        visitor="ada", submission_id="s1", connection_kind="claude", connection_label="Claude API",
        models=("m",), requests=len(begun), submitted_at=NOON, experiment_id=experiment_id,
    )  # fmt: skip
    assert world.log.batches.save(submission, asked) is None
    return begun


def take_in(world, begun, status="done", answer="Lima"):
    row = RunRow(
        run_id=begun.run_id, visitor="ada", started_at=NOON, press=1, variant="A", model="m",
        connection="Claude API · batch", params_json="{}", status=status, cost_usd=USD,
        cost_kind="exact",
    )  # fmt: skip
    world.log.record(row, RunTexts(run_id=row.run_id, answer=answer))
    assert world.log.flush(5)
    assert world.log.batches.forget_requests("ada", "s1", [row.run_id]) is None


def test_what_is_in_a_batch_is_neither_run_nor_resumed_and_stands_there_when_it_comes(world):
    definition = experiment(checks=(CaseCheck("contains", "Lima"),))
    places = [*world.begin(definition).planned.grid.places]
    begun = submitted(world, places[:3])
    underway = world.begin(definition)
    underway.start().result(10)
    assert world.sent == {question(country): 1 for country in COUNTRIES[3:]}
    progress = underway.progress
    assert (progress.done, progress.in_batch, progress.left) == (3, 3, 0)
    take_in(world, begun[0])
    take_in(world, begun[1], "stopped")
    assert underway.refresh().result(10) is None
    progress = underway.progress
    assert (progress.done, progress.in_batch, progress.left) == (4, 1, 1)
    assert underway.finished[places[0]].passed(keys_of(underway, 0)) is True
    assert progress.spent_usd == 5 * USD
    # Canceled, it is run live; the one that is still in its batch is not.
    again = world.begin(definition)
    again.start().result(10)
    assert world.sent.total() == 4
    assert (again.progress.done, again.progress.in_batch) == (5, 1)


def test_opened_again_a_ladder_has_its_result_and_checks_are_caught_up_for_nothing(world):
    models = ("claude-haiku-4-5", "claude-sonnet-5")
    world.reply = lambda request: "yes" if request.params.model == models[1] else "no"
    ladder = experiment(
        sweeps=(Sweep("model", models),), checks=(CaseCheck("contains", "yes"),), is_ladder=True
    )
    world.begin(ladder).start().result(10)
    opened = world.begin(ladder)
    assert opened.result is None
    assert opened.refresh().result(10) is None
    assert opened.result.model == models[1]
    checked = world.begin(replace(ladder, checks=(CaseCheck("contains", "no"),)))
    sent = world.sent.total()
    assert checked.refresh().result(10) is None
    passed = {cell.passed(keys_of(checked, 0)) for cell in checked.finished.values()}
    assert (passed, world.sent.total()) == ({True, False}, sent)


def test_a_judge_is_not_asked_before_somebody_presses_for_it(world):
    world.reply = lambda request: "VERDICT: PASS"
    plain = experiment()
    world.begin(plain).start().result(10)
    judged = world.begin(replace(plain, checks=(JUDGE, CaseCheck("contains", "PASS"))))
    assert judged.refresh().result(10) is None
    assert (judged.progress.done, judged.progress.unchecked, world.sent.total()) == (6, 6, 6)
    assert {len(cell.results) for cell in judged.finished.values()} == {1}
    judged.start().result(10)
    assert (judged.progress.unchecked, world.sent.total()) == (0, 12)
    assert all(cell.passed(keys_of(judged, 0)) for cell in judged.finished.values())


def test_two_pages_at_one_experiment_do_not_pay_twice(world):
    world.reply = lambda request: None
    first = world.begin(experiment())
    running = first.start()
    world.wait_until_sent(2)
    second = world.begin(experiment())
    second.start().result(10)
    assert (second.progress.state, second.progress.why) == ("paused", ELSEWHERE.sentence)
    others = world.begin(experiment(), visitor="eve")
    others.start()
    world.wait_until_sent(4)
    for each in (first, others):
        each.stop().result(10)
    running.result(10)
    assert world.sent.total() == 4
    world.reply = lambda request: "Here"
    second.start().result(10)
    assert (second.progress.state, world.sent.total()) == ("done", 4 + 6)


@pytest.mark.parametrize("deleting", ["experiment", "history"])
def test_an_experiment_that_was_deleted_on_another_page_starts_nothing_more(world, deleting):
    def reply(request):
        if world.sent.total() == 1:
            if deleting == "experiment":
                assert world.log.experiments.delete("ada", "0001") is None
            else:
                world.log.delete_all("ada")
                assert world.log.flush(10)
        return "Here"

    world.reply = reply
    underway = world.begin(experiment(at_once=1))
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", LOST.sentence)
    assert world.sent.total() == 1


def test_where_nothing_can_be_claimed_nothing_is_sent(world, monkeypatch):
    refusal = Refusal("The disk is full.")
    monkeypatch.setattr(world.log.claims, "acquire", lambda *_: refusal)
    underway = world.begin(experiment())
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", refusal.sentence)
    assert world.sent.total() == 0


def test_a_page_that_knows_less_than_another_runs_only_what_is_left(world):
    world.reply = lambda request: OVERLOADED if "India" in str(request.prompt) else "Here"
    world.admit = lambda runs: Refusal("Too dear.") if world.sent else [None]
    world.begin(experiment(at_once=1)).start().result(10)
    del world.admit
    stale, other = world.begin(experiment()), world.begin(experiment())
    assert stale.refresh().result(10) is None
    assert (stale.progress.failed, stale.progress.left) == (1, 5)
    other.start().result(10)
    world.reply = lambda request: "Now"
    other.retry_failed().result(10)
    assert (world.sent.total(), other.progress.done) == (7, 6)
    stale.retry_failed().result(10)
    assert (world.sent.total(), stale.progress.done, stale.progress.failed) == (7, 6, 0)


def test_a_page_that_knows_less_than_another_submits_only_what_is_left(world):
    stale = world.begin(experiment())
    assert stale.refresh().result(10) is None
    world.begin(experiment()).start().result(10)

    async def rest():
        assert await stale.load_finished() is None
        return await stale.submit_rest()

    assert world.engine.call(rest()).result(10) == {}
    assert (stale.progress.done, stale.progress.left) == (6, 0)


def test_what_comes_of_a_batch_while_the_rest_is_run_is_taken_over_once(world):
    places = [*world.begin(experiment()).planned.grid.places]
    [begun] = submitted(world, places[:1])
    underway = world.begin(experiment())

    def reply(request):
        if world.sent.total() == 1:
            take_in(world, begun)
            underway.refresh()
        return OVERLOADED

    world.reply = reply
    underway.start().result(10)
    assert underway.refresh().result(10) is None
    assert (underway.progress.done, underway.progress.failed) == (1, 5)
    world.reply = lambda request: underway.refresh() and "Now"
    underway.retry_failed().result(10)
    assert underway.refresh().result(10) is None  # after all those looks: one at a time
    assert (underway.progress.done, underway.progress.failed) == (6, 0)
    assert world.sent.total() == 10


def test_where_the_store_cannot_tell_what_is_done_nothing_is_sent(world, monkeypatch):
    underway = world.begin(experiment())
    refusal = Refusal("The disk is full.")
    monkeypatch.setattr(world.log.experiments, "cells", lambda *_: refusal)
    assert underway.refresh().result(10) == refusal
    assert not underway.is_loaded
    underway.start().result(10)
    assert (underway.progress.state, underway.progress.why) == ("paused", "The disk is full.")
    assert world.sent.total() == 0
