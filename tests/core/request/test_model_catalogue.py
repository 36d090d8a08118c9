"""The account's own list wins over the catalogue, which knows what the list leaves out."""

import re
from calendar import month_name
from dataclasses import replace
from datetime import UTC, date, datetime

import anthropic
from anthropic._data.deprecated_models import DEPRECATED_MODELS

from playground.core.request.connection import CLAUDE, Connection
from playground.core.request.model_catalogue import CATALOGUE, CHECKED_ON, find, merge, unknown
from playground.core.wire.wire import model_on

MONTHS = list(month_name)
DAY = re.compile(r"(\w+) (\d+)(?:st|nd|rd|th), (\d{4})")
TODAY = datetime.now(UTC).date()
SDK, CHECKED_SDK = tuple(map(int, anthropic.__version__.split(".")[:2])), (2, 15)
SERVER = Connection("server", "s", "http://s")


def test_the_catalogue_has_the_sdks_own_dates_of_retirement():
    theirs = {
        model_id: date(int(year), MONTHS.index(month), int(day))
        for model_id, text in DEPRECATED_MODELS.items()
        for month, day, year in [DAY.fullmatch(text).groups()]
    }
    gone = {model_id for model_id, day in theirs.items() if day < CHECKED_ON}
    assert all(find(model_id) is None for model_id in gone)
    ours = {
        model_id: model.retires_on
        for model in CATALOGUE
        if model.retires_on
        for model_id in (model.id, *model.aliases)
    }
    # The SDK leaves out a model once it has retired, as 2.15 does with Claude Sonnet 4.5.
    left = {model_id for model_id in ours.keys() - theirs if ours[model_id] <= TODAY}
    # A later SDK knows of later announcements.
    announced = ours.keys() if SDK > CHECKED_SDK else theirs.keys() - gone
    assert {model_id: theirs[model_id] for model_id in announced - left} == {
        model_id: day for model_id, day in ours.items() if model_id not in left
    }
    for model_id in ours:
        assert find(model_id).lifecycle == "deprecated"


def test_which_models_take_a_temperature_follows_from_the_day():
    def left(*day):
        return [m.id for m in CATALOGUE if m.takes_sampling and not m.is_retired(date(*day))]

    assert len(left(2026, 11, 29)) == 5
    assert len(left(2026, 11, 30)) == 4
    assert left(2027, 1, 22) == ["claude-sonnet-4-6", "claude-opus-4-6", "claude-haiku-4-5"]


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


def test_a_model_is_known_by_its_exact_id_as_the_api_knows_it():
    # Sent with a space it is another model to the API: no limit or price of ours holds for it.
    known = CATALOGUE[0].id
    assert find(known) is not None
    assert find(f"{known} ") is None
    assert find(known.upper()) is None
