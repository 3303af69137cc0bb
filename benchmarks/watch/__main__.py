"""Save posts under a watch, one after the other: `python -m benchmarks.watch BLOG...`."""

from __future__ import annotations

import argparse
import json
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.building import enishi_command, make_synthetic_blog, post_files
from benchmarks.machine import MIB, describe_machine, markdown_table, run_measured

HEAD = ["from the save until", "median, s", "9 of 10 within, s", "to a build", "wanted, s"]
WANTED = {1_000: (0.2, 0.5, 1), 10_000: (None, None, 6)}
PATIENCE = 600.0


@dataclass
class Times:
    """Seconds from each save until something was there."""

    shown: list[float] = field(default_factory=list)
    """The saved post's own lists, on standard output."""
    related: list[float] = field(default_factory=list)
    tags: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watch", description=__doc__)
    parser.add_argument("blogs", type=Path, nargs="+", metavar="BLOG", help="folders with markdown posts")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000], metavar="N")
    parser.add_argument("--saves", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--enishi", default=enishi_command(), metavar="COMMAND")
    options = parser.parse_args()
    print(describe_machine(), "\n", sep="")
    for posts in sorted(options.sizes):
        print(measure(options, posts), flush=True)
    return 0


def measure(options: argparse.Namespace, posts: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        make_synthetic_blog(options.blogs, posts, options.seed, site)
        chance = random.Random(options.seed)
        chosen = chance.sample(post_files(site), options.saves + 3)
        run_measured([options.enishi, "build", site, "--quiet"])
        builds = []
        for post in chosen[:3]:  # a full build that knows every post but the edited one from its cache
            edit(post, chance)
            builds.append(run_measured([options.enishi, "build", site, "--quiet"]).seconds)
        times = watch(options.enishi, site, chosen[3:], chance)
    return report(posts, median(builds), times)


def watch(enishi: str, site: Path, posts: Sequence[Path], chance: random.Random) -> Times:
    times, events = Times(), queue.Queue[tuple[float, dict[str, Any]]]()
    process = subprocess.Popen([enishi, "watch", str(site), "--json-lines"], stdout=subprocess.PIPE, text=True)

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            events.put((time.perf_counter(), json.loads(line)))

    threading.Thread(target=listen, daemon=True).start()

    def wait_for(**wanted: object) -> float:
        while True:
            moment, event = events.get(timeout=PATIENCE)
            if all(event.get(name) == value for name, value in wanted.items()):
                return moment

    try:
        wait_for(event="built", what="tags")
        for post in posts:
            time.sleep(0.5)  # an author's: the watch is idle
            saved = edit(post, chance)
            times.shown.append(wait_for(event="post", stage="provisional") - saved)
            times.related.append(wait_for(event="built", what="related") - saved)
            times.tags.append(wait_for(event="built", what="tags") - saved)
            times.memory.append(memory_of(process.pid))
    finally:
        process.terminate()
        process.wait()
    return times


def edit(post: Path, chance: random.Random) -> float:
    """Add a paragraph of another post; when."""
    other = chance.choice(post_files(post.parent))
    paragraphs = [part for part in other.read_text("utf-8").split("\n\n") if len(part) > 40 and "```" not in part]
    text = chance.choice(paragraphs or ["About embeddings of related posts."])
    data = post.read_bytes() + f"\n\n{text}\n".encode()
    moment = time.perf_counter()
    post.write_bytes(data)
    return moment


def memory_of(pid: int) -> int:
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()
    return int(fields[0]) * 1024


def report(posts: int, build: float, times: Times) -> str:
    wanted = WANTED.get(posts, (None, None, None))
    rows = []
    for name, seconds, limit in zip(
        ("its lists are shown", "related posts are written", "tags are written"),
        (times.shown, times.related, times.tags),
        wanted,
        strict=True,
    ):
        rare = quantiles(seconds, n=10)[-1] if len(seconds) > 1 else seconds[0]
        middle = median(seconds)
        rows.append([name, f"{middle:.2f}", f"{rare:.2f}", f"{middle / build:.2f}", f"{limit}" if limit else "–"])
    memory = (
        f"memory: {times.memory[0] / MIB:.0f} MiB after the first save, {times.memory[-1] / MIB:.0f} after the last"
    )
    head = f"{posts:,} posts, {len(times.shown)} saves; a build with one post edited takes {build:.1f} s"
    return "\n".join([head, "", markdown_table(HEAD, rows), memory, ""])


if __name__ == "__main__":
    sys.exit(main())
