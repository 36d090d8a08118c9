"""The words by which a run of the log is recognised: what was asked last, how it was answered."""

from dataclasses import dataclass

from playground.core.log.logged_request import turns
from playground.core.runs.run_row import RunTexts

LONGEST = 160
"""Characters: more than a cell of the log has room for."""
LONGEST_READ = 200_000
"""A request with more characters is not parsed for a cell of a table."""


@dataclass(frozen=True, slots=True)
class RowWords:
    """One line each; empty: there are none, or they were not kept."""

    prompt: str = ""
    answer: str = ""


NO_WORDS = RowWords()


def row_words(texts: RunTexts | None) -> RowWords:
    """The beginning of the last message that a person wrote, and of the answer."""
    if texts is None:
        return NO_WORDS
    is_short = len(texts.request_json) <= LONGEST_READ
    said = turns(texts.request_json) if is_short else ()
    asked = [text for role, text in said if role == "user"] or [text for _, text in said]
    return RowWords(_line(asked[-1] if asked else ""), _line(texts.answer))


def _line(text: str) -> str:
    # Twice as much: white space is taken out of it.
    line = " ".join(text[: 2 * LONGEST].split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
