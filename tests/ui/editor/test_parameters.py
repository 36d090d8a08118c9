"""Each parameter's control on the page: sent, default or unavailable, and why."""

import pytest
from ui.driving import block, click_more, open_more, press_run, words

OLD, NEW = "2023-06-01", "2026-10-21"


TEXTS = ("stops", "extra_json", "system")
NUMBERS = ("temperature", "top_p", "top_k", "max_tokens", "thinking_budget")


@pytest.fixture
def page(page):
    """The page with every parameter in sight."""
    return open_more(page)


def choose(page, **controls):
    """Set controls of variant A by their names."""
    for name, value in controls.items():
        key = f"{name}_A"
        if name in NUMBERS:
            page.text_input(key=key).set_value("" if value is None else str(value))
        elif name in TEXTS:
            page.text_area(key=key).input(value)
        else:
            page.selectbox(key=key).select(value)
        page.run()
    assert not page.exception
    return page


def plainly(text):
    return text.replace("\\", "")


def under_more(page):
    """The keys of what stands in the popover of variant A."""
    more = block(page.main, "more_A")
    return {control.key for control in [*more.selectbox, *more.text_input, *more.text_area]}


def run_of_a(page):
    press_run(page)
    return page.session_state["runs"]["A"]


def test_every_parameter_reaches_the_body(page):
    choose(
        page,
        model="claude-opus-4-6",
        top_p=0.9,
        top_k=40,
        effort="max",
        stops="END",
        cache="1h",
        service_tier="standard_only",
        extra_json='{"metadata": {"user_id": "7"}}',
    )
    run = run_of_a(page)
    assert run.status == "done"
    assert run.plan.wire.parameters() == {
        "model": "claude-opus-4-6",
        "max_tokens": 300,
        "temperature": 0.2,
        "top_p": 0.9,
        "top_k": 40,
        "output_config": {"effort": "max"},
        "stop_sequences": ["END"],
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "service_tier": "standard_only",
        "metadata": {"user_id": "7"},
    }
    assert "Also sent: top_p, top_k, effort, stop_sequences, cache" in plainly(words(page))


def test_thinking_with_a_budget_and_its_summary(page):
    choose(
        page,
        model="claude-haiku-4-5",
        max_tokens=2000,
        thinking="budget",
        thinking_budget=1100,
        thinking_display="summarized",
    )
    run = run_of_a(page)
    assert run.plan.wire.body["thinking"] == {
        "type": "enabled",
        "budget_tokens": 1100,
        "display": "summarized",
    }
    assert run.status == "done"
    assert run.thinking


def test_switching_models_never_loses_a_value(page):
    choose(page, model="claude-opus-4-6", top_p=0.9, top_k=40, effort="max")
    choose(page, model="claude-opus-5-5")
    assert page.text_input(key="temperature_A").disabled
    assert "Temperature is not sent" in plainly(words(page))
    assert "use effort. 0.2 is kept for other models." in plainly(words(page))
    assert "Set but not sent: top_p, top_k." in plainly(words(page))
    assert page.selectbox(key="effort_A").value == "max"
    choose(page, model="claude-haiku-4-5")
    assert "Claude Haiku 4.5 has no effort levels" in plainly(words(page))
    assert "Set but not sent: top_p, effort." in plainly(words(page))
    choose(page, model="claude-sonnet-5")
    choose(page, model="claude-opus-4-6")
    kept = {"temperature": 0.2, "top_p": 0.9, "top_k": 40, "output_config": {"effort": "max"}}
    assert kept.items() <= run_of_a(page).plan.wire.body.items()


def test_a_thinking_budget_is_kept_where_it_is_not_taken(page):
    choose(page, model="claude-haiku-4-5", max_tokens=3000, thinking="budget", thinking_budget=2048)
    choose(page, model="claude-opus-5-5")
    assert "Set but not sent: thinking, thinking_budget_tokens." in plainly(words(page))
    assert "takes no budget" in plainly(words(page))
    assert "thinking" not in run_of_a(page).plan.wire.body
    choose(page, model="claude-haiku-4-5")
    block = {"type": "enabled", "budget_tokens": 2048}
    assert run_of_a(page).plan.wire.body["thinking"] == block


