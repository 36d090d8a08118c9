"""How the server sends what it answers."""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette

from playground.ui.app import routes


async def accepted(lifespan):
    """A connection as the server of an app has it, which listens as Streamlit's does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Starlette(lifespan=lifespan), lifespan="on", log_config=None)
        running = uvicorn.Server(config)
        serving = asyncio.create_task(running.serve([listening]))
        while not running.started:
            await asyncio.sleep(0)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        while not running.server_state.connections:
            await asyncio.sleep(0)
        [connection] = running.server_state.connections
        sends_at_once = connection.transport.get_extra_info("socket").getsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY
        )
        writer.close()
        running.should_exit = True
        await serving
    return sends_at_once


def test_what_the_server_writes_goes_out_at_once(monkeypatch):
    monkeypatch.setattr(routes, "prepare", lambda: None)
    assert asyncio.run(asyncio.wait_for(accepted(routes.lifespan), timeout=30))
