"""Looks at this server and says what is safe: `python -m playground doctor` and the page."""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st
import streamlit.logger
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.safety import Finding, Observed, Verdict, findings, is_sound
from playground.settings import Settings, SettingsError
from playground.ui.gate import can_log_in
from playground.ui.headers import HEADERS, SafeHeaders
from playground.ui.server import middleware
from playground.ui.services import read_own_settings, try_log

SIGNS: dict[Verdict, str] = {"good": "ok  ", "note": "note", "bad": "BAD "}


def look(settings: Settings, *, is_serving: bool = False) -> Observed:
    """What there is to see of this server. Opens its log, checks it and writes to it.

    `is_serving`: this very process serves a page, so its headers must have gone out.
    """
    place, problem = try_log(settings, datetime.now(UTC))
    return Observed(
        address=st.get_option("server.address") or "",
        allowed_hosts=tuple(st.get_option("server.allowedHosts")),
        error_details=str(st.get_option("client.showErrorDetails")),
        sends_telemetry=bool(st.get_option("browser.gatherUsageStats")),
        has_agent_api=bool(st.get_option("server.enableAgentApi")),
        checks_origins=bool(
            st.get_option("server.enableCORS") and st.get_option("server.enableXsrfProtection")
        ),
        prints_requests=bool(os.environ.get("ANTHROPIC_LOG", "").strip()),
        key_is_from=settings.key_is_from,
        has_owner=settings.owner is not None,
        gate=settings.gate,
        can_log_in=can_log_in(),
        day_usd=settings.budget.day_usd,
        log_place=place,
        log_problem=problem,
        stores_texts=settings.keeps_texts(is_local=False),
        misspelt=settings.misspelt,
        headers_missing=(
            tuple(HEADERS) if is_serving and not SafeHeaders.is_serving else headers_missing()
        ),
    )


def headers_missing() -> tuple[str, ...]:
    """Which headers an answer of the server lacks, asked of its own middleware."""
    sent: list[Message] = []

    async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app: ASGIApp = page
    for each in reversed(middleware()):
        app = each.cls(app, *each.args, **each.kwargs)
    scope = {
        **{"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b""},
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(_ask(app, scope, receive, send))
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return tuple(name for name, value in HEADERS.items() if found.get(name.lower()) != value)


async def _ask(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def main(arguments: Sequence[str]) -> int:
    """Print the self-check; 0 if nothing has to be mended, 1 otherwise, 2 for a wrong call."""
    if list(arguments) != ["doctor"]:
        print("usage: python -m playground doctor", file=sys.stderr)
        return 2
    streamlit.logger.set_log_level("error")  # It warns that no page is running; none is.
    try:
        settings = read_own_settings()
    except SettingsError as error:
        print(f"BAD  Settings: {error}")
        return 1
    found = findings(look(settings))
    for finding in found:
        print(_line(finding))
    return 0 if is_sound(found) else 1


def _line(finding: Finding) -> str:
    remedy = f" {finding.remedy}" if finding.remedy else ""
    return f"{SIGNS[finding.verdict]} {finding.name}: {finding.sentence}{remedy}"
