"""A page state is read back as it was, and anything else fails with one sentence."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.editor.page_state import (
    LETTERS,
    MAX_BYTES,
    PageState,
    PageStateError,
    Variant,
    from_json,
    to_json,
)
from playground.core.request.request import EFFORTS, Message, Params, Prompt

EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
"""How many are tried; set it to thousands for a long look."""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LINES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1, max_size=9
)
MODELS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
PARAMS = st.builds(
    Params,
    model=MODELS,
    max_tokens=st.integers(0, 1_000_000),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(0, 500),
    effort=st.none() | st.sampled_from(EFFORTS),
    thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
    thinking_budget_tokens=st.none() | st.integers(1, 100_000),
    thinking_display=st.sampled_from(["default", "summarized", "omitted"]),
    stop_sequences=st.lists(LINES, max_size=3).map(tuple),
    cache=st.sampled_from(["off", "5m", "1h"]),
    service_tier=st.sampled_from(["default", "auto", "standard_only"]),
    api_version=st.sampled_from(["auto", "2023-06-01", "2026-10-21"]),
    extra_json=TEXTS,
)
BLOCKS = st.lists(TEXTS, min_size=1, max_size=3).map(
    lambda texts: json.dumps([{"type": "of_2027", "x": text} for text in texts])
)
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), TEXTS)
    | st.builds(Message, st.just("assistant"), TEXTS, BLOCKS)
    | st.builds(Message, st.just("user"), TEXTS, result_of=TEXTS),
    max_size=4,
)
VARIANTS = st.lists(
    st.builds(Variant, st.sampled_from(LETTERS), PARAMS, TEXTS),
    min_size=1,
    max_size=6,
    unique_by=lambda variant: variant.letter,
)
STATES = st.builds(
    PageState,
    st.builds(Prompt, TEXTS, MESSAGES.map(tuple)),
    VARIANTS.map(tuple),
    st.sampled_from(["none", "rate_limited"]),
)
A_STATE = PageState(
    Prompt("Be terse.", (Message("user", "Why?"),)), (Variant("B", Params("claude-x", 300)),)
)


@settings(max_examples=EXAMPLES)
@given(STATES)
def test_what_is_written_is_read_back_and_written_alike(state: PageState) -> None:
    text = to_json(state)
    assert from_json(text) == state
    assert to_json(from_json(text)) == text


@settings(max_examples=300)
@given(st.data())
def test_a_changed_text_is_a_state_or_one_error(data: st.DataObject) -> None:
    text = to_json(A_STATE)
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.text(max_size=4)) + text[at + data.draw(st.integers(0, 9)) :]
    try:
        said = to_json(from_json(changed))
    except PageStateError as error:
        said = str(error)
    assert said[-1] in ".}"


def _with(**fields: Any) -> str:
    return json.dumps(json.loads(to_json(A_STATE)) | fields)


def _with_params(**params: Any) -> str:
    variant = {"letter": "A", "system": "", "params": {"model": "m", "max_tokens": 1} | params}
    return _with(variants=[variant])


BROKEN = [
    "",
    "null",
    "[" * 100_000,
    '{"playground":"page"}',
    "9" * 5_000,
    "x" * (MAX_BYTES + 1),
    to_json(A_STATE).replace('"scenario":', '"scenario":"none","scenario":'),
    _with(version=2),
    _with(version=True),
    _with(version=1.0),
    _with(key="sk-ant-1"),
    _with(variants=[]),
    _with(scenario="../etc"),
    _with(system="\ud800"),
    _with(messages=[{"role": "tool", "text": ""}]),
    _with_params(temperature=float("inf")),
    _with_params(temperature=float("nan")),
    _with_params(temperature=10**400),
    _with_params(temperature=2.1),
    _with_params(max_tokens=-1),
    _with_params(max_tokens=True),
    _with_params(effort="wild"),
    _with_params(thinking=["budget"]),
    _with_params(stop_sequences=["a\nb"]),
    _with_params(stop_sequences=["END\rSTOP"]),
    _with_params(stop_sequences=["a\r"]),
    _with_params(stop_sequences="ab"),
    _with_params(model="m" * 201),
    _with_params(model="claude\nx"),
    _with_params(model="claude\0"),
    _with_params(api_key="sk-ant-1"),
]


def test_a_page_with_a_name_twice_says_so():
    text = to_json(A_STATE).replace('"scenario":', '"scenario":"none","scenario":')
    with pytest.raises(PageStateError, match="one name occurs twice in an object"):
        from_json(text)


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_page_state_fails_with_one_sentence(text: str) -> None:
    with pytest.raises(PageStateError, match=r"^[^\n]+\.$"):
        from_json(text)


def test_a_state_beyond_the_bounds_is_not_written() -> None:
    long = PageState(Prompt("x" * MAX_BYTES, ()), A_STATE.variants)
    with pytest.raises(PageStateError, match="longer than"):
        to_json(long)


def test_what_was_typed_in_number_fields_comes_back_and_makes_the_parameters():
    typed = (("max_tokens", "3OO"), ("temperature", "0,10"), ("top_k", "-1"))
    page = PageState(
        Prompt("", ()),
        (Variant("A", Params("m", 0, temperature=0.1), "", typed), Variant("B", Params("n", 5))),
    )
    assert from_json(to_json(page)) == page


def test_parameters_that_are_not_what_was_typed_are_those_that_were_typed():
    fields = json.loads(to_json(PageState(Prompt("", ()), (Variant("A", Params("m", 9)),))))
    fields["variants"][0] |= {"typed": {"temperature": "0.9", "max_tokens": "9"}}
    fields["variants"][0]["params"]["temperature"] = 0.1
    assert from_json(json.dumps(fields)).variants == (
        Variant("A", Params("m", 9, temperature=0.9)),
    )


@pytest.mark.parametrize(
    "typed", [[], "5", {"model": "x"}, {"temperature": 5}, {"temperature": "\ud800"}, None]
)
def test_what_was_typed_must_be_texts_of_number_fields(typed):
    fields = json.loads(to_json(PageState(Prompt("", ()), (Variant("A", Params("m", 9)),))))
    fields["variants"][0]["typed"] = typed
    with pytest.raises(PageStateError):
        from_json(json.dumps(fields))
