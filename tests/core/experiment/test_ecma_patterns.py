"""A pattern of JSON Schema matches what ECMA-262 says, not what Python would."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.ecma_patterns import from_ecma
from playground.core.experiment.patterns import PatternError, is_found, pattern_problem

MATCHES = [
    ("^[a-z]+$", "abc"),
    (r"^\d{4}$", "2026"),
    (r"^\cA\cz$", "\x01\x1a"),
    ("^[^]$", "\n"),
    ("^[^]b$", "ab"),
    (r"^\u0041\x42\u{43}\0$", "ABC\0"),
    (r"^\ud83d\ude00.$", "😀😀"),
    (r"^\/a\/\-\_\"\@$", '/a/-_"@'),
    (r"^[\w-.]+@[\w.-]+$", "a-b.c@d-e"),
    (r"^[\w.-]+$", "a-b"),
    (r"^[+-]?\d+$", "-7"),
    (r"^[\b\-\]\\[^]+$", "\b-]\\[^"),
    ("^[[:a]]$", "[]"),
    ("^[a&&b||~~]+$", "&|~"),
    (r"^\p{Lu}\P{Lu}[\p{L}\d]+$", "Aa9తె"[:4]),
    (r"^\p{Script=Greek}+$", "λόγος"),
    (r"^(?<year>\d{4})-\k<year>$", "2026-2026"),
    (r"^(a)\1[1]$", "aa1"),
    (r"^(?i:YES)$", "yes"),
    (r"^(?=a)(?!b)(?<=^)(?<!x)a$", "a"),
    (r'^{"id": \d+}$', '{"id": 12}'),
    (r"^a{,2}\{}]$", "a{,2}{}]"),
    (r"^\s$", "\ufeff"),
    (r"^\S\S$", "\x85\x1c"),
    (r"^[\s]{2}[\S]$", "\u00a0\v\u200b"),
    (r"^\W\D$", "éé"),
    (r"^[\W][\D]$", "٣٣"),
    (r"é\bx", "éx"),
    (r"é\Bé", "éé"),
    ("^a??b*?c+?d{1,2}?$", "bcd"),
    ("^.$", "\x85"),
    (r"^[\ud83d\ude00-\u{1f610}]$", "😎"),
    ("^#x y$", "#x y"),
    (r"^[a\-z]+$", "-z"),
]
NO_MATCHES = [
    ("^[a-z]+$", "abc\n"),
    (r"^\d+$", "٣"),
    (r"^\w+$", "é"),
    (r"^\s$", "\x85"),
    (r"^\s$", "\x1c"),
    (r"^\S$", "\ufeff"),
    ("^.$", "\u2028"),
    ("^.$", "\r"),
    ("[]", "a"),
    (r"é\b", "é"),
    ("^a{,2}$", "a"),
    ("^[[:alpha:]]$", "x"),
    ("^a$", "b\na\nb"),
    (r"^\D$", "7"),
    (r"^[\W]$", "_"),
]


@pytest.mark.parametrize(("pattern", "text"), MATCHES, ids=str)
def test_a_pattern_matches_what_ecma_262_says(pattern, text):
    assert is_found(from_ecma(pattern), text)


@pytest.mark.parametrize(("pattern", "text"), NO_MATCHES, ids=str)
def test_a_pattern_does_not_match_what_only_python_would_take(pattern, text):
    assert not is_found(from_ecma(pattern), text)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (r"\Aa", r"\A"),
        (r"a\Z", r"\Z"),
        (r"[\h]", r"\h"),
        (r"\N{DIGIT ONE}", r"\N"),
        ("(?i)a", "(?i)"),
        ("(?P<a>x)", "(?P<"),
        ("(?#x)", "(?#x"),
        ("(?>a)", "(?>a"),
        ("(?s:.)", "(?s:"),
        ("(?R)", "(?R)"),
        (r"(a)[\1]", r"\1 in a class"),
        (r"\u{110000}", "beyond the last character"),
        ("a++", "repeats a repetition: +"),
        ("a{2}{3}", "repeats a repetition: {3}"),
        ("a\\", "ends with a backslash"),
        ("x" * 1001, "longer than 1,000"),
    ],
    ids=lambda text: text[:20],
)
def test_what_ecma_262_does_not_have_is_named(pattern, named):
    with pytest.raises(PatternError, match=re.escape(named)):
        from_ecma(pattern)


@given(st.text(r"\()[]{}^$.*+?|-:=!<>#&~aAbBdDkpPsuxcz019, " + "\n", max_size=12))
def test_any_text_is_a_pattern_or_one_error(pattern):
    try:
        problem = pattern_problem(from_ecma(pattern))
    except PatternError as error:
        problem = str(error)
    assert problem is None or problem.startswith("the pattern")
