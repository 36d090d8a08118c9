"""Logs in a temporary folder, and rows to put into them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from store.databases import execute_in_file, writing_into_file

from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "runs.db"


@pytest.fixture(autouse=True)
def no_surprises(caplog):
    """Whatever goes wrong the log answers from memory: that must not hide what nobody foresaw."""
    yield
    told = [record.getMessage() for record in caplog.get_records("call")]
    foreseen = ["IntegrityError", "DataError", "OverflowError", "StatementError"]
    foreseen += ["SQLSTATE 54000"]
    if any("was damaged" in text for text in told):
        foreseen.append("OperationalError")
    for text in told:
        assert " met " not in text or any(name in text for name in foreseen), text


@pytest.fixture
def database(request):
    """The kind of database a test is for: SQLite unless it is marked `ON_BOTH`."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def url(database, file, request):
    if database == "sqlite":
        return f"sqlite:///{file}"
    server = request.getfixturevalue("postgres")
    return server.url(server.new_schema())


@pytest.fixture
def other_writer(database, file, request):
    """While it is open somebody else is writing, and does not come to an end."""
    if database == "sqlite":
        return lambda: writing_into_file(file)
    return request.getfixturevalue("postgres").writing


@pytest.fixture
def execute(url, database, file, request):
    """Runs SQL in the log's database, behind the log's back."""
    if database == "sqlite":
        return lambda *statements: execute_in_file(file, *statements)
    server = request.getfixturevalue("postgres")
    schema = url.rpartition("%3D")[2]
    return lambda *statements: server.execute(f"SET search_path = {schema}", *statements)


@pytest.fixture
def open_log(url):
    opened = []

    def open_one(other_url=None, *, clock=lambda: NOW, **options):
        options = {"busy_timeout_s": 0.05, "retry_every_s": 60, "saved_within_s": 20} | options
        log = RunLog(other_url or url, clock=clock, **options)
        opened.append(log)
        return log

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log):
    return open_log()


@pytest.fixture(scope="session")
def row():
    def make(number, visitor="ada", **changes):
        plain = {
            "run_id": f"{number:016x}",
            "visitor": visitor,
            "started_at": NOW + timedelta(seconds=number),
            "press": number,
            "variant": "A",
            "connection": "Demo",
            "model": "claude-haiku-4-5",
            "params_json": "{}",
            "status": "done",
            "attempts": 1,
            "input_tokens": 10,
            "output_tokens": 5,
            "cost_usd": Decimal("0.000035"),
            "cost_kind": "exact",
        }
        return RunRow(**plain | changes)

    return make


@pytest.fixture(scope="session")
def texts():
    def make(row, answer="Hello", **changes):
        return RunTexts(run_id=row.run_id, request_json='{"a": 1}', answer=answer, **changes)

    return make
