"""Deleting for a while and for good, keeping house, backing up and restoring."""

import errno
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from store.databases import damage_pages_with, overwrite_pages

from playground.core.log.history import Choices, Filter, Mark
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import RunTexts
from playground.core.text.refusal import Refusal
from playground.store.history import housekeeping
from playground.store.search import search_index
from playground.store.tables import backups, sqlite_file
from playground.store.tables.column_types import MISFITS

ADA = "ada"
CANARY = "quokkaword"


def texts_of(row, prompt, answer="Fine"):
    body = {"messages": [{"role": "user", "content": prompt}]}
    request = json.dumps({"headers": {}, "body": body})
    return RunTexts(run_id=row.run_id, request_json=request, answer=answer)


def days_of(log, row, count=4):
    """A run a day, from the 23rd on, each saying its own word."""
    made = [row(n, started_at=row(0).started_at + timedelta(days=n)) for n in range(count)]
    for number, each in enumerate(made):
        log.record(each, texts_of(each, f"word{number} {CANARY}"))
    assert log.flush(5)
    return made


def found(log, text="", visitor=ADA):
    return [row.press for row in log.history.page(visitor, Filter(text=text)).rows]


def terms_in(file):
    """All words of the index."""
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, said, 'row')")
        return {term for (term,) in other.execute("SELECT term FROM temp.terms")}


def test_a_deleted_run_is_gone_everywhere_at_once_and_can_be_brought_back(log, row):
    first, second, *_ = days_of(log, row)
    log.history.change_mark(ADA, second.run_id, lambda _: Mark(True, ("good",), "Note"))
    before = log.totals(ADA)
    assert log.history.delete(ADA, [first.run_id, second.run_id]) is None
    assert (found(log), found(log, "word1")) == ([3, 2], [])
    assert log.history.summary(ADA, Filter()).totals.runs == log.count(ADA) == 2
    assert log.history.choices(ADA).tags == ()
    assert log.get(ADA, second.run_id) is None
    assert log.history.bring_back("bob", [second.run_id]) is None
    assert found(log) == [3, 2]
    assert log.history.bring_back(ADA, [first.run_id, second.run_id]) is None
    assert (found(log), found(log, "word1")) == ([3, 2, 1, 0], [1])
    assert log.history.marks(ADA, [second.run_id])[second.run_id] == Mark(True, ("good",), "Note")
    assert log.totals(ADA) == before
    assert log.get(ADA, second.run_id) == (second, texts_of(second, f"word1 {CANARY}"))


def test_a_run_on_its_way_is_not_deleted(log, row):
    log.record(row(1, status="streaming"))
    assert log.history.delete(ADA, [row(1).run_id]) is None
    assert found(log) == [1]


def test_after_an_hour_a_deleted_run_is_forgotten(open_log, row, now, file):
    times = [now]
    log = open_log(clock=lambda: times[0])
    run, other, *_ = days_of(log, row)
    assert log.history.delete(ADA, [run.run_id]) is None
    times[0] += timedelta(hours=1)
    assert log.history.delete(ADA, [other.run_id]) is None
    times[0] += timedelta(hours=1)
    log.close()
    again = open_log(clock=lambda: times[0])
    assert again.flush(5)
    assert again.history.bring_back(ADA, [run.run_id, other.run_id]) is None
    assert found(again) == [3, 2, 1]


def test_what_a_deleted_run_cost_still_counts_for_a_budget(log, row, now):
    log.record(row(1, cost_usd=Decimal("0.25")), texts_of(row(1), "x"))
    assert log.flush(5)
    caps = windows(Budget(day_usd=Decimal(1)), Budget(), Spender(ADA, ADA, now), now)
    for act in (log.history.delete, log.history.bring_back):
        assert act(ADA, [row(1).run_id]) is None
        [balance] = log.budgets.balances(caps)
        assert balance.used_usd == Decimal("0.25")
    one = Reservation("2", ADA, ADA, now, Decimal("0.76"))
    assert log.budgets.reserve([one], caps) is not None


