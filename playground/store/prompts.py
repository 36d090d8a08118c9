"""The prompt library of each visitor, in the log's database."""

from dataclasses import asdict
from itertools import groupby

import sqlalchemy as sa

from playground.core.library.prompt_library import MAX_VERSIONS, PromptVersion, SavedPrompt
from playground.core.text.refusal import Refusal
from playground.store.tables import dialect
from playground.store.tables.cleaning import clean_row, clean_text
from playground.store.tables.schema import prompt_versions, prompts
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer

_VERSION = [prompt_versions.c[name] for name in ("number", "saved_at", "note", "page_json")]


class PromptStore:
    """Every question names its visitor, and a `Refusal` says what is in the way. Each method
    waits for the disk, so none may be called on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._db = Transactions(writer, who="the library", undone="The library can't be reached")

    def list_prompts(self, visitor: str) -> tuple[SavedPrompt, ...] | Refusal:
        """The prompts of this visitor by name, each with its versions."""
        prompt, version = prompts.c, prompt_versions.c
        is_same = sa.and_(prompt.visitor == version.visitor, prompt.prompt_id == version.prompt_id)
        question = (
            sa.select(prompt.prompt_id, prompt.name, *_VERSION)
            .join_from(prompts, prompt_versions, is_same)
            .where(prompt.visitor == clean_text(visitor))
            # By prompt, because `groupby` joins only neighbours.
            .order_by(prompt.prompt_id, version.number)
        )

        def read(connection: sa.Connection) -> tuple[SavedPrompt, ...]:
            rows = groupby(connection.execute(question), lambda row: (row[0], row[1]))
            saved = [
                SavedPrompt(*head, tuple(PromptVersion(*row[2:]) for row in versions))
                for head, versions in rows
            ]
            # Sorted here: SQLite orders names by their bytes, Postgres by its collation.
            return tuple(sorted(saved, key=lambda item: item.name.casefold()))

        return self._db.read(read)

    def save(self, visitor: str, prompt: SavedPrompt) -> Refusal | None:
        """Keep a prompt with its versions; those with the same numbers are replaced."""
        key = {"visitor": clean_text(visitor), "prompt_id": prompt.prompt_id}
        rows = [key | clean_row(asdict(version)) for version in prompt.versions]

        def write(connection: sa.Connection) -> None:
            dialect.upsert(connection, prompts, [key | {"name": clean_text(prompt.name)}])
            dialect.upsert(connection, prompt_versions, rows)

        return self._db.write(write)

    def add_version(self, visitor: str, prompt_id: str, version: PromptVersion) -> Refusal | None:
        """Keep another version; its number is determined here, where nobody else is writing."""
        is_of_prompt = _has_key(prompt_versions, visitor, prompt_id)

        def write(connection: sa.Connection) -> None:
            question = sa.select(sa.func.max(prompt_versions.c.number)).where(is_of_prompt)
            number = int(connection.execute(question).scalar() or 0) + 1
            numbered = clean_row(asdict(version)) | {"number": number}
            row = {"visitor": clean_text(visitor), "prompt_id": prompt_id} | numbered
            connection.execute(prompt_versions.insert().values(row))
            is_old = prompt_versions.c.number <= number - MAX_VERSIONS
            connection.execute(prompt_versions.delete().where(is_of_prompt, is_old))

        return self._db.write(write)

    def rename(self, visitor: str, prompt_id: str, name: str) -> Refusal | None:
        statement = prompts.update().where(_has_key(prompts, visitor, prompt_id))
        return self._db.execute(statement.values(name=clean_text(name)))

    def delete(self, visitor: str, prompt_id: str) -> Refusal | None:
        tables = (prompt_versions, prompts)
        return self._db.execute(
            *(table.delete().where(_has_key(table, visitor, prompt_id)) for table in tables)
        )


def _has_key(table: sa.Table, visitor: str, prompt_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.visitor == clean_text(visitor), table.c.prompt_id == prompt_id)
