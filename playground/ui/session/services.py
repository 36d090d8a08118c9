"""The services of the process, built once: engine, log, clients, settings."""

import asyncio
import atexit
import importlib
import os
import re
import sys
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from playground.batches.interfaces import Results
from playground.batches.submitting import BatchService
from playground.core.answer.events import Event
from playground.core.answer.failures import Failure
from playground.core.answer.raw_events import RawEvents
from playground.core.money.budget import within_budget
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import Model
from playground.core.runs.run_plan import Plan, require_sendable
from playground.core.visitors.access import LOCAL
from playground.core.visitors.pace import RateLimit, RateLimiter
from playground.core.visitors.passcode import Passcode
from playground.core.visitors.queue_places import uses_demo_lane
from playground.core.wire.exchange import SentRequest
from playground.engine.loop import Engine
from playground.engine.run import Run
from playground.engine.run_rows import log_record, run_row
from playground.experiments.claims import Claims
from playground.experiments.interfaces import Admit, Dependencies, ReserveAgain
from playground.settings import Settings, SettingsError, read_settings
from playground.store.log import RunLog
from playground.store.writing.inspection import is_in_process_memory, place_of, problem_of
from playground.ui.server.feed import FedPage, Feed
from playground.ui.server.page_sockets import is_closed, socket_name
from playground.ui.session.answers_state import View

COUNT_PACE, COUNTS_PACE = RateLimit(burst=12, per_s=0.2), RateLimit(burst=60, per_s=2.0)
"""How often one stranger may have a prompt counted, and all of them together."""
MODELS_PACE, ALL_MODELS_PACE = RateLimit(burst=6, per_s=0.1), RateLimit(burst=60, per_s=1.0)
"""How often one stranger's page may have an account's models read, and all of them together."""
SHARED_MODULE = "playground_services"

if TYPE_CHECKING:
    from playground.claude.batch.batches import BatchApi
    from playground.claude.demo.faults import Scenario
    from playground.claude.sending import Clients


# Together less than the five seconds that the server waits as it ends (`CLOSED_WITHIN_S`).
SUBMITTED_WITHIN_S, DISCONNECTED_WITHIN_S, ENDED_WITHIN_S, WRITTEN_WITHIN_S = 1.5, 0.5, 1.0, 1.5


