"""The prompt library on the page: saved, compared, put back, deleted and brought back."""

import json
from dataclasses import replace

import pytest
from ui.driving import words

from playground.core.visitors.access import LOCAL
from playground.ui.session.services import services


def press(page, key):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def keys(page):
    return {button.key for button in page.button}


def save(page, name, note=""):
    page.text_input(key="library_name").input(name)
    page.text_input(key="library_note").input(note)
    return press(page, "library_save")


def write(page, text):
    return page.text_area(key="message_0_text").input(text).run()


def message(page):
    return page.text_area(key="message_0_text").value


def boxes(page):
    return [box.label for box in page.selectbox]


def test_versions_are_saved_compared_restored_renamed_and_deleted_with_undo(page):
    write(page, "Give three tips for **dosa**")
    press(page, "library")
    assert "Nothing saved yet" in words(page)
    press(page, "library_save")
    assert [error.value for error in page.error] == ["Enter a name\\."]
    save(page, "Dosa", "first")
    page.session_state["dialog"] = None
    write(page, "Give four tips for **dosa**")
    press(page, "library")
    save(page, "dosa", "one more")
    said = words(page)
    assert ":red-background[~~three~~]" in said
    assert ":green-background[four] tips for \\*\\*dosa\\*\\*" in said
    old = next(box for box in page.selectbox if box.label == "Version")
    assert [option[:4] for option in old.options] == ["2 · ", "1 · "]
    old.select_index(1).run()
    press(page, "library_restore")
    assert message(page) == "Give three tips for **dosa**"
    assert page.session_state["dialog"] is None
    press(page, "undo")
    assert message(page) == "Give four tips for **dosa**"

    press(page, "library")
    name = next(each for each in page.text_input if each.label == "New name")
    name.input("Idli")
    press(page, "library_rename")
    assert page.selectbox(key="library_of").options == ["Idli"]
    # A browser shows another label than it knew only where it is told to.
    assert page.selectbox(key="library_of").proto.set_value
    assert page.selectbox(key="library_of").proto.raw_value == "Idli"
    assert page.session_state["rename_prompt"] is False
    press(page, "library_delete")
    assert "Saved prompts" not in boxes(page)
    press(page, "library_undelete")
    assert page.selectbox(key="library_of").options == ["Idli"]
    assert "library_undelete" not in keys(page)


def test_a_stranger_without_a_database_keeps_it_in_the_session_and_is_told_so(
    page, come_from, monkeypatch
):
    from playground.ui.session.services import services

    monkeypatch.setattr(services(), "settings", replace(services().settings, has_database=False))
    come_from()
    write(page, "Secret recipe")
    press(page, "library")
    assert "gone when you close the page" in words(page)
    save(page, "Mine")
    save(page, "Mine")
    assert page.selectbox(key="library_of").options == ["Mine"]
    assert "Version" in boxes(page)
    log = services().log
    with log._writer.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM prompts").scalar() == 0
    press(page, "library_delete")
    assert "Saved prompts" not in boxes(page)


def test_a_library_of_many_is_imported_from_its_file_and_searched(page):
    write(page, "About fermenting")
    press(page, "library")
    save(page, "Dosa")
    from playground.core.library.prompt_library import library_to_json
    from playground.ui.session.services import services

    library = json.loads(library_to_json(services().log.prompts.list_prompts("local")))
    library["prompts"] = [
        {**library["prompts"][0], "name": f"Copy {number}"} for number in range(9)
    ]
    page.session_state["dialog"] = None
    press(page.run(), "import")
    page.text_area(key="import_text").input(json.dumps(library)).run()
    press(page, "add_import")
    page.run()
    assert len(page.selectbox(key="library_of").options) == 10
    page.text_input(key="library_search").input("copy 7 ferment").run()
    assert not page.exception
    assert page.selectbox(key="library_of").options == ["Copy 7"]


def two_saved(page):
    """A page with the library open: Dosa has two versions and is shown, Idli one."""
    for text, name in (("Dosa 1", "Dosa"), ("Dosa 2", "Dosa"), ("Idli 1", "Idli")):
        page.session_state["dialog"] = None
        write(page, text)
        press(page, "library")
        save(page, name)
    ids = {prompt.name: prompt.prompt_id for prompt in services().log.prompts.list_prompts(LOCAL)}
    page.selectbox(key="library_of").set_value(ids["Dosa"]).run()
    return ids


@pytest.mark.parametrize("key", ["library_delete", "library_restore"])
def test_a_click_acts_on_no_prompt_but_the_one_that_is_chosen_by_then(page, key):
    ids = two_saved(page)
    page.selectbox(key="library_of").set_value(ids["Idli"])
    press(page, key)  # Together, as two quick clicks.
    assert "the choice had changed" in page.error[0].value
    assert len(services().log.prompts.list_prompts(LOCAL)) == 2
    assert message(page) == "Idli 1"


def test_the_version_that_is_chosen_by_then_is_put_into_the_editor(page):
    two_saved(page)
    version = next(box for box in page.selectbox if box.label == "Version")
    version.select_index(1)
    press(page, "library_restore")
    assert message(page) == "Dosa 1"
