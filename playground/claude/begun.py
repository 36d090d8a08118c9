"""When an answer has begun, seen in its bytes: from then on it is paid for, and never asked for
again."""

import re
from collections.abc import AsyncIterator

from playground.claude.answer import Answer

CONTENT = re.compile(
    rb"[\r\n](?:event: ?content_b"
    rb'|[^\r\n{:"]{1,6}: ?\{ ?'
    rb'(?:"content_block"|(?:"index" ?: ?\d{1,9} ?, ?)?"type" ?: ?"content_b))'
)
"""How the lines of an event of content begin, the name of a field damaged or not. Within a line
others may say the same: an error's text, or its details. No match is longer than `LONGEST_MARK`."""
LONGEST_MARK = 64
MESSAGE = re.compile(rb'"content" ?: ?\[')
"""What a message that is not streamed has, and an error has not."""


async def watched(pieces: AsyncIterator[bytes], answer: Answer) -> AsyncIterator[bytes]:
    """The same pieces. A block whose first event is damaged or cut short has begun as well, and
    is paid for: that can be seen only before the event is decoded."""
    line = b"\n"
    async for piece in pieces:
        if not answer.has_begun:
            text = line + piece
            answer.has_begun = CONTENT.search(text) is not None
            began = max(text.rfind(b"\n"), text.rfind(b"\r"))
            line = text[began : began + LONGEST_MARK]
        yield piece


def note_message(cut: bytes, answer: Answer) -> None:
    """An answer that is not streamed was whole, and is paid for, before its first byte came."""
    answer.has_begun = MESSAGE.search(cut) is not None
