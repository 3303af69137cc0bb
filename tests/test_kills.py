"""Two hundred builds killed at random moments, while somebody reads what they write."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from blog import files_below, post_text, topic_posts, topic_text, write_blog
from enishi.writing.output import outputs_intact

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX processes")
KILLS = 200

BUILDER = """
# Builds in a child for every line it reads, and kills it where the line says when.  All libraries are loaded before, so
# that a random moment of a build is never one of starting Python.
import json, os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from enishi.pipeline import build
from enishi.state import Request

site, warm = Path(sys.argv[1]), Path(sys.argv[2])
NOW = datetime(2024, 1, 1, tzinfo=UTC)
build(Request(site, out=warm, now=NOW))
print("ready", flush=True)
for line in sys.stdin:
    out, seconds = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            report = build(Request(site, out=Path(out) if out else None, now=NOW))
            code = 2 if any(told.code.endswith("-output") for told in report.diagnostics) else 0
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, 9)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

READER = """
# Reads the output over and over until its input ends: every file it sees has to be whole, one of those that complete
# builds write, and related.json may name no fragment that is not there.
import hashlib, json, select, sys, time
from pathlib import Path
from enishi.writing.render import partial_name

folder, allowed = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())

def content(name):
    try:
        found = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    if name in allowed:
        assert hashlib.sha256(found).hexdigest() in allowed[name], f"{name} is of no complete build: {found[:200]}"
    else:
        json.loads(found)
    return found

rounds = changes = 0
last = None
while not select.select([sys.stdin], [], [], 0.002)[0]:
    related = content("related.json")
    if related is not None:
        names = [f"partials/{partial_name(path)}" for path in json.loads(related)["posts"]]
        missing = [name for name in names if content(name) is None]
        assert not missing or content("related.json") != related, f"named, but not there: {missing}"
    for name in ("tags.json", "manifest.json", "manifest.next.json"):
        content(name)
    rounds += 1
    changes += related != last
    last = related
print(rounds, changes)
"""


def states() -> list[dict[str, str]]:
    """Versions of one little blog: posts come, go, are rewritten and retagged."""
    posts = topic_posts(3)
    found = []
    for version in range(4):
        kept = {name: text for place, (name, text) in enumerate(posts.items()) if (place + version) % 4}
        for number in range(3):
            text = topic_text("birds" if version % 2 else "tea", 10 * version + number)
            kept[f"changing-{number}.md"] = post_text(f"Version {version}", text, f"tags: [v{version}]\n")
        found.append(kept)
    return found


def put(site: Path, posts: Mapping[str, str]) -> None:
    folder = site / "source/_posts"
    for path in folder.iterdir():
        if path.name not in posts:
            path.unlink()
    write_blog(site, posts)


def outputs(folder: Path) -> dict[str, bytes]:
    return {
        name: value
        for name, value in files_below(folder).items()
        if name.startswith("partials/") or name in ("related.json", "tags.json", "manifest.json")
    }


class Builder:
    """Starts builds of one site, each in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def build(self, out: str = "", kill_after: float | None = None) -> int:
        """The exit code of a build; -9 if it was killed before it was over."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([out, kill_after]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def script(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_at_random_moments_of_two_hundred_builds(tmp_path: Path) -> None:
    """No reader ever sees half a file, and whatever a killed build leaves, the next is as if there had been none."""
    site = write_blog(tmp_path / "blog", {})
    versions = states()
    chance = random.Random(6)
    put(site, versions[0])
    with script(BUILDER, site, tmp_path / "warm") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        builder = Builder(process)
        expected, longest = [], 0.0
        for number, posts in enumerate(versions):
            put(site, posts)
            started = time.monotonic()
            assert builder.build(os.fspath(tmp_path / f"clean-{number}")) == 0
            longest = max(longest, time.monotonic() - started)
            expected.append(outputs(tmp_path / f"clean-{number}"))
        allowed: dict[str, list[str]] = {}
        for files in expected:
            for name, value in files.items():
                if name != "manifest.json":
                    allowed.setdefault(name, []).append(hashlib.sha256(value).hexdigest())
        (tmp_path / "allowed.json").write_text(json.dumps(allowed))
        assert builder.build() == 0
        with script(READER, site / ".enishi", tmp_path / "allowed.json") as reader:
            kills = tries = version = 0
            while kills < KILLS:
                tries += 1
                assert tries < 3 * KILLS, "most builds are over before they can be killed"
                version = (version + chance.randrange(1, len(versions))) % len(versions)
                put(site, versions[version])
                ended = builder.build(kill_after=longest * chance.uniform(0, 0.9))
                assert ended in (-9, 0)
                kills += ended == -9
                if ended == 0:
                    longest *= 0.97  # the machine has become faster than when it was measured
                if chance.random() < 0.6:
                    continue  # what the next build finds was left by two, or more
                assert builder.build() == 0
                assert outputs(site / ".enishi") == expected[version]
                assert outputs_intact(site / ".enishi")
            told, errors = reader.communicate("\n", timeout=60)
        assert errors == ""
        rounds, changes = map(int, told.split())
        assert rounds > KILLS
        assert changes > KILLS / 5, "the reader looked on while the output changed"
        assert builder.build() == 0
    left = [path.name for path in (site / ".enishi").rglob("*") if path.name.endswith("~")]
    assert left == []
