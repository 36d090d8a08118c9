"""A batch's whole way: submitted, followed, taken into the log once, whatever is in between."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import httpx2
import pytest
from scripted import Sleeps

from playground.batches.collecting import collect_results
from playground.batches.following import GRACE_S
from playground.batches.interfaces import SubmissionItem
from playground.batches.submitting import BatchService
from playground.claude.batch.batches import BatchApi
from playground.claude.batch.results import results
from playground.claude.demo.transport import DemoTransport
from playground.claude.sending import Clients, Timing
from playground.core.answer.events import Usage
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.batch.batch import BatchResult, CollectionReport, UncertainSubmission
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.text.refusal import Refusal
from playground.engine.run import new_run_ids
from playground.experiments.claims import Claims
from playground.store.log import RunLog

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "sk-test-secret-key"


def wanted(count, connection=CLAUDE, **params):
    chosen = {"model": "claude-haiku-4-5", "max_tokens": 20, **params}
    request = Request(Prompt("", (Message("user", "Tell me of dosa."),)), Params(**chosen))
    made = plan(RunContext(connection, RetryPolicy(), (), NOON), Variant("A", request))
    return [
        SubmissionItem(run_id, made, f"cell {n}") for n, run_id in enumerate(new_run_ids(count))
    ]


class Admitted(list):
    """Holds what was admitted and not given back; admits nothing where it has a refusal."""

    refusal = None

    def take(self, wanted):
        if self.refusal is None:
            self.extend(wanted)
        return self.refusal

    def give_back(self, wanted):
        for each in wanted:
            self.remove(each)


class World:
    """The demo's batches answering for the network, a log in a file, and a clock that only
    sleeping moves. A world that is opened again is the same after a restart."""

    def __init__(self, file):
        self.file = file
        self.sleeps = Sleeps()
        self.faults = []
        self.requests = []
        self.seen_s = 0.0
        self.demo = DemoTransport(pause_s=0, now=self.now, batch_s=4)
        self.open()

    def open(self):
        self.log = RunLog(f"sqlite:///{self.file}", clock=self.now)

    def now(self):
        return NOON + timedelta(seconds=self.sleeps.now_s)

    async def handle(self, request):
        await request.aread()
        self.requests.append((request.method, request.url.path))
        fault = self.faults.pop(0) if self.faults else None
        if fault == "refuse":
            return httpx2.Response(401, json={"error": {"type": "authentication_error"}})
        answer = None if fault == "never arrived" else await self.demo.handle_async_request(request)
        if fault == "never arrived":
            raise httpx2.ReadTimeout("gone", request=request)
        if fault == "reply lost":
            raise httpx2.ReadTimeout("gone", request=request)
        return answer

    def run(self, work, log=None):
        """`work(batching)`, in a loop of its own as in a process of its own."""
        world = self

        class Transport(httpx2.AsyncBaseTransport):
            async def handle_async_request(self, request):
                return await world.handle(request)

        async def main():
            clients = Clients(transport=Transport(), demo=Transport())
            timing = Timing(self.sleeps.sleep, lambda: self.sleeps.now_s, self.now, lambda: 0.0)
            api = BatchApi(clients, RetryPolicy(), timing)

            async def calls():
                return api, partial(results, api)

            batching = BatchService(
                asyncio.ensure_future,
                log or self.log,
                self.log.batches,
                calls,
                Claims(self.log.claims),
                self.now,
                lambda: self.seen_s,
            )
            found = await work(batching)
            await clients.close()
            return found

        return asyncio.run(main())

    def submit(self, rows, visitor="ada", admission=None):
        admission = Admitted() if admission is None else admission
        return self.run(lambda batching: batching.submit(visitor, KEY, rows, admission, "e1"))

    def follow(self, submission, connection=CLAUDE, log=None):
        async def work(batching):
            followed = batching.follow(submission, connection, KEY)
            assert batching.follow(submission, connection, KEY) is followed
            await followed.work
            return followed

        return self.run(work, log)

    def rows(self, visitor="ada"):
        return self.log.page(visitor, limit=1000).rows


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path / "runs.db")
    yield found
    found.log.close()


def test_a_batch_is_submitted_followed_and_logged_like_any_run(world):
    rows = wanted(5)
    done = world.submit(rows)
    [submission] = done.submissions
    assert (done.problem, done.refused, submission.status) == ("", {}, "in_progress")
    assert submission.models == ("claude-haiku-4-5",)
    assert world.log.batches.list_submissions("ada", experiment_id="e1") == (submission,)
    assert world.rows() == ()
    followed = world.follow(submission)
    assert (followed.problem, followed.collection.is_whole) == ("", True)
    logged = world.rows()
    assert {row.run_id for row in logged} == {each.run_id for each in rows}
    for row in logged:
        assert (row.status, row.connection) == ("done", "Claude API · batch")
        assert row.cost_usd == (row.input_tokens + 5 * row.output_tokens) / Decimal(2_000_000)
        assert row.cost_kind == "exact"
        assert world.log.get("ada", row.run_id)[1].answer
    [kept] = world.log.batches.list_submissions("ada")
    assert (kept.status, kept.is_collected, kept.counts.succeeded) == ("ended", True, 5)
    assert world.log.batches.waiting_ids("ada", kept.submission_id) == frozenset()


def test_a_key_is_in_nothing_that_is_kept(world):
    [submission] = world.submit(wanted(2)).submissions
    followed = world.follow(submission)
    assert KEY not in repr((followed, world.log.batches.list_submissions("ada"), world.rows()))
    world.log.close()
    for file in world.file.parent.iterdir():
        assert KEY.encode() not in file.read_bytes()


def test_two_api_versions_are_two_batches_of_one_press(world):
    rows = [*wanted(2), *wanted(1, temperature=0.5)]
    done = world.submit(rows)
    assert [each.requests for each in done.submissions] == [2, 1]
    for submission in done.submissions:
        world.follow(submission)
    assert {row.status for row in world.rows()} == {"done"}
    assert len(world.rows()) == 3


def test_following_begins_anew_after_a_restart(world):
    [submission] = world.submit(wanted(3)).submissions
    world.log.close()
    world.open()
    [kept] = world.log.batches.list_submissions("ada")
    assert kept == submission
    assert world.follow(kept).submission.is_collected
    assert len(world.rows()) == 3


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["before", "between"])
def test_taking_in_that_is_killed_half_way_and_repeated_logs_and_bills_each_run_once(
    world, step, monkeypatch
):
    monkeypatch.setattr(
        "playground.batches.collecting.collect_results.__kwdefaults__", {"chunk": 2}
    )
    rows = wanted(7)
    caps = windows(Budget(day_usd=Decimal(1)), Budget(), Spender("ada", "ada", NOON), NOON)
    held = [Reservation(each.run_id, "ada", "ada", NOON, Decimal("0.01")) for each in rows]
    assert world.log.budgets.reserve(held, caps) is None
    [submission] = world.submit(rows).submissions
    forget, seen = world.log.batches.forget_requests, []

    def killed(visitor, submission_id, ids):
        seen.append(ids)
        if len(seen) == 2 and step == "between":
            raise Killed  # Logged, and not yet noted that it is.
        refused = forget(visitor, submission_id, ids)
        if len(seen) == 2:
            raise Killed
        return refused

    monkeypatch.setattr(world.log.batches, "forget_requests", killed)
    with pytest.raises(Killed):
        world.follow(submission)
    assert len(world.rows()) == 4
    world.log.close()
    world.open()
    [kept] = world.log.batches.list_submissions("ada")
    followed = world.follow(kept)
    assert followed.submission.is_collected
    logged = world.rows()
    assert sorted(row.run_id for row in logged) == sorted(each.run_id for each in rows)
    total = sum(row.cost_usd for row in logged)
    assert world.log.totals("ada").spent_usd == total
    [balance] = world.log.budgets.balances(caps)
    assert (balance.used_usd, balance.held_usd) == (total, 0)
    asked = len(world.requests)
    assert world.follow(followed.submission).submission.is_collected
    assert len(world.requests) == asked
    assert world.log.totals("ada").spent_usd == total


def test_a_lost_reply_is_found_and_nothing_is_submitted_twice(world):
    world.faults = ["reply lost"]
    [submission] = world.submit(wanted(3)).submissions
    assert submission.status == "in_progress"
    assert [method for method, _ in world.requests] == ["POST", "GET"]
    assert world.follow(submission).collection.is_whole
    assert [row.status for row in world.rows()] == ["done"] * 3


def test_a_process_that_dies_while_submitting_finds_its_batch_later(world):
    async def die(batching):
        task = batching.submit("ada", KEY, wanted(3), Admitted())
        while not world.requests:
            await asyncio.sleep(0)
        task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    class Slow(DemoTransport):
        async def handle_async_request(self, request):
            answer = await super().handle_async_request(request)
            if request.method == "POST":
                await asyncio.Event().wait()
            return answer

    world.demo = Slow(pause_s=0, now=world.now, batch_s=4)
    assert isinstance(world.run(die), asyncio.CancelledError)
    [left] = world.log.batches.list_submissions("ada")
    assert (left.status, left.batch_id) == ("submitting", None)
    assert world.follow(left).problem.startswith("It is not known which batch")
    found = world.run(lambda batching: batching.find(left, CLAUDE, KEY))
    assert found.status == "in_progress"
    assert world.follow(found).submission.is_collected
    assert len(world.rows()) == 3


def test_what_was_found_is_not_lost_again_by_who_still_looks_for_it(world):
    world.faults = ["reply lost"]
    [found] = world.submit(wanted(3)).submissions
    stale = replace(found, batch_id=None, status="submitting")
    asked = len(world.requests)
    assert world.run(lambda batching: batching.find(stale, CLAUDE, KEY)) == found
    assert world.run(lambda batching: batching.give_up(stale, CLAUDE)) == found
    assert len(world.requests) == asked
    assert world.log.batches.list_submissions("ada") == (found,)


def test_the_batch_of_another_visitor_is_never_taken_for_a_lost_one(world, monkeypatch):
    world.submit(wanted(2), visitor="bob")
    world.faults = ["never arrived"]
    [mine] = world.submit(wanted(2)).submissions
    assert (mine.status, mine.batch_id) == ("unsure", None)
    assert isinstance(
        world.run(lambda batching: batching.find(mine, CLAUDE, KEY)), UncertainSubmission
    )
    # Nor one that is submitted just now, of which nobody knows the id.
    with monkeypatch.context() as patch:
        patch.setattr(world.log.batches, "update", lambda _: None)
        world.submit(wanted(2), visitor="eve")
    assert isinstance(
        world.run(lambda batching: batching.find(mine, CLAUDE, KEY)), UncertainSubmission
    )
    assert world.log.batches.get("ada", mine.submission_id).batch_id is None


def test_what_is_over_stays_over_whoever_still_cancels_or_looks_for_it(world):
    [submission] = world.submit(wanted(2)).submissions
    world.follow(submission)
    [over] = world.log.batches.list_submissions("ada")
    # Another page still shows it as it was before its results came.
    world.run(lambda batching: batching.cancel(submission, CLAUDE, KEY))
    world.run(lambda batching: batching.give_up(submission, CLAUDE))
    assert world.log.batches.list_submissions("ada") == (over,)
    assert (over.status, over.is_collected) == ("ended", True)
    world.faults = ["never arrived"]
    [lost] = world.submit(wanted(3)).submissions
    given_up = world.run(lambda batching: batching.give_up(lost, CLAUDE))
    assert world.run(lambda batching: batching.find(lost, CLAUDE, KEY)) == given_up
    assert world.log.batches.get("ada", lost.submission_id) == given_up


def test_a_submission_that_nobody_received_can_be_given_up(world):
    world.faults = ["never arrived"]
    done = world.submit(wanted(2))
    [submission] = done.submissions
    assert submission.status == "unsure"
    assert "may have been submitted" in done.problem
    found = world.run(lambda batching: batching.find(submission, CLAUDE, KEY))
    assert isinstance(found, UncertainSubmission)
    assert [method for method, _ in world.requests].count("POST") == 1
    given_up = world.run(lambda batching: batching.give_up(submission, CLAUDE))
    assert (given_up.status, given_up.is_collected) == ("refused", True)
    found = {(row.status, row.cost_usd, row.cost_kind) for row in world.rows()}
    assert found == {("failed", 0, "at least")}


def test_a_refused_submission_is_logged_as_runs_that_failed_and_cost_nothing(world):
    world.faults = ["refuse"]
    done = world.submit([*wanted(2), *wanted(1, temperature=0.5)])
    [submission] = done.submissions
    assert (submission.status, submission.is_collected) == ("refused", True)
    step = "Check the key in the sidebar or the settings."
    assert done.problem == f"The key was rejected (401). {step}"
    assert [(row.status, row.error_kind, row.cost_usd) for row in world.rows()] == [
        ("failed", "authentication", 0)
    ] * 2
    assert len(world.requests) == 1


def test_nothing_is_submitted_that_could_not_be_remembered(world, monkeypatch):
    monkeypatch.setattr(
        world.log.batches, "save", lambda *_: Refusal("Batches cannot be kept just now: x.")
    )
    done = world.submit(wanted(1))
    assert (done.submissions, done.problem) == ((), "Batches cannot be kept just now: x.")
    assert world.requests == []


TWO_BATCHES = (*wanted(2), *wanted(1, temperature=0.5))


@pytest.mark.parametrize(
    ("faults", "sent", "held"),
    [
        ([], 2, 3),
        (["refuse"], 1, 2),  # Logged as failed: that settles them.
        (["never arrived", "refuse"], 1, 2),  # It may have been submitted all the same.
    ],
    ids=["both", "refused", "unsure"],
)
def test_what_is_admitted_and_not_sent_is_given_back(world, faults, sent, held):
    world.faults = list(faults)
    admission = Admitted()
    world.submit(TWO_BATCHES, admission=admission)
    assert [method for method, _ in world.requests].count("POST") == sent
    assert admission == list(TWO_BATCHES[:held])


def test_what_had_not_had_its_turn_as_the_app_ends_is_given_back(world, monkeypatch):
    """The first may have arrived: what it can cost counts on."""
    admission, has_come = Admitted(), asyncio.Event()

    async def hang(request):
        if request.method == "POST":
            has_come.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world, "handle", hang)

    async def work(batching):
        submitting = batching.submit("ada", KEY, TWO_BATCHES, admission, "e1")
        await has_come.wait()
        submitting.cancel()
        await asyncio.wait([submitting], timeout=10)
        assert submitting.cancelled()

    world.run(work)
    assert admission == list(TWO_BATCHES[:2])


def test_what_is_not_admitted_is_neither_remembered_nor_sent(world):
    admission = Admitted()
    admission.refusal = Refusal("Not started: too dear.")
    done = world.submit(wanted(2), admission=admission)
    assert (done.submissions, done.problem) == ((), "Not started: too dear.")
    assert (world.requests, world.log.batches.list_submissions("ada")) == ([], ())


def test_what_could_not_be_remembered_and_what_no_batch_takes_holds_no_money(world, monkeypatch):
    admission = Admitted()
    fast = wanted(1, extra_json='{"speed": "fast"}')
    done = world.submit([*fast, *wanted(1)], admission=admission)
    assert done.refused == {fast[0].run_id: "A batch does not accept speed."}
    assert len(admission) == 1
    monkeypatch.setattr(world.log.batches, "save", lambda *_: Refusal("The disk is full."))
    admission.clear()
    assert world.submit(wanted(2), admission=admission).problem == "The disk is full."
    assert admission == []


def test_a_batch_that_is_given_up_counts_as_failed_and_perhaps_billed(world):
    [submission] = world.submit(wanted(2)).submissions
    given_up = world.run(lambda batching: batching.give_up(submission, CLAUDE))
    assert (given_up.status, given_up.is_collected) == ("refused", True)
    found = {(row.status, row.error_kind, row.cost_kind) for row in world.rows()}
    assert found == {("failed", "not_found", "at least")}


def test_results_that_cannot_be_logged_stay_to_be_fetched_again(world):
    class Full:
        def record(self, row, texts):
            pass

        def flush_runs(self, visitor, run_ids, timeout_s):
            return frozenset()

    [submission] = world.submit(wanted(2)).submissions
    followed = world.follow(submission, log=Full())
    assert followed.problem.startswith("The results cannot be logged just now.")
    assert not followed.submission.is_collected
    assert world.follow(submission).submission.is_collected
    assert len(world.rows()) == 2


def test_a_batch_of_which_not_all_succeed_says_what_each_became(world):
    spoilt = replace(DEMO, scenario="spoilt_batch")
    [submission] = world.submit(wanted(4, spoilt)).submissions
    world.follow(submission, spoilt)
    assert sorted(row.status for row in world.rows()) == ["done", "failed", "failed", "stopped"]
    assert {row.connection for row in world.rows()} == {"Demo · batch"}
    assert world.log.totals("ada").spent_usd == 0


def test_a_canceled_batch_keeps_what_was_answered(world):
    [submission] = world.submit(wanted(4)).submissions
    world.sleeps.now_s += 2
    canceled = world.run(lambda batching: batching.cancel(submission, CLAUDE, KEY))
    assert canceled.status == "canceling"
    world.follow(canceled)
    assert sorted(row.status for row in world.rows()) == ["done", "done", "stopped", "stopped"]


def test_a_batch_that_the_api_no_longer_knows_is_a_problem_and_is_not_asked_for_on_each_rerun(
    world,
):
    [submission] = world.submit(wanted(1)).submissions
    world.demo = DemoTransport(pause_s=0, now=world.now)

    async def work(batching):
        followed = batching.follow(submission, CLAUDE, KEY)
        await followed.work
        asked = len(world.requests)
        assert batching.follow(submission, CLAUDE, KEY) is followed
        assert len(world.requests) == asked
        again = batching.follow(submission, CLAUDE, KEY, again=True)
        assert again is not followed
        batching.stop(submission)
        await asyncio.gather(again.work, return_exceptions=True)
        return followed

    followed = world.run(work)
    assert followed.problem.startswith("The API does not know this batch")


def test_following_ends_when_its_page_is_gone_and_goes_on_when_it_is_back(world):
    [submission] = world.submit(wanted(1)).submissions

    async def work(batching):
        followed = batching.follow(submission, CLAUDE, KEY)
        world.seen_s += GRACE_S + 1
        await followed.work
        assert (followed.submission.status, followed.problem) == ("in_progress", "")
        back = batching.follow(submission, CLAUDE, KEY)
        await back.work
        return back

    assert world.run(work).submission.is_collected


def collected(*found, ids=("a", "b"), chunk=2):
    kept = []

    async def stream():
        for each in found:
            yield each

    async def keep(some):
        kept.append([each.custom_id for each in some])

    return asyncio.run(collect_results(stream(), ids, keep, chunk=chunk)), kept


def result(custom_id):
    return BatchResult(custom_id, "succeeded", usage=Usage(1, 1))


def test_unknown_and_repeated_results_are_never_kept():
    found, kept = collected(result("x"), result("a"), result("a"), result("b"))
    assert kept == [["a", "b"]]
    assert (found.missing, found.is_whole) == (0, True)


def test_a_result_that_is_missing_is_said_and_a_failure_ends_them():
    found, kept = collected(result("b"), Failure("undecodable"))
    assert kept == [["b"]]
    assert (found.damaged, found.missing, found.is_whole) == (1, 1, False)
    found, _ = collected(result("a"), Failure("truncated"))
    assert (found.failure.kind, found.is_whole) == ("truncated", False)


@pytest.mark.parametrize(
    ("missing", "damaged", "sentence"),
    [
        (1, 0, "1 result is missing."),
        (2, 1, "2 results are missing; 1 line could not be read."),
        (3_000, 2, "3,000 results are missing; 2 lines could not be read."),
    ],
)
def test_it_is_said_how_many_results_are_missing(missing, damaged, sentence):
    assert CollectionReport(missing=missing, damaged=damaged).sentence == sentence


def test_no_more_than_a_chunk_is_ever_held():
    _, kept = collected(*(result(str(n)) for n in range(7)), ids=list("0123456"), chunk=3)
    assert [len(some) for some in kept] == [3, 3, 1]