def test_old_runs_are_deleted_for_good_but_the_starred_stay(log, row):
    made = days_of(log, row)
    log.history.change_mark(ADA, made[0].run_id, lambda _: Mark(is_starred=True))
    last = date(2026, 11, 25)
    assert sum(log.housekeeping.delete_old("bob", last)) == 0
    assert sum(log.housekeeping.delete_old(ADA, last)) == 2
    assert (found(log), found(log, CANARY), log.totals(ADA).runs) == ([3, 0], [3, 0], 2)
    assert log.history.bring_back(ADA, [each.run_id for each in made]) is None
    assert sum(log.housekeeping.delete_old(ADA, last, keeps_starred=False)) == 1
    assert found(log) == [3]


def test_old_runs_go_in_steps_with_room_for_others_in_between(log, row, monkeypatch):
    monkeypatch.setattr(housekeeping, "_ROWS_AT_ONCE", 2)
    made = days_of(log, row, 7)
    for each in made[:2]:
        log.history.change_mark(ADA, each.run_id, lambda _: Mark(is_starred=True))
    log.record(row(9, started_at=made[0].started_at, status="streaming"))
    assert log.flush(5)
    assert list(log.housekeeping.delete_old(ADA, date(2026, 11, 27))) == [0, 1, 2]
    assert list(log.housekeeping.drop_old_texts(ADA, date(2026, 11, 23))) == [1]
    assert (found(log), found(log, CANARY)) == ([6, 5, 1, 9, 0], [6, 5, 1])
    steps = log.housekeeping.delete_old(ADA, date(2026, 11, 28), keeps_starred=False)
    assert next(steps) == 1
    log.history.change_mark(ADA, made[6].run_id, lambda _: Mark(is_starred=True))
    assert sum(steps) == 2
    assert found(log) == [6, 9]


def test_old_runs_whose_texts_are_on_an_open_page_only_go_from_there_too(log, row):
    log.open_pages.open("page")
    log.record(row(1), texts_of(row(1), CANARY), only_on_page="page")
    log.record(row(2, "bob"), texts_of(row(2), CANARY), only_on_page="page")
    assert log.flush(5)
    assert sum(log.housekeeping.delete_old(ADA, date(2026, 11, 23))) == 1
    assert log.open_pages.runs(ADA) == {}
    assert len(log.open_pages.runs("bob")) == 1


def test_old_runs_that_cannot_be_deleted_just_now_stay_and_say_so(log, row, other_writer):
    days_of(log, row, 2)
    with other_writer():
        told = list(log.housekeeping.delete_old(ADA, date(2026, 11, 27)))
    assert told == [Refusal("Not done: another program has locked it.")]
    assert found(log) == [1, 0]


def test_of_old_runs_only_the_numbers_are_kept(log, row, file):
    made = days_of(log, row)
    params = {"model": "m", "max_tokens": 5, "tools": [{"name": CANARY}]}
    log.record(
        row(9, error_message=CANARY, params_json=json.dumps(params)), texts_of(row(9), CANARY)
    )
    assert log.flush(5)
    before = log.totals(ADA)
    assert sum(log.housekeeping.drop_old_texts(ADA, date(2026, 12, 31))) == 5
    assert (found(log, CANARY), log.totals(ADA)) == ([], before)
    kept, texts = log.get(ADA, made[1].run_id)
    assert (kept, texts) == (made[1], RunTexts(run_id=made[1].run_id))
    assert CANARY not in terms_in(file)
    with closing(sqlite3.connect(file)) as other:
        rows = other.execute("SELECT * FROM runs").fetchall()
        assert other.execute("SELECT count(*) FROM texts").fetchone() == (0,)
    assert CANARY not in str(rows)
    [stripped] = [each for each in log.page(ADA).rows if each.run_id == row(9).run_id]
    assert json.loads(stripped.params_json) == {"model": "m", "max_tokens": 5}


