"""What each error of a database, a driver or a disk is called."""

import errno
import logging

import pytest
from sqlalchemy import exc

from playground.store.address import AddressError
from playground.store.faults import Fault, fault_of, report
from playground.store.migrations import NewerSchemaError
from playground.store.sqlite_file import DamagedFileError, MovedFileError


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
        (OSError(errno.EDQUOT, ""), "full"),
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
        (wrapped(exc.OperationalError, sqlstate="53300"), "unreachable"),
        (wrapped(exc.InternalError, sqlstate="25006"), "rights"),
        (wrapped(exc.InternalError, sqlstate="25P03"), "unreachable"),
        (wrapped(exc.ProgrammingError, sqlstate="42501"), "rights"),
        (wrapped(exc.ProgrammingError, sqlstate="42P01"), "moved"),
        (wrapped(exc.ProgrammingError, sqlstate="42703"), "unexpected"),
        (wrapped(exc.OperationalError, sqlstate="40P01"), "locked"),
        (wrapped(exc.OperationalError, sqlstate="55P03"), "locked"),
        (wrapped(exc.OperationalError, sqlstate="57014"), "locked"),
        (wrapped(exc.OperationalError, sqlstate="57P01"), "unreachable"),
        (wrapped(exc.OperationalError, sqlstate="08006"), "unreachable"),
        (wrapped(exc.OperationalError, sqlstate="28P01"), "login"),
        (wrapped(exc.OperationalError, sqlstate="3D000"), "no database"),
        (wrapped(exc.OperationalError, "server closed the connection"), "unreachable"),
        (wrapped(exc.InterfaceError, "the cursor is closed"), "unreachable"),
        (wrapped(exc.OperationalError, "no password supplied"), "login"),
        (wrapped(exc.OperationalError, "SCRAM authentication failed"), "login"),
        (wrapped(exc.OperationalError, 'role "ada" does not exist'), "login"),
        (wrapped(exc.OperationalError, 'database "log" does not exist'), "no database"),
        (wrapped(exc.ProgrammingError, 'invalid connection option "x"'), "address"),
        (wrapped(exc.ProgrammingError, "something else"), "unexpected"),
    ],
)  # fmt: skip
def test_every_error_has_one_name(error, kind):
    assert fault_of(error) == Fault(kind, during="saved")


def test_the_rows_that_are_kept_are_counted():
    told = "The log can't be saved: the disk is full."
    later = "kept in memory and will be written when it can be."
    assert Fault("full").sentence(0) == told
    assert Fault("full").sentence(1) == f"{told} 1 row is {later}"
    assert Fault("full").sentence(1_234) == f"{told} 1,234 rows are {later}"
    assert Fault("full", during="read").sentence(0) == "The log can't be read: the disk is full."


@pytest.mark.parametrize("kind", ["full", "read-only", "rights", "locked", "refused"])
def test_what_can_still_be_read_stays_open(kind):
    assert not Fault(kind).needs_reopening
    assert Fault("unreachable").needs_reopening


def test_a_server_that_repeats_a_row_is_not_quoted(caplog):
    log = logging.getLogger("playground.store.somewhere")
    report(log, "the run log", wrapped(exc.IntegrityError, "row (secret)", "23502"))
    report(log, "the ledger", wrapped(exc.OperationalError, "no such table"))
    assert [record.getMessage() for record in caplog.records] == [
        "the run log met IntegrityError, SQLSTATE 23502",
        "the ledger met OperationalError",
    ]
    assert "secret" not in caplog.text
    assert "no such table" in caplog.text
    caplog.clear()
