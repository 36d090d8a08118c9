"""Votes in the log: kept with the run, exported with it, counted for each visitor alone."""

from store.databases import ON_BOTH

from playground.core.log.history import Filter, Mark
from playground.core.log.run_file import columns, line_of, run_of, values_of

ADA = "ada"


def wins(log, visitor=ADA):
    return {each.name: (each.won, each.tied, each.of) for each in log.history.standings(visitor)}


def voted_on(log, row, *numbers):
    made = [row(number, params_json=f'{{"temperature": {number}}}') for number in numbers]
    for each in made:
        log.record(each)
    return [each.run_id for each in made]


@ON_BOTH
def test_votes_are_added_up_for_the_visitor_who_cast_them(log, row):
    one, other = voted_on(log, row, 1, 2)
    log.record(row(1, "bob"))
    # Before the runs themselves are written as well.
    assert log.history.vote(ADA, {one: "won", other: "lost"}) is None
    expected = {
        "claude-haiku-4-5 · temperature 1 · Demo": (1, 0, 1),
        "claude-haiku-4-5 · temperature 2 · Demo": (0, 0, 1),
    }
    assert wins(log) == expected
    assert log.flush(5)
    assert wins(log) == expected
    assert wins(log, "bob") == {}
    assert log.history.vote(ADA, {one: "", other: ""}) is None
    assert wins(log) == {}


@ON_BOTH
def test_a_vote_and_the_other_marks_leave_each_other_alone(log, row):
    one, other = voted_on(log, row, 1, 2)
    log.history.change_mark(ADA, one, lambda _: Mark(True, ("good",), "Note"))
    log.history.vote(ADA, {one: "tied", other: "tied"})
    assert log.history.marks(ADA, [one, other]) == {
        one: Mark(True, ("good",), "Note", "tied", ballot=one),
        other: Mark(vote="tied", ballot=one),
    }
    log.history.vote(ADA, {one: ""})
    assert log.history.marks(ADA, [one])[one] == Mark(True, ("good",), "Note")


@ON_BOTH
def test_a_deleted_run_takes_its_vote_along_and_brings_it_back(log, row):
    one, other = voted_on(log, row, 1, 2)
    assert log.flush(5)
    log.history.vote(ADA, {one: "won", other: "lost"})
    before = wins(log)
    log.history.delete(ADA, [one])
    assert wins(log) == {}
    log.history.bring_back(ADA, [one])
    assert wins(log) == before
    log.delete_all(ADA)
    assert log.flush(5)
    assert wins(log) == {}


def test_votes_are_exported_with_the_marks_and_older_lines_have_none(log, row):
    one, other = voted_on(log, row, 1, 2)
    log.history.vote(ADA, {one: "won", other: "lost"})
    [part] = log.history.parts(ADA, Filter(), with_texts=False)
    assert {each.row.run_id: values_of(each)["vote"] for each in part} == {
        one: "won",
        other: "lost",
    }
    assert "vote" in columns(with_texts=False)
    newest, _ = part
    line = line_of(newest)
    assert run_of(line, ADA) == newest
    old = line.replace(f', "vote": "lost", "ballot": "{one}"', "")
    assert run_of(old, ADA).mark == Mark()


def test_a_vote_that_cannot_be_written_says_why(open_log, tmp_path):
    broken = open_log(f"sqlite:///{tmp_path}")
    problem = broken.history.vote(ADA, {"1": "won"})
    assert problem.sentence == "Not done: its path is a folder, not a file."
    assert broken.history.standings(ADA) == ()
