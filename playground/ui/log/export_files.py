"""Writes runs into a file, a part at a time: CSV, JSONL or Parquet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import IO

from playground.core.log.history import LoggedRun
from playground.core.log.run_file import cells_of, columns, line_of, values_of
from playground.core.text.csv_cells import EXCELS_CELL, NOT_EXACT

Parts = Iterable[list[LoggedRun]]
Writer = Callable[[IO[bytes], Parts, bool], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    name: str
    suffix: str
    mime: str
    about: str
    write: Writer


def _write_csv(file: IO[bytes], parts: Parts, with_texts: bool) -> Iterator[int]:
    # The mark at the start tells spreadsheets that it is UTF-8.
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    names = columns(with_texts=with_texts)
    rows = csv.writer(text)
    try:
        rows.writerow(names)
        for part in parts:
            rows.writerows(cells_of(run, names) for run in part)
            yield len(part)
    finally:
        # A wrapper that is collected closes its file, which is still to be read.
        text.detach()


def _write_jsonl(file: IO[bytes], parts: Parts, with_texts: bool) -> Iterator[int]:
    for part in parts:
        file.writelines(f"{line_of(run)}\n".encode() for run in part)
        yield len(part)


def _write_parquet(file: IO[bytes], parts: Parts, with_texts: bool) -> Iterator[int]:
    # Half a second to import.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = pa.schema([(name, _type(pa, name)) for name in columns(with_texts=with_texts)])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            rows = [_storable(values_of(run)) for run in part]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            yield len(part)


def _storable(values: Mapping[str, object]) -> dict[str, object]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def _type(pa: ModuleType, name: str) -> object:
    if name.endswith("_at"):
        return pa.timestamp("us", tz="UTC")
    if name.endswith("_usd"):
        # Exact, as the log has it; a float would not be.
        return pa.decimal128(38, 12)
    if name.endswith("_s"):
        return pa.float64()
    if name == "tags":
        return pa.list_(pa.string())
    if name == "starred":
        return pa.bool_()
    is_number = name.endswith("_tokens") or name in ("press", "attempts", "http_status")
    return pa.int64() if is_number else pa.string()


FORMATS: tuple[Format, ...] = (
    Format("CSV", "csv", "text/csv",
           f"For spreadsheets. Not exact: {NOT_EXACT}. {EXCELS_CELL}. JSONL is exact.",
           _write_csv),
    Format("JSONL", "jsonl", "application/jsonl", "Exact, one run per line, with requests.",
           _write_jsonl),
    Format("Parquet", "parquet", "application/vnd.apache.parquet", "Typed columns, small.",
           _write_parquet),
)  # fmt: skip
JSONL = FORMATS[1]
