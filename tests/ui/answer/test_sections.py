"""Every block, delta and end of an answer is drawn: whole, cut anywhere, and interleaved."""

from itertools import zip_longest

import pytest
from core.rendering.shown import Shown, words
from fake_api import start
from scenes import SCENES, WEATHER, ending, events_of, folded, parts_of, thinking

from playground.core.rendering.blocks_html import blocks_html
from playground.ui.answer.sections import finished_sections, sections


class Run:
    """As much of a run as is drawn."""

    blocks = ()
    is_live = True


def read(found):
    """What a person reads of some sections; those of citations stand beneath their text."""
    return [
        words(each.title + Shown("".join(each.pieces)).text + "".join(each.notes))
        for _, each in sorted(found.items())
    ]


def assert_shown(blocks, found):
    """Each part of each block is there, in order, and only once where it is a text."""
    shown = "".join(read(found))
    at = 0
    for block in blocks:
        for part in map(words, parts_of(block)):
            assert part in shown[at:], (block, shown)
            if not getattr(block, "citations", ()):
                at = shown.index(part, at) + len(part)


def drawn(run):
    return sections(run, is_plain=False)


@pytest.mark.parametrize("name", SCENES)
def test_what_has_come_is_drawn_event_by_event_and_what_is_frozen_stays(name):
    blocks, reason, expected, _ = SCENES[name]
    run, before = Run(), {}
    for run.blocks in folded([start(), *events_of(blocks), *ending(reason)]):
        now = drawn(run)
        assert_shown(run.blocks, now)
        for at, old in before.items():
            if old.revision == now[at].revision:
                assert now[at].pieces[: old.frozen] == old.pieces[: old.frozen]
        before = now
    run.is_live = False
    assert run.blocks == expected
    assert_shown(expected, drawn(run))
    assert read(drawn(run)) == read(finished_sections(expected))


@pytest.mark.parametrize("name", SCENES)
def test_a_saved_page_says_the_same(name):
    _, _, expected, _ = SCENES[name]
    saved = [words(each.head + Shown(each.html).text) for each in blocks_html(expected)]
    on_the_page = [sorted(each) for each in read(finished_sections(expected))]
    assert [sorted(each) for each in saved] == on_the_page


@pytest.mark.parametrize("name", SCENES)
def test_cut_after_any_event_an_answer_shows_what_had_come(name):
    blocks, reason, _, _ = SCENES[name]
    for cut in folded([start(), *events_of(blocks), *ending(reason)]):
        found = finished_sections(cut)
        assert_shown(cut, found)
        assert all(section.is_done for section in found.values())


@pytest.mark.parametrize("name", SCENES)
def test_blocks_that_come_interleaved_are_drawn_apart_and_in_order(name):
    blocks, reason, _, _ = SCENES[name]
    other = events_of([thinking("One", " two."), WEATHER], first=len(blocks))
    pairs = zip_longest(events_of(blocks), other, fillvalue=b"")
    run = Run()
    wire = [event for pair in pairs for event in pair if event]
    for run.blocks in folded([start(), *wire, *ending(reason)]):
        assert_shown(run.blocks, drawn(run))
    run.is_live = False
    assert read(drawn(run)) == read(finished_sections(run.blocks))
