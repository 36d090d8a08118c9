"""In a browser: the number sent is the number shown when Run was pressed, or nothing is sent."""

import os
import random
import re
import time

import pytest
from browser.driving import expect

SEQUENCES = int(os.environ.get("PLAYGROUND_TYPED_NUMBERS", "12"))
"""How many are generated: 12 in the suite, 1,000 once before a release."""
LIMIT_S = float(os.environ.get("PLAYGROUND_TYPED_NUMBERS_S", "inf"))
"""After how many seconds the generated ones end, on a machine that is too slow for all."""
FIELDS = ("temperature", "max_tokens")
GIVEN = [
    ("temperature", "5", None),
    ("temperature", "-1", None),
    ("temperature", "0,1", 0.1),
    ("temperature", "0.", None),
    ("temperature", "1.000", None),
    ("temperature", "0.35", 0.35),
    ("max_tokens", "0", None),
    ("max_tokens", "9999999999", None),
    ("max_tokens", "1 000", 1000),
    ("max_tokens", "1,000", 1000),
    ("max_tokens", "", None),
    ("max_tokens", "40", 40),
]
WHY = {
    ("max_tokens", "0"): "max_tokens must be at least 1",
    ("max_tokens", ""): "max_tokens is empty",
}


def any_text(chance, name):
    """A number as people of several countries type it, whole or half."""
    if name == "temperature":
        text = f"{chance.uniform(-0.1, 1.2):.{chance.randint(0, 3)}f}"
        text = chance.choice([text, text, text.replace(".", ","), text.lstrip("0")])
    else:
        text = f"{chance.choice([0, -3, 7, 250, 1_000, 3_999, 40_000, 2_000_000]):,}"
        text = text.replace(",", chance.choice(["", "", ",", ".", " ", "\u202f", "'"]))
    return text[: chance.randint(0, len(text))] if chance.random() < 0.2 else text


def is_surely_a_number(name, text):
    """Whether everybody reads it in the same way, and the model takes it."""
    if name == "max_tokens":
        return re.fullmatch(r"[1-9][0-9]{0,4}", text) is not None
    return text == "" or re.fullmatch(r"0([.,][0-9]{1,2})?|1", text) is not None


def shown(name, text):
    """The number that a field shows; asked only of what was sent."""
    plain = re.sub(r"[ \u202f']", "", text)
    if name == "max_tokens":
        return int(re.sub(r"[.,]", "", plain))
    return float(plain.replace(",", ".")) if plain else None


def type_in(field, text, chance):
    """At once, letter by letter, or after something else that was left already."""
    manner = chance.randrange(3)
    if manner == 2:
        field.fill(f"{text}9"[-3:])
        field.press("Tab")
    if manner == 1:
        field.fill("")
        field.press_sequentially(text)
    else:
        field.fill(text)


def press_run(screen, field, way):
    """Without leaving the field before; wait until the page has done with it."""
    if way == "key":
        field.press("Control+Enter")
    else:
        screen.run()
    screen.settle()


def outcome(screen, api):
    """The body that left; None: nothing left, and the page says why."""
    refused = screen.at("not_started").filter(has_text="Not started")
    screen.meanwhile(lambda: api.posts or refused.count(), what="a run or a reason")
    if not api.posts:
        assert re.search("temperature|max_tokens", refused.inner_text(), re.IGNORECASE)
        return None
    screen.await_end("A")
    [sent] = [post.json for post in api.posts]
    return sent


@pytest.fixture(scope="module")
def page(open_for_all, app):
    screen = open_for_all(app)
    screen.remove_variant("B")
    return screen


@pytest.mark.parametrize("way", ["key", "click"])
def test_the_number_sent_is_the_number_shown_or_nothing_is_sent(page, api, way):
    for name, text, expected in GIVEN:
        api.forget()
        for other, usual in zip(FIELDS, ("0.2", "300"), strict=True):
            if page.at(f"{other}_A").locator("input").input_value() != usual:
                page.write(f"{other}_A", usual)
        field = page.at(f"{name}_A").locator("input")
        field.fill(text)
        press_run(page, field, way)
        sent = outcome(page, api)
        assert (sent and sent[name]) == expected, (name, text)
        if sent is None:
            why = WHY.get((name, text), f"“{text}")
            # The field itself takes 0, which fills the prompt cache.
            at_field = () if text == "0" else ("variant_A",)
            for place in ("not_started", "checks", *at_field):
                expect(page.at(place)).to_contain_text(why)
        expect(field).to_have_value(text)
        if way == "key":
            expect(field).to_be_focused()


def test_so_it_is_with_whatever_is_typed_one_after_the_other(page, api):
    chance = random.Random(SEQUENCES)
    give_up_s = time.monotonic() + LIMIT_S
    now = {name: page.at(f"{name}_A").locator("input").input_value() for name in FIELDS}
    done = sent_count = 0
    while done < SEQUENCES and time.monotonic() < give_up_s:
        api.forget()
        typed = chance.choices(FIELDS, k=chance.randint(1, 3))
        for name in typed:
            now[name] = any_text(chance, name)
            field = page.at(f"{name}_A").locator("input")
            type_in(field, now[name], chance)
        press_run(page, field, way := chance.choice(["key", "click"]))
        sent = outcome(page, api)
        for name, text in now.items():
            assert page.at(f"{name}_A").locator("input").input_value() == text, (now, way)
            if sent is not None:
                assert sent.get(name) == shown(name, text), (now, way)
        if sent is None:
            assert not all(is_surely_a_number(*each) for each in now.items()), (now, way)
        done, sent_count = done + 1, sent_count + (sent is not None)
    print(f"{done} sequences, {sent_count} of them sent")
    assert done > 0
    assert sent_count >= done // 10


@pytest.mark.parametrize(("before", "after"), [("5", "0.4"), ("0.4", "5")])
def test_a_press_counts_that_lasts_while_what_was_typed_redraws_the_button(
    page, api, before, after
):
    field, run = page.at("temperature_A").locator("input"), page.button("run_all")
    page.write("max_tokens_A", "300")
    page.write("temperature_A", before)
    expect(run).to_contain_text("out of range" if before == "5" else "cost unknown")
    said = page.at("not_started").all_inner_texts()
    field.fill(after)
    box = run.bounding_box()
    page.page.mouse.move(box["x"] + 30, box["y"] + 15)
    page.page.mouse.down()  # The field is left, and the bar drawn anew.
    expect(run).to_contain_text("out of range" if after == "5" else "cost unknown")
    page.page.mouse.up()
    if after == "5":
        expect(page.at("not_started")).to_contain_text("“5” is out of range")
        assert page.at("not_started").all_inner_texts() != said
        assert api.posts == []
    else:
        page.await_posts(api, 1)
        page.await_end("A")


def test_half_a_number_is_there_after_a_reload_and_an_undo(visit, app, api):
    screen = visit(app, viewport={"width": 1280, "height": 900}, locale="de-DE")
    screen.at("temperature_A").locator("input").fill("0,")
    screen.at("max_tokens_A").locator("input").fill("1.")
    screen.page.keyboard.press("Tab")
    screen.settle()
    expect(screen.at("temperature_A").locator("input")).to_have_value("0,")
    screen.page.wait_for_function("() => window.playgroundDraft && !window.playgroundDraft.timer")
    screen.reload()
    expect(screen.at("temperature_A").locator("input")).to_have_value("0,")
    expect(screen.at("max_tokens_A").locator("input")).to_have_value("1.")
    screen.run()
    expect(screen.at("not_started")).to_contain_text("“0,”")
    assert api.posts == []
