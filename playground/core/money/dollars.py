"""How sums of money are written, and how an amount that somebody typed is read."""

import re
from decimal import Decimal

LARGEST_USD = Decimal(1_000_000)
_AMOUNT = re.compile(r"\d{1,7}(\.\d{0,6})?|\.\d{1,6}", re.ASCII)


def amount(text: str) -> Decimal | None:
    """Dollars as a person writes them, such as 0.50. Empty: None. Raises ValueError."""
    text = text.strip().removeprefix("$").strip()
    if not text:
        return None
    if not _AMOUNT.fullmatch(text) or Decimal(text) > LARGEST_USD:
        raise ValueError("not an amount of dollars")
    return Decimal(text)


def in_dollars(usd: Decimal) -> str:
    """Dollars with at least two significant digits, never rounded down to nothing."""
    if usd == 0:
        return "$0"
    if usd >= 1:
        return f"${usd:,.2f}"
    return f"${usd:.{max(4, 1 - usd.adjusted())}f}"


def in_all_digits(usd: Decimal) -> str:
    """An amount with exactly the digits that it has: $0.50, $1.009."""
    places = -int(usd.normalize().as_tuple().exponent)
    return f"${usd:,.{max(2, places)}f}" if usd else "$0"
