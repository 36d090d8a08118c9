"""A PostgreSQL server to throw away: found on the machine, started in a folder of its own."""

import contextlib
import glob
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from playground.store.tables import dialect

USER, PASSWORD = "tester", "s3cret@canary/word"
# A crash of the server itself must lose nothing, one of the machine may: that is a test's own.
FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60")


class NoServerError(Exception):
    """There is no server on this machine to try it on."""


def binaries():
    """The folder of initdb and its friends, the newest first."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += map(Path, sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))
    if not folders:
        raise NoServerError("PostgreSQL is not installed: no initdb on the PATH")
    return folders[0]


class PostgresServer:
    """Over a socket in its folder anybody may in; over the network only with the password."""

    def __init__(self):
        self.bin = binaries()
        self._schemas = itertools.count()
        # A server refuses to run as root, and what belongs to pytest is closed to others.
        self.account = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._watch = None
        try:
            self._create()
            self.start()
            # However this process ends: its end of the pipe closes, and the server stops.
            self._watch = subprocess.Popen(
                ["sh", "-c", 'read -r _; "$1/pg_ctl" stop -D "$2/data" -m immediate; rm -rf "$2"',
                 "watch", self.bin, self.folder],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                user=self.account, cwd="/", start_new_session=True,
            )  # fmt: skip
        except BaseException:
            self.close()
            raise

    def _create(self):
        if self.account:
            try:
                shutil.chown(self.folder, self.account)
            except LookupError:
                raise NoServerError("root may not run a server, and no user postgres") from None
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o644)
        self._run(
            "initdb", f"--username={USER}", f"--pwfile={self.folder}/password", "--encoding=UTF8",
            "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
        )  # fmt: skip
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]

    def _run(self, program, *arguments):
        done = subprocess.run(
            [self.bin / program, "-D", self.folder / "data", *arguments],
            user=self.account,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be held open by the server
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {log.read_text() if log.exists() else 'failed'}")

    def start(self):
        settings = [*FAST, "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        options = " ".join(f"-c {setting}" for setting in settings) + f" -p {self.port}"
        self._run("pg_ctl", "start", "-w", "-l", self.folder / "log", "-o", options)

    def stop(self):
        """As if it had crashed."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    @contextlib.contextmanager
    def frozen(self):
        """Connections stay, and new ones are accepted, but nothing is answered."""
        main = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        backends = self.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        processes = [main, *(pid for (pid,) in backends)]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)

    def close(self):
        if self._watch is not None:
            self._watch.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, schema="public", *, user=USER):
        """The address over its socket; each schema is as good as a database."""
        options = f"-csearch_path%3D{schema}"
        return f"postgres://{user}@/postgres?host={self.folder}&port={self.port}&options={options}"

    def network_url(self, password=PASSWORD, *, database="postgres", query="sslmode=prefer"):
        """The address as hosts give it, the password unquoted as people paste it."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}?{query}"

    def new_schema(self):
        name = f"s{next(self._schemas)}"
        self.execute(f"CREATE SCHEMA {name}")
        return name

    def execute(self, *statements):
        import psycopg

        with self.connection() as connection:
            for statement in statements:
                found = connection.execute(psycopg.sql.SQL(statement))
            return found.fetchall() if found.description else None

    @contextlib.contextmanager
    def writing(self):
        """Hold the lock that writers of the log wait for."""
        with self.connection() as connection:
            connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({dialect.WRITER_LOCK})")
            yield
            connection.execute("ROLLBACK")

    def connection(self):
        import psycopg

        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname="postgres", autocommit=True
        )
