"""Uncaught exceptions are logged by type and place alone: their text can hold a prompt, a header
or a key. The page says only that there was one (`client.showErrorDetails`)."""

import logging
import traceback
from pathlib import Path

from playground.ui.server.streamlit_insides import crash_loggers

ROOT = Path(__file__).resolve().parents[3]


class TypeAndPlace(logging.Filter):
    """Removes the text of an exception and of its causes from a log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.msg, record.args = "%s at %s", (type(error).__name__, place_of(error))
            # A formatter prints a text that it finds in `exc_text` even without `exc_info`.
            record.exc_info = record.exc_text = None
        return True


def place_of(error: BaseException) -> str:
    """The innermost line of this project's code in an error's traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "playground")]
    if not own:
        return "a place outside of this app"
    frame = own[-1]
    return f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno}, in {frame.name}"


def log_type_and_place_only() -> None:
    """From now on no text of an uncaught exception is logged. Idempotent."""
    for name in crash_loggers():
        logger = logging.getLogger(name)
        # By name: when this file is edited, Streamlit reloads it, with a new class.
        if not any(type(known).__name__ == TypeAndPlace.__name__ for known in logger.filters):
            logger.addFilter(TypeAndPlace())
