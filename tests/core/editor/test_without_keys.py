"""Values whose texts are masked before they become JSON, with all else as it was."""

from playground.core.editor.page_state import PageState, Variant
from playground.core.editor.without_keys import json_without_keys, page_without_keys
from playground.core.request.request import Message, Params, Prompt

KEY = "sk-ant-canary-1234567890"


def page(key):
    params = Params(
        "a-model", 99, temperature=0.5, stop_sequences=("end", key), extra_json=f'{{"a": "{key}"}}'
    )
    return PageState(
        Prompt(f"System {key}", (Message("user", f"Ask {key}"), Message("assistant", key))),
        (Variant("A", params, f"Own {key}"), Variant("B", Params("other", 1))),
        "overloaded",
    )


def test_every_text_of_a_page_is_masked_and_nothing_else_changes():
    assert page_without_keys(page(KEY)) == page("sk-ant-[masked]")
    assert page_without_keys(page("no key")) == page("no key")


def test_texts_are_masked_however_deep_in_json_and_other_values_stay():
    def value(key):
        return {"a": [key, 1, None, True, {"b": [f"x {key}", 0.5]}], "c": "plain", "d": []}

    assert json_without_keys(value(KEY)) == value("sk-ant-[masked]")
    assert json_without_keys(KEY) == "sk-ant-[masked]"
