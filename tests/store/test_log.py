"""Recording and asking, with the database in good health."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.databases import ON_BOTH

from playground.core.runs.run_row import Page, RunTexts, Totals
from playground.store.log import RunLog
from playground.store.sums import days
from playground.store.sums.totals import add_up, tally_of
from playground.store.tables.dialect import in_chunks
from playground.store.writing.processes import Boot


def ids(page):
    return [int(row.run_id, 16) for row in page.rows]


@ON_BOTH
def test_the_end_of_a_run_replaces_its_start(open_log, log, row, texts, now):
    start = row(1, status="streaming", cost_usd=None, cost_kind="unknown")
    end = row(1, ended_at=now + timedelta(seconds=4), stop_reason="end_turn", ttft_s=0.5)
    log.record(start, texts(start, answer=""))
    assert log.flush(5)
    log.record(end, texts(end))
    assert log.flush(5)
    log.close()
    reopened = open_log()
    assert reopened.page("ada") == Page(rows=(end,))
    assert reopened.get("ada", end.run_id) == (end, texts(end))
    assert reopened.warning is None


@ON_BOTH
def test_a_row_recorded_again_without_texts_keeps_its_texts(open_log, log, row, texts):
    log.record(row(1, status="queued"), texts(row(1)))
    assert log.flush(5)
    log.record(row(1))
    assert log.flush(5)
    log.close()
    assert open_log().get("ada", row(1).run_id) == (row(1), texts(row(1)))


@ON_BOTH
def test_each_run_of_each_visitor_has_its_own_texts(open_log, log, row, texts):
    kept = {(visitor, number): texts(row(number), answer=f"{visitor} {number}")
            for visitor in ("ada", "bob") for number in (1, 2)}  # fmt: skip
    for (visitor, number), own in kept.items():
        log.record(row(number, visitor), own)
    log.record(row(3))
    assert log.flush(5)
    log.close()
    later = open_log()
    for (visitor, number), own in kept.items():
        assert later.get(visitor, row(number).run_id) == (row(number, visitor), own)
    assert later.get("ada", row(3).run_id) == (row(3), RunTexts(run_id=row(3).run_id))
    assert later.get("cyd", row(1).run_id) is None
    assert later.warning is None


@ON_BOTH
def test_an_old_row_recorded_again_is_in_no_later_total(log, row, now, other_writer):
    log.record(row(1))
    assert log.flush(5)
    with other_writer():
        log.record(row(1, input_tokens=99))
        log.record(row(5))
        assert log.totals("ada", since=now + timedelta(seconds=3)).runs == 1
        assert log.totals("ada", since=now + timedelta(seconds=3)).input_tokens == 10
        assert log.totals("ada").input_tokens == 109
    assert log.flush(5)


@ON_BOTH
def test_paging_goes_down_to_the_oldest_and_back_up_to_the_newest(log, row):
    for number in (3, 1, 7, 5, 2, 6, 4):
        log.record(row(number))
    assert log.flush(5)
    first = log.page("ada", limit=3)
    assert (ids(first), first.older, first.newer) == ([7, 6, 5], True, False)
    second = log.page("ada", limit=3, before=first.rows[-1].run_id)
    assert (ids(second), second.older, second.newer) == ([4, 3, 2], True, True)
    last = log.page("ada", limit=3, before=second.rows[-1].run_id)
    assert (ids(last), last.older, last.newer) == ([1], False, True)
    back = log.page("ada", limit=3, after=last.rows[0].run_id)
    assert back == second
    assert log.page("ada", limit=3, after=back.rows[0].run_id) == first


def expected_page(numbers, row, *, before, after, limit):
    """What a page must be, from all of a visitor's runs."""
    found = [n for n in sorted(numbers) if (before is None or n < before)
             and (after is None or n > after)]  # fmt: skip
    found = found[:limit] if before is None and after is not None else found[-limit:]
    edges = found or [edge for edge in (before, after) if edge is not None]
    if not edges:
        return Page()
    beyond = [n for n in numbers if n not in found]
    return Page(
        rows=tuple(row(n) for n in reversed(found)),
        older=any(n < edges[0] or (not found and after is not None and n == after) for n in beyond),
        newer=any(
            n > edges[-1] or (not found and before is not None and n == before) for n in beyond
        ),
    )


