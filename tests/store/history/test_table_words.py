"""The words of the log's table are those of the texts that are in the log at this moment."""

import json

import pytest
from store.databases import ON_BOTH

from playground.core.log.logged_request import NO_WORDS, RowWords
from playground.core.runs.run_row import RunTexts


def said(row, prompt, answer):
    body = {"messages": [{"role": "user", "content": prompt}]}
    request_json = json.dumps({"headers": {}, "body": body})
    return RunTexts(run_id=row.run_id, request_json=request_json, answer=answer)


@pytest.fixture
def logged(open_log, row):
    """A log with two runs that have ended and one that goes on."""
    log = open_log(busy_timeout_s=5)
    for number, status in ((1, "done"), (2, "done"), (3, "streaming")):
        run = row(number, status=status)
        log.record(run, said(run, f"question {number}", f"answer {number}"))
    assert log.flush(5)
    return log


def words(log):
    return log.history.words("ada", log.page("ada").rows)


def of(number):
    return RowWords(f"question {number}", f"answer {number}")


@ON_BOTH
def test_words_are_the_same_at_each_look(logged, row):
    expected = {row(number).run_id: of(number) for number in (1, 2, 3)}
    assert [words(logged) for _ in range(3)] == [expected] * 3
    assert logged.history.words("bob", logged.page("ada").rows).keys() == expected.keys()
    assert set(logged.history.words("bob", logged.page("ada").rows).values()) == {NO_WORDS}


@ON_BOTH
def test_a_run_that_goes_on_has_the_words_of_now(logged, row):
    assert words(logged)[row(3).run_id] == of(3)
    for status, answer in (("streaming", "answer 3, longer"), ("done", "answer 3, whole")):
        run = row(3, status=status)
        logged.record(run, said(run, "question 3", answer))
        assert words(logged)[run.run_id] == RowWords("question 3", answer)
        assert logged.flush(5)
        assert words(logged)[run.run_id] == RowWords("question 3", answer)


@ON_BOTH
def test_texts_that_another_process_deleted_have_no_words(logged, row, execute):
    words(logged)
    execute(f"DELETE FROM texts WHERE run_id = '{row(1).run_id}'")
    assert words(logged) == {row(1).run_id: NO_WORDS, row(2).run_id: of(2), row(3).run_id: of(3)}


@ON_BOTH
def test_deleted_words_are_forgotten_and_come_back_with_their_run(logged, row):
    words(logged)
    remembered = logged.history._words._words_by_row
    assert len(remembered) == 2
    assert logged.history.delete("ada", [row(1).run_id]) is None
    assert not remembered
    assert row(1).run_id not in words(logged)
    assert logged.history.bring_back("ada", [row(1).run_id]) is None
    assert words(logged)[row(1).run_id] == of(1)
    logged.delete_all("ada")
    assert not remembered


def test_no_more_words_are_remembered_than_a_few_pages(logged, row, monkeypatch):
    monkeypatch.setattr("playground.store.history.table_words._MAX_REMEMBERED", 1)
    assert [words(logged)[row(number).run_id] for number in (1, 2, 1)] == [of(1), of(2), of(1)]
    assert len(logged.history._words._words_by_row) == 1
