"""The page, one line a panel in screen order."""

import streamlit as st

from playground.settings import SettingsError
from playground.ui import editor_state, reload_state, state
from playground.ui.answers import show_answers
from playground.ui.bar import show_bar
from playground.ui.crashes import tell_type_and_place_only
from playground.ui.draft import keep_draft
from playground.ui.experiment import show_experiment
from playground.ui.lessons import show_lesson
from playground.ui.link import show_link
from playground.ui.log import show_log
from playground.ui.phase import next_phase
from playground.ui.prompt import edit_prompt
from playground.ui.running import plans
from playground.ui.services import is_here, services
from playground.ui.sidebar import show_sidebar
from playground.ui.toolbar import show_toolbar
from playground.ui.turns import in_turn
from playground.ui.variants import edit_variants
from playground.ui.warming import warm_up


@in_turn
def page() -> None:
    tell_type_and_place_only()
    st.set_page_config("Prompt playground", page_icon="🧪", layout="wide")
    try:
        feed = services().feed
    except SettingsError as error:
        st.error(f"A setting of this server can't be used. {error}", icon=":material/settings:")
        st.stop()
    state.initialise(feed.open_page)
    is_here(state.owner(), state.fed_page())
    reload_state.introduce()
    editor_state.record()
    drawn_in = next_phase()
    above, beneath = st.container(), st.container()
    bands = [(above, _show_editor), (beneath, lambda: show_answers(drawn_in))]
    # Who pressed Run waits for the answers; once they are whole, for Run.
    is_live = drawn_in.interval_s is not None
    for place, show in bands[::-1] if is_live else bands:
        with place:
            show()
    show_log(drawn_in)
    show_sidebar()
    keep_draft()
    show_link()
    warm_up()


def _show_editor() -> None:
    planned = plans()
    show_bar(planned)
    show_lesson()
    show_toolbar()
    edit_prompt(planned)
    edit_variants(planned)
    show_experiment()
