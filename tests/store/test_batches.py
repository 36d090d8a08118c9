"""Submitted batches: remembered before they are sent, and until their results are logged."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from store.databases import ON_BOTH

from playground.core.batch.batch import Counts
from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.text.refusal import Refusal
from playground.store.writing.processes import Boot

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
pytestmark = ON_BOTH


def submission(number=1, visitor="ada", **changes):
    plain = Submission(
        visitor=visitor,
        submission_id=f"s{number}",
        connection_kind="demo",
        connection_label="Demo",
        models=("claude-haiku-4-5", "claude-sonnet-4-6"),
        requests=3,
        submitted_at=NOON.replace(minute=number),
        experiment_id="e1",
    )
    return replace(plain, **changes)


def asked(*names):
    return [
        PlannedRequest(
            custom_id=name,
            cell=f"cell {name}",
            press=2,
            variant="B",
            model="m",
            params_json="{}",
            request_json='{"a": "\\ud800"}',
            worst_case_usd=Decimal("0.000000000001"),
        )
        for name in names
    ]


@pytest.fixture
def store(open_log):
    return open_log().batches


def test_a_submission_is_remembered_with_what_was_asked(store):
    assert store.save(submission(), asked("a", "b", "c")) is None
    assert store.get("ada", "s1") == submission()
    assert store.waiting_ids("ada", "s1") == {"a", "b", "c"}
    assert store.cells("ada", "s1") == {name: f"cell {name}" for name in "abc"}
    assert store.planned_requests("ada", "s1", ["a", "nope"]) == {"a": asked("a")[0]}


def test_a_submission_is_there_only_once_all_that_is_asked_in_it_is_kept(store):
    def killed():
        yield from asked(*(f"r{number}" for number in range(600)))
        raise KeyboardInterrupt  # The process ends here, and nothing was sent.

    with pytest.raises(KeyboardInterrupt):
        store.save(submission(), killed())
    assert store.list_submissions("ada") == ()


def test_its_newer_state_takes_the_place_of_the_older(store):
    store.save(submission(), asked("a"))
    newer = submission(
        batch_id="b1",
        status="ended",
        counts=Counts(0, 1, 2, 3, 4),
        created_at=NOON,
        expires_at=NOON,
        ended_at=NOON,
        is_collected=True,
    )
    assert store.update(newer) is None
    assert store.get("ada", "s1") == newer
    assert store.waiting_ids("ada", "s1") == {"a"}


def test_what_is_logged_is_forgotten_and_forgetting_again_does_no_harm(store):
    store.save(submission(), asked("a", "b"))
    for _ in range(2):
        assert store.forget_requests("ada", "s1", ["a"]) is None
        assert store.waiting_ids("ada", "s1") == {"b"}


def test_nobody_sees_the_batches_of_another(store):
    store.save(submission(), asked("a"))
    store.save(submission(visitor="bob"), asked("z"))
    assert [each.visitor for each in store.list_submissions("ada")] == ["ada"]
    assert store.get("eve", "s1") is None
    assert store.waiting_ids("eve", "s1") == frozenset()
    assert store.planned_requests("ada", "s1", ["z"]) == {}
    store.forget_requests("ada", "s1", ["z"])
    assert store.waiting_ids("bob", "s1") == {"z"}


def test_whose_the_batches_of_an_account_are_is_told_of_all_visitors_or_not_at_all(store):
    lost = submission(1)
    for each in (
        lost,
        submission(2, batch_id="mine"),
        submission(visitor="bob", batch_id="bobs"),
        submission(visitor="eve", requests=7),
        submission(3, visitor="eve", is_collected=True),
        submission(4, connection_kind="claude"),
        submission(5, submitted_at=NOON.replace(day=20)),
    ):
        store.save(each)
    assert store.other_batch_ids(lost) == {"mine", "bobs"}
    store.save(submission(6, visitor="eve"))
    assert store.other_batch_ids(lost) is None


def test_submissions_come_newest_first_and_by_experiment(store):
    for number in (1, 3, 2):
        store.save(submission(number, experiment_id=f"e{number % 2}"))
    assert [each.submission_id for each in store.list_submissions("ada")] == ["s3", "s2", "s1"]
    assert [each.submission_id for each in store.list_submissions("ada", limit=1)] == ["s3"]
    assert [each.submission_id for each in store.list_submissions("ada", experiment_id="e1")] == [
        "s3",
        "s1",
    ]


def test_of_submissions_at_the_same_moment_the_order_is_that_of_their_ids(store):
    for number, minute in ((1, 9), (2, 5), (4, 5), (3, 5)):
        store.save(submission(number, submitted_at=NOON.replace(minute=minute)))
    assert [each.submission_id for each in store.list_submissions("ada")] == [
        "s1",
        "s4",
        "s3",
        "s2",
    ]


def test_if_one_request_is_refused_the_submission_may_not_be_sent(store, caplog):
    hopeless = replace(asked("b")[0], worst_case_usd=Decimal(10**9))
    assert store.save(submission(), [*asked("a"), hopeless]) is not None
    caplog.clear()


def test_many_requests_are_kept_asked_for_and_forgotten(store):
    names = [f"r{number}" for number in range(1_201)]
    assert store.save(submission(), asked(*names)) is None
    assert set(store.planned_requests("ada", "s1", names)) == set(names)
    store.forget_requests("ada", "s1", names[1:])
    assert store.waiting_ids("ada", "s1") == {"r0"}


def test_whoever_deletes_all_deletes_batches_too_and_they_stay_away(open_log):
    log = open_log()
    log.batches.save(submission(), asked("a"))
    log.batches.save(submission(visitor="bob"), asked("a"))
    log.delete_all("ada")
    assert log.flush(5)
    assert log.batches.list_submissions("ada") == ()
    assert log.batches.waiting_ids("ada", "s1") == frozenset()
    assert log.batches.update(submission(status="ended")) is None
    assert log.batches.get("ada", "s1") is None
    assert len(log.batches.list_submissions("bob")) == 1


def test_a_log_that_is_not_there_is_a_refusal_with_its_cause(open_log, tmp_path):
    (tmp_path / "file").write_text("")
    store = open_log(f"sqlite:///{tmp_path}/file/runs.db").batches
    kept = store.save(submission(), asked("a"))
    for found in (kept, store.list_submissions("ada"), store.waiting_ids("ada", "s1")):
        assert isinstance(found, Refusal)
        assert found.sentence.startswith("Batches cannot be kept just now: ")


def test_what_was_kept_is_there_after_a_kill(open_log, url):
    code = (
        "import os, sys; sys.path.insert(0, 'tests')\n"
        "from datetime import UTC, datetime\n"
        "from store.test_batches import asked, submission\n"
        "from playground.store.log import RunLog\n"
        f"log = RunLog({url!r}, clock=lambda: datetime.now(UTC))\n"
        "assert log.batches.save(submission(), asked('a', 'b')) is None\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -9
    assert open_log().batches.waiting_ids("ada", "s1") == {"a", "b"}


def reserved(log, *run_ids):
    caps = windows(Budget(day_usd=Decimal(1)), Budget(), Spender("ada", "ada", NOON), NOON)
    wanted = [Reservation(each, "ada", "ada", NOON, Decimal("0.01")) for each in run_ids]
    assert log.budgets.reserve(wanted, caps) is None
    return caps


def held(log, caps):
    [balance] = log.budgets.balances(caps)
    return balance.held_usd


def test_what_a_process_was_noting_down_as_it_ended_holds_no_money(open_log, execute):
    first = open_log(boot=Boot(host="there"))
    caps = reserved(first, "a", "b", "c", "d", "e")
    for number, names in ((1, "ab"), (2, "c"), (3, "d")):
        assert first.claims.acquire("ada", submission(number).claim_name)
        assert first.batches.save(submission(number), asked(*names)) is None
    # The last thing that is written of a submission, and it is sent only after that.
    execute("DELETE FROM batches WHERE submission_id != 's3'")
    assert first.claims.release("ada", submission(2).claim_name) is None
    second = open_log(boot=Boot(host="here"))
    assert held(second, caps) == Decimal("0.04")
    assert second.batches.waiting_ids("ada", "s1") == {"a", "b"}
    assert second.batches.waiting_ids("ada", "s2") == frozenset()
    first.close()
    third = open_log(boot=Boot(host="here"))
    # Of a run that no batch was noted for it is not known that it was never sent.
    assert held(third, caps) == Decimal("0.02")
    assert third.batches.waiting_ids("ada", "s1") == frozenset()
    assert third.batches.waiting_ids("ada", "s3") == {"d"}


def test_a_submission_whose_requests_were_deleted_meanwhile_is_not_sent(open_log):
    log = open_log()

    def while_kept():
        yield from asked(*map(str, range(600)))
        log.delete_all("ada")
        assert log.flush(20)

    refused = log.batches.save(submission(), while_kept())
    assert refused.sentence.startswith("Not submitted, because your history was deleted meanwhile")
    assert log.batches.get("ada", "s1") is None
