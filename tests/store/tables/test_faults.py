"""What each error of a database, a driver or a disk is called."""

import errno
import logging

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from playground.store.tables.dialect import AddressError, OptionError
from playground.store.tables.faults import (
    Fault,
    fault_of,
    refusal_sentence,
    report,
    retry_on_conflict,
)
from playground.store.tables.migrations import NewerSchemaError
from playground.store.tables.sqlite_file import DamagedFileError, MovedFileError


class DriverError(Exception):
    def __init__(self, words="", sqlstate=None):
        super().__init__(words)
        self.sqlstate = sqlstate


def wrapped(kind, words="", sqlstate=None):
    return kind("SELECT 1", None, DriverError(words, sqlstate))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exc.TimeoutError(), "locked"),
        (DamagedFileError(), "damaged"),
        (MovedFileError(), "moved"),
        (NewerSchemaError(), "newer"),
        (AddressError(), "address"),
        (ImportError(), "address"),
        (IsADirectoryError(), "folder"),
        (OSError(errno.ENOSPC, ""), "full"),
        (OSError(errno.EDQUOT, ""), "limit"),
        (OSError(errno.EFBIG, ""), "limit"),
        (OSError(errno.EIO, ""), "disk"),
        (OSError(errno.EROFS, ""), "read-only"),
        (PermissionError(errno.EACCES, ""), "read-only"),
        (PermissionError(errno.EPERM, ""), "read-only"),
        (FileNotFoundError(errno.ENOENT, ""), "place"),
        (ValueError(), "refused"),
        (OverflowError(), "refused"),
        (KeyError(), "unexpected"),
        (wrapped(exc.IntegrityError, sqlstate="23502"), "refused"),
        (wrapped(exc.DataError, sqlstate="22003"), "refused"),
        (wrapped(exc.OperationalError, sqlstate="53100"), "full"),
        (wrapped(exc.OperationalError, sqlstate="53300"), "crowded"),
        (wrapped(exc.InternalError, sqlstate="25006"), "rights"),
        (wrapped(exc.InternalError, sqlstate="25P03"), "unreachable"),
        (wrapped(exc.ProgrammingError, sqlstate="42501"), "rights"),
        (wrapped(exc.ProgrammingError, sqlstate="42P01"), "moved"),
        (wrapped(exc.ProgrammingError, sqlstate="42703"), "refused"),
        (wrapped(exc.OperationalError, sqlstate="40P01"), "locked"),
        (wrapped(exc.OperationalError, sqlstate="55P03"), "locked"),
        (wrapped(exc.OperationalError, sqlstate="57014"), "slow"),
        (wrapped(exc.OperationalError, sqlstate="57P01"), "unreachable"),
        (wrapped(exc.OperationalError, sqlstate="08006"), "unreachable"),
        (wrapped(exc.OperationalError, sqlstate="28P01"), "login"),
        (wrapped(exc.OperationalError, sqlstate="3D000"), "no database"),
        (wrapped(exc.OperationalError, "server closed the connection"), "unreachable"),
        (wrapped(exc.InterfaceError, "the cursor is closed"), "unreachable"),
        (wrapped(exc.OperationalError, "pipeline aborted"), "refused"),
        (wrapped(exc.OperationalError, "no password supplied"), "login"),
        (wrapped(exc.OperationalError, "SCRAM authentication failed"), "login"),
        (wrapped(exc.OperationalError, 'role "ada" does not exist'), "login"),
        (wrapped(exc.OperationalError, 'database "log" does not exist'), "no database"),
        (wrapped(exc.ProgrammingError, 'invalid connection option "x"'), "option"),
        (OptionError(), "option"),
        (wrapped(exc.OperationalError, sqlstate="3F000"), "no database"),
        (wrapped(exc.OperationalError, 'root certificate file "/x" does not exist'), "encryption"),
        (wrapped(exc.OperationalError, "SSL error: certificate verify failed"), "encryption"),
        (wrapped(exc.OperationalError, "no pg_hba.conf entry for host, no encryption"), "login"),
        (wrapped(exc.OperationalError, 'FATAL:  too many connections for role "ada"'), "crowded"),
        (wrapped(exc.OperationalError, 'too many connections for database "x"'), "crowded"),
        (wrapped(exc.OperationalError, "FATAL:  sorry, too many clients already"), "crowded"),
        (wrapped(exc.OperationalError, "remaining connection slots are reserved for roles with "
                 "the SUPERUSER attribute"), "crowded"),
        # What stands in quotes is a name that somebody gave.
        (wrapped(exc.OperationalError, 'database "password" does not exist'), "no database"),
        (wrapped(exc.OperationalError, 'connection to server at "authentication.example", port 1 '
                 'failed: Connection refused'), "unreachable"),
        (wrapped(exc.OperationalError, "failed to resolve host 'certificate.example': [Errno -2] "
                 "Name or service not known"), "unreachable"),
        (wrapped(exc.OperationalError, 'connection to server on socket "/tmp/password/.s" failed'),
         "unreachable"),
        # An encrypted connection that was lost is no question of encryption.
        (wrapped(exc.OperationalError, "SSL connection has been closed unexpectedly"),
         "unreachable"),
        (wrapped(exc.OperationalError, "SSL SYSCALL error: EOF detected"), "unreachable"),
        (wrapped(exc.ProgrammingError, "something else"), "unexpected"),
    ],
)  # fmt: skip
def test_every_error_has_one_name(error, kind):
    fault = fault_of(error)
    assert (fault.kind, fault.during) == (kind, "saved")


