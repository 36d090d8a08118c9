"""Painting slows down with the text on the page and with the pages in the process."""

from types import SimpleNamespace

from playground.ui.answer.repaint import FED, MOST_MADE_WHOLE, POLLED, Phase, made_whole, phase_of
from playground.ui.server.feed import FEW_PAGES

MANY = FEW_PAGES + 1


def run(text="", *, is_over=False, run_id=""):
    return SimpleNamespace(
        id=run_id, text=text, thinking="", is_over=is_over, is_live=not is_over, attempts=(),
        attempt_number=1,
    )  # fmt: skip


def phases(*runs, pages):
    """The phases of lists of runs, whatever is over already drawn whole."""
    over = [sum(each.is_over for each in found) for found in runs]
    return [
        phase_of(found, is_fed=True, pages=pages, whole=whole)
        for found, whole in zip(runs, over, strict=True)
    ]


def test_long_texts_and_many_pages_slow_the_painting_down():
    for pace in (FED, POLLED):
        short, long = pace.interval_s(100, 1), pace.interval_s(10**6, 1)
        alone, among_many = pace.interval_s(100, 1), pace.interval_s(100, 50)
        assert short < long
        assert alone < among_many


def test_other_pages_that_come_or_go_do_not_draw_a_page_anew():
    alone = Phase(0, 0, 0, is_fed=True, interval_s=FED.interval_s(100, 1))
    among_many = Phase(0, 0, 0, is_fed=True, interval_s=FED.interval_s(100, 50))
    assert alone == among_many


def test_a_text_that_has_grown_long_does():
    short, long = FED.size_step(100), FED.size_step(10**6)
    assert Phase(0, 0, 0, True, short) != Phase(0, 0, 0, True, long)


def test_each_end_draws_the_page_anew_but_among_many_pages_only_the_last_one():
    both, one, none = [run(), run()], [run(is_over=True), run()], [run(is_over=True)] * 2
    first, second, third = phases(both, one, none, pages=1)
    assert second.outdates(first)
    assert third.outdates(second)
    first, second, third = phases(both, one, none, pages=MANY)
    assert not second.outdates(first)
    assert third.outdates(first)


def test_among_many_pages_a_text_that_has_grown_long_does_not():
    short, long = [run("a")], [run("a" * 10**6)]
    few, many = phases(short, long, pages=1), phases(short, long, pages=MANY)
    assert few[1].outdates(few[0])
    assert not many[1].outdates(many[0])
    assert many[0].interval_s >= max(phase.interval_s for phase in few)


def test_pages_that_become_many_and_few_again_draw_nothing_twice():
    [few] = phases([run("a" * 10**6), run(is_over=True)], pages=FEW_PAGES)
    [many] = phases([run("a" * 10**6), run(is_over=True)], pages=MANY)
    assert not many.outdates(few)
    assert not few.outdates(many)


def in_steps(runs):
    """Which runs are whole after each paint, until no more become so."""
    steps = [made_whole(runs, ())]
    while (made := made_whole(runs, steps[-1])) != steps[-1]:
        steps.append(made)
    return [set(made) for made in steps]


def test_of_long_answers_that_end_together_each_becomes_whole_in_a_paint_of_its_own():
    runs = [run("a" * MOST_MADE_WHOLE, is_over=True, run_id=name) for name in "ABC"]
    assert in_steps(runs) == [{"A"}, {"A", "B"}, {"A", "B", "C"}]


def test_short_ones_become_whole_together_and_what_is_live_does_not():
    runs = [run("a", is_over=name != "B", run_id=name) for name in "ABC"]
    assert in_steps(runs) == [{"A", "C"}]
    long = run("a" * 2 * MOST_MADE_WHOLE, is_over=True, run_id="D")
    assert in_steps([*runs, long, runs[0]]) == [{"A", "C"}, {"A", "C", "D"}]


def test_a_run_that_is_no_longer_shown_is_forgotten():
    assert made_whole([run(is_over=True, run_id="B")], {"A"}) == {"B"}


def test_among_many_pages_run_comes_back_with_the_last_end_however_long_the_answers():
    [live] = phases([run(), run(is_over=True)], pages=MANY)
    over = phase_of([run("a" * 10**6, is_over=True)] * 2, is_fed=True, pages=MANY, whole=1)
    assert over.outdates(live)
    assert not over.outdates(over)


def test_a_page_is_fed_and_painted_until_all_is_whole():
    over = [run("a" * 10**6, is_over=True)] * 2
    before, after = (phase_of(over, is_fed=True, pages=1, whole=whole) for whole in (1, 2))
    assert before.is_fed
    assert before.interval_s == FED.interval_s(0, 1)
    assert not after.is_fed
    assert after.interval_s is None
    assert after.outdates(before)
    # One that polls has drawn all of each text all the time.
    assert phase_of(over, is_fed=False, pages=1, whole=0) == after
