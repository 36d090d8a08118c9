"""A link gives back the page it was made of, and anything else fails with one sentence."""

import base64
import json
import os
import random
import re
import time
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from core.editor.test_page_state import A_STATE, MESSAGES, PARAMS, TEXTS
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from playground.core.editor.page_state import PageState, Variant, from_json, to_json
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing import links
from playground.core.sharing.links import LinkError, address, decode, encode

EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
"""How many are tried; set it to thousands for a long look."""

MAX_WORK_BYTES, MAX_WORK_S = 1_000_000, 0.25
SENTENCES = re.compile(r"[A-Z][^\n]*\.")
ALLOWED = {
    "messages", "role", "text", "blocks_json", "result_of", "playground", "scenario", "system",
    "variants", "letter", "params", "version", "model", "max_tokens", "temperature", "top_p",
    "top_k", "effort", "thinking", "thinking_budget_tokens", "thinking_display", "stop_sequences",
    "cache", "service_tier", "api_version", "extra_json",
}  # fmt: skip
STATES = st.builds(
    PageState,
    st.builds(Prompt, TEXTS, MESSAGES.map(tuple)),
    # More than two would only make this slower.
    st.tuples(st.builds(Variant, st.just("B"), PARAMS, TEXTS))
    | st.tuples(
        st.builds(Variant, st.just("F"), PARAMS), st.builds(Variant, st.just("A"), PARAMS, TEXTS)
    ),
    st.sampled_from(["none", "rate_limited"]),
)
# Written down when version 1 was made: never change one.
VERSION_1 = [
    (
        "1zePmzARHFIyYcwzMq7ckJS6dUBaBnilP1cAalE0lBWaGEzycAm29ClQ",
        '{"messages":[{"role":"user","text":"Why?"}],"playground":"page","scenario":"none",'
        '"system":"Be terse.","variants":[{"letter":"B","params":{"max_tokens":300,'
        '"model":"claude-x"},"system":""}],"version":1}',
    ),
    (
        "1zePmzARHFIy4cdarxJKlqYJoiI6QfbFjxYMO6Bxt2PNjY-2DDkgcb2xU-zJ_RQEawG2IEByJ16WDJta5-LkDxW"
        "KVYjAgxNMUdI24o9sPzIzjv6WDm6hglK4Vow9haoByyW5GiTgnZLv_yPPSoAQC_GY4W",
        '{"messages":[{"role":"user","text":""},{"role":"assistant","text":"{\\n"}],'
        '"playground":"page","scenario":"none","system":"నమస్తే 😀","variants":[{"letter":"A",'
        '"params":{"max_tokens":1,"model":"claude-haiku-4-5","stop_sequences":["END","]"],'
        '"temperature":0.15},"system":""},{"letter":"F","params":{"effort":"high",'
        '"extra_json":"{\\"a\\": [1]}","max_tokens":0,"model":""},"system":"Own"}],"version":1}',
    ),
    (
        "1jeyJtZXNzYWdlcyI6W10sInBsYXlncm91bmQiOiJwYWdlIiwic2NlbmFyaW8iOiJub25lIiwic3lzdGVtIjoiIi"
        "widmFyaWFudHMiOlt7ImxldHRlciI6IkEiLCJwYXJhbXMiOnsibWF4X3Rva2VucyI6MzAwLCJtb2RlbCI6Im0ifS"
        "wic3lzdGVtIjoiIn1dLCJ2ZXJzaW9uIjoxfQ",
        '{"messages":[],"playground":"page","scenario":"none","system":"","variants":[{"letter":'
        '"A","params":{"max_tokens":300,"model":"m"},"system":""}],"version":1}',
    ),
]
LONG_PROMPT = "Explain in two sentences why the crust of a dosa is crisp. " * 20
PAGES = [
    A_STATE,
    PageState(Prompt("", (Message("user", LONG_PROMPT),)), A_STATE.variants, "rate_limited"),
    PageState(
        Prompt("నమస్తే 😀", (Message("user", ""), Message("assistant", "{\n"))),
        (
            Variant("A", Params("claude-haiku-4-5", 1, 0.15, stop_sequences=("END", "]"))),
            Variant("F", Params("", 0, effort="high", extra_json='{"a": [1]}'), "Own"),
        ),
    ),
]


def unpacked(text):
    """The JSON inside a link, by other means than the code under test."""
    data = base64.urlsafe_b64decode(text[2:] + "==")
    return zlib.decompressobj(zdict=links._SHARED).decompress(data) if text[1] == "z" else data


def packed(content, form="z", version="1"):
    if form == "z":
        packer = zlib.compressobj(9, zdict=links._SHARED)
        content = packer.compress(content) + packer.flush()
    return f"{version}{form}{base64.urlsafe_b64encode(content).decode().rstrip('=')}"


def keys_of(found):
    if isinstance(found, list):
        return set().union(*map(keys_of, found))
    return set(found).union(*map(keys_of, found.values())) if isinstance(found, dict) else set()


@settings(max_examples=EXAMPLES, phases=[Phase.generate], database=None)
@given(STATES)
def test_a_page_comes_back_as_it_was_and_takes_nothing_else_along(state):
    text = encode(state)
    assert decode(text) == state
    assert keys_of(json.loads(unpacked(text))) <= ALLOWED
    assert re.fullmatch(r"1[jz][A-Za-z0-9_-]+", text)


