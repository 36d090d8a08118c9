"""What the browser kept is the page with what was typed over it, or one error."""

import json
from dataclasses import replace
from typing import Any

import pytest

from playground.core.editor.draft import Before, read_before, read_draft
from playground.core.editor.page_state import PageState, PageStateError, Variant, to_json
from playground.core.editor.without_keys import page_without_keys
from playground.core.request.request import Message, Params, Prompt

PAGE = PageState(
    Prompt("Be terse.", (Message("user", "Hi"), Message("assistant", "Hello"))),
    (Variant("A", Params("m", 9)), Variant("C", Params("n", 8), "Own.")),
)


def kept(**typed: Any) -> str:
    return json.dumps({"page": to_json(PAGE), "typed": typed})


def test_what_was_typed_stands_over_what_the_server_knew() -> None:
    found = read_draft(
        kept(
            system_prompt="Be long.",
            message_1_text="Hello the",
            message_7_text="of a message that is gone",
            system_C="Mine.",
            stops_A="END\n\nSTOP",
            extra_json_A='{"x":',
            stops_F="of a variant that is gone",
            api_key="sk-ant-1",
        )
    )
    assert found.prompt == Prompt(
        "Be long.", (Message("user", "Hi"), Message("assistant", "Hello the"))
    )
    first, second = found.variants
    assert first.params == Params("m", 9, stop_sequences=("END", "STOP"), extra_json='{"x":')
    assert second == Variant("C", Params("n", 8), "Mine.")
    assert read_draft(kept()) == PAGE


def test_what_was_typed_as_the_result_of_a_tool_is_still_that_after_a_reload() -> None:
    calls = '[{"type": "tool_use", "id": "t", "name": "n", "input": {}}]'
    messages = Message("assistant", "", calls), Message("user", "", result_of="t")
    page = to_json(replace(PAGE, prompt=Prompt("", messages)))
    found = read_draft(json.dumps({"page": page, "typed": {"message_1_text": "9 °C"}}))
    assert found.prompt.messages == (messages[0], Message("user", "9 °C", result_of="t"))


def test_no_key_is_given_to_the_browser() -> None:
    key = "sk-ant-api03-0123456789abcdef"
    prompt = Prompt(f"one\n{key}", (Message("user", f"two\n{key}"),))
    params = Params("m", 9, stop_sequences=(key,), extra_json=f'{{"x": "{key}"}}')
    page = page_without_keys(PageState(prompt, (Variant("A", params, key),)))
    assert key not in to_json(page)
    assert to_json(page).count("sk-ant-[masked]") == 5


def test_half_a_character_is_replaced_and_the_rest_of_the_draft_stays() -> None:
    found = read_draft(kept(system_prompt="half \ud83d", message_0_text="\ud83d\ude00 whole"))
    assert found.prompt.system == "half \ufffd"
    assert found.prompt.messages[0].text == "😀 whole"


BROKEN = [
    None,
    "",
    "[" * 100_000,
    "[]",
    '{"page": 3, "typed": {}}',
    '{"page": "{}", "typed": {}}',
    json.dumps({"page": to_json(PAGE)}),
    kept(system_prompt=3),
    kept(system_prompt="x" * 1_000_001),
    kept(**{f"message_{number}_text": "" for number in range(301)}),
    "x" * 3_000_001,
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_draft_fails_with_one_sentence(text: object) -> None:
    with pytest.raises(PageStateError, match=r"^[^\n]+\.$"):
        read_draft(text)


def test_half_a_number_comes_back_as_it_was_typed() -> None:
    found = read_draft(
        kept(temperature_A="0,", max_tokens_A="1 000", top_k_C="4O", thinking_budget_C="2048")
    )
    first, second = found.variants
    assert first == Variant(
        "A", Params("m", 1000), "", (("max_tokens", "1 000"), ("temperature", "0,"))
    )
    assert second.typed == (("top_k", "4O"),)
    assert second.params == Params("n", 8, thinking_budget_tokens=2048)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (json.dumps({"page": "{}", "before": "x"}), Before("x")),
        (json.dumps({"before": "x", "isCopy": True}), Before("x", is_copy=True, has_draft=False)),
        (json.dumps({"page": "{}", "typed": {}, "before": None}), Before()),
        (json.dumps({"page": "{}", "before": {"a": 1}}), Before()),
        ("[" * 100_000, Before()),
        ("null", Before()),
        (None, Before()),
    ],
    ids=["both", "a copy", "none", "no name", "deep", "nothing", "no text"],
)
def test_the_page_before_a_reload_is_read_from_whatever_a_browser_sends(text, found):
    assert read_before(text) == found
