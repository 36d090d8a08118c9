"""What every test stands on: no key, no settings and no proxy of the machine it runs on."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
LONGEST = "test_shortcuts.py"
NAMES = ("ANTHROPIC_", "PLAYGROUND_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """The environment decides nothing that a test does not set itself."""
    for name in [name for name in os.environ if name.startswith(NAMES)]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests; where CI has one installed it has to start."""
    pytest.importorskip("psycopg", reason="pip install psycopg[binary]")
    from postgres import NoServerError, PostgresServer

    try:
        server = PostgresServer()
    except NoServerError as error:
        pytest.skip(str(error))
    except (RuntimeError, OSError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL does not start: {error}")
    yield server
    server.close()


def pytest_xdist_auto_num_workers():
    """One process more than there are processors: a browser test waits for a quarter of its time.
    The environment's number goes first."""
    is_given = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if is_given else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """Browser tests come last: Playwright leaves an event loop running in the main thread,
    beside which no other test could start one of its own. The longest file of them comes first,
    or one process would be at it alone in the end."""
    items.sort(key=lambda item: ("browser" in item.path.parts, item.path.name != LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_collection():
    """Collecting makes millions of objects and next to no garbage: looking for it would take
    a third of the time."""
    gc.disable()


def pytest_collection_finish():
    """What is imported and collected stays: each full collection of garbage would look through
    a million objects once more."""
    gc.collect()
    gc.freeze()
    gc.enable()
