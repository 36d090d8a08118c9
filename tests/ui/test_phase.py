"""Painting slows down with the text on the page and with the pages in the process."""

from playground.ui.phase import FED, POLLED, Phase


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
