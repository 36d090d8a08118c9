"""Start with `streamlit run streamlit_app.py`. What is on the page: playground/ui/page/page.py."""

import streamlit as st

if st.runtime.exists():
    from playground.ui.page.page import page

    page()
else:
    # The server imports this file as it starts. One that only runs it has no feed: pages poll.
    from playground.ui.app.routes import lifespan, middleware, routes

    app = st.App(__file__, routes=routes(), middleware=middleware(), lifespan=lifespan)
