"""The language model: what temperature does, where answers end, what they are about."""

import ast
import math
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from playground.claude.demo.language_model import (
    Sampling,
    at_temperature,
    language_model,
    sampled_from,
    tokens_wanted,
)
from playground.claude.demo.pieces import read_pieces
from playground.claude.demo.tokens import count_tokens, tokens

SYSTEM = "You answer readers of a South Indian cooking blog. Be terse: no greeting, no summary."
DOSA = "Give me three tips for crisp dosa."


def write(text, *, system="", temperature=0.0, seed=1, prefill=None, top_p=1.0, top_k=0):
    sampling = Sampling(temperature, top_p, top_k)
    messages = [("user", text), *([("assistant", prefill)] if prefill else [])]
    rng = random.Random(seed)
    return "".join(language_model().generate(system, messages, sampling=sampling, rng=rng))


def entropy(chances):
    return -sum(p * math.log(p) for p in chances.values() if p)


def test_at_temperature_0_the_answer_is_the_same_for_every_seed():
    assert len({write(DOSA, system=SYSTEM, seed=seed) for seed in range(8)}) == 1


def test_at_temperature_1_the_answer_varies_and_repeats_for_the_same_seed():
    answers = [write(DOSA, system=SYSTEM, temperature=1.0, seed=seed) for seed in range(8)]
    assert len(set(answers)) >= 5
    assert answers[3] == write(DOSA, system=SYSTEM, temperature=1.0, seed=3)


@pytest.mark.parametrize("temperature", [0.0, 0.2, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_the_first_sample_gets_a_tidy_list_of_three_at_low_temperature(temperature, seed):
    lines = write(DOSA, system=SYSTEM, temperature=temperature, seed=seed).split("\n")
    assert [line[:5] for line in lines] == ["1. **", "2. **", "3. **"]
    assert all(line.count("**") == 2 and line.endswith(".") for line in lines)


def test_entropy_grows_with_temperature():
    model = language_model()
    chances = [
        entropy(model.distribution(SYSTEM, [("user", "Suggest five names for a café")], t))
        for t in (0.0, 0.2, 0.5, 1.0)
    ]
    assert chances[0] == 0.0
    assert chances == sorted(chances)
    assert chances[-1] > chances[1] > 0


CODE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
PIECES_WITH_CODE = [piece for piece in read_pieces() if "```" in piece.text]


@pytest.mark.parametrize("asked", sorted({piece.asked for piece in PIECES_WITH_CODE}))
def test_code_is_whole_as_it_stands_in_the_corpus_and_never_joined_from_two(asked):
    whole = {found.group() for piece in PIECES_WITH_CODE for found in CODE.finditer(piece.text)}
    for seed in range(4):
        answer = write(asked, temperature=1.5, seed=seed)
        blocks = list(CODE.finditer(answer))
        assert blocks or "python" not in asked
        assert answer.count("```") == 2 * len(blocks)
        for block in blocks:
            assert block.group() in whole
            if block[1] == "python":
                ast.parse(block[2])


def test_code_that_was_begun_for_it_goes_on_as_in_the_corpus():
    begun = '```python\nname = input("Your'
    answer = write("Write a simple Python function", temperature=1.0, prefill=begun)
    assert answer.startswith(' name: ")\nprint(f"Hello, {name}!")\n```')


def test_temperature_1_leaves_the_distribution_as_it_is():
    assert at_temperature({"a": 0.75, "b": 0.25}, 1.0) == pytest.approx({"a": 0.75, "b": 0.25})


def test_half_the_temperature_squares_the_odds():
    assert at_temperature({"a": 0.75, "b": 0.25}, 0.5) == pytest.approx({"a": 0.9, "b": 0.1})


@pytest.mark.parametrize(
    ("sampling", "kept"),
    [
        (Sampling(), "abc"),
        (Sampling(top_k=2), "ab"),
        (Sampling(top_k=9), "abc"),
        (Sampling(top_p=0.5), "a"),
        (Sampling(top_p=0.51), "ab"),
        (Sampling(top_p=0), "a"),
        (Sampling(top_p=0.6, top_k=2), "a"),
    ],
)
def test_top_k_and_top_p_leave_only_the_likeliest_tokens(sampling, kept):
    chances = {"c": 0.2, "a": 0.5, "b": 0.3}
    assert sorted(sampled_from(chances, sampling)) == list(kept)


def test_a_top_k_of_1_and_a_top_p_of_0_answer_like_temperature_0():
    greedy = write(DOSA, system=SYSTEM)
    assert write(DOSA, system=SYSTEM, temperature=1.0, top_k=1, seed=5) == greedy
    assert write(DOSA, system=SYSTEM, temperature=1.0, top_p=0.0, seed=6) == greedy


def test_a_tiny_temperature_is_not_too_small_to_compute():
    assert at_temperature({"a": 0.75, "b": 0.25}, 1e-9)["a"] == 1.0


def test_tokens_joined_are_the_text():
    for piece in read_pieces():
        assert "".join(piece.tokens) == piece.text
    for text in ("", " ", "\n\n\tx_y", "దోసె 🍳‍ 12,345", "\ud800", "a" * 99):
        assert "".join(tokens(text)) == text
        assert count_tokens(text) == len(tokens(text))


def test_telugu_costs_more_tokens_than_english_for_as_many_words():
    assert count_tokens("కరకరలాడే దోసె కోసం మూడు చిట్కాలు చెప్పండి") > 2 * count_tokens(
        "Say three tips for crisp dosa"
    )


def test_every_file_of_the_corpus_has_a_topic_and_every_piece_a_text():
    pieces = read_pieces()
    assert len(pieces) > 200
    assert all(piece.topic and piece.asked and piece.text for piece in pieces)


def test_a_question_it_knows_nothing_about_gets_a_plain_word_and_the_nearest_topic():
    for temperature in (0.0, 1.0):
        answer = write("Explain quantum entanglement", temperature=temperature)
        assert "small demo model" in answer or "demo model" in answer
        assert "topic I know is" in answer
        assert "{topic}" not in answer


@pytest.mark.parametrize(
    ("follow_up", "part"),
    [("And what about the batter?", "sour"), ("And the pan?", "pan"), ("Ada Lovelace?", None)],
)
def test_a_follow_up_stays_with_the_topic_where_it_has_a_word_on_it(follow_up, part):
    conversation = [("user", DOSA), ("assistant", "1. Ferment it."), ("user", follow_up)]
    sampling, rng = Sampling(0.0, 1.0, 0), random.Random(1)
    model = language_model()
    said = "".join(model.generate(SYSTEM, conversation, sampling=sampling, rng=rng))
    assert ("nearest topic" in said) is (part is None)
    assert part is None or part in said


@pytest.mark.parametrize("question", ["Who are you?", "Are you Claude?", "What is your name?"])
def test_it_never_says_that_it_is_claude(question):
    for seed in range(4):
        answer = write(question, temperature=1.0, seed=seed)
        assert "not Claude" in answer


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Explain how streaming works when calling a language model.", "message_stop"),
        ("Write a Python function for prime numbers", "```python"),
        ("Compare tea and coffee in a table", "|---|"),
        ("కరకరలాడే దోసె కోసం మూడు చిట్కాలు చెప్పండి.", "పెనం"),
        ("How can I tell that the batter has fermented enough?", "bubbles"),
        ("What does a 429 mean?", "429"),
        ("hi", "demo model"),
    ],
)
def test_an_answer_is_on_the_topic_of_the_question(question, part):
    assert part in write(question)


