"""Tables of cases: what is read from files and spreadsheets, what is refused, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.case_files import read_cases, to_csv, to_json_lines
from playground.core.experiment.cases import MAX_CASES, Cases, CasesError, cases

CELLS = st.text('ab,;\t"\n\r| =é目', max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.builds(
        Cases,
        st.just(tuple(f"column_{number}" for number in range(width))),
        st.lists(
            st.tuples(*[CELLS] * width).filter(lambda row: any(map(str.strip, row))),
            min_size=1,
            max_size=6,
        ).map(tuple),
    )
)
ADA = Cases(("name", "city"), (("Ada", "London"), ("Raj, Jr.", "Hyderabad\nIndia")))


@pytest.mark.parametrize(
    "data",
    [
        'name,city\nAda,London\n"Raj, Jr.","Hyderabad\nIndia"\n',
        'name;city\r\nAda;London\r\nRaj, Jr.;"Hyderabad\nIndia"\r\n',
        '\ufeffname\tcity\nAda\tLondon\nRaj, Jr.\t"Hyderabad\nIndia"',
        'name|city\nAda|London\n"Raj, Jr."|"Hyderabad\nIndia"\n',
        'name,city\nAda,London\n"Raj, Jr.","Hyderabad\nIndia"'.encode("utf-8-sig"),
        'name\tcity\nAda\tLondon\nRaj, Jr.\t"Hyderabad\nIndia"'.encode("utf-16"),
        '\n\nname,city,,\nAda,London,,\n,,,\n"Raj, Jr.","Hyderabad\nIndia",,\n\n',
        '{"name": "Ada", "city": "London"}\n\n{"city": "Hyderabad\\nIndia", "name": "Raj, Jr."}',
    ],
    ids=["csv", "semicolons", "pasted", "bars", "bom", "utf-16", "blanks", "jsonl"],
)
def test_a_table_is_read_in_whichever_format_it_comes(data):
    assert read_cases(data) == ADA


@given(TABLES)
def test_what_is_exported_reads_as_the_same_table(table):
    assert read_cases(to_json_lines(table)) == table
    assert read_cases(to_csv(table)) == table


def test_a_pasted_cell_may_begin_with_a_quotation_mark():
    table = read_cases('question\tlevel\n"Why" is it so?\teasy')
    assert table.rows == (('"Why" is it so?', "easy"),)


def test_a_column_of_sentences_is_one_column():
    assert read_cases("question\nWho, and when?\nWhy?\n").rows == (("Who, and when?",), ("Why?",))


def test_columns_are_renamed_to_names_of_variables():
    table = cases([" Question text ", "తెలుగు", "2nd-answer"], [["a", "b", "c"]])
    assert table.columns == ("Question_text", "తెలుగు", "2nd_answer")
    assert table.values(0)["తెలుగు"] == "b"


def test_values_of_json_that_are_no_texts_become_their_json():
    text = '{"a": 1.50, "b": null, "c": [{"contains": "é"}], "d": true}\n{"a": 2}'
    assert read_cases(text).rows == (
        ("1.50", "", '[{"contains": "é"}]', "true"),
        ("2", "", "", ""),
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "It is empty."),
        ("a,b\n", "There are no cases below the column names."),
        ('a,b\n1,2\n"3,4\n', "Row 3: a quotation mark is never closed."),
        ("a\n" + "x" * 100_001, "Row 2, column “a”: a cell can have at most 100,000 characters."),
        ("a\n" + "x" * 200_000, "Row 2: a cell is too long."),
        ("a\n" + "x\n" * (MAX_CASES + 1), "Row 10,002: there can be at most 10,000 cases."),
        ("é\n1\n".encode() + b"\xe9", "Row 3: the file is not in UTF-8; save it as CSV UTF-8."),
        ('{"a": 1}\n[2]', 'Row 2: it must be an object, such as {"name": "Ada"}.'),
        ('{"a": 1}\n{"a": }', "Row 2, character 7: Expecting value."),
        ('{"a": "\\ud800"}', "Row 1, column “a”: half of a character (a lone surrogate)."),
        ('{"a":' + "[" * 100_000, "Row 1: it is nested too deeply."),
        ("[" * 100_000 + "]" * 100_000, "It can't be read, because it is nested too deeply."),
        ('[{"a":' + "[" * 900 + "]" * 900 + "}]", "Row 1, column “a”: it is nested too deeply."),
        (
            '[{"a": {"b": ["\\ud800"]}}]',
            "Row 1, column “a”: half of a character (a lone surrogate).",
        ),
        ('{"a\\ud800": 1}', "Row 1: a name holds half of a character (a lone surrogate)."),
        ('[["a", "\\ud800"], [1, 2]]', "Row 1, a cell: half of a character (a lone surrogate)."),
        ('{"a": "\\u0000"}', "Row 1, column “a”: a NUL character (U+0000)."),
        ('{"a\\u0000": 1}', "Row 1: a name holds a NUL character (U+0000)."),
        ("a,b\nx\0y,2\n", "Row 2, column “a”: a NUL character (U+0000)."),
        ("a,b\0\nx,2\n", "The name of column 2: a NUL character (U+0000)."),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "latin-1",
)
def test_a_table_that_cannot_be_used_says_why_and_where(data, message):
    with pytest.raises(CasesError) as caught:
        read_cases(data)
    assert str(caught.value) == message


@given(st.text('ab,;\t"\n{}[]:1', max_size=40) | st.binary(max_size=40))
def test_whatever_is_read_is_a_table_or_one_error(data):
    try:
        table = read_cases(data)
    except CasesError:
        return
    assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (["a", "b"], [["1", "2", "3"]], "Row 2, column “b”: 3 cells for 2 columns."),
        (["a", "b"], [["1"]], "Row 2, column “b”: 1 cell for 2 columns."),
        (["a", "!"], [], "Row 1, column 2: “!” is no name. Use letters, digits and _."),
        (["a", ""], [], "Row 1, column 2: it has no name. Use letters, digits and _."),
        (["a b", "a_b"], [], "Row 1, column 2: there are two columns “a_b”."),
    ],
)
def test_a_table_made_here_must_fit_as_it_is(header, rows, message):
    with pytest.raises(CasesError) as caught:
        cases(header, rows)
    assert str(caught.value) == message


def test_without_a_table_there_is_one_case_without_values():
    assert len(Cases()) == 1
    assert Cases().values(0) == {}
