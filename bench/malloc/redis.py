"""A redis server under load: a known set of data, and then redis-benchmark.

SPDX-License-Identifier: MIT

Debian's server is the program of redis-tools under another name; the package redis-server would start one for good.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import inputs

BENCHMARK = "redis-benchmark"
SERVER = shutil.which("redis-server") or "/usr/bin/redis-check-rdb"
TESTS = "set,get,incr,lpush,rpop,sadd,hset,zadd,spop,lrange_100,mset"


def prepare(directory, count):
    """A file of commands: strings of many sizes, replaced, lengthened and deleted; hashes and lists."""
    os.symlink(SERVER, directory / "redis-server")
    random = inputs.Random(5)
    with open(directory / "commands", "w", encoding="ascii") as file:
        for _ in range(2 * count):
            for words in commands(random, count):
                file.write(" ".join(words) + "\r\n")


def commands(random, count):
    key, kind = random.below(count), random.below(8)
    size = 1 + random.below(16 << random.below(8))
    if kind < 4:
        yield "SET", f"text:{key}", chr(97 + key % 26) * size
    elif kind == 4:
        yield "APPEND", f"text:{key}", "x" * (1 + size % 500)
    elif kind == 5:
        yield "HSET", f"hash:{key % 1000}", str(key), "y" * (1 + size % 200)
    elif kind == 6:
        yield "RPUSH", f"list:{key % 500}", "z" * (1 + size % 100)
    else:
        yield "UNLINK", f"text:{key}"


def run(launcher, count):
    """What the server took; its output is a digest of its data before redis-benchmark, which uses other numbers each time."""
    with tempfile.TemporaryDirectory() as private, tempfile.TemporaryFile() as output:
        socket, report = f"{private}/socket", f"{private}/report"
        command = ["./redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", private,
                   "--jemalloc-bg-thread", "no", "--enable-debug-command", "local"]
        server = launcher.start(report, command, output)
        try:
            digest = load(launcher, socket, count, server)
        finally:
            if server.poll() is None:
                subprocess.run(["redis-cli", "-s", socket, "shutdown", "nosave"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken, _ = launcher.finish(server, report, command, output)
        return taken._replace(output=digest)


def load(launcher, socket, count, server):
    client = ["redis-cli", "-s", socket]
    wait_for(client, server)
    with open(launcher.directory / "commands", "rb") as file:
        asked("redis-cli", "-s", socket, "--pipe", stdin=file)
    digest = asked(*client, "debug", "digest") + asked(*client, "dbsize")
    asked(BENCHMARK, "-s", socket, "-q", "-n", str(count), "-P", "16", "-r", str(count), "-d", "200", "-t", TESTS)
    return digest


def wait_for(client, server):
    for _ in range(500):
        if server.poll() is not None:
            sys.exit("\nbench: redis-server ended at once")
        if subprocess.run([*client, "ping"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout == b"PONG\n":
            return
        time.sleep(0.01)
    sys.exit("\nbench: redis-server does not answer")


def asked(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"\nbench: {' '.join(command)}: status {done.returncode}\n{done.stdout[-1000:]}")
    return done.stdout