def test_the_system_prompt_decides_the_form_of_the_answer():
    system = "Reply with one JSON object and nothing else. Keys: dish, minutes, vegetarian."
    text = "The sambar simmers for forty minutes and has no meat in it."
    assert write(text, system=system) == '{"dish": "sambar", "minutes": 40, "vegetarian": true}'


def test_a_prefill_is_continued():
    assert write("Write Python code for prime numbers", prefill="```python\n").startswith("def ")


def test_a_prefill_that_it_never_read_is_answered_all_the_same():
    assert write(DOSA, prefill="Zxqv wvut").startswith("1. **")


def test_a_long_answer_goes_on_with_related_pieces():
    short, long = write("Tell me about dosa"), write("Write 600 words about dosa")
    assert count_tokens(long) >= 600 > count_tokens(short)
    parts = long.split("\n\n")
    assert len(parts) == len(set(parts))


def test_of_a_very_long_prompt_the_question_at_its_end_is_found():
    words = " ".join(f"word{number}" for number in range(50_000))
    assert "**" in write(f"{words} Give me three tips for crisp dosa.")


def test_many_threads_train_it_once():
    with ThreadPoolExecutor(8) as threads:
        models = list(threads.map(lambda _: language_model(), range(32)))
    assert len(set(map(id, models))) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a story", 0), ("a long story", 400), ("1,500 words on rice", 1500), ("long term", 0)],
)
def test_the_length_asked_for_is_read_from_the_message(text, wanted):
    assert tokens_wanted([("user", text)]) == wanted
