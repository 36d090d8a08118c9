"""A file of answers, read back for its prompt and variants; the answers stay in the file."""

import json
from dataclasses import replace
from typing import Final

from playground.core.editor.page_state import LETTERS, PageState, PageStateError, Variant, to_json
from playground.core.editor.without_keys import page_without_keys
from playground.core.importing.import_result import (
    Imported,
    ImportedPage,
    ImportingError,
    LeftOut,
)
from playground.core.log.logged_request import differences, request_of
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Prompt, Request
from playground.core.request.template import escaped
from playground.core.sharing.shared_run import FORMAT, VERSION
from playground.core.text.json_text import Json, NameTwiceError, is_within, unique_fields
from playground.core.text.key_shapes import MASK
from playground.core.wire.wire import VERSION_HEADER, Wire, model_id_of, model_on, wire

MAX_CHARACTERS: Final = 8_000_000
MAX_PARTS, DEEPEST = 20_000, 64
SAYS_SO: Final = 200
"""Characters at the beginning of a file in which it names itself."""
_OTHERWISE: Final = "The playground sends this differently."


def read_runs(text: str) -> ImportedPage | None:
    """The page that asked for the answers in a text, where it says that it holds some.

    Raises `ImportingError`.
    """
    if f'"{FORMAT}"' not in text[:SAYS_SO]:
        return None
    if len(text) > MAX_CHARACTERS:
        raise ImportingError(f"Answers of more than {MAX_CHARACTERS:,} characters are not read.")
    runs = _runs(_parsed(text))
    page, left_out = _page([(letter, imported.request) for letter, imported in runs])
    for letter, imported in runs:
        left_out += [LeftOut(f"{letter}: {item.name}", item.why) for item in imported.left_out]
    # Only once it is parsed: an escape such as \u0073 hides a key's first letter.
    safe = page_without_keys(page)
    if safe != page:
        left_out.append(LeftOut("Key", f"Keys are never kept. {MASK} replaces them."))
    return ImportedPage(safe, tuple(left_out))


def _parsed(text: str) -> dict[str, Json]:
    if not is_within(text, MAX_PARTS, DEEPEST):
        raise ImportingError("It holds more than an answers file can.")
    try:
        document = json.loads(text, object_pairs_hook=unique_fields)
        # A lone surrogate can be neither kept nor shown, and does not encode.
        json.dumps(document, ensure_ascii=False).encode()
    except NameTwiceError as error:
        raise ImportingError(f"It, or a request in it, is not readable: {error}.") from None
    except (ValueError, RecursionError):
        raise ImportingError("It, or a request in it, is not readable as JSON.") from None
    if not isinstance(document, dict):
        raise ImportingError("It, or a request in it, is not an object.")
    return document


def _runs(file: dict[str, Json]) -> list[tuple[str, Imported]]:
    version = file.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ImportingError("This file was made by a newer playground.")
    if file.get("format") != FORMAT or version != VERSION or type(version) is not int:
        raise ImportingError("This is not an answers file.")
    runs = file.get("runs")
    if not isinstance(runs, list) or not 1 <= len(runs) <= len(LETTERS):
        raise ImportingError(f"An answers file must hold 1 to {len(LETTERS)} runs.")
    pairs = list(map(_run, runs))
    if len({letter for letter, _ in pairs}) != len(pairs):
        raise ImportingError("Two runs in it belong to the same variant.")
    return pairs


def _run(run: object) -> tuple[str, Imported]:
    """The letter of a run, and what it asked for."""
    if not isinstance(run, dict) or run.get("variant") not in tuple(LETTERS):
        raise ImportingError(f"Each run must be of a variant, {LETTERS[0]} to {LETTERS[-1]}.")
    body, version = run.get("request_body"), run.get("anthropic_version")
    if not isinstance(body, str) or not isinstance(version, str):
        raise ImportingError("Each run must have a request and its API version.")
    planned = json.dumps({"headers": {VERSION_HEADER: version}, "body": _parsed(body)})
    # The log's own way back to the form: any other would lose what this app can send.
    request = request_of(planned, _wire)
    if request is None:
        raise ImportingError("Each run must have a request that can be read.")
    left_out = [LeftOut(name, _OTHERWISE) for name in differences(planned, _wire(request))]
    if problem := request.params.extra.problem:
        left_out.append(LeftOut("Extra JSON", f"It can't be sent: {problem}."))
    # It was sent so: in the editor its double braces would be variables.
    request = replace(request, prompt=escaped(request.prompt))
    return run["variant"], Imported("Answers", request, (), tuple(left_out))


def _wire(request: Request) -> Wire:
    return wire(request, model_on(CLAUDE, model_id_of(request.params)), CLAUDE)


def _page(requests: list[tuple[str, Request]]) -> tuple[PageState, list[LeftOut]]:
    """The requests as variants of one prompt, the first one's, and what of them is lost."""
    messages = requests[0][1].prompt.messages
    left_out = [
        LeftOut(
            f"{letter}: messages", f"They differ from those of {requests[0][0]}, which are kept."
        )
        for letter, request in requests
        if request.prompt.messages != messages
    ]
    systems = [request.prompt.system for _, request in requests]
    # A variant without one of its own has the shared one: that must be none if one has none.
    shared = systems[0] if all(systems) else ""
    variants = tuple(
        Variant(letter, request.params, system if system != shared else "")
        for (letter, request), system in zip(requests, systems, strict=True)
    )
    page = PageState(Prompt(shared, messages), variants)
    try:
        to_json(page)
    except PageStateError as error:
        raise ImportingError(str(error)) from None
    return page, left_out
