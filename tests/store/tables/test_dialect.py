"""Database URLs as hosts give them and people paste them, and the password in them."""

import logging

import pytest
from store.databases import ON_BOTH

from playground.core.money.budget import Budget
from playground.core.text.refusal import Refusal
from playground.settings import read_settings
from playground.store.tables import dialect
from playground.store.tables.postgres_connection import BoundedConnection

HOSTS = "postgresql+psycopg://ada:{}@db.example:5432/log?sslmode=require"
CANARY = "c4nary"


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://ada:pw@db.example:5432/log?sslmode=require", HOSTS.format("pw")),
        ("postgresql://ada:pw@db.example:5432/log?sslmode=require", HOSTS.format("pw")),
        (" postgresql+psycopg2://ada:pw@db.example:5432/log?sslmode=require\n", HOSTS.format("pw")),
        ("postgres://ada:p@w/1@db.example:5432/log?sslmode=require", HOSTS.format("p%40w%2F1")),
        ("postgres://ada:p%40w@db.example:5432/log?sslmode=require", HOSTS.format("p%40w")),
        (
            "postgres://ada:pw@db.example:5432/log?pgbouncer=true&sslmode=require&schema=public",
            HOSTS.format("pw"),
        ),
        ("sqlite:///data/runs.db", "sqlite:///data/runs.db"),
        ("sqlite:///a@b/c@d.db?timeout=5", "sqlite:///a%40b/c%40d.db?timeout=5"),
    ],
)  # fmt: skip
def test_a_url_is_understood_as_its_host_means_it(given, understood):
    assert dialect.parse_url(given).render_as_string(hide_password=False) == understood


def test_what_the_url_asks_for_goes_to_the_driver_and_wins(monkeypatch):
    url = dialect.parse_url("postgres://ada@db.example/log?sslmode=require&connect_timeout=2")
    _, asked = url.get_dialect()().create_connect_args(url)
    assert asked["sslmode"] == "require"
    engine = dialect.connect(url, busy_timeout_s=1, is_reader=True)
    seen = {}

    def note(**options):
        seen.update(options)
        raise ConnectionAbortedError

    monkeypatch.setattr(BoundedConnection, "connect", note)
    with pytest.raises(ConnectionAbortedError):
        engine.connect()
    assert (seen["sslmode"], seen["connect_timeout"]) == ("require", "2")
    assert (seen["prepare_threshold"], seen["tcp_user_timeout"]) == (None, 10_000)


@pytest.mark.parametrize(
    "given",
    [
        f"postgres://ada:{CANARY}@127.0.0.1:port/log",
        f"postgres://ada:x@{CANARY}:y@127.0.0.1:z@{CANARY}/log",
        f"postgres://ada:x:{CANARY}@127.0.0.1:1/log?sslmode={CANARY}",
        f"postgres://ada@127.0.0.1:1/log?password={CANARY}",
        f"postgres://ada@127.0.0.1:1/log?{CANARY}=1",
        f"postgres://ada:{CANARY}%00@127.0.0.1:1/log",
        f"postgres://ada:{CANARY}\n@127.0.0.1:1/log",
        f"mysql://ada:{CANARY}@127.0.0.1/log",
        f"ada:{CANARY}@127.0.0.1/log",
    ],
)
def test_the_password_of_a_wrong_url_is_never_told(open_log, row, given, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    log = open_log(given)
    log.record(row(1))
    assert not log.flush(10)
    refused = log.budgets.save("ada", Budget())
    assert isinstance(refused, Refusal)
    settings = read_settings({"PLAYGROUND_LOG": given}, {})
    told = [log.warning, refused.sentence, repr(log._writer), repr(settings), *capfd.readouterr()]
    told += [logging.Formatter().format(record) for record in caplog.records]
    assert log.warning
    assert CANARY not in "".join(told)


@ON_BOTH
def test_the_password_of_a_url_that_works_is_never_told_either(
    open_log, url, row, database, request, caplog
):
    if database == "postgres":
        url = request.getfixturevalue("postgres").network_url()
    caplog.set_level(logging.DEBUG)
    log = open_log(url)
    log.record(row(1, "canary", press=2**70))
    assert not log.flush(5)
    engine = log._writer.database._writer
    told = [repr(log._writer), repr(engine), repr(engine.url), repr(log._writer.database)]
    told += [logging.Formatter().format(record) for record in caplog.records]
    assert "rejects" in "".join(told)
    assert "s3cret" not in "".join(told)
