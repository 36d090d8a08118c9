"""What the server's output says of a crash."""

import logging

import pytest

from playground.core.request.request import Prompt
from playground.ui.server.crashes import log_type_and_place_only
from playground.ui.server.streamlit_insides import crash_loggers
from playground.ui.widgets.markdown import plain

CANARY = "canary-3f8b1c"
LOGGERS = crash_loggers()


@pytest.fixture
def said():
    """What the loggers print."""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(logging.Formatter().format(record))
    before = {name: list(logging.getLogger(name).filters) for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    yield records
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(handler)
        logging.getLogger(name).filters[:] = before[name]


def crash():
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        raise ValueError(f"Illegal header {CANARY}") from error


@pytest.mark.parametrize("name", LOGGERS)
def test_a_crash_is_printed_without_its_text_or_that_of_its_cause(name, said):
    log_type_and_place_only()
    log_type_and_place_only()
    try:
        crash()
    except ValueError:
        logging.getLogger(name).error("Uncaught: %s", CANARY, exc_info=True)
    assert said == ["ValueError at a place outside of this app"]


def test_a_crash_is_found_by_its_place(said):
    log_type_and_place_only()
    try:
        plain(Prompt("", ()))
    except AttributeError:
        logging.getLogger(LOGGERS[0]).exception("Uncaught")
    assert said[0].startswith("AttributeError at playground/ui/widgets/markdown.py:")
    assert said[0].endswith(", in plain")


def test_other_words_are_printed_as_they_are(said):
    log_type_and_place_only()
    logging.getLogger(LOGGERS[0]).error("The port %d is taken", 8501)
    assert said == ["The port 8501 is taken"]
