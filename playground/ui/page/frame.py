"""The page's frame: its header, two panes side by side, the log beneath, Run always in sight."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.settings import SettingsError
from playground.ui.answer.patches import AnswerUpdates
from playground.ui.experiment.experiment import choose_pane
from playground.ui.session import state
from playground.ui.session.services import services

STYLE = Path(__file__).with_name("page.css").read_text("utf-8")
SCRIPT = Path(__file__).with_name("page.js").read_text("utf-8")
SHARES = (4, 7)
"""The editor's and the answers' shares of the width."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The containers for the parts of the page, in reading order."""

    header: DeltaGenerator
    left: DeltaGenerator
    above: DeltaGenerator
    """In the header of the right pane."""
    right: DeltaGenerator
    log: DeltaGenerator
    bar: DeltaGenerator


def open_page() -> None:
    """Set the page's title, and initialise its session."""
    st.set_page_config(
        "Prompt playground", page_icon="🧪", layout="wide", initial_sidebar_state="collapsed"
    )
    try:
        feed = services().feed
    except SettingsError as error:
        st.error(f"A setting of this server can't be used. {error}", icon=":material/settings:")
        st.stop()
    state.initialise(lambda: feed.open_page(AnswerUpdates))


def make_frame() -> Frame:
    """Make all containers first, so that later drawing does not move them."""
    # Isolated, a style sheet reaches its own component alone; this one is the whole page's.
    mount = st.components.v2.component("page", css=STYLE, js=SCRIPT, isolate_styles=False)
    header = st.container(key="header")
    with header:
        mount(key="page", height=1)
    with st.container(key="panes"):
        left_column, right_column = st.columns(SHARES, gap="small")
    left, right = left_column.container(key="left"), right_column.container(key="right")
    with right.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center",
        key="right_head",
    ):  # fmt: skip
        choose_pane()
        above = st.container(width="content")
    log = st.container()
    with st.bottom:
        bar = st.container()
    return Frame(header, left, above, right, log, bar)
