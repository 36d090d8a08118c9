"""Files of cases as tools write them: each is read as what it is, and every change is said."""

import json
import random

import pandas as pd
import pytest

from playground.core.experiment.case_files import read_cases, to_csv
from playground.core.experiment.cases import Cases, CasesError
from playground.core.text.csv_cells import safe_cell

TWO = Cases(("q", "expected"), (("a", "b"), ("c", "d")))
RECORDS = [{"q": "a", "expected": "b"}, {"q": "c", "expected": "d"}]
FRAME = pd.DataFrame(RECORDS)


def said(table):
    return " ".join(table.changes)


JSON = {
    "records": json.dumps(RECORDS),
    "records, indented": json.dumps(RECORDS, indent=2),
    "records of pandas": FRAME.to_json(orient="records"),
    "lines of pandas": FRAME.to_json(orient="records", lines=True),
    "columns of pandas": FRAME.to_json(),
    "columns, indented": FRAME.to_json(indent=2),
    "the index first": FRAME.to_json(orient="index"),
    "split": FRAME.to_json(orient="split"),
    "split without an index": FRAME.to_json(orient="split", index=False),
    "a table with its schema": FRAME.set_index("q").to_json(orient="table"),
    "lists by column": json.dumps({"q": ["a", "c"], "expected": ["b", "d"]}),
    "lists by row": json.dumps([["q", "expected"], ["a", "b"], ["c", "d"]]),
    "lists, one a line": '["q", "expected"]\n["a", "b"]\n["c", "d"]\n',
    "objects with commas between": ",\n".join(map(json.dumps, RECORDS)),
    "in a field": json.dumps({"name": "mine", "cases": RECORDS}),
    "objects over several lines": "\n".join(json.dumps(each, indent=1) for each in RECORDS),
    "as bytes with a mark": json.dumps(RECORDS).encode("utf-8-sig"),
}


@pytest.mark.parametrize("name", JSON)
def test_json_is_a_table_in_each_shape_that_tools_write(name):
    assert read_cases(JSON[name]) == TWO


def test_one_object_is_one_case_however_it_is_laid_out():
    one = {"q": "a", "meta": {"n": 1}, "checks": [{"contains": "x"}]}
    for text in (json.dumps(one), json.dumps(one, indent=2), json.dumps([one])):
        table = read_cases(text)
        assert table.columns == ("q", "meta", "checks")
        assert table.rows == (("a", '{"n": 1}', '[{"contains": "x"}]'),)


def test_objects_by_name_are_said_to_be_one_case():
    table = read_cases('{"one": {"q": "a"}, "two": {"q": "b"}}')
    assert table.rows == (('{"q": "a"}', '{"q": "b"}'),)
    assert "one case" in said(table)


def test_what_a_file_holds_beside_its_records_is_listed():
    assert "“name”" in said(read_cases(JSON["in a field"]))


