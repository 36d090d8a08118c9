"""The contents of a shared page in a few lines, before it is shared or opened."""

from dataclasses import replace

import streamlit as st

from playground.core.editor.page_state import PageState, Variant
from playground.core.library.prompt_library import settings_of
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

MAX_LINES, MAX_CHARACTERS = 4, 300
MAX_MESSAGES = 4


def show_contents(page: PageState) -> None:
    """Draw the variants, the beginning of each text, and how much there is of it."""
    st.markdown("  \n".join(_in_a_line(variant) for variant in page.variants))
    own = [(f"System prompt of {variant.letter}", variant.system) for variant in page.variants]
    messages = page.prompt.messages
    shown = [(variant.role.capitalize(), variant.whole) for variant in messages[:MAX_MESSAGES]]
    for name, text in [("System prompt", page.prompt.system), *own, *shown]:
        if text:
            st.caption(name)
            st.code(_beginning(text), language=None, wrap_lines=True)
    st.caption(_size(page))


def _in_a_line(variant: Variant) -> str:
    params = variant.params
    settings = settings_of(replace(params, model="", extra_json=""))
    parts = [params.model or "no model", *([settings] if settings else [])]
    parts += [f"{name} typed as “{text}”" for name, text in variant.typed]
    if params.extra_json:
        parts.append(f"extra JSON {params.extra_json}")
    colour = formats.COLOURS[variant.letter]
    line = " · ".join(_beginning(part) for part in parts)
    return f":{colour}-badge[{variant.letter}] {plain(line)}"


def _beginning(text: str) -> str:
    # Cut before it is split: a text can have megabytes.
    lines = text[: MAX_CHARACTERS + 1].split("\n")
    beginning = "\n".join(lines[:MAX_LINES])[:MAX_CHARACTERS]
    return beginning if beginning == text else f"{beginning} …"


def _size(page: PageState) -> str:
    prompt = page.prompt
    texts = [prompt.system, *(part.whole for part in prompt.messages)]
    texts += [part.system for part in page.variants]
    count = len(prompt.messages)
    messages = "1 message" if count == 1 else f"{count} messages"
    scenario = "" if page.scenario == "none" else f" · demo scenario {plain(page.scenario)}"
    return f"{messages} · {sum(map(len, texts)):,} characters{scenario}"
