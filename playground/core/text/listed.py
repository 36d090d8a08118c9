"""Words in a row, as a sentence has them."""

from collections.abc import Sequence


def listed(words: Sequence[object]) -> str:
    """“a”, “a and b” or “a, b and c”; empty for none."""
    *first, last = map(str, words or ("",))
    return f"{', '.join(first)} and {last}" if first else last
