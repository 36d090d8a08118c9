"""The prompt cache: how much of a prompt is read from it and how much is written to it.

It keeps digests, never texts. A prefix can be read once its first answer has begun, so prompts sent
side by side all write.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from playground.claude.demo.prompt import TOKENS_PER_REQUEST, Body, input_tokens
from playground.core.text.json_text import Json

# Digests are small, and a prompt that falls out is only written once more.
MAX_ENTRIES = 2_000
READY_AFTER = timedelta(seconds=0.4)
KEPT = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1)}
MIN_TOKENS = {
    "claude-opus-4-8": 1024, "claude-sonnet-5": 1024, "claude-sonnet-4-6": 1024,
    "claude-sonnet-4-5": 1024, "claude-opus-4-7": 2048, "claude-opus-4-6": 4096,
    "claude-opus-4-5": 4096, "claude-haiku-4-5": 4096,
}  # fmt: skip
"""Shorter prompts are silently not cached."""
MIN_TOKENS_OTHERWISE = 512
# All that the model reads before the messages: a change in it makes another prefix.
_PREFIX_FIELDS = ("model", "system", "thinking", "output_config", "tools")


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Input tokens that a request reads from the cache and writes to it."""

    read: int = 0
    written: int = 0
    ttl: str = "5m"


@dataclass(frozen=True, slots=True)
class _Entry:
    tokens: int
    ready_at: datetime
    expires_at: datetime


class PromptCache:
    """Remembers which prefixes were written, and until when."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def use(self, body: Body, model_id: str, now: datetime) -> CacheUse:
        """What a request reads and writes; it is remembered for the next ones."""
        cache_control = body.get("cache_control")
        total = input_tokens(body)
        if not cache_control or total < MIN_TOKENS.get(model_id, MIN_TOKENS_OTHERWISE):
            return CacheUse()
        ttl = cache_control.get("ttl", "5m")
        read = self._longest(body, now)
        cacheable = total - TOKENS_PER_REQUEST
        key = _digest(body, len(body["messages"]))
        entry = self._entries.get(key)
        # What can be read stays so when it is written again: only its life begins anew.
        ready_at = entry.ready_at if entry and entry.expires_at > now else now + READY_AFTER
        self._entries[key] = _Entry(cacheable, ready_at, now + KEPT[ttl])
        self._entries.move_to_end(key)
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        return CacheUse(read, cacheable - read, ttl)

    def _longest(self, body: Body, now: datetime) -> int:
        """The tokens of the longest prefix of the conversation that can be read."""
        for count in range(len(body["messages"]), 0, -1):
            entry = self._entries.get(_digest(body, count))
            if entry and entry.ready_at <= now < entry.expires_at:
                return entry.tokens
        return 0


def _digest(body: Body, count: int) -> str:
    """A fingerprint of everything that the model reads up to a message."""
    prefix: dict[str, Json] = {name: body.get(name) for name in _PREFIX_FIELDS}
    prefix["messages"] = body["messages"][:count]
    return sha256(json.dumps(prefix, sort_keys=True).encode()).hexdigest()
