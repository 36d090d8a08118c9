"""A page state as the text of a link, and back: compact, versioned, bounded.

It stands after the `#` of an address. A browser sends that part to no server, so a shared
prompt is in no access log and no proxy on the way, and needs no server's limit of length.
"""

import base64
import re
import zlib
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from playground.core.editor.page_state import PageState, PageStateError, from_json, to_json
from playground.core.text.json_text import is_within

NAME: Final = "s"
LONGEST: Final = 8_000
"""Characters of a link that mail and chat programs still pass on whole."""
LONGEST_READ: Final = 16_000
MAX_JSON_BYTES: Final = 65_536
"""What a link may unfold to."""
MAX_PARTS, DEEPEST = 4_000, 8
"""Of its JSON: strings and commas and brackets, and brackets in brackets."""
_LINK = re.compile(r"(?P<version>\d{1,6})(?P<form>[a-z])(?P<data>[A-Za-z0-9_-]*)")
# What pages have in common, so that a link need not tell it. Links of version 1 are read with
# it for ever: a change of one character is a version of its own.
_SHARED: Final = (
    b'"top_p":"top_k":"thinking_budget_tokens":"thinking_display":"summarized""omitted""adaptive"'
    b'"budget""off""stop_sequences":["service_tier":"standard_only""auto""cache":"5m""1h"'
    b'"extra_json":"{\\"api_version":"2023-06-01""2026-10-21""effort":"low""medium""high""xhigh"'
    b'"thinking":"role":"assistant","text":"\\n"scenario":"rate_limited""overloaded"'
    b'"claude-mythos-5-2""claude-fable-5-2""claude-fable-5-1""claude-opus-4-8""claude-opus-5-5"'
    b'"claude-haiku-4-5""claude-sonnet-5-5""claude-haiku-5-5""claude-opus-4-6"'
    b'{"messages":[{"role":"user","text":""}],"playground":"page","scenario":"none",'
    b'"system":"You are a ","variants":[{"letter":"A","params":{"max_tokens":300,'
    b'"model":"claude-sonnet-4-6","temperature":0.2},"system":""},{"letter":"B","params":'
    b'{"max_tokens":1000,"model":"claude-sonnet-4-6","temperature":1.0},"system":""}],"version":1}'
)


class LinkError(ValueError):
    """Why a link can't be made or opened; one sentence that can be shown."""


def encode(state: PageState) -> str:
    """The text of a link. Raises `LinkError` for a page that is too long for one."""
    try:
        content = to_json(state).encode()
    except PageStateError as error:
        raise LinkError(str(error)) from None
    if len(content) > MAX_JSON_BYTES:
        raise LinkError("This page is too long for a link.")
    packer = zlib.compressobj(9, zdict=_SHARED)
    packed = packer.compress(content) + packer.flush()
    # What does not compress would only grow.
    form, data = ("z", packed) if len(packed) < len(content) else ("j", content)
    text = f"1{form}{base64.urlsafe_b64encode(data).decode().rstrip('=')}"
    if len(text) > LONGEST:
        raise LinkError("This page is too long for a link.")
    return text


def decode(text: str) -> PageState:
    """The page of a link's text, which may come from anywhere. Raises `LinkError`."""
    if len(text) > LONGEST_READ:
        raise LinkError("This link is longer than any link the playground makes.")
    match = _LINK.fullmatch(text)
    if match is None:
        raise LinkError("This link is damaged: it contains characters that no link has.")
    if int(match["version"]) > 1:
        raise LinkError("This link was made by a newer playground.")
    if match["version"] != "1" or match["form"] not in ("j", "z"):
        raise LinkError("This link is damaged: its beginning is wrong.")
    content = _content(match["form"], _bytes(match["data"]))
    # Counted before it is parsed: objects take many times the memory of their text.
    if not is_within(content, MAX_PARTS, DEEPEST):
        raise LinkError("This link contains more than a page can hold.")
    try:
        return from_json(content)
    except PageStateError as error:
        raise LinkError(f"This link contains no page. {error}") from None


def address(page_url: str | None, text: str) -> str | None:
    """The link, on the deployment that is open at an address; None if that is not known."""
    # A browser tells its address in ASCII. What else claims to be one takes `urlsplit` minutes.
    if not (page_url or "").isascii():
        return None
    try:
        parts = urlsplit(page_url or "")
        # A name and a password in the address must not be passed on.
        has_user = "@" in parts.netloc
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or has_user:
        return None
    # On Community Cloud the page itself stands in a frame below the address people see.
    path = parts.path.partition("/~/")[0] or "/"
    return urlunsplit((parts.scheme, parts.netloc, path, "", f"{NAME}={text}"))


def _bytes(data: str) -> bytes:
    try:
        # Links leave out the padding, which Python insists on.
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except ValueError:
        raise LinkError("This link was cut short.") from None


def _content(form: str, data: bytes) -> str:
    if form == "z":
        unpacker = zlib.decompressobj(zdict=_SHARED)
        try:
            # One byte too many is enough to tell, however much more would unpack.
            data = unpacker.decompress(data, MAX_JSON_BYTES + 1)
        except zlib.error:
            raise LinkError("This link is damaged and can't be unpacked.") from None
        if len(data) <= MAX_JSON_BYTES and not unpacker.eof:
            raise LinkError("This link was cut short.")
        if unpacker.unused_data:
            raise LinkError("This link is damaged: there is something after its end.")
    if len(data) > MAX_JSON_BYTES:
        raise LinkError("This link contains more than a page can hold.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise LinkError("This link is damaged: it contains no text.") from None
