"""The result of an import: what can be edited, and what was left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from playground.core.editor.page_state import PageState
from playground.core.request.request import Request
from playground.core.text.json_text import JsonObject

MAX_CHARACTERS: Final = 1_000_000
_SHORT: Final = 60


class ImportingError(ValueError):
    """Why nothing can be made of a text; one sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the editor has no place for, and why or what to do instead."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request as some source spells it, its key already gone."""

    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """`as_extra` names the fields that go out as extra JSON: they have no control here."""

    source: str
    request: Request
    as_extra: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """A whole page that was found, and what of its source is not in it."""

    page: PageState
    left_out: tuple[LeftOut, ...] = ()


def short(text: str) -> str:
    """The beginning of a text that comes from anywhere, for a sentence."""
    line = " ".join(text[: 4 * _SHORT].split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"


def texts_of(content: object, where: str, left_out: list[LeftOut]) -> str:
    """The text of a message's content; what else is in it is left out, and said."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ImportingError(f"{where} is neither text nor a list of blocks.")
    texts = []
    for block in content:
        if isinstance(block, str):
            texts.append(block)
            continue
        if not isinstance(block, dict):
            raise ImportingError(f"A block of {where} is not an object.")
        kind, text = block.get("type"), block.get("text")
        if kind in ("text", "input_text", "output_text") and isinstance(text, str):
            texts.append(text)
            extras = sorted(set(map(str, block)) - {"type", "text"})
            left_out += [LeftOut(f"{where}: {short(name)}", _ON_BLOCK) for name in extras]
        else:
            left_out.append(LeftOut(f"{where}: {short(str(kind))}", "Only texts can be edited."))
    if len(texts) > 1:
        why = f"Its {len(texts)} text blocks become one text, with an empty line between them."
        left_out.append(LeftOut(f"{where}: blocks", why))
    return "\n\n".join(texts)


_ON_BLOCK = "It applies to one block; here Caching is a setting of the whole variant."
