"""Values whose texts hold nothing of the shape of a key. Masked before they are JSON: there an
escaped line break hides where a key begins."""

from dataclasses import replace

from playground.core.checks.problems import without_key
from playground.core.editor.page_state import PageState
from playground.core.request.request import Params, Prompt
from playground.core.text.json_text import Json
from playground.core.text.key_shapes import masked


def json_without_keys(value: Json) -> Json:
    """The same JSON with every text masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {name: json_without_keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [json_without_keys(inner) for inner in value]
    return value


def page_without_keys(page: PageState) -> PageState:
    """The same page with every text masked."""
    messages = tuple(map(without_key, page.prompt.messages))
    variants = tuple(
        replace(
            variant,
            params=_params(variant.params),
            system=masked(variant.system),
            typed=tuple((name, masked(text)) for name, text in variant.typed),
        )
        for variant in page.variants
    )
    return replace(page, prompt=Prompt(masked(page.prompt.system), messages), variants=variants)


def _params(params: Params) -> Params:
    stops = tuple(map(masked, params.stop_sequences))
    return replace(params, extra_json=masked(params.extra_json), stop_sequences=stops)
