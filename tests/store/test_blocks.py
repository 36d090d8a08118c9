"""Content blocks in the log: kept, found, deleted and brought back, on both databases."""

from dataclasses import replace

import pytest
from store.databases import ON_BOTH

from playground.core.answer.content import (
    ServerToolResultBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    citation,
)
from playground.core.log.history import Filter
from playground.core.log.run_file import line_of, run_of, values_of
from playground.core.runs.run_row import content_fields

CITED = citation({"type": "char_location", "cited_text": "nul \0", "document_title": "దోశ 😀"})
BLOCKS = (
    ThinkingBlock("Hm", "c2ln"),
    TextBlock("I'll look."),
    ToolUseBlock("t", "get_weather", '{"city": "Reykjavik"}'),
    ServerToolResultBlock(
        "web_search_tool_result", "s", '[{"title": "Geysir", "encrypted_content": "xyzzy"}]'
    ),
    TextBlock("It rains.", (CITED,)),
)


@pytest.fixture
def told(row, texts):
    """A run with blocks, and its texts."""
    run = row(1)
    return run, replace(texts(run), **content_fields(BLOCKS))


def found(log, text):
    return [each.run_id for each in log.history.page("ada", Filter(text=text), "newest").rows]


@ON_BOTH
def test_the_blocks_of_a_run_come_back_from_the_log_as_they_were(open_log, log, told):
    log.record(*told)
    assert log.flush(5)
    log.close()
    assert open_log().get("ada", told[0].run_id)[1].blocks == BLOCKS


@ON_BOTH
def test_a_run_without_blocks_has_its_texts_for_blocks(log, row, texts):
    log.record(row(1), texts(row(1), thinking="Hm"))
    assert log.flush(5)
    _, kept_texts = log.get("ada", row(1).run_id)
    assert kept_texts.blocks == (ThinkingBlock("Hm"), TextBlock("Hello"))


@ON_BOTH
@pytest.mark.parametrize("is_reopened", [False, True])
def test_a_run_is_found_by_its_tools_their_input_and_their_results(
    open_log, log, told, row, texts, is_reopened
):
    log.record(*told)
    log.record(row(2), texts(row(2)))
    assert log.flush(5)
    if is_reopened:
        log.close()
        log = open_log()
    for text in ("reykjavik", "get_weather", "Geysir", "It rains", '"city": "Reykjavik"'):
        assert found(log, text) == [told[0].run_id], text
    assert found(log, "xyzzy") == []
    assert found(log, "hello") == [row(2).run_id]


@ON_BOTH
def test_a_run_that_is_deleted_and_brought_back_has_its_blocks(log, told):
    run, its_texts = told
    log.record(run, its_texts)
    assert log.flush(5)
    assert log.history.delete("ada", [run.run_id]) is None
    assert found(log, "reykjavik") == []
    assert log.history.bring_back("ada", [run.run_id]) is None
    assert found(log, "reykjavik") == [run.run_id]
    assert log.get("ada", run.run_id)[1].blocks == BLOCKS
    assert log.warning is None


@ON_BOTH
def test_an_experiment_reads_answers_whole_and_checks_their_text_or_else_their_tool_calls(
    log, told, row, texts
):
    run, its_texts = told
    call = row(2), replace(texts(row(2)), **content_fields(BLOCKS[2:3]))
    log.record(run, its_texts)
    log.record(*call)
    expected = {
        run.run_id: "I'll look.\n\nIt rains.",
        row(2).run_id: '[tool_use get_weather] {"city": "Reykjavik"}',
    }
    assert log.experiments.answers("ada", list(expected)) == expected
    assert log.flush(5)
    assert log.experiments.answers("ada", list(expected)) == expected
    contents = {run.run_id: BLOCKS, row(2).run_id: BLOCKS[2:3]}
    assert log.experiments.contents("ada", list(expected)) == contents


def test_exports_hold_the_blocks_and_older_lines_are_read(log, told):
    log.record(*told)
    assert log.flush(5)
    [[run]] = log.history.parts("ada", Filter(), with_texts=True)
    line = line_of(run)
    assert run_of(line, "ada") == run
    assert 'get_weather] {"city": "Reykjavik"}' in values_of(run)["answer"]
    older = line.replace(', "blocks_json": ', ', "of_2027": ')
    assert run_of(older, "ada").texts.blocks_json == ""
