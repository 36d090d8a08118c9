"""A prompt playground for the Claude Messages API.

    core/      values and rules; knows no Streamlit, network, SQL or clock
    claude/    turns a request and a connection into events; the demo lives here
    store/     the run log
    engine/loop.py  one event loop: starts, queues and stops runs
    experiments/  a grid of cells on the engine, a few at a time
    settings.py
    ui/        draws; one file per place on the screen, joined by page.py

`streamlit_app.py` starts server and page; `tests/test_architecture.py` keeps the arrows.
"""
