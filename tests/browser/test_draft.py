"""What stood in the editor comes back, also what nobody but the browser knew of."""

import json
import os
import random
import signal
from pathlib import Path

import pytest
from browser.driving import FLAGS, App, Screen, chromium, expect

ROUNDS = int(os.environ.get("PLAYGROUND_DRAFT_ROUNDS", "1"))
"""How often a server is killed beneath two tabs; 200 by hand."""
SEED = int(os.environ.get("PLAYGROUND_DRAFT_SEED", "7"))
KEPT = """async () => {
    const database = await new Promise((done, fail) => {
        const opening = indexedDB.open("playground", 1);
        opening.onupgradeneeded = () => opening.transaction.abort();
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => done(null);
    });
    if (!database) return "";
    const rows = await new Promise((done) => {
        const asking = database.transaction("drafts").objectStore("drafts").getAll();
        asking.onsuccess = () => done(asking.result);
    });
    database.close();
    return JSON.stringify(rows);
}"""
KEY = "sk-ant-" + "api03-0123456789abcdefghij"


@pytest.fixture
def apps():
    started = []
    yield started
    for app in started:
        app.close()


@pytest.fixture
def open_profile(browser, tmp_path):
    """Starts a browser of its own on one and the same profile."""
    opened = []

    def start():
        context = browser.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium(),
            args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )
        opened.append(context)
        return context

    yield start
    for context in opened[-1:]:
        context.close()


def kill_browser(profile):
    """As a crash does: no process of it gets a chance to write anything."""
    mark = f"--user-data-dir={profile}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue  # Its children end with it.


def kept(screen):
    return screen.page.evaluate(KEPT)


def await_kept(screen, text):
    screen.meanwhile(lambda: text in kept(screen), what=f"a draft with {text}")


def area(screen, key="message_0_text"):
    return screen.at(key).locator("textarea").first


def test_a_killed_server_and_browser_lose_nothing_that_was_on_the_screen(
    apps, open_profile, tmp_path
):
    app = App(tmp_path, {}, port=None)
    apps.append(app)
    screen = Screen(open_profile(), app).open()
    screen.click("add_message")
    screen.write("system_prompt", "You are brief.")
    screen.write("max_tokens_B", "77")
    area(screen, "message_1_text").press_sequentially("Half a sentence")
    await_kept(screen, "Half a sentence")
    kill_browser(tmp_path / "profile")
    app.process.kill()
    app.process.wait()

    again = App(tmp_path, {}, port=app.port)
    apps.append(again)
    screen = Screen(open_profile(), again).open()
    expect(area(screen, "message_1_text")).to_have_value("Half a sentence")
    expect(area(screen, "system_prompt")).to_have_value("You are brief.")
    expect(screen.at("max_tokens_B").locator("input")).to_have_value("77")
    expect(screen.at("header")).to_contain_text("Restored what you were typing")

    area(screen, "message_1_text").press_sequentially(f" and more {KEY}")
    await_kept(screen, "sk-ant-[masked]")
    assert KEY not in kept(screen)
    screen.reload()
    expect(area(screen, "message_1_text")).to_have_value("Half a sentence and more sk-ant-[masked]")
    screen.settle()
    screen.click("discard_draft")
    expect(screen.at("message_1_text")).to_have_count(0)


def test_two_tabs_keep_their_own_and_a_restarted_server_is_told(apps, open_profile, tmp_path):
    app = App(tmp_path, {}, port=None)
    apps.append(app)
    context = open_profile()
    one = Screen(context, app).open()
    area(one).fill("From tab one")
    await_kept(one, "From tab one")
    two = Screen(context, app).open()
    expect(area(two)).to_have_value("From tab one")
    two.settle()
    area(two).fill("From tab two")
    await_kept(two, "From tab two")
    assert "From tab one" in kept(two)

    chance = random.Random(SEED)
    texts = {one: "From tab one", two: "From tab two"}
    some = [[one], [two], [one, two]]
    for number in range(ROUNDS):
        apps[-1].process.kill()
        apps[-1].process.wait()
        apps.append(App(tmp_path, {}, port=app.port))
        # Both in the first round, which is the only one in an ordinary run.
        for screen in chance.choice(some) if number else [one, two]:
            texts[screen] = f"{texts[screen][:12]}, after restart {number + 1}"
            chance.choice([leave, stay, press_keys] if number else [leave])(screen, texts[screen])
            if not number:
                expect(screen.at("header")).to_contain_text("Restored")
            expect(area(screen)).to_have_value(texts[screen])
            await_kept(screen, texts[screen])
        for screen in chance.choice(some) if number else [one, two]:
            screen.reload()
            expect(area(screen)).to_have_value(texts[screen])


def stay(screen, text):
    """Type, and leave the cursor in the field: nothing is sent."""
    area(screen).fill(text)


def leave(screen, text):
    stay(screen, text)
    screen.page.keyboard.press("Tab")


def press_keys(screen, text):
    stay(screen, "")
    area(screen).press_sequentially(text)


SAVES_AT_ONCE = """() => {
    const wait = setTimeout;
    window.setTimeout = (work, ms, ...rest) => wait(work, ms === 300 ? 0 : ms, ...rest);
}"""


def test_a_browser_that_draws_slowly_keeps_what_was_brought_back(apps, open_profile, tmp_path):
    apps.append(App(tmp_path, {}, port=None))
    screen = Screen(open_profile(), apps[0]).open()
    area(screen).fill("What was typed")
    await_kept(screen, "What was typed")
    # Stands for a browser so busy that it saves before it has drawn the fields.
    screen.page.add_init_script(f"({SAVES_AT_ONCE})()")
    screen.page.reload()
    rows = []

    def is_saved():
        rows[:] = json.loads(kept(screen))
        return "What was typed" in rows[0]["page"]

    screen.meanwhile(is_saved, what="a page brought back")
    assert rows[0]["typed"]["message_0_text"] == "What was typed"
    screen.button("discard_draft").click()
    screen.meanwhile(
        lambda: "What was typed" not in json.loads(kept(screen))[0]["page"], what="an undo kept"
    )
    typed = json.loads(kept(screen))[0]["typed"]["message_0_text"]
    assert typed == area(screen).input_value() != "What was typed"


LATE = """() => {
    const ask = navigator.locks.request.bind(navigator.locks);
    navigator.locks.request = (...all) =>
        new Promise((done) => { window.letGo = done; }).then(() => ask(...all));
}"""


def test_what_is_typed_before_a_draft_is_brought_back_stays(apps, open_profile, tmp_path):
    apps.append(App(tmp_path, {}, port=None))
    screen = Screen(open_profile(), apps[0]).open()
    screen.write("system_prompt", "You are brief.")
    area(screen).fill("Of before")
    await_kept(screen, "Of before")
    screen.page.add_init_script(f"({LATE})()")
    screen.page.reload()
    screen.page.wait_for_function("() => window.letGo")
    leave(screen, "Typed at once")
    screen.settle()
    screen.page.evaluate("() => letGo()")
    expect(area(screen, "system_prompt")).to_have_value("You are brief.")
    expect(area(screen)).to_have_value("Typed at once")
    await_kept(screen, "Typed at once")
    screen.settle()
    expect(area(screen)).to_have_value("Typed at once")
