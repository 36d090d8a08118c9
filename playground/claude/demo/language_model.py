"""A small honest language model: n-grams over the pieces that a prompt calls up.

It knows the corpus and nothing else. Each next token is drawn from a distribution that
mixes what followed the last six tokens, the last five, and so on; the temperature
reshapes that distribution as it does in any language model. Within a block of code all of
it counts that is written so far: joined from two, it would not run.
"""

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from threading import Lock

from playground.claude.demo import tokens as tokenizer
from playground.claude.demo.pieces import Piece, read_pieces
from playground.claude.demo.relevance import Match, Relevance, Weighed

LONGEST_CONTEXT = 6
SHORTEST_CONTEXT = 4
"""Shorter ones are asked only where no longer one was ever seen: they ramble."""
DOUBT = 0.3
"""How much of the mixture each length leaves to the shorter ones."""
REPEAT = 0.02
"""What remains of the chance of a token that would repeat the last seven."""
# N-grams can go round in circles and never reach an end.
LONGEST_PART = 1_200
START, END = "\0start", ""
LONG_WORDS = 400
FENCE = "```"

LONG = re.compile(
    r"\b(longer|detailed|in detail|essay|elaborate|at length"
    r"|long(,? \w+)? (answer|article|story|text|poem|version|explanation|list|letter|post))\b",
    re.IGNORECASE,
)
NUMBER_OF_WORDS = re.compile(r"\b([0-9][0-9,]{1,5})[ -]words?\b", re.IGNORECASE)