def test_a_link_is_short_and_packed_only_where_that_makes_it_shorter():
    assert len(encode(A_STATE)) < 100
    chance = random.Random(1)
    noise = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(200))
    for state in (*PAGES, replace(A_STATE, prompt=Prompt(noise, ()))):
        text = encode(state)
        other = packed(to_json(state).encode(), "j" if text[1] == "z" else "z")
        assert len(text) <= len(other)
        assert decode(other) == state


def test_links_of_version_1_are_read_for_ever():
    for text, state in VERSION_1:
        assert decode(text) == from_json(state)


def mutated(chance, text):
    """A link that something happened to on its way, or that somebody made up."""
    at = chance.randrange(len(text))
    other = encode(chance.choice(PAGES))
    raw = bytearray(base64.urlsafe_b64decode(text[2:] + "=="))
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    content = bytearray(unpacked(text))
    content[chance.randrange(len(content))] = chance.randrange(256)
    mutations = [
        lambda: text[:at],
        lambda: text[:at] + chance.choice("AZaz09-_=%#. \n\x00é") + text[at + 1 :],
        lambda: text[:at] + other[chance.randrange(len(other)) :],
        lambda: text[:2] + base64.urlsafe_b64encode(raw).decode().rstrip("="),
        lambda: packed(bytes(content), chance.choice("jz")),
        lambda: text + chance.choice((text, "A", "=", "-", other[2:])),
        lambda: chance.choice(("0", "2", "11", "", "-1", "１")) + text[1:],
        lambda: packed(chance.randbytes(chance.randrange(60)), chance.choice("jza")),
        lambda: "".join(map(chr, chance.choices(range(1, 0x3000), k=chance.randrange(80)))),
    ]
    return chance.choice(mutations)()


def test_10_000_mutated_links_are_a_page_or_one_sentence():
    chance = random.Random(4)
    texts = [encode(page) for page in PAGES]
    opened, said = 0, []
    for _ in range(10_000):
        text = mutated(chance, chance.choice(texts))
        try:
            state = decode(text)
        except LinkError as error:
            said.append(str(error))
        else:
            assert from_json(to_json(state)) == state
            opened += 1
    assert opened > 100
    assert len(said) > 5_000
    assert all(SENTENCES.fullmatch(each) for each in said)


BOMBS = {
    "a megabyte of one letter": packed(b'{"system":"' + b"x" * 10_000_000),
    "nested lists": packed(b"[" * 60_000),
    "nested objects": packed(b'{"a":' * 13_000),
    "many lists": packed(b"[" + b"[]," * 20_000),
    "many objects": packed(b"[" + b"{}," * 20_000),
    "many strings": packed(b"[" + b'"a",' * 16_000),
    "many fields": packed(b"{" + b",".join(b'"%d":0' % n for n in range(6_000)) + b"}"),
    "a long number": packed(b'{"version":' + b"9" * 60_000 + b"}"),
    "quotes": packed(b'"' * 65_000),
    "backslashes": packed(b'"' + b"\\" * 65_000),
    "escapes": packed(b'{"system":"' + b"\\u0001" * 10_000 + b'"}'),
    "one emoji in a long text": packed('{"system":"😀'.encode() + b"x" * 65_000 + b'"}'),
    "escaped quotes without an end": packed(b'"' + b'\\"' * 32_000),
    "spaces": packed(b" " * 65_000),
    "unpacked and long": "1j" + "A" * 15_990,
    "longer than any": "1j" + "A" * 5_000_000,
    "packed twice": packed(zlib.compress(b"x" * 10_000_000)),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_no_link_makes_more_than_a_megabyte_of_work(text):
    tracemalloc.start()
    try:
        with pytest.raises(LinkError, match=SENTENCES):
            decode(text)
        assert tracemalloc.get_traced_memory()[1] < MAX_WORK_BYTES
    finally:
        tracemalloc.stop()
    # Of the processor, not of the clock: a busy machine makes no link slower.
    before_s = time.process_time()
    with pytest.raises(LinkError):
        decode(text)
    assert time.process_time() - before_s < MAX_WORK_S


def test_a_link_of_a_newer_playground_says_so():
    with pytest.raises(LinkError, match="made by a newer playground"):
        decode("2x" + encode(A_STATE)[2:])


def test_a_page_that_is_too_long_makes_no_link():
    chance = random.Random(1)
    noise = "".join(chr(chance.randrange(33, 127)) for _ in range(12_000))
    for long in (noise, "x" * 70_000):
        with pytest.raises(LinkError, match="too long for a link"):
            encode(replace(A_STATE, prompt=Prompt(long, ())))


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("http://localhost:8501", "http://localhost:8501/#s=1zA"),
        ("https://a.example/app/?s=1#x", "https://a.example/app/#s=1zA"),
        ("https://a.streamlit.app/~/+/", "https://a.streamlit.app/#s=1zA"),
        ("http://[::1]:8501/", "http://[::1]:8501/#s=1zA"),
        *(
            (url, None)
            for url in (None, "", "javascript:1", "http://", "https://me@a.b", "http://[")
        ),
    ],
)
def test_a_link_stands_on_the_address_that_is_open_and_on_no_other(url, link):
    assert address(url, "1zA") == link
