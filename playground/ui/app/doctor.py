"""The self-check of this server's safety, for `python -m playground doctor` and the page."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.money.budget import Budget
from playground.core.request.connection import key_problem
from playground.core.text.key_shapes import masked
from playground.core.visitors.self_check import Finding, Observed, Verdict, findings, is_sound
from playground.settings import Settings, SettingsError
from playground.ui.app.routes import middleware
from playground.ui.server.security_headers import HEADERS, SafeHeaders
from playground.ui.server.streamlit_insides import configure, print_errors_only, where_defined
from playground.ui.session.services import check_log, is_log_in_memory, read_own_settings
from playground.ui.visitors.gate import can_log_in

CONFIG_FILE: Final = os.path.join(".streamlit", "config.toml")
HOSTS: Final = "server.allowedHosts"
ORIGINS: Final = "server.corsAllowedOrigins"
GIT_S: Final = 5.0
SIGNS: dict[Verdict, str] = {"good": "ok  ", "note": "note", "bad": "BAD "}


def observe(settings: Settings, *, is_serving: bool = False) -> Observed:
    """Collect the facts that the self-check judges. Opens the log, checks it and writes to it.

    `is_serving`: this very process serves a page, so its headers must have gone out.
    """
    place, problem = check_log(settings, datetime.now(UTC))
    owner = settings.owner
    return Observed(
        address=st.get_option("server.address") or "",
        allowed_hosts=_texts_in(HOSTS) or (),
        error_details=str(st.get_option("client.showErrorDetails")),
        links_errors=bool(st.get_option("client.showErrorLinks")),
        sends_telemetry=bool(st.get_option("browser.gatherUsageStats")),
        has_agent_api=bool(st.get_option("server.enableAgentApi")),
        checks_origins=bool(
            st.get_option("server.enableCORS")
            and st.get_option("server.enableXsrfProtection")
            and not st.get_option("global.developmentMode")
        ),
        trusts_headers=bool(st.get_option("server.trustedUserHeaders")),
        publishes_visitors=bool(st.get_option("server.unsafeMetricsUserAttributes")),
        hosts_from_elsewhere=not where_defined(HOSTS).endswith(CONFIG_FILE),
        cors_origins=_texts_in(ORIGINS) or (),
        prints_requests=bool(os.environ.get("ANTHROPIC_LOG", "").strip()),
        writes_tls_keys=bool(os.environ.get("SSLKEYLOGFILE")),
        prints_crashes=bool(st.get_option("logger.enableRich")),
        prints_messages=str(st.get_option("logger.level")).lower() == "debug",
        offers_data_export=not st.get_option("client.disableDataExport"),
        secrets_problems=tuple(secrets_problems(map(Path, st.get_option("secrets.files")))),
        key_is_from=settings.key_is_from,
        key_problem=key_problem(settings.key) if settings.key else None,
        server_url=owner.base_url if owner is not None and owner.kind == "server" else "",
        has_server_price=owner is None or owner.kind != "server" or owner.flat_price is not None,
        has_budget=settings.budget != Budget(),
        has_owner=settings.owner is not None,
        gate=settings.gate,
        can_log_in=can_log_in(),
        day_usd=settings.budget.day_usd,
        log_place=place,
        log_problem=problem,
        is_log_in_memory=is_log_in_memory(settings),
        # Asked for strangers: whoever sits at the machine can read the log anyway.
        stores_texts=settings.keeps_texts(is_local=False),
        unused=(*settings.unused, *_no_lists()),
        headers_missing=(
            tuple(HEADERS) if is_serving and not SafeHeaders.is_serving else headers_missing()
        ),
    )


def _texts_in(option: str) -> tuple[str, ...] | None:
    """What a list among Streamlit's options holds; None if it is no list of texts, which only a
    configuration file can say."""
    value: object = st.get_option(option)
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        return None
    return tuple(value)


def _no_lists() -> Iterator[str]:
    for option in (HOSTS, ORIGINS):
        if _texts_in(option) is None:
            yield f'{option} must be a list of strings, such as ["app.example"].'


def secrets_problems(files: Iterable[Path]) -> Iterator[str]:
    """A sentence for each way in which others may get at a file of secrets."""
    for path in filter(Path.exists, files):
        name = f"{path.parent.name}/{path.name}"
        # Windows keeps no such bits.
        if os.name == "posix" and path.stat().st_mode & stat.S_IROTH:
            yield f"{name} is readable by every user of this machine."
        if _is_in_git(path):
            yield f"{name} is in git, or staged."


def _is_in_git(path: Path) -> bool:
    # A checkout that belongs to somebody else is read all the same; none of its hooks is run.
    trusted = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
    listed = ("ls-files", "--error-unmatch", "--", path.name)
    git = shutil.which("git")
    if git is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 (each word is ours, but for the folder's name)
            [git, *trusted, "-C", str(path.parent), *listed],
            capture_output=True,
            timeout=GIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def headers_missing() -> tuple[str, ...]:
    """The headers that the server's responses lack, by a request to its own middleware."""
    sent: list[Message] = []

    async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app: ASGIApp = page
    # The list begins with the outermost, which goes around all others and so comes last.
    for layer in reversed(middleware()):
        app = layer.cls(app, *layer.args, **layer.kwargs)
    scope = {
        **{"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b""},
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(_call(app, scope, receive, send))
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return tuple(name for name, value in HEADERS.items() if headers.get(name.lower()) != value)


async def _call(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def main(arguments: Sequence[str]) -> int:
    """Print the self-check; 0 if nothing has to be mended, 1 otherwise, 2 for a wrong call.

    It takes the options of `streamlit run`, so that a server can be judged with its own.
    """
    if not arguments or arguments[0] != "doctor":
        print("usage: python -m playground doctor [options of streamlit run]", file=sys.stderr)
        return 2
    try:
        configure(arguments[1:])
    except click.ClickException as error:
        # Masked, here and below: a key may have been typed into another setting.
        print(masked(f"BAD  Settings: {' '.join(error.format_message().split())}"))
        return 1
    print_errors_only()  # It warns that no page is running; none is.
    try:
        settings = read_own_settings()
    except SettingsError as error:
        print(masked(f"BAD  Settings: {error}"))
        return 1
    results = findings(observe(settings))
    for finding in results:
        print(masked(_line(finding)))
    return 0 if is_sound(results) else 1


def _line(finding: Finding) -> str:
    remedy = f" {finding.remedy}" if finding.remedy else ""
    return f"{SIGNS[finding.verdict]} {finding.name}: {finding.sentence}{remedy}"
