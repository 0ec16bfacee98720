"""PostgreSQL's logical replication between two clusters of this machine: rows streamed in one transaction,
and what a hundred changes take to be seen on the other side."""
import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

REPEATS = 3
CHANGES = 100
# Seconds.
DEADLINE = 300
USER = "postgres"
TABLE = """
    CREATE TABLE teacher (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL,
      school text NOT NULL, grade int NOT NULL, active bool NOT NULL)"""
ROWS = """
    INSERT INTO teacher SELECT md5(n::text)::uuid, 'maria.garcia' || n || '@district.example',
      'Maria Garcia ' || n, md5((n % 200)::text), n % 12 + 1, true FROM generate_series(1, {rows}) n"""
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
wal_level = logical
fsync = on
synchronous_commit = on
shared_buffers = 256MB
max_wal_size = 4GB
"""


class Missing(Exception):
    """PostgreSQL isn't to be had here."""


def programs():
    """The folder of the newest installed version; installed from Debian where that may be done."""
    for attempt in range(2):
        found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
        found.sort(key=lambda path: int(path.split("/")[4]))
        if found:
            return os.path.dirname(found[-1])
        if attempt == 0 and os.getuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]
            subprocess.run(command, env=environment, capture_output=True, timeout=600, check=False)
    raise Missing("install Debian's `postgresql`, or run this as root")


def as_user(command):
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", USER, "--", *command] if os.getuid() == 0 else command


def run(*command):
    done = subprocess.run(as_user(list(command)), capture_output=True, text=True, timeout=DEADLINE, cwd="/")
    if done.returncode != 0:
        raise Missing(f"{os.path.basename(command[0])} failed: {done.stderr.strip()[-500:]}")


class Cluster:
    """One server, and a client that stays connected: starting one takes longer than what is measured."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        run(f"{programs}/initdb", "-D", folder, "-A", "trust", "-U", USER, "--no-locale", "-E", "UTF8")
        with open(f"{folder}/postgresql.conf", "a") as file:
            file.write(f"{SETTINGS}port = {self.port}\n")
        run(f"{programs}/pg_ctl", "-D", folder, "-l", f"{folder}/log", "-w", "start")
        self.address = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"
        self.client = subprocess.Popen(
            [f"{programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.address], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})

    def ask(self, sql):
        """The answer's lines."""
        self.client.stdin.write(f"{sql};\n\\echo .\n")
        self.client.stdin.flush()
        lines = []
        for line in self.client.stdout:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise Missing(f"psql ended at: {sql[:200]}")

    def wait(self, sql, answer):
        end = time.monotonic() + DEADLINE
        while self.ask(sql) != [answer]:
            if time.monotonic() > end:
                raise Missing(f"not within {DEADLINE} s: {sql}")
            time.sleep(0.001)

    def stop(self):
        self.client.stdin.close()
        self.client.wait(timeout=30)
        run(f"{self.programs}/pg_ctl", "-D", self.folder, "-m", "fast", "-w", "stop")


@contextlib.contextmanager
def clusters():
    path = programs()
    folder = tempfile.mkdtemp(prefix="peers-postgres-")
    running = []
    try:
        if os.getuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        for name in ("publisher", "subscriber"):
            running.append(Cluster(path, f"{folder}/{name}"))
        yield running
    finally:
        for cluster in running:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def stream(publisher, subscriber, rows):
    """From before the insert to the rows' being visible on the other side, seconds."""
    publisher.ask("TRUNCATE teacher")
    subscriber.wait("SELECT count(*) FROM teacher", "0")
    began = time.perf_counter()
    publisher.ask(ROWS.format(rows=rows))
    # One transaction is seen at once.
    subscriber.wait("SELECT count(*) FROM (SELECT FROM teacher LIMIT 1) one", "1")
    took = time.perf_counter() - began
    subscriber.wait("SELECT count(*) FROM teacher", str(rows))
    return took


def change(publisher, subscriber, number):
    began = time.perf_counter()
    publisher.ask(
        f"UPDATE teacher SET grade = {100 + number} WHERE id IN"
        f" (SELECT id FROM teacher ORDER BY id LIMIT {CHANGES})")
    subscriber.wait(f"SELECT count(*) FROM teacher WHERE grade = {100 + number}", str(CHANGES))
    return time.perf_counter() - began


def measure(rows):
    """Seconds of each streaming and of each hundred changes. Raises Missing."""
    with clusters() as (publisher, subscriber):
        for cluster in (publisher, subscriber):
            cluster.ask(TABLE)
        publisher.ask("CREATE PUBLICATION roster FOR TABLE teacher")
        subscriber.ask(
            f"CREATE SUBSCRIPTION roster CONNECTION '{publisher.address}' PUBLICATION roster")
        subscriber.wait("SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel", "t")
        streamed = [stream(publisher, subscriber, rows) for _ in range(REPEATS)]
        changed = [change(publisher, subscriber, number) for number in range(REPEATS)]
        subscriber.ask("DROP SUBSCRIPTION roster")
        return {"streamed": streamed, "changed": changed}
