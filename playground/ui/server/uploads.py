"""Limits on uploads: Streamlit keeps each file in memory until its page's session ends."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.ui.server.page_sockets import THIS_MACHINE, address_of
from playground.ui.server.streamlit_insides import UploadSizes, uploaded_files

UPLOAD = "/_stcore/upload_file/"
MB = 1_000_000
MAX_FILES = 8
"""Of one page: it has three upload fields, and a new file is stored before the old is deleted."""
MAX_BYTES, MAX_ADDRESS_BYTES, MAX_ALL_BYTES = 20 * MB, 60 * MB, 200 * MB
"""Of one page, of one stranger's address and of all strangers."""
NO_LENGTH = "An upload must state its length.\n"
TOO_MUCH = "This page has reached its upload limit. Reload it.\n"
ALL_FULL = "Visitors' uploads have reached this app's limit. Try again soon.\n"


class Uploads:
    """Middleware: refuses a file that a page, its address or all strangers have no room for.
    Where `held` does not know what is in memory, what is on its way is bounded alone."""

    def __init__(
        self, app: ASGIApp, uploaded_files: Callable[[], UploadSizes | None] = uploaded_files
    ) -> None:
        self._app, self._uploaded_files = app, uploaded_files
        self._in_progress: dict[object, tuple[str, int]] = {}
        self._addresses: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope["type"] == "http" and UPLOAD in scope["path"]
        if not is_upload or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        page, _, file = scope["path"].rpartition(UPLOAD)[2].partition("/")
        length = Headers(scope=scope).get("content-length", "")
        # Without a length it could not be refused before it is in memory.
        if not length.isdecimal():
            await PlainTextResponse(NO_LENGTH, 411)(scope, receive, send)
            return
        if why := self._why_not(page, file, int(length), address_of(scope)):
            await PlainTextResponse(why, 413)(scope, receive, send)
            return
        # A key of its own: the same file may be uploaded twice at once.
        upload = object()
        # Counted from here on: concurrent uploads would otherwise each find the same space free.
        self._in_progress[upload] = page, int(length)
        self._addresses[page] = address_of(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            del self._in_progress[upload]

    def _why_not(self, page: str, file: str, size: int, address: str) -> str | None:
        uploaded = {owner: dict(files) for owner, files in (self._uploaded_files() or {}).items()}
        uploaded.get(page, {}).pop(file, None)  # It would be replaced.
        in_progress = list(self._in_progress.values())
        known = uploaded.keys() | {owner for owner, _ in in_progress}
        # No event reports the end of a page's session here, so those that ended are dropped now.
        self._addresses = {owner: at for owner, at in self._addresses.items() if owner in known}

        def total(is_counted: Callable[[str], bool]) -> int:
            in_memory = sum(
                sum(files.values()) for owner, files in uploaded.items() if is_counted(owner)
            )
            return size + in_memory + sum(more for owner, more in in_progress if is_counted(owner))

        files = 1 + len(uploaded.get(page, {})) + sum(owner == page for owner, _ in in_progress)
        if files > MAX_FILES or total(lambda owner: owner == page) > MAX_BYTES:
            return TOO_MUCH
        # No limit for the person at this machine: it is their own memory.
        if address == THIS_MACHINE:
            return None
        at = self._addresses.get
        if total(lambda owner: at(owner) == address) > MAX_ADDRESS_BYTES:
            return ALL_FULL
        return ALL_FULL if total(lambda owner: at(owner) != THIS_MACHINE) > MAX_ALL_BYTES else None