Counts = dict[tuple[str, ...], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn: from the `top_k` likeliest (0: all), and of those from the likeliest
    that together reach the probability `top_p`."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0


class LanguageModel:
    """Trained from pieces once; answering changes nothing in it."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._relevance = Relevance(pieces)

    def match(self, system: str, messages: Sequence[tuple[str, str]]) -> Match:
        """What the model has read about the prompt."""
        return self._relevance.match(system, messages)

    def generate(
        self,
        system: str,
        messages: Sequence[tuple[str, str]],
        *,
        sampling: Sampling = Sampling(),
        rng: random.Random,
    ) -> Iterator[str]:
        """The answer, token by token. A last message from the assistant is continued."""
        match = self.match(system, messages)
        prefill = messages[-1][1] if messages and messages[-1][0] == "assistant" else ""
        # Off topic there is nothing to be long about.
        wanted_tokens = 0 if match.is_off_topic else tokens_wanted(messages)
        written = 0
        for pieces in (match.pieces, *match.related):
            if written:
                yield "\n\n"
            for token in _part(pieces, "" if written else prefill, sampling, rng):
                text_tokens = _with_topic(token, match.topic)
                written += len(text_tokens)
                yield from text_tokens
            if written >= wanted_tokens:
                return

    def distribution(
        self, system: str, messages: Sequence[tuple[str, str]], temperature: float
    ) -> dict[str, float]:
        """The chance of each first token at a temperature; an empty token ends the answer."""
        counts = _counts(self.match(system, messages).pieces)
        return at_temperature(_mixed(counts, (START,)), temperature)


def _with_topic(token: str, topic: str) -> list[str]:
    """A token of the corpus as it is written: one of them is a placeholder for the topic."""
    if not token.endswith("{topic}"):
        return [token]
    return tokenizer.tokens(token.replace("{topic}", topic))


def tokens_wanted(messages: Sequence[tuple[str, str]]) -> int:
    """How many tokens the last user message asks for; 0 leaves it to the piece."""
    question = next((text for role, text in reversed(messages) if role == "user"), "")
    number = NUMBER_OF_WORDS.search(question)
    if number:
        return int(number[1].replace(",", ""))
    return LONG_WORDS if LONG.search(question) else 0


def _part(pieces: Weighed, prefill: str, sampling: Sampling, rng: random.Random) -> Iterator[str]:
    """One answer, up to the end of a piece."""
    counts = _counts(pieces)
    context = (START, *tokenizer.tokens(prefill))
    # The model has nothing to go on from after a word it never read.
    if context[-1:] not in counts:
        context = (START,)
    seen: set[tuple[str, ...]] = set()
    blocks, code = _code_blocks(pieces), _open_code(context)
    for _ in range(LONGEST_PART):
        context = context[-LONGEST_CONTEXT:]
        chances = (code and _after_code(blocks, code)) or _mixed(counts, context)
        for token in chances:
            if len(chances) > 1 and (*context, token) in seen:
                chances[token] *= REPEAT
        token = _draw(chances, sampling, rng)
        if token == END:
            return
        seen.add((*context, token))
        context = (*context, token)
        if code or token == FENCE:
            code = () if code and token == FENCE else (*code, token)
        yield token


def _open_code(written: tuple[str, ...]) -> tuple[str, ...]:
    """The block of code that has begun and not ended, from its fence on."""
    fences = [at for at, token in enumerate(written) if token == FENCE]
    return written[fences[-1] :] if len(fences) % 2 else ()


def _code_blocks(pieces: Weighed) -> list[tuple[tuple[str, ...], float]]:
    """All blocks of code, both fences included, each weighed by the piece it stands in."""
    blocks = []
    for piece, weight in pieces:
        fences = [at for at, token in enumerate(piece.tokens) if token == FENCE]
        for begin, end in zip(fences[::2], fences[1::2], strict=True):
            blocks.append((piece.tokens[begin : end + 1], weight))
    return blocks


def _after_code(
    blocks: list[tuple[tuple[str, ...], float]], code: tuple[str, ...]
) -> dict[str, float]:
    """What follows this beginning of a block of code."""
    followers: dict[str, float] = {}
    for block, weight in blocks:
        if block[: len(code)] == code:
            token = block[len(code)]
            followers[token] = followers.get(token, 0.0) + weight
    total = sum(followers.values())
    return {token: weight / total for token, weight in followers.items()}


def _counts(pieces: Weighed) -> Counts:
    """What followed each run of one to six tokens, weighed by the piece it stands in."""
    counts: Counts = {}
    for piece, weight in pieces:
        line = (START, *piece.tokens, END)
        for end in range(1, len(line)):
            for start in range(max(0, end - LONGEST_CONTEXT), end):
                followers = counts.setdefault(line[start:end], {})
                followers[line[end]] = followers.get(line[end], 0.0) + weight
    return counts


def _mixed(counts: Counts, context: tuple[str, ...]) -> dict[str, float]:
    """Interpolated back-off: the longest context first, each leaving room for a shorter."""
    mixed: dict[str, float] = {}
    remaining = 1.0
    for length in range(len(context), 0, -1):
        followers = counts.get(context[-length:])
        if not followers:
            continue
        if length < SHORTEST_CONTEXT and mixed:
            break
        total = sum(followers.values())
        share = remaining * total / (total + DOUBT * len(followers))
        for token, count in followers.items():
            mixed[token] = mixed.get(token, 0.0) + share * count / total
        remaining -= share
    return mixed or {END: 1.0}


def at_temperature(chances: Mapping[str, float], temperature: float) -> dict[str, float]:
    """softmax(log p / T); at 0 only the likeliest token is left."""
    best = max(chances, key=lambda token: chances[token])
    if temperature <= 0:
        return {best: 1.0}
    # Relative to the likeliest, or at a low temperature all chances would underflow to 0.
    top = math.log(chances[best])
    raw = {t: math.exp((math.log(p) - top) / temperature) for t, p in chances.items() if p > 0}
    total = sum(raw.values())
    return {token: value / total for token, value in raw.items()}


def sampled_from(chances: Mapping[str, float], sampling: Sampling) -> dict[str, float]:
    """The weights from which the next token is drawn: few and steep, or many and flat."""
    shaped = at_temperature(chances, sampling.temperature)
    if sampling.top_p >= 1 and not sampling.top_k:
        return shaped
    ranked = sorted(shaped, key=lambda token: -shaped[token])[: sampling.top_k or None]
    # The likeliest always stays, and each further one as long as those before it are not enough.
    cumulative = accumulate((shaped[token] for token in ranked), initial=0.0)
    threshold = sampling.top_p * sum(shaped[token] for token in ranked)
    nucleus = {
        token
        for token, sum_before in zip(ranked, cumulative, strict=False)
        if sum_before < threshold
    }
    return {token: shaped[token] for token in shaped if token in nucleus or token == ranked[0]}


def _draw(chances: Mapping[str, float], sampling: Sampling, rng: random.Random) -> str:
    weights = sampled_from(chances, sampling)
    if len(weights) == 1:
        return next(iter(weights))
    return rng.choices(list(weights), weights=list(weights.values()))[0]


_training = Lock()


@cache
def _trained() -> LanguageModel:
    return LanguageModel(read_pieces())


def language_model() -> LanguageModel:
    """The model of this process, trained at first use."""
    # `cache` alone lets two threads train at once.
    with _training:
        return _trained()
