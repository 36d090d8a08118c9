"""Statistics against numbers worked out by hand or by somebody else's code."""

from collections import Counter
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.statistics.answer_statistics import (
    MAX_COMPARED,
    Distinct,
    answer_statistics,
)
from playground.core.statistics.intervals import distribution, how_sure, rate
from playground.core.statistics.setting_statistics import Measured, setting_statistics

TIMES = [0.42, 0.51, 0.39, 1.94, 0.47]
ANSWERS = ["the cat sat", "the cat sat", "the dog sat", "a cat sat down"]


def test_a_spread_agrees_with_numpy():
    found = distribution(TIMES)
    assert found.count == 5
    assert found.mean == pytest.approx(np.mean(TIMES))
    assert found.sd == pytest.approx(np.std(TIMES, ddof=1))
    assert (found.least, found.most) == (0.39, 1.94)
    assert found.p95 == pytest.approx(np.quantile(TIMES, 0.95))


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60))
def test_any_spread_agrees_with_numpy(values):
    found = distribution(values)
    assert found.p95 == pytest.approx(np.quantile(values, 0.95), abs=1e-6)
    assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-4)


def test_one_measurement_has_no_spread_and_none_has_nothing():
    found = distribution([2.0])
    assert (found.sd, found.p95) == (None, 2.0)
    assert distribution([]) is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Worked out with z² = 3.8415, e.g. 5 of 5: low = 1 / (1 + z²/5) = 0.5655
    [(5, 5, 0.5655, 1), (0, 5, 0, 0.4345), (8, 10, 0.4902, 0.9433), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_of_a_rate_is_wilsons(count, of, low, high):
    found = rate(count, of)
    assert found.share == count / of
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-4)


def test_few_measurements_say_little_and_many_say_nothing_of_it():
    sentence = how_sure(rate(5, 5), "repeat", "pass rate")
    assert sentence == "5 repeats: too few to tell (pass rate 57–100 %)."
    assert how_sure(rate(1, 1), "repeat", "pass rate").startswith("1 repeat: too few to tell ")
    assert how_sure(rate(95, 100), "repeat", "pass rate") is None
    assert rate(0, 0) is None


def longest_common(one, other):
    """The textbook's table."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
            )
    return table[-1][-1]


WORDS = st.lists(st.sampled_from(["a", "B", "b", "c", "d"]), max_size=80)


@given(WORDS, WORDS)
def test_similarity_is_rouge_l_by_the_textbook(one, other):
    lowered = [[word.lower() for word in words] for words in (one, other)]
    found = answer_statistics([" ".join(one), " ".join(other)]).similarity
    if not one or not other:
        assert found == float(one == other)
        return
    common = longest_common(*lowered)
    precision, recall = common / len(one), common / len(other)
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    assert found == pytest.approx(f1)


def test_answers_are_counted_compared_and_measured():
    found = answer_statistics(ANSWERS)
    assert found.distinct == (
        Distinct("the cat sat", 2),
        Distinct("the dog sat", 1),
        Distinct("a cat sat down", 1),
    )
    pairs = [answer_statistics(pair).similarity for pair in combinations(ANSWERS, 2)]
    # By hand: 1, 2/3, 4/7, 2/3, 4/7, 2/7
    assert pairs == pytest.approx([1, 2 / 3, 4 / 7, 2 / 3, 4 / 7, 2 / 7])
    assert found.similarity == pytest.approx(np.mean(pairs))
    # the, cat, sat, dog, a, down of 13 words; the cat, cat sat, the dog, dog sat, a cat,
    # sat down of 9 pairs
    assert (found.distinct_1, found.distinct_2) == pytest.approx((6 / 13, 6 / 9))
    assert found.words.mean == pytest.approx(13 / 4)
    assert found.diverge_at == 0
    assert found.sentence == "3 different answers of 4."


def test_identical_answers_are_said_to_be():
    found = answer_statistics(["same"] * 5)
    assert len(found.distinct) == 1
    assert (found.similarity, found.diverge_at) == (1.0, None)
    assert found.sentence == "All 5 answers are identical."


def test_one_answer_and_none_have_nothing_to_compare():
    assert answer_statistics([]).sentence == "No answers yet."
    assert answer_statistics(["x"]).similarity is None
    assert answer_statistics(["", ""]).distinct_1 is None


def test_many_long_answers_are_compared_in_a_moment():
    answers = [" ".join(f"w{number % (7 + n)}" for number in range(900)) for n in range(60)]
    found = answer_statistics(answers)
    assert len(found.distinct) == 60 > MAX_COMPARED
    assert 0 < found.similarity <= 1


@given(st.lists(st.sampled_from(["a b", "b", "c d e", ""]), max_size=8))
def test_counts_of_answers_add_up(answers):
    found = answer_statistics(answers)
    assert Counter(answers) == {each.text: each.count for each in found.distinct}
    assert found.similarity is None or 0 <= found.similarity <= 1


def test_a_settings_head_adds_up_its_cells():
    cells = [
        Measured(False, True, Decimal("0.001"), 0.2, 1.0, 100),
        Measured(False, False, Decimal("0.003"), 0.4, 3.0, 300),
        Measured(False, None, None, 0.3, 2.0, 200),
        Measured(True, None, Decimal(0)),
    ]
    found = setting_statistics(cells, has_checks=True)
    assert (found.count, found.errors, found.undecided, found.unpriced) == (4, 1, 1, 1)
    assert (found.passed.count, found.passed.of) == (1, 3)
    assert found.cost_usd.mean == pytest.approx(0.004 / 3)
    assert found.ttft_s.mean == pytest.approx(0.3)
    assert found.output_tokens.mean == 200
    assert found.caution.startswith("3 answers: too few to tell ")
    unchecked = setting_statistics(cells, has_checks=False)
    assert (unchecked.passed, unchecked.caution, unchecked.undecided) == (None, None, 0)
