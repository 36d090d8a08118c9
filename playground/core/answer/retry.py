"""The retry policy: a pure function from a failure to "retry after n seconds" or "never"."""

from dataclasses import dataclass

from playground.core.answer.failures import Failure, waiting


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently. Waits double: base, 2 x base, 4 x base, …

    The jitter comes on top (up to once more), since with few attempts only a floor under
    the wait keeps simultaneous runs from failing together.
    """

    attempts: int = 4
    base_wait_s: float = 1.0
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """`wait_s` is None when the run ends here; `why` says it either way."""

    wait_s: float | None
    why: str


def retry_decision(
    policy: RetryPolicy,
    failure: Failure,
    *,
    attempt: int,
    elapsed_s: float,
    has_begun: bool,
    jitter: float,
) -> RetryDecision:
    """Decide about failed attempt number `attempt` (from 1), `elapsed_s` after the run began.

    `jitter` is a draw from 0 to 1. An attempt whose answer `has_begun`, with a content block
    of any kind, seen or not, is never repeated: it would be billed twice.
    """
    if not failure.is_retryable:
        if failure.is_transient:
            return RetryDecision(None, "Not retried: the server asks not to.")
        return RetryDecision(None, "Not retried: the same request would fail again.")
    if has_begun:
        return RetryDecision(None, "Not retried: the answer had begun, and would be billed twice.")
    if attempt >= policy.attempts:
        return RetryDecision(None, f"Given up after attempt {attempt} of {policy.attempts}.")
    # Simulated with 40 runs that meet an overload of 3 s: with this jitter 39 succeed, with one
    # that starts at zero 20, without any 8.
    wait_s = policy.base_wait_s * 2 ** (attempt - 1) * (1 + jitter)
    asked_s = failure.retry_after_s or 0.0
    # Judged before the wait: nobody should watch a countdown that leads to no attempt.
    if elapsed_s + max(wait_s, asked_s) > policy.deadline_s:
        # Where our own wait is as long, it is not the server that makes the run too late.
        if asked_s > wait_s:
            why = f"Not retried: the server asks to wait {waiting(asked_s)}, and all retries"
            return RetryDecision(None, f"{why} together may take {policy.deadline_s:g} s.")
        return RetryDecision(
            None, f"Given up: the {policy.deadline_s:g} s for retries are used up."
        )
    # `retry-after` never shortens our wait: runs told the same time would meet again.
    why = f"{failure.label}: {failure.happened}{_decided(wait_s, failure.retry_after_s)}"
    return RetryDecision(max(wait_s, asked_s), why)


def _decided(wait_s: float, asked_s: float | None) -> str:
    """Which of two waits it is, as a sentence more; empty where the server asked for none."""
    if not asked_s:
        return ""
    asked = f" The server asks to wait {asked_s:.1f} s"
    if asked_s >= wait_s:
        return f"{asked}."
    return f"{asked}; the retry policy's back-off, {wait_s:.1f} s, is longer."


def in_words(policy: RetryPolicy) -> str:
    """What a policy means for attempts that fail at once: the waits, and where they end."""
    waits: list[str] = []
    cuts: list[str] = []
    # Without jitter and with all of it: what falls between may or may not meet the deadline.
    least_s = max_s = 0.0
    for attempt in range(2, policy.attempts + 1):
        wait_s = policy.base_wait_s * 2 ** (attempt - 2)
        if least_s + wait_s > policy.deadline_s:
            cuts.append(f"ends it before attempt {attempt}")
            break
        if max_s + 2 * wait_s > policy.deadline_s and not cuts:
            cuts.append(f"may end it before attempt {attempt}")
        longest_s = min(2 * wait_s, policy.deadline_s - least_s)
        waits.append(f"{wait_s:g}–{longest_s:g} s")
        least_s, max_s = least_s + wait_s, max_s + 2 * wait_s
    if policy.attempts <= 1:
        return "Tries once."
    if policy.base_wait_s == 0:
        return "Tries again at once."
    sentence = f"Waits {', '.join(waits)}." if waits else "Tries once."
    return (
        f"{sentence} The {policy.deadline_s:g} s deadline {', and '.join(cuts)}."
        if cuts
        else sentence
    )
