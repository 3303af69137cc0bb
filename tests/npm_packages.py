"""The packages for npm as they are packed, and the real generators that they are tried with."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

from places import ROOT, TESTS

PLUGINS = ROOT / "plugin"
PACKAGES = tuple(
    sorted(file.parent.name for file in PLUGINS.glob("*/package.json") if file.parent.name != "npm-shared")
)
MODULES = TESTS / "npm" / "node_modules"
"""`npm ci --prefix tests/npm` makes it."""


def needs_node(package: str) -> pytest.MarkDecorator:
    """Skips where Node or the generator is not installed."""
    reason = f"{package} is not installed (npm ci --prefix tests/npm)" if shutil.which("node") else "needs Node"
    return pytest.mark.skipif(not shutil.which("node") or not (MODULES / package).is_dir(), reason=reason)


def link(site: Path, *names: str) -> None:
    """Links to packages that are installed for the tests, `@scope` for all of a scope."""
    for name in names:
        target = site / "node_modules" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(MODULES / name, target_is_directory=True)


def environment(**more: str) -> dict[str, str]:
    """With `enishi` on PATH, and on the author's own machine unless `CI` says otherwise."""
    path = os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "CI": "", "NO_COLOR": "1", "ASTRO_TELEMETRY_DISABLED": "1", **more}


def run(site: Path, command: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the site's folder; what it says on stderr follows what it says on stdout."""
    return subprocess.run(
        command,
        cwd=site,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=240,
    )


def free_port() -> str:
    """A port that nothing listens at, for servers that choose none themselves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


class Served:
    """A development server at work, and what it has said so far."""

    def __init__(self, log: Path) -> None:
        self._log = log

    @property
    def output(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self._log.read_text("utf-8"))

    def wait(self, ask: Callable[[Served], object], what: str, seconds: float = 60) -> None:
        """Until it holds; a busy machine is waited for."""
        end = time.monotonic() + seconds
        while not ask(self):
            assert time.monotonic() < end, f"{what}: not within {seconds} s\n{self.output[-2000:]}"
            time.sleep(0.1)

    def says(self, text: str, seconds: float) -> bool:
        """Whether it says that within this time."""
        end = time.monotonic() + seconds
        while text not in self.output and time.monotonic() < end:
            time.sleep(0.1)
        return text in self.output

    def settled(self, builds: str, quiet: float = 2) -> int:
        """How often it has said `builds` once it has not said so for a while."""
        seen, since = self.output.count(builds), time.monotonic()
        while time.monotonic() - since < quiet:
            time.sleep(0.1)
            if self.output.count(builds) != seen:
                seen, since = self.output.count(builds), time.monotonic()
        return seen


@contextmanager
def served(site: Path, command: Sequence[str], log: Path, more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """A development server, ended with all that it has started."""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command,
            cwd=site,
            env=environment(**(more or {})),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Served(log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@cache
def tarball(name: str) -> Path:
    """What `npm pack` makes of a package."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tempfile.mkdtemp(prefix="enishi-npm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pack = ["npm", "pack", "--silent", "--offline", "--pack-destination", folder]
    done = subprocess.run(pack, cwd=PLUGINS / name, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (packed,) = Path(folder).glob("*.tgz")
    return packed


@cache
def unpacked(name: str) -> Path:
    """The package as `npm install TARBALL` puts it into node_modules: it has no dependency."""
    packed = tarball(name)
    folder = packed.parent / "node_modules" / name
    with tarfile.open(packed) as archive:
        archive.extractall(packed.parent, filter="data")
    folder.parent.mkdir()
    (packed.parent / "package").rename(folder)
    return folder


def install(site: Path, name: str) -> None:
    """What `npm install NAME` does to the node_modules of a site."""
    shutil.copytree(unpacked(name), site / "node_modules" / name, dirs_exist_ok=True)
