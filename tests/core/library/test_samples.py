"""Samples show one technique each and can be sent as they are."""

from playground.core.checks.request_checks import prompt_problems
from playground.core.library.samples import SAMPLES


def test_there_are_eight_or_more_each_with_a_technique_of_its_own() -> None:
    assert len({sample.technique for sample in SAMPLES}) == len(SAMPLES) >= 8
    assert SAMPLES[0].name == "Crisp dosa"
    for sample in SAMPLES:
        assert sample.lesson.endswith(".")
        assert "\n" not in sample.lesson
        assert prompt_problems(sample.prompt) == []
