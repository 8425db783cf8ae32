"""A PostgreSQL server of the tests' own, on this machine's loopback, with its data in a temporary folder."""

import contextlib
import importlib.util
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PASSWORD = "s3cret-w0rd"
"""Of the server's user: nothing that is printed or stored may hold it."""


def programs():
    """The folder of PostgreSQL's own programs, which Debian keeps off the PATH; None where there are none."""
    on_path = shutil.which("initdb")
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *Path("/usr/lib/postgresql").glob("*/bin")]
    return max((f for f in folders if (f / "initdb").is_file() and (f / "pg_ctl").is_file()), default=None)


def reason_to_skip():
    """Why there can be no server here; "" if there can."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed (pip install 'hpsearch[postgres]')"
    return "" if programs() else "PostgreSQL is not installed (Debian: apt-get install postgresql)"


def _free_port():
    """A port that nobody listens at, below those that systems give to outgoing connections.

    So nobody takes the port of a server that is stopped for a while.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


class Server:
    """A server that runs until it is stopped; PostgreSQL refuses to run as root, who starts it as another user."""

    def __init__(self):
        self._user = "nobody" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="hpsearch-pg-"))
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        secret = self._folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        self._run("initdb", "--username=me", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--locale=C",
                  "--encoding=UTF8")  # fmt: skip
        for _ in range(8):  # another may take the port before the server does
            self.port = _free_port()
            with contextlib.suppress(subprocess.CalledProcessError):
                self.start()
                return
        log = (self._folder / "log").read_text(encoding="utf-8")
        shutil.rmtree(self._folder)
        raise RuntimeError(log)

    def _run(self, program, *arguments):
        command = [programs() / program, "-D", self._folder / "data", *arguments]
        kept = {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []} if self._user else {}
        with (self._folder / "log").open("a", encoding="utf-8") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/", timeout=180, **kept)

    def start(self):
        """Start it, or start it again; returns once it answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "start", "-w", "-t", "120", "-o", options)

    def stop(self):
        """Stop it at once, as a power failure would: it comes back by its log."""
        self._run("pg_ctl", "stop", "-w", "-t", "120", "-m", "immediate")

    def url(self, database="postgres"):
        """The storage URL of a database there."""
        return f"postgresql://me:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def do(self, statement, *values, database="postgres"):
        """Run a statement, and return its rows if it has any."""
        import psycopg

        with contextlib.closing(psycopg.connect(self.url(database), autocommit=True)) as connection:
            done = connection.execute(statement, values or None)
            return done.fetchall() if done.description else []

    def emptied(self, name):
        """The URL of a database without studies: made, or emptied, which is faster than to make it anew."""
        if not self.do("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return self.new_database(name)
        self.do("TRUNCATE studies CASCADE", database=name)
        return self.url(name)

    def new_database(self, name):
        """Make an empty database, and return its URL."""
        self.do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.do(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def end_connections(self, database):
        """End every connection to a database, as an administrator or a firewall would."""
        self.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", database)

    def remove(self):
        """Stop it and delete all of it."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self._folder)
