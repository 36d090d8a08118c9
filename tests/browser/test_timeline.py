"""Retries as a person sees them: the line to scale, the countdown, the last word, Run again."""

import re

import pytest
from browser.driving import expect

SECONDS = re.compile(r"next try in (\d+) s: 529 overloaded")


@pytest.fixture(scope="module")
def lone(open_for_all, app):
    """A page with one variant, for all tests but one."""
    screen = open_for_all(app)
    screen.remove_variant("B")
    return screen


def timeline(screen):
    return screen.at("timeline_A")


def shares(screen):
    """Each span's left edge and width, as shares of the bar."""
    return (
        timeline(screen)
        .locator(".bar")
        .evaluate(
            """bar => {
            const whole = bar.getBoundingClientRect();
            return [...bar.children].map(part => {
                const box = part.getBoundingClientRect();
                return [(box.left - whole.left) / whole.width, box.width / whole.width];
            });
        }"""
        )
    )


def countdown(screen):
    found = SECONDS.search(screen.status().inner_text())
    return int(found[1]) if found else None


def test_a_529_waits_before_ones_eyes_and_ends_with_every_attempt_explained(lone, api):
    lone.unfold("Retries")
    lone.write("attempts", "2")
    lone.write("base_wait_s", "5")
    api.plays = ["status-529"] * 2
    lone.run()
    lone.await_status("waiting", "A")
    expect(lone.status()).to_contain_text("Attempt 2 of 2, next try in")
    first_s = countdown(lone)
    assert 1 <= first_s <= 10
    frames = len(lone.frames)
    lone.meanwhile(lambda: (countdown(lone) or 0) < first_s, what="a lower countdown")
    assert not any(b"next try in" in frame for frame in lone.frames[frames:]), "from the server"
    lone.await_end("A")
    expect(lone.status()).to_have_text("failed", use_inner_text=True)
    expect(timeline(lone).locator(".wait")).to_have_count(1)
    lines = timeline(lone).locator("li")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("529 overloaded")
    expect(lines.first).to_contain_text("waited")
    expect(lines.first).to_contain_text("not billed · req_fake")
    expect(lines.last).to_contain_text("Given up after attempt 2 of 2.")
    [(start, tiny), (wait_start, wait), (last, _)] = shares(lone)
    assert start == pytest.approx(0, abs=0.01)
    assert wait_start == pytest.approx(tiny, abs=0.01)
    assert wait > 0.8
    assert last == pytest.approx(wait_start + wait, abs=0.02)
    assert lone.errors == []


def test_an_attempt_under_way_grows_and_what_was_before_shrinks(lone, api):
    lone.attempts(4)
    lone.write("base_wait_s", "0.5")
    api.plays = ["status-529", "headers-only"]
    lone.run()
    lone.await_posts(api, 2)
    expect(timeline(lone).locator(".under-way")).to_have_count(1)
    lone.meanwhile(lambda: shares(lone)[-1][1] > 0.6, what="growth beyond the wait")
    assert shares(lone)[1][1] < 0.4
    lone.stop()
    lone.await_end("A")
    expect(timeline(lone).locator("li").last).to_contain_text("Stopped.")


def test_in_a_narrow_card_nothing_is_cut_off(visit, app, api):
    screen = visit(app, viewport={"width": 320, "height": 900})
    api.plays = ["status-401"] * 2
    screen.run()
    screen.await_end()
    expect(timeline(screen).locator("li")).to_contain_text(
        "Not retried: the same request would fail again."
    )
    width, content = timeline(screen).evaluate("it => [it.clientWidth, it.scrollWidth]")
    assert 150 < content <= width <= 280


def test_a_double_click_on_run_again_sends_one_request(lone, api):
    api.plays = ["status-401", "slow-20-40"]
    lone.run()
    lone.await_posts(api, 1)
    lone.await_end("A")
    lone.button("again_A").dblclick()
    lone.await_status("done", "A")
    lone.await_end("A")
    assert len(api.posts) == 2
    assert api.posts[0].json == api.posts[1].json


def test_a_second_is_as_long_in_the_line_of_each_card(visit, app, api):
    screen = visit(app)
    screen.attempts(2)
    screen.write("base_wait_s", "1")
    api.plays = ["status-401", "status-529", "status-529"]
    screen.run()
    screen.await_end()
    widths = sorted(screen.at(f"timeline_{letter}").locator(".bar").bounding_box()["width"]
                    for letter in "AB")  # fmt: skip
    card = screen.at("timeline_A").bounding_box()["width"]
    # One was refused at once, the other waited for at least a second.
    assert widths[0] < 0.5 * card
    assert widths[1] == pytest.approx(card, abs=1)
