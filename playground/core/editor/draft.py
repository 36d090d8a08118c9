"""What a browser kept of the editor: the page as the server last knew it, and over it what
stood in the text fields, whose words come to the server only when one leaves the field."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from playground.core.checks.number_fields import RULES, texts_beside, with_texts
from playground.core.editor.page_state import (
    MAX_BYTES,
    PageState,
    PageStateError,
    Variant,
    from_json,
    to_json,
)
from playground.core.request.request import Prompt
from playground.core.text.json_text import with_whole_characters

# The keys of the fields' widgets: Streamlit makes a class of each, by which the page's script
# knows whose text it keeps.
_FIELD: Final = re.compile(
    r"system_prompt|message_(?P<index>\d{1,3})_text"
    r"|(?P<name>system|stops|extra_json|temperature|max_tokens|top_p|top_k|thinking_budget)"
    r"_(?P<letter>[A-F])"
)
MAX_FIELDS: Final = 300


@dataclass(frozen=True, slots=True)
class Before:
    """The page that stood in a tab before: its name. `is_copy`: that may be another tab's, which
    this one is a copy of. `has_draft`: the browser kept something of the editor, too."""

    name: str = ""
    is_copy: bool = False
    has_draft: bool = True


def read_before(text: object) -> Before:
    """What a browser says of the page before; what is not readable tells of none."""
    try:
        fields = json.loads(text) if isinstance(text, str) and len(text) <= 3 * MAX_BYTES else None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return Before()
    name = fields.get("before")
    has_draft = fields.get("page") is not None
    return Before(name if isinstance(name, str) else "", bool(fields.get("isCopy")), has_draft)


def read_draft(text: object) -> PageState:
    """The page as it stood on the screen. Raises `PageStateError`."""
    # Longer than a page may be: its JSON is escaped in this one, with what was typed beside it.
    if not isinstance(text, str) or len(text) > 3 * MAX_BYTES:
        raise PageStateError("The saved draft is too long.")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise PageStateError("What the browser kept is not readable.") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("page"), str):
        raise PageStateError("The saved draft is not a page.")
    typed = fields.get("typed")
    if not isinstance(typed, dict) or len(typed) > MAX_FIELDS:
        raise PageStateError("The saved draft has too many fields.")
    if not all(isinstance(value, str) for value in typed.values()):
        raise PageStateError("What the browser kept is not readable.")
    # Half a character must not cost the rest of the draft.
    whole_texts = {key: with_whole_characters(value) for key, value in typed.items()}
    page = _typed_over(from_json(fields["page"]), whole_texts)
    # What was typed can take the page beyond its bounds: then this raises.
    to_json(page)
    return page


def _typed_over(page: PageState, typed: Mapping[str, str]) -> PageState:
    for key, text in typed.items():
        field = _FIELD.fullmatch(key)
        if field is None:
            continue
        if field["index"]:
            page = _with_message(page, int(field["index"]), text)
        elif field["letter"]:
            variants = tuple(
                _with_text(variant, field["name"], text)
                if variant.letter == field["letter"]
                else variant
                for variant in page.variants
            )
            page = replace(page, variants=variants)
        else:
            page = replace(page, prompt=Prompt(text, page.prompt.messages))
    return page


def _with_message(page: PageState, index: int, text: str) -> PageState:
    messages = list(page.prompt.messages)
    if index < len(messages):
        messages[index] = replace(messages[index], text=text)
    return replace(page, prompt=Prompt(page.prompt.system, tuple(messages)))


def _with_text(variant: Variant, name: str, text: str) -> Variant:
    if name == "system":
        return replace(variant, system=text)
    parameter = "thinking_budget_tokens" if name == "thinking_budget" else name
    if parameter in RULES:
        return _with_number(variant, parameter, text)
    if name == "stops":
        stops = tuple(line for line in text.split("\n") if line)
        return replace(variant, params=replace(variant.params, stop_sequences=stops))
    return replace(variant, params=replace(variant.params, extra_json=text))


def _with_number(variant: Variant, parameter: str, text: str) -> Variant:
    texts = {**dict(variant.typed), parameter: text}
    params = with_texts(variant.params, texts.items())
    return replace(variant, params=params, typed=texts_beside(params, texts.items()))
