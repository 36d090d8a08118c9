"""Asking the log for what has to be known, or kept, before one goes on."""

import pytest
import sqlalchemy as sa
from store.databases import ON_BOTH

from playground.core.log.history import Mark
from playground.core.text.refusal import Refusal
from playground.store.tables.dialect import in_chunks
from playground.store.tables.schema import prompts
from playground.store.writing.transactions import Transactions


def transactions(log):
    return Transactions(log._writer, who="the clerk", undone="Not filed")


def adding(name):
    def work(connection):
        row = {"visitor": "ada", "prompt_id": name, "name": name}
        connection.execute(sa.insert(prompts).values(row))
        return f"added {name}"

    return work


def names(connection):
    return sorted(connection.execute(sa.select(prompts.c.name)).scalars())


def sentence(cause):
    return Refusal(f"Not filed: {cause}.")


@ON_BOTH
def test_what_is_written_is_there_for_whoever_asks_next(log, open_log):
    assert transactions(log).write(adding("a")) == "added a"
    assert transactions(open_log()).read(names) == ["a"]


@ON_BOTH
def test_work_that_fails_half_way_changes_nothing(log, caplog):
    def work(connection):
        adding("a")(connection)
        raise ValueError

    assert transactions(log).write(work) == sentence("the database rejects it (ValueError)")
    assert transactions(log).read(names) == []
    caplog.clear()


@ON_BOTH
def test_a_refused_row_is_told_to_the_owner_without_its_text(log, caplog, database):
    code = "SQLSTATE 23505" if database == "postgres" else "SQLITE_CONSTRAINT_PRIMARYKEY"
    assert transactions(log).write(adding("a secret")) == "added a secret"
    refused = transactions(log).write(adding("a secret"))
    assert refused == sentence(f"the database rejects it ({code})")
    [record] = caplog.records
    assert record.getMessage().startswith("the clerk met IntegrityError")
    assert "secret" not in caplog.text
    caplog.clear()


@ON_BOTH
def test_a_question_changes_nothing(log):
    assert isinstance(transactions(log).read(adding("a")), Refusal)
    assert transactions(log).read(names) == []


@ON_BOTH
def test_only_a_change_waits_for_another_that_is_being_made(log, other_writer, caplog):
    assert log.flush(5)
    with other_writer():
        assert transactions(log).write(adding("a")) == sentence("another program has locked it")
        assert transactions(log).read(names) == []
    assert transactions(log).write(adding("a")) == "added a"
    assert caplog.records == []


def test_what_has_just_been_started_is_waited_for(open_log):
    for _ in range(5):
        assert transactions(open_log()).read(names) == []


def test_a_log_that_does_not_open_is_a_cause(open_log, tmp_path):
    log = open_log(f"sqlite:///{tmp_path}")
    cause = "its path is a folder, not a file"
    assert transactions(log).read(names) == transactions(log).write(names) == sentence(cause)


def test_a_closed_log_is_a_cause(log):
    log.close()
    assert transactions(log).read(names) == sentence("the log is not open")


def test_whoever_asks_says_so_to_the_owner_and_what_is_not_done_to_the_person(log, execute, caplog):
    assert log.flush(5)
    execute("DROP TABLE prompts", "DROP TABLE batches", "DROP TABLE cells", "DROP TABLE marks")
    execute("DROP TABLE budgets")
    said = [
        log.prompts.list_prompts("ada").sentence,
        log.batches.list_submissions("ada").sentence,
        log.experiments.cells("ada", "1").sentence,
        log.history.change_mark("ada", "1", lambda _: Mark(is_starred=True)).sentence,
        log.budgets.load("ada").sentence,
    ]
    assert said == [
        f"{what}: the database rejects it (SQLITE_ERROR)."
        for what in (
            "The library can't be reached",
            "Batches cannot be kept just now",
            "Experiments cannot be kept just now",
            "Not done",
            "Not started: there is a budget, and nothing can be reserved",
        )
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"the {who} met OperationalError"
        for who in ("library", "batches", "experiments", "history", "budgets")
    ]
    caplog.clear()


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (4, [2, 2]), (5, [2, 2, 1])])
def test_chunks_hold_every_item_once_and_in_order(count, sizes):
    chunks = list(in_chunks(iter(range(count)), 2))
    assert [len(chunk) for chunk in chunks] == sizes
    assert [item for chunk in chunks for item in chunk] == list(range(count))