def driver_error(code):
    return wrapped(exc.OperationalError, "row (secret)", code)


@pytest.mark.parametrize(
    "code",
    ["54000", "54001", "22P05", "22021", "22003", "23514", "42703", "53200", "P0001", "XX000",
     "0A000", "40002", "57P00", "99999", "F0000"],
)  # fmt: skip
def test_a_code_that_is_not_known_to_mean_the_whole_database_is_a_refusal(code):
    fault = fault_of(driver_error(code))
    assert fault == Fault("refused", code=code)
    assert fault.may_be_of_one_row
    assert not fault.needs_reopening
    assert fault.cause == f"the database rejects it (SQLSTATE {code})"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("INSERT INTO t VALUES (NULL)", "SQLITE_CONSTRAINT_NOTNULL"),
        ("INSERT INTO t VALUES (zeroblob(2000000000))", "SQLITE_TOOBIG"),
        ("INSERT INTO nowhere VALUES (1)", "SQLITE_ERROR"),
        ("SELECT abs(-9223372036854775808)", "SQLITE_ERROR"),
    ],
)
def test_what_sqlite_refuses_is_named_by_its_own_code(statement, name):
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x NOT NULL)")
        with pytest.raises(exc.DBAPIError) as raised:
            connection.exec_driver_sql(statement)
    fault = fault_of(raised.value)
    assert fault == Fault("refused", code=name)
    assert fault.cause == f"the database rejects it ({name})"


def test_what_python_cannot_hand_over_is_named_by_its_exception():
    assert fault_of(OverflowError()).cause == "the database rejects it (OverflowError)"
    assert fault_of(KeyError("a secret")).cause == "of an unexpected error (KeyError)"


@pytest.mark.parametrize(
    ("code", "times"), [("40001", 3), ("40P01", 3), ("55P03", 1), ("22003", 1)]
)
def test_what_gave_way_to_another_transaction_is_done_again_at_once(code, times):
    met = []

    def work():
        met.append(code)
        raise driver_error(code)

    with pytest.raises(exc.OperationalError):
        retry_on_conflict(work)
    assert len(met) == times
    assert retry_on_conflict(lambda: met.append("done") or "done") == "done"


def test_a_refusal_says_how_many_rows_and_every_code():
    one, other = Fault("refused", code="54000"), Fault("refused", code="22003")
    assert refusal_sentence([one]) == (
        "The database rejects 1 row (SQLSTATE 54000). It is kept in memory only, until the app "
        "stops; everything else is saved."
    )
    assert refusal_sentence([one, other, one]).startswith(
        "The database rejects 3 rows (SQLSTATE 22003, SQLSTATE 54000). They are kept"
    )


def test_the_rows_that_are_kept_are_counted():
    told = "The log can't be saved: the disk is full."
    later = "kept in memory and will be written when it can be."
    assert Fault("full").sentence(0) == told
    assert Fault("full").sentence(1) == f"{told} 1 row is {later}"
    assert Fault("full").sentence(1_234) == f"{told} 1,234 rows are {later}"
    assert Fault("full", during="read").sentence(0) == "The log can't be read: the disk is full."


@pytest.mark.parametrize("kind", ["full", "read-only", "rights", "locked", "slow", "refused"])
def test_what_can_still_be_read_stays_open(kind):
    assert not Fault(kind).needs_reopening
    assert Fault("unreachable").needs_reopening


def test_a_server_that_repeats_a_row_is_not_quoted(caplog):
    log = logging.getLogger("playground.store.somewhere")
    report(log, "the run log", wrapped(exc.IntegrityError, "row (secret)", "23502"))
    report(log, "the budgets", wrapped(exc.OperationalError, "no such table"))
    assert [record.getMessage() for record in caplog.records] == [
        "the run log met IntegrityError, SQLSTATE 23502",
        "the budgets met OperationalError",
    ]
    assert "secret" not in caplog.text
    assert "no such table" in caplog.text
    caplog.clear()
