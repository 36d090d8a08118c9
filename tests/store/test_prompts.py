"""The prompt library of each visitor: kept, versioned, renamed, deleted and brought back."""

from dataclasses import replace
from datetime import UTC, datetime

from playground.core.editor.page_state import PageState, Variant
from playground.core.library.prompt_library import SavedPrompt, first_version
from playground.core.request.request import Message, Params, Prompt

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def version(text, note=""):
    page = PageState(Prompt("", (Message("user", text),)), (Variant("A", Params("m", 9)),))
    return first_version(page, note, NOON)


def texts(prompt):
    return [each.page().prompt.messages[0].text for each in prompt.versions]


def test_a_library_survives_the_process_and_belongs_to_one_visitor(open_log):
    log = open_log()
    assert log.prompts.save("ada", SavedPrompt("1", "Dosa", (version("one", "first"),))) is None
    assert log.prompts.add_version("ada", "1", version("two", "shorter")) is None
    log.close()
    store = open_log().prompts
    [prompt] = store.list_prompts("ada")
    assert (prompt.name, texts(prompt)) == ("Dosa", ["one", "two"])
    assert [(each.number, each.note) for each in prompt.versions] == [(1, "first"), (2, "shorter")]
    assert store.list_prompts("bob") == ()
    store.rename("bob", "1", "Mine")
    store.delete("bob", "1")
    store.save("bob", SavedPrompt("1", "Bob's", (version("other"),)))
    assert store.list_prompts("ada") == (prompt,)


def test_a_prompt_is_renamed_deleted_and_brought_back_whole(log):
    store = log.prompts
    store.save("ada", SavedPrompt("1", "Dosa", (version("one"), replace(version("x"), number=2))))
    store.rename("ada", "1", "Idli")
    [prompt] = store.list_prompts("ada")
    assert prompt.name == "Idli"
    store.delete("ada", "1")
    assert store.list_prompts("ada") == ()
    store.save("ada", prompt)
    assert store.list_prompts("ada") == (prompt,)


def test_prompts_come_by_name_and_two_of_one_name_stay_two(log):
    store = log.prompts
    for prompt_id, name, text in (("1", "b", "one"), ("2", "A", "two"), ("3", "b", "three")):
        store.save("ada", SavedPrompt(prompt_id, name, (version(text),)))
    found = [(prompt.prompt_id, prompt.name, texts(prompt)) for prompt in store.list_prompts("ada")]
    assert found == [("2", "A", ["two"]), ("1", "b", ["one"]), ("3", "b", ["three"])]


def test_deleting_the_history_leaves_the_library_alone(log):
    log.prompts.save("ada", SavedPrompt("1", "Dosa", (version("one"),)))
    log.delete_all("ada")
    assert log.flush(5)
    assert len(log.prompts.list_prompts("ada")) == 1


def test_a_library_that_cannot_be_reached_is_a_refusal_in_words(open_log, tmp_path):
    log = open_log(f"sqlite:///{tmp_path}")
    assert "can't be reached: its path is a folder" in log.prompts.list_prompts("ada").sentence
    assert log.prompts.save("ada", SavedPrompt("1", "Dosa", (version("one"),))) is not None
