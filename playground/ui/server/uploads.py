"""How much may be uploaded: Streamlit keeps each file in memory for as long as its page lives."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.ui.server.page_sockets import HERE, address_of
from playground.ui.server.streamlit_insides import Held, uploaded_files

UPLOAD = "/_stcore/upload_file/"
MB = 1_000_000
MOST_FILES = 8
"""Of one page: it has three places for a file, and replaces one before it deletes the old."""
MOST_BYTES, MOST_ADDRESS_BYTES, MOST_ALL_BYTES = 20 * MB, 60 * MB, 200 * MB
"""Of one page, of one stranger's address and of all strangers."""
NO_LENGTH = "An upload must say how long it is.\n"
TOO_MUCH = "This page has uploaded as much as it may: reload it.\n"
ALL_FULL = "As much is uploaded as this app takes from visitors. Try again soon.\n"


class Uploads:
    """Middleware: refuses a file that a page, its address or all strangers have no room for.
    Where `held` does not know what is in memory, what is on its way is bounded alone."""

    def __init__(self, app: ASGIApp, held: Callable[[], Held | None] = uploaded_files) -> None:
        self._app, self._held = app, held
        self._coming: dict[object, tuple[str, int]] = {}
        self._addresses: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope["type"] == "http" and UPLOAD in scope["path"]
        if not is_upload or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        page, _, file = scope["path"].rpartition(UPLOAD)[2].partition("/")
        length = Headers(scope=scope).get("content-length", "")
        # What does not say its length can't be refused before it is in memory.
        if not length.isdecimal():
            await PlainTextResponse(NO_LENGTH, 411)(scope, receive, send)
            return
        if why := self._why_not(page, file, int(length), address_of(scope)):
            await PlainTextResponse(why, 413)(scope, receive, send)
            return
        # A key of its own: the same file may come twice at once.
        upload = object()
        # Counted from here on: files that come at once would each find the room still free.
        self._coming[upload] = page, int(length)
        self._addresses[page] = address_of(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            del self._coming[upload]

    def _why_not(self, page: str, file: str, size: int, address: str) -> str | None:
        uploaded = {owner: dict(files) for owner, files in (self._held() or {}).items()}
        uploaded.get(page, {}).pop(file, None)  # It would be replaced.
        coming = list(self._coming.values())
        known = uploaded.keys() | {owner for owner, _ in coming}
        # The end of a page is told to nobody here, so those that have gone are forgotten now.
        self._addresses = {owner: at for owner, at in self._addresses.items() if owner in known}

        def total(is_counted: Callable[[str], bool]) -> int:
            in_memory = sum(
                sum(files.values()) for owner, files in uploaded.items() if is_counted(owner)
            )
            return size + in_memory + sum(more for owner, more in coming if is_counted(owner))

        files = 1 + len(uploaded.get(page, {})) + sum(owner == page for owner, _ in coming)
        if files > MOST_FILES or total(lambda owner: owner == page) > MOST_BYTES:
            return TOO_MUCH
        # Whoever sits at the machine fills their own memory.
        if address == HERE:
            return None
        at = self._addresses.get
        if total(lambda owner: at(owner) == address) > MOST_ADDRESS_BYTES:
            return ALL_FULL
        return ALL_FULL if total(lambda owner: at(owner) != HERE) > MOST_ALL_BYTES else None
