"""The stand-in for the API leaves nothing open, whenever it is closed."""

import gc
import socket
import threading
import warnings

from tests.fake_api import FakeApi


def test_a_connection_that_comes_while_the_server_is_closed_is_closed_too():
    api = FakeApi()
    is_held, is_released = threading.Event(), threading.Event()
    api.call(lambda: (is_held.set(), is_released.wait(5)))
    is_held.wait(5)
    with (
        warnings.catch_warnings(record=True) as warned,
        socket.create_connection(("127.0.0.1", api.port)),
    ):
        warnings.simplefilter("always", ResourceWarning)
        closing = threading.Thread(target=api.close)
        closing.start()
        is_released.set()
        closing.join(10)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
