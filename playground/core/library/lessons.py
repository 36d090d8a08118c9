"""Six short lessons: what each puts on the page, and what to look at then."""

from dataclasses import dataclass

from playground.core.library.samples import prompt_of
from playground.core.request.request import Params, Prompt

# Newer models accept no temperature other than 1.
SMALL, MIDDLE, LARGE = "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"


@dataclass(frozen=True, slots=True)
class Lesson:
    """`look_at` holds two sentences; `in_demo` and `elsewhere` what is true only there."""

    name: str
    look_at: str
    prompt: Prompt
    variants: tuple[Params, ...]
    scenario: str = "none"
    in_demo: str = ""
    elsewhere: str = ""

    @property
    def needs_demo(self) -> bool:
        """Only the demo fails on demand."""
        return self.scenario != "none"


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "Messages",
        "Press Run. The API remembers nothing, so each run sends the whole conversation and all"
        " of it is billed as input. Remove messages 1 and 2 and run again: fewer input tokens, and"
        " the model no longer knows what is sour.",
        prompt_of(
            "You are a patient cooking teacher.",
            "How long does dosa batter ferment?",
            "Eight to twelve hours in a warm kitchen, until it has doubled.",
            "And if it is sour?",
        ),
        (Params(SMALL, 300, temperature=0.0),),
    ),
    Lesson(
        "Temperature",
        "Press Run. A and B run at temperature 0 and give the same answer; C runs at 1 and varies."
        " Run again: only C changes.",
        prompt_of(
            "You name small businesses.",
            "Suggest five names for a filter coffee stall by the sea. One line each.",
        ),
        (
            Params(SMALL, 300, temperature=0.0),
            Params(SMALL, 300, temperature=0.0),
            Params(SMALL, 300, temperature=1.0),
        ),
        elsewhere="On Claude, temperature 0 is almost, but not fully, repeatable.",
    ),
    Lesson(
        "max_tokens",
        "Press Run. A is cut off in mid-sentence (stop reason max_tokens), B ends by itself "
        "(end_turn): the limit doesn't make the model brief. Only tokens that were "
        "written are billed, so a high limit costs nothing by itself.",
        prompt_of("", "Explain how streaming works when calling a language model."),
        (Params(SMALL, 40, temperature=0.0), Params(SMALL, 400, temperature=0.0)),
    ),
    Lesson(
        "Streaming",
        "Press Run. “First token”, under the answer, is when the first words came; the time"
        " beside it is when the last ones did. Streaming shortens the wait for the first words,"
        " not for the last, and costs the same.",
        prompt_of("", "Write a long story about a tea stall."),
        (Params(SMALL, 1_000),),
    ),
    Lesson(
        "Errors and retries",
        "Press Run. Attempts 1 and 2 get a 429, each wait is about twice the one before "
        "plus a random part, and attempt 3 is answered. Then click Demo in the header, choose"
        " the scenario 401 and run again: errors that can't clear up aren't retried.",
        prompt_of("Be terse.", "Which errors should I retry, and with what backoff?"),
        (Params(SMALL, 300, temperature=0.0),),
        scenario="rate_limited",
    ),
    Lesson(
        "The smallest model",
        "Press Run. A, B and C fill in the same form; compare their costs: Haiku's is a "
        "fifth of Opus's. Start with the smallest model, and go up only when it fails on your own"
        " examples.",
        prompt_of(
            "Reply with one JSON object and nothing else. Keys: dish, minutes, vegetarian.",
            "The sambar simmers for forty minutes and has no meat in it.",
        ),
        tuple(Params(model, 100, temperature=0.0) for model in (SMALL, MIDDLE, LARGE)),
        in_demo="In the demo, one small model plays all three, at the real prices.",
    ),
)
