"""What waits to be written, what is remembered, and what was wished for meanwhile."""

import pytest

from playground.core.runs.run_row import RunRow
from playground.core.visitors.access import LOCAL
from playground.store.rows import memory as memory_module
from playground.store.rows.memory import Memory
from playground.store.tables.faults import Fault


@pytest.fixture
def memory():
    return Memory()


def held(memory, visitor="ada", *, latest=False):
    entries = memory.entries(visitor, latest=latest)
    assert all(entries[run_id].row.run_id == run_id for run_id in entries)
    return [int(run_id, 16) for run_id in entries]


def test_a_row_waits_until_it_is_saved_and_is_remembered_after(memory, row, texts):
    memory.record(row(1), texts(row(1)))
    memory.record(row(1, "bob"), None)
    number = memory.number
    work = memory.pending()
    assert [entry.row for entry in work] == [row(1), row(1, "bob")]
    assert (memory.unsaved, memory.is_saved(number)) == (2, False)
    memory.mark_saved(work)
    assert (memory.unsaved, memory.is_saved(number)) == (0, True)
    assert (held(memory), held(memory, latest=True), held(memory, "bob", latest=True)) == (
        [],
        [1],
        [1],
    )
    assert memory.pending() == ()


def test_a_row_recorded_again_while_it_is_written_waits_again(memory, row, texts):
    memory.record(row(1, status="streaming"), texts(row(1), answer="first"))
    work, asked = memory.pending(), memory.number
    memory.record(row(1), None)
    memory.mark_saved(work)
    # The version that was asked for is safe, the later one is not.
    assert (memory.unsaved, memory.is_saved(asked), memory.is_saved(memory.number)) == (
        1,
        True,
        False,
    )
    [entry] = memory.pending()
    assert (entry.row, entry.texts.answer) == (row(1), "first")
    memory.mark_saved(memory.pending())
    assert (memory.unsaved, memory.is_saved(memory.number)) == (0, True)


def test_an_unsaved_row_counts_from_its_oldest_version(memory, row):
    memory.record(row(1, status="queued"), None)
    asked = memory.number
    memory.record(row(1), None)
    assert not memory.is_saved(asked)
    memory.mark_saved(())
    assert not memory.is_saved(asked)


def test_texts_stay_with_a_row_that_is_saved_already(memory, row, texts):
    memory.record(row(1), texts(row(1)))
    memory.mark_saved(memory.pending())
    memory.record(row(1, press=2), None)
    [entry] = memory.pending()
    assert entry.texts == texts(row(1))


def test_forgetting_a_visitor_takes_his_rows_only_and_waits_to_be_written(memory, row):
    # Run ids are of any form: one visitor's may be another one's name.
    for kept in (row(1), row(2), row(3, "bob"), RunRow(**vars(row(4, "bob")) | {"run_id": "ada"})):
        memory.record(kept, None)
    memory.clear("ada")
    asked = memory.number
    assert (held(memory), held(memory, latest=True)) == ([], [])
    assert len(memory.entries("bob", latest=False)) == len(memory.entries("bob", latest=True)) == 2
    assert memory.deletion("bob") is None
    [deletion] = memory.deletions()
    assert (deletion.visitor, deletion.number) == ("ada", asked)
    assert not memory.is_saved(asked)
    memory.record(row(5), None)
    # What is written before the deletion would be deleted with the rest.
    assert [entry.row.visitor for entry in memory.pending()] == ["bob", "bob"]
    memory.deletion_done(deletion)
    memory.mark_saved([entry for entry in memory.pending() if entry.row.visitor == "bob"])
    assert (memory.deletion("ada"), memory.is_saved(asked)) == (None, True)
    assert held(memory) == [5]


def test_a_second_wish_to_forget_outlives_the_first_ones_writing(memory, row):
    memory.clear("ada")
    [first] = memory.deletions()
    memory.record(row(1), None)
    memory.clear("ada")
    memory.deletion_failed(first, Fault("full"))
    memory.deletion_done(first)
    [second] = memory.deletions()
    assert (second.number, second.fault) == (memory.number, None)
    assert not memory.is_saved(memory.number)


def test_a_refused_row_stands_apart_until_it_is_recorded_again_or_taken(memory, row):
    refused = Fault("refused", code="54000")
    for number in (1, 2):
        memory.record(row(number), None)
    first, second = memory.pending()
    memory.refuse(first, refused)
    assert memory.pending() == (second,)
    assert (memory.unsaved, memory.waiting, held(memory)) == (2, 1, [1, 2])
    assert (memory.refusals("ada"), memory.refusals("bob")) == ((refused,), ())
    ids = [row(1).run_id, row(3).run_id]
    assert (list(memory.unsaved_entries("ada", ids)), memory.is_waiting("ada", ids)) == (
        ids[:1],
        False,
    )
    memory.record(row(1), None)
    memory.refuse(first, refused)
    assert (memory.refusals(), memory.is_waiting("ada", ids)) == ((), True)
    memory.refuse(memory.pending()[0], refused)
    memory.mark_saved(memory.refused())
    assert (memory.refusals(), memory.unsaved) == ((), 1)
    memory.refuse(second, refused)
    memory.clear("ada")
    assert (memory.refusals(), memory.unsaved, memory.refused()) == ((), 0, ())


