"""What a measurement was taken on, and what a process used, without naming the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MIB = 1 << 20


def describe_machine() -> str:
    """Kind of machine: cores, memory, architecture, Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory = f", {round(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / (1 << 30))} GiB"
    except (AttributeError, ValueError, OSError):
        memory = ""
    return f"{cores} cores{memory}, {platform.machine()}, Python {platform.python_version()}"


def describe_versions(*packages: str) -> str:
    """Name and version of each package that is installed."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def memory_now() -> tuple[int, int]:
    """Resident memory of this process, now and at its peak, in bytes (Linux).

    Read from the process itself: `ru_maxrss` starts at what the parent held when it forked.
    """
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


@dataclass(frozen=True)
class Run:
    """One finished command."""

    seconds: float
    """Wall clock."""
    peak: int
    """Largest memory of it and its children together, sampled ten times a second, or of one alone, in bytes."""
    status: int
    output: str


def run_measured(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Run:
    """Run `command` and wait for it; its standard output comes back, its standard error is shown.

    The caller must stay small: what it holds when it starts a command is the least that is reported for it.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    assert process.stdout is not None
    together, ended = [0], threading.Event()

    def sample() -> None:
        while not ended.wait(0.1):
            together.append(memory_together(process.pid))

    sampling = threading.Thread(target=sample)
    sampling.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    ended.set()
    sampling.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, max(usage.ru_maxrss * unit, *together), process.returncode, output)


def memory_together(pid: int) -> int:
    """Memory of a process and all that it has started, in bytes; what they share counts once (Linux, else 0)."""
    total, waiting = 0, [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        with suppress(OSError):  # it has ended meanwhile
            fields = (folder / "smaps_rollup").read_text().split()
            total += int(fields[fields.index("Pss:") + 1]) * 1024
            for children in folder.glob("task/*/children"):
                waiting += map(int, children.read_text().split())
    return total


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """A Markdown table: the first `words` columns to the left, the numbers after them to the right."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows]) + "\n"