@ON_BOTH
@pytest.mark.parametrize("layout", ["saved", "mixed", "in memory"])
def test_every_page_is_what_it_would_be_of_one_list(log, row, other_writer, layout):
    numbers = [2, 3, 5, 6, 7]
    for outside in (0, 9):
        log.record(row(outside, "bob"))
    assert log.flush(5)
    if layout == "in memory":
        log.close()
    early = numbers if layout == "saved" else [3, 6, 7]
    for number in early:
        log.record(row(number, press=number if layout == "saved" else 99))
    if layout == "mixed":
        assert log.flush(5)
    assert log.flush(5) == (layout != "in memory")
    with other_writer():
        if layout != "saved":
            for number in (2, 3, 5, 6, 7):
                log.record(row(number))
        for limit in (1, 2, 5, 6):
            whole = {"before": None, "after": None, "limit": limit}
            assert log.page("ada", limit=limit) == expected_page(numbers, row, **whole)
            for edge in range(1, 9):
                for side in ("before", "after"):
                    wanted = expected_page(numbers, row, **whole | {side: edge})
                    page = log.page("ada", limit=limit, **{side: row(edge).run_id})
                    assert page == wanted, (limit, side, edge)


@ON_BOTH
def test_a_page_has_fifty_rows_unless_asked_otherwise(log, row):
    for number in range(52):
        log.record(row(number))
    assert log.flush(5)
    page = log.page("ada")
    assert (len(page.rows), page.older, page.newer) == (50, True, False)


@ON_BOTH
def test_what_another_process_has_deleted_is_gone_here_too(open_log, log, row):
    log.record(row(1))
    log.record(row(1, "bob"))
    assert log.flush(5)
    other = open_log(boot=Boot())
    other.delete_all("ada")
    assert other.flush(5)
    assert (log.page("ada"), log.count("ada"), log.totals("ada")) == (Page(), 0, Totals())
    assert log.count("bob") == 1


@ON_BOTH
@pytest.mark.parametrize("is_closed", [False, True], ids=["saved", "in memory"])
def test_a_page_beyond_the_ends_is_empty_and_says_where_the_rows_are(log, row, is_closed):
    if is_closed:
        log.close()
    log.record(row(5))
    assert log.flush(5) is not is_closed
    assert log.page("ada", before=row(5).run_id) == Page(newer=True)
    assert log.page("ada", after=row(5).run_id) == Page(older=True)
    assert log.page("nobody") == Page()


def test_more_rows_than_fit_into_one_question_are_added_up(log, row, other_writer, monkeypatch):
    monkeypatch.setattr(days, "in_chunks", partial(in_chunks, size=2))
    for number in range(5):
        log.record(row(number))
    assert log.flush(5)
    with other_writer():
        for number in range(5):
            log.record(row(number, input_tokens=100 + number))
        assert log.totals("ada").input_tokens == 510
    assert log.flush(5)
    assert (log.totals("ada").runs, log.totals("ada").input_tokens) == (5, 510)


@ON_BOTH
def test_rows_not_written_yet_lie_over_the_database(log, row, texts, other_writer):
    log.record(row(1, status="streaming"), texts(row(1), answer="He"))
    log.record(row(2))
    assert log.flush(5)
    with other_writer():
        log.record(row(1, input_tokens=100), texts(row(1)))
        log.record(row(3))
        assert ids(log.page("ada", limit=2)) == [3, 2]
        assert ids(log.page("ada", before=row(2).run_id)) == [1]
        assert log.page("ada").rows[-1].input_tokens == 100
        assert log.get("ada", row(1).run_id) == (row(1, input_tokens=100), texts(row(1)))
        assert log.count("ada") == 3
        assert log.totals("ada").input_tokens == 120
        assert log.totals("ada").runs == 3


