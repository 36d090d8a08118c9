"""Sorts requests into the batches that they go out in, as the API's limits ask.

Source: the batch-processing page of platform.claude.com.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from playground.core.text.json_text import Json
from playground.core.wire.wire import Wire

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
MAX_REQUESTS = 100_000
MAX_BYTES = 256_000_000
"""The documentation's 256 MB, read as the smaller of the two megabytes."""
NOT_IN_BATCHES = ("speed",)
"""What a single call may say and a batch may not; `stream` is simply left out."""
ENVELOPE_BYTES = len('{"requests":[]}')

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One request of a batch. `custom_id` is also the id of the run it becomes."""

    custom_id: str
    wire: Wire

    @property
    def params(self) -> dict[str, Json]:
        """The body that a single call would send, but for `stream`."""
        return {name: value for name, value in self.wire.body.items() if name != "stream"}

    def encoded(self) -> bytes:
        """Its bytes within the batch. Raises ValueError for what JSON or UTF-8 cannot hold."""
        entry = {"custom_id": self.custom_id, "params": self.params}
        # NaN is not JSON: in the one body of a batch it would spoil every other request.
        text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()


@dataclass(frozen=True, slots=True)
class NewBatch:
    """One batch as it is to be created; its requests share these headers."""

    headers: Mapping[str, str]
    requests: tuple[BatchRequest, ...]

    def encoded(self) -> bytes:
        """The whole body. For a large batch this takes seconds: not on the event loop."""
        return b'{"requests":[' + b",".join(request.encoded() for request in self.requests) + b"]}"


@dataclass(frozen=True, slots=True)
class Split:
    """Requests as the batches they go out in. `refused` holds those that no batch can take, by
    custom id, each with its reason."""

    batches: tuple[NewBatch, ...]
    refused: Mapping[str, str]


def problem_of(request: BatchRequest) -> str | None:
    """Why a request cannot be part of any batch, in a sentence."""
    if not CUSTOM_ID.fullmatch(request.custom_id):
        return "Its id is not 1 to 64 letters, digits, dashes or underscores."
    for name in NOT_IN_BATCHES:
        if name in request.wire.body:
            return f"A batch does not accept {name}."
    most = request.wire.body.get("max_tokens")
    if isinstance(most, int) and most < 1:
        return "A batch takes max_tokens of at least 1."
    return None


def split(
    requests: Sequence[BatchRequest],
    *,
    max_requests: int = MAX_REQUESTS,
    max_bytes: int = MAX_BYTES,
) -> Split:
    """Sort requests into batches: one for each set of headers, in order of appearance, cut
    where it would grow too large. The same requests always give the same batches."""
    # Results come in any order and are known by their id alone.
    twice = {
        name
        for name, count in Counter(request.custom_id for request in requests).items()
        if count > 1
    }
    refused: dict[str, str] = {}
    groups: dict[Headers, list[tuple[BatchRequest, int]]] = {}
    for request in requests:
        size, why = _size(request)
        if request.custom_id in twice:
            why = "Its id is not unique."
        elif why is None and size + ENVELOPE_BYTES > max_bytes:
            why = f"It is larger than the {max_bytes / 1e6:g} MB of a batch."
        if why is not None:
            refused[request.custom_id] = why
            continue
        # Headers go with the batch and not with its requests, the API's version among them.
        groups.setdefault(tuple(sorted(request.wire.headers.items())), []).append((request, size))
    batches = tuple(
        batch
        for key, group in groups.items()
        for batch in _cut(key, group, max_requests, max_bytes)
    )
    return Split(batches, refused)


def _size(request: BatchRequest) -> tuple[int, str | None]:
    why = problem_of(request)
    if why is not None:
        return 0, why
    try:
        # One more for the comma before the next.
        return len(request.encoded()) + 1, None
    except (ValueError, TypeError):
        return 0, "It contains something that JSON cannot express."


def _cut(
    headers: Headers,
    group: Iterable[tuple[BatchRequest, int]],
    max_requests: int,
    max_bytes: int,
) -> list[NewBatch]:
    batches: list[NewBatch] = []
    members: list[BatchRequest] = []
    size_bytes = ENVELOPE_BYTES
    for request, size in group:
        # Whatever is too large by itself has been refused, so every batch has a request.
        if members and (len(members) == max_requests or size_bytes + size > max_bytes):
            batches.append(NewBatch(dict(headers), tuple(members)))
            members, size_bytes = [], ENVELOPE_BYTES
        members.append(request)
        size_bytes += size
    return [*batches, NewBatch(dict(headers), tuple(members))]