def test_records_that_lack_a_field_have_an_empty_cell():
    table = read_cases('[{"q": "a"}, {"q": null, "expected": 2.5}]')
    assert table.rows == (("a", ""), ("", "2.5"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[{'q': 'a'}]", "Python"),
        ('[{"q": "a", "x": None}]', "Python, not JSON"),
        ('["a", "b"]', "must be an object"),
        ("[]", "no cases"),
        ('[{"q": "a"},', "Line 1"),
        ("- q: a\n  expected: b\n", "YAML"),
        ("---\ncases:\n  - q: a\n", "YAML"),
        ("cases:\n  - q: a\n", "YAML"),
        ('[[cases]]\nq = "a"\n', "TOML"),
        ("<table><tr><td>q</td></tr></table>", "HTML"),
        ('<?xml version="1.0"?><a/>', "XML"),
        ("from x import y\n", "Python"),
        ("cases = [{'q': 'a'}]", "Python"),
        ("const cases = [{q: 'a'}];", "JavaScript"),
        ("module.exports = [{q: 'a'}]", "JavaScript"),
        (" q | expected \n---+----------\n a | b\n", "printed"),
        ("+---+---+\n| q | e |\n+---+---+\n| a | b |\n+---+---+\n", "printed"),
        (FRAME.to_string(), "printed"),
        ('[{"q": "a", "q": "b"}]', "twice"),
        ('{"q": "a"}\n{"q": "b", "q": "c"}', "Row 2: one name stands twice"),
        (b"PK\x03\x04\x14\0", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1", "Excel"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(text, part):
    with pytest.raises(CasesError, match=part):
        read_cases(text)


CHANGED = {
    "a short row": ("q,expected\na,b\nc\n", (("a", "b"), ("c", "")), "Row 3 has 1 cell for 2"),
    "sep=": ("sep=;\nq;expected\na;b\nc;d\n", TWO.rows, "sep="),
    "SEP= quoted": ('"sep=|"\r\nq|expected\r\na|b\r\nc|d\r\n', TWO.rows, "sep="),
    "an index": (FRAME.to_csv(), TWO.rows, "first column"),
    "an index from 1": (",q,expected\n1,a,b\n2,c,d\n", TWO.rows, "first column"),
    "an index read back": ("Unnamed: 0,q,expected\n0,a,b\n1,c,d\n", TWO.rows, "first column"),
    "escapes": ('q,expected\n"say \\"hi\\", now",b\nc,d\n',
        (('say "hi", now', "b"), ("c", "d")), "backslash"),
    "escaped backslashes": ('q,expected\n"\\"C:\\\\new\\\\\\"",b\n',
        (('"C:\\\\new\\"', "b"),), "backslash"),
    "escapes without quotes": ('q,expected\nsay \\"hi\\",b\n', (('say "hi"', "b"),), "backslash"),
    "blanks before quotes": ('q, expected\na, "b, or c"\nd, "e"\n',
        (("a", "b, or c"), ("d", "e")), "Blanks"),
    "Markdown": ("| q | expected |\n|---|:--:|\n| a \\| z | b |\n| c | d |\n",
        (("a | z", "b"), ("c", "d")), "Markdown"),
    "cp1252": ("q;expected\nÀ qui ?;«\xa0b\xa0»\n".encode("cp1252"),
        (("À qui ?", "«\xa0b\xa0»"),), "Windows-1252"),
    "a kept mark": ("q,expected\n'=1+1,b\n", (("'=1+1", "b"),), "1 cell has a '"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_to_read_a_file_is_said(name):
    data, rows, part = CHANGED[name]
    table = read_cases(data)
    assert table.columns == ("q", "expected")
    assert table.rows == rows
    assert part in said(table)


COLUMNS = {
    "two equal names": ("q,q,q\na,b,c", ("q", "q_2", "q_3")),
    "equal once they are names": ("a b,a_b\n1,2", ("a_b_2", "a_b")),
    "no name": ("q,,x\na,b,c", ("q", "column_2", "x")),
    "an index that does not count": (",q\n7,a\n9,b", ("column_1", "q")),
    "no letter in it": ("q,!\na,b", ("q", "column_2")),
    "a longer row": ("q,x\na,b\n\nc,d,e\n", ("q", "x", "column_3")),
    "another spelling": ("Question text,x\na,b", ("Question_text", "x")),
    "names in JSON": ('[{"a b": 1, "a-b": 2}]', ("a_b", "a_b_2")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_each_column_has_a_name_of_its_own_and_a_new_one_is_said(name):
    data, columns = COLUMNS[name]
    table = read_cases(data)
    assert set(table.columns) == set(columns)
    assert len(table.columns) == len(set(table.columns)) == len(table.rows[0])
    for number, column in enumerate(table.columns):
        if column not in data:
            assert column in said(table), number


def test_no_cell_of_a_longer_row_is_lost():
    table = read_cases("q,x\na,b\n\nc,d,e,f\n")
    assert table.rows == (("a", "b", "", ""), ("c", "d", "e", "f"))
    assert "Row 4 has 4 cells for 2 columns" in said(table)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_in_a_unicode_encoding_is_read_as_it_is(encoding):
    table = read_cases("q,expected\nété 目,b\n".encode(encoding))
    assert table.rows == (("été 目", "b"),)
    assert table.changes == ()


@pytest.mark.parametrize("encoding", ["shift-jis", "big5"])
def test_a_file_that_can_be_no_windows_1252_is_not_guessed(encoding):
    with pytest.raises(CasesError, match="not in UTF-8"):
        read_cases("問い,答え\n東京は、どこ,日本のソプラノ表\n".encode(encoding, "ignore"))


@pytest.mark.parametrize(
    ("text", "index"),
    [("q,expected\na,b\nc,d\n", 0), (FRAME.to_csv(index=False, sep=";"), 1)],
)
def test_a_plain_file_has_no_changes(text, index):
    assert read_cases(text).changes == (), index


def test_an_export_for_spreadsheets_reads_back_with_what_it_changed():
    exact = Cases(("q",), (("=1+1",), ("plain",)))
    safe = Cases(exact.columns, tuple(tuple(map(safe_cell, row)) for row in exact.rows))
    table = read_cases(to_csv(safe))
    assert table.rows == (("'=1+1",), ("plain",))
    assert "1 cell has a '" in said(table)


def test_reading_ten_thousand_ragged_rows_stays_fast_and_says_it_briefly():
    chance = random.Random(7)
    rows = (",".join("x" * chance.randint(1, 5)) for _ in range(9_999))
    table = read_cases("a,b,c\n" + "\n".join(rows))
    assert len(table) == 9_999
    assert len(table.changes) < 40
