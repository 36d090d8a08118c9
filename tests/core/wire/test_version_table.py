"""The table of API versions says the same as what is decided about a request."""

import pytest

from playground.core.request.connection import CLAUDE
from playground.core.request.model_catalogue import CATALOGUE, find, unknown
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.wire.version_table import VERSIONS, version_table
from playground.core.wire.wire import wire

PROBES = {
    "temperature": {"temperature": 0.5},
    "top_p": {"top_p": 0.5},
    "top_k": {"top_k": 5},
    "effort": {"effort": "low"},
    "thinking: adaptive": {"thinking": "adaptive"},
    "thinking: budget": {"thinking": "budget"},
    "thinking: off": {"thinking": "off"},
}


def cells_of(model, *, is_foreign=False):
    return {row.parameter: row.cells for row in version_table(model, is_foreign=is_foreign)}


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
def test_a_cell_says_refused_exactly_where_a_request_would_be(model):
    cells = cells_of(model)
    for name, probe in PROBES.items():
        for column, version in enumerate(VERSIONS):
            params = Params(model.id, 4000, api_version=version, **probe)
            sent = wire(Request(Prompt("", (Message("user", "Hi"),)), params), model, CLAUDE)
            refusal = sent.decision(name.split(":")[0]).refusal
            cell = cells[name][column]
            assert ("refused" in cell) == (refusal is not None), (name, version, cell)
            if refusal and refusal.text:
                assert f"“{refusal.text}”" in cell
            elif refusal:
                assert "not confirmed" in cell


def test_a_model_with_sampling_says_under_which_conditions():
    cells = cells_of(find("claude-haiku-4-5"))
    assert cells["temperature"][0] == "sent, from 0 to 1, with thinking off"
    assert "not beside temperature" in cells["top_p"][0]
    assert "not beside temperature" not in cells_of(find("claude-opus-4-6"))["top_p"][0]
    assert cells_of(find("claude-opus-5"))["thinking: off"] == ("sent, up to effort high",) * 2


def test_of_an_unknown_model_nothing_is_claimed_that_only_its_server_knows():
    cells = cells_of(unknown("claude-next-9"))
    assert cells["temperature"] == (
        "not known",
        "refused: “temperature: Extra inputs are not permitted”",
    )
    assert cells["prefill"] == ("not known", "not known")
    assert set(cells_of(unknown("llama4:8b"), is_foreign=True)["temperature"]) == {"sent"}
