"""What the Message Batches API refuses a whole batch for. What is wrong with one request
alone is that request's own result."""

import re

from playground.claude.demo.faults import ApiError, invalid
from playground.claude.demo.rules import CURRENT_VERSION, SAMPLING_VERSION
from playground.core.text.json_text import Json

MOST_REQUESTS = 100_000
LARGEST_BATCH = 256_000_000
LONGEST_ID = 64
CUSTOM_ID = "^[a-zA-Z0-9_-]{1,64}$"
# Fast answers cannot be had in batches (pricing page).
NOT_IN_BATCHES = ("speed",)

Requests = list[tuple[str, dict[str, Json]]]


def broken_batch(version: str | None, body: object) -> Requests | ApiError:
    """The requests of a batch by their ids, or why there is no such batch."""
    if version is None:
        return invalid("anthropic-version: header is required")
    if version not in (SAMPLING_VERSION, CURRENT_VERSION):
        return invalid(f'anthropic-version: "{version[:40]}" is not a valid version.')
    if not isinstance(body, dict):
        return invalid("The request body is not a JSON object.")
    requests = body.get("requests")
    if "requests" not in body:
        return invalid("requests: Field required")
    if not isinstance(requests, list):
        return invalid("requests: Input should be a valid list")
    if not requests:
        return invalid("requests: List should have at least 1 item after validation, not 0")
    if len(requests) > MOST_REQUESTS:
        return invalid(f"requests: List should have at most {MOST_REQUESTS} items")
    checked: Requests = []
    ids: set[str] = set()
    for index, row in enumerate(requests):
        wrong = _broken_request(row, ids)
        if wrong is not None:
            return invalid(f"requests.{index}{wrong}")
        ids.add(row["custom_id"])
        checked.append((row["custom_id"], row["params"]))
    return checked


def _broken_request(row: object, ids: set[str]) -> str | None:
    if not isinstance(row, dict):
        return ": Input should be an object"
    for name in ("custom_id", "params"):
        if name not in row:
            return f".{name}: Field required"
    custom_id, params = row["custom_id"], row["params"]
    if not isinstance(custom_id, str):
        return ".custom_id: Input should be a valid string"
    if len(custom_id) > LONGEST_ID:
        return f".custom_id: String should have at most {LONGEST_ID} characters"
    if not re.fullmatch(CUSTOM_ID, custom_id, re.ASCII):
        return f".custom_id: String should match pattern '{CUSTOM_ID}'"
    if custom_id in ids:
        return f".custom_id: duplicate custom_id {custom_id}"
    if not isinstance(params, dict):
        return ".params: Input should be an object"
    if params.get("stream"):
        return ".params.stream: streaming is not supported in batches"
    for name in NOT_IN_BATCHES:
        if name in params:
            return f".params.{name}: not supported in batches"
    return None
