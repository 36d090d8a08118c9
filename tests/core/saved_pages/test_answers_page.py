"""Answers passed on as a file: exact, dead, and without what is nobody else's business."""

import html
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from browser.hostile import Hostile
from hypothesis import given
from hypothesis import strategies as st

from playground.core.rendering.allowed import ALLOWED
from playground.core.rendering.markdown import STYLE_FILE
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.saved_pages.answers_page import share_page
from playground.core.saved_pages.html_page import CSP
from playground.core.sharing.shared_run import shared_run, to_json
from playground.core.wire.exchange import Exchange, ExchangeRecord, SentRequest
from playground.core.wire.exchange import to_json as recorded_json
from playground.core.wire.wire import Decision

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
ROW = RunRow(
    run_id="0001", visitor="visitor-of-nobody", started_at=NOW, press=3, variant="B",
    connection="Claude API", model="claude-haiku-4-5", params_json="{}", status="done",
    stop_reason="end_turn", attempts=2, ttft_s=0.5, duration_s=2.0, input_tokens=1_200,
    output_tokens=80, cost_usd=Decimal("0.00160"), cost_kind="exact", request_id="req_1",
)  # fmt: skip
BODY = json.dumps(
    {
        "max_tokens": 300,
        "messages": [{"role": "user", "content": "Why is <b>dosa</b> crisp?"}],
        "model": "claude-haiku-4-5",
        "system": "Be brief.",
        "temperature": 0.2,
    }
)
HEADERS = (("x-api-key", "…"), ("anthropic-version", "2023-06-01"), ("cookie", "canary-cookie"))
SENT = SentRequest("POST", "https://secret.example/v1/messages", HEADERS, BODY, "canary-end")
DECISIONS = (
    Decision("temperature", "sent", "Sent: 0.2."),
    Decision("top_k", "unavailable", "Not sent: the model takes none."),
)
LETTERS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"))


def run_of(answer="Because of the <heat>.", row=ROW, body=BODY):
    recorded = ExchangeRecord((Exchange(1, replace(SENT, body=body)),), DECISIONS)
    texts = RunTexts(run_id="0001", request_json=recorded_json(recorded), answer=answer)
    return shared_run(row, texts)


class Reader(HTMLParser):
    """The tags of a page, and the texts of its elements of one class."""

    def __init__(self, page, kind="as-it-came"):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts = set(), [], []
        self._kind, self._is_inside = kind, False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        classes = (dict(attrs).get("class") or "").split()
        if self._kind in classes:
            self._is_inside = True
            self.texts.append("")

    def handle_endtag(self, tag):
        self._is_inside = False

    def handle_data(self, data):
        if self._is_inside:
            self.texts[-1] += data


def assert_dead(found):
    """Nothing loads or runs; a link leads to the web or a mailbox, and only when it is pressed."""
    assert not found.tags & {"script", "img", "link", "iframe", "svg", "form"}
    names = {name for name, _ in found.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "style", "srcset", "action"}
    hrefs = [value for name, value in found.attributes if name == "href"]
    assert all(href.startswith(("http://", "https://", "mailto:")) for href in hrefs)


def test_an_answer_is_drawn_as_on_the_page_and_can_be_read_as_it_came():
    page = share_page([run_of("**Bold** costs $5 to $20\n\n- `x`")], NOW)
    drawn = '<p dir="auto"><strong>Bold</strong> costs $5 to $20</p>'
    assert f'<div class="answer"><div class="rendered">{drawn}<ul dir="auto">' in page
    assert Reader(page).texts == ["**Bold** costs $5 to $20\n\n- `x`"]
    assert STYLE_FILE.read_text("utf-8") in page


def test_parameters_that_are_lists_or_objects_are_shown_as_the_json_that_was_sent():
    sent = {
        "thinking": {"type": "adaptive"}, "stop_sequences": ["\n", "é"], "metadata": None,
        "tools": [{"name": "get_x", "strict": True}], "max_tokens": 9, "messages": [],
    }  # fmt: skip
    page = share_page([run_of(body=json.dumps(sent))], NOW)
    shown = html.unescape(re.sub(r"<[^>]+>", " ", page))
    for words in (
        'thinking {"type": "adaptive"}', 'stop_sequences ["\\n", "é"]', "metadata null",
        'tools [{"name": "get_x", "strict": true}]', "max_tokens 9",
    ):  # fmt: skip
        assert words in shown


def test_a_page_says_all_that_the_answers_card_says():
    page = share_page([run_of()], NOW)
    shown = re.sub(r"<[^>]+>", " ", page[page.index("<body>") :])
    for words in (
        "claude-haiku-4-5", "temperature 0.2", "max_tokens 300", "done", "end_turn",
        "first token 0.50 s",
        "duration 2.00 s", "1,200 in", "80 out", "2 attempts", "$0.0016 (exact)", "Run 3",
        "24 Nov 2026", "Be brief.", "Why is &lt;b&gt;dosa&lt;/b&gt; crisp?", "not sent",
        "Not sent: the model takes none.", "anthropic-version: 2023-06-01", "Claude API",
    ):  # fmt: skip
        assert words in shown
    assert CSP in page
    assert 'class="card B"' in page