class Services:
    """What the whole process shares. Holds no visitor's key."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = RunLog(settings.log_url, clock=lambda: datetime.now(UTC))
        self.passcode = Passcode(settings.passcode)
        self._clients: Clients | None = None
        self._clients_to_nowhere: Clients | None = None
        self.engine = Engine(
            self.record,
            self.record,
            max_runs=settings.max_runs,
            max_runs_per_visitor=settings.max_runs_per_visitor,
            max_waiting=settings.max_waiting,
            # Strangers' demo runs have places of their own, or they would take those of runs that
            # somebody pays for.
            uses_demo_lane=lambda run: uses_demo_lane(run.visitor, run.plan.connection),
            grace_s=settings.page_gone_s,
            on_gone=self.log.open_pages.close,
        )
        self.feed: Feed[View] = Feed(self.engine.stop)
        self._counts = RateLimiter(COUNT_PACE, COUNTS_PACE)
        self._model_reads = RateLimiter(MODELS_PACE, ALL_MODELS_PACE)
        # A signal handler, the app's lifespan and `atexit` all close: a second call waits for the
        # first.
        self._closing = threading.Lock()
        self._is_closed = False
        self._claims = Claims(self.log.claims)
        self.batching = BatchService(
            self.engine.call, self.log, self.log.batches, self._batch_calls, self._claims
        )

    def close(self) -> None:
        """Stop all runs, with their rows in the log, and close everything, within five seconds.
        Submissions under way get some time to receive the ids of their batches."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            # Runs are stopped before their clients are closed: a run that loses its connection
            # would be logged as failed.
            self.engine.stop_all()
            until_s = time.monotonic() + SUBMITTED_WITHIN_S
            # A submission that is interrupted here may have created a batch whose id is lost.
            while self.engine.live_owners or self.batching.submitting:
                if time.monotonic() > until_s:
                    break
                time.sleep(0.02)
            clients, self._clients = self._clients, None
            if clients is not None:
                with suppress(TimeoutError):
                    self.engine.call(clients.close()).result(DISCONNECTED_WITHIN_S)
            self.engine.close(ENDED_WITHIN_S)
            # The log is closed last: whatever is stopped above still writes its row.
            self.log.close(WRITTEN_WITHIN_S)

    def start(self, run: Run, key: str, reserve_again: ReserveAgain | None) -> None:
        """Send a run's plan. The key is not stored here. `reserve_again` is what `spending.admit`
        returned: a run may start only after it was admitted there.

        Raises `RefusedPlanError` for a plan that must not be sent.
        """
        require_sendable(run.plan.why_not)

        def send() -> AsyncGenerator[Event, None]:
            events = self._send(run.plan, key, run.raw)
            if reserve_again is None:
                return events
            # In a thread: it queries the database, which would block the loop, and so every answer.
            return within_budget(events, lambda: asyncio.to_thread(reserve_again))

        self.engine.start(run, send)

    def dependencies(self, key: str, admit: Admit) -> Dependencies:
        """The dependencies of an experiment; they hold the key until its page drops them."""

        def start(run: Run, reserve_again: ReserveAgain | None) -> None:
            self.start(run, key, reserve_again)

        return Dependencies(self.engine, self._claims, self.log.experiments, admit, start, run_row)

    async def _send(self, plan: Plan, key: str, raw: RawEvents) -> AsyncGenerator[Event, None]:
        await _import_sdk()
        from playground.claude.sending import Timing, send

        events = send(
            self._shared_clients(), plan.connection, key, plan.wire, plan.policy, Timing(), raw
        )
        async for event in events:
            yield event

    def preview(self, plan: Plan, key: str) -> "Future[SentRequest | Failure]":
        """Build the request that a run of this plan would send, without sending it."""

        async def build() -> SentRequest | Failure:
            await _import_sdk()
            from playground.claude.preview import clients_to_nowhere, preview

            if self._clients_to_nowhere is None:
                self._clients_to_nowhere = clients_to_nowhere()
            return await preview(self._clients_to_nowhere, plan.connection, key, plan.wire)

        return self.engine.call(build())

    def read_models(
        self, connection: Connection, key: str
    ) -> "Future[tuple[Model, ...] | Failure]":
        """Request the account's list of models, in the background."""

        async def read() -> tuple[Model, ...] | Failure:
            await _import_sdk()
            from playground.claude.models import list_models

            return await list_models(self._shared_clients(), connection, key)

        return self.engine.call(read())

    def acquire_model_read(self, visitor: str) -> bool:
        """Take one request for a list of models from the visitor's rate limit, if it allows it."""
        return visitor == LOCAL or self._model_reads.take(visitor, 1, time.monotonic())

    def acquire_count(self, visitor: str) -> bool:
        """Take one count from the visitor's rate limit, if it allows it. Counting is free, but all
        visitors share the account's limit per minute."""
        return visitor == LOCAL or self._counts.take(visitor, 1, time.monotonic())

    def count_tokens(self, plan: Plan, key: str) -> "Future[int | Failure]":
        """Request the number of a request's input tokens, in the background.

        Raises `RefusedPlanError` for a plan that must not be sent.
        """
        require_sendable(None if plan.can_count else plan.why_not)

        async def count() -> int | Failure:
            await _import_sdk()
            from playground.claude.token_count import count_tokens

            clients = self._shared_clients()
            return await count_tokens(clients, plan.connection, key, plan.wire)

        return self.engine.call(count())

    async def _batch_calls(self) -> "tuple[BatchApi, Results]":
        await _import_sdk()
        from playground.claude.batch.batches import BatchApi
        from playground.claude.batch.results import results

        api = BatchApi(self._shared_clients())
        return api, partial(results, api)

    def _shared_clients(self) -> "Clients":
        # Imported late: the SDK takes more than a second, which would delay the first page.
        from playground.claude.sending import Clients

        if self._clients is None:
            self._clients = Clients()
        return self._clients

    def scenarios(self) -> Mapping[str, "Scenario"]:
        """The faults that the demo can simulate, by name."""
        from playground.claude.demo.faults import SCENARIOS

        return SCENARIOS

    def record(self, run: Run) -> None:
        """Write the row of a run into the log."""
        keeps_texts = self.settings.keeps_texts(is_local=run.visitor == LOCAL)
        # Texts that must not be stored live in memory, and no longer than the page that made them.
        page = None if keeps_texts else run.owner
        self.log.record(*log_record(run), only_on_page=page)


