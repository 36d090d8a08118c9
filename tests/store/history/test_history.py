"""Finding, marking and deleting runs, against what plain Python finds in the same rows."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.databases import ON_BOTH

from playground.core.log.history import (
    ORDERS,
    Choices,
    Cursor,
    DayCost,
    Filter,
    LoggedRun,
    Mark,
    Summary,
    matches,
    sorted_in,
)
from playground.core.runs.run_row import RunTexts
from playground.core.text.refusal import Refusal
from playground.store.history import filtered, picking
from playground.store.history.history import History
from playground.store.history.open_pages import OpenPages
from playground.store.log import RunLog
from playground.store.search import search_index
from playground.store.search.search_index import searched_texts
from playground.store.sums.days import day_costs, sums_of_rows
from playground.store.sums.totals import add_up, tally_of
from playground.store.writing import database as database_module

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAYINGS = [
    "Crisp dosa",
    "crispy idli and dosa",
    "దోశ పిండి పులియబెట్టాలి",
    "日本語のテスト",
    "os.environ[x]",
    "C++ or C#? 100 % of $5, 😀",
    "c, snake_case at a@b.c",
    "",
]


@pytest.fixture(autouse=True)
def from_the_database(monkeypatch):
    """What the database cannot answer the memory does, and that answer may be right, too."""
    met, note = [], RunLog._note

    def noted(log, visitor, error):
        met.append(error)
        note(log, visitor, error)

    monkeypatch.setattr(RunLog, "_note", noted)
    yield
    assert met == []


def texts_of(row, prompt, answer):
    body = {"messages": [{"role": "user", "content": prompt}], "model": row.model}
    request = json.dumps({"headers": {}, "body": body})
    return RunTexts(run_id=row.run_id, request_json=request, answer=answer)


def ids(found):
    return [int(row.run_id, 16) for row in found.rows]


def all_pages(log, visitor, chosen, order, limit):
    rows, after = [], None
    for _ in range(50):
        found = log.history.page(visitor, chosen, order, after=after, limit=limit)
        assert len(found.rows) <= limit
        assert not found.is_partial
        rows += found.rows
        assert log.warning is None
        after = found.next_cursor
        if after is None:
            return rows
    raise AssertionError("the pages do not end")


changes = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["streaming", "done", "failed"]),
        "model": st.sampled_from(["small", "large"]),
        "variant": st.sampled_from("AB"),
        "cost_kind": st.sampled_from(["exact", "simulated"]),
        "cost_usd": st.none() | st.sampled_from([Decimal(n) / 10 for n in range(5)]),
        "duration_s": st.none() | st.sampled_from([0.5, 1.5]),
        "output_tokens": st.none() | st.integers(0, 3),
        "connection": st.sampled_from(["Demo", "Claude API"]),
        "experiment_id": st.sampled_from([None, "x", "y"]),
    }
)
deeds = st.one_of(
    st.tuples(
        st.just("record"), st.integers(0, 9), changes,
        st.sampled_from(SAYINGS), st.sampled_from(SAYINGS),
    ),
    st.tuples(
        st.just("mark"), st.integers(0, 9),
        st.builds(
            Mark, st.booleans(), st.sampled_from([(), ("good",), ("bad", "good")]),
            ballot=st.just("1"), vote=st.sampled_from(["won", "tied"]),
        ),
    ),
    st.tuples(st.just("delete"), st.lists(st.integers(0, 9), min_size=1, max_size=3)),
    st.just(("undo",)),
    st.just(("flush",)),
    st.just(("clear",)),
)  # fmt: skip
chosen_filters = st.builds(
    Filter,
    text=st.sampled_from(
        ["", "", "dosa", "crisp", '"crisp dosa"', "dos", "దోశ", "本語", "os.env", "!?", "c++", "C#",
         "😀", "%", "$5 c", "e_c", "snake_c", "*"]
    ),
    statuses=st.sampled_from([(), (), ("done",), ("failed", "streaming")]),
    models=st.sampled_from([(), (), ("small",), ("nowhere",)]),
    variants=st.sampled_from([(), (), ("B",)]),
    from_day=st.sampled_from([None, None, date(2026, 11, 24)]),
    to_day=st.sampled_from([None, None, date(2026, 11, 25)]),
    from_usd=st.sampled_from([None, None, Decimal("0.1")]),
    to_usd=st.sampled_from([None, None, Decimal("0.3")]),
    is_starred=st.booleans(),
    tags=st.sampled_from([(), (), ("good",), ("bad",)]),
    connections=st.sampled_from([(), (), ("Demo",)]),
    experiment_id=st.sampled_from([None, None, None, "x"]),
)  # fmt: skip


class BillFacts:
    """What the log must hold, kept in plain dictionaries."""

    def __init__(self):
        self.rows, self.texts, self.marks, self.gone = {}, {}, {}, {}

    def found(self, chosen):
        return [
            row
            for number, row in self.rows.items()
            if matches(chosen, row, self.marks.get(number, Mark()), self.said(number))
        ]

    def said(self, number):
        texts = self.texts[number]
        return searched_texts(texts.request_json, texts.answer)

    def do(self, deed, log, row):
        match deed:
            case "record", number, values, prompt, answer:
                old = self.rows.get(number)
                has_ended = old is not None and old.status != "streaming"
                if number in self.gone or (has_ended and values["status"] == "streaming"):
                    return
                at = NOW + timedelta(hours=8 * number)
                self.rows[number] = row(number, started_at=at, **values)
                self.texts[number] = texts_of(self.rows[number], prompt, answer)
                log.record(self.rows[number], self.texts[number])
            case "mark", number, mark:
                if number in self.rows:
                    self.marks[number] = mark
                    assert (
                        log.history.change_mark(
                            "ada", row(number).run_id, lambda _, mark=mark: mark
                        )
                        is None
                    )
            case "delete", numbers:
                keys = [row(number).run_id for number in numbers]
                assert log.history.delete("ada", keys) is None
                for number in numbers:
                    if number in self.rows and self.rows[number].status != "streaming":
                        self.gone[number] = (
                            self.rows.pop(number), self.texts.pop(number),
                            self.marks.pop(number, Mark()),
                        )  # fmt: skip
            case ("undo",):
                keys = [row(number).run_id for number in self.gone]
                assert log.history.bring_back("ada", keys) is None
                for number, (old, texts, mark) in self.gone.items():
                    self.rows[number], self.texts[number] = old, texts
                    self.marks[number] = mark
                self.gone.clear()
            case ("flush",):
                assert log.flush(5)
            case ("clear",):
                log.delete_all("ada")
                assert log.flush(5)
                self.__init__()


def find_and_compare(url, row, todo, filters, limit):
    known = BillFacts()
    log = RunLog(url, clock=lambda: NOW)
    try:
        log.record(row(99, "bob"), texts_of(row(99, "bob"), "dosa", "crisp"))
        for deed in todo:
            known.do(deed, log, row)
        for number, chosen in enumerate([Filter(), *filters]):
            order = ORDERS[number % len(ORDERS)]
            expected = known.found(chosen)
            summary = log.history.summary("ada", chosen)
            # What the database cannot answer the memory does, and the answer would be right.
            assert log.warning is None
            assert summary.totals == add_up(map(tally_of, expected))
            assert log.history.day_costs("ada", chosen) == day_costs(sums_of_rows(expected))
            assert log.warning is None
            shown = all_pages(log, "ada", chosen, order, limit)
            assert shown == sorted_in(expected, order)
            parts = list(log.history.parts("ada", chosen, with_texts=True, size=limit))
            assert [(kept.row, kept.texts) for part in parts for kept in part] == [
                (each, known.texts[int(each.run_id, 16)]) for each in sorted_in(expected, "newest")
            ]
        assert len(log.history.page("bob", Filter(text="dosa")).rows) == 1
        assert log.totals("ada") == add_up(map(tally_of, known.rows.values()))
        assert log.warning is None
    finally:
        log.close()


@pytest.mark.parametrize(
    ("database", "examples"), [("sqlite", 20), ("postgres", 3)], indirect=["database"]
)
def test_every_filter_in_every_order_finds_what_plain_python_finds(
    database, examples, row, request, monkeypatch
):
    server = request.getfixturevalue("postgres") if database == "postgres" else None

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        todo=st.lists(deeds, min_size=4, max_size=20),
        filters=st.lists(chosen_filters, min_size=6, max_size=6),
        limit=st.integers(1, 4),
        max_sorted=st.sampled_from([1, 10_000]),
        first_look=st.sampled_from([1, 100]),
    )
    def compare(todo, filters, limit, max_sorted, first_look):
        # As if there were many runs.
        monkeypatch.setattr(filtered, "_MAX_SORTED", max_sorted)
        monkeypatch.setattr(picking, "_FIRST_LOOK", first_look)
        url = server.url(server.new_schema()) if server else "sqlite://"
        find_and_compare(url, row, todo, filters, limit)

    compare()


@ON_BOTH
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_database_can_hold_is_looked_for_as_it_was_kept(log, row, text):
    named = {"variant": text, "model": text, "connection": text, "experiment_id": text}
    log.record(row(1, **named))
    log.record(row(2))
    assert log.flush(5)
    log.history.change_mark("ada", row(1).run_id, lambda _: Mark(tags=("told apart",)))
    for chosen in (
        Filter(models=(text,)),
        Filter(variants=(text,)),
        Filter(connections=(text,)),
        Filter(experiment_id=text),
    ):
        page = log.history.page("ada", chosen)
        assert [found.run_id for found in page.rows] == [row(1).run_id]
        assert log.history.summary("ada", chosen).totals.runs == 1
        assert sum(day.runs for day in log.history.day_costs("ada", chosen)) == 1
    for chosen in (Filter(text=text), Filter(tags=(text,))):
        assert log.history.page("ada", chosen).rows == ()
    cursor = Cursor(row(2).started_at, text)
    assert len(log.history.page("ada", Filter(), after=cursor).rows) == 2
    assert len(log.page("ada", before=text).rows) == 2
    assert log.warning is None


def test_a_word_far_into_a_long_text_is_found(log, row):
    # Postgres knows the places of the first 16,383 words, and 255 places of a word.
    filler = " ".join(["the cat"] * 9_000)
    log.record(row(1), texts_of(row(1), "dosa", f"{filler} zebra"))
    log.record(row(2), texts_of(row(2), "dosa", "終" + "日" * 20_000 + "本"))
    assert log.flush(5)
    for text, expected in (("zebra", [1]), ("cat", [1]), ("本", [2]), ("終日", [2]), ("idli", [])):
        assert ids(log.history.page("ada", Filter(text=text))) == expected


def test_texts_that_are_not_stored_are_found_exported_and_deleted_too(log, row):
    texts = texts_of(row(2), "dosa", "crisp")
    log.record(row(1), texts_of(row(1), "dosa", "soft"))
    log.record(row(2))
    assert log.flush(5)
    pages = OpenPages()
    pages.open("page")
    pages.add("page", row(2), texts)
    history = History(log._answer, log._writer, log._memory, lambda: NOW, pages, 2.0)
    for text, expected in (("dosa", [2, 1]), ("crisp", [2]), ("soft", [1])):
        assert ids(history.page("ada", Filter(text=text))) == expected
        assert history.page("bob", Filter(text=text)).rows == ()
    assert history.summary("ada", Filter()).totals == log.totals("ada")
    [part] = history.parts("ada", Filter(text="crisp"), with_texts=True)
    assert [(kept.row, kept.texts) for kept in part] == [(row(2), texts)]
    assert history.delete("ada", [row(2).run_id]) is None
    assert ids(history.page("ada", Filter())) == [1]
    assert pages.size == 0


MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
FILTERS = [
    Filter(),
    Filter(is_starred=True),
    Filter(text="dosa"),
    Filter(experiment_id="x"),
    Filter(from_usd=Decimal("0.2"), to_usd=Decimal("0.2")),
    Filter(from_usd=Decimal("0.3"), to_usd=Decimal("0.3")),
    Filter(from_day=date(2026, 11, 24), to_day=date(2026, 11, 24)),
    Filter(text="dosa", from_day=date(2026, 11, 24), to_day=date(2026, 11, 24)),
    Filter(models=("small",), statuses=("done",), variants=("A",), connections=("Demo",)),
    Filter(is_starred=True, models=("large",), from_usd=Decimal("0.1")),
]


@ON_BOTH
def test_pages_and_sums_are_of_all_rows_in_order_those_in_memory_too(
    open_log, row, other_writer, monkeypatch
):
    log = open_log(busy_timeout_s=30)
    monkeypatch.setattr(filtered, "_MAX_SORTED", 1)  # one is few, two are many
    moments = [-1, 0, 0, 86_399, 86_400, 90_000]
    rows = [
        row(
            number,
            started_at=MIDNIGHT + timedelta(seconds=moments[number % 6]),
            cost_usd=[None, Decimal("0.2"), Decimal("0.1"), Decimal("0.2")][number % 4]
            if number
            else Decimal("0.3"),
            duration_s=[1.5, None, 0.5][number % 3],
            output_tokens=[7, 7, None, 0, 9][number % 5],
            model=["small", "large"][number % 2],
            status=["done", "done", "failed"][number % 3],
            variant="AB"[number // 7],
            experiment_id=["x", None, "y"][number % 3],
        )
        for number in range(10)
    ]
    for each in rows:
        log.record(each, texts_of(each, "dosa", ""))
        log.record(replace(each, visitor="bob", cost_usd=Decimal(5)), texts_of(each, "dosa", ""))
        assert log.history.change_mark("ada", each.run_id, lambda _: Mark(is_starred=True)) is None
    assert log.flush(5)
    saved = tuple(rows)
    compare_all(log, rows)
    with other_writer():
        # Newer than in the database: some no longer meant, some only now, and a new one.
        rows[1] = replace(rows[1], cost_usd=Decimal("0.4"), experiment_id="x", model="small")
        rows[4] = replace(rows[4], started_at=MIDNIGHT, status="done")
        rows[6] = replace(rows[6], cost_usd=Decimal("0.3"), variant="A", cost_kind="simulated")
        rows.append(replace(rows[2], run_id=row(99).run_id, started_at=MIDNIGHT))
        for each in rows:
            if each not in saved:
                log.record(each, texts_of(each, "dosa", ""))
        compare_all(log, rows)


def compare_all(log, rows):
    marks = log.history.marks("ada", [each.run_id for each in rows])
    for number, chosen in enumerate(FILTERS):
        found = [each for each in rows if matches(chosen, each, marks[each.run_id], ["dosa"])]
        assert found
        assert log.history.summary("ada", chosen) == Summary(add_up(map(tally_of, found)), False)
        assert log.history.day_costs("ada", chosen) == day_costs(sums_of_rows(found))
        for order in (ORDERS[number % 5], ORDERS[(number + 2) % 5]):
            assert all_pages(log, "ada", chosen, order, limit=2) == sorted_in(found, order)
        with_texts = number % 2 == 0
        parts = list(log.history.parts("ada", chosen, with_texts=with_texts, size=3))
        assert [len(part) <= 3 for part in parts] == [True] * len(parts)
        assert [kept for part in parts for kept in part] == [
            LoggedRun(each, texts_of(each, "dosa", "") if with_texts else None, marks[each.run_id])
            for each in sorted_in(found, "newest")
        ]


@ON_BOTH
def test_costs_are_told_by_day_and_model_and_simulated_ones_apart(log, row):
    for number, (day, model, kind, usd) in enumerate(
        [
            (0, "small", "exact", "0.1"),
            (0, "small", "at most", "0.2"),
            (0, "small", "simulated", "0.4"),
            (0, "large", "exact", "0.5"),
            (-1, "small", "exact", "0.7"),
        ]
    ):
        at = MIDNIGHT + timedelta(days=day)
        log.record(row(number, started_at=at, model=model, cost_kind=kind, cost_usd=Decimal(usd)))
    assert log.flush(5)
    first, second = date(2026, 11, 23), date(2026, 11, 24)
    expected = (
        DayCost(first, "small", False, 1, Decimal("0.7")),
        DayCost(second, "large", False, 1, Decimal("0.5")),
        DayCost(second, "small", False, 2, Decimal("0.3")),
        DayCost(second, "small", True, 1, Decimal("0.4")),
    )
    assert log.history.day_costs("ada", Filter()) == expected
    # Added up from the runs, not from the sums of days.
    assert log.history.day_costs("ada", Filter(from_usd=Decimal(0))) == expected
    assert log.history.day_costs("ada", Filter(to_day=first)) == expected[:1]


@ON_BOTH
def test_what_can_be_chosen_is_what_the_visitor_has(log, row):
    assert log.history.choices("ada") == Choices()
    log.record(row(1, model="small", variant="B", status="failed", connection="Claude API"))
    log.record(row(2, model="large"))
    log.record(row(3, "bob", model="other"))
    assert log.flush(5)
    log.record(row(4, model="new", status="streaming"))
    for number, tags in ((1, ("b", "a")), (2, ("b",))):
        assert (
            log.history.change_mark("ada", row(number).run_id, lambda _, tags=tags: Mark(tags=tags))
            is None
        )
    assert log.history.change_mark("bob", row(3).run_id, lambda _: Mark(tags=("his",))) is None
    for _ in range(2):
        assert log.history.choices("ada") == Choices(
            models=("large", "new", "small"),
            variants=("A", "B"),
            connections=("Claude API", "Demo"),
            statuses=("done", "failed", "streaming"),
            tags=("a", "b"),
        )
        assert log.flush(5)


@ON_BOTH
def test_marks_are_replaced_as_a_whole_and_are_a_visitors_own(log, row):
    first, second, third = (row(number).run_id for number in (1, 2, 3))
    assert log.history.change_mark("ada", first, lambda _: Mark(True, ("b", "a"), "Note")) is None
    assert log.history.change_mark("ada", second, lambda _: Mark(tags=("c",))) is None
    assert log.history.change_mark("bob", first, lambda _: Mark(note="His")) is None
    assert log.history.marks("ada", [first, second, third]) == {
        first: Mark(True, ("a", "b"), "Note"),
        second: Mark(tags=("c",)),
        third: Mark(),
    }
    assert log.history.change_mark("ada", first, lambda _: Mark(note="Other")) is None
    assert log.history.change_mark("ada", second, lambda _: Mark()) is None
    found = log.history.marks("ada", [first, second])
    assert found == {first: Mark(note="Other"), second: Mark()}
    assert log.history.marks("bob", [first]) == {first: Mark(note="His")}


@ON_BOTH
def test_a_mark_is_changed_beside_those_that_another_page_has_set_since(log, row):
    run_id = row(1).run_id
    assert log.history.change_mark("ada", run_id, lambda _: Mark(tags=("a",), note="Note")) is None
    starred = log.history.change_mark("ada", run_id, lambda mark: replace(mark, is_starred=True))
    assert starred is None
    assert log.history.marks("ada", [run_id]) == {run_id: Mark(True, ("a",), "Note")}
    too_long = log.history.change_mark("ada", run_id, lambda mark: replace(mark, note="n" * 10**6))
    assert isinstance(too_long, Refusal)
    assert log.history.marks("ada", [run_id]) == {run_id: Mark(True, ("a",), "Note")}


@ON_BOTH
def test_a_frequent_word_is_looked_for_bit_by_bit_and_to_the_end(log, row, monkeypatch):
    monkeypatch.setattr(picking, "MAX_PICKED", 4)
    monkeypatch.setattr(picking, "_FIRST_LOOK", 2)
    for number in range(30):
        at = NOW + timedelta(seconds=number // 3)
        each = row(number, started_at=at, status="failed" if number % 7 == 0 else "done")
        log.record(each, texts_of(each, "dosa", ""))
    assert log.flush(5)
    chosen, after, rows = Filter(text="dosa", statuses=("failed",)), None, []
    for _ in range(40):
        found = log.history.page("ada", chosen, after=after, limit=2)
        rows += ids(found)
        after = found.next_cursor
        if after is None:
            break
    assert rows == [28, 21, 14, 7, 0]
    summary = log.history.summary("ada", Filter(text="dosa"))
    assert (summary.totals.runs, summary.is_partial) == (4, True)
    some = log.history.page("ada", Filter(text="dosa"), "oldest", limit=9)
    # Of the runs of one second any may be among them.
    assert (len(some.rows), ids(some)[1:], some.is_partial) == (4, [27, 28, 29], True)
    for number in range(6):
        mark = Mark(True, ("some",) if number < 4 else ())
        assert log.history.change_mark("ada", row(number).run_id, lambda _, mark=mark: mark) is None
    for chosen, expected, is_partial in (
        (Filter(is_starred=True), [2, 3, 4, 5], True),
        (Filter(tags=("some",)), [0, 1, 2, 3], False),
    ):
        summary = log.history.summary("ada", chosen)
        assert (summary.totals.runs, summary.is_partial) == (4, is_partial)
        assert ids(log.history.page("ada", chosen, "oldest")) == expected


@ON_BOTH
def test_more_runs_in_a_second_than_the_index_has_numbers_for_are_all_found(log, row):
    for number in range(200):
        each = row(number, started_at=NOW)
        log.record(each, texts_of(each, "dosa", "crisp"))
    assert log.flush(5)
    found = log.history.page("ada", Filter(text="crisp"), limit=300)
    assert ids(found) == list(range(199, -1, -1))


@ON_BOTH
def test_of_a_very_long_text_at_least_the_beginning_is_found(log, row):
    long = " ".join(f"word{number}" for number in range(20_000))
    wide = [" ".join(f"{part}{number:04}{'దో' * 27}" for number in range(3_200)) for part in "ab"]
    log.record(row(1), texts_of(row(1), long, ""))
    log.record(row(2), texts_of(row(2), *wide))
    assert log.flush(5)
    assert log.warning is None
    assert ids(log.history.page("ada", Filter(text="word0 word1"))) == [1]
    assert ids(log.history.page("ada", Filter(text="a0000"))) == [2]
    assert ids(log.history.page("ada", Filter(text="b0000"))) == [2]


@ON_BOTH
def test_quotes_keep_words_together_and_only_the_last_word_may_go_on(log, row):
    for number, answer in enumerate(["crisp dosa", "dosa crisp", "crisper dosas", "crisp, crisp"]):
        log.record(row(number), texts_of(row(number), "", answer))
    assert log.flush(5)
    for text, expected in {
        "crisp": [3, 2, 1, 0],
        "crisp dosa": [1, 0],
        "dosa crisp": [1, 0],
        "dosa crispe": [],
        "dosas crispe": [2],
        '"crisp dosa"': [0],
        '"dosa crisp"': [1],
        '"crisp"': [3, 1, 0],
        '"crisp" dosa': [1, 0],
        "crisp.dos": [],  # signs are looked for as they are written
        "crisp,": [3],
        "nowhere": [],
    }.items():
        assert ids(log.history.page("ada", Filter(text=text))) == expected, text
        assert log.history.summary("ada", Filter(text=text)).totals.runs == len(expected)


@ON_BOTH
def test_stars_and_tags_find_the_visitors_own_runs_that_have_them(log, row):
    for number in range(1, 6):
        log.record(row(number), texts_of(row(number), "dosa" if number != 3 else "", ""))
    assert log.flush(5)
    for visitor, number, mark in (
        ("ada", 1, Mark(is_starred=True)),
        ("ada", 2, Mark(tags=("good", "bad"))),
        ("ada", 3, Mark(True, ("good",))),
        ("ada", 4, Mark(note="Note")),
        ("bob", 5, Mark(True, ("good", "bad"))),
    ):
        assert (
            log.history.change_mark(visitor, row(number).run_id, lambda _, mark=mark: mark) is None
        )
    for expected, chosen in (
        ([3, 1], Filter(is_starred=True)),
        ([3, 2], Filter(tags=("good",))),
        ([3, 2], Filter(tags=("bad", "good"))),
        ([2], Filter(tags=("bad",))),
        ([3], Filter(is_starred=True, tags=("good",))),
        ([1], Filter(is_starred=True, text="dosa")),
        ([2], Filter(tags=("good",), text="dosa")),
    ):
        for order in ("newest", "slowest"):
            assert ids(log.history.page("ada", chosen, order)) == expected
        assert log.history.summary("ada", chosen).totals.runs == len(expected)


@ON_BOTH
def test_an_index_that_is_made_anew_begins_at_nothing(log, row, database):
    assert log.flush(5)
    with log._writer.database.writing() as connection:
        search_index.rebuild(connection)
        assert search_index.progress(connection) is None
    log.record(row(1), texts_of(row(1), "dosa", ""))
    assert log.flush(5)
    with log._writer.database.writing() as connection:
        search_index.rebuild(connection)
        # A server's index forgets each run by itself.
        assert search_index.progress(connection) == (0.0 if database == "sqlite" else None)


@ON_BOTH
def test_how_far_the_index_has_come_is_told(log, execute):
    assert log.flush(5)
    assert log.history.indexed("ada") is None
    execute("INSERT INTO unsearched VALUES ('', '', 1, 4)")
    assert log.history.indexed("ada") == 0.25


@ON_BOTH
def test_runs_of_earlier_days_are_indexed_bit_by_bit_each_once(log, row, execute, monkeypatch):
    monkeypatch.setattr(database_module, "_INDEXED_AT_ONCE", 2)
    for number in range(5):
        visitor = "bob" if number == 2 else "ada"
        log.record(row(number, visitor), texts_of(row(number, visitor), "dosa", "crisp"))
    log.record(row(9, status="streaming"), texts_of(row(9), "dosa", ""))
    assert log.flush(5)
    execute("DELETE FROM searchable WHERE visitor = 'bob'")
    execute("INSERT INTO unsearched VALUES ('', '', 0, 6)")
    for _ in range(6):
        assert log.flush(5)
    assert log.history.indexed("ada") is None
    assert ids(log.history.page("ada", Filter(text="dosa"))) == [4, 3, 1, 0]
    assert ids(log.history.page("bob", Filter(text="crisp"))) == [2]


def test_an_export_in_the_middle_of_which_the_log_fails_says_that_it_is_not_whole(
    open_log, row, file
):
    before = open_log()
    for number in range(10):
        before.record(row(number))
    assert before.flush(5)
    before.close()
    parts = open_log().history.parts("ada", Filter(), with_texts=True, size=3)
    assert len(next(parts)) == 3
    file.unlink()
    *rest, said = parts
    assert isinstance(said, Refusal)
    assert sum(map(len, rest)) < 7


def test_an_export_while_the_history_is_being_deleted_lacks_nothing(log, row, other_writer):
    log.record(row(1))
    assert log.flush(5)
    with other_writer():
        log.delete_all("ada")
        assert list(log.history.parts("ada", Filter(), with_texts=True)) == [[]]
