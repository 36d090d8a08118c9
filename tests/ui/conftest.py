"""The page as Streamlit runs it, on the demo, with services of its own for each test."""

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch, tmp_path):
    """Each test gets services of its own: a new log, no runs."""
    import streamlit as st

    monkeypatch.setenv("PLAYGROUND_LOG", f"sqlite:///{tmp_path}/runs.db")
    st.cache_resource.clear()
    yield
    from playground.ui.services import services

    built = services()
    built.engine.close()
    built.log.close()
    st.cache_resource.clear()


@pytest.fixture
def page():
    return AppTest.from_file(SCRIPT, default_timeout=30).run()
