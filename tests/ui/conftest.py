"""The page as Streamlit runs it, on the demo, with services of its own for each test."""

import atexit
import functools
from dataclasses import dataclass

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT

PAUSE_S = 0.002
"""Between two tokens of the demo, which otherwise writes as slowly as a model does."""


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once():
    """Streamlit looks through all packages for components anew at each page of its harness."""
    scan = manifest_scanner.scan_component_manifests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, scan.__name__, functools.cache(scan))
        yield


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch, tmp_path):
    """Each test gets services of its own: a new log, no runs."""
    from playground.claude.demo.transport import DemoTransport
    from playground.claude.sending import Clients
    from playground.ui.session.services import Services, reset_services, services

    def quick_clients(self):
        self._clients = self._clients or Clients(demo=DemoTransport(pause_s=PAUSE_S))
        return self._clients

    monkeypatch.setattr(Services, "_shared_clients", quick_clients)
    monkeypatch.setenv("PLAYGROUND_LOG", f"sqlite:///{tmp_path}/runs.db")
    reset_services()
    yield
    built = services()
    built.close()
    atexit.unregister(built.close)
    reset_services()


@pytest.fixture
def page():
    return AppTest.from_file(SCRIPT, default_timeout=30).run()


@dataclass
class Client:
    """What a browser sent as it connected, in place of Streamlit's own client."""

    headers: list[tuple[str, str]]
    cookies: dict[str, str]
    remote_ip: str


@pytest.fixture
def come_from(monkeypatch):
    """From now on pages are asked for by a browser elsewhere (but for `localhost`), with
    these cookies."""
    import streamlit.runtime.context

    def come(host="demo.example", **cookies):
        address = "127.0.0.1" if host == "localhost" else "192.0.2.7"
        client = Client([("Host", host)], cookies, address)
        # The harness has no way to say headers or cookies.
        monkeypatch.setattr(streamlit.runtime.context, "_get_client_context", lambda: client)

    return come
