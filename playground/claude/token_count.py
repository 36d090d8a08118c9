"""Asks the API how many input tokens a request has; it costs nothing."""

from playground.claude.errors import call_failure, failure_in_body, failure_without_key
from playground.claude.sending import Clients, extra_headers
from playground.claude.wire_values import MAX_TOKEN_COUNT
from playground.core.answer.failures import Failure
from playground.core.request.connection import Connection, key_problem
from playground.core.wire.wire import Wire, body_to_count

COUNT_TIMEOUT_S = 15.0


async def count_tokens(
    clients: Clients, connection: Connection, key: str, wire: Wire
) -> int | Failure:
    """The answer of `POST /v1/messages/count_tokens`, or why there is none."""
    if key and key_problem(key):
        return Failure("bad_key")
    try:
        client = clients.client(connection, key).with_options(timeout=COUNT_TIMEOUT_S)
        # `post` rather than `count_tokens`: the fields that would be sent are counted as they are.
        reply = await client.post(
            "/v1/messages/count_tokens",
            body=body_to_count(wire),
            cast_to=object,
            options={"headers": {**wire.headers, **extra_headers(connection, key, 1)}},
        )
    except Exception as error:
        return call_failure(error, key)
    tokens = reply.get("input_tokens") if isinstance(reply, dict) else None
    # Not isinstance: JSON's true is an int to Python.
    if type(tokens) is int and 0 <= tokens <= MAX_TOKEN_COUNT:
        return tokens
    return failure_without_key(failure_in_body(reply, "no"), key)
