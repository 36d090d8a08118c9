"""What happens to a run, as the frozen values that `claude/` yields and the engine folds."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from playground.core.answer.failures import Billed, Failure, FailureKind
from playground.core.wire.exchange import ResponseHead, SentRequest

RefusalBill = Literal["free", "billed", "unknown"]
"""Whether a refusal is billed. "unknown": its category is newer than this code."""
# None is one of them: the API refuses without naming a category, too, and does not bill it.
_FREE = frozenset({None, "cyber", "general_harms"})
_BILLED = frozenset({"bio", "frontier_llm", "reasoning_extraction"})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API reports them; `input_tokens` excludes what the cache served.

    `is_complete` once both sides were reported to the end; until then it is a lower bound.
    `is_summed`: server tools ran, or attempts were added, so that the counts may be those of
    several prompts.
    `iterations`: the prompts of one answer one by one, where the API tells (compaction,
    fallback, advisor); then the counts here leave some of them out.
    `used_container`: code ran in a container, whose hours no usage reports.
    `unpriced`: what is counted that has no price here, such as "3 image_requests".
    `unclear_cache_write_tokens`: of the writes for 5 minutes those whose lifetime the report
    leaves out.
    `model_id`: the model that the answer names as its own, which a fallback makes another one.
    `has_credit`: a fallback credit was redeemed, which bills cache writes as reads.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    thinking_tokens: int = 0
    web_searches: int = 0
    speed: str | None = None
    inference_geo: str | None = None
    is_complete: bool = False
    service_tier: str | None = None
    is_summed: bool = False
    iterations: tuple["Iteration", ...] = ()
    used_container: bool = False
    unpriced: tuple[str, ...] = ()
    has_credit: bool = False
    unclear_cache_write_tokens: int = 0
    model_id: str | None = None

    @property
    def cache_write_tokens(self) -> int:
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """Everything the model read."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    def __add__(self, later: "Usage") -> "Usage":
        """What two attempts reported together. Counts and lists are summed; of the rest the
        later report says how it was, and where it says nothing the earlier one. Complete
        only if both are. It says nothing of the length of one prompt."""
        # Over all fields: one that is added later and forgotten here would be money not counted.
        pairs = {field.name: (getattr(self, field.name), getattr(later, field.name))
                 for field in fields(self)}  # fmt: skip
        summed = {name: _sum(*pair) for name, pair in pairs.items()}
        is_complete = self.is_complete and later.is_complete
        return type(self)(**summed | {"is_complete": is_complete, "is_summed": True})


def _sum(earlier: Any, later: Any) -> Any:  # noqa: ANN401 (a field of any type)
    # Before the test for int, which a bool is as well: flags are not added up.
    if isinstance(later, bool):
        return earlier or later
    if isinstance(later, int | tuple):
        return earlier + later
    return earlier if later is None else later


@dataclass(frozen=True, slots=True)
class Iteration:
    """One prompt of an answer that took several. `model_id`: None where it is the request's
    own model. `kind` is the API's `type`, and "unreadable" where it sent no object."""

    kind: str
    model_id: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Connecting:
    """Attempt number `attempt`, from 1, goes out."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server answers: what it says before the first token."""

    http_status: int
    request_id: str | None


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """A content block began, of any kind: from the first one on the answer has begun, and is
    paid for. `at` is its place among the blocks, from 0, as it is in every event of a block;
    None: the last one.

    `name` is that of the tool that a block calls, `id` that of the call. `json` is what came
    at once: the input of a tool (empty where it is still to come), the content of a result,
    the data of redacted thinking, and any other block whole. `more_json` holds the other
    fields of a call or a result, empty if there are none.
    """

    kind: str
    name: str = ""
    id: str = ""
    json: str = ""
    more_json: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class SignatureDelta:
    """A piece of the signature of thinking."""

    text: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class InputDelta:
    """A piece of the JSON that a tool is called with; it may end anywhere in it."""

    text: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class CitationDelta:
    """A citation of a text, as JSON."""

    json: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class OtherDelta:
    """A delta that is not known here, whole as JSON; `kind` is its type."""

    kind: str
    json: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class BlockStopped:
    """A block is complete."""

    at: int | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """Usage of this attempt so far. The API's counts are cumulative: each report replaces the one
    before."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete: `message_stop` was seen. `is_empty`: no block of content, not
    even of hidden thinking, had begun. `category` is that of a refusal."""

    stop_reason: str | None
    stop_sequence: str | None = None
    detail: str | None = None
    is_empty: bool = False
    category: str | None = None

    @property
    def refusal(self) -> RefusalBill:
        """How a refusal is billed, by the release notes of 2026-09-24. Its usage is reported
        either way, and once anything was written it is billed like any answer."""
        if self.stop_reason != "refusal" or not self.is_empty or self.category in _BILLED:
            return "billed"
        return "free" if self.category in _FREE else "unknown"

    @property
    def is_free(self) -> bool:
        return self.refusal == "free"


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt failed. The next one starts after `wait_s`; None: the run is over.
    `has_begun`: part of an answer came, if only a content block that nobody sees."""

    attempt: int
    failure: Failure
    wait_s: float | None
    why: str
    has_begun: bool = False


Event = (
    Connecting
    | SentRequest
    | ResponseHead
    | Accepted
    | BlockStarted
    | TextDelta
    | ThinkingDelta
    | SignatureDelta
    | InputDelta
    | CitationDelta
    | OtherDelta
    | BlockStopped
    | Reported
    | Finished
    | AttemptFailed
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The record of one attempt; times in seconds since the run began.

    `kind` is None for the attempt that answered or was stopped; `why` says why it was (not)
    retried, or that it was stopped. `billed` is None where the usage tells, and
    `prompt_tokens` where an attempt that failed reported none.
    """

    number: int
    start_s: float
    duration_s: float
    wait_s: float | None = None
    http_status: int | None = None
    kind: FailureKind | None = None
    message: str = ""
    billed: Billed | None = None
    request_id: str | None = None
    why: str = ""
    prompt_tokens: int | None = None
