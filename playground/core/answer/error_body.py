"""What a server says in the body of an error, whatever its shape: JSON of the Messages API and
of others, a web page, XML, plain text. The words are the server's own, so whoever shows them must
guard against markup in them."""

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

LONGEST_READ = 100_000
"""Characters of a body that are looked at."""
LONGEST_REST = 300
"""Characters of a page without a title."""
MAX_SAID = 10
DEEPEST = 6
"""Levels of nesting; what lies deeper is no message."""
_NAMED = (
    "message", "detail", "details", "error_description", "description", "reason", "msg",
    "errormessage", "error_message", "error_msg", "faultstring", "moreinformation",
)  # fmt: skip
"""Fields that hold a sentence, the best first. FastAPI and RFC 9457 say `detail`; the last ones
are those of API gateways (AWS, Apigee, IBM)."""
_AROUND = ("error", "errors", "fault", "response")
"""Fields that hold another object with one of those in it."""
_SHORT = ("title", "code", "type", "status")
"""Fields that say little, for a body that says nothing more."""
_TITLES = ("title", "h1", "message", "detail", "faultstring", "reason", "error", "code")
"""Elements of a page or of XML that say what went wrong, the best first."""
_PAGE = re.compile(r"\s*<[!?a-zA-Z]")


def is_page(text: str) -> bool:
    """Whether a body is HTML or XML."""
    return _PAGE.match(text) is not None


def error_message(body: object) -> str:
    """The message in a body, which is a text or parsed JSON; empty where there is none."""
    if isinstance(body, str):
        text = body[:LONGEST_READ].strip()
        if is_page(text):
            return _title(text)
        if not text.startswith(("{", "[", '"')):
            return _clean(text)
        try:
            # All of it, not only what is looked at: JSON that is cut short cannot be parsed.
            body = json.loads(body)
        except (ValueError, RecursionError):
            return _clean(text)
        if isinstance(body, str):
            return _clean(body)
    message = _message_in(body, DEEPEST)
    if not message and isinstance(body, Mapping | list) and body:
        message = json.dumps(body, ensure_ascii=False)  # Better all of it than nothing.
    return _clean(message)


def error_code(body: object) -> int | None:
    """The HTTP status that an error names inside its body: a gateway may answer with 200."""
    error = body.get("error") if isinstance(body, Mapping) else None
    for level in (error, body):
        if not isinstance(level, Mapping):
            continue
        for name in ("status", "code", "http_code", "status_code"):
            code = level.get(name)
            # A status has three digits, and `int` raises for a text of thousands.
            if isinstance(code, str) and code.isdecimal() and len(code) == 3:
                code = int(code)
            if isinstance(code, int) and 400 <= code <= 599:
                return code
    return None


def _message_in(value: Any, deepest: int) -> str:  # noqa: ANN401 (any JSON value)
    if isinstance(value, str):
        return value.strip()
    if deepest == 0:
        return ""
    if isinstance(value, list):
        messages = [_message_in(item, deepest - 1) for item in value[:MAX_SAID]]
        return "\n".join(text for text in messages if text)
    if not isinstance(value, Mapping):
        return ""
    # Services differ in case: AWS writes `Message`, most others `message`.
    fields = {str(name).lower(): field for name, field in value.items()}
    for name in (*_NAMED, *_AROUND):
        message = _message_in(fields.get(name), deepest - 1)
        if not message and name == "errors" and isinstance(fields.get(name), Mapping):
            message = _by_field(fields[name], deepest - 1)
        if message:
            return _with_place(fields, name, message)
    # At depth 0 only a text counts: an object under `code` or `status` is no message.
    return next((message for name in _SHORT if (message := _message_in(fields.get(name), 0))), "")


def _by_field(errors: Mapping[str, Any], deepest: int) -> str:
    """Errors under the names of the fields that they are about."""
    messages = {name: _message_in(errors[name], deepest) for name in list(errors)[:MAX_SAID]}
    return "\n".join(f"{name}: {message}" for name, message in messages.items() if message)


def _with_place(fields: Mapping[str, Any], name: str, message: str) -> str:
    """The message behind its title (RFC 9457 has both) or the place that FastAPI names."""
    title, place = fields.get("title"), fields.get("loc")
    if name == "detail" and isinstance(title, str) and title.strip() not in message:
        return f"{title.strip()}: {message}"
    if name == "msg" and isinstance(place, list) and place:
        return f"{'.'.join(str(part) for part in place[:MAX_SAID])}: {message}"
    return message


class _Texts(HTMLParser):
    """The texts of a page, and those of the elements that may say what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.rest: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        # XML may put a namespace before the name. The parser gives names in lower case, so that
        # S3's `Message` is found as well.
        self._open = tag.rpartition(":")[2]

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and self._open in _TITLES:
            self.found.setdefault(self._open, text)
        elif text and self._open not in ("script", "style"):
            self.rest.append(text)


def _title(page: str) -> str:
    parser = _Texts()
    parser.feed(page)
    parser.close()
    title = next((parser.found[name] for name in _TITLES if name in parser.found), None)
    return _clean(title or " ".join(parser.rest)[:LONGEST_REST])


def _clean(text: str) -> str:
    # JSON can escape half a character, which neither the database nor the page could encode.
    return text.encode("utf-8", "replace").decode()
