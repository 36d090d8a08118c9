"""Ends a text where the API ends it: at a stop sequence, at a number of tokens, by itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal",
    "model_context_window_exceeded",
]  # fmt: skip


@dataclass
class Writing:
    """Iterates over the pieces of text to show, and then knows why and when it stopped.

    What could be the beginning of a stop sequence is held back until it is known not to be.
    """

    tokens: Iterable[str]
    most_tokens: int
    stop_sequences: Sequence[str] = ()
    written: int = field(default=0, init=False)
    stop_reason: StopReason = field(default="end_turn", init=False)
    stop_sequence: str | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[str]:
        held = ""
        for token in self.tokens:
            if self.written >= self.most_tokens:
                self.stop_reason = "max_tokens"
                break
            self.written += 1
            held += token
            stop = _first(held, self.stop_sequences)
            if stop is not None:
                self.stop_reason, self.stop_sequence = "stop_sequence", stop
                held = held[: held.index(stop)]
                break
            # What has been yielded cannot be taken back.
            safe = len(held) - _beginning(held, self.stop_sequences)
            if safe:
                yield held[:safe]
                held = held[safe:]
        if held:
            yield held


def _first(text: str, stops: Sequence[str]) -> str | None:
    """The stop sequence that stands first in a text."""
    matches = [(text.index(stop), -len(stop), stop) for stop in stops if stop in text]
    return min(matches)[2] if matches else None


def _beginning(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end of a text might begin a stop sequence."""
    longest = max((len(stop) for stop in stops), default=0) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
