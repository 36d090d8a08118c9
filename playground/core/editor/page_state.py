"""What the editor holds, as one value and as bounded JSON: what a link, a file, a draft and a
step of undo keep. It has no place for a key, a visitor, an answer or a run.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from playground.core.checks.number_fields import (
    LARGEST_MAX_TOKENS,
    RULES,
    Texts,
    texts_beside,
    with_texts,
)
from playground.core.request.request import EFFORTS, MAX_STOPS, Params, Prompt, Request, is_line
from playground.core.request.request_fields import (
    FieldsError,
    request_from_fields,
    request_to_fields,
    text_of,
)
from playground.core.text.json_text import Json, NameTwiceError, unique_fields

VERSION: Final = 1
LETTERS: Final = "ABCDEF"
MAX_BYTES: Final = 1_000_000
"""Of the JSON: more is neither written nor read."""
_MOST = {"max_tokens": LARGEST_MAX_TOKENS, "top_k": 10**9, "thinking_budget_tokens": 10**9}
_MAX_FRACTIONS = {"temperature": 2.0, "top_p": 1.0}
_SCENARIO = re.compile(r"[a-z0-9_]{1,40}")
_FIELDS = {"playground", "version", "system", "messages", "variants", "scenario"}


class PageStateError(ValueError):
    """Why a text is no page state; one sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`system` is its own system prompt; empty: the shared one. `typed` is what stands in the
    number fields where that is more than the parameters say (`texts_beside`)."""

    letter: str
    params: Params
    system: str = ""
    typed: Texts = ()


@dataclass(frozen=True, slots=True)
class PageState:
    """The shared prompt, the variants in screen order, and what goes wrong in the demo."""

    prompt: Prompt
    variants: tuple[Variant, ...]
    scenario: str = "none"


def to_json(state: PageState) -> str:
    """The one text of a state. Raises `PageStateError` where it is beyond the bounds."""
    prompt = request_to_fields(Request(state.prompt, Params("", 0)))
    fields = {
        "playground": "page",
        "version": VERSION,
        "system": prompt["system"],
        "messages": prompt["messages"],
        "variants": [_variant_fields(variant) for variant in state.variants],
        "scenario": state.scenario,
    }
    # Read back before it is written: what cannot be opened again must not be kept.
    _state(fields)
    # Sorted and without blanks, as the dictionary of links has it: that keeps a link short.
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    _check_size(text)
    return text


def from_json(text: str) -> PageState:
    """The state of a text that comes from anywhere. Raises `PageStateError`."""
    _check_size(text)
    try:
        document = json.loads(text, object_pairs_hook=unique_fields)
    except NameTwiceError as error:
        raise PageStateError(f"This can't be read as JSON: {error}.") from None
    except (ValueError, RecursionError):
        raise PageStateError("This is not readable as JSON.") from None
    return _state(document)


def _check_size(text: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise PageStateError(f"It is longer than {MAX_BYTES:,} bytes.")


def _variant_fields(variant: Variant) -> dict[str, Json]:
    fields = request_to_fields(Request(Prompt(variant.system, ()), variant.params))
    # The model and max_tokens are always written, also where they are still empty.
    required = {"model": variant.params.model, "max_tokens": variant.params.max_tokens}
    typed = {"typed": dict(variant.typed)} if variant.typed else {}
    return {
        "letter": variant.letter,
        "params": fields["params"] | required,
        "system": variant.system,
        **typed,
    }


def _state(document: object) -> PageState:
    if not isinstance(document, dict) or document.get("playground") != "page":
        raise PageStateError("This is not a page of the prompt playground.")
    version = document.get("version")
    # `True` and 1.0 are equal to 1 as well.
    if type(version) is not int or version != VERSION:
        raise PageStateError("It was saved by a version that this playground does not know.")
    if set(document) != _FIELDS:
        raise PageStateError("Its fields are not those of a page.")
    try:
        system, messages = document["system"], document["messages"]
        shared = {"system": system, "messages": messages, "params": {"model": "", "max_tokens": 0}}
        prompt = request_from_fields(shared).prompt
        return PageState(prompt, _variants(document["variants"]), _scenario(document["scenario"]))
    except FieldsError as error:
        raise PageStateError(str(error)) from None


def _variants(entries: object) -> tuple[Variant, ...]:
    if not isinstance(entries, list) or not 1 <= len(entries) <= len(LETTERS):
        raise PageStateError(f"The variants must be a list of 1 to {len(LETTERS)}.")
    variants = tuple(map(_variant, entries))
    if len({variant.letter for variant in variants}) != len(variants):
        raise PageStateError("Two variants have the same letter.")
    return variants


def _variant(entry: object) -> Variant:
    required = {"letter", "params", "system"}
    if not isinstance(entry, dict) or not required <= set(entry) <= required | {"typed"}:
        raise PageStateError("A variant must have a letter, params and a system prompt.")
    letter = entry["letter"]
    # A tuple, because "AB" and the empty text are `in` a string, too.
    if not isinstance(letter, str) or letter not in tuple(LETTERS):
        raise PageStateError(f"A variant's letter must be one of {', '.join(LETTERS)}.")
    fields = {"system": entry["system"], "messages": [], "params": entry["params"]}
    request = request_from_fields(fields)
    _check_params(request.params)
    typed = _typed(entry.get("typed", {}))
    params = with_texts(request.params, typed)
    return Variant(letter, params, request.prompt.system, texts_beside(params, typed))


def _typed(texts: object) -> Texts:
    if not isinstance(texts, dict) or not set(texts) <= set(RULES):
        raise PageStateError("What was typed must be the texts of number fields.")
    return tuple((name, text_of(text, name)) for name, text in texts.items())


def _check_params(params: Params) -> None:
    text_of(params.extra_json, "extra_json")
    if params.effort is not None and params.effort not in EFFORTS:
        raise PageStateError(f"effort must be one of {', '.join(EFFORTS)}.")
    for name, most in (_MOST | _MAX_FRACTIONS).items():
        value = getattr(params, name)
        # Written so that NaN, which Python reads in JSON, is refused as well.
        if value is not None and not 0 <= value <= most:
            raise PageStateError(f"{name} must be from 0 to {most:,}.")
    if len(params.stop_sequences) > MAX_STOPS:
        raise PageStateError(f"There can be at most {MAX_STOPS} stop sequences.")
    for stop in params.stop_sequences:
        # The field holds one per line: a line break inside one would make it two.
        if not is_line(text_of(stop, "A stop sequence")):
            raise PageStateError("A stop sequence must be one line that is not empty.")


def _scenario(value: object) -> str:
    if not isinstance(value, str) or not _SCENARIO.fullmatch(value):
        raise PageStateError("The demo's scenario must be a short name.")
    return value
