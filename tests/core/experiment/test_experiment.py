"""An experiment is kept as JSON, exactly, and whatever else is read fails in one way."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.experiment.case_checks import CaseCheck, unusable
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment, ExperimentError, from_json, to_json
from playground.core.experiment.grid import Sweep
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import Variant

PARAMS = Params(
    "claude-haiku-4-5",
    300,
    temperature=0.5,
    thinking="budget",
    thinking_budget_tokens=2_000,
    stop_sequences=("END", "\n\n"),
    cache="5m",
    extra_json='{"metadata": {"user_id": "é"}}',
)
FULL = Experiment(
    name="Capitals",
    variants=(Variant("A", Request(Prompt("s", (Message("user", "{{country}}"),)), PARAMS)),),
    sweeps=(Sweep("model", ("claude-haiku-4-5", "claude-opus-5")), Sweep("max_tokens", (10, 20))),
    cases=Cases(("country", "expected"), (("India", "New Delhi"), ("France\n", '"Paris"'))),
    repeats=3,
    checks=(CaseCheck("contains", "{{expected}}", ignore_case=True), CaseCheck("length", most=9)),
    is_ladder=True,
    least_share=0.9,
    at_once=20,
)
PLAIN = Experiment("", (Variant("A", Request(Prompt("", ()), Params("m", 1))),))


@pytest.mark.parametrize("experiment", [FULL, PLAIN], ids=["full", "plain"])
def test_an_experiment_is_read_as_it_was_written(experiment):
    assert from_json(to_json(experiment)) == experiment


def test_an_experiment_knows_its_size_and_its_ladder():
    assert FULL.size == 4 * 2 * 3
    assert FULL.ladder == ("claude-haiku-4-5", "claude-opus-5")
    assert PLAIN.ladder == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "It is not an experiment of version 1."),
        ({"more": 1}, "It must have exactly these fields: version, "),
        ({"variants": []}, "There is no variant to run."),
        ({"variants": [{"letter": "A", "request": {}}]}, "A request must have system, "),
        ({"sweeps": [{"parameter": "top_p", "values": [1]}]}, "A sweep's parameter must be one"),
        ({"sweeps": [{"parameter": "effort", "values": [[]]}]}, "A sweep's values must be texts"),
        ({"sweeps": []}, "A ladder needs a sweep over models."),
        ({"repeats": True}, "repeats must be a whole number"),
        ({"repeats": 5_000}, "There can be 1 to 100 repeats."),
        ({"rows": [["India"]]}, "Row 1, column “expected”: 1 cell for 2 columns."),
        ({"rows": [["\ud800", "x"]]}, "A cell contains half of a character"),
        ({"checks": [{"kind": "run"}]}, "A check's kind must be one of"),
        ({"least_share": 0}, "least_share must be above 0"),
        ({"name": "n" * 201}, "name can have at most 200 characters."),
        ({"variants": [{"letter": "ABCDEFGHI", "request": {}}]}, "letter can have at most 8"),
        ({"at_once": 51}, "at_once must be from 1 to 50."),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_what_is_no_experiment_says_why(change, message):
    with pytest.raises(ExperimentError) as caught:
        from_json(json.dumps(json.loads(to_json(FULL)) | change))
    assert str(caught.value).startswith(message)


def test_an_experiment_with_a_name_twice_says_so():
    text = to_json(FULL).replace('"repeats": 3', '"repeats": 3, "repeats": 4')
    with pytest.raises(ExperimentError, match="one name occurs twice in an object"):
        from_json(text)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ({"kind": "json_schema", "text": '{"pattern": "(?P<a>x)"}'}, "Check 1: The pattern has"),
        (
            {"kind": "json_schema", "text": '{"patternProperties": {}}'},
            "atternProperties is not supported",
        ),
        ({"kind": "pattern", "text": "("}, "Check 1: "),
        ({"kind": "contains", "text": " "}, "no text to compare with"),
        ({"kind": "length", "least": 5, "most": 2}, "The minimum length"),
        ({"kind": "judge", "text": "Good?", "model": "m"}, "{{answer}}"),
    ],
)
def test_an_experiment_with_a_check_that_is_no_longer_usable_opens_and_says_so(check, why):
    kept = json.dumps(json.loads(to_json(FULL)) | {"checks": [check]})
    opened = from_json(kept)
    assert json.loads(to_json(opened)) == json.loads(kept)
    assert why in unusable(opened.checks)
    assert unusable(FULL.checks) is None


def test_no_experiment_keeps_a_check_whose_text_no_file_takes():
    for text in ("\ud800", "x" * 20_001):
        kept = json.loads(to_json(FULL)) | {"checks": [{"kind": "contains", "text": text}]}
        with pytest.raises(ExperimentError, match="Its text"):
            from_json(json.dumps(kept))


PATHS = st.sampled_from(
    [
        *[
            ("variants", 0, "request", "params", name)
            for name in ("model", "cache", "top_k", "stop_sequences")
        ],
        ("variants", 0, "request", "messages", 0, "role"),
        ("variants", 0, "request", "system"),
        ("variants", 0),
        ("sweeps", 0, "values"),
        ("columns",),
        ("rows", 1),
        ("checks", 0),
        ("name",),
    ]
)
JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([[]]) | st.just({})


@settings(max_examples=80)
@given(PATHS, JUNK)
def test_junk_anywhere_is_an_experiment_or_the_one_error(path, junk):
    found = json.loads(to_json(FULL))
    *way, last = path
    place = found
    for step in way:
        place = place[step]
    place[last] = junk
    try:
        experiment = from_json(json.dumps(found))
    except ExperimentError:
        return
    assert from_json(to_json(experiment)) == experiment


@given(st.text(max_size=20))
def test_any_text_is_the_one_error(text):
    with pytest.raises(ExperimentError):
        from_json(text)
