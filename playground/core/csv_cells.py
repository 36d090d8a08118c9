"""Text cells of a CSV file that no spreadsheet takes for a formula."""

_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")


def safe_cell(text: str) -> str:
    """The text, behind a `'` if a spreadsheet could run it; spaces before it hide nothing."""
    is_formula = text[:1] in _STARTS or text.lstrip()[:1] in _STARTS
    return f"'{text}" if text and is_formula else text
