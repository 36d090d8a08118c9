"""The page, one line a panel in screen order."""

import streamlit as st

from playground.settings import SettingsError
from playground.ui.answer.answers import Places, show_answers
from playground.ui.answer.telling import Telling
from playground.ui.app.warming import warm_up
from playground.ui.editor.draft import keep_draft
from playground.ui.editor.prompt import edit_prompt
from playground.ui.editor.variants import edit_variants
from playground.ui.experiment.experiment import show_experiment
from playground.ui.library.lessons import show_lesson
from playground.ui.log.log import show_log
from playground.ui.page.bar import show_bar
from playground.ui.page.sidebar import show_sidebar
from playground.ui.page.toolbar import show_toolbar
from playground.ui.runs.running import plans
from playground.ui.server.crashes import tell_type_and_place_only
from playground.ui.server.script_queue import in_turn
from playground.ui.session import editor_state, reload_state, state
from playground.ui.session.services import is_here, services
from playground.ui.sharing.link import show_link


@in_turn
def page() -> None:
    tell_type_and_place_only()
    st.set_page_config("Prompt playground", page_icon="🧪", layout="wide")
    try:
        feed = services().feed
    except SettingsError as error:
        st.error(f"A setting of this server can't be used. {error}", icon=":material/settings:")
        st.stop()
    state.initialise(lambda: feed.open_page(Telling))
    is_here(state.owner(), state.fed_page())
    reload_state.introduce()
    editor_state.record()
    above, beneath = st.container(), st.container()
    with beneath:
        places = show_answers()
    with above:
        _show_editor(places)
    show_log()
    show_sidebar()
    keep_draft()
    show_link()
    warm_up()


def _show_editor(places: Places) -> None:
    planned = plans()
    show_bar(planned, places)
    show_lesson()
    show_toolbar()
    edit_prompt(planned)
    edit_variants(planned)
    show_experiment()
