"""Prompts saved under a name, each with its versions, and all of them as one JSON file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Final

from playground.core.editor.page_state import PageState, PageStateError, from_json, to_json
from playground.core.request.request import Params
from playground.core.request.request_fields import FieldsError, text_of
from playground.core.text.json_text import Json, NameTwiceError, unique_fields
from playground.core.text.number_text import value_text

VERSION: Final = 1
MAX_BYTES: Final = 5_000_000
MAX_PROMPTS: Final = 1_000
MAX_VERSIONS: Final = 100
LONGEST_NAME: Final = 100
LONGEST_NOTE: Final = 500


class LibraryError(ValueError):
    """Why something is no library; one sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """What the editor held when it was saved, and a note on why."""

    number: int
    saved_at: datetime
    note: str
    page_json: str

    def page(self) -> PageState:
        """Raises `PageStateError` where what was kept is damaged."""
        return from_json(self.page_json)


@dataclass(frozen=True, slots=True)
class SavedPrompt:
    """A name and its versions, oldest first."""

    prompt_id: str
    name: str
    versions: tuple[PromptVersion, ...]


def clean_name(name: str) -> str:
    """A name as it is kept: one line, bounded."""
    # A lone surrogate is replaced, since no database takes it.
    return " ".join(name.encode("utf-8", "replace").decode().split())[:LONGEST_NAME]


def first_version(page: PageState, note: str, at: datetime) -> PromptVersion:
    """Raises `PageStateError` for what cannot be kept."""
    bounded = note.encode("utf-8", "replace").decode().strip()[:LONGEST_NOTE]
    return PromptVersion(1, at, bounded, to_json(page))


def with_version(prompt: SavedPrompt, version: PromptVersion) -> SavedPrompt:
    """The prompt with one version more; the oldest go when there are too many."""
    # Counting versions would give a number twice once the oldest are gone.
    number = prompt.versions[-1].number + 1
    versions = (*prompt.versions, replace(version, number=number))[-MAX_VERSIONS:]
    return replace(prompt, versions=versions)


def matching(prompts: Sequence[SavedPrompt], words: str) -> list[SavedPrompt]:
    """The prompts in whose name, notes or newest text each of these words stands."""
    wanted = words.casefold().split()
    return [prompt for prompt in prompts if all(word in _searched(prompt) for word in wanted)]


def _searched(prompt: SavedPrompt) -> str:
    notes = " ".join(version.note for version in prompt.versions)
    return f"{prompt.name} {notes} {prompt.versions[-1].page_json}".casefold()


def in_text(page: PageState) -> str:
    """A page as one text, to compare it with another."""
    return "\n".join(_lines(page))


def _lines(page: PageState) -> Iterator[str]:
    if page.prompt.system:
        yield f"System prompt\n{page.prompt.system}\n"
    for message in page.prompt.messages:
        yield f"{message.role.capitalize()}\n{message.whole}\n"
    for variant in page.variants:
        settings = settings_of(variant.params)
        yield f"Variant {variant.letter}: {settings}"
        for name, text in variant.typed:
            yield f"Typed as {name} of {variant.letter}: {text}"
        if variant.system:
            yield f"System prompt of {variant.letter}\n{variant.system}"


def settings_of(params: Params) -> str:
    """What is set, in one line."""
    plainest = Params("", 0)
    names = [field.name for field in fields(params)]
    changed = [name for name in names if getattr(params, name) != getattr(plainest, name)]
    return " · ".join(f"{name} {value_text(getattr(params, name))}" for name in changed)


def library_to_json(prompts: Sequence[SavedPrompt]) -> str:
    """All of them as one file."""
    entries = [
        {
            "name": prompt.name,
            "versions": [
                {
                    "note": version.note,
                    "saved_at": version.saved_at.astimezone(UTC).isoformat(),
                    "page": json.loads(version.page_json),
                }
                for version in prompt.versions
            ],
        }
        for prompt in prompts
    ]
    fields = {"playground": "library", "version": VERSION, "prompts": entries}
    return json.dumps(fields, ensure_ascii=False, indent=1)


def is_too_long(prompts: Sequence[SavedPrompt]) -> bool:
    """Whether the file of these prompts is longer than one that is read."""
    pages = sum(
        len(version.page_json.encode()) for prompt in prompts for version in prompt.versions
    )
    # Written only where it is a matter of the names and the blanks between.
    return pages > MAX_BYTES or (
        pages > MAX_BYTES / 4 and len(library_to_json(prompts).encode()) > MAX_BYTES
    )


def library_from_json(text: str) -> tuple[SavedPrompt, ...]:
    """The prompts of a file, without ids. Raises `LibraryError`."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise LibraryError(f"A library can have at most {MAX_BYTES / 1e6:g} MB.")
    try:
        document = json.loads(text, object_pairs_hook=unique_fields)
    except NameTwiceError as error:
        raise LibraryError(f"This is not readable as JSON: {error}.") from None
    except (ValueError, RecursionError):
        raise LibraryError("This is not readable as JSON.") from None
    if not isinstance(document, dict) or document.get("playground") != "library":
        raise LibraryError("This is not a prompt library.")
    if type(document.get("version")) is not int or document["version"] != VERSION:
        raise LibraryError("It was saved by a version that this playground does not know.")
    prompts = document.get("prompts")
    if not isinstance(prompts, list) or len(prompts) > MAX_PROMPTS:
        raise LibraryError(f"The prompts must be a list of at most {MAX_PROMPTS:,}.")
    try:
        return tuple(map(_prompt, prompts))
    except (FieldsError, PageStateError) as error:
        raise LibraryError(str(error)) from None


def _prompt(entry: object) -> SavedPrompt:
    if not isinstance(entry, dict) or set(entry) != {"name", "versions"}:
        raise LibraryError("A prompt must have a name and versions.")
    name, versions = text_of(entry["name"], "A name"), entry["versions"]
    if not clean_name(name) or len(name) > LONGEST_NAME:
        raise LibraryError(f"A name must have 1 to {LONGEST_NAME} characters.")
    if not isinstance(versions, list) or not 1 <= len(versions) <= MAX_VERSIONS:
        raise LibraryError(f"The versions must be a list of 1 to {MAX_VERSIONS}.")
    read = [_version(number, version) for number, version in enumerate(versions, 1)]
    return SavedPrompt("", clean_name(name), tuple(read))


def _version(number: int, entry: Json) -> PromptVersion:
    if not isinstance(entry, dict) or set(entry) != {"note", "saved_at", "page"}:
        raise LibraryError("A version must have a note, saved_at and a page.")
    note = text_of(entry["note"], "A note")
    if len(note) > LONGEST_NOTE:
        raise LibraryError(f"A note can have at most {LONGEST_NOTE} characters.")
    # Read and written anew, so that a page is the same text whoever wrote the file.
    page = from_json(json.dumps(entry["page"]))
    return PromptVersion(number, _moment(entry["saved_at"]), note, to_json(page))


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text_of(value, "saved_at"))
        # Without a time zone it would be taken for the server's own time.
        if moment.tzinfo is None or not 2000 < moment.year < 3000:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise LibraryError("saved_at must be a moment with its time zone.") from None
