"""A key is found in whatever spelling a server echoes it."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Script, play

from playground.claude.errors import without_key
from playground.claude.masking import Mask
from playground.claude.secret import Secret
from playground.claude.sending import Timing, raw_event_recorder
from playground.core.answer.raw_events import RawEvents
from playground.core.wire.exchange import MASK

KEY = 'sk-a+b/c=d"e\\f&g<h-canary'
SPELLINGS = {
    "plain": lambda text: text,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, all escaped": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text),
    "script": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "script, by code point": lambda text: "".join(f"\\u{{{ord(letter):X}}}" for letter in text),
    "script, padded": lambda text: "".join(f"\\u{{{ord(letter):06x}}}" for letter in text),
    "URL": lambda text: quote(text, safe=""),
    "URL, lower case": lambda text: "".join(f"%{ord(letter):02x}" for letter in text),
    "URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "HTML, by name": lambda text: text.replace("+", "&plus;").replace("/", "&sol;"),
    "HTML, escaped twice": lambda text: html.escape(html.escape(text)),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_is_masked_in_each_spelling(spell):
    assert Secret(KEY).masked(f"before {spell(KEY)} after") == f"before {MASK} after"
    assert without_key(spell(KEY), KEY) == MASK


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_wherever_a_spelling_is_cut_its_beginning_is_the_tail_of_the_text(spell):
    secret, spelled = Secret(KEY), spell(KEY)
    assert {secret.tail(f"a {spelled[:size]}").start for size in range(1, len(spelled))} == {2}


def in_base64(text):
    return b64encode(text.encode()).decode()


ENCODINGS = {
    "upper case": str.upper,
    "swapped case": str.swapcase,
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, upper case": lambda text: text.encode().hex().upper(),
    "Base64": in_base64,
    "Base64 behind a letter": lambda text: in_base64(f"u{text}"),
    "Base64 behind two letters": lambda text: in_base64(f":u{text}"),
    "Base64 between others": lambda text: in_base64(f"name:{text}@host"),
    "Base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Base64 in JSON": lambda text: in_base64(text).replace("/", "\\/"),
}
ODD_KEY = "sk-?\u00fc~>>?canary?~~>key"


@pytest.mark.parametrize("key", [KEY, ODD_KEY, "sk-ant-api03-Ab_9-xYz"])
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_key_is_masked_in_each_encoding_however_it_is_split(encode, key):
    encoded = f"before {encode(key)} after"
    # At most the letter of Base64 at either end has bits of the key as well.
    shown = Secret(key).masked(encoded)
    assert MASK in shown
    assert len(shown) < len("before  after") + 20
    assert Secret(key).masked(shown) == shown
    for size in (1, 3, 10):
        mask = Mask(Secret(key))
        pieces = [encoded[start : start + size] for start in range(0, len(encoded), size)]
        assert "".join(map(mask.feed, pieces)) + mask.flush() == shown


def test_a_letter_whose_lower_case_is_two_moves_no_beginning_of_a_key():
    assert Secret(KEY).tail(f"\u0130\u0130 {KEY.encode().hex()[:6]}").start == 3


@given(st.lists(st.sampled_from([*SPELLINGS.values()]), min_size=len(KEY), max_size=len(KEY)))
def test_each_letter_may_be_spelled_in_its_own_way(spells):
    spelled = "".join(spell(letter) for spell, letter in zip(spells, KEY, strict=True))
    assert Secret(KEY).masked(spelled) == MASK


@pytest.mark.parametrize("text", ["SK-A+B/C", "sk-a+b/c", "50 % of a\\b &amp; s", "\\" * 9, ""])
def test_what_is_not_the_key_stays(text):
    assert Secret(KEY).masked(text) == text


@pytest.mark.parametrize("key", ["", "k", "ollama", "lm-studio", "XXXXXX"])
def test_a_key_that_is_no_secret_is_never_masked(key):
    secret = Secret(key)
    assert (secret.is_secret, secret.masked(f"{key} & {key}")) == (False, f"{key} & {key}")
    assert (secret.span(key), secret.starts(key), secret.tail(key).size) == (None, None, 0)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_neither_a_failure_nor_the_raw_events_tell_the_key(spell):
    key = KEY.replace("\\", "-")
    body = json.dumps({"error": {"type": "authentication_error", "message": spell(key)}})
    events, _ = play(Script((401, [body.encode()])), key=key)
    assert events[-1].failure.message == MASK
    raw = RawEvents()
    raw_event_recorder(raw, 1, key, 0.0, Timing())(spell(key), body)
    [event] = raw.read().events
    assert (event.name, json.loads(event.data)["error"]["message"]) == (MASK, MASK)
