"""Prompts to begin with; the first one is what the page opens on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from playground.core.request.body_shapes import Role
from playground.core.request.request import Message, Prompt


@dataclass(frozen=True, slots=True)
class Sample:
    """A named prompt, the technique that it shows, and what that is good for."""

    name: str
    technique: str
    lesson: str
    prompt: Prompt


def prompt_of(system: str, *turns: str) -> Prompt:
    """A conversation that the user begins."""
    roles: Iterator[Role] = cycle(("user", "assistant"))
    return Prompt(system, tuple(map(Message, roles, turns)))


def _sample(name: str, technique: str, lesson: str, *texts: str) -> Sample:
    return Sample(name, technique, lesson, prompt_of(*texts))


SAMPLES: tuple[Sample, ...] = (
    _sample(
        "Crisp dosa",
        "Comparing settings",
        "Low against high temperature on the same question.",
        "You answer readers of a South Indian cooking blog. Be terse: no greeting, no summary.",
        "Give me three tips for crisp dosa.",
    ),
    _sample(
        "Structured answer",
        "A fixed format",
        "Facts as JSON need a temperature near 0, few tokens and a small model.",
        "Reply with one JSON object and nothing else. Keys: dish, minutes, vegetarian.",
        "The sambar simmers for forty minutes and has no meat in it.",
    ),
    _sample(
        "Names for a café",
        "Variety",
        "For many different ideas, temperature 0.7 to 1.",
        "You name small businesses.",
        "Suggest five names for a filter coffee stall by the sea. One line each.",
    ),
    _sample(
        "A conversation",
        "A history",
        "The whole conversation is sent every time; the API remembers nothing.",
        "You are a patient cooking teacher.",
        "My idli are hard. Why?",
        "Most often the batter is too thick or it did not ferment long enough.",
        "How can I tell that the batter has fermented enough?",
    ),
    _sample(
        "Cut short",
        "A limit",
        "Set max_tokens to 40 and watch the stop reason.",
        "",
        "Explain how streaming works when calling a language model.",
    ),
    _sample(
        "తెలుగు",
        "Another language",
        "The price per token is the same, but the same words take more tokens.",
        "తెలుగులో, క్లుప్తంగా సమాధానం ఇవ్వండి.",
        "కరకరలాడే దోసె కోసం మూడు చిట్కాలు చెప్పండి.",
    ),
    _sample(
        "Sort the mail",
        "Examples (few-shot)",
        "Examples with answers show labels and format better than a description does.",
        "Label each message with one word: order, complaint or question.",
        "The dosa arrived cold and half an hour late.",
        "complaint",
        "Two masala dosa for table four, please.",
        "order",
        "Is the sambar made with onions?",
    ),
    _sample(
        "Share the bill",
        "Thinking first",
        "When asked to reason first, a small model makes fewer mistakes in sums.",
        "Work through the problem step by step. Then give the result alone on the last line.",
        "Three friends ate for ₹840. One had no dessert, which was ₹60 each. Who pays how much?",
    ),
    _sample(
        "Answer from a text",
        "Tags and quotes",
        "The document is inside tags, and asking for a quote first keeps the answer to its "
        "content.",
        "Answer only from the document. First quote the sentence that you rely on, then answer in"
        " one sentence. If it is not there, say: not in the document.",
        "<document>\nThe stall opens at six. Batter is ground the evening before and rests eight"
        " hours. On Mondays it is closed.\n</document>\n\nWhen is the batter ground?",
    ),
    _sample(
        "A careful reviewer",
        "A role and its rules",
        "Short rules say who answers, for whom, at what length, and what must not happen.",
        "You review menus for a food inspector.\n- List at most three problems, the gravest"
        " first.\n- Say how to mend each.\n- Never guess: ask when something is missing.",
        "Coconut chutney, made fresh on Friday. Served Friday to Monday, kept by the stove.",
    ),
)
