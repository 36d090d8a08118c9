"""What looks like a key is found and masked, whatever stands around it."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.text.key_shapes import MASK, holds_key, masked

BODY = "0123456789abcdefABCDEF0123456789abcdefABCDEF"
KEYS = {
    "sk-ant-": f"sk-ant-api03-{BODY}",
    "sk-": f"sk-proj-{BODY}",
    "AKIA": "AKIAIOSFODNN7EXAMPLE",
    "ghp_": f"ghp_{BODY}",
    "github_pat_": f"github_pat_{BODY}",
    "xoxb-": "xoxb-123456789012-abcdefghij",
    "AIza": f"AIza{BODY}",
    "SK-ANT-": f"SK-ANT-API03-{BODY}",
    "ASIA": "ASIAIOSFODNN7EXAMPLE",
    "ghu_": f"ghu_{BODY}",
    "glpat-": "glpat-abcdefghij0123456789",
    "xapp-": "xapp-1-A0123456789-abcdefghij",
    "gsk_": f"gsk_{BODY}",
    "xai-": f"xai-{BODY}",
    "hf_": f"hf_{BODY}",
    "nvapi-": f"nvapi-{BODY}",
    "sk_live_": f"sk_live_{BODY}",
    "npm_": f"npm_{BODY[:36]}",
}


@pytest.mark.parametrize(("start", "key"), KEYS.items(), ids=KEYS)
def test_only_the_beginning_of_a_key_is_kept(start, key):
    assert masked(f"Use {key}, please.") == f"Use {start}{MASK}, please."


@pytest.mark.parametrize("before", ["\n", "\t", "\r\n", "\x00", '"', "\\", "é"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_found_in_json_whatever_stands_before_it(before, key):
    for ascii_only in (True, False):
        found = masked(json.dumps(before + key, ensure_ascii=ascii_only))
        assert key not in found
        assert json.loads(found).startswith(before)


@pytest.mark.parametrize("before", ["%3D", "%20", "%2f", "%253D", "key=", "Bearer%20"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_found_in_a_url(before, key):
    found = masked(f"https://example.com/?{before}{key}&more=1")
    assert key not in found
    assert found.startswith(f"https://example.com/?{before}")
    assert found.endswith(f"{MASK}&more=1")


@pytest.mark.parametrize(
    "text", ["sk-" * 100_000, "sk-a_" * 50_000, "sk-a1-" * 50_000, "sk-ant-" * 50_000,
             "xoxb-" * 50_000],
    ids=["sk-", "sk-a_", "sk-a1-", "sk-ant-", "xoxb-"],
)  # fmt: skip
def test_a_text_of_nothing_but_beginnings_is_looked_through_at_once(text):
    before_s = time.process_time()
    masked(text)
    assert time.process_time() - before_s < 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a risk-averse-investor-with-many-words2",
        "sk-learn-is-a-nickname-of-a-library",
        "Write sk-ant-… here",
        "AKIA is a prefix",
        "ghp_ and xoxb- and AIza",
        "hf_hub_download, npm_config_registry, xai-org, gsk_8",
        "0%sk-, 100%risk-averse-investor-with-many-words2",
    ],
)
def test_ordinary_words_are_left_alone(text):
    assert not holds_key(text)
    assert masked(text) == text


@given(st.sampled_from(list(KEYS.values())), st.text(), st.text())
def test_no_part_of_a_key_survives_and_nothing_else_is_lost(key, before, after):
    left, right = f"{before} ", f" {after}"
    found = masked(left + key + right)
    assert key not in found
    assert not holds_key(found)
    if not holds_key(left + right):
        assert found.startswith(left)
        assert found.endswith(right)
