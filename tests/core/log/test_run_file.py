"""Runs as lines of files: exact in JSONL, harmless in CSV."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.log.history import LoggedRun, Mark
from playground.core.log.run_file import LineError, cells_of, columns, line_of, run_of
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.csv_cells import safe_cell

STARTS = "=+-@\t\r\n\0＝＋－＠"
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moment = st.datetimes(timezones=st.just(UTC))
money = st.none() | st.decimals(0, 10**6, places=12)
whole = st.none() | st.integers(0, 2**60)
seconds = st.none() | st.floats(0, 1e6)
rows = st.builds(
    RunRow,
    run_id=text, visitor=st.just("ada"), started_at=moment, ended_at=st.none() | moment,
    press=st.integers(0, 10**6), variant=text, connection=text, model=text, params_json=text,
    status=st.sampled_from(["done", "failed"]), stop_reason=st.none() | text,
    error_kind=st.none() | text, error_message=st.none() | text, http_status=whole,
    ttft_s=seconds, duration_s=seconds, input_tokens=whole, output_tokens=whole,
    cost_usd=money, cost_kind=st.sampled_from(["exact", "unknown"]), worst_case_usd=money,
    request_id=st.none() | text, experiment_id=st.none() | text,
)  # fmt: skip
tag = text.map(lambda value: "".join(filter(str.isalnum, value))).filter(bool)
kept = rows.flatmap(
    lambda row: st.builds(
        LoggedRun,
        st.just(row),
        st.none() | st.builds(RunTexts, run_id=st.just(row.run_id), request_json=text, answer=text),
        st.builds(
            Mark,
            st.booleans(),
            st.lists(tag, max_size=3).map(tuple),
            text,
            *(st.sampled_from(["won", "lost", "tied"]), st.just("1")),
        ),
    )
)


@given(st.text(STARTS + " a1", max_size=6) | st.text(max_size=10))
def test_no_cell_starts_a_formula_and_harmless_ones_stay_as_they_are(value):
    safe = safe_cell(value)
    assert safe.replace("'", "") == value.replace("'", "")
    assert safe[:1] not in set(STARTS)
    assert safe.lstrip()[:1] not in set(STARTS)
    if safe != value:
        assert set(value) & set(STARTS)


@settings(max_examples=60, deadline=None)
@given(kept)
def test_a_line_is_read_back_as_the_run_it_was_and_names_no_visitor(run):
    line = line_of(run)
    assert line.splitlines() == [line]
    assert run_of(line, "ada") == run
    assert "visitor" not in line.replace(repr(run), "") or "visitor" in repr(run)


def test_an_answer_with_half_a_character_is_one_line_that_a_file_can_hold():
    answer = "two\nlines \u2028 and a half \ud83d"
    row = RunRow(
        run_id="1", visitor="ada", started_at=datetime(2026, 11, 23, tzinfo=UTC), press=1,
        variant="A", connection="Demo", model="m", params_json="{}", status="done",
    )  # fmt: skip
    line = line_of(LoggedRun(row, RunTexts(run_id="1", answer=answer)))
    assert run_of(line.encode().decode(), "ada").texts.answer == answer
    assert line.splitlines() == [line]


@settings(max_examples=60, deadline=None)
@given(kept)
def test_a_csv_is_read_back_without_a_formula_and_with_numbers_as_numbers(run):
    names = columns(with_texts=True)
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells_of(run, names))
    (cells,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    found = dict(zip(names, cells, strict=True))
    assert not [cell for cell in cells if cell.lstrip()[:1] in set(STARTS)]
    assert (found["cost_usd"] and Decimal(found["cost_usd"])) == (
        "" if run.row.cost_usd is None else run.row.cost_usd
    )
    assert "visitor" not in names


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", "{}", '{"format": 2}', '{"format": 1}', "[" * 100_000, '"\\ud800"'],
)
def test_a_line_that_is_no_run_is_one_clear_error(line):
    with pytest.raises(LineError):
        run_of(line, "ada")


def test_a_line_of_a_run_with_a_damaged_field_is_the_same_error():
    run = LoggedRun(
        RunRow(
            run_id="1", visitor="ada", started_at=datetime(2026, 1, 1, tzinfo=UTC), press=1,
            variant="A", connection="Demo", model="m", params_json="{}", status="done",
        ),
        RunTexts(run_id="1"),
    )  # fmt: skip
    line = line_of(run)
    for damaged in (
        line.replace('"2026-01-01T00:00:00+00:00"', '"yesterday"'),
        line.replace('"press": 1', '"press": "many"'),
        line.replace('"press": 1', '"press": "1"'),
        line.replace('"press": 1', '"press": true'),
        line.replace('"cost_usd": null', '"cost_usd": "NaN"'),
        line.replace('"ttft_s": null', '"ttft_s": NaN'),
        line.replace('"tags": []', '"tags": ["\\n"]'),
        line.replace('"status": "done"', '"status": null'),
        line.replace('"status": "done"', '"status": "dancing"'),
        line.replace('"2026-01-01T00:00:00+00:00"', '"2026-01-01T00:00:00"'),
        f'{line.partition(chr(34) + "texts")[0]}"texts": "Hi"}}',
        f'{line.partition(chr(34) + "texts")[0]}"texts": []}}',
    ):
        assert damaged != line
        with pytest.raises(LineError):
            run_of(damaged, "ada")
