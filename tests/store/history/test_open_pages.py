"""Texts that are not stored: there while their page is open, bounded, and never on disk."""

import json
from dataclasses import replace

import pytest

from playground.store.history.open_pages import OpenPages

SECRET = "a private question"


@pytest.fixture
def told(row, texts):
    """A run whose parameters, error, request and answer hold what must not be stored."""
    params = json.dumps({"model": "m", "max_tokens": 5, "stop_sequences": [SECRET]})
    run = row(1, params_json=params, error_message=SECRET, error_kind="invalid_request")
    return run, texts(run, SECRET)


def test_texts_are_told_while_the_page_is_open_and_never_reach_the_disk(log, file, told):
    run, long_texts = told
    log.open_pages.open("page")
    log.record(run, long_texts, only_on_page="page")
    assert log.flush(5)
    assert log.get("ada", run.run_id) == (run, long_texts)
    assert log.page("ada").rows == (run,)
    assert log.get("eve", run.run_id) is None
    on_disk = b"".join(each.read_bytes() for each in file.parent.glob("runs.db*"))
    assert run.run_id.encode() in on_disk
    assert SECRET.encode() not in on_disk
    log.open_pages.close("page")
    bare, nothing = log.get("ada", run.run_id)
    assert json.loads(bare.params_json) == {"model": "m", "max_tokens": 5}
    assert (bare.error_kind, bare.error_message, nothing.answer) == ("invalid_request", None, "")
    assert bare.cost_usd == run.cost_usd
    assert log.page("ada").rows == (bare,)


def test_a_run_that_ends_after_its_page_was_closed_leaves_no_text(log, told):
    run, long_texts = told
    log.open_pages.open("page")
    log.open_pages.close("page")
    log.record(run, long_texts, only_on_page="page")
    assert log.get("ada", run.run_id)[1].answer == ""
    assert log.open_pages.size == 0


def test_deleting_a_history_takes_the_texts_of_all_pages_and_of_nobody_else(log, row, texts):
    for page, visitor in (("1", "ada"), ("2", "ada"), ("3", "eve")):
        log.open_pages.open(page)
        run = row(int(page), visitor)
        log.record(run, texts(run), only_on_page=page)
    log.delete_all("ada")
    assert log.get("ada", row(1).run_id) is None
    assert log.get("eve", row(3, "eve").run_id)[1].answer == "Hello"
    log.open_pages.forget("eve")
    assert log.open_pages.size == 0


def test_a_page_may_be_closed_twice_and_without_having_been_open():
    pages = OpenPages()
    pages.open("page")
    for page in ("page", "page", "another"):
        pages.close(page)
    assert pages.size == 0


def test_everything_a_visitor_wrote_counts_and_a_newer_state_takes_the_place_of_the_older(
    row, texts
):
    pages = OpenPages()
    pages.open("page")
    run = row(1, params_json='{"x": 1}', error_message="12345")
    whole = replace(texts(run, "a" * 100), thinking="b" * 10, attempts_json="c" * 20)
    for _ in range(2):
        pages.add("page", run, whole)
        assert pages.size == len(whole.request_json) + 130 + 8 + 5
    pages.add("page", row(1, params_json="{}"), replace(whole, answer="", thinking=""))
    assert pages.size == len(whole.request_json) + 20 + 2


def test_up_to_its_bound_a_page_keeps_everything_and_beyond_it_the_newest(row, texts):
    run = row(1)
    size = sum(map(len, (texts(run, "").request_json, texts(run, "").attempts_json, "{}")))
    pages = OpenPages(most=10_000, max_per_page=2 * size)
    pages.open("page")
    for number in (1, 2):
        pages.add("page", row(number), texts(row(number), ""))
    assert list(pages.runs("ada")) == [row(1).run_id, row(2).run_id]
    pages.add("page", row(3), texts(row(3), ""))
    assert list(pages.runs("ada")) == [row(2).run_id, row(3).run_id]


def test_of_all_pages_the_largest_gives_way_its_oldest_first(row, texts):
    run = row(1)
    size = sum(map(len, (texts(run, "").request_json, texts(run, "").attempts_json, "{}")))
    pages = OpenPages(most=6 * size)
    for page in ("small", "large", "other"):
        pages.open(page)
    for number, page in enumerate(["small", "large", "large", "large", "other", "other"]):
        pages.add(page, row(number), texts(row(number), ""))
    assert pages.size == 6 * size
    pages.add("other", row(9), texts(row(9), ""))
    assert [int(run_id, 16) for run_id in pages.runs("ada")] == [0, 2, 3, 4, 5, 9]


def test_memory_is_bounded_and_the_largest_page_gives_way(row, texts):
    pages = OpenPages(most=1000, max_per_page=600)
    for page in ("modest", "greedy"):
        pages.open(page)
    pages.add("modest", row(1, "ada"), texts(row(1), "x" * 300))
    for number in range(2, 30):
        pages.add("greedy", row(number, "eve"), texts(row(number), "x" * 150))
        assert pages.size <= 1000
    pages.add("greedy", row(99, "eve"), texts(row(99), "x" * 5000))
    assert pages.find("ada", row(1).run_id) is not None
    assert pages.find("eve", row(99).run_id) is None
    run = row(1, "ada", status="failed")
    pages.add("modest", run, texts(run, "y"))
    assert pages.find("ada", run.run_id)[0].status == "failed"
    pages.close("modest")
    pages.close("greedy")
    assert pages.size == 0


def test_a_run_recorded_beside_a_hand_over_is_on_one_page_and_counted_once(row, texts):
    pages = OpenPages()
    run = row(1)
    for page in ("before", "after"):
        pages.open(page)
    pages.add("before", run, texts(run))
    once = pages.size
    pages.hand_over("before", "after")
    # Whoever records it had looked up its page before.
    pages.add("before", run, texts(run))
    pages.hand_over("before", "after")
    pages.hand_over("after", "after")
    assert pages.size == once
    pages.close("before")
    assert pages.find("ada", run.run_id) == (run, texts(run))
    pages.close("after")
    assert (pages.find("ada", run.run_id), pages.size) == (None, 0)


def test_what_a_page_kept_is_that_of_the_page_which_takes_its_place(row, texts):
    pages = OpenPages()
    for page in ("before", "after"):
        pages.open(page)
    run = row(1)
    pages.add("before", run, texts(run))
    pages.hand_over("before", "after")
    pages.close("before")
    assert pages.find("ada", run.run_id) == (run, texts(run))
    pages.close("after")
    assert (pages.find("ada", run.run_id), pages.size) == (None, 0)
