"""The safety panel: what is stored of a visitor, and the results of the self-check."""

import streamlit as st

from playground.core.visitors.self_check import Verdict, findings
from playground.ui.app.doctor import observe
from playground.ui.server.visitor import is_local
from playground.ui.session.services import services
from playground.ui.visitors.privacy import what_is_kept
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.markdown import plain

SAFETY, CHECK_AGAIN = "safety", "check_again"
ICONS: dict[Verdict, str] = {
    "good": ":green[:material/check_circle:]",
    "note": ":orange[:material/info:]",
    "bad": ":red[:material/error:]",
}
YOUR_KEY = (
    "A key you type stays in this session's memory, goes to the Claude API only, and is gone "
    "when the page is closed."
)


def offer_safety() -> None:
    """Draw the button that opens the panel."""
    offer_dialog(SAFETY, "Safety", ":material/shield:", "Safety", _show)


def _show() -> None:
    st.markdown(plain(what_is_kept()))
    st.markdown(YOUR_KEY)
    for finding in findings(observe(services().settings, is_serving=True)):
        # Problems of the server are shown to its owner, not to strangers.
        if is_local() or finding.is_public:
            line = f"{ICONS[finding.verdict]} **{finding.name}** {plain(finding.sentence)}"
            st.markdown(f"{line} :gray[{plain(finding.remedy)}]" if finding.remedy else line)
    st.button("Check again", key=CHECK_AGAIN, icon=":material/refresh:")