@ON_BOTH
def test_totals_keep_each_kind_of_money_apart(log, row):
    for number, kind, cost, status in (
        (1, "exact", "0.000000000001", "done"),
        (2, "exact", "1000.1", "done"),
        (3, "at least", "0.2", "stopped"),
        (4, "at most", "0.3", "interrupted"),
        (5, "simulated", "7", "done"),
        (6, "unknown", None, "failed"),
        (7, "unknown", None, "streaming"),
    ):
        cost_usd = None if cost is None else Decimal(cost)
        log.record(row(number, status=status, cost_kind=kind, cost_usd=cost_usd))
    expected = Totals(
        runs=7,
        errors=2,
        input_tokens=70,
        output_tokens=35,
        spent_usd=Decimal("1000.600000000001"),
        simulated_usd=Decimal(7),
        unknown_cost=1,
        at_least=1,
        at_most=1,
        at_most_usd=Decimal("0.3"),
    )
    assert log.totals("ada") == expected
    assert log.flush(5)
    assert log.totals("ada") == expected


@ON_BOTH
def test_totals_since_a_moment_count_only_later_runs(open_log, log, row, now):
    for number, kind, cost, status in (
        (0, "exact", "100", "done"),
        (1, "exact", "0.1", "done"),
        (2, "exact", "0.2", "failed"),
        (3, "at most", "0.3", "interrupted"),
        (4, "simulated", "7", "done"),
        (5, "unknown", None, "done"),
        (6, "exact", "0.4", "done"),
    ):
        cost_usd = None if cost is None else Decimal(cost)
        log.record(row(number, status=status, cost_kind=kind, cost_usd=cost_usd))
        log.record(row(number, "bob"))
    assert log.flush(5)
    log.close()
    log = open_log()
    moments = [now + timedelta(seconds=number) for number in (1, 6, 7)]
    later, latest, none = log.totals_since("ada", *moments)
    assert later == Totals(
        runs=6, errors=2, input_tokens=60, output_tokens=30, spent_usd=Decimal(1),
        simulated_usd=Decimal(7), unknown_cost=1, at_most=1, at_most_usd=Decimal("0.3"),
    )  # fmt: skip
    assert latest == Totals(runs=1, input_tokens=10, output_tokens=5, spent_usd=Decimal("0.4"))
    assert none == Totals()
    log.record(row(6, cost_usd=Decimal("0.5"), input_tokens=12))
    log.record(row(8, cost_usd=Decimal(1)))
    newest = log.totals("ada", since=moments[1])
    assert (newest.runs, newest.input_tokens, newest.spent_usd) == (2, 22, Decimal("1.5"))
    assert log.warning is None