@given(st.lists(LETTERS, min_size=1, max_size=3))
def test_every_answer_can_be_read_back_exactly(answers):
    answers = [f"x{answer}" for answer in answers]
    page = share_page([run_of(answer) for answer in answers], NOW)
    assert Reader(page).texts == answers
    assert [run["answer"] for run in json.loads(to_json(map(run_of, answers), NOW))["runs"]] == (
        answers
    )


def test_the_request_can_be_read_back_byte_for_byte():
    page = share_page([run_of()], NOW)
    assert Reader(page, "request").texts == [BODY]
    assert json.loads(to_json([run_of()], NOW))["runs"][0]["request_body"] == BODY


def test_no_hostile_text_becomes_a_tag_or_an_attribute():
    hostile = Hostile(1, ["http://evil.example"]).answer(300)
    body = json.dumps({"messages": [{"role": hostile, "content": hostile}], "system": hostile})
    row = replace(ROW, model=hostile, error_message=hostile, variant="' onload='x", status=hostile)
    plain = Reader(share_page([run_of()], NOW))
    found = Reader(share_page([run_of(hostile, row, body)], NOW))
    assert found.texts == [hostile]
    assert found.tags <= plain.tags | set(ALLOWED)
    assert_dead(found)


@pytest.mark.parametrize("form", [share_page, to_json])
def test_nothing_of_the_visitor_the_key_or_the_server_is_passed_on(form):
    text = form([run_of(row=replace(ROW, connection="secret.example"))], NOW)
    assert "another server" in text
    for canary in ("visitor-of-nobody", "canary", "secret.example", "x-api-key"):
        assert canary not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stop_reason": "refusal"}, "Refused: the model declined to answer."),
        ({"status": "stopped", "stop_reason": None}, "Stopped before any text came."),
        ({"stop_reason": "max_tokens"}, "The answer has no text. It ended with max_tokens."),
        ({"status": "failed", "stop_reason": None}, "There is no answer."),
    ],
)
def test_a_run_without_a_text_says_why(changes, words):
    assert f'<p class="quiet">{words}</p>' in share_page([run_of("", replace(ROW, **changes))], NOW)


@pytest.mark.parametrize("cost", ["0.0000001", "0.00160", "12", None])
def test_a_file_has_a_cost_in_plain_digits(cost):
    row = replace(ROW, cost_usd=None if cost is None else Decimal(cost) * 1)
    assert json.loads(to_json([run_of("x", row)], NOW))["runs"][0]["cost_usd"] == cost


def test_a_prompt_that_all_share_stands_once_and_others_with_their_answers():
    other = json.dumps({"messages": [{"role": "user", "content": [{"text": "Other"}]}]})
    assert share_page([run_of(), run_of()], NOW).count("<h3>System prompt</h3>") == 1
    mixed = share_page([run_of(), run_of(), run_of(body=other)], NOW)
    assert mixed.count("<h3>System prompt</h3>") == 2
    assert Reader(mixed, "panel").texts[-1]


def test_the_demo_is_marked_and_a_run_that_never_went_out_says_so():
    row = replace(ROW, connection="Demo", cost_kind="simulated", status="stopped", attempts=0)
    planned = json.dumps({"headers": {"anthropic-version": "2026-10-21"}, "body": {"a": 1}})
    run = shared_run(row, RunTexts(run_id="0001", request_json=planned))
    page = share_page([run], NOW)
    for words in (
        'class="demo"',
        "not by Claude",
        "(simulated)",
        "Stopped before any text came.",
        "never sent",
    ):
        assert words in page
    assert json.loads(to_json([run], NOW))["runs"][0]["is_demo"]


@pytest.mark.parametrize("body", ["", "null", "[1]", "[" * 100_000, '{"messages": 3, "system": 4}'])
def test_a_request_of_any_shape_makes_a_page(body):
    assert "</html>" in share_page([run_of(body=body)], NOW)
    damaged = shared_run(ROW, RunTexts(run_id="1", request_json=body))
    assert "</html>" in share_page([damaged], NOW)


def test_nul_and_lone_surrogates_do_not_break_the_file():
    page = share_page([run_of("a\x00b\ud800c\r\nd")], NOW)
    assert page.encode("utf-8")
    assert "a\ufffdb?c&#13;\nd" in page
    assert json.loads(to_json([run_of("\ud800\x00")], NOW))["runs"][0]["answer"] == "\ud800\x00"
