"""The scripts and style sheets beside this file, from which components are made."""

from pathlib import Path

FOLDER = Path(__file__).parent


def read(*names: str) -> str:
    """These files, one after the other. All in one name space: none exports but the last."""
    return "".join((FOLDER / name).read_text("utf-8") for name in names)
