"""The account's own list wins over the catalogue, which knows what the list leaves out."""

from dataclasses import replace
from datetime import date

from playground.core.catalogue import find, merge, unknown
from playground.core.connection import CLAUDE, Connection
from playground.core.wire import model_on

SERVER = Connection("server", "s", "http://s")


def listed(model_id, **known):
    blank = {
        "lifecycle": "unknown",
        "context_tokens": 0,
        "max_output_tokens": 0,
        "efforts": (),
        "thinking_types": frozenset(),
    }
    return replace(unknown(model_id), is_known=True, **blank | known)


def test_a_known_model_keeps_what_the_list_does_not_say():
    [merged] = merge((listed("claude-sonnet-4-6", name="Sonnet!", max_output_tokens=64_000),))
    assert merged.name == "Sonnet!"
    assert merged.max_output_tokens == 64_000
    assert merged.takes_sampling
    assert merged.context_tokens == find("claude-sonnet-4-6").context_tokens


def test_a_retirement_date_of_the_list_wins():
    [merged] = merge((listed("claude-opus-4-6", retires_on=date(2027, 1, 1)),))
    assert merged.retires_on == date(2027, 1, 1)


def test_a_new_models_sampling_follows_from_its_thinking_types():
    old, new = merge(
        (
            listed("claude-old", thinking_types=frozenset({"enabled", "disabled"})),
            listed("claude-new", thinking_types=frozenset({"adaptive"})),
        )
    )
    assert (old.takes_sampling, old.takes_prefill) == (True, True)
    assert (new.takes_sampling, new.takes_prefill) == (False, False)


def test_a_list_that_says_nothing_limits_nothing():
    [merged] = merge((listed("llama4:8b"),))
    assert merged.context_tokens > 100_000
    assert model_on(SERVER, "llama4:8b", (merged,)).takes_sampling
    assert not model_on(CLAUDE, "llama4:8b", (merged,)).takes_sampling
