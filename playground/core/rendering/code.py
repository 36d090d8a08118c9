"""Code as HTML: its frame, with a copy button, and its colours, computed a slice at a time."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.shell import ShellSessionBaseLexer
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from playground.core.rendering.plain import attribute, escaped

LONGEST_COLOURED = 20_000
"""Characters of a block of code that is coloured."""

LONGEST_OF_SESSION = 1_000
"""Characters of a line of a shell's session that is coloured."""


class Colouring:
    """The colours of one text: call `go_on` as long as there is time, and `html` at any point."""

    def __init__(self, code: str, language: str) -> None:
        self._code = code
        self._pieces: list[tuple[str, str]] = []
        self._end = 0
        lexer = _lexer(language) if len(code) <= LONGEST_COLOURED else None
        # It looks for a prompt in the whole line at once, for the square of its length.
        if isinstance(lexer, ShellSessionBaseLexer) and _longest_line(code) > LONGEST_OF_SESSION:
            lexer = None
        # Those for consoles look for the end of the last line from each of its characters.
        whole = code if code.endswith("\n") else code + "\n"
        # `get_tokens` would strip and expand; this one leaves the text as it is.
        self._tokens: Iterator[tuple[int, _TokenType, str]] | None = (
            iter(lexer.get_tokens_unprocessed(whole)) if lexer else None
        )

    @property
    def is_complete(self) -> bool:
        """Whether `html` will not change any more."""
        return self._tokens is None

    def go_on(self, is_out_of_time: Callable[[], bool]) -> None:
        """Colour until the time is over, or all is coloured."""
        while self._tokens is not None:
            token = next(self._tokens, None)
            if token is None:
                self._tokens = None
                return
            at, kind, text = token
            text = text[: len(self._code) - at]
            # A lexer that leaves something out or says it twice is not followed any further.
            if at != self._end or not self._code.startswith(text, at):
                self._tokens = None
                return
            self._end += len(text)
            self._add(_class_of(kind), text)
            if is_out_of_time():
                return

    def html(self) -> str:
        """The code in the colours found so far."""
        coloured = "".join(
            f'<span class="{name}">{escaped(text)}</span>' if name else escaped(text)
            for name, text in self._pieces
        )
        return coloured + escaped(self._code[self._end :])

    def _add(self, name: str, text: str) -> None:
        if not text:
            return
        if self._pieces and (self._pieces[-1][0] == name or text.isspace()):
            last, before = self._pieces[-1]
            self._pieces[-1] = last, before + text
        else:
            self._pieces.append((name, text))


def _longest_line(code: str) -> int:
    return max(map(len, code.split("\n")))


@lru_cache(maxsize=100)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language) if language else None
    except ClassNotFound:
        return None


def _class_of(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    name = STANDARD_TYPES.get(kind, "")
    # No span for what has no colour of its own: many of the tokens are marks and blanks.
    return "" if name[:1] in ("p", "o", "x", "w", "") or name in ("n", "err", "esc") else name


def code_block(inner: str, language: str) -> str:
    """The frame around code that is HTML already. `language` is all that stands behind the
    fence's marks."""
    named = f' data-language="{attribute(language)}"' if language else ""
    return (
        f'<figure class="code"{named}><button type="button" class="copy" aria-label="Copy code">'
        f'</button><pre tabindex="0" dir="ltr"><code>{inner}</code></pre></figure>'
    )