async def _import_sdk() -> None:
    """Import the SDK in a thread: on the loop it would block Stop for a second."""
    await asyncio.to_thread(importlib.import_module, "playground.claude.sending")


def _secrets() -> dict[str, object]:
    try:
        return dict(st.secrets.to_dict())
    except StreamlitSecretNotFoundError as error:
        if error.error_id == "no-secrets-found":
            return {}
        # Never the message itself: it may repeat a line of the file.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error.__cause__))
        where = f" ({place[0]})" if place else ""
        raise SettingsError(f"The secrets can't be read: they are not valid TOML{where}") from None
    except (OSError, UnicodeDecodeError) as error:
        why = "not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "closed to this app"
        raise SettingsError(f"The secrets can't be read: their file is {why}") from None


def read_own_settings() -> Settings:
    """The settings of this process. Raises `SettingsError` for one that cannot be used."""
    return read_settings(os.environ, _secrets())


def check_log(settings: Settings, now: datetime) -> tuple[str, str | None]:
    """Where the log lives, and what is wrong with it."""
    return place_of(settings.log_url), problem_of(settings.log_url, now)


def is_log_in_memory(settings: Settings) -> bool:
    """Whether the log is gone when the app ends."""
    return is_in_process_memory(settings.log_url)


def services() -> Services:
    """The process's services. Raises `SettingsError` for a setting that cannot be used."""
    shared = _process_state()
    # Pages that open at once would otherwise each begin an engine and open the log.
    with shared["lock"]:
        if "services" not in shared:
            shared["services"] = Services(read_own_settings())
            # For a server without a lifespan: only one that runs the app (`routes.py`) has it.
            atexit.register(shared["services"].close)
        parts: Services = shared["services"]
        return parts


def close_services() -> None:
    """Close the services, if they were built; returns when they are closed."""
    if (parts := _process_state().get("services")) is not None:
        parts.close()


def reset_services() -> None:
    """Have the next `services()` build new ones. The present ones are not closed."""
    _process_state().pop("services", None)


def _process_state() -> dict[str, Any]:
    # Not in Streamlit's cache, which a message of any visitor's browser can clear. Nor in this
    # module, which Streamlit reloads when it is edited; a module without a file it keeps.
    shared = vars(sys.modules.setdefault(SHARED_MODULE, ModuleType(SHARED_MODULE)))
    shared.setdefault("lock", threading.RLock())
    return shared


def keep_alive(owner: str, page: FedPage[View]) -> None:
    """Register this page with the engine as alive, with a way to check whether it still is: by the
    feed's socket or the page's own."""
    # Weak: the engine must not keep a page whose session is over.
    name, page_ref = socket_name(), weakref.ref(page)

    def is_connected() -> bool:
        page = page_ref()
        return page is not None and (page.has_socket or not is_closed(name))

    services().engine.page_seen(owner, is_connected)
    services().log.open_pages.open(owner)