@pytest.mark.parametrize("few", [search_index.FEW, 1], ids=["one by one", "anew"])
def test_the_words_of_a_deleted_history_are_not_in_the_file_any_more(
    log, row, file, few, monkeypatch
):
    monkeypatch.setattr(search_index, "FEW", few)
    days_of(log, row)
    log.record(row(1, "bob"), texts_of(row(1, "bob"), "mine"))
    assert log.flush(5)
    log.delete_all(ADA)
    for _ in range(4):
        assert log.flush(5)
    assert log.history.indexed("bob") is None
    assert "mine" in terms_in(file)
    assert CANARY not in terms_in(file)
    assert found(log, "mine", "bob") == [1]


def test_a_backup_is_restored_and_what_was_there_is_set_aside(log, row, file):
    days_of(log, row, 2)
    backup = log.housekeeping.back_up()
    log.record(row(7), texts_of(row(7), "later"))
    log.history.change_mark(ADA, row(0).run_id, lambda _: Mark(note="after the backup"))
    assert log.flush(5)
    assert log.housekeeping.backups() == [backup]
    aside = log.housekeeping.restore(backup)
    assert log.flush(5)
    assert log.warning is None
    # What this process has itself recorded is written again; the mark was in the old file.
    assert found(log) == [1, 7, 0]
    assert log.history.marks(ADA, [row(0).run_id])[row(0).run_id] == Mark()
    assert (found(log, "word1"), found(log, "later")) == ([1], [7])
    with closing(sqlite3.connect(aside)) as other:
        assert other.execute("SELECT count(*) FROM runs").fetchone() == (3,)
        assert other.execute("SELECT note FROM marks").fetchone() == ("after the backup",)
    assert set(log.housekeeping.backups()) == {aside, backup}


def _write(path, *statements, like=None):
    if like is not None:
        path.write_bytes(like.read_bytes())
    with closing(sqlite3.connect(path)) as other, other:
        for statement in statements:
            other.execute(statement)


def _writing(statement, like):
    return lambda path: _write(path, statement, like=like)


def _spoil(path, like):
    path.write_bytes(like.read_bytes())
    damage_pages_with(path, CANARY)


def test_no_other_file_is_put_in_the_logs_place(log, row, file, tmp_path, monkeypatch):
    days_of(log, row, 1)
    backup = log.housekeeping.back_up()
    unreadable, other = (
        "it can't be read, or is damaged",
        "it is not a log of this app",
    )
    no_log = "it is not a SQLite file, or too large"
    cases = {
        "text": (no_log, lambda path: path.write_text("Hello")),
        "gone": (unreadable, lambda path: None),
        "cut": (unreadable, lambda path: path.write_bytes(backup.read_bytes()[:30_000])),
        "spoilt": ("it is damaged", lambda path: _spoil(path, like=backup)),
        "other": (other, lambda path: _write(path, "CREATE TABLE runs (a)")),
        "more": (other, lambda path: _write(path, "CREATE TABLE more (a)", like=backup)),
        "trigger": (other, lambda path: _write(
            path, "CREATE TRIGGER t AFTER INSERT ON runs BEGIN SELECT 1; END", like=backup)),
        "view": (other, lambda path: _write(path, "CREATE VIEW v AS SELECT 1", like=backup)),
        "index": (other, lambda path: _write(
            path, "CREATE VIRTUAL TABLE said_more USING fts5(words)", like=backup)),
        "newer": ("it was made by a newer version of this app", lambda path: _write(
            path, "UPDATE meta SET version = 99", like=backup)),
        **{
            f"version {number}": ("it has no version", _writing(statement, backup))
            for number, statement in enumerate([
                "DELETE FROM meta",
                "UPDATE meta SET version = 0",
                "UPDATE meta SET version = 'one'",
                "INSERT INTO meta VALUES (1)",
            ])
        },
    }  # fmt: skip
    for name, (reason, make) in cases.items():
        path = tmp_path / name
        make(path)
        assert log.housekeeping.restore(path) == Refusal(f"Not restored: {reason}.")
    monkeypatch.setattr(backups, "MAX_BYTES", backup.stat().st_size - 1)
    assert backups.problem_of(backup) == no_log
    monkeypatch.setattr(backups, "MAX_BYTES", backup.stat().st_size)
    assert backups.problem_of(backup) is None
    _write(tmp_path / "first", "UPDATE meta SET version = 1", like=backup)
    assert backups.problem_of(tmp_path / "first") is None
    assert found(log) == [0]
    assert log.warning is None
    assert log.housekeeping.backups() == [backup]


