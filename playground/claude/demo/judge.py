"""How the demo judges an answer for an experiment's check: by words alone, always the same.

If something is expected, the answer must contain its words; otherwise it must take up a word of the
question.
"""

import re
from collections.abc import Sequence

from playground.claude.demo.prompt import Body, system_of, turns_of
from playground.claude.demo.relevance import WORD, words
from playground.core.experiment.case_checks import JUDGED_BY_DEFAULT
from playground.core.experiment.judging import FORMAT

MAX_NAMED = 5
_ANSWER = re.compile(r"<answer>\n?(.*)</answer>", re.DOTALL)
_EXPECTED = re.compile(r"<expected>\n?(.*?)</expected>", re.DOTALL)
# The words of the default criterion are in every judge's prompt and say nothing about the question.
_OF_ANY_PROMPT = frozenset(words(JUDGED_BY_DEFAULT))


def judgement(body: Body) -> str | None:
    """The reply to a judge's prompt: the reason, and the verdict on the last line. None for any
    other prompt."""
    turns = turns_of(body)
    if system_of(body) != FORMAT or len(turns) != 1:
        return None
    question, answer = _parts(turns[0][1])
    expected = _EXPECTED.search(question)
    if expected and expected[1].strip():
        passes, reason = _by_expected(expected[1].strip(), answer)
    else:
        passes, reason = _by_asked(question, answer)
    verdict = "PASS" if passes else "FAIL"
    return f"By words alone, as a demo judges: {reason}.\nVERDICT: {verdict}"


def _parts(prompt: str) -> tuple[str, str]:
    """The question and the answer; without tags, the answer is all that follows the first line."""
    tagged = _ANSWER.search(prompt)
    if tagged:
        return prompt[: tagged.start()], tagged[1]
    question, _, answer = prompt.partition("\n")
    return question, answer


def _by_expected(expected: str, answer: str) -> tuple[bool, str]:
    expected_words = dict.fromkeys(WORD.findall(expected.casefold()))
    if not expected_words:  # signs alone
        missing = [] if expected in answer else [expected]
    else:
        answer_words = frozenset(WORD.findall(answer.casefold()))
        missing = [word for word in expected_words if word not in answer_words]
    if missing:
        return False, f"the answer lacks {_in_quotes(missing)}, which is expected"
    return True, "the answer has every word of what is expected"


def _by_asked(question: str, answer: str) -> tuple[bool, str]:
    stems = set(words(answer)).difference(_OF_ANY_PROMPT).intersection(words(question))
    shared_words = dict.fromkeys(
        word for word in WORD.findall(question) if stems.intersection(words(word))
    )
    if shared_words:
        return True, f"the answer takes up {_in_quotes(list(shared_words))}"
    return False, "the answer takes up no word of what was asked"


def _in_quotes(listed: Sequence[str]) -> str:
    more = f" and {len(listed) - MAX_NAMED} more" if len(listed) > MAX_NAMED else ""
    return ", ".join(f"“{word}”" for word in listed[:MAX_NAMED]) + more
