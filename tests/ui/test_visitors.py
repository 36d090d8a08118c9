"""Strangers on one server: each sees their own runs alone, and what is kept is what is said."""

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, drawn, press_run, unfold, words

ADA, EVE = "a" * 43, "e" * 43
SECRET = "planted prompt 7d20e9"


@pytest.fixture
def no_database(monkeypatch, tmp_path):
    """A server whose owner configured none: the log has its default place."""
    monkeypatch.delenv("PLAYGROUND_LOG")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def opened(script=SCRIPT):
    return AppTest.from_file(script, default_timeout=30).run()


def asked(page, text):
    page.text_area(key="message_0_text").input(text).run()
    return press_run(page)


def said(page):
    return words(page).replace("\\", "")


def names():
    """The visitors that the log knows of those that may have come."""
    from playground.core.visitors.access import visitor_of

    return visitor_of("browser", ADA), visitor_of("browser", EVE)


def log():
    from playground.ui.session.services import services

    return services().log


def test_two_strangers_see_nothing_of_each_other_and_find_their_own_again(come_from):
    come_from(playground_visitor=ADA)
    adas = asked(opened(), SECRET)
    assert "**2** runs" in said(adas)
    run = adas.session_state["runs"]["A"]
    come_from(playground_visitor=EVE)
    eves = opened()
    assert "No runs yet" in said(eves)
    # She knows its id, and asks for it.
    eves.session_state["opened_run"] = run.id
    eves.run()
    assert SECRET not in drawn(eves)
    asked(eves, "Something else")
    assert "**2** runs" in said(eves)
    assert len(eves.dataframe[0].value) == 2
    ada, eve = names()
    assert [log().count(each) for each in (ada, eve, "local")] == [2, 2, 0]
    assert log().get(eve, run.id) is None
    assert SECRET in log().get(ada, run.id)[1].request_json
    come_from(playground_visitor=ADA)
    again = opened()
    assert len(again.dataframe[0].value) == 2
    again.session_state["opened_run"] = run.id
    assert SECRET in drawn(again.run())
    assert "stored in the owner's database" in said(again)


@pytest.mark.parametrize("cookie", [None, "forged"])
def test_without_a_good_cookie_a_visitor_is_known_for_one_session(come_from, cookie):
    come_from(**({} if cookie is None else {"playground_visitor": cookie}))
    first = press_run(opened())
    assert len(first.dataframe[0].value) == 2
    second = opened()
    assert "No runs yet" in said(second)
    assert "A reload starts a new history." in said(second)


def test_a_login_is_known_wherever_it_comes_from(come_from):
    come_from(playground_visitor=ADA)
    first = AppTest.from_file(SCRIPT, default_timeout=30)
    first.user = {"is_logged_in": True, "iss": "https://id.example", "sub": "42"}
    press_run(first.run())
    come_from(playground_visitor=EVE)
    second = AppTest.from_file(SCRIPT, default_timeout=30)
    second.user = first.user
    assert len(second.run().dataframe[0].value) == 2
    second.user = {"is_logged_in": False}
    assert "No runs yet" in said(second.run())


def test_without_a_database_a_strangers_texts_are_never_on_disk(come_from, no_database):
    come_from(playground_visitor=ADA)
    page = opened()
    assert "kept only while this page is open" in said(page)
    assert "Other visitors see none of it" in said(page)
    page.text_area(key="system_prompt").input(f"System {SECRET}")
    asked(page, SECRET)
    run = page.session_state["runs"]["A"]
    assert log().flush(10)
    on_disk = b"".join(file.read_bytes() for file in no_database.iterdir())
    assert run.id.encode() in on_disk
    assert SECRET.encode() not in on_disk
    assert run.text.split()[0].encode() not in on_disk
    # The visitor's other page finds it as long as this one is open.
    other = opened()
    other.session_state["opened_run"] = run.id
    assert SECRET in drawn(other.run())
    log().open_pages.close(page.session_state["owner"])
    assert SECRET not in drawn(other.run())
    assert "kept only while its page was open" in said(other)
    come_from("localhost")
    assert "stored in this app's log" in said(unfold(opened(), "history"))


def test_a_history_is_deleted_after_a_question_and_nobody_elses(come_from):
    come_from(playground_visitor=EVE)
    press_run(opened())
    come_from(playground_visitor=ADA)
    page = press_run(opened())
    page.session_state["opened_run"] = page.session_state["runs"]["A"].id
    page.button(key="delete_history").click().run()
    assert "deletes **2 runs**" in said(page)
    assert log().count(names()[0]) == 2
    page.button(key="really_delete_history").click().run()
    assert not page.exception
    assert "No runs yet" in said(page)
    assert [log().count(each) for each in names()] == [0, 2]


def test_at_ones_own_machine_the_same_button_stands_in_the_sidebar(page):
    press_run(page)
    unfold(page, "history").button(key="delete_history").click().run()
    page.button(key="really_delete_history").click().run()
    assert log().count("local") == 0
