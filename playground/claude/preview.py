"""The request that a run would send, built by the same code and sent nowhere."""

import httpx2

from playground.claude.errors import call_failure
from playground.claude.recording import recorded_request
from playground.claude.sending import Clients, open_stream
from playground.core.answer.failures import Failure
from playground.core.request.connection import Connection, key_problem
from playground.core.wire.exchange import SentRequest
from playground.core.wire.wire import Wire


class _Nowhere(httpx2.AsyncBaseTransport):
    """A transport that sends nothing."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # Empty: of a stream that nobody reads the SDK looks only at the status.
        return httpx2.Response(200, request=request)


def clients_to_nowhere() -> Clients:
    """Clients whose requests are built in full and never sent."""
    return Clients(transport=_Nowhere(), demo=_Nowhere())


async def preview(
    clients: Clients, connection: Connection, key: str, wire: Wire
) -> SentRequest | Failure:
    """The first attempt's request; `clients` are those to nowhere."""
    if key and key_problem(key):
        return Failure("bad_key")
    try:
        response = await open_stream(clients, connection, key, wire, 1)
    except Exception as error:
        return call_failure(error, key)
    await response.aclose()
    return recorded_request(response.request, key)
