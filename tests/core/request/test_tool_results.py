"""A result of a tool is typed as a text, goes out as a block, and comes back as the text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from playground.core.checks.problems import apply_edit
from playground.core.money.pricing import input_tokens_bound
from playground.core.request.request import Message, Prompt
from playground.core.request.template import render, variables
from playground.core.request.tool_results import content_texts, unpaired
from playground.core.wire.from_body import messages_of

TEXTS = st.text(max_size=9)
IDS = st.sampled_from(["t", "u", "v", "toolu_01 é"])
CALLS = st.lists(
    IDS.map(lambda call: {"type": "tool_use", "id": call, "name": "n", "input": {"x": [1.5, None]}})
    | st.just({"type": "thinking", "thinking": "Hm", "signature": "s"}),
    min_size=1,
    max_size=3,
).map(lambda blocks: json.dumps(blocks, ensure_ascii=False))
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant", "system"]), TEXTS)
    | st.builds(Message, st.just("assistant"), st.just(""), CALLS)
    | st.builds(Message, st.just("user"), TEXTS, result_of=IDS),
    max_size=8,
).map(tuple)


@given(MESSAGES)
def test_a_conversation_is_the_same_after_it_was_sent_and_read_back(messages):
    prompt = Prompt("", messages)
    turns = json.loads(json.dumps(prompt.turns))
    again = tuple(message for turn in turns for message in messages_of(turn))
    assert again == messages
    assert Prompt("", again).turns == turns


@given(MESSAGES)
def test_messages_without_results_go_out_one_by_one_as_ever(messages):
    plain = [message for message in messages if not message.result_of]
    assert Prompt("", tuple(plain)).turns == [
        {"role": message.role, "content": message.content} for message in plain
    ]


@given(MESSAGES)
def test_placing_results_leaves_no_call_without_one_and_loses_no_text(messages):
    placed = apply_edit("place_results", Prompt("", messages))
    assert not [lack for lack in unpaired(placed.contents) if lack.block is None]
    assert {message.text for message in messages} <= {message.text for message in placed.messages}
    assert apply_edit("place_results", placed) == placed
    plain = apply_edit("plain_results", placed)
    assert len(plain.messages) == len(placed.messages)
    # The editor's messages and the turns of the body lack the same.
    assert bool(list(unpaired(plain.contents))) == bool(list(unpaired(plain.turns)))


def test_a_body_that_would_not_go_out_the_same_is_not_taken():
    result = {"type": "tool_result", "tool_use_id": "t", "content": "9 °C"}
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}}
    for content in (
        [result | {"is_error": True}], [result | {"is_error": False}], [result | {"content": ""}],
        [result | {"content": [{"type": "text", "text": "9 °C"}]}], [result | {"content": [image]}],
        [result, image], [{"type": "text", "text": "So"}, result], [result | {"tool_use_id": ""}],
        [result, {"type": "text", "text": " "}], [result, *[{"type": "text", "text": "So"}] * 2],
        [{"type": "text", "text": "So"}], [], None, 7, [result, 7],
    ):  # fmt: skip
        assert messages_of({"role": "user", "content": content}) == ()
    assert messages_of({"role": "assistant", "content": [result]}) == ()
    assert len(messages_of({"role": "user", "content": [result]})) == 1


def test_a_variable_in_a_result_is_filled_from_the_table():
    messages = Message("user", "Rain?"), Message("user", "{{degrees}} °C", result_of="t")
    prompt = Prompt("", messages)
    assert variables(prompt) == ("degrees",)
    assert render(prompt, {"degrees": "9"}).messages[1] == Message("user", "9 °C", result_of="t")


def test_a_result_is_read_searched_and_counted_with_its_envelope():
    message = Message("user", "9 °C", result_of="toolu_1")
    assert content_texts([*message.content, {"type": "text", "text": "So?"}]) == ["9 °C", "So?"]
    assert content_texts(
        [{"type": "tool_result", "content": [{"type": "text", "text": "9"}, 7]}]
    ) == ["9"]
    plain = input_tokens_bound(Prompt("", (Message("user", "9 °C"),)))
    sent = json.dumps({"type": "tool_result", "tool_use_id": "toolu_1"})
    assert input_tokens_bound(Prompt("", (message,))) >= plain + len(sent)