def test_where_temperature_is_not_taken_effort_stands_in_its_place(page):
    assert "effort_A" in under_more(page)
    assert "temperature_A" not in under_more(page)
    choose(page, model="claude-opus-5-5")
    assert "effort_A" not in under_more(page)
    assert "temperature_A" in under_more(page)
    choose(page, effort="low")
    assert run_of_a(page).plan.wire.body["output_config"] == {"effort": "low"}


@pytest.mark.parametrize(
    ("model", "version", "text"),
    [
        ("claude-sonnet-4-6", NEW, "temperature: Extra inputs are not permitted"),
        ("claude-opus-5-5", OLD, "`temperature` is deprecated for this model."),
    ],
)
def test_a_chosen_version_shows_the_refusal_before_and_after_it_is_sent(page, model, version, text):
    choose(page, model=model, api_version=version)
    assert not page.text_input(key="temperature_A").disabled
    assert "the API rejects it" in plainly(words(page))
    run = run_of_a(page)
    assert run.plan.wire.headers["anthropic-version"] == version
    assert run.status == "failed"
    assert run.failure.http_status == 400
    assert run.failure.message == text


def test_the_version_of_a_request_is_named_with_its_reason(page):
    assert "2023-06-01, automatically: temperature is sent." in plainly(words(page))
    choose(page, temperature=None)
    assert "2026-10-21, automatically: the SDK's version." in plainly(words(page))


def test_the_table_of_versions_opens_for_the_model_of_the_variant(page):
    choose(page, model="claude-opus-5-5")
    click_more(page, "versions_A")
    assert not page.exception
    [table] = page.table
    cells = [plainly(cell) for cell in table.value.iloc[0]]
    assert cells == [
        "temperature",
        "default only (1), otherwise refused: “`temperature` is deprecated for this model.”",
        "refused: “temperature: Extra inputs are not permitted”",
    ]


def test_extra_json_that_is_wrong_is_an_error_with_its_position_and_sends_nothing(page):
    choose(page, extra_json='{"top_k": 5,}')
    assert "line 1, column 13" in plainly(words(page))
    page.button(key="run_all").click().run()
    assert page.session_state["runs"] == {}


@pytest.mark.parametrize(
    "extra",
    [
        '{"temperature": "hot", "output_config": {}, "model": 7, "max_tokens": "many"}',
        '{"temperature": null, "output_config": [1], "messages": "none", "thinking": 3}',
        '{"system": 1, "stop_sequences": {}, "cache_control": [], "service_tier": null}',
    ],
)
def test_extra_json_of_the_wrong_kinds_is_sent_and_its_refusal_shown(page, extra):
    run = run_of_a(choose(page, extra_json=extra))
    assert not page.exception
    assert (run.status, run.failure.http_status) == ("failed", 400)


def test_the_extra_jsons_model_is_the_one_that_is_logged_and_priced(page):
    choose(page, temperature=None, extra_json='{"model": "claude-haiku-4-5"}')
    press_run(page)
    models = set(page.dataframe[0].value["Model"])
    assert models == {"claude-haiku-4-5", "claude-sonnet-4-6"}


def test_a_prefill_says_what_becomes_of_it(page):
    page.button(key="add_message").click().run()
    page.text_area(key="message_1_text").input("1.").run()
    assert "Prefill · Not sent: Claude Sonnet 4.6 takes no prefill." in plainly(words(page))
    choose(page, model="claude-haiku-4-5")
    assert "Prefill · The answer continues the last message." in plainly(words(page))


def test_a_duplicate_is_made_beside_which_nothing_stands_open(page):
    click_more(page, "duplicate_A")
    assert page.session_state["variants"] == ["A", "B", "C"]
    assert page.text_input(key="temperature_C").value == page.text_input(key="temperature_A").value
    assert page.session_state["more_A"] is False


def test_whoever_looks_for_tools_finds_where_to_write_them(page):
    example = open_more(page, "A").text_area(key="extra_json_A").placeholder
    page.text_area(key="extra_json_A").set_value(example).run()
    assert page.session_state["extra_json_A"] == example
    press_run(page)
    sent = page.session_state["runs"]["A"].plan.wire.body
    assert sent["tools"][0]["name"] == "weather"
    assert page.session_state["runs"]["A"].status == "done"
