"""Text cells of a CSV file that no spreadsheet takes for a formula.

A spreadsheet whose separator is `;` or a tab takes the text after one inside a cell for a cell
of its own, and ends a row at a line break inside quotes that it did not see opened. So a `'`
goes wherever one of them could begin a cell. (https://owasp.org/www-community/attacks/CSV_Injection)
"""

import re
from typing import Final

UTF8_MARK: Final = "\ufeff"
"""At the start of a file it tells spreadsheets that it is UTF-8."""
NOT_EXACT: Final = "a ' is put before anything a spreadsheet would run as a formula"
EXCELS_CELL: Final = "Excel takes at most 32,767 characters in a cell"
"""More of a text it drops, or lets run into the rows beneath: the file has all of it."""
_STARTS: Final = "=+\\-@＝＋－＠"
_BREAKS: Final = ";\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_FORMULA: Final = re.compile(rf"(\A|[{_BREAKS}])(?=(?:(?![{_BREAKS}])[\s\"\0\ufeff])*[{_STARTS}])")
_DROPPED: Final = re.compile(r"[\t\r\n]|\s*\0")
"""What some spreadsheets drop at the beginning of a cell."""


def safe_cell(text: str) -> str:
    """The text, with a `'` before whatever a spreadsheet could run."""
    safe = _FORMULA.sub(r"\1'", text)
    return f"'{safe}" if _DROPPED.match(text) and safe[0] != "'" else safe
