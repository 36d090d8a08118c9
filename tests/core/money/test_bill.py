"""What a run is billed: the tier of each prompt, iterations, containers, refusals, and why."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.events import Finished, Iteration, Usage
from playground.core.money.bill import (
    BilledCall,
    BillFacts,
    add_earlier_attempts,
    bill,
    refusal_facts,
    searches,
)
from playground.core.money.pricing import MAX_USD, Cost, unit_prices
from playground.core.request.connection import CLAUDE, DEMO, Connection, FlatPrice
from playground.core.request.model_catalogue import CATALOGUE

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SERVER = Connection("server", "s", "http://s")
FLAT = Connection("server", "s", "http://s", FlatPrice(Decimal(1), Decimal(2)))
NOTHING = BillFacts()


def billed(usage, model="claude-sonnet-4-6", connection=CLAUDE, known=NOTHING, ttls=()):
    return bill(usage, BilledCall(model, connection, NOW, cache_ttls=frozenset(ttls)), known)[0]


def test_ten_searches_are_not_one_long_prompt():
    usage = Usage(404_500, 967, web_searches=10, is_summed=True)
    found = billed(usage, "claude-sonnet-4-5")
    assert (found.kind, found.usd) == ("exact", Decimal("1.328005"))
    assert "10 web searches · $0.10" in found.why


def test_no_prompt_is_longer_than_its_models_window_whoever_summed_it():
    assert billed(Usage(404_500), "claude-sonnet-4-5") == Cost(Decimal("1.2135"), "exact")


def test_prompts_that_were_summed_cost_at_least_the_lower_price():
    summed = Usage(150_000, 0, is_summed=True)
    found = billed(summed, "claude-haiku-5-5")
    assert found == Cost(Decimal("0.015"), "at least")
    assert "several prompts" in found.why
    # A sum that is short enough says that each prompt was.
    assert billed(replace(summed, input_tokens=100_000), "claude-haiku-5-5").kind == "exact"
    assert billed(replace(summed, is_summed=False), "claude-haiku-5-5").usd == Decimal("0.075")


def message(tokens_in, tokens_out, kind="message", model=None):
    return Iteration(kind, model, Usage(tokens_in, tokens_out))


def test_a_compaction_is_paid_for_beside_the_answer():
    parts = (message(100_000, 8_000, "compaction"), message(20, 5))
    found = billed(Usage(20, 5, iterations=parts))
    assert found == Cost(Decimal("0.420135"), "exact")
    assert "2 iterations" in found.why
    assert billed(Usage(0, 0, iterations=parts[:1])).usd == Decimal("0.42")


def test_each_iteration_costs_what_its_own_model_costs_at_its_own_length():
    parts = (message(90_000, 10), message(90_000, 10), message(500, 50, "advisor_message",
             "claude-opus-5-5"))  # fmt: skip
    found = billed(Usage(180_000, 20, iterations=parts), "claude-haiku-5-5")
    assert found == Cost(Decimal("0.01801") + Decimal("0.003"), "exact")


def test_a_declined_attempt_of_a_fallback_may_be_billed_as_well():
    parts = (
        message(1_000, 0, model="claude-fable-5"),
        message(1_000, 100, "fallback_message", "claude-opus-4-8"),
    )
    found = billed(Usage(1_000, 100, iterations=parts), "claude-fable-5")
    assert found == Cost(Decimal("0.0075"), "at least")
    assert "declined" in found.why
    wrote = (message(1_000, 10, model="claude-fable-5"), parts[1])
    assert billed(Usage(1_000, 100, iterations=wrote), "claude-fable-5") == Cost(
        Decimal("0.0075") + Decimal("0.0105"), "exact"
    )


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((message(10, 5, model="claude-next-9"),), "claude-next-9"),
        ((message(1_000, 5, "dream"),), "dream"),
        ((Iteration("unreadable", None, Usage()),), "unreadable"),
        ((message(10, 5),), "fewer tokens"),
    ],
)
def test_iterations_that_do_not_tell_all_cost_at_least_what_was_reported(parts, says):
    usage = Usage(1_000, 5, iterations=parts)
    found = billed(usage)
    assert found.kind == "at least"
    assert says in found.why
    assert found.usd >= (0 if parts[0].model_id else billed(replace(usage, iterations=())).usd)


@pytest.mark.parametrize("kind", ["compaction", "advisor_message"])
def test_what_an_answer_reports_beside_a_compaction_or_an_advice_is_billed_as_well(kind):
    # The counts of the whole leave these two out: they can't stand for the answer's own.
    usage = Usage(100_000, 500, iterations=(message(100_000, 3_000, kind, "claude-haiku-4-5"),))
    found = billed(usage)
    own = Decimal(100_000 * 3 + 500 * 15) / 1_000_000
    assert found == Cost(own + Decimal(100_000 + 3_000 * 5) / 1_000_000, "at least")
    assert "fewer tokens" in found.why


def test_tokens_of_no_iteration_cost_at_least_the_lowest_step_of_their_price():
    # 90,000 tokens are left over, of one prompt or several: none need be above 100,000.
    found = billed(Usage(150_000, 10, iterations=(message(60_000, 10),)), "claude-haiku-5-5")
    assert found == Cost(Decimal("0.015005"), "at least")


@pytest.mark.parametrize(
    ("ttls", "short", "long", "unclear", "usd", "kind"),
    [
        # 1,000 tokens cost $0.00375 for 5 minutes and $0.006 for an hour.
        (["5m"], 1_000, 0, 1_000, "0.00375", "exact"),
        (["1h"], 1_000, 0, 1_000, "0.006", "exact"),
        (["5m"], 1_500, 0, 500, "0.005625", "exact"),
        (["1h"], 500, 1_000, 500, "0.009", "exact"),
        (["5m", "1h"], 1_000, 0, 1_000, "0.00375", "at least"),
        ([], 1_000, 0, 1_000, "0.00375", "at least"),
        # The report knows a lifetime that the request does not.
        (["5m"], 1_000, 1_000, 1_000, "0.00975", "at least"),
        (["1h"], 1_500, 0, 500, "0.005625", "at least"),
        (["24h"], 1_000, 0, 1_000, "0.00375", "at least"),
    ],
)
def test_a_cache_write_of_unclear_lifetime_costs_what_the_request_asked_for(
    ttls, short, long, unclear, usd, kind
):
    usage = Usage(
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        unclear_cache_write_tokens=unclear,
    )
    found = billed(usage, ttls=ttls)
    assert found == Cost(Decimal(usd), kind)
    assert ("of unknown lifetime" in found.why) == (kind == "at least")
    in_parts = replace(usage, iterations=(Iteration("message", None, usage),))
    assert billed(in_parts, ttls=ttls) == found


def test_a_long_cache_write_that_a_part_reports_without_its_lifetime_is_counted_once():
    part = Usage(cache_write_5m_tokens=1_000, unclear_cache_write_tokens=1_000)
    whole = Usage(cache_write_1h_tokens=1_000, iterations=(Iteration("message", None, part),))
    assert billed(whole, ttls=["5m", "1h"]) == Cost(Decimal("0.00375"), "at least")
    assert billed(whole, ttls=["1h"]) == Cost(Decimal("0.006"), "exact")


MODELS = st.sampled_from([model.id for model in CATALOGUE])
COUNTS = st.integers(0, 400_000)
PART = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)


@given(MODELS, st.lists(PART, min_size=1, max_size=4))
def test_iterations_cost_together_what_each_costs_alone(model, parts):
    whole = Usage(
        sum(each.input_tokens for each in parts),
        sum(each.output_tokens for each in parts),
        sum(each.cache_read_tokens for each in parts),
        sum(each.cache_write_5m_tokens for each in parts),
        sum(each.cache_write_1h_tokens for each in parts),
        iterations=tuple(Iteration("message", None, each) for each in parts),
    )
    each_alone = sum(billed(each, model).usd for each in parts)
    assert billed(whole, model) == Cost(each_alone, "exact")
    # Where nobody tells them apart the bound is below, and never called exact beyond it.
    summed = billed(replace(whole, iterations=(), is_summed=True), model)
    assert summed.usd <= each_alone
    assert summed.kind == "at least" or summed.usd == each_alone


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"used_container": True}, "container"),
        ({"service_tier": "priority"}, "priority"),
        ({"unpriced": ("3 image_requests",)}, "3 image_requests"),
        ({"speed": "fast"}, "fast"),
        ({"speed": "warp"}, "warp"),
        ({"service_tier": "flex"}, "service tier flex"),
        ({"inference_geo": "eu"}, "region eu"),
        ({"inference_geo": "US"}, "region US"),
    ],
)
def test_what_has_no_price_here_makes_a_cost_a_lower_bound_that_names_it(changes, says):
    usage = replace(Usage(1_000, 10), **changes)
    found = billed(usage)
    assert (found.kind, found.usd) == ("at least", Decimal("0.00315"))
    assert says in found.why
    assert billed(usage, connection=FLAT).kind == "exact"
    assert billed(usage, connection=DEMO).kind == "simulated"


@pytest.mark.parametrize("changes", [
    {"service_tier": "standard"}, {"service_tier": "batch"}, {"speed": "standard"},
    {"inference_geo": "global"}, {"inference_geo": "not_available"}, {},
])  # fmt: skip
def test_an_ordinary_answer_has_an_exact_cost_and_says_where_its_prices_are_from(changes):
    found = billed(replace(Usage(1_000, 10), **changes))
    assert found.kind == "exact"
    assert "genai-prices" in found.why
    assert billed(Usage(1_000, 10, speed="fast"), "claude-opus-5-5").kind == "exact"


def test_searches_with_a_model_that_sells_none_are_not_called_free():
    found = billed(Usage(10, 10, web_searches=2), "claude-2")
    assert found.kind == "at least"
    assert "web search" in found.why


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, ""), (1, "1 web search · $0.01"), (1_000, "1,000 web searches · $10.00")],
)
def test_searches_are_named_with_their_price(count, said):
    usage = Usage(web_searches=count)
    assert searches(usage, unit_prices("claude-opus-5-5", CLAUDE, usage, NOW)) == said


@pytest.mark.parametrize(
    ("category", "bill_of"),
    [
        ("cyber", "free"), ("general_harms", "free"), (None, "free"),
        ("bio", "billed"), ("frontier_llm", "billed"), ("reasoning_extraction", "billed"),
        ("alchemy", "unknown"),
    ],
)  # fmt: skip
def test_a_refusal_is_billed_by_its_category_and_always_once_it_has_written(category, bill_of):
    empty = Finished("refusal", is_empty=True, category=category)
    assert (empty.refusal, empty.is_free) == (bill_of, bill_of == "free")
    assert replace(empty, is_empty=False).refusal == "billed"
    assert replace(empty, stop_reason="end_turn").refusal == "billed"


def test_a_refusal_of_a_new_category_costs_at_most_what_its_usage_comes_to():
    usage = Usage(1_000, 10)
    found = billed(usage, known=refusal_facts("unknown"))
    assert found == Cost(Decimal("0.00315"), "at most")
    assert "category" in found.why
    assert (
        billed(usage, known=refusal_facts("unknown", ("An attempt was lost.",))).kind == "unknown"
    )
    assert billed(usage, known=refusal_facts("free")) == Cost(Decimal(0), "exact")
    assert billed(usage, known=refusal_facts("free", ("An attempt was lost.",))).kind == "at least"


@pytest.mark.parametrize(
    "usage",
    [
        Usage(100, iterations=(message(90_000, 8_000, "compaction"), message(100, 0))),
        Usage(100, iterations=(message(50, 0, "advisor_message"), message(100, 0))),
        Usage(100, web_searches=3),
        Usage(100, used_container=True),
    ],
)
def test_a_free_refusal_does_not_make_free_what_was_done_before_it(usage):
    found = billed(usage, known=refusal_facts("free"))
    assert found == Cost(Decimal(0), "at least")
    assert "may be billed" in found.why
    declined = Usage(100, iterations=(message(100, 0),))
    assert billed(declined, known=refusal_facts("free")) == Cost(Decimal(0), "exact")


@pytest.mark.parametrize(
    ("usage", "model", "connection", "says"),
    [
        (None, "claude-opus-5-5", CLAUDE, "without a usage report"),
        (Usage(10, 10), "claude-next-9", CLAUDE, "claude-next-9"),
        (Usage(10, 10), "llama", SERVER, "PLAYGROUND_SERVER_PRICE"),
        (Usage(10**12, 10**12), "claude-opus-5-5", CLAUDE, f"${MAX_USD:,}"),
    ],
)
def test_an_unknown_cost_says_what_is_unknown(usage, model, connection, says):
    found = billed(usage, model, connection)
    assert (found.usd, found.kind) == (None, "unknown")
    assert says in found.explained


@given(
    st.one_of(st.none(), PART), st.sampled_from([CLAUDE, DEMO, SERVER, FLAT]),
    st.sampled_from(["free", "billed", "unknown"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_every_cost_has_a_kind_and_a_reason_in_one_line(usage, connection, refusal, lost, code):
    usage = replace(usage, used_container=code) if usage else None
    found = billed(
        usage, connection=connection, known=refusal_facts(refusal, ("Lost.",) if lost else ())
    )
    assert (found.usd is None) == (found.kind == "unknown")
    assert found.why
    assert "\n" not in found.why
    assert found.explained.startswith(found.kind.capitalize())
    if connection is DEMO and found.usd is not None:
        assert found.kind == "simulated"


CREDITED = Usage(1_000, 10, cache_write_5m_tokens=1_000, has_credit=True)


def test_cache_writes_that_a_fallback_credit_reprices_cost_at_most_what_they_come_to():
    found = billed(CREDITED)
    assert found == Cost(Decimal("0.0069"), "at most")
    assert "credit" in found.why
    assert billed(replace(CREDITED, has_credit=False)).kind == "exact"
    assert billed(replace(CREDITED, cache_write_5m_tokens=0)).kind == "exact"
    assert billed(CREDITED, known=refusal_facts("billed", ("Lost.",))).kind == "unknown"


def test_a_run_costs_its_last_attempt_and_at_least_what_earlier_ones_reported():
    last = billed(Usage(1_000, 10))
    found = add_earlier_attempts(last, [billed(Usage(2_000)), billed(Usage(100))])
    assert found == Cost(Decimal("0.00945"), "at least")
    assert "Earlier attempts reported $0.0063 of it." in found.why
    assert add_earlier_attempts(last, []) is last


def test_what_is_known_of_some_attempts_is_a_lower_bound_for_all():
    known, none = Cost(Decimal(1), "exact"), Cost(None, "unknown", "No price.")
    assert add_earlier_attempts(none, [known]) == Cost(Decimal(1), "at least")
    assert add_earlier_attempts(known, [none, known]) == Cost(Decimal(2), "at least")
    assert "unknown" in add_earlier_attempts(known, [none]).why
    assert add_earlier_attempts(none, [none]) == none
    perhaps_free = Cost(Decimal(5), "at most")
    assert add_earlier_attempts(perhaps_free, [known]) == Cost(Decimal(1), "at least")
    assert add_earlier_attempts(known, [Cost(MAX_USD, "exact")]).kind == "unknown"


@given(st.lists(PART, min_size=1, max_size=4), MODELS)
def test_attempts_cost_together_what_each_costs_alone_whatever_their_lengths(parts, model):
    *earlier, last = [billed(each, model) for each in parts]
    found = add_earlier_attempts(last, earlier)
    assert found.usd == sum(each.usd for each in (*earlier, last))
    assert found.kind == ("at least" if earlier else "exact")
    demo = [billed(each, model, DEMO) for each in parts]
    assert add_earlier_attempts(demo[-1], demo[:-1]).kind == "simulated"


@pytest.mark.parametrize("kind", ["exact", "at least", "at most", "simulated", "unknown"])
def test_a_run_that_was_logged_without_its_reason_says_what_its_kind_means(kind):
    assert Cost(None, kind).explained.startswith(f"{kind.capitalize()}: ")


def test_where_no_tokens_were_reported_none_are_said_to_have_been():
    lost = BillFacts(missing=("An attempt was lost.",))
    assert billed(Usage(), known=lost).why == "The API reported no tokens. An attempt was lost."
    assert billed(Usage(), connection=DEMO, known=lost).why.startswith("The demo bills nothing.")