def test_refused_rows_are_kept_up_to_a_size_and_nobodys_are_lost_for_anothers(
    memory, row, texts, monkeypatch
):
    refused = Fault("refused", code="54000")
    monkeypatch.setattr(memory_module, "_REFUSED_CHARACTERS", 50_000)

    def keep(number, visitor, characters=0):
        memory.record(row(number, visitor), texts(row(number), answer="a" * characters))
        memory.refuse(memory.pending()[0], refused)

    keep(0, "bob")
    for number in range(40):
        keep(number, "eve")
    keep(1, "bob", 10_000)
    assert (held(memory, "bob"), memory.lost_count("bob"), memory.lost_ids("bob")) == (
        [0, 1],
        0,
        set(),
    )
    left = held(memory, "eve")
    assert left == list(range(40 - len(left), 40))
    lost = {row(number).run_id for number in range(40 - len(left))}
    assert (memory.lost_count("eve"), memory.lost_ids("eve")) == (len(lost), lost)
    assert memory.lost_count() == len(lost) > 20
    assert len(memory.refusals("eve")) == len(memory.refused()) - 2 == len(left) > 3
    assert held(memory, "eve", latest=True) == left
    # What is lost was asked for and is not written, until it is recorded again or not wanted.
    memory.mark_saved(memory.refused())
    assert (memory.unsaved, memory.is_saved(memory.number)) == (0, False)
    memory.record(row(0, "eve"), None)
    assert memory.lost_count("eve") == len(lost) - 1
    memory.clear("eve")
    memory.deletion_done(*memory.deletions())
    assert (memory.lost_count(), memory.is_saved(memory.number)) == (0, True)


def test_one_refused_row_is_kept_whatever_its_size(memory, row, texts, monkeypatch):
    monkeypatch.setattr(memory_module, "_REFUSED_CHARACTERS", 1_000)
    for number in (1, 2):
        memory.record(row(number), texts(row(number), answer="a" * 5_000))
        memory.refuse(memory.pending()[0], Fault("refused"))
    assert (held(memory), memory.lost_count("ada")) == ([2], 1)


def test_what_is_deleted_while_it_waits_for_its_turn_is_not_wanted_any_more(memory, row):
    for number in (1, 2):
        memory.record(row(number), None)
    memory.record(row(1, "bob"), None)
    work = memory.pending()
    memory.forget("ada", [row(1).run_id])
    memory.clear("bob")
    memory.record(row(1, "bob"), None)
    assert [memory.is_to_be_written(entry) for entry in work] == [False, True, False]


def test_all_that_is_remembered_is_written_once_more(memory, row, texts):
    for number in (1, 2):
        memory.record(row(number), texts(row(number)))
    memory.mark_saved(memory.pending())
    memory.record(row(3), None)
    waiting = memory.pending()
    before = memory.number
    memory.replay()
    again = memory.pending()
    assert again[0] is waiting[0]
    assert [entry.row for entry in again[1:]] == [row(1), row(2)]
    assert [entry.texts for entry in again[1:]] == [texts(row(1)), texts(row(2))]
    # They are things asked for now: whoever waits for all that was asked waits for them too.
    assert [(entry.number, entry.since) for entry in again[1:]] == [
        (before + 1, before + 1),
        (before + 2, before + 2),
    ]
    assert memory.number == before + 2
    memory.mark_saved(waiting)
    assert (memory.is_saved(before), memory.is_saved(memory.number)) == (True, False)


def test_the_latest_rows_are_remembered_up_to_a_number(memory, row, monkeypatch):
    monkeypatch.setattr(memory_module, "_REMEMBERED_ROWS", 3)
    for number in (1, 2, 3, 1, 4):
        memory.record(row(number), None)
    assert held(memory, latest=True) == [3, 1, 4, 2]  # the unsaved one is not forgotten
    memory.mark_saved(memory.pending())
    assert held(memory, latest=True) == [3, 1, 4]


def test_the_latest_rows_are_remembered_up_to_a_size(memory, row, texts, monkeypatch):
    monkeypatch.setattr(memory_module, "_REMEMBERED_CHARACTERS", 100)

    def keep(number, size):
        long = texts(row(number), answer="a" * (size - 10 - len('{"a": 1}')))
        memory.record(row(number), long.__class__(**vars(long) | {"thinking": "t" * 8}))
        memory.mark_saved(memory.pending())

    keep(1, 50)
    keep(2, 50)
    assert held(memory, latest=True) == [1, 2]
    keep(2, 40)
    keep(3, 10 + 8 + 8)
    assert held(memory, latest=True) == [2, 3]
    keep(4, 1_000)
    assert held(memory, latest=True) == [4]
    memory.clear("ada")
    keep(5, 50)
    keep(6, 50)
    assert held(memory, latest=True) == [5, 6]


def test_what_waits_is_bounded_for_a_stranger_and_for_all_and_written_rows_make_room(
    memory, row, texts, monkeypatch
):
    monkeypatch.setattr(memory_module, "MAX_WAITING_CHARACTERS", 40_000)

    def keep(number, visitor):
        memory.record(row(number, visitor), texts(row(number), answer="x" * 10_000))

    keep(1, "ada")
    assert memory.is_full("ada")
    assert not memory.is_full("bob")
    memory.record(row(1, "ada"), None)  # the same row again counts once
    keep(2, LOCAL)
    keep(3, LOCAL)
    assert not memory.is_full(LOCAL)
    keep(4, LOCAL)
    assert memory.is_full("bob")
    assert memory.is_full(LOCAL)
    refused = next(entry for entry in memory.pending() if entry.row.visitor == "ada")
    memory.refuse(refused, Fault("refused"))
    assert not memory.is_full("ada"), "what is refused has a bound of its own"
    memory.clear(LOCAL)
    memory.mark_saved(memory.pending())
    memory.replay()
    assert not memory.is_full("bob")
    assert sum(memory._unsaved_size.values()) == sum(
        entry.whole_size for entry in memory._unsaved.values()
    )
