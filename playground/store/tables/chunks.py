"""Cuts what is asked for, or written, into statements that no database finds too long."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def in_chunks(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Yield the items a few at a time; none is held longer than its chunk."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