def test_backups_of_every_kind_are_listed_the_newest_first(log, file):
    assert log.flush(5)
    kinds = ["backup-1", "bak-v3", "replaced-2", "corrupt-3"]
    no_copies = ["backup-1-wal", "bak-v3-shm", "corrupt-3-journal", "bak-v4.unfinished", "mine"]
    for age, kind in enumerate([*kinds, *no_copies]):
        copy = file.with_name(f"{file.name}.{kind}")
        copy.touch()
        os.utime(copy, (1_000_000 - age, 1_000_000 - age))
    os.utime(file.with_name(f"{file.name}.corrupt-3"), (2_000_000, 2_000_000))
    assert [path.name.removeprefix(f"{file.name}.") for path in log.housekeeping.backups()] == [
        "corrupt-3", "backup-1", "bak-v3", "replaced-2",
    ]  # fmt: skip


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_log_on_a_server_has_a_size_but_no_backups_here(log, row):
    log.record(row(1))
    assert log.flush(5)
    size = log.housekeeping.size()
    assert size.used_bytes > 100_000
    assert (size.free_bytes, size.file, log.housekeeping.backups()) == (0, None, [])
    assert log.housekeeping.back_up() == Refusal("Only a log in a file can be backed up here.")
    assert log.housekeeping.restore(Path("any")) == Refusal("Only a log in a file can be restored.")


def test_a_backup_that_cannot_be_made_says_why(log, row, file, monkeypatch):
    log.record(row(1))
    assert log.flush(5)

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(sqlite_file, "copy_of", full)
    assert log.housekeeping.back_up() == Refusal("Not backed up: the disk is full.")
    backup = file.with_name("copy.db")
    with closing(sqlite3.connect(file)) as whole, closing(sqlite3.connect(backup)) as to:
        whole.backup(to)
    monkeypatch.setattr(shutil, "copyfile", full)
    assert log.housekeeping.restore(backup) == Refusal("Not restored: the disk is full.")
    assert found(log) == [1]


def test_a_log_that_is_moved_just_before_it_would_be_replaced_is_left_alone(
    log, row, file, monkeypatch
):
    log.record(row(1))
    backup = log.housekeeping.back_up()
    monkeypatch.setattr(log._writer, "wait_until_saved", lambda _: True)
    moved = file.rename(file.with_name("moved.db"))
    assert log.housekeeping.restore(backup) == Refusal(
        "Not restored: the file was moved meanwhile."
    )
    assert moved.exists()
    assert backup.exists()


def test_a_size_that_cannot_be_told_is_none_and_the_owner_hears_why(log, row, file, caplog):
    log.record(row(1))
    assert log.flush(5)
    overwrite_pages(file, first=0)
    assert log.housekeeping.size() is None
    assert [record.getMessage() for record in caplog.records] == [
        "the size of the log met DatabaseError"
    ]
    caplog.clear()


def test_the_size_tells_what_lies_free(log, row):
    made = [row(n) for n in range(20)]
    for each in made:
        log.record(each, texts_of(each, "many words " * 2_000))
    assert log.flush(5)
    full = log.housekeeping.size()
    assert full.file.endswith("runs.db")
    assert sum(log.housekeeping.drop_old_texts(ADA, date(2026, 12, 31))) == 20
    after = log.housekeeping.size()
    assert after.free_bytes > full.free_bytes + 200_000
    assert after.used_bytes <= full.used_bytes + 200_000


