"""A plan is made from one context, parses the extra JSON once and says what is not sent."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Sweep, sent_key
from playground.core.experiment.grid_plan import plan_grid
from playground.core.request import request as request_module
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.extra_json import read_extra
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import (
    RefusedPlanError,
    RunContext,
    Variant,
    plan,
    require_sendable,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CONTEXT = RunContext(CLAUDE, RetryPolicy(), (), NOW)
EXTRA = json.dumps({"tools": [{"name": f"t{number}"} for number in range(400)]}, indent=1)


def request(extra="", **params):
    prompt = Prompt("", (Message("user", "Hi {{name}}"),))
    return Request(prompt, Params("claude-sonnet-4-6", 300, extra_json=extra, **params))


@pytest.fixture
def parsed(monkeypatch):
    """The texts that were parsed."""
    found = []

    def count(text):
        found.append(text)
        return read_extra(text)

    monkeypatch.setattr(request_module, "read_extra", count)
    return found


def test_the_extra_json_is_parsed_once_however_often_it_is_planned_with(parsed):
    asked = request(EXTRA)
    context = replace(CONTEXT, has_budget=True, key_holder="owner", is_stranger=True)
    for _ in range(3):
        plan(context, Variant("A", asked))
    assert parsed == [EXTRA]


def test_a_grid_parses_it_once_for_all_its_cells(parsed):
    cases = Cases(("name",), tuple((str(number),) for number in range(10)))
    sweeps = (Sweep("max_tokens", (10, 20, 30)), Sweep("model", ("claude-opus-5-5", "x")))
    definition = Experiment("", (Variant("A", request(EXTRA)),), sweeps, cases)
    assert plan_grid(definition.settings, cases, 1, (), CONTEXT).calls == 60
    assert parsed == [EXTRA]


def test_other_extra_json_is_parsed_anew():
    params = request(EXTRA).params
    assert params.extra.fields
    assert params.with_values({"extra_json": "{}"}).extra.fields == {}
    assert params.with_values({"max_tokens": 7}).extra is params.extra


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["tools", "metadata", "é", "model", '"', ""]), JSON))
def test_a_cell_is_known_by_the_hash_of_what_is_sent_as_on_earlier_days(extra):
    wire = plan(CONTEXT, Variant("A", request(json.dumps(extra)))).wire
    sent = ["claude", CLAUDE.base_url, dict(wire.headers), dict(wire.body)]
    text = json.dumps(sent, sort_keys=True)
    assert sent_key(wire, CLAUDE) == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_a_closed_gate_comes_before_everything_else():
    closed = replace(CONTEXT, closed_because="Enter the passcode to use it.")
    found = plan(closed, Variant("A", request("{")))
    assert found.why_not == "Enter the passcode to use it."
    assert not found.can_run
    assert not found.can_count


def test_what_was_entered_in_a_field_and_is_no_value_keeps_it_from_being_sent():
    found = plan(CONTEXT, Variant("A", request(), (("max_tokens", "12x"),)))
    assert "max_tokens “12x”" in found.why_not
    assert not found.can_count
    with pytest.raises(RefusedPlanError, match="12x"):
        require_sendable(found.why_not)


def test_the_demo_needs_no_bound_within_a_budget():
    context = replace(CONTEXT, has_budget=True)
    asked = request('{"container": "c"}')
    assert not plan(context, Variant("A", asked)).can_run
    assert plan(replace(context, connection=DEMO), Variant("A", asked)).can_run


WHOLE = {
    "model": "claude-haiku-4-5",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}],
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "stop_sequences": ["x"],
    "metadata": {"user_id": "u"},
    "tool_choice": {"type": "auto"},
    "cache_control": {"type": "ephemeral"},
    **{"max_tokens": 9, "temperature": 0.5, "top_p": 0.5, "top_k": 5, "stream": True},
    **{"speed": "fast", "service_tier": "auto", "inference_geo": "us"},
}  # fmt: skip
ODD = [
    None, {}, [], ["x"], [None], [[]], {"type": {}}, {"type": ["x"]}, [{"type": []}], 5, True, "",
]  # fmt: skip


def changed_anywhere(value, odd):
    """The value with `odd` in place of each of its parts, one at a time."""
    items = dict(enumerate(value)) if isinstance(value, list) else value
    for name, part in items.items() if isinstance(items, dict) else ():
        for changed in (odd, *changed_anywhere(part, odd)):
            whole = dict(value) if isinstance(value, dict) else list(value)
            whole[name] = changed
            yield whole


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_whatever_the_extra_json_holds_has_a_plan(odd):
    context = replace(CONTEXT, has_budget=True, key_holder="owner", is_stranger=True)
    for extra in changed_anywhere(WHOLE, odd):
        planned = plan(context, Variant("A", request(json.dumps(extra))))
        assert "can't work with" not in (planned.why_not or "")
        alone = {name: value for name, value in extra.items() if value != WHOLE[name]}
        planned = plan(CONTEXT, Variant("A", request(json.dumps(alone))))
        assert "can't work with" not in (planned.why_not or "")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"stop": "x"}, "`stop` is not in the list of the API's fields"),
        ({"effort": "low", "top_k": 1, "n": 2, "": 1}, "`effort` and 2 more are not in the list"),
        ({"x" * 200: 1}, f"`{'x' * 80}…` is not in the list"),
        ({"metadata": {}, "diagnostics": {}, "container": "c"}, None),
        ({}, None),
    ],
)
def test_fields_that_are_not_known_here_are_named_and_sent(extra, says):
    made = plan(CONTEXT, Variant("A", request(json.dumps(extra))))
    said = [problem for problem in made.problems if "not in the list" in problem.text]
    assert [problem.severity for problem in said] == (["info"] if says else [])
    assert all(says in problem.text for problem in said)
    assert extra.items() <= made.wire.body.items()
    server = replace(CONTEXT, connection=Connection("server", "s", "http://s"))
    made = plan(server, Variant("A", request(json.dumps(extra))))
    assert not any("no list" in problem.text for problem in made.problems)


class BreaksOnce(dict):
    """Stands for a fault that nobody knows."""

    is_broken = True

    def get(self, name, default=None):
        if self.is_broken:
            self.is_broken = False
            raise ZeroDivisionError(f"with a part of the prompt: {name}")
        return default


def test_a_plan_that_breaks_says_so_and_keeps_the_request(caplog):
    asked = request('{"odd": 1}')
    planned = plan(replace(CONTEXT, counts=BreaksOnce()), Variant("A", asked))
    assert (planned.request, planned.can_run, planned.can_count) == (asked, False, False)
    assert planned.why_not.startswith("This app can't work with the extra JSON")
    assert "ZeroDivisionError" in planned.why_not
    assert "part of the prompt" not in caplog.text + planned.why_not


def test_a_whole_number_of_the_extra_json_beyond_any_float_is_an_error_and_no_crash():
    made = plan(CONTEXT, Variant("A", request(f'{{"temperature": 1{"0" * 400}}}')))
    assert made.why_not == "Temperature must be from 0 to 1."
    assert made.model_summary == f"Claude Sonnet 4.6 · temperature 1{'0' * 19}"


def test_why_variables_have_no_values_keeps_a_request_from_being_sent():
    made = plan(CONTEXT, Variant("A", request(), unfilled="A text is too long."))
    assert (made.why_not, made.can_count) == ("A text is too long.", False)