@ON_BOTH
def test_totals_since_a_moment_count_its_day_in_part_and_the_days_after_it_whole(log, row, now):
    for number, days_later in enumerate((-1, 0, 0, 1, 400)):
        started_at = now + timedelta(days=days_later, seconds=number)
        log.record(row(number, started_at=started_at))
    assert log.flush(5)
    moments = [now + timedelta(**later) for later in ({"seconds": 2}, {"days": 1}, {"days": 2})]
    assert [totals.runs for totals in log.totals_since("ada", *moments)] == [3, 2, 1]
    assert log.totals("ada", since=datetime.max.replace(tzinfo=UTC)).runs == 0


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deeds=st.lists(
        st.tuples(
            st.sampled_from(["record", "delete", "flush"]),
            st.sampled_from(["ada", "bob", "cyd"]),
            st.integers(0, 9),
            st.fixed_dictionaries(
                {
                    "status": st.sampled_from(["streaming", "done", "failed"]),
                    "cost_kind": st.sampled_from(["exact", "at most", "simulated", "unknown"]),
                    "cost_usd": st.none() | st.decimals(0, 100, places=12),
                }
            ),
        ),
        max_size=25,
    )
)
def test_no_visitor_ever_sees_or_changes_the_runs_of_another(deeds, row):
    known = {"ada": {}, "bob": {}, "cyd": {}}
    log = RunLog("sqlite://", clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    try:
        for deed, visitor, number, changes in deeds:
            if deed == "record":
                known[visitor][number] = row(number, visitor, **changes)
                log.record(known[visitor][number])
            elif deed == "delete":
                known[visitor].clear()
                log.delete_all(visitor)
            else:
                assert log.flush(5)
            for name, rows in known.items():
                newest_first = tuple(rows[number] for number in sorted(rows, reverse=True))
                assert log.page(name).rows == newest_first
                assert log.totals(name) == add_up(map(tally_of, newest_first))
                assert log.count(name) == len(rows)
                found = log.get(name, row(number).run_id)
                assert (found and found[0]) == rows.get(number)
        assert log.warning is None
    finally:
        log.close()


@ON_BOTH
def test_deleting_everything_reaches_the_file_and_only_that_visitor(open_log, log, row, texts):
    log.record(row(1), texts(row(1)))
    log.record(row(1, "bob"), texts(row(1)))
    assert log.flush(5)
    log.delete_all("ada")
    assert log.page("ada") == Page()
    log.record(row(2))
    assert log.flush(5)
    log.close()
    reopened = open_log()
    assert ids(reopened.page("ada")) == [2]
    assert reopened.get("ada", row(1).run_id) is None
    assert reopened.get("bob", row(1).run_id) == (row(1, "bob"), texts(row(1)))


@ON_BOTH
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("\ud83d", "\ufffd"),
        ("a\udc00b", "a\ufffdb"),
        ("nul\0", "nul\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("é 😀", "é 😀"),
    ],
    ids=["high", "low", "nul", "halves", "fine"],
)
def test_text_no_database_can_hold_is_replaced_at_once_and_for_good(log, row, texts, said, kept):
    log.record(row(1, error_message=said), texts(row(1), answer=said))
    for _ in range(2):
        found, found_texts = log.get("ada", row(1).run_id)
        assert (found.error_message, found_texts.answer) == (kept, kept)
        assert log.flush(5)


@ON_BOTH
def test_times_come_back_in_utc_and_money_to_the_last_pico_dollar(log, row, now, other_writer):
    there = now.astimezone(timezone(timedelta(hours=9)))
    assert log.flush(5)
    with other_writer():
        log.record(row(1, started_at=there, worst_case_usd=Decimal("0.0000000000017")))
        in_memory = log.page("ada").rows
    assert in_memory[0].started_at.tzinfo is UTC
    assert log.flush(5)
    assert log.page("ada").rows == in_memory
    assert log.flush(5)
    found = log.page("ada").rows[0]
    assert (found.started_at, found.started_at.tzinfo) == (now, UTC)
    assert found.worst_case_usd == Decimal("0.000000000002")


@ON_BOTH
def test_a_row_the_database_refuses_does_not_hold_up_the_others(
    log, row, other_writer, execute, caplog, database
):
    assert log.flush(5)
    with other_writer():
        log.record(row(1))
        log.record(row(2, input_tokens=2**70))
        log.record(row(3))
        assert not log.flush(5)
    assert not log.flush(5)
    assert log.warning.startswith("The database rejects 1 row (")
    assert not log.flush(5)
    assert execute("SELECT press FROM runs ORDER BY press") == [(1,), (3,)]
    log.record(row(4))
    assert not log.flush(5)
    assert execute("SELECT press FROM runs ORDER BY press") == [(1,), (3,), (4,)]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert errors[0].startswith("the run log met ")
    code = "SQLSTATE 22003" if database == "postgres" else "OverflowError"
    assert (
        log.warning
        == log.warning_to("ada")
        == (
            f"The database rejects 1 row ({code}). It is kept in memory only, until the app stops; "
            "everything else is saved."
        )
    )
    assert log.warning_to("bob") is None
    assert ids(log.page("ada")) == [4, 3, 2, 1]
    log.record(row(2))
    assert log.flush(5)
    assert log.warning is None


def test_rows_recorded_after_closing_are_still_shown_and_said_to_be_unsaved(log, row):
    log.close()
    log.record(row(1))
    assert ids(log.page("ada")) == [1]
    assert not log.flush(5)
    assert "memory" in log.warning