def test_changes_that_cannot_be_written_say_why(open_log, tmp_path):
    broken = open_log(f"sqlite:///{tmp_path}")
    for problem in (
        broken.history.change_mark(ADA, "1", lambda _: Mark(is_starred=True)),
        broken.history.delete(ADA, ["1"]),
        broken.history.bring_back(ADA, ["1"]),
    ):
        assert problem == Refusal("Not done: its path is a folder, not a file.")
    assert broken.history.page(ADA, Filter()).rows == ()
    assert broken.history.choices(ADA) == Choices()
    assert broken.history.marks(ADA, ["1"]) == {"1": Mark()}
    assert broken.history.indexed(ADA) is None
    assert broken.housekeeping.size() is None
    assert isinstance(broken.housekeeping.back_up(), Refusal)


def test_runs_of_an_earlier_version_are_found_soon_after(open_log, log, row, file):
    days_of(log, row, 3)
    log.close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("INSERT INTO said (said) VALUES ('delete-all')")
        other.execute("DELETE FROM searchable")
        other.execute("INSERT INTO unsearched VALUES ('', '', 0, 3)")
    again = open_log()
    for _ in range(5):
        assert again.flush(5)
    assert again.history.indexed(ADA) is None
    assert found(again, CANARY) == [2, 1, 0]


def test_a_text_that_cannot_be_read_keeps_no_other_from_being_found_or_written(
    open_log, log, row, file
):
    made = days_of(log, row, 4)
    log.close()
    broken = "UPDATE texts SET answer = {} WHERE run_id = ?"
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(broken.format("CAST(x'ff41' AS TEXT)"), [made[1].run_id])
        other.execute(broken.format("x'ff41'"), [made[2].run_id])
        other.execute("INSERT INTO said (said) VALUES ('delete-all')")
        other.execute("DELETE FROM searchable")
        other.execute("INSERT INTO unsearched VALUES ('', '', 0, 4)")
    again = open_log()
    again.record(row(9), texts_of(row(9), CANARY))
    for _ in range(4):
        assert again.flush(5)
    assert (again.warning, again.history.indexed(ADA)) == (MISFITS, None)
    # Those two as well: their prompts are sound.
    assert sorted(found(again, CANARY)) == [0, 1, 2, 3, 9]


def test_a_run_that_the_database_refuses_to_index_is_found_by_no_word_but_every_other_is(
    open_log, log, row, file, caplog
):
    made = days_of(log, row, 4)
    log.close()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("INSERT INTO said (said) VALUES ('delete-all')")
        other.execute("DELETE FROM searchable")
        other.execute("INSERT INTO unsearched VALUES ('', '', 0, 4)")
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON searchable "
            f"WHEN NEW.run_id = '{made[1].run_id}' BEGIN SELECT RAISE(ABORT, '{CANARY}'); END"
        )
    again = open_log()
    for _ in range(4):
        assert again.flush(5)
    assert again.history.indexed(ADA) is None
    assert sorted(found(again, CANARY)) == [0, 2, 3]
    assert "they can't be read: 1" in caplog.text
    assert CANARY not in caplog.text


def test_an_index_that_no_longer_fits_the_texts_is_made_anew(log, row, file):
    made = days_of(log, row, 3)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE texts SET answer = 'quite other and many more words than before'")
    assert log.history.delete(ADA, [made[1].run_id]) is None
    log.record(row(5), texts_of(row(5), "new"))
    for _ in range(4):
        assert log.flush(5)
    assert log.warning is None
    assert log.history.indexed(ADA) is None
    assert (found(log, "fine"), found(log, "quite other"), found(log, "word1")) == ([5], [2, 0], [])
    assert found(log, "new") == [5]
