"""Imports what is needed soon, at times when nobody waits for anything else."""

import gc
import importlib
from threading import Thread, Timer

import streamlit as st

WARM_UP_AFTER_S = 2.0
"""Until then a browser loads parts of its page from this very process."""


def prepare() -> None:
    """Import what the first page needs while its browser still loads the page's frame."""
    Thread(target=importlib.import_module, args=("genai_prices",), daemon=True).start()


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Import what the first run needs, once the first page was drawn.

    Then take everything imported out of the garbage collector's sight: Streamlit collects
    after each rerun, and would walk through all of it ten times a second.
    """

    def work() -> None:
        for name in ("playground.claude.sending", "pyarrow", "pandas"):
            importlib.import_module(name)
        gc.collect()
        gc.freeze()

    warming = Timer(WARM_UP_AFTER_S, work)
    warming.daemon = True
    warming.start()
