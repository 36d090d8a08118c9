"""The return value of a request that was refused: nothing was done, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was done, as a sentence that a person can be shown. Whoever asks for
    something to be done gets this in place of the outcome; an exception is for a bug."""

    sentence: str
