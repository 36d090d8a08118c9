"""The library's file is read back as it was, and anything else fails with one sentence."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from playground.core.editor.page_state import PageState, Variant
from playground.core.library.prompt_library import (
    MAX_BYTES,
    MAX_VERSIONS,
    LibraryError,
    SavedPrompt,
    first_version,
    in_text,
    is_too_long,
    library_from_json,
    library_to_json,
    matching,
    with_version,
)
from playground.core.request.request import Message, Params, Prompt

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def page(text: str) -> PageState:
    prompt = Prompt("Be terse.", (Message("user", text),))
    return PageState(prompt, (Variant("A", Params("m", 9, temperature=0.5)),))


def saved(name: str, *texts: str) -> SavedPrompt:
    prompt = SavedPrompt("", name, (first_version(page(texts[0]), "why", NOON),))
    for text in texts[1:]:
        prompt = with_version(prompt, first_version(page(text), "", NOON))
    return prompt


def test_a_library_is_read_back_as_it_was() -> None:
    library = (saved("Dosa", "one", "two"), saved("తెలుగు", "మూడు"))
    assert library_from_json(library_to_json(library)) == library


def test_words_are_looked_for_in_names_notes_and_the_newest_text() -> None:
    library = [saved("Crisp dosa", "How hot?"), saved("Idli", "old words", "Why hard?")]
    assert matching(library, "CRISP hot") == library[:1]
    assert matching(library, "why hard") == library[1:]
    assert matching(library, "old words") == []


def test_the_oldest_versions_go_and_numbers_are_never_given_twice() -> None:
    prompt = saved("Dosa", *map(str, range(MAX_VERSIONS + 5)))
    assert len(prompt.versions) == MAX_VERSIONS
    assert prompt.versions[-1].number == MAX_VERSIONS + 5


def test_a_page_as_text_names_all_that_can_differ() -> None:
    assert in_text(page("Hi")).split("\n") == [
        "System prompt",
        "Be terse.",
        "",
        "User",
        "Hi",
        "",
        "Variant A: model m · max_tokens 9 · temperature 0.5",
    ]


def _with(**fields: Any) -> str:
    library = json.loads(library_to_json([saved("Dosa", "one")]))
    library["prompts"][0] |= fields
    return json.dumps(library)


BROKEN = [
    "",
    "[" * 100_000,
    "[]",
    '{"playground": "page", "version": 1}',
    '{"playground": "library", "version": 2, "prompts": []}',
    '{"playground": "library", "version": 1, "prompts": 3}',
    _with(name=""),
    _with(name="x" * 101),
    _with(name="\ud800"),
    _with(key="sk-ant-1"),
    _with(versions=[]),
    _with(versions=[{"note": "", "saved_at": "2026", "page": {}}]),
    _with(versions=[{"note": 3, "saved_at": NOON.isoformat(), "page": {}}]),
    "x" * 5_000_001,
    # In bytes, as an upload is measured.
    "తె" * 900_000,
    library_to_json([saved("Dosa", "one")]).replace('"note": "why"', '"note": "why", "note": ""'),
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_library_fails_with_one_sentence(text: str) -> None:
    with pytest.raises(LibraryError, match=r"^[^\n]+\.$"):
        library_from_json(text)


def test_a_library_with_a_name_twice_says_so() -> None:
    text = library_to_json([saved("Dosa", "one")])
    with pytest.raises(LibraryError, match="one name occurs twice in an object"):
        library_from_json(text.replace('"note": "why"', '"note": "why", "note": ""'))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    text = library_to_json([saved("Dosa", "one")]).replace("+00:00", "")
    with pytest.raises(LibraryError, match="time zone"):
        library_from_json(text)


def test_a_library_too_long_to_be_read_back_is_known_before_it_is_exported() -> None:
    assert not is_too_long([saved("Dosa", "one", "x" * 900_000)])
    long = [saved(f"Dosa {number}", "x" * 900_000, "y" * 900_000) for number in range(3)]
    assert is_too_long(long)
    # Line breaks of JSON and names count, too.
    many = [saved("n" * 100, *("x" * 45_000,) * 100)]
    assert is_too_long(many) == (len(library_to_json(many)) > MAX_BYTES)
    assert is_too_long([saved("Dosa", *("త" * 300_000,) * 6)])
    with pytest.raises(LibraryError, match="at most 5 MB"):
        library_from_json(library_to_json(long))
