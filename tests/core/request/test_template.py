"""Which variables a prompt has, and what becomes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.request.request import Message, Prompt
from playground.core.request.template import (
    MAX_CHARACTERS,
    TemplateError,
    as_name,
    escaped,
    escapes,
    is_name,
    render,
    render_text,
    render_with_gaps,
    variables,
    variables_of,
)

BRACES = st.text('{} \\ab_తె\n":1', max_size=40)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello {{name}}, {{ city }} and {{name}}", ("name", "city")),
        ('{"a": {"b": 1}}', ()),
        ('{"a": {"b": {{value}}}}', ("value",)),
        ("{{{name}}}", ("name",)),
        ("{{}} {{ }} {{two words}} {{a-b}} {name} {{name} {{na\nme}}", ()),
        ("{{వంటకం}} {{größe_2}} {{1}}", ("వంటకం", "größe_2", "1")),
        (r"\{{name}} {{other}}", ("other",)),
        ("{{\u00a0name\u2009}} {{\u3000city}}", ("name", "city")),
        ("{{cafe\u0301}} {{caf\u00e9}}", ("caf\u00e9",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_variables_are_names_in_double_braces_in_order(text, names):
    assert variables_of(text) == names


def test_a_prompts_variables_are_the_systems_then_the_messages():
    prompt = Prompt("{{b}}", (Message("user", "{{a}} {{b}}"), Message("assistant", "{{c}}")))
    assert variables(prompt) == ("b", "a", "c")


def test_values_are_put_in_and_never_expanded_again():
    prompt = Prompt("Be {{how}}.", (Message("user", "{{ what }} {{{how}}}"),))
    values = {"how": "{{what}}", "what": r"\{{how}} \1 \g<0>", "unused": "x"}
    assert render(prompt, values) == Prompt(
        "Be {{what}}.", (Message("user", r"\{{how}} \1 \g<0> {{{what}}}"),)
    )


def test_an_escaped_variable_stands_for_itself():
    assert render_text(r"Write \{{name}} for {{name}}, \n", {"name": "Ada"}) == (
        r"Write {{name}} for Ada, \n"
    )


def test_run_puts_in_the_values_there_are_and_takes_every_escape_away():
    prompt = Prompt(r"{{a}} \{{a}}", (Message("user", r"{{ b }} {{a}} \{{b}} \\{{c}} \{x}"),))
    assert escapes(prompt) == ("a", "b", "c")
    assert render_with_gaps(prompt, {"a": r"\{{a}}"}) == Prompt(
        r"\{{a}} {{a}}", (Message("user", r"{{ b }} \{{a}} {{b}} \{{c}} \{x}"),)
    )
    with pytest.raises(TemplateError, match="longer than 8,000,000"):
        render_with_gaps(Prompt("{{a}}{{b}}", ()), {"a": "x" * MAX_CHARACTERS})


@given(BRACES)
def test_a_text_that_was_sent_is_sent_the_same_again_from_the_editor(text):
    back = escaped(Prompt(text, (Message("user", text),)))
    assert variables(back) == ()
    assert render(back, {}) == Prompt(text, (Message("user", text),))
    assert set(escapes(back)) == {*variables_of(text), *escapes(Prompt(text, ()))}


def test_every_missing_value_is_named_at_once():
    prompt = Prompt("{{a}}", (Message("user", "{{b}} {{c}}"),))
    with pytest.raises(TemplateError, match=r"^There is no value for \{\{a\}\} and \{\{c\}\}\.$"):
        render(prompt, {"b": ""})


def test_an_empty_value_is_a_value():
    assert render_text("[{{a}}]", {"a": ""}) == "[]"


def test_a_long_value_in_many_places_is_refused_before_it_is_built():
    with pytest.raises(TemplateError, match="longer than 8,000,000 characters"):
        render_text("{{a}}" * 1_000, {"a": "x" * (MAX_CHARACTERS // 1_000)})


@given(BRACES)
def test_any_text_with_all_its_values_renders_and_has_no_variable_left_unfilled(text):
    rendered = render_text(text, dict.fromkeys(variables_of(text), "·"))
    assert rendered.count("·") >= len(variables_of(text))


@given(BRACES)
def test_a_text_without_braces_in_pairs_is_left_alone(text):
    text = text.replace("{{", "{")
    assert render_text(text, {}) == text


def test_a_value_is_found_however_its_variable_is_spelled_in_unicode():
    values = {as_name("cafe\u0301"): "Dosa House"}
    assert render_text("{{cafe\u0301}} {{\u00a0caf\u00e9}}", values) == "Dosa House Dosa House"


@given(st.text(max_size=80))
def test_whatever_a_column_is_called_its_name_is_one_or_empty(text):
    name = as_name(text)
    assert name == "" or (is_name(name) and as_name(name) == name)
    assert variables_of(f"{{{{{name}}}}}") == ((name,) if name else ())
