"""The types of the log's columns, and what becomes of a value that none of them allows.

SQLite keeps whatever a program writes into a column: a text that is no UTF-8, a blob, a fraction.
PostgreSQL holds every moment of 64 bits, most of them beyond Python's years. Such a value must not
keep the rest of its row, or any other row, from being read.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from weakref import WeakSet

import sqlalchemy as sa

PICO_PER_USD = 10**12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FIRST_US, _LAST_US = ((moment - _EPOCH) // _MICROSECOND for moment in (_FIRST, _LAST))
_MOST = 2**63

MISFITS = (
    "The log holds values that this app did not write. Unreadable parts of a text show as \ufffd, "
    "unreadable numbers and times as unknown, an unreadable status as interrupted."
)
# An engine has its own dialect object, which is all that a type is told about where it reads.
_reported_dialects: WeakSet[sa.Dialect] = WeakSet()


def has_misfits(engines: Iterable[sa.Engine]) -> bool:
    """Whether something was read that its column's type does not allow."""
    return any(engine.dialect in _reported_dialects for engine in engines)


def decode(raw: bytes, dialect: sa.Dialect) -> str:
    """A text of the database, whatever its bytes are."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        _reported_dialects.add(dialect)
        return raw.decode(errors="replace")


class AnyText(sa.TypeDecorator[str]):
    """A text; a blob is read as one."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: object, dialect: sa.Dialect) -> str | None:
        if value is None or isinstance(value, str):
            return value
        _reported_dialects.add(dialect)
        return decode(value, dialect) if isinstance(value, bytes) else str(value)


class OneOf(sa.TypeDecorator[str]):
    """One of some words; `otherwise` stands for any other."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, words: tuple[str, ...], *, otherwise: str) -> None:
        super().__init__()
        self.words, self.otherwise = words, otherwise

    def process_result_value(self, value: object, dialect: sa.Dialect) -> str | None:
        if value is None or (isinstance(value, str) and value in self.words):
            return value
        _reported_dialects.add(dialect)
        return self.otherwise


class Whole(sa.TypeDecorator[int]):
    """A whole number; `otherwise` stands for what is none."""

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, *, otherwise: int | None = None, is_small: bool = False) -> None:
        super().__init__()
        self.otherwise, self.is_small = otherwise, is_small

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[int]:
        return dialect.type_descriptor(sa.Integer() if self.is_small else sa.BigInteger())

    def process_result_value(self, value: object, dialect: sa.Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        whole = _whole(value)
        if whole is None:
            _reported_dialects.add(dialect)
        return self.otherwise if whole is None else whole


class Seconds(sa.TypeDecorator[float]):
    """A number of seconds; None stands for what is none."""

    impl = sa.Double
    cache_ok = True

    def process_result_value(self, value: object, dialect: sa.Dialect) -> float | None:
        if value is None or (isinstance(value, int | float) and math.isfinite(value)):
            return value
        _reported_dialects.add(dialect)
        return None


class PicoDollars(sa.TypeDecorator[Decimal]):
    """Money as a whole number of 1e-12 dollars: SQLite has no exact decimals to sum."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int((value * PICO_PER_USD).to_integral_value())

    def process_result_value(self, value: object, dialect: sa.Dialect) -> Decimal | None:
        if value is None:
            return None
        picos = _whole(value)
        if picos is None:
            _reported_dialects.add(dialect)
        return None if picos is None else Decimal(picos) / PICO_PER_USD


class UtcMicroseconds(sa.TypeDecorator[datetime]):
    """A moment as microseconds since 1970: SQLite would drop the time zone."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: object, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, int | float | Decimal) and _FIRST_US <= value <= _LAST_US:
            return _EPOCH + int(value) * _MICROSECOND
        _reported_dialects.add(dialect)
        # In SQLite's order what is no number comes after all that are.
        is_early = isinstance(value, int | float | Decimal) and value < _FIRST_US
        return _FIRST if is_early else _LAST


def _whole(value: object) -> int | None:
    """The value, if it is a whole number in some form; sums of PostgreSQL come as Decimal."""
    if isinstance(value, int):
        return value
    # SQLite turns whole numbers beyond 64 bits into floats, which are only about right.
    if isinstance(value, Decimal) or (isinstance(value, float) and abs(value) < _MOST):
        return int(value) if value == int(value) else None
    return None


TEXT = AnyText()
COUNT = Whole(otherwise=0, is_small=True)
"""A number of 32 bits that is never missing."""
# Ids are compared in Python, too, so Postgres must also order them by code point.
ID = AnyText().with_variant(sa.Text(collation="C"), "postgresql")
