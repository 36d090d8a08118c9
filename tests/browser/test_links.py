"""A link as a browser opens it: asked about, opened, run by nobody, and gone from the address."""

import json

from browser.driving import expect

from playground.core.editor.page_state import PageState, Variant
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import decode, encode

SHARED = PageState(
    Prompt("Be terse.", (Message("user", "A prompt that came by link"),)),
    (Variant("C", Params("claude-haiku-4-5", 77, 0.4)),),
)


def test_a_link_is_asked_about_opened_undone_and_not_asked_about_again(visit, app, api):
    asked = []
    screen = visit(app, f"#s={encode(SHARED)}")
    screen.page.on("request", lambda request: asked.append(request.url))
    first = screen.at("message_0_text").locator("textarea")
    expect(first).to_have_value("Give me three tips for crisp dosa.")
    screen.click("open_link")
    expect(first).to_have_value("A prompt that came by link")
    expect(screen.at("max_tokens_C").locator("input")).to_have_value("77")
    screen.page.wait_for_function("() => location.hash === ''")
    screen.reload()
    expect(screen.button("run_all")).to_be_enabled()
    assert screen.button("open_link").count() == 0
    screen.write("message_0_text", "Mine")
    # The same link in a page that is open: declined, it changes nothing.
    screen.page.evaluate("hash => { location.hash = hash; }", f"#s={encode(SHARED)}")
    screen.click("keep_mine")
    expect(first).to_have_value("Mine")
    screen.page.wait_for_function("() => location.hash === ''")
    assert api.posts == []
    assert not [url for url in asked if "s=1" in url.partition("#")[0]]
    assert screen.errors == []
    # One that is made here stands on the address that is open.
    screen.click("share")
    link = screen.page.get_by_test_id("stCode").filter(has_text="#s=1").inner_text()
    assert decode(link.removeprefix(f"{app.url}/#s=")).prompt.messages[0].text == "Mine"
    assert api.posts == []


def test_a_file_of_hostile_answers_asks_for_nothing_and_runs_nothing(browser, tmp_path, api):
    from core.saved_pages.test_answers_page import NOW, Hostile, run_of, share_page

    hostile = Hostile(7, [api.url]).answer(200) + "\x00\r\n\t"
    file = tmp_path / "answers.html"
    file.write_bytes(share_page([run_of(hostile), run_of(hostile)], NOW).encode())
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script("window.ran = []; window.alert = () => window.ran.push(1)")
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    texts = page.eval_on_selector_all(".as-it-came", "found => found.map(each => each.textContent)")
    assert json.loads(json.dumps(texts)) == 2 * [hostile.replace("\x00", "\ufffd")]
    assert page.evaluate("() => document.scripts.length + window.ran.length") == 0
    assert [url for url in asked if url != file.as_uri()] == []
    # On paper nothing can be pressed: what is folded is printed.
    folded = page.locator(".request").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    page.close()


def test_on_paper_no_line_leaves_its_card_and_a_dark_page_is_light(browser, tmp_path):
    from core.saved_pages.test_answers_page import NOW, run_of, share_page

    long = f"```python\nprint('{'x' * 400}')\n```\n\n| a |\n| --- |\n| {'w' * 400} |"
    file = tmp_path / "answers.html"
    file.write_bytes(share_page([run_of(long)] * 3, NOW).encode())
    page = browser.new_page(color_scheme="dark", viewport={"width": 1000, "height": 800})
    page.goto(file.as_uri())
    background = "() => getComputedStyle(document.body).backgroundColor"
    colour = "() => getComputedStyle(document.querySelector('.rendered')).color"
    assert page.evaluate(background) == "rgb(14, 17, 23)"
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.evaluate(colour) == "rgb(38, 39, 48)"
    # Nothing scrolls on paper: what is wider than its place lies over others, or is cut.
    wider = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.locator(".card pre").count() == 3
    assert page.eval_on_selector_all(".card, .card pre, .card .scroll", wider) == 0
    page.close()
