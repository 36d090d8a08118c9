"""What of a request the API counts as input, and how to tell a count from a stale one."""

import hashlib
import json

from playground.core.request.connection import Connection
from playground.core.text.json_text import Json
from playground.core.wire.wire import Wire

COUNTED = frozenset(
    {
        "messages",
        "model",
        "system",
        "thinking",
        "tools",
        "tool_choice",
        "cache_control",
        "output_config",
    }
)
"""What `count_tokens` takes of a body: never `max_tokens`, a temperature or `stream`."""


def body_to_count(wire: Wire) -> dict[str, Json]:
    """The body of a call that only counts."""
    return {name: value for name, value in wire.body.items() if name in COUNTED}


def count_key(wire: Wire, connection: Connection) -> str:
    """Changes with everything that a count depends on."""
    place = json.dumps([connection.kind, connection.base_url, dict(wire.headers)])
    counted = wire.json_of(COUNTED.intersection(wire.body))
    return hashlib.sha256(f"{place}{counted}".encode()).hexdigest()
