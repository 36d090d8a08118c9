"""Painting slows down with the text on the page and with the pages in the process."""

from types import SimpleNamespace

from playground.ui.feed import FEW_PAGES
from playground.ui.phase import FED, POLLED, Phase, phase_of

MANY = FEW_PAGES + 1


def run(text="", *, is_over=False):
    return SimpleNamespace(
        text=text, thinking="", is_over=is_over, is_live=not is_over, attempts=(), attempt_number=1
    )


def phases(*runs, pages):
    return [phase_of(found, is_fed=True, pages=pages) for found in runs]


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
