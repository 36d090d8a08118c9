"""A model id is one line of at most 200 characters, everywhere it can enter."""

import json
from datetime import UTC, datetime

import pytest

from playground.core.answer.retry import RetryPolicy
from playground.core.editor.page_state import PageState, PageStateError
from playground.core.editor.page_state import Variant as PageVariant
from playground.core.editor.page_state import to_json as page_to_json
from playground.core.experiment.case_checks import CaseCheck, CheckError, from_fields, problem_of
from playground.core.experiment.experiment import Experiment, ExperimentError, from_json, to_json
from playground.core.experiment.grid import GridError, Sweep, settings
from playground.core.importing.read_any import read_request
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.model_catalogue import MODEL_ID, is_model_id
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.request.request_fields import (
    FieldsError,
    request_from_fields,
    request_to_fields,
)
from playground.core.runs.run_plan import RunContext, Variant, plan

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PROSE = "A long story about dosa. " * 220
WRONG = ["x" * 201, PROSE, "two\nlines", "two\u2028lines", "tab\tbed", "nul\0", "a\x85b"]
PROMPT = Prompt("", (Message("user", "Hi"),))
wrong = pytest.mark.parametrize("model", WRONG, ids=range(len(WRONG)))


@pytest.mark.parametrize("model", ["", "x" * 200, "claude-opus-5-5", "org/model:8b-q4", "é 模型"])
def test_one_line_of_200_characters_is_an_id(model):
    assert is_model_id(model)


@wrong
@pytest.mark.parametrize("connection", [DEMO, CLAUDE, Connection("server", "s", "http://s")])
@pytest.mark.parametrize("way", ["the model box", "the extra JSON", "an object"])
def test_nothing_else_is_sent_whoever_names_it(model, connection, way):
    params = {
        "the model box": Params(model, 300),
        "the extra JSON": Params("m", 300, extra_json=json.dumps({"model": model})),
        "an object": Params("m", 300, extra_json=json.dumps({"model": {"id": PROSE}})),
    }[way]
    context = RunContext(connection, RetryPolicy(), (), NOW)
    found = plan(context, Variant("A", Request(PROMPT, params)))
    assert found.why_not == MODEL_ID
    assert not found.can_count


@wrong
def test_no_saved_request_or_experiment_brings_one(model):
    request = Request(PROMPT, Params(model, 300))
    with pytest.raises(FieldsError, match="model"):
        request_from_fields(request_to_fields(request))
    with pytest.raises(PageStateError, match="model"):
        page_to_json(PageState(PROMPT, (PageVariant("A", request.params),)))
    with pytest.raises(ExperimentError, match="model"):
        from_json(to_json(Experiment("", (Variant("A", request),))))


@wrong
def test_no_axis_and_no_judge_of_an_experiment_has_one(model):
    variants = (Variant("A", Request(PROMPT, Params("m", 300))),)
    with pytest.raises(GridError, match="one line"):
        settings(variants, (Sweep("model", ("m", model)),))
    judge = {"kind": "judge", "text": "{{answer}}", "model": model}
    assert problem_of(CaseCheck(**judge)) == MODEL_ID
    with pytest.raises(CheckError, match="one line"):
        from_fields(judge)


@wrong
def test_an_imported_one_is_kept_in_sight_and_not_sent(model):
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    request = read_request(json.dumps(body)).request
    assert request.params.extra.fields == {"model": model}
    context = RunContext(CLAUDE, RetryPolicy(), (), NOW)
    assert MODEL_ID in [each.text for each in plan(context, Variant("A", request)).problems]
