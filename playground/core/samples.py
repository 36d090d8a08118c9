"""Prompts to begin with; the first one is what the page opens on."""

from dataclasses import dataclass

from playground.core.request import Message, Prompt


@dataclass(frozen=True, slots=True)
class Sample:
    """A named prompt and what it is good for trying."""

    name: str
    lesson: str
    prompt: Prompt


def _sample(name: str, lesson: str, system: str, *turns: str) -> Sample:
    messages = tuple(
        Message("user" if index % 2 == 0 else "assistant", text) for index, text in enumerate(turns)
    )
    return Sample(name, lesson, Prompt(system, messages))


SAMPLES: tuple[Sample, ...] = (
    _sample(
        "Crisp dosa",
        "Low against high temperature on the same question.",
        "You answer readers of a South Indian cooking blog. Be terse: no greeting, no summary.",
        "Give me three tips for crisp dosa.",
    ),
    _sample(
        "Structured answer",
        "Facts into JSON: temperature near 0, few tokens, a small model.",
        "Reply with one JSON object and nothing else. Keys: dish, minutes, vegetarian.",
        "The sambar simmers for forty minutes and has no meat in it.",
    ),
    _sample(
        "Names for a café",
        "Variety is wanted: temperature 0.7 to 1.",
        "You name small businesses.",
        "Suggest five names for a filter coffee stall by the sea. One line each.",
    ),
    _sample(
        "A conversation",
        "The whole conversation is sent every time; the API remembers nothing.",
        "You are a patient cooking teacher.",
        "My idli are hard. Why?",
        "Most often the batter is too thick or it did not ferment long enough.",
        "How can I tell that the batter has fermented enough?",
    ),
    _sample(
        "Cut short",
        "Set max_tokens to 40 and watch the stop reason.",
        "",
        "Explain how streaming works when calling a language model.",
    ),
    _sample(
        "తెలుగు",
        "The same price list, more tokens for the same words.",
        "తెలుగులో, క్లుప్తంగా సమాధానం ఇవ్వండి.",
        "కరకరలాడే దోసె కోసం మూడు చిట్కాలు చెప్పండి.",
    ),
)
