"""In a browser: the number sent is the number shown when Run was pressed, or nothing is sent."""

import os
import random
import re

import pytest
from browser.driving import expect

SEQUENCES = int(os.environ.get("PLAYGROUND_TYPED_NUMBERS", "0"))
"""How many more are generated: 0 in the suite, 1,000 once before a release."""
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


def generated(count):
    """Texts as people of several countries type them, whole and half."""
    chance = random.Random(count)
    for _ in range(count):
        value, digits = chance.uniform(-0.2, 2.5), chance.randint(0, 3)
        amount = chance.choice([0, -3, 7, 250, 1_000, 40_000, 2_000_000])
        small = f"{value:.{digits}f}"
        large = f"{amount:,}"
        name, text = chance.choice(
            [
                ("temperature", small),
                ("temperature", small.replace(".", ",")),
                ("temperature", small[: chance.randint(0, len(small))]),
                ("max_tokens", str(amount)),
                ("max_tokens", large.replace(",", chance.choice(",. \u202f'"))),
                ("max_tokens", large[: chance.randint(0, len(large))]),
            ]
        )
        yield name, text


def shown(name, text):
    """The number that the field shows; asked only of what was sent."""
    plain = re.sub(r"[ \u202f']", "", text)
    if name == "max_tokens":
        return float(re.sub(r"[.,]", "", plain))
    return float(plain.replace(",", "."))


def press_run(screen, name, text, way):
    """Type, do not leave the field, press Run; the value sent, or why nothing was."""
    field = screen.at(f"{name}_A").locator("input")
    field.fill(text)
    if way == "key":
        field.press("Control+Enter")
    else:
        screen.run()
    return field


def outcome(screen, api, name, text):
    """The number that left for variant A; None: nothing left, and the page says why."""
    why = f"“{text.strip()}" if text.strip() else f"{name} is empty"
    refused = screen.at("not_started").filter(has_text=why)
    screen.meanwhile(lambda: len(api.posts) == 2 or refused.count(), what="a run or a reason")
    if not api.posts:
        expect(screen.at("variant_A")).to_contain_text(why)
        expect(screen.at("checks")).to_contain_text(why)
        return None
    screen.await_end()
    [sent] = [post.json for post in api.posts if post.json["max_tokens"] != 77]
    return sent.get(name)


@pytest.fixture(scope="module")
def page(open_for_all, app):
    screen = open_for_all(app)
    screen.write("max_tokens_B", "77")
    return screen


def usual(screen):
    for name, text in (("temperature", "0.2"), ("max_tokens", "300")):
        if screen.at(f"{name}_A").locator("input").input_value() != text:
            screen.write(f"{name}_A", text)


@pytest.mark.parametrize("way", ["key", "click"])
def test_the_number_sent_is_the_number_shown_or_nothing_is_sent(page, api, way):
    for name, text, expected in GIVEN:
        api.forget()
        usual(page)
        field = press_run(page, name, text, way)
        assert outcome(page, api, name, text) == expected, (name, text)
        expect(field).to_have_value(text)
        if way == "key":
            expect(field).to_be_focused()


def test_so_it_is_with_whatever_is_typed(page, api):
    sent = 0
    for at, (name, text) in enumerate(generated(SEQUENCES)):
        api.forget()
        usual(page)
        field = press_run(page, name, text, ("key", "click")[at % 2])
        found = outcome(page, api, name, text) if text.strip() or name == "max_tokens" else None
        expect(field).to_have_value(text)
        if found is not None:
            assert found == shown(name, text), (name, text)
            sent += 1
    assert SEQUENCES == 0 or sent > SEQUENCES / 10


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
