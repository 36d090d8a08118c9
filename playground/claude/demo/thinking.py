"""Whether the demo model thinks before it answers, what it thinks, and who may read it."""

from dataclasses import dataclass

from playground.claude.demo.prompt import Body
from playground.claude.demo.relevance import Match
from playground.claude.demo.tokens import tokens
from playground.core.request.model_catalogue import Model

SENTENCES = {"low": 1, "medium": 2}
MAX_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Thought:
    """Tokens that are billed, and shown if the request asked for that."""

    tokens: tuple[str, ...]
    is_shown: bool


def thought(body: Body, model: Model, match: Match, hidden_tokens: int) -> Thought | None:
    """The thinking before an answer. `hidden_tokens` comes from a scenario and decides alone."""
    if hidden_tokens:
        return Thought(("",) * hidden_tokens, is_shown=False)
    thinking = body.get("thinking") or {}
    kind = thinking.get("type")
    if kind is None and model.thinking_default == "off":
        return None
    if kind in ("disabled", "between_tools"):
        return None
    effort = (body.get("output_config") or {}).get("effort")
    # Unasked, a model thinks briefly: it must not use up a small max_tokens in silence.
    count = SENTENCES.get(effort or "", MAX_SENTENCES) if kind else 1
    text = " ".join(_sentences(match)[:count])
    # Models that still take a budget show a summary unless told not to.
    default = "summarized" if "enabled" in model.thinking_types and kind else "omitted"
    return Thought(tuple(tokens(text)), thinking.get("display", default) == "summarized")


def _sentences(match: Match) -> list[str]:
    if match.is_off_topic:
        return [
            "Nothing that I have read fits this prompt.",
            f"The nearest topic is {match.topic}.",
            "I will say so and offer something that I know.",
        ]
    prompt_words = ", ".join(f"“{word}”" for word in match.words[:4]) or "its words"
    pieces = "one piece" if len(match.pieces) == 1 else f"{len(match.pieces)} pieces"
    return [
        f"My pages on {match.topic} fit.",
        f"The prompt says {prompt_words}, and {pieces} of my corpus answer to that.",
        "I will draw each token from what follows the last few in those, likeliest first.",
    ]
