"""Numbers as people type them: the text is the truth, and it is read in one way or refused.

A text is refused where two readers could take it for two numbers: `1.000` is one in English and
a thousand in German. Nothing is clamped, rounded or guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from unicodedata import category, decimal

LONGEST: Final = 40
"""Characters of a text that may be a number."""
SHOWN: Final = 24
_SAME: Final = {
    **dict.fromkeys("\u2212\u2010\u2011\u2013\ufe63\uff0d", "-"),
    **dict.fromkeys("\ufe62\uff0b", "+"),
    **dict.fromkeys("\ufe50\uff0c", ","),
    **dict.fromkeys("\ufe52\uff0e", "."),
    **dict.fromkeys("\u2019\u02bc\uff07", "'"),
    **dict.fromkeys("\uff25\uff45", "e"),
    "\t": " ",
    "\u066b": "D",
    "\u066c": "G",
}
"""Characters that stand for one another; D and G are the Arabic marks for decimals and groups."""
_NUMBER: Final = re.compile(r"([+-]?)([0-9][0-9 ,.'_DG]*|[,.D][0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?")
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:([ ,.'_G])[0-9]{3})(?:\1[0-9]{3})*")
_INDIAN: Final = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_EITHER: Final = re.compile(r"[1-9][0-9]{0,2}([,.])[0-9]{3}")


class NumberError(ValueError):
    """Why a text is no number that can be used; one sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class NumberRule:
    """Which numbers a field takes; both bounds are included."""

    name: str
    least: Decimal
    most: Decimal
    is_whole: bool = False
    is_required: bool = False


def rule(
    name: str, least: str, most: str, *, is_whole: bool = False, is_required: bool = False
) -> NumberRule:
    """A rule whose bounds are written as text, so that they are exact."""
    return NumberRule(name, Decimal(least), Decimal(most), is_whole, is_required)


def read_number(text: str, of: NumberRule) -> Decimal | None:
    """The number in a text; None where nothing is typed and nothing has to be. Raises
    `NumberError`."""
    if not text.strip():
        if of.is_required:
            raise NumberError(f"{of.name} is empty. Enter {_range(of)}.")
        return None
    value = _read(text, of)
    if of.is_whole and value != value.to_integral_value():
        raise NumberError(f"{_quoted(text, of)} is not a whole number.")
    if not of.least <= value <= of.most:
        raise NumberError(f"{_quoted(text, of)} is out of range. Enter {_range(of)}.")
    # It is sent as a float: what that cannot hold would be another number than the one shown.
    if not of.is_whole and Decimal(repr(float(value))) != value:
        raise NumberError(f"{_quoted(text, of)} has more digits than can be sent.")
    return value


def read_whole(text: str, of: NumberRule) -> int | None:
    """The whole number in a text, as `read_number`. Raises `NumberError`."""
    value = read_number(text, of)
    return None if value is None else int(value)


def read_float(text: str, of: NumberRule) -> float | None:
    """The number in a text as the float that is written with the same digits. Raises
    `NumberError`."""
    value = read_number(text, of)
    return None if value is None else float(value)


def problem_of(text: str, of: NumberRule) -> str | None:
    """Why this text can't be used; None if it can."""
    try:
        read_number(text, of)
    except NumberError as error:
        return str(error)
    return None


def number_text(value: float | Decimal | None) -> str:
    """A number as a field shows it first, with all of its digits; None: an empty field."""
    if value is None:
        return ""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    # Its size is looked at before it is written out: 1e308 has 309 digits.
    text = f"{exact:f}" if exact.is_finite() and abs(exact.adjusted()) <= LONGEST else ""
    if not 0 < len(text) <= LONGEST:
        digits, mark, exponent = str(value).lower().partition("e")
        return f"{digits}0{mark}{exponent}" if _EITHER.fullmatch(digits.lstrip("-")) else str(value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    # With a fourth decimal it can't be taken for thousands.
    return f"{text}0" if _EITHER.fullmatch(text.lstrip("-")) else text


def value_text(value: object) -> str:
    """A value of a request as the page writes it: 1 and 1.0 are the same number, and look alike."""
    return number_text(value) if isinstance(value, float) else str(value)


def _read(text: str, of: NumberRule) -> Decimal:
    if len(text) > LONGEST:
        raise NumberError(f"{_quoted(text, of)} is too long for a number.")
    plain = "".join(_plain(text, of)).strip()
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise NumberError(f"{_quoted(text, of)} is not a number.")
    sign, body, exponent = match.groups()
    digits = _digits(body, text, of, is_count=of.is_whole and exponent is None)
    value = Decimal(f"{sign}{digits}e{exponent or 0}")
    # Minus zero would be shown and sent as -0.
    return value if value else abs(value)


def _plain(text: str, of: NumberRule) -> Iterator[str]:
    """The text with one character for each meaning."""
    for letter in text:
        digit = decimal(letter, None)
        if digit is not None:
            yield str(digit)
        elif letter in _SAME:
            yield _SAME[letter]
        elif category(letter) == "Zs":
            yield " "
        elif category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            # Some of them turn digits round on the screen.
            raise NumberError(
                f"{of.name} has an invisible character (U+{ord(letter):04X}). Type the "
                "number again."
            )
        # These two letters stand for Arabic marks by now: typed, they must not pass for them.
        elif letter in "DG":
            yield "?"
        else:
            yield letter


def _digits(body: str, text: str, of: NumberRule, *, is_count: bool) -> str:
    """Digits with a decimal point at most, from digits with any marks between them.

    In a count a comma before three digits is the page's own mark for thousands.
    """
    marks = [letter for letter in body if not letter.isdigit()]
    if not marks:
        return _whole_part(body, text, of)
    last = marks[-1]
    if not body[-1].isdigit():
        raise NumberError(f"{_quoted(text, of)} is not finished: a digit is missing at its end.")
    is_either = _EITHER.fullmatch(body) is not None
    if is_either and not (is_count and last == ","):
        as_decimal, as_count = body.replace(",", "."), body.replace(last, "")
        decimal_text = number_text(Decimal(as_decimal))
        raise NumberError(
            f"{_quoted(text, of)} could mean {decimal_text} or {as_count}. Write one of these."
        )
    is_decimal = last in ",.D" and marks.count(last) == 1 and not is_either
    if not is_decimal:
        return _whole_part(body, text, of)
    if is_count:  # `1,00` may be the beginning of `1,000`.
        raise NumberError(f"{_quoted(text, of)} is not a whole number.")
    whole, fraction = body.split(last)
    return f"{_whole_part(whole, text, of) if whole else '0'}.{fraction}"


def _whole_part(whole: str, text: str, of: NumberRule) -> str:
    if whole.isdigit():
        if len(whole) > 1 and whole[0] == "0":
            raise NumberError(f"{_quoted(text, of)} begins with a superfluous zero.")
        return whole
    if not (_GROUPED.fullmatch(whole) or _INDIAN.fullmatch(whole)):
        raise NumberError(f"{_quoted(text, of)} is not a number: its digits are oddly grouped.")
    return re.sub(r"\D", "", whole)


def _quoted(text: str, of: NumberRule) -> str:
    typed = text.strip()
    return f"{of.name} “{typed if len(typed) <= SHOWN else typed[:SHOWN] + '…'}”"


def _range(of: NumberRule) -> str:
    kind = "a whole number" if of.is_whole else "a number"
    return f"{kind} from {of.least:,} to {of.most:,}"
