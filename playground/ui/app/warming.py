"""Imports in advance what is needed soon, while no visitor waits."""

import gc
import importlib
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from threading import Thread, Timer

from playground.settings import SettingsError
from playground.ui.server.streamlit_insides import import_emojis

WARM_UP_AFTER_S = 2.0
"""Until then a browser still loads parts of its page from this process."""


def prepare() -> Thread:
    """Do in a thread what the first page needs, while its browser still loads the page's
    frame: import its parts, open the log, and read the list of prices."""

    def work() -> None:
        importlib.import_module("playground.ui.page.page")
        import_emojis()
        from playground.core.answer.events import Usage
        from playground.core.money.pricing import unit_prices
        from playground.core.request.connection import DEMO
        from playground.ui.session.request_state import MODEL_DEFAULT
        from playground.ui.session.services import services

        with suppress(SettingsError):  # The page says what is wrong.
            services()
        unit_prices(MODEL_DEFAULT, DEMO, Usage(), datetime.now(UTC))

    thread = Thread(target=work, name="prepare", daemon=True)
    thread.start()
    return thread


@cache
def warm_up() -> None:
    """Import what the first run needs, once the first page was drawn.

    Then take everything imported out of the garbage collector's sight: Streamlit collects
    after each rerun, and would walk through all of it ten times a second.
    """

    def work() -> None:
        for name in ("playground.claude.sending", "pyarrow", "pandas"):
            importlib.import_module(name)
        # Collected first: what is frozen is never freed, garbage included.
        gc.collect()
        gc.freeze()

    warming = Timer(WARM_UP_AFTER_S, work)
    # An import must not keep a process alive that was told to end.
    warming.daemon = True
    warming.start()
