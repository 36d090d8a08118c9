"""A value that no column of this app's may hold costs no other row, and is said."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from store.databases import ON_BOTH

from playground.core.log.history import ORDERS, Filter, Mark
from playground.core.runs.run_row import RunTexts
from playground.core.text.refusal import Refusal
from playground.store.tables.column_types import MISFITS

ADA = "ada"
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
OF_SQLITE = {
    "answer": ("texts", "answer", "CAST(x'48ff' AS TEXT)", "H\ufffd"),
    "blob": ("texts", "answer", "x'4869'", "Hi"),
    "request": ("texts", "request_json", "CAST(x'ff' AS TEXT)", "\ufffd"),
    "error": ("runs", "error_message", "x'ff'", "\ufffd"),
    "words for tokens": ("runs", "input_tokens", "'many'", None),
    "a fraction of a token": ("runs", "input_tokens", "1.5", None),
    "endless tokens": ("runs", "output_tokens", "9e999", None),
    "words for a cost": ("runs", "cost_usd", "'much'", None),
    "a cost beyond all numbers": ("runs", "cost_usd", "1e300", None),
    "words for seconds": ("runs", "duration_s", "'long'", None),
    "words for a press": ("runs", "press", "'first'", 0),
    "words for a start": ("runs", "started_at", "'now'", LAST),
    "an endless end": ("runs", "ended_at", "9e999", LAST),
}
OF_BOTH = {
    "a start beyond the years": ("runs", "started_at", "9000000000000000000", LAST),
    "a start before the years": ("runs", "started_at", "-9000000000000000000", FIRST),
    "an end beyond the years": ("runs", "ended_at", "9000000000000000000", LAST),
    "an unknown status": ("runs", "status", "'odd'", "interrupted"),
    "an unknown kind of cost": ("runs", "cost_kind", "'odd'", "unknown"),
}


def three_runs(log, row):
    for number in (1, 2, 3):
        run = row(number, duration_s=1.0)
        log.record(run, RunTexts(run_id=run.run_id, request_json="{}", answer="Hello"))
    assert log.flush(10)
    log.close()
    return row(2).run_id


def check_all_is_there(log, row, run_id, name, shown):
    run, texts = log.get(ADA, run_id)
    assert getattr(run, name, None) == shown or getattr(texts, name, None) == shown
    assert log.warning_to(ADA) == MISFITS
    assert len(log.page(ADA).rows) == 3
    # A run whose kind another program has changed is in no page of its old kind.
    assert all(len(log.history.page(ADA, Filter(), order).rows) >= 2 for order in ORDERS)
    words = log.history.words(ADA, log.page(ADA).rows)
    assert [words[row(number).run_id].answer for number in (1, 3)] == ["Hello", "Hello"]
    assert log.totals(ADA).runs == 3
    assert log.history.summary(ADA, Filter(from_usd=Decimal(0))).totals.runs >= 2
    assert sum(day.runs for day in log.history.day_costs(ADA, Filter())) == 3
    later = row(4)
    log.record(later, RunTexts(run_id=later.run_id, answer="Later"))
    assert log.flush(10)
    assert log.history.delete(ADA, [run_id]) is None
    assert {row.run_id for row in log.page(ADA).rows} == {row(n).run_id for n in (1, 3, 4)}
    assert log.history.bring_back(ADA, [run_id]) is None
    assert log.get(ADA, run_id) is not None
    log.delete_all(ADA)
    assert log.flush(10)
    assert log.page(ADA).rows == ()


@pytest.mark.parametrize("case", OF_SQLITE)
def test_what_another_program_wrote_into_a_file_costs_no_other_row(
    open_log, log, row, execute, case
):
    table, name, value, shown = OF_SQLITE[case]
    run_id = three_runs(log, row)
    execute(f"UPDATE {table} SET {name} = {value} WHERE run_id = '{run_id}'")
    check_all_is_there(open_log(), row, run_id, name, shown)


@ON_BOTH
@pytest.mark.parametrize("case", OF_BOTH)
def test_what_any_database_holds_and_python_does_not_costs_no_other_row(
    open_log, log, row, execute, case
):
    table, name, value, shown = OF_BOTH[case]
    run_id = three_runs(log, row)
    execute(f"UPDATE {table} SET {name} = {value} WHERE run_id = '{run_id}'")
    check_all_is_there(open_log(), row, run_id, name, shown)


@ON_BOTH
def test_marks_that_break_the_rules_of_marks_are_read_as_far_as_they_keep_them(
    open_log, log, row, execute
):
    run_id = three_runs(log, row)
    execute(
        f"INSERT INTO marks VALUES ('ada', '{run_id}', 1, '{'n' * 6_000}', 'odd', 'b')",
        *(f"INSERT INTO tags VALUES ('ada', '{tag}', '{run_id}')" for tag in ("  ", " a  b ")),
    )
    again = open_log()
    ids = [row(number).run_id for number in (1, 2, 3)]
    expected = {one: Mark() for one in ids}
    assert again.history.marks(ADA, ids) == expected | {run_id: Mark(True, ("a b",), "n" * 5_000)}
    assert again.history.delete(ADA, ids) is None
    assert again.history.bring_back(ADA, ids) is None
    assert len(again.page(ADA).rows) == 3


@ON_BOTH
def test_a_deleted_run_whose_kept_line_is_broken_keeps_no_other_from_coming_back(
    open_log, log, row, execute
):
    run_id = three_runs(log, row)
    again = open_log()
    ids = [row(number).run_id for number in (1, 2, 3)]
    assert again.history.delete(ADA, ids) is None
    execute(f"UPDATE deleted SET run_json = '{{' WHERE run_id = '{run_id}'")
    problem = again.history.bring_back(ADA, ids)
    assert problem == Refusal("1 run is not back, because the saved rows can't be read.")
    assert [run.run_id for run in again.page(ADA).rows] == [ids[2], ids[0]]


def test_a_log_in_which_all_is_in_order_is_not_complained_of(log, row):
    three_runs(log, row)
    assert log.history.page(ADA, Filter()).rows
    assert log.warning_to(ADA) is None
