"""Files of cases as tools write them: each is read as what it is, and every change is said."""

import json
import random

import pandas as pd
import pytest

from playground.core.experiment.case_files import read_cases, to_csv, to_json_lines
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
        ('{"q": "a"}\n{"q": "b", "q": "c"}', "Row 2: one name occurs twice"),
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
        (("a", "b, or c"), ("d", "e")), "Spaces"),
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


ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
)  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "q,expected\nété 目,b\n", "質問,答え\n東京は一,二\n", "a,b\r\n😀,2\r\n", "a\nb", "\n\na\nb",
        '{"質": "丁一", "b": [1E5]}\n{"質": "一"}\n', '[{"q": "\\u00e9"}]', "a\tb\n1\t2",
        "q,expected\nIt’s “so” — yes,b\n", "вопрос;ответ\nэлла;лол\n", "q\nĠ\n",
    ],
)  # fmt: skip
def test_a_file_in_a_unicode_encoding_is_read_as_it_is(text, encoding):
    table = read_cases(text.encode(encoding))
    assert table == read_cases(text)
    assert table.changes == read_cases(text).changes


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-be"])
def test_a_mark_tells_the_order_of_bytes(encoding):
    assert read_cases(("\ufeff" + "q,expected\na,b\nc,d\n").encode(encoding)) == TWO


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("q\nabc\n".encode("utf-16")[:-1], "Row 2: the file is in UTF-16, but damaged."),
        ("q\nabc\n".encode("utf-32")[:-1], "Row 2: the file is in UTF-32, but damaged."),
        ("q\nabc\n".encode("utf-16-le")[:-1], "The name of column 1: a NUL character (U+0000)."),
        ("q\na\0c\n".encode("utf-16"), "Row 2, column “q”: a NUL character (U+0000)."),
        (b"q,x\nabc,d\0\n", "Row 2, column “x”: a NUL character (U+0000)."),
        (b"\0\0\0\0", "The name of column 1: a NUL character (U+0000)."),
    ],
)
def test_a_nul_and_half_a_character_are_refused_in_any_encoding(data, problem):
    with pytest.raises(CasesError) as caught:
        read_cases(data)
    assert str(caught.value) == problem


NUMBERS = (
    "1.10", "1E5", "1e400", "-0", "-0.0", "0.1000000000000000055", "12345678901234567890123",
    "9" * 5_000, "NaN", "-Infinity", "2.50e-3",
)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
def test_a_number_stands_in_a_case_as_it_stands_in_its_file(number):
    for text in (
        f'{{"q": {number}}}\n{{"q": {number}}}',
        f'[{{"q": {number}}}, {{"q": {number}}}]',
        f'[["q"], [{number}], [{number}]]',
        f'{{"q": [{number}, {number}]}}',
        f'{{"q": {{"0": {number}, "1": {number}}}}}',
        f'{{"columns": ["q"], "data": [[{number}], [{number}]]}}',
        f'{{"cases": [{{"q": {number}}}, {{"q": {number}}}]}}',
    ):
        assert read_cases(text).rows == ((number,), (number,))
    nested = f'[{{"q": {{"é\\n": [{number}, "{number}", true, null, {{}}]}}}}]'
    assert read_cases(nested).rows == ((f'{{"é\\n": [{number}, "{number}", true, null, {{}}]}}',),)


def test_lines_of_json_from_several_files_may_bring_their_marks():
    assert read_cases('\ufeff{"q": 1}\n\ufeff{"q": 2}\n').rows == (("1",), ("2",))
    indented = '\ufeff{\n"q": 1}\n\ufeff{\n"q": 2}\n'
    assert read_cases(indented).rows == (("1",), ("2",))


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


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "an image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "an image"),
        (b"GIF89a\x01\0\x01\0", "an image"),
        (b"BZh91AY&SY\xaa\xbb", "a bzip2 file"),
        (b"\x28\xb5\x2f\xfd\0\0", "a Zstandard file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
        (b"ARROW1\0\0", "an Arrow"),
        (b"\x93NUMPY\x01\0v\0", "an array of NumPy"),
        (b"\x80\x04\x95\x10\0\0\0q,a\n", "not text"),
        (b"q,a\n\x81\x01\xe9,x\n".replace(b"\x81", b"\x82"), "not text"),
        (b"{\\rtf1\\ansi q,a\\par}", "RTF"),
        (b'// cases\n[{"q": "a"}]', "JSON with comments"),
        (b'/* cases */\n{"q": "a"}', "JSON with comments"),
    ],
)
def test_a_file_that_is_no_table_is_named(data, kind):
    with pytest.raises(CasesError, match=kind):
        read_cases(data)


def test_json_that_begins_with_a_comment_inside_its_list_is_no_csv():
    with pytest.raises(CasesError, match="Line 2, character 1"):
        read_cases('[\n// the first\n{"q": "a"}]')


def test_lists_and_objects_in_cells_are_json_and_said_to_be():
    table = read_cases('[{"q": {"x":1.10}, "a": [1,2], "checks": [{"kind":"json"}], "n": 1}]')
    assert table.rows == (('{"x": 1.10}', "[1, 2]", '[{"kind": "json"}]', "1"),)
    assert table.changes == ("Lists and objects are written as JSON: “q”, “a”.",)
    # In its own files they are texts, which stay as they are.
    assert read_cases(to_json_lines(table)).changes == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('[{"q": "x"}, {"q": ""}, {"q": null}, {"q": "y"}]', "2 rows have"),
        ('{"q": "x"}\n{"q": " "}\n{"q": "y"}\n', "1 row has"),
        ('q\n"x"\n""\n"y"\n', "1 row has"),
        ("q,\nx,\n,\ny,\n", "1 row has"),
    ],
)
def test_a_case_of_nothing_but_empty_cells_is_left_out_and_said(text, count):
    found = read_cases(text)
    assert [row[0] for row in found.rows] == ["x", "y"]
    assert f"{count} only empty cells: left out." in found.changes


def test_a_blank_line_is_no_case_and_needs_no_word():
    assert read_cases("\nq\n\nx\n\n\ny\n\n").changes == ()
