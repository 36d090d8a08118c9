"""The page, one line a panel in screen order."""

from playground.ui.answer.answers import Places, show_answers
from playground.ui.app.warming import warm_up
from playground.ui.editor.draft import keep_draft
from playground.ui.editor.prompt import edit_prompt
from playground.ui.editor.variants import edit_variants
from playground.ui.experiment.experiment import show_experiment
from playground.ui.library.lessons import show_lesson
from playground.ui.log.log import show_log
from playground.ui.page.frame import Frame, make_frame, open_page
from playground.ui.page.header import show_header
from playground.ui.page.run_bar import show_bar
from playground.ui.page.sidebar import show_sidebar
from playground.ui.runs.running import plans
from playground.ui.server.crashes import log_type_and_place_only
from playground.ui.server.script_queue import in_turn
from playground.ui.server.streamlit_insides import reset_containers
from playground.ui.session import editor_state, late_values_state, reload_state, state
from playground.ui.session.services import keep_alive
from playground.ui.sharing.link import show_link


@in_turn
def page() -> None:
    reset_containers()
    log_type_and_place_only()
    open_page()
    keep_alive(state.owner(), state.fed_page())
    reload_state.allow_handover()
    # Before anything is drawn: Streamlit refuses a new value for a widget that is drawn already.
    editor_state.record()
    frame = make_frame()
    with frame.right:
        # The answers first and the sidebar last: after a press of Run the cards are waited for.
        places = show_answers(frame.above)
    _show_editor(frame, places)
    with frame.log:
        show_log()
    show_sidebar()
    keep_draft()
    late_values_state.mark_sent()
    show_link()
    warm_up()


def _show_editor(frame: Frame, places: Places) -> None:
    planned = plans()
    show_bar(frame, planned, places)
    with frame.header:
        show_header()
    with frame.left:
        show_lesson()
        edit_prompt(planned)
        edit_variants(planned)
    with frame.right:
        show_experiment()
